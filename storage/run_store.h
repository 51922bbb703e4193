/* run_store - the life of one run in job_runs: loading, moving on, waiting, closing.
 *
 * Everything here runs in the caller's transaction, on the thread that owns the connection.  What changes a
 * run first makes certain that it is still ours (state running, owned by instance_id) and is ERR_CANCELLED
 * otherwise: a run that another instance took over must not be touched by the one that lost it. */
#ifndef STORAGE_RUN_STORE_H
#define STORAGE_RUN_STORE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/audit.h"
#include "model/run.h"
#include "model/run_counts.h"
#include "storage/db.h"

/* The run with what its job's configuration says now; free with run_finish.  ERR_NOT_FOUND. */
MUST_CHECK int run_store_load(struct db *db, int64_t run_id, struct run *ret_run, struct err *e);

/* ERR_CANCELLED unless the run is running and owned by the instance. */
MUST_CHECK int run_store_check_owner(struct db *db, int64_t run_id, int64_t instance_id, struct err *e);

/* Stores run's step, counts, attempt and calendar_id, with `cursor` as the next page (NULL: none) and
 * `counts` in place of the run's own. */
MUST_CHECK int run_store_save(struct db *db, const struct run *run, int64_t instance_id, const char *cursor,
                              const struct run_counts *counts, struct err *e);

/* The timesheet that the run issued, or that was there already for its days. */
MUST_CHECK int run_store_set_sheet(struct db *db, const struct run *run, int64_t instance_id,
                                   int64_t sheet_id, struct err *e);

/* Step change, with an audit entry (or NULL) whose user, correlation and parent are the run's where it names
 * none. */
MUST_CHECK int run_store_advance(struct db *db, const struct run *run, int64_t instance_id,
                                 const struct audit_entry *child, struct err *e);

/* Between two attempts (why says what failed; a child entry says it, too), or parked for the next start:
 * not_before_ms 0 is ready at once.  The run has no owner afterwards. */
MUST_CHECK int run_store_suspend(struct db *db, const struct run *run, int64_t instance_id,
                                 int64_t not_before_ms, const struct err *why, struct err *e);

/* Closes the run, its parent audit entry and its staging, and tells storage/stats_store.h.
 *
 * A success that is not dry moves the job's archived_through: to the end of the window if the window begins
 * at or before the old mark, so that no day between the two passes for archived, and never beyond
 * run->over_day.  The first mark is set by a scheduled or signalled run, by a request only if it begins where
 * the first slot began: not by one for any old period.
 *
 * So does a partial run: it has read the whole window, and what it could not map is in quarantine, raw.  If
 * it left the mark, one event that can not be mapped would make the window grow every night for ever.
 *
 * A timesheet's mark goes as far as its runs that ended well leave no day out.
 *
 * closing may be NULL; its details get the member "counts", its duration is measured from started_at where it
 * has none. */
MUST_CHECK int run_store_close(struct db *db, const struct run *run, int64_t instance_id,
                               enum run_outcome outcome, const struct err *why,
                               const struct audit_entry *closing, struct err *e);

/* A child entry of the run: operation on its source calendar.  details_json and message may be NULL. */
MUST_CHECK int run_store_audit(struct db *db, const struct run *run, const char *operation,
                               const char *status, const char *message, const char *details_json,
                               struct err *e);

#endif
