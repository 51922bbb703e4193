/* user_store - users: who there is.  Their tokens are storage/token_store.h's.
 *
 * Each call is all or nothing: in a transaction of its own, or in a savepoint where the caller has one open.
 * What the operator asks for appends an audit entry and therefore needs a keyring (ERR_KEY). */
#ifndef STORAGE_USER_STORE_H
#define STORAGE_USER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
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

#endif
