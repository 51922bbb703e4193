#include "storage/figures_store.h"

#include <stdlib.h>

#include "base/mem.h"

static int read_users(struct db *db, struct figures *figures, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT count(*) FROM users WHERE ms_auth_state = $1 AND is_active = 1");
    stmt_text(s, 1, "ok");
    int r = stmt_get_int(s, &figures->users_signed_in, e);
    if (r < 0) {
        return r;
    }
    stmt_text(s, 1, "none");
    return stmt_get_int(s, &figures->users_never_signed_in, e);
}

static int64_t column_or(const struct stmt *s, int column, int64_t nothing)
{
    return stmt_is_null(s, column) ? nothing : stmt_col_int(s, column);
}

/* A job that never ran has no row of statistics. */
static struct job_figures read_job(const struct stmt *s)
{
    return (struct job_figures){
        .job_id = stmt_col_int(s, 0),
        .name = stmt_col_dup(s, 1),
        .last_success_ms = stmt_col_time(s, 2),
        .last_failure_ms = stmt_col_time(s, 3),
        .last_duration_ms = column_or(s, 4, -1),
        .last_rows = column_or(s, 5, -1),
        .runs_succeeded = column_or(s, 6, 0),
        .runs_failed = column_or(s, 7, 0),
        .rows_written = column_or(s, 8, 0),
        .throttled = column_or(s, 9, 0),
        .slots_missed = column_or(s, 10, 0),
        .slots_skipped = column_or(s, 11, 0),
    };
}

static int read_jobs(struct db *db, struct figures *figures, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT j.id, c.name, t.last_success_at, t.last_failure_at, t.last_duration_ms, t.last_rows, "
            "t.runs_succeeded, t.runs_failed, t.rows_written, t.throttled, t.slots_missed, t.slots_skipped "
            "FROM job_configurations j JOIN archive_configurations c ON c.id = j.archive_configuration_id "
            "LEFT JOIN job_stats t ON t.job_id = j.id WHERE j.is_enabled = 1 ORDER BY j.id LIMIT $1");
    int r;
    stmt_int(s, 1, FIGURES_MAX_JOBS);
    figures->jobs = mem_calloc(FIGURES_MAX_JOBS, sizeof *figures->jobs);
    while ((r = stmt_step(s, e)) > 0) {
        figures->jobs[figures->n_jobs++] = read_job(s);
    }
    return r;
}

static int read_all(struct db *db, struct figures *figures, struct err *e)
{
    int r = status_read(db, &figures->status, e);
    r = r < 0 ? r : read_users(db, figures, e);
    r = r < 0 ? r : read_jobs(db, figures, e);
    figures->left_out_jobs =
        figures->status.active_jobs + figures->status.paused_jobs - (int64_t)figures->n_jobs;
    return r;
}

int figures_read(struct db *db, struct figures *ret_figures, struct err *e)
{
    struct figures figures = {.read_ms = db_now_ms(db)};
    int r = read_all(db, &figures, e);
    if (r < 0) {
        figures_finish(&figures);
        return r;
    }
    *ret_figures = figures;
    return 0;
}

void figures_finish(struct figures *figures)
{
    for (size_t i = 0; i < figures->n_jobs; i++) {
        free(figures->jobs[i].name);
    }
    free(figures->jobs);
    status_summary_finish(&figures->status);
    *figures = (struct figures){0};
}
