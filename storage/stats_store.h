/* stats_store - what the runs and slots of a job add up to, kept while they happen: for the metrics and the
 * status.
 *
 * Everything here runs in the caller's transaction, on the thread that owns the connection. */
#ifndef STORAGE_STATS_STORE_H
#define STORAGE_STATS_STORE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

/* Slots of the job that were just missed or skipped. */
MUST_CHECK int stats_slots(struct db *db, int64_t job_id, int64_t user_id, int64_t n_missed,
                           int64_t n_skipped, struct err *e);

#endif
