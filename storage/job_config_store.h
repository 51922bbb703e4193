/* job_config_store - job configurations: what kind of job an archive configuration has, and when it runs.
 *
 * Each call is all or nothing: in a transaction of its own, or in a savepoint where the caller has one open.
 * Every change appends an audit entry and therefore needs a keyring (ERR_KEY).  Messages name the job.  What
 * is due, and claiming it, is storage/agenda_store.h. */
#ifndef STORAGE_JOB_CONFIG_STORE_H
#define STORAGE_JOB_CONFIG_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/run.h"
#include "storage/db.h"

struct job_config {
    int64_t id;
    int64_t user_id;
    int64_t archive_configuration_id;
    char *user_email;
    char *name; /* of the archive configuration */
    char *zone;
    enum job_type type;
    struct schedule schedule;
    enum catch_up catch_up;
    int window_days;
    bool is_active; /* the job, its archive configuration and its user all are */
    bool is_paused;
    int64_t paused_ms; /* INT64_MIN unless paused */
    char *paused_by;
    char *paused_reason;
    int64_t next_run_ms;      /* INT64_MIN: not computed yet, or manual */
    int32_t archived_through; /* local days before this one are archived; INT32_MIN: none yet */
};
void job_config_finish(struct job_config *job); /* accepts a zeroed struct */

struct job_config_new {
    int64_t archive_configuration_id;
    enum job_type type;
    struct schedule schedule;
    enum catch_up catch_up;
    int window_days; /* 0 = 30 */
};

/* ERR_NOT_FOUND for the configuration, ERR_INVALID for an inactive one and for a schedule that is none,
 * ERR_EXISTS for a second job of one type. */
MUST_CHECK int job_config_add(struct db *db, const struct job_config_new *job, int64_t *ret_id,
                              struct err *e);

MUST_CHECK int job_config_get(struct db *db, int64_t id, struct job_config *ret_job, struct err *e);

/* By id.  Borrowed for the callback. */
typedef void (*job_config_each)(void *arg, const struct job_config *job);
MUST_CHECK int job_config_list(struct db *db, job_config_each each, void *arg, struct err *e);

/* by: who says so (a user name of the system).  ERR_EXISTS when it is paused already, with who and why. */
MUST_CHECK int job_config_pause(struct db *db, int64_t id, const char *by, const char *reason, struct err *e);
/* ERR_INVALID when it is not paused. */
MUST_CHECK int job_config_resume(struct db *db, int64_t id, struct err *e);

#endif
