/* user_private - what user_store.c and token_store.c share.  Nobody else includes it. */
#ifndef STORAGE_USER_PRIVATE_H
#define STORAGE_USER_PRIVATE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/user_store.h"

/* Backwards from user_auth_name; the database lets no other names in. */
enum user_auth user_auth_from(const char *name);

/* One audit entry about the user; field NULL: without details. */
MUST_CHECK int user_note(struct db *db, const char *action_type, const char *operation, int64_t id,
                         const char *field, const char *value, struct err *e);

/* ERR_NOT_FOUND that names the id. */
int user_missing(int64_t id, struct err *e);

#endif
