#include "storage/stats_store.h"

static int note_last_run(struct db *db, const struct run *run, bool is_success, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE service_totals SET last_run_id = $1, "
                                 "last_success_at = coalesce($2, last_success_at)");
    stmt_int(s, 1, run->id);
    if (is_success) {
        stmt_time(s, 2, db_now_ms(db));
    }
    return stmt_run(s, e);
}

static int add_run(struct db *db, const struct run *run, bool is_success, int64_t duration_ms, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "INSERT INTO job_stats (job_id, user_id, last_success_at, last_failure_at, last_duration_ms, "
            "last_rows, runs_succeeded, runs_failed, rows_written, throttled) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6, $9) ON CONFLICT (job_id) DO UPDATE SET "
            "last_success_at = coalesce(excluded.last_success_at, job_stats.last_success_at), "
            "last_failure_at = coalesce(excluded.last_failure_at, job_stats.last_failure_at), "
            "last_duration_ms = excluded.last_duration_ms, last_rows = excluded.last_rows, "
            "runs_succeeded = job_stats.runs_succeeded + excluded.runs_succeeded, "
            "runs_failed = job_stats.runs_failed + excluded.runs_failed, "
            "rows_written = job_stats.rows_written + excluded.rows_written, "
            "throttled = job_stats.throttled + excluded.throttled");
    stmt_int(s, 1, run->job_id);
    stmt_int(s, 2, run->user_id);
    stmt_time(s, is_success ? 3 : 4, db_now_ms(db));
    if (duration_ms >= 0) {
        stmt_int(s, 5, duration_ms);
    }
    stmt_int(s, 6, run_counts_written(&run->counts));
    stmt_int(s, 7, is_success);
    stmt_int(s, 8, !is_success);
    stmt_int(s, 9, run->counts.throttled);
    return stmt_run(s, e);
}

int stats_run_closed(struct db *db, const struct run *run, enum run_outcome outcome, int64_t duration_ms,
                     struct err *e)
{
    bool is_success = outcome == OUTCOME_SUCCESS || outcome == OUTCOME_PARTIAL;
    int r = note_last_run(db, run, is_success && !run->is_dry, e);
    return r < 0 || run->is_dry ? r : add_run(db, run, is_success, duration_ms, e);
}

int stats_slots(struct db *db, int64_t job_id, int64_t user_id, int64_t n_missed, int64_t n_skipped,
                struct err *e)
{
    if (n_missed == 0 && n_skipped == 0) {
        return 0;
    }
    struct stmt *s = db_stmt(db, "INSERT INTO job_stats (job_id, user_id, slots_missed, slots_skipped) "
                                 "VALUES ($1, $2, $3, $4) ON CONFLICT (job_id) DO UPDATE SET "
                                 "slots_missed = job_stats.slots_missed + excluded.slots_missed, "
                                 "slots_skipped = job_stats.slots_skipped + excluded.slots_skipped");
    stmt_int(s, 1, job_id);
    stmt_int(s, 2, user_id);
    stmt_int(s, 3, n_missed);
    stmt_int(s, 4, n_skipped);
    return stmt_run(s, e);
}
