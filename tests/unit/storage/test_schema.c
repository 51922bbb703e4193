/* The tables themselves: what the schema document promises, isolation by user, and what may never be changed.
 */
#include "tests/unit/storage/store_fixture.h"

/* Two users with a full set of rows each: user 1 has ids 1, user 2 has ids 2. */
static const char world_sql[] =
    "INSERT INTO users (id, email, created_at, updated_at) VALUES (1, 'anna@example.com', 't', 't'), "
    "(2, 'ben@example.com', 't', 't');"
    "INSERT INTO locations (id, user_id, name, created_at) VALUES (1, 1, 'Office', 't'), (2, 2, 'Office', "
    "'t');"
    "INSERT INTO categories (id, user_id, name, created_at) VALUES (1, 1, 'Acme', 't'), (2, 2, 'Acme', 't');"
    "INSERT INTO calendars (id, user_id, uri, name, created_at, updated_at) VALUES (1, 1, 'u', 'n', 't', "
    "'t'), "
    "(2, 2, 'u', 'n', 't', 't');"
    "INSERT INTO timesheets (id, user_id, start_date, end_date, created_at, updated_at) VALUES "
    "(1, 1, '2026-01-01', '2026-01-31', 't', 't'), (2, 2, '2026-01-01', '2026-01-31', 't', 't'), "
    "(3, 1, '2026-02-01', '2026-02-28', 't', 't');"
    "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, destination_calendar_uri, "
    "timezone, "
    "created_at, updated_at) VALUES (1, 1, 'c', 's', 'd', 'UTC', 't', 't'), (2, 2, 'c', 's', 'd', 'UTC', "
    "'t', 't');"
    "INSERT INTO job_configurations (id, user_id, archive_configuration_id, created_at, updated_at) VALUES "
    "(1, 1, 1, 't', 't'), (2, 2, 2, 't', 't');"
    "INSERT INTO job_runs (id, user_id, job_id, slot_at, run_trigger, state, from_date, to_date, "
    "correlation_id, "
    "created_at) VALUES (1, 1, 1, 's', 'schedule', 'done', '2026-01-01', '2026-01-02', 'c1', 't'), "
    "(2, 2, 2, 's', 'schedule', 'done', '2026-01-01', '2026-01-02', 'c2', 't');"
    "INSERT INTO appointments (id, user_id, ms_event_id, start_time, end_time, is_archived, "
    "archive_configuration_id, event_key, created_at, updated_at) VALUES "
    "(1, 1, 'e1', '2026-01-01 10', '2026-01-01 11', 1, 1, x'00112233445566778899aabbccddeeff', 't', 't'), "
    "(2, 2, 'e2', '2026-01-01 10', '2026-01-01 11', 1, 2, x'10112233445566778899aabbccddeeff', 't', 't'), "
    "(3, 1, 'e3', '2026-01-01 10', '2026-01-01 11', 0, 1, x'20112233445566778899aabbccddeeff', 't', 't');"
    "INSERT INTO appointment_versions (appointment_id, version, user_id, kind, start_time, end_time, "
    "event_type, show_as, "
    "sensitivity, importance, response, created_at) VALUES (1, 2, 1, 'changed', 'a', 'b', 'singleInstance', "
    "'busy', "
    "'normal', 'normal', 'none', 't');"
    "INSERT INTO audit_log (id, action_type, operation, status, created_at) VALUES (1, 'a', 'o', 'started', "
    "'t'), "
    "(2, 'a', 'o', 'success', 't');"
    "INSERT INTO audit_chain (seq, audit_id, kind, key_id, mac) VALUES (1, 1, 'open', 'k', x'00');";

static int setup(void **state)
{
    if (fixture_setup_bare(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    int applied;
    char *copy = NULL;
    if (fixture_open(f, DB_CREATE, &f->db) != 0 ||
        migrate_upgrade(f->db, migrations_sqlite, "test", &applied, &copy, &f->e) != 0 ||
        db_exec(f->db, world_sql, &f->e) != 0) {
        print_error("set-up: %s\n", f->e.msg);
        return -1;
    }
    return 0;
}

static int64_t get_int(struct fixture *f, const char *sql)
{
    int64_t value = -1;
    assert_ok(stmt_get_int(db_stmt(f->db, sql), &value, &f->e), f->e);
    return value;
}

/* What the statement says, in a transaction that is undone. */
static int try_sql(struct fixture *f, const char *sql)
{
    f->e = (struct err){0};
    assert_ok(db_begin(f->db, &f->e), f->e);
    int r = db_exec(f->db, sql, &f->e);
    db_rollback(f->db);
    return r;
}

struct row {
    const char *name, *sql;
    int expected;
};

static void try_rows(struct fixture *f, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int r = try_sql(f, rows[i].sql);
        if (r != rows[i].expected) {
            fail_msg("%s: %s (%s), expected %s", rows[i].name, err_name(r), f->e.msg,
                     err_name(rows[i].expected));
        }
    }
}

static void schema_document_is_all_there(void **state)
{
    static const char *const columns[] = {"users.id",
                                          "users.email",
                                          "users.username",
                                          "users.name",
                                          "users.role",
                                          "users.is_active",
                                          "users.ms_access_token",
                                          "users.ms_refresh_token",
                                          "users.ms_token_expires_at",
                                          "users.profile_photo_url",
                                          "users.ms_token_cache",
                                          "appointments.id",
                                          "appointments.ms_event_id",
                                          "appointments.user_id",
                                          "appointments.start_time",
                                          "appointments.end_time",
                                          "appointments.subject",
                                          "appointments.location_id",
                                          "appointments.category_id",
                                          "appointments.timesheet_id",
                                          "appointments.recurrence",
                                          "appointments.ms_event_data",
                                          "appointments.is_private",
                                          "appointments.is_archived",
                                          "appointments.is_out_of_office",
                                          "appointments.created_at",
                                          "appointments.updated_at",
                                          "locations.id",
                                          "locations.user_id",
                                          "categories.id",
                                          "categories.user_id",
                                          "timesheets.id",
                                          "timesheets.user_id",
                                          "calendars.id",
                                          "calendars.user_id",
                                          "archive_configurations.id",
                                          "archive_configurations.user_id",
                                          "job_configurations.id",
                                          "job_configurations.user_id",
                                          "job_configurations.archive_configuration_id",
                                          "audit_log.id",
                                          "audit_log.user_id",
                                          "audit_log.parent_audit_id",
                                          "audit_log.created_at",
                                          "action_log.id",
                                          "action_log.user_id"};
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        const char *dot = strchr(columns[i], '.');
        struct stmt *s = db_stmt(f->db, "SELECT count(*) FROM pragma_table_info($1) WHERE name = $2");
        int64_t n;
        stmt_text_n(s, 1, columns[i], (size_t)(dot - columns[i]));
        stmt_text(s, 2, dot + 1);
        assert_ok(stmt_get_int(s, &n, &f->e), f->e);
        if (n != 1) {
            fail_msg("%s is missing", columns[i]);
        }
    }
    static const char *const indexes[] = {
        "CREATE INDEX idx_users_email ON users(email)",
        "CREATE INDEX idx_appointments_user_time ON appointments(user_id, start_time, end_time)",
        "CREATE INDEX idx_audit_log_user_time ON audit_log(user_id, created_at)"};
    for (size_t i = 0; i < ARRAY_LEN(indexes); i++) {
        struct stmt *s = db_stmt(f->db, "SELECT count(*) FROM sqlite_schema WHERE sql = $1");
        int64_t n;
        stmt_text(s, 1, indexes[i]);
        assert_ok(stmt_get_int(s, &n, &f->e), f->e);
        if (n != 1) {
            fail_msg("missing: %s", indexes[i]);
        }
    }
}

static void every_table_is_strict(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        get_int(f, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                   "AND name NOT LIKE 'sqlite_%' AND strict = 0"),
        0);
    assert_true(get_int(f, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 1") >=
                22);
}

static void unique_rules_hold(void **state)
{
    static const struct row rows[] = {
        {"e-mail", "INSERT INTO users (email, created_at, updated_at) VALUES ('anna@example.com', 't', 't')",
         ERR_EXISTS},
        {"e-mail in another case",
         "INSERT INTO users (email, created_at, updated_at) VALUES ('Anna@Example.com', 't', 't')",
         ERR_EXISTS},
        {"location", "INSERT INTO locations (user_id, name, created_at) VALUES (1, 'Office', 't')",
         ERR_EXISTS},
        {"one job of a type per configuration",
         "INSERT INTO job_configurations (user_id, archive_configuration_id, created_at, updated_at) VALUES "
         "(1, 1, 't', 't')",
         ERR_EXISTS},
        {"slot",
         "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, "
         "correlation_id, created_at) "
         "VALUES (1, 1, 's', 'schedule', 'queued', '2026-01-01', '2026-01-02', 'c3', 't')",
         ERR_EXISTS},
        {"event of a configuration",
         "INSERT INTO appointments (user_id, ms_event_id, event_key, start_time, end_time, "
         "archive_configuration_id, created_at, updated_at) "
         "VALUES (1, 'e1', x'00112233445566778899aabbccddeeff', 'a', 'b', 1, 't', 't')",
         ERR_EXISTS},
        {"token in the clear", "UPDATE users SET ms_refresh_token = '0.AXoAclear' WHERE id = 1",
         ERR_DB_CONSTRAINT},
        {"weekly without a day", "UPDATE job_configurations SET schedule_type = 'weekly' WHERE id = 1",
         ERR_DB_CONSTRAINT},
    };
    try_rows(*state, rows, ARRAY_LEN(rows));
}

#define APPOINTMENT(column, value)                                                                           \
    "INSERT INTO appointments (user_id, start_time, end_time, created_at, updated_at, " column               \
    ") VALUES (1, 'a', 'b', 't', 't', " value ")"

#define LINE(timesheet, appointment)                                                                         \
    "INSERT INTO timesheet_lines (user_id, timesheet_id, line_no, appointment_id, appointment_version, "     \
    "day, kind, "                                                                                            \
    "billing_type, is_all_day, is_late, start_time, end_time, span_minutes, worked_minutes, held_minutes, "  \
    "unrounded_minutes, minutes, worked_hundredths, billed_hundredths, customer, subject, location, "        \
    "decision) "                                                                                             \
    "VALUES (1, " timesheet ", 1, " appointment                                                              \
    ", 1, 'd', 'work', 'billable', 0, 0, 's', 'e', 1, 1, 0, 1, 1, 2, 2, 'c', 's', '', '')"

static void rows_of_another_user_can_not_be_referred_to(void **state)
{
    static const struct row rows[] = {
        {"own location", APPOINTMENT("location_id", "1"), 0},
        {"location", APPOINTMENT("location_id", "2"), ERR_DB_CONSTRAINT},
        {"own category", APPOINTMENT("category_id", "1"), 0},
        {"category", APPOINTMENT("category_id", "2"), ERR_DB_CONSTRAINT},
        {"own timesheet", APPOINTMENT("timesheet_id", "1"), 0},
        {"timesheet", APPOINTMENT("timesheet_id", "2"), ERR_DB_CONSTRAINT},
        {"own calendar", APPOINTMENT("calendar_id", "1"), 0},
        {"calendar", APPOINTMENT("calendar_id", "2"), ERR_DB_CONSTRAINT},
        {"own configuration", APPOINTMENT("archive_configuration_id", "1"), 0},
        {"configuration", APPOINTMENT("archive_configuration_id", "2"), ERR_DB_CONSTRAINT},
        {"configuration of a job",
         "INSERT INTO job_configurations (user_id, archive_configuration_id, job_type, created_at, "
         "updated_at) "
         "VALUES (1, 2, 'timesheet', 't', 't')",
         ERR_DB_CONSTRAINT},
        {"job of a run",
         "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, "
         "correlation_id, created_at) "
         "VALUES (1, 2, 'x', 'schedule', 'queued', '2026-01-01', '2026-01-02', 'c3', 't')",
         ERR_DB_CONSTRAINT},
        {"appointment of a version",
         "INSERT INTO appointment_versions (appointment_id, version, user_id, kind, start_time, end_time, "
         "event_type, "
         "show_as, sensitivity, importance, response, created_at) VALUES (2, 2, 1, 'changed', 'a', 'b', 'x', "
         "'x', 'x', 'x', "
         "'x', 't')",
         ERR_DB_CONSTRAINT},
        {"location of a version",
         "INSERT INTO appointment_versions (appointment_id, version, user_id, kind, start_time, end_time, "
         "event_type, "
         "show_as, sensitivity, importance, response, created_at, location_id) VALUES (1, 3, 1, 'changed', "
         "'a', 'b', 'x', "
         "'x', 'x', 'x', 'x', 't', 2)",
         ERR_DB_CONSTRAINT},
        {"own timesheet and appointment of a line", LINE("1", "1"), 0},
        {"timesheet of a line", LINE("2", "1"), ERR_DB_CONSTRAINT},
        {"appointment of a line", LINE("1", "2"), ERR_DB_CONSTRAINT},
        {"configuration of a quarantined event",
         "INSERT INTO quarantined_events (user_id, archive_configuration_id, run_id, reason, raw_hash, raw, "
         "first_seen_at, "
         "last_seen_at, last_run_id) VALUES (1, 2, 1, 'r', x'00', x'00', 't', 't', 1)",
         ERR_DB_CONSTRAINT},
        {"user that does not exist", "INSERT INTO locations (user_id, name, created_at) VALUES (9, 'x', 't')",
         ERR_DB_CONSTRAINT},
    };
    try_rows(*state, rows, ARRAY_LEN(rows));
}

static void archived_appointments_stay_as_they_are(void **state)
{
    static const struct row rows[] = {
        {"change", "UPDATE appointments SET subject = 'x' WHERE id = 1", ERR_DB_CONSTRAINT},
        {"un-archive", "UPDATE appointments SET is_archived = 0 WHERE id = 1", ERR_DB_CONSTRAINT},
        {"delete", "DELETE FROM appointments WHERE id = 2", ERR_DB_CONSTRAINT},
        {"replace",
         "INSERT OR REPLACE INTO appointments (id, user_id, start_time, end_time, created_at, updated_at) "
         "VALUES (2, 2, 'a', 'b', 't', 't')",
         ERR_DB_CONSTRAINT},
        {"not archived yet",
         "UPDATE appointments SET subject = 'x' WHERE id = 3; DELETE FROM appointments WHERE id = 3", 0},
        {"claimed by a timesheet", "UPDATE appointments SET timesheet_id = 1, updated_at = 'u' WHERE id = 1",
         0},
        {"claimed and changed", "UPDATE appointments SET timesheet_id = 1, subject = 'x' WHERE id = 1",
         ERR_DB_CONSTRAINT},
        {"owner's act",
         "INSERT INTO archive_unlocks VALUES (2, 'asked'); DELETE FROM appointments WHERE id = 2;"
         "DELETE FROM archive_unlocks",
         0},
        {"owner's act on another one",
         "INSERT INTO archive_unlocks VALUES (2, 'asked'); UPDATE appointments SET subject = 'x' WHERE id = "
         "1",
         ERR_DB_CONSTRAINT},
        {"version changed", "UPDATE appointment_versions SET subject = 'x' WHERE appointment_id = 1",
         ERR_DB_CONSTRAINT},
        {"version deleted", "DELETE FROM appointment_versions WHERE appointment_id = 1", ERR_DB_CONSTRAINT},
        {"version replaced",
         "INSERT OR REPLACE INTO appointment_versions (appointment_id, version, user_id, kind, start_time, "
         "end_time, "
         "event_type, show_as, sensitivity, importance, response, created_at) VALUES (1, 2, 1, 'changed', "
         "'a', 'b', 'x', "
         "'x', 'x', 'x', 'x', 't')",
         ERR_DB_CONSTRAINT},
    };
    try_rows(*state, rows, ARRAY_LEN(rows));
}

/* The act of claiming is no way around: together with it no other column may change, whatever columns there
 * are. */
static void claiming_protects_every_column(void **state)
{
    struct fixture *f = *state;
    char sql[40][256];
    int n = 0, checked = 0;
    struct stmt *s = db_stmt(f->db, "SELECT name, type FROM pragma_table_info('appointments') "
                                    "WHERE name NOT IN ('timesheet_id', 'updated_at')");
    while (stmt_step(s, &f->e) > 0) {
        const char *type = stmt_col_text(s, 1);
        const char *value = strcmp(type, "INTEGER") == 0 ? "2" : strcmp(type, "BLOB") == 0 ? "x'ff'" : "'zz'";
        assert_true(n < 40);
        snprintf(sql[n++], sizeof sql[0], "UPDATE appointments SET timesheet_id = 1, %s = %s WHERE id = 1",
                 stmt_col_text(s, 0), value);
    }
    for (int i = 0; i < n; i++) {
        int r = try_sql(f, sql[i]);
        if (r != ERR_DB_CONSTRAINT || !strstr(f->e.msg, "archived appointment")) {
            fail_msg("%s: %s (%s)", sql[i], err_name(r), f->e.msg);
        }
        checked++;
    }
    assert_true(checked > 30);
}

static void audit_log_is_append_only(void **state)
{
    static const struct row rows[] = {
        {"change", "UPDATE audit_log SET message = 'x' WHERE id = 2", ERR_DB_CONSTRAINT},
        {"delete", "DELETE FROM audit_log WHERE id = 2", ERR_DB_CONSTRAINT},
        {"replace",
         "INSERT OR REPLACE INTO audit_log (id, action_type, operation, status, created_at) VALUES (2, 'b', "
         "'o', "
         "'success', 't')",
         ERR_DB_CONSTRAINT},
        {"change of an open one", "UPDATE audit_log SET message = 'x' WHERE id = 1", ERR_DB_CONSTRAINT},
        {"close without a time", "UPDATE audit_log SET status = 'success' WHERE id = 1", ERR_DB_CONSTRAINT},
        {"close", "UPDATE audit_log SET status = 'success', message = 'm', closed_at = 't' WHERE id = 1", 0},
        {"close twice",
         "UPDATE audit_log SET status = 'success', closed_at = 't' WHERE id = 1; UPDATE audit_log SET status "
         "= 'failure', "
         "closed_at = 'u' WHERE id = 1",
         ERR_DB_CONSTRAINT},
        {"open again",
         "UPDATE audit_log SET status = 'success', closed_at = 't' WHERE id = 1; UPDATE audit_log SET status "
         "= 'started', "
         "closed_at = NULL WHERE id = 1",
         ERR_DB_CONSTRAINT},
        {"close and rewrite the request",
         "UPDATE audit_log SET status = 'success', closed_at = 't', request_data = '{}' WHERE id = 1",
         ERR_DB_CONSTRAINT},
        {"close and rewrite the address",
         "UPDATE audit_log SET status = 'success', closed_at = 't', ip_address = '::1' WHERE id = 1",
         ERR_DB_CONSTRAINT},
        {"close and rewrite the time",
         "UPDATE audit_log SET status = 'success', closed_at = 't', created_at = 'x' WHERE id = 1",
         ERR_DB_CONSTRAINT},
        {"chain changed", "UPDATE audit_chain SET mac = x'11'", ERR_DB_CONSTRAINT},
        {"chain deleted", "DELETE FROM audit_chain", ERR_DB_CONSTRAINT},
        {"status that is none",
         "INSERT INTO audit_log (action_type, operation, status, created_at) VALUES ('a', 'o', 'maybe', 't')",
         ERR_DB_CONSTRAINT},
    };
    try_rows(*state, rows, ARRAY_LEN(rows));
}

static void change_of_the_rule_empties_the_due_time(void **state)
{
    static const struct {
        const char *name, *sql;
        int64_t left;
    } rows[] = {
        {"hour", "UPDATE job_configurations SET schedule_hour = 3 WHERE id = 1", 1},
        {"pause", "UPDATE job_configurations SET paused_at = 't' WHERE id = 1", 1},
        {"zone", "UPDATE archive_configurations SET timezone = 'Europe/Berlin' WHERE id = 1", 1},
        {"configuration off", "UPDATE archive_configurations SET is_active = 0 WHERE id = 1", 1},
        {"name", "UPDATE archive_configurations SET name = 'x' WHERE id = 1", 2},
        {"catch-up", "UPDATE job_configurations SET catch_up = 'all' WHERE id = 1", 2},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_ok(db_begin(f->db, &f->e), f->e);
        assert_ok(db_exec(f->db, "UPDATE job_configurations SET next_run_at = 't'", &f->e), f->e);
        assert_ok(db_exec(f->db, rows[i].sql, &f->e), f->e);
        int64_t left = get_int(f, "SELECT count(*) FROM job_configurations WHERE next_run_at IS NOT NULL");
        db_rollback(f->db);
        if (left != rows[i].left) {
            fail_msg("%s: %d due times left", rows[i].name, (int)left);
        }
    }
}

static void listings_use_their_indexes(void **state)
{
    static const struct {
        const char *sql, *index;
    } rows[] = {
        {"EXPLAIN QUERY PLAN SELECT id FROM appointments WHERE user_id = 1 AND start_time < 'b'",
         "idx_appointments_user_time"},
        {"EXPLAIN QUERY PLAN SELECT 1 FROM appointment_versions WHERE user_id = 1 AND start_time < 'b'",
         "idx_appointment_versions_user_time"},
        {"EXPLAIN QUERY PLAN SELECT id FROM job_configurations WHERE is_enabled = 1 AND next_run_at <= 't'",
         "idx_job_configurations_next_run"},
        {"EXPLAIN QUERY PLAN SELECT id FROM users WHERE lower(email) = 'a'", "idx_users_email_nocase"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stmt *s = db_stmt(f->db, rows[i].sql);
        assert_int_equal(stmt_step(s, &f->e), 1);
        bool is_used = strstr(stmt_col_text(s, 3), rows[i].index) != NULL;
        stmt_reset(s);
        if (!is_used) {
            fail_msg("not used: %s", rows[i].index);
        }
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown_bare)
    const struct CMUnitTest tests[] = {
        T(schema_document_is_all_there),
        T(every_table_is_strict),
        T(unique_rules_hold),
        T(rows_of_another_user_can_not_be_referred_to),
        T(archived_appointments_stay_as_they_are),
        T(claiming_protects_every_column),
        T(audit_log_is_append_only),
        T(change_of_the_rule_empties_the_due_time),
        T(listings_use_their_indexes),
    };
    return cmocka_run_group_tests_name("storage_schema", tests, NULL, NULL);
}
