#include "storage/archive_order.h"

/* The time in the one row of s, or the wall clock's where that is later; gap_ms lies between the row's time
 * and what is returned. */
static int time_behind(struct db *db, struct stmt *s, int64_t gap_ms, int64_t *ret_ms, struct err *e)
{
    int64_t now_ms = db_now_ms(db), last_ms = INT64_MIN;
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        last_ms = stmt_col_time(s, 0);
    }
    if (r < 0) {
        return r;
    }
    *ret_ms = last_ms != INT64_MIN && last_ms + gap_ms > now_ms ? last_ms + gap_ms : now_ms;
    return 0;
}

int archive_order_learned(struct db *db, int64_t archive_configuration_id, int64_t *ret_ms, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT max(a.at) FROM (SELECT max(issued_at) AS at FROM timesheets "
                    "WHERE archive_configuration_id = $1 AND status = 'issued' UNION ALL "
                    "SELECT max(r.started_at) FROM job_configurations j JOIN job_runs r ON r.job_id = j.id "
                    "WHERE j.archive_configuration_id = $1 AND j.job_type = 'timesheet') AS a");
    stmt_int(s, 1, archive_configuration_id);
    return time_behind(db, s, 1, ret_ms, e);
}

int archive_order_issued(struct db *db, int64_t user_id, int64_t *ret_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT max(a.at) FROM (SELECT max(created_at) AS at FROM appointments "
                                 "WHERE user_id = $1 UNION ALL "
                                 "SELECT max(created_at) FROM appointment_versions WHERE user_id = $1) AS a");
    stmt_int(s, 1, user_id);
    return time_behind(db, s, 0, ret_ms, e);
}
