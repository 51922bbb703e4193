/* agenda_store - which jobs are due, and what the scheduler must know at its start and when the clock was
 * set.
 *
 * Queueing runs is storage/queue_store.h, claiming them storage/take_store.h.  Everything here runs in the
 * caller's transaction, on the thread that owns the connection. */
#ifndef STORAGE_AGENDA_STORE_H
#define STORAGE_AGENDA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/run.h"
#include "storage/db.h"

#define AGENDA_NEVER INT64_MAX

/* A due time that never comes; NULL would mean "not planned yet". */
#define AGENDA_NEVER_TEXT "9999-12-31 23:59:59.999000"

/* Enabled jobs (paused ones, too: their slots get a verdict) that are due at now or before, and behind them
 * those without a due time.  Free with agenda_jobs_free. */
MUST_CHECK int agenda_jobs_due(struct db *db, int64_t now_ms, size_t max, struct job **ret_jobs,
                               size_t *ret_n, struct err *e);

/* One job, enabled or not.  ERR_NOT_FOUND. */
MUST_CHECK int agenda_job(struct db *db, int64_t job_id, struct job **ret_jobs, size_t *ret_n, struct err *e);

/* Enabled jobs that are not paused, by id, behind after_id. */
MUST_CHECK int agenda_jobs(struct db *db, int64_t after_id, size_t max, struct job **ret_jobs, size_t *ret_n,
                           struct err *e);

void agenda_jobs_free(struct job *jobs, size_t n); /* accepts NULL */

/* At the scheduler's start.  Plans that were made with another version of the zone database are thrown away.
 */
struct agenda_start {
    int64_t clock_high_ms; /* the latest time at which a scheduler wrote; INT64_MIN: never */
    bool has_new_zones;
    size_t n_left; /* runs marked as running */
};
MUST_CHECK int agenda_start(struct db *db, const char *zone_version, struct agenda_start *ret_start,
                            struct err *e);

/* Notes that the scheduler wrote at now_ms. */
MUST_CHECK int agenda_note_clock(struct db *db, int64_t now_ms, struct err *e);

/* The clock went back to now_ms.  Marks of what is archived never reach beyond yesterday; what was claimed
 * for a time that is more than AGENDA_CLOCK_SLACK_MS ahead was claimed for a time that had not come, and
 * makes room for its true claim; nobody waits for a time of the wrong clock.  Smaller steps leave the slots
 * as they are, so that none runs twice. */
#define AGENDA_CLOCK_SLACK_MS (3 * 3600 * (int64_t)1000)
MUST_CHECK int agenda_clock_went_back(struct db *db, int64_t now_ms, struct err *e);

/* Scheduled runs without a verdict that were due at due_ms or before, each reported once: they are marked.
 * *ret_next_ms is the due time of the next that is open, AGENDA_NEVER for none.  free() the array. */
struct agenda_overdue {
    int64_t job_id, run_id;
    int64_t slot_ms;
    char name[128];
    char state[16];
};
MUST_CHECK int agenda_overdue(struct db *db, int64_t due_ms, struct agenda_overdue **ret_runs, size_t *ret_n,
                              int64_t *ret_next_ms, struct err *e);

#endif
