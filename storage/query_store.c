#include "storage/query_store.h"

#include <string.h>

#include "base/civil.h"
#include "base/process.h"

#define SLOTS_VERSION 3 /* the migration that made every due time a row */

/* ---- the archive ---- */

/* Two tables, one row: `t` is the table that the version is in, `a` the appointment. */
#define APPOINTMENT_COLUMNS(version, kind, reason)                                                           \
    "SELECT a.id AS id, a.user_id, a.archive_configuration_id, t.run_id, a.timesheet_id, "                   \
    "t.ms_event_id, " version " AS version, " kind " AS kind, " reason                                       \
    " AS reason, t.start_time AS start_time, t.end_time, t.is_all_day, "                                     \
    "t.start_date, t.end_date, t.subject, l.name, t.categories, t.show_as, t.sensitivity, t.importance, "    \
    "t.response, "                                                                                           \
    "t.event_type, t.original_zone, t.is_private, t.is_out_of_office, t.is_cancelled, t.notes, "             \
    "t.created_at "
#define FROM_ORIGINALS                                                                                       \
    APPOINTMENT_COLUMNS("1", "'original'", "NULL")                                                           \
    "FROM appointments AS a JOIN appointments AS t ON t.id = a.id LEFT JOIN locations AS l ON l.id = "       \
    "t.location_id "
#define FROM_VERSIONS                                                                                        \
    APPOINTMENT_COLUMNS("t.version", "t.kind", "t.reason")                                                   \
    "FROM appointment_versions AS t JOIN appointments AS a ON a.id = t.appointment_id "                      \
    "LEFT JOIN locations AS l ON l.id = t.location_id "

/* As window_has_span and window_has_days say.  $6 and $7 are the window with a day on each side: what lies
 * outside of that is not in it, and the index alone knows. */
#define IN_WINDOW                                                                                            \
    "t.user_id = $1 AND t.start_time < $7 AND t.end_time > $6 AND ("                                         \
    "(t.is_all_day = 0 AND t.start_time < $3 AND "                                                           \
    "(t.end_time > $2 OR (t.start_time = t.end_time AND t.start_time >= $2))) "                              \
    "OR (t.is_all_day = 1 AND t.start_date < $5 AND t.end_date > $4)) "

static int each_appointment(struct stmt *s, appointment_each each, void *arg, struct err *e)
{
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        struct appointment_row row = {
            .id = stmt_col_int(s, 0),
            .user_id = stmt_col_int(s, 1),
            .archive_configuration_id = stmt_col_int(s, 2),
            .run_id = stmt_col_int(s, 3),
            .timesheet_id = stmt_col_int(s, 4),
            .ms_event_id = stmt_col_text(s, 5),
            .version = stmt_col_int(s, 6),
            .kind = stmt_col_text(s, 7),
            .reason = stmt_col_text(s, 8),
            .start_time = stmt_col_text(s, 9),
            .end_time = stmt_col_text(s, 10),
            .is_all_day = stmt_col_int(s, 11) != 0,
            .start_date = stmt_col_text(s, 12),
            .end_date = stmt_col_text(s, 13),
            .subject = stmt_col_text(s, 14),
            .location = stmt_col_text(s, 15),
            .categories = stmt_col_text(s, 16),
            .show_as = stmt_col_text(s, 17),
            .sensitivity = stmt_col_text(s, 18),
            .importance = stmt_col_text(s, 19),
            .response = stmt_col_text(s, 20),
            .event_type = stmt_col_text(s, 21),
            .original_zone = stmt_col_text(s, 22),
            .is_private = stmt_col_int(s, 23) != 0,
            .is_out_of_office = stmt_col_int(s, 24) != 0,
            .is_cancelled = stmt_col_int(s, 25) != 0,
            .notes = stmt_col_int(s, 26),
            .archived_at = stmt_col_text(s, 27),
        };
        each(arg, &row);
    }
    return r;
}

static void bind_window(struct stmt *s, const struct window *window)
{
    if (window) {
        stmt_time(s, 2, window->from_ms);
        stmt_time(s, 3, window->to_ms);
        stmt_date(s, 4, window->from_day);
        stmt_date(s, 5, window->to_day);
        stmt_time(s, 6, window->from_ms - MS_PER_DAY);
        stmt_time(s, 7, window->to_ms + MS_PER_DAY);
        return;
    }
    for (int i = 2; i <= 7; i++) {
        stmt_text(s, i, i % 2 == 0 ? "" : "~"); /* before and behind all digits */
    }
}

int query_appointments(struct db *db, int64_t user_id, const struct window *window, appointment_each each,
                       void *arg, struct err *e)
{
    struct stmt *s =
        db_stmt(db, FROM_ORIGINALS
                "WHERE " IN_WINDOW
                "AND NOT EXISTS (SELECT 1 FROM appointment_versions AS v WHERE v.appointment_id = a.id) "
                "UNION ALL " FROM_VERSIONS "WHERE " IN_WINDOW
                "AND t.version = (SELECT max(v.version) FROM appointment_versions AS v "
                "WHERE v.appointment_id = t.appointment_id) "
                "ORDER BY start_time, id");
    stmt_int(s, 1, user_id);
    bind_window(s, window);
    return each_appointment(s, each, arg, e);
}

/* Whether one row of that id is there; message otherwise. */
static int check_id(struct stmt *count, const char *what, int64_t id, struct err *e)
{
    int64_t n;
    stmt_int(count, 1, id);
    int r = stmt_get_int(count, &n, e);
    return r == 0 && n == 0 ? err_set(e, ERR_NOT_FOUND, 0, "there is no %s %lld", what, (long long)id) : r;
}

int query_appointment(struct db *db, int64_t id, appointment_each each, void *arg, struct err *e)
{
    int r = check_id(db_stmt(db, "SELECT count(*) FROM appointments WHERE id = $1"), "appointment", id, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s = db_stmt(db, FROM_ORIGINALS "WHERE a.id = $1 UNION ALL " FROM_VERSIONS
                                                "WHERE t.appointment_id = $1 ORDER BY version");
    stmt_int(s, 1, id);
    return each_appointment(s, each, arg, e);
}

int query_calendars(struct db *db, int64_t user_id, calendar_each each, void *arg, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT id, uri, name, ms_calendar_id, calendar_type, is_active FROM calendars "
                    "WHERE user_id = $1 ORDER BY name, id");
    int r;
    stmt_int(s, 1, user_id);
    while ((r = stmt_step(s, e)) > 0) {
        struct calendar_row row = {
            .id = stmt_col_int(s, 0),
            .uri = stmt_col_text(s, 1),
            .name = stmt_col_text(s, 2),
            .ms_calendar_id = stmt_col_text(s, 3),
            .calendar_type = stmt_col_text(s, 4),
            .is_active = stmt_col_int(s, 5) != 0,
        };
        each(arg, &row);
    }
    return r;
}

int query_quarantined_count(struct db *db, int64_t user_id, int64_t *ret_n, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT count(*) FROM quarantined_events WHERE state = 'open' AND ($1 = 0 OR user_id = $1)");
    stmt_int(s, 1, user_id);
    return stmt_get_int(s, ret_n, e);
}

/* ---- runs ---- */

#define RUN_COLUMNS                                                                                          \
    "SELECT r.id, r.job_id, r.user_id, r.instance_id, r.parent_audit_id, c.name, j.job_type, "               \
    "r.run_trigger, r.state, "                                                                               \
    "r.outcome, r.step, r.counts, r.correlation_id, r.slot_at, r.from_date, r.to_date, r.created_at, "       \
    "r.not_before, "                                                                                         \
    "r.started_at, r.finished_at, r.error_code, r.error_message, r.attempt, r.is_dry, r.verdict, r.reason, " \
    "r.covered_by, r.is_catch_up, r.asked_pid, coalesce(r.asked_uid, -1), i.pid, i.boot_id, i.start_time "   \
    "FROM job_runs AS r "                                                                                    \
    "JOIN job_configurations AS j ON j.id = r.job_id "                                                       \
    "JOIN archive_configurations AS c ON c.id = j.archive_configuration_id "                                 \
    "LEFT JOIN instances AS i ON i.id = r.instance_id "

static bool is_in_hand(const struct stmt *s)
{
    return strcmp(stmt_col_text(s, 8), "running") == 0 && !stmt_is_null(s, 30) &&
           process_is_same(stmt_col_text(s, 31), stmt_col_int(s, 30), stmt_col_int(s, 32));
}

static int each_run(struct stmt *s, run_each each, void *arg, struct err *e)
{
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        struct run_row row = {
            .id = stmt_col_int(s, 0),
            .job_id = stmt_col_int(s, 1),
            .user_id = stmt_col_int(s, 2),
            .instance_id = stmt_col_int(s, 3),
            .parent_audit_id = stmt_col_int(s, 4),
            .name = stmt_col_text(s, 5),
            .job_type = stmt_col_text(s, 6),
            .trigger = stmt_col_text(s, 7),
            .state = stmt_col_text(s, 8),
            .outcome = stmt_col_text(s, 9),
            .step = stmt_col_text(s, 10),
            .counts = stmt_col_text(s, 11),
            .correlation_id = stmt_col_text(s, 12),
            .slot_at = stmt_col_text(s, 13),
            .from_date = stmt_col_text(s, 14),
            .to_date = stmt_col_text(s, 15),
            .created_at = stmt_col_text(s, 16),
            .not_before = stmt_col_text(s, 17),
            .started_at = stmt_col_text(s, 18),
            .finished_at = stmt_col_text(s, 19),
            .error_code = stmt_col_text(s, 20),
            .error_message = stmt_col_text(s, 21),
            .attempt = stmt_col_int(s, 22),
            .is_dry = stmt_col_int(s, 23) != 0,
            .verdict = stmt_col_text(s, 24),
            .reason = stmt_col_text(s, 25),
            .covered_by = stmt_col_text(s, 26),
            .is_catch_up = stmt_col_int(s, 27) != 0,
            .asked_pid = stmt_col_int(s, 28),
            .asked_uid = stmt_col_int(s, 29),
            .instance_pid = stmt_col_int(s, 30),
            .is_in_hand = is_in_hand(s),
        };
        each(arg, &row);
    }
    return r;
}

int query_runs(struct db *db, int64_t job_id, int limit, run_each each, void *arg, struct err *e)
{
    struct stmt *s = job_id ? db_stmt(db, RUN_COLUMNS "WHERE r.job_id = $2 ORDER BY r.id DESC LIMIT $1")
                            : db_stmt(db, RUN_COLUMNS "ORDER BY r.id DESC LIMIT $1");
    stmt_int(s, 1, limit);
    if (job_id) {
        stmt_int(s, 2, job_id);
    }
    return each_run(s, each, arg, e);
}

int query_run(struct db *db, int64_t id, run_each each, void *arg, struct err *e)
{
    int r = check_id(db_stmt(db, "SELECT count(*) FROM job_runs WHERE id = $1"), "run", id, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s = db_stmt(db, RUN_COLUMNS "WHERE r.id = $1");
    stmt_int(s, 1, id);
    return each_run(s, each, arg, e);
}

int query_slots(struct db *db, int64_t job_id, int64_t from_ms, int64_t to_ms, run_each each, void *arg,
                struct err *e)
{
    struct stmt *s = db_stmt(db, RUN_COLUMNS "WHERE r.job_id = $1 AND r.slot_at >= $2 AND r.slot_at < $3 "
                                             "ORDER BY r.slot_at, r.id");
    stmt_int(s, 1, job_id);
    stmt_time(s, 2, from_ms);
    stmt_time(s, 3, to_ms);
    return each_run(s, each, arg, e);
}

int query_holder(struct db *db, int64_t job_id, int64_t run_id, run_each each, void *arg, struct err *e)
{
    struct stmt *s =
        db_stmt(db, RUN_COLUMNS "WHERE r.job_id = $1 AND r.state <> 'done' AND r.id <> $2 "
                                "AND (r.state = 'running' OR r.id < $2) ORDER BY CASE r.state "
                                "WHEN 'running' THEN 1 WHEN 'waiting' THEN 2 ELSE 3 END, r.id LIMIT 1");
    stmt_int(s, 1, job_id);
    stmt_int(s, 2, run_id);
    return each_run(s, each, arg, e);
}

int query_slots_since(struct db *db, int64_t *ret_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT applied_at FROM schema_migrations WHERE version = $1");
    stmt_int(s, 1, SLOTS_VERSION);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r : err_set(e, ERR_NOT_FOUND, 0, "migration %d is not applied", SLOTS_VERSION);
    }
    *ret_ms = stmt_col_time(s, 0);
    stmt_reset(s);
    return 0;
}

/* ---- tasks for a person ---- */

#define ACTION_COLUMNS                                                                                       \
    "SELECT t.id, t.user_id, u.email, t.event_type, t.state, t.description, t.details, t.recommendations, "  \
    "t.created_at, t.updated_at FROM action_log AS t JOIN users AS u ON u.id = t.user_id "

static int each_action(struct stmt *s, action_each each, void *arg, struct err *e)
{
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        struct action_row row = {
            .id = stmt_col_int(s, 0),
            .user_id = stmt_col_int(s, 1),
            .user_email = stmt_col_text(s, 2),
            .event_type = stmt_col_text(s, 3),
            .state = stmt_col_text(s, 4),
            .description = stmt_col_text(s, 5),
            .details = stmt_col_text(s, 6),
            .recommendations = stmt_col_text(s, 7),
            .created_at = stmt_col_text(s, 8),
            .updated_at = stmt_col_text(s, 9),
        };
        each(arg, &row);
    }
    return r;
}

int query_actions(struct db *db, bool is_all, action_each each, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(db, ACTION_COLUMNS "WHERE $1 = 1 OR t.state = 'open' ORDER BY t.id DESC");
    stmt_int(s, 1, is_all);
    return each_action(s, each, arg, e);
}

int query_action(struct db *db, int64_t id, action_each each, void *arg, struct err *e)
{
    int r = check_id(db_stmt(db, "SELECT count(*) FROM action_log WHERE id = $1"), "task", id, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s = db_stmt(db, ACTION_COLUMNS "WHERE t.id = $1");
    stmt_int(s, 1, id);
    return each_action(s, each, arg, e);
}
