/* status_store - the numbers of the status: what the owner sees in `systemctl status`.
 *
 * Read at each pass of the scheduler that leaves it idle, so each of them is one look at an index or at the
 * totals, never a count over all jobs or runs.  Reading only. */
#ifndef STORAGE_STATUS_STORE_H
#define STORAGE_STATUS_STORE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

struct status_summary {
    int64_t active_jobs; /* that will run: not paused, their configuration and user active, manual ones among
                            them */
    int64_t paused_jobs;
    int64_t next_job_id; /* 0: nothing is due */
    int64_t next_due_ms; /* INT64_MIN: nothing is due */
    char *next_name;     /* of its archive configuration, and its zone; NULL: nothing is due */
    char *next_zone;
    int64_t last_success_ms; /* INT64_MIN: never */
    int64_t last_run_id;     /* the last one that ended; 0: none did */
    char *last_outcome;
    char *last_name;
    int64_t last_finished_ms;
    int64_t queued_runs, running_runs, waiting_runs;
    int64_t users_needing_sign_in;
    int64_t open_actions;
    int64_t quarantined_events;
    /* Jobs whose archive does not reach as far as their latest slot says; those under way are among them. */
    int64_t behind_jobs;
    int64_t behind_job_id; /* the first of them that is not under way; 0: none */
    char *behind_name;
    int32_t behind_from_day; /* the first local day that is not archived; INT32_MIN: none is */
};
MUST_CHECK int status_read(struct db *db, struct status_summary *ret_status, struct err *e);
void status_summary_finish(struct status_summary *status); /* accepts a zeroed struct */

#endif
