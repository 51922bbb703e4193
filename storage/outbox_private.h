/* outbox_private - what the two halves of the outbox share.  In the caller's transaction. */
#ifndef STORAGE_OUTBOX_PRIVATE_H
#define STORAGE_OUTBOX_PRIVATE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

/* Sets uploaded_to_… of a sheet where all of that kind is done, and closes the parent entry of its uploads
 * when nothing of them is intended any more. */
MUST_CHECK int outbox_settle(struct db *db, int64_t timesheet_id, struct err *e);

#endif
