/* token_store - the users' tokens and the state of their sign-in.
 *
 * Each call is all or nothing: in a transaction of its own, or in a savepoint where the caller has one open.
 * Tokens leave and enter the database sealed for "users/COLUMN/ID" (base/keyring.h): moved to another user
 * they do not open.  What the operator asks for appends an audit entry. */
#ifndef STORAGE_TOKEN_STORE_H
#define STORAGE_TOKEN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/secret.h"
#include "storage/db.h"
#include "storage/user_store.h"

/* A user's tokens; NULL members where there is none. */
struct user_tokens {
    struct secret *access;
    struct secret *refresh;
    int64_t expires_ms; /* of the access token; INT64_MIN where there is none */
    enum user_auth state;
};
void user_tokens_finish(struct user_tokens *tokens); /* accepts a zeroed struct */

/* ERR_NOT_FOUND, ERR_DECRYPT (names the place and the key), ERR_KEY. */
MUST_CHECK int user_tokens_load(struct db *db, int64_t user_id, struct user_tokens *ret_tokens,
                                struct err *e);

/* Stores both: an access token of NULL takes the old one away, a refresh token of NULL keeps the old one, and
 * only a new one counts as renewed.  The state becomes ok (tokens->state is not read), and the open tasks
 * about the sign-in are resolved.  For the service; the operator's act is user_login. */
MUST_CHECK int user_tokens_save(struct db *db, int64_t user_id, const struct user_tokens *tokens,
                                struct err *e);

/* user_tokens_save with its audit entry; method is "device_code" or "refresh_token_file".  (What the
 * user's jobs have to make good after it: queue_catch_up.) */
MUST_CHECK int user_login(struct db *db, int64_t user_id, const struct user_tokens *tokens,
                          const char *method, struct err *e);

/* Logout: nothing of the tokens stays. */
MUST_CHECK int user_tokens_clear(struct db *db, int64_t user_id, struct err *e);

/* The user must sign in again: state reauth_needed with the reason (a sentence without secrets), and one open
 * task that says so, however often this is called. */
MUST_CHECK int user_set_reauth(struct db *db, int64_t user_id, const char *reason, struct err *e);

/* The user's stored token does not open: one open task that says so, however often this is called, and no
 * other state, because the token is good again once the key is back.  *ret_is_new: the task was not open
 * before. */
MUST_CHECK int user_set_unreadable(struct db *db, int64_t user_id, const char *reason, bool *ret_is_new,
                                   struct err *e);

/* Looks at the key of every active user's refresh token (without opening one) and does user_set_unreadable
 * where it is not loaded.  ERR_KEY. */
struct user_tokens_missing {
    int64_t n_users;
    int64_t first_user_id; /* and what is amiss there */
    char reason[96];
};
MUST_CHECK int user_tokens_check_keys(struct db *db, struct user_tokens_missing *ret_missing, struct err *e);

/* Seals again, with the newest key, what an older key sealed; a user at a time, so that it may be interrupted
 * and called again.  *ret_n counts the users. */
MUST_CHECK int user_tokens_reseal(struct db *db, int64_t *ret_n, struct err *e);

/* How many stored tokens the key sealed; NULL: any key, also one that is not loaded. */
MUST_CHECK int user_tokens_count_key(struct db *db, const char *key_id, int64_t *ret_n, struct err *e);

#endif
