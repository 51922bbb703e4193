/* The tables themselves: what is issued can not be changed by anybody, and an older database gets there. */
#include "tests/lib/sheet_fixture.h"

struct
try {
    const char *name, *sql;
    int expected;
    const char *said; /* in the message; NULL: anything */
};

static void try_rows(struct fixture *f, const struct try *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err fault = {0};
        OK(db_begin(f->db, e));
        int r = db_exec(f->db, rows[i].sql, &fault);
        db_rollback(f->db);
        if (r != rows[i].expected || (rows[i].said && !strstr(fault.msg, rows[i].said))) {
            fail_msg("%s: %s %s", rows[i].name, err_name(r), fault.msg);
        }
    }
}

/* Sheet 1 is superseded by 2, which is issued for the week from 2026-03-09; sheet 3 is a draft. */
static void make_sheets(struct fixture *f)
{
    fixture_add_user(f, 2);
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    add_appt(f, appt(2, "2026-03-11 09:00", "2026-03-11 10:00", "Acme"));
    (void)issue_period(f, "2026-03-09", "2026-03-16");
    add_version(f, appt(1, "2026-03-10 09:00", "2026-03-10 11:00", "Acme"), "changed");
    (void)revise_period(f, "2026-03-09", "2026-03-16");
    fixture_sql(
        f, "INSERT INTO timesheets (id, user_id, start_date, end_date, archive_configuration_id, created_at, "
           "updated_at) VALUES (3, 1, '2026-03-16', '2026-03-22', 1, 't', 't')");
}

#define CHANGED "an issued timesheet can not be changed"
#define SET(what)                                                                                            \
    {                                                                                                        \
        what, "UPDATE timesheets SET " what " WHERE id = 2", ERR_DB_CONSTRAINT, CHANGED                      \
    }
#define LINE(sheet, no)                                                                                      \
    "INSERT INTO timesheet_lines SELECT " sheet ", " no                                                      \
    ", user_id, 1, appointment_version, '2026-03-20', kind, "                                                \
    "billing_type, is_all_day, is_late, start_time, end_time, span_minutes, worked_minutes, held_minutes, "  \
    "unrounded_minutes, minutes, worked_hundredths, billed_hundredths, customer, subject, location, "        \
    "decision "                                                                                              \
    "FROM timesheet_lines WHERE timesheet_id = 1 AND line_no = 1"

static void issued_is_frozen(void **state)
{
    static const struct try rows[] = {
        SET("user_id = 2"),
        SET("start_date = '2026-03-01'"),
        SET("end_date = '2026-04-01'"),
        SET("archive_configuration_id = NULL"),
        SET("number = '2026-0009'"),
        SET("revision = 9"),
        SET("supersedes_id = NULL"),
        SET("run_id = 9"),
        SET("zone = 'UTC'"),
        SET("rules = '{}'"),
        SET("user_name = 'x'"),
        SET("user_email = 'x'"),
        SET("name = 'x'"),
        SET("content_hash = x'00'"),
        SET("issued_at = 'x'"),
        SET("n_lines = 0"),
        SET("worked_minutes = 0"),
        SET("held_minutes = 1"),
        SET("billed_minutes = 0"),
        SET("created_at = 'x'"),
        SET("id = 9"),
        SET("status = 'draft'"),
        {"superseded is for good", "UPDATE timesheets SET status = 'issued' WHERE id = 1", ERR_DB_CONSTRAINT,
         CHANGED},
        {"deleted", "DELETE FROM timesheets WHERE id = 2", ERR_DB_CONSTRAINT, "can not be deleted"},
        {"superseded, deleted", "DELETE FROM timesheets WHERE id = 1", ERR_DB_CONSTRAINT,
         "can not be deleted"},
        {"replaced",
         "INSERT OR REPLACE INTO timesheets (id, user_id, start_date, end_date, created_at, updated_at) "
         "VALUES (2, 1, "
         "'2026-01-01', '2026-01-02', 't', 't')",
         ERR_DB_CONSTRAINT, "can not be deleted"},
        {"line changed", "UPDATE timesheet_lines SET minutes = 1 WHERE timesheet_id = 2", ERR_DB_CONSTRAINT,
         "can not be changed"},
        {"line deleted", "DELETE FROM timesheet_lines WHERE timesheet_id = 2", ERR_DB_CONSTRAINT,
         "can not be deleted"},
        {"line of a superseded one", "DELETE FROM timesheet_lines WHERE timesheet_id = 1", ERR_DB_CONSTRAINT,
         "can not be deleted"},
        {"line added", LINE("2", "9"), ERR_DB_CONSTRAINT, "no more lines"},
        {"line added to a superseded one", LINE("1", "9"), ERR_DB_CONSTRAINT, "no more lines"},
        {"all replaced",
         "INSERT OR REPLACE INTO timesheet_lines SELECT * FROM timesheet_lines WHERE timesheet_id = 2",
         ERR_DB_CONSTRAINT, NULL},
        {"where the documents lie", "UPDATE timesheets SET pdf_path = '/x', updated_at = 'u' WHERE id = 2", 0,
         NULL},
        {"where it was sent to",
         "UPDATE timesheets SET uploaded_to_onedrive = 1, uploaded_to_xero = 1 WHERE id = 2", 0, NULL},
        {"superseded", "UPDATE timesheets SET status = 'superseded' WHERE id = 2", 0, NULL},
        {"draft deleted", "DELETE FROM timesheets WHERE id = 3", 0, NULL},
        {"draft changed", "UPDATE timesheets SET name = 'x', end_date = '2026-03-20' WHERE id = 3", 0, NULL},
        {"line of a draft", LINE("3", "1") "; DELETE FROM timesheet_lines WHERE timesheet_id = 3", 0, NULL},
    };
    make_sheets(*state);
    try_rows(*state, rows, ARRAY_LEN(rows));
}

#define INSERT(user, from, until, status, configuration)                                                     \
    "INSERT INTO timesheets (user_id, start_date, end_date, status, archive_configuration_id, created_at, "  \
    "updated_at) VALUES (" user ", '" from "', '" until "', '" status "', " configuration ", 't', 't')"
#define OVERLAPS "overlaps a timesheet that is issued"

static void period_is_locked_to_the_day(void **state)
{
    static const struct try rows[] = {
        {"the same", INSERT("1", "2026-03-09", "2026-03-15", "issued", "1"), ERR_DB_CONSTRAINT, OVERLAPS},
        {"its first day", INSERT("1", "2026-03-01", "2026-03-09", "issued", "1"), ERR_DB_CONSTRAINT,
         OVERLAPS},
        {"its last day", INSERT("1", "2026-03-15", "2026-03-20", "issued", "1"), ERR_DB_CONSTRAINT, OVERLAPS},
        {"inside", INSERT("1", "2026-03-11", "2026-03-11", "issued", "1"), ERR_DB_CONSTRAINT, OVERLAPS},
        {"around", INSERT("1", "2026-01-01", "2026-12-31", "issued", "1"), ERR_DB_CONSTRAINT, OVERLAPS},
        {"until the day before", INSERT("1", "2026-03-01", "2026-03-08", "issued", "1"), 0, NULL},
        {"from the day after", INSERT("1", "2026-03-16", "2026-03-20", "issued", "1"), 0, NULL},
        {"another archive", INSERT("2", "2026-03-09", "2026-03-15", "issued", "2"), 0, NULL},
        {"a draft", INSERT("1", "2026-03-09", "2026-03-15", "draft", "1"), 0, NULL},
        {"a draft that is issued",
         "UPDATE timesheets SET start_date = '2026-03-15' WHERE id = 3; UPDATE timesheets SET status = "
         "'issued' "
         "WHERE id = 3",
         ERR_DB_CONSTRAINT, OVERLAPS},
        {"a draft beside it that is issued", "UPDATE timesheets SET status = 'issued' WHERE id = 3", 0, NULL},
        {"a draft that says another number of lines",
         "UPDATE timesheets SET status = 'issued', n_lines = 1 WHERE id = 3", ERR_DB_CONSTRAINT,
         "its header says"},
        {"a draft that says other sums",
         "UPDATE timesheets SET status = 'issued', billed_minutes = 1 WHERE id = 3", ERR_DB_CONSTRAINT,
         "its header says"},
        {"a draft that is superseded", "UPDATE timesheets SET status = 'superseded' WHERE id = 3",
         ERR_DB_CONSTRAINT, "only be issued"},
        {"end before start", INSERT("1", "2026-03-20", "2026-03-19", "draft", "1"), ERR_DB_CONSTRAINT, NULL},
    };
    make_sheets(*state);
    try_rows(*state, rows, ARRAY_LEN(rows));
}

static void rows_belong_together(void **state)
{
    static const struct try rows[] = {
        {"archive of another user", INSERT("1", "2026-03-01", "2026-03-02", "draft", "2"), ERR_DB_CONSTRAINT,
         "of one user"},
        {"archive that is not there", INSERT("1", "2026-03-01", "2026-03-02", "draft", "9"),
         ERR_DB_CONSTRAINT, NULL},
        {"given to another user", "UPDATE timesheets SET user_id = 2 WHERE id = 3", ERR_DB_CONSTRAINT,
         "of one user"},
        {"supersedes another user's",
         "INSERT INTO timesheets (user_id, start_date, end_date, supersedes_id, created_at, updated_at) "
         "VALUES (2, "
         "'2026-03-01', '2026-03-02', 1, 't', 't')",
         ERR_DB_CONSTRAINT, "of one user"},
        {"superseded twice",
         "INSERT INTO timesheets (user_id, start_date, end_date, supersedes_id, created_at, updated_at) "
         "VALUES (1, "
         "'2026-03-01', '2026-03-02', 1, 't', 't')",
         ERR_EXISTS, NULL},
        {"a number twice",
         "INSERT INTO timesheets (user_id, start_date, end_date, number, revision, created_at, updated_at) "
         "VALUES (1, "
         "'2026-03-01', '2026-03-02', '2026-0001', 2, 't', 't')",
         ERR_EXISTS, NULL},
        {"the same number of another user",
         "INSERT INTO timesheets (user_id, start_date, end_date, number, revision, created_at, updated_at) "
         "VALUES (2, "
         "'2026-03-01', '2026-03-02', '2026-0001', 2, 't', 't')",
         0, NULL},
        {"more worked than there is",
         "INSERT INTO timesheet_lines VALUES (3, 1, 1, 1, 1, '2026-03-20', 'work', 'billable', 0, 0, 'a', "
         "'b', 10, 11, "
         "0, 10, 10, 1, 1, '', '', '', '')",
         ERR_DB_CONSTRAINT, NULL},
        {"non-billable, billed",
         "INSERT INTO timesheet_lines VALUES (3, 1, 1, 1, 1, '2026-03-20', 'work', 'non-billable', 0, 0, "
         "'a', 'b', 10, "
         "10, 0, 0, 10, 1, 1, '', '', '', '')",
         ERR_DB_CONSTRAINT, NULL},
        {"an appointment twice on a day", LINE("3", "1") "; " LINE("3", "2"), ERR_EXISTS, NULL},
        {"document of another user",
         "INSERT INTO timesheet_documents (timesheet_id, format, user_id, updated_at) VALUES (3, 'csv', 2, "
         "'t')",
         ERR_DB_CONSTRAINT, NULL},
        {"document in no format",
         "INSERT INTO timesheet_documents (timesheet_id, format, user_id, updated_at) VALUES (3, 'doc', 1, "
         "'t')",
         ERR_DB_CONSTRAINT, NULL},
        {"ruling on another user's", "INSERT INTO overlap_rulings VALUES (2, 1, 2, NULL, 't')",
         ERR_DB_CONSTRAINT, NULL},
        {"ruling of one against itself", "INSERT INTO overlap_rulings VALUES (1, 1, 1, NULL, 't')",
         ERR_DB_CONSTRAINT, NULL},
        {"ruling", "INSERT INTO overlap_rulings VALUES (1, 1, 2, NULL, 't')", 0, NULL},
    };
    make_sheets(*state);
    try_rows(*state, rows, ARRAY_LEN(rows));
}

/* ---- a database of version 3 ---- */

static void say_problem(void *arg, const char *text)
{
    (void)arg;
    fail_msg("%s", text);
}

static void older_database_is_brought_here(void **state)
{
    struct fixture *f = *state;
    const struct migration old[] = {migrations_sqlite[0], migrations_sqlite[1], migrations_sqlite[2], {0}};
    char *path = mem_printf("%s/old.db", f->dir), *copy = NULL;
    struct db_options options = {.mode = DB_CREATE, .clock = &f->clock.clock, .keyring = f->ring};
    struct db *present = f->db;
    int applied = 0;
    OK(db_open(path, &options, &f->db, e));
    OK(migrate_upgrade(f->db, old, "old", &applied, &copy, e));
    assert_int_equal(applied, 3);
    fixture_add_user(f, 1);
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    /* Nobody wrote one; somebody's tool might have. */
    fixture_sql(
        f, "INSERT INTO timesheets (id, user_id, start_date, end_date, created_at, updated_at) VALUES (1, 1, "
           "'2026-01-01', '2026-01-31', 't', 't'); UPDATE appointments SET timesheet_id = 1");
    free(copy);
    OK(migrate_upgrade(f->db, migrations_sqlite, "new", &applied, &copy, e));
    assert_true(applied >= 1);
    free(copy);
    OK(migrate_verify(f->db, migrations_sqlite, say_problem, NULL, e));
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM timesheets WHERE status = 'draft' AND number IS NULL"), 1);
    struct sheet_issued n = issue_period(f, "2026-03-09", "2026-03-16");
    assert_string_equal(n.number, "2026-0001");
    assert_sheet_lines(f, n.id, "1@2026-03-10 60m;");
    assert_int_equal(fixture_int(f, "SELECT timesheet_id FROM appointments"), n.id);
    db_close(f->db);
    f->db = present;
    free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(issued_is_frozen),
        TEST(period_is_locked_to_the_day),
        TEST(rows_belong_together),
        TEST(older_database_is_brought_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
