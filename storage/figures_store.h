/* figures_store - the service in numbers, for whoever draws curves of it (daemon/metrics.h): how it stands as
 * a whole, and what each job has done.
 *
 * Everything is looked up in totals, statistics and indexes; no run is counted.  Reading only. */
#ifndef STORAGE_FIGURES_STORE_H
#define STORAGE_FIGURES_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"
#include "storage/status_store.h"

/* Of so many enabled jobs, those with the lowest ids: ten curves a job are enough for any collector. */
#define FIGURES_MAX_JOBS 1000

struct job_figures {
    int64_t job_id;
    char *name; /* of its archive configuration */
    int64_t last_success_ms;
    int64_t last_failure_ms;  /* both INT64_MIN: never */
    int64_t last_duration_ms; /* of the latest closed run, and its rows; both -1: none was closed */
    int64_t last_rows;
    int64_t runs_succeeded;
    int64_t runs_failed;
    int64_t rows_written;
    int64_t throttled;
    int64_t slots_missed;
    int64_t slots_skipped;
};

struct figures {
    int64_t read_ms; /* when it was so */
    struct status_summary status;
    int64_t users_signed_in;
    int64_t users_never_signed_in;
    int64_t left_out_jobs; /* enabled, and not among the following */
    struct job_figures *jobs;
    size_t n_jobs;
};
MUST_CHECK int figures_read(struct db *db, struct figures *ret_figures, struct err *e);
void figures_finish(struct figures *figures); /* accepts a zeroed struct */

#endif
