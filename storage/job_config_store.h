/* job_config_store - job configurations: what kind of job an archive configuration has, and when it runs.
 *
 * Each call is all or nothing: in a transaction of its own, or in a savepoint where the caller has one open.
 * Every change appends an audit entry and therefore needs a keyring (ERR_KEY).  Messages name the job. Pauses
 * are storage/job_pause_store.h; what is due, and claiming it, is storage/agenda_store.h. */
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
    int32_t due_through;      /* … should be, says the latest slot; INT32_MIN: none came due yet */
    int64_t slots_through_ms; /* every slot until here has its verdict; INT64_MIN: none has */
    int64_t created_ms;
    char *ping_url;       /* asked when a run begins and ends; NULL: nobody is told */
    bool needs_sign_in;   /* its user must sign in again before anything of theirs runs */
    char *sign_in_reason; /* or NULL */
};
void job_config_finish(struct job_config *job); /* accepts a zeroed struct */

/* It runs, and its archive does not reach as far as its latest slot says. */
bool job_config_is_behind(const struct job_config *job);

struct job_config_new {
    int64_t archive_configuration_id;
    enum job_type type;
    struct schedule schedule;
    enum catch_up catch_up;
    int window_days;      /* 0 = 30 */
    const char *ping_url; /* https, or http to a loopback address; NULL: nobody is told */
};

/* ERR_NOT_FOUND for the configuration, ERR_INVALID for an inactive one and for a schedule that is none,
 * ERR_EXISTS for a second job of one type. */
MUST_CHECK int job_config_add(struct db *db, const struct job_config_new *job, int64_t *ret_id,
                              struct err *e);

/* What is to be different; the rest stays.  Start from JOB_CONFIG_UNCHANGED. */
struct job_config_change {
    int schedule_type;    /* enum schedule_type */
    int minute_of_day;    /* since midnight, of the zone's wall */
    int day_of_week;      /* 0 = Monday; goes with weekly */
    int day_of_month;     /* 1…31; goes with monthly */
    int window_days;      /* 1…3650 */
    int catch_up;         /* enum catch_up */
    const char *ping_url; /* "" tells nobody any more */
};
#define JOB_CONFIG_UNCHANGED ((struct job_config_change){-1, -1, -1, -1, -1, -1, NULL})

/* The old and the new values are in the audit entry, of a URL its origin; where nothing is different there is
 * none.  ERR_NOT_FOUND; ERR_INVALID where the job as a whole would not be valid: a weekly job needs a day. */
MUST_CHECK int job_config_set(struct db *db, int64_t id, const struct job_config_change *change,
                              struct err *e);

MUST_CHECK int job_config_get(struct db *db, int64_t id, struct job_config *ret_job, struct err *e);

/* By id.  Borrowed for the callback. */
typedef void (*job_config_each)(void *arg, const struct job_config *job);
MUST_CHECK int job_config_list(struct db *db, job_config_each each, void *arg, struct err *e);

#endif
