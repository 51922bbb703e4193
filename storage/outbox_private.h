/* outbox_private - what the parts of the outbox share.  In the caller's transaction. */
#ifndef STORAGE_OUTBOX_PRIVATE_H
#define STORAGE_OUTBOX_PRIVATE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/outbox_store.h"

/* A sheet on its way into the outbox. */
struct outbox_planned {
    int64_t id, user_id;
    int64_t audit_id; /* the parent entry; 0: opened with the first row */
    int64_t n;        /* rows that are new */
};

/* A row for each thing that the targets take of the sheet and that has none yet. */
MUST_CHECK int outbox_plan_sheet(struct db *db, struct outbox_planned *p,
                                 const struct outbox_targets *targets, struct err *e);
MUST_CHECK int outbox_open_parent(struct db *db, struct outbox_planned *p, struct err *e);

/* Sets uploaded_to_… of a sheet where all of that kind is done, and closes the parent entry of its uploads
 * when nothing of them is intended any more. */
MUST_CHECK int outbox_settle(struct db *db, int64_t timesheet_id, struct err *e);

#endif
