#include "storage/status_store.h"

#include <stdlib.h>

/* As idx_job_configurations_behind says it, so that the index is used. */
#define IS_BEHIND                                                                                            \
    "j.is_enabled = 1 AND j.paused_at IS NULL AND j.due_through IS NOT NULL AND "                            \
    "(j.archived_through IS NULL OR j.archived_through < j.due_through) "

static int read_numbers(struct db *db, struct status_summary *status, struct err *e)
{
    const struct {
        const char *sql;
        int64_t *value;
    } rows[] = {
        {"SELECT jobs_active FROM service_totals", &status->active_jobs},
        {"SELECT jobs_paused FROM service_totals", &status->paused_jobs},
        {"SELECT count(*) FROM job_runs WHERE state = 'queued' AND state <> 'done'", &status->queued_runs},
        {"SELECT count(*) FROM job_runs WHERE state = 'running' AND state <> 'done'", &status->running_runs},
        {"SELECT count(*) FROM job_runs WHERE state = 'waiting' AND state <> 'done'", &status->waiting_runs},
        {"SELECT count(*) FROM users WHERE ms_auth_state = 'reauth_needed' AND is_active = 1",
         &status->users_needing_sign_in},
        {"SELECT count(*) FROM action_log WHERE state = 'open'", &status->open_actions},
        {"SELECT count(*) FROM quarantined_events WHERE state = 'open'", &status->quarantined_events},
        {"SELECT count(*) FROM job_configurations j WHERE " IS_BEHIND, &status->behind_jobs},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int r = stmt_get_int(db_stmt(db, rows[i].sql), rows[i].value, e);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int read_next(struct db *db, struct status_summary *status, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT j.id, j.next_run_at, c.name, c.timezone FROM job_configurations j "
                    "JOIN archive_configurations c ON c.id = j.archive_configuration_id "
                    "WHERE j.is_enabled = 1 AND j.next_run_at IS NOT NULL AND j.paused_at IS NULL AND "
                    "j.schedule_type <> 'manual' ORDER BY j.next_run_at LIMIT 1");
    int r = stmt_step(s, e);
    if (r > 0) {
        status->next_job_id = stmt_col_int(s, 0);
        status->next_due_ms = stmt_col_time(s, 1);
        status->next_name = stmt_col_dup(s, 2);
        status->next_zone = stmt_col_dup(s, 3);
        stmt_reset(s);
    }
    return r < 0 ? r : 0;
}

static int read_last_run(struct db *db, struct status_summary *status, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT r.id, r.outcome, r.finished_at, c.name FROM service_totals t "
                                 "JOIN job_runs r ON r.id = t.last_run_id "
                                 "JOIN job_configurations j ON j.id = r.job_id "
                                 "JOIN archive_configurations c ON c.id = j.archive_configuration_id");
    int r = stmt_step(s, e);
    if (r > 0) {
        status->last_run_id = stmt_col_int(s, 0);
        status->last_outcome = stmt_col_dup(s, 1);
        status->last_finished_ms = stmt_col_time(s, 2);
        status->last_name = stmt_col_dup(s, 3);
        stmt_reset(s);
    }
    return r < 0 ? r : 0;
}

static int read_last_success(struct db *db, struct status_summary *status, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT last_success_at FROM service_totals");
    int r = stmt_step(s, e);
    if (r > 0) {
        status->last_success_ms = stmt_col_time(s, 0);
        stmt_reset(s);
    }
    return r < 0 ? r : 0;
}

static int read_behind(struct db *db, struct status_summary *status, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT j.id, c.name, j.archived_through FROM job_configurations j "
                    "JOIN archive_configurations c ON c.id = j.archive_configuration_id WHERE " IS_BEHIND
                    "AND NOT EXISTS (SELECT 1 FROM job_runs r WHERE r.job_id = j.id AND r.state <> 'done') "
                    "ORDER BY j.id LIMIT 1");
    int r = stmt_step(s, e);
    if (r > 0) {
        status->behind_job_id = stmt_col_int(s, 0);
        status->behind_name = stmt_col_dup(s, 1);
        status->behind_from_day = stmt_col_date(s, 2);
        stmt_reset(s);
    }
    return r < 0 ? r : 0;
}

void status_summary_finish(struct status_summary *status)
{
    free(status->next_name);
    free(status->next_zone);
    free(status->last_outcome);
    free(status->last_name);
    free(status->behind_name);
    *status = (struct status_summary){0};
}

int status_read(struct db *db, struct status_summary *ret_status, struct err *e)
{
    struct status_summary status = {.next_due_ms = INT64_MIN,
                                    .last_success_ms = INT64_MIN,
                                    .last_finished_ms = INT64_MIN,
                                    .behind_from_day = INT32_MIN};
    int (*const parts[])(struct db *, struct status_summary *, struct err *) = {
        read_numbers, read_next, read_last_run, read_last_success, read_behind};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        int r = parts[i](db, &status, e);
        if (r < 0) {
            status_summary_finish(&status);
            return r;
        }
    }
    *ret_status = status;
    return 0;
}
