/* query_raw - the bodies of an archived appointment, exactly as Graph sent them.  Apart from query_store,
 * whose rows leave them out because they are large. */
#ifndef STORAGE_QUERY_RAW_H
#define STORAGE_QUERY_RAW_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

/* json is NULL for a tombstone, and borrowed for the callback. */
typedef void (*query_raw_each)(void *arg, int64_t version, const char *json);

/* Every version, oldest first.  ERR_NOT_FOUND. */
MUST_CHECK int query_raw(struct db *db, int64_t appointment_id, query_raw_each each, void *arg,
                         struct err *e);

#endif
