/* stats_store - what is remembered of each job's runs beyond the runs themselves: job_stats, a row a job, and
 * the last run and last success of service_totals.
 *
 * It is kept up to date as runs close, so that the metrics and the status are looked up and never counted.
 * Everything here runs in the caller's transaction, on the thread that owns the connection. */
#ifndef STORAGE_STATS_STORE_H
#define STORAGE_STATS_STORE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/run.h"
#include "storage/db.h"

/* A run was closed.  A partial one counts as a success: it has read everything, and what it could not map is
 * kept.  A dry run is remembered as the last run and as nothing else.  duration_ms -1: not known. */
MUST_CHECK int stats_run_closed(struct db *db, const struct run *run, enum run_outcome outcome,
                                int64_t duration_ms, struct err *e);

/* Slots of the job that were decided without a run.  Adds; both 0 is no write. */
MUST_CHECK int stats_slots(struct db *db, int64_t job_id, int64_t user_id, int64_t n_missed,
                           int64_t n_skipped, struct err *e);

#endif
