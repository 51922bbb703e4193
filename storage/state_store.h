/* state_store - the small things that the service remembers from one start to the next, by name: the version
 * of the zone database its plans were made with, the outcome of the last reload.
 *
 * Runs in the caller's transaction or in one of its own, on the thread that owns the connection. */
#ifndef STORAGE_STATE_STORE_H
#define STORAGE_STATE_STORE_H

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

MUST_CHECK int state_set(struct db *db, const char *name, const char *value, struct err *e);

/* *ret_value to free(); NULL where nothing was set. */
MUST_CHECK int state_get(struct db *db, const char *name, char **ret_value, struct err *e);

#endif
