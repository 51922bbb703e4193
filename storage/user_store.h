/* user_store - users and their sign-in.
 *
 * Each call is all or nothing: in a transaction of its own, or in a savepoint where the caller has one open.
 * What the operator asks for appends an audit entry and therefore needs a keyring (ERR_KEY).
 *
 * Tokens leave and enter the database sealed for "users/COLUMN/ID" (base/keyring.h): moved to another user
 * they do not open. */
#ifndef STORAGE_USER_STORE_H
#define STORAGE_USER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "storage/db.h"

enum user_auth { USER_AUTH_NONE, USER_AUTH_OK, USER_AUTH_REAUTH_NEEDED };
const char *user_auth_name(enum user_auth auth); /* none, ok, reauth_needed */

struct user {
    int64_t id;
    char *email;
    char *username; /* NULL where there is none */
    char *name;     /* NULL where there is none */
    bool is_active;
    enum user_auth auth_state;
    char *auth_reason; /* of reauth_needed; else NULL */
    bool has_refresh_token;
    int64_t token_expires_ms; /* of the access token; INT64_MIN where there is none */
};
void user_finish(struct user *user); /* accepts a zeroed struct */

/* username and name may be NULL.  ERR_INVALID for what is no address, and for a user name that could be taken
 * for an id or an address; ERR_EXISTS names the user who has it. */
MUST_CHECK int user_add(struct db *db, const char *email, const char *username, const char *name,
                        int64_t *ret_id, struct err *e);

/* `who` is an id, an e-mail address (without case) or a user name (exactly), in this order.  ERR_NOT_FOUND
 * names it. */
MUST_CHECK int user_find(struct db *db, const char *who, struct user *ret_user, struct err *e);
MUST_CHECK int user_get(struct db *db, int64_t id, struct user *ret_user, struct err *e);
MUST_CHECK int user_find_by_email(struct db *db, const char *email, struct user *ret_user, struct err *e);

/* Everybody, by id.  The user is borrowed for the callback. */
typedef void (*user_each)(void *arg, const struct user *user);
MUST_CHECK int user_list(struct db *db, user_each each, void *arg, struct err *e);

/* Nothing of theirs is run any more; what is archived stays.  Nothing happens when they were deactivated
 * before. */
MUST_CHECK int user_deactivate(struct db *db, int64_t id, struct err *e);

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

/* Stores both: an access token of NULL takes the old one away, a refresh token of NULL keeps the old one. The
 * state becomes ok (tokens->state is not read), and the open task to sign in is resolved.  For the service;
 * the operator's act is user_login. */
MUST_CHECK int user_tokens_save(struct db *db, int64_t user_id, const struct user_tokens *tokens,
                                struct err *e);

/* user_tokens_save with its audit entry; method is "device_code" or "refresh_token_file". */
MUST_CHECK int user_login(struct db *db, int64_t user_id, const struct user_tokens *tokens,
                          const char *method, struct err *e);

/* Logout: nothing of the tokens stays. */
MUST_CHECK int user_tokens_clear(struct db *db, int64_t user_id, struct err *e);

/* The user must sign in again: state reauth_needed with the reason (a sentence without secrets), and one open
 * task that says so, however often this is called. */
MUST_CHECK int user_set_reauth(struct db *db, int64_t user_id, const char *reason, struct err *e);

/* Seals again, with the newest key, what an older key sealed; a user at a time, so that it may be interrupted
 * and called again.  *ret_n counts the users. */
MUST_CHECK int user_tokens_reseal(struct db *db, int64_t *ret_n, struct err *e);

/* How many stored tokens the key sealed; NULL: any key, also one that is not loaded. */
MUST_CHECK int user_tokens_count_key(struct db *db, const char *key_id, int64_t *ret_n, struct err *e);

#endif
