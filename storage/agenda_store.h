/* agenda_store - what is due: jobs and their next time, the queue of runs, and claiming them.
 *
 * Everything here runs in the caller's transaction, on the thread that owns the connection. */
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

/* Jobs that want planning: active (and so are their configuration and user), not paused, without a due time
 * or with one at or before now; those without first.  Free with agenda_jobs_free. */
MUST_CHECK int agenda_jobs_due(struct db *db, int64_t now_ms, size_t max, struct job **ret_jobs,
                               size_t *ret_n, struct err *e);

/* One job, active or not, paused or not (ERR_NOT_FOUND), or with job_id 0 every active one. */
MUST_CHECK int agenda_jobs_named(struct db *db, int64_t job_id, struct job **ret_jobs, size_t *ret_n,
                                 struct err *e);

void agenda_jobs_free(struct job *jobs, size_t n); /* accepts NULL */

/* What the planner decided for one job. */
struct agenda_plan {
    int64_t job_id;
    int64_t next_run_ms; /* AGENDA_NEVER for manual jobs; -1 leaves it as it is */
    bool queue;          /* a run, too; nothing happens if the slot is there already */
    int64_t slot_ms;
    int32_t from_day, to_day; /* half-open */
};

/* Who asked, for the audit. */
struct agenda_asker {
    enum run_trigger trigger;
    int64_t pid; /* 0 = none */
    int64_t uid; /* -1 = none */
};

/* Writes all plans.  A signal's run is not queued behind one of the same kind that has not begun yet (it
 * would only do the same again), nor when it comes from the process that has just queued a request for the
 * job. */
MUST_CHECK int agenda_plan_write(struct db *db, const struct agenda_plan *plans, size_t n,
                                 struct agenda_asker asker, struct err *e);

/* A run somebody asks for on the command line. */
struct agenda_request {
    int64_t job_id;
    int32_t from_day, to_day; /* half-open */
    bool is_dry;
    int64_t pid; /* of the asking process; 0 = none */
    int64_t uid; /* -1 = none */
};

/* Queues it; *ret_run_id names it.  ERR_NOT_FOUND for an unknown job, ERR_INVALID for an inactive or paused
 * one and for a period that ends before it begins. */
MUST_CHECK int agenda_request_run(struct db *db, const struct agenda_request *request, int64_t *ret_run_id,
                                  struct err *e);

/* Which instances are alive, the taker among them.  Borrowed for the call. */
struct agenda_taker {
    int64_t instance_id;
    const int64_t *live;
    size_t n_live;
};

struct agenda_taken {
    struct run *runs; /* run_finish each, then free */
    size_t n;
    int64_t next_wake_ms; /* earliest due time or end of a wait; AGENDA_NEVER when there is none */
    bool has_more;        /* more are ready than were asked for */
};

/* Takes up to max runs that may go on now: first what a dead instance left, then those that have waited long
 * enough, then the queue in its order; never two of one job, and of a paused or inactive job only what was
 * under way. Each is running and owned by the taker afterwards, with its parent audit entry open. */
MUST_CHECK int agenda_take(struct db *db, int64_t now_ms, size_t max, const struct agenda_taker *taker,
                           struct agenda_taken *ret_taken, struct err *e);

#endif
