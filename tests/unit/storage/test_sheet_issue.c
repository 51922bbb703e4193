/* Issuing: what is written, what is refused, how sheets are numbered. */
#include "tests/lib/sheet_fixture.h"

static const char week_from[] = "2026-03-09", week_to[] = "2026-03-16";

static void add_week(struct fixture *f)
{
    struct appt secret = appt_named(4, "2026-03-12 11:00", "2026-03-12 12:00", "Acme", "secret");
    secret.is_private = true;
    add_appt(f, secret);
    add_appt(f, appt_named(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme", "plan"));
    add_appt(f, appt(2, "2026-03-11 09:00", "2026-03-11 10:30", "Beta"));
    add_appt(f, appt(3, "2026-03-12 09:00", "2026-03-12 10:00", NULL));
}

static void issued_as_asked(void **state)
{
    struct fixture *f = *state;
    add_week(f);
    struct sheet_issued n = issue_period(f, week_from, week_to);
    assert_string_equal(n.number, "2026-0001");
    assert_int_equal(n.revision, 1);
    assert_int_equal(n.n_considered, 4);
    assert_int_equal(n.n_lines, 2);
    assert_int_equal(n.worked, 150);
    assert_int_equal(n.billed, 150);
    assert_int_equal(n.left_out[SHEET_LEFT_PERSONAL], 1);
    assert_int_equal(n.left_out[SHEET_LEFT_PRIVATE], 1);
    assert_sheet_lines(f, n.id, "1@2026-03-10 60m;2@2026-03-11 90m;");
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM appointments WHERE timesheet_id = 1 AND id IN (1, 2)"), 2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM appointments WHERE timesheet_id IS NULL"), 2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheet_documents WHERE state = 'wanted'"), 2);
    assert_int_equal(fixture_int(f, "SELECT end_date = '2026-03-15' FROM timesheets"), 1);
}

static void loaded_as_issued(void **state)
{
    struct fixture *f = *state;
    struct sheet s = {0};
    unsigned char hash[SHEET_HASH_LEN];
    add_week(f);
    fixture_sql(f, "UPDATE users SET name = 'Ann Example' WHERE id = 1");
    struct sheet_issued n = issue_period(f, week_from, week_to);
    fixture_sql(f, "UPDATE users SET name = 'Ann Other', email = 'other@example.com' WHERE id = 1;"
                   "UPDATE archive_configurations SET name = 'other'");
    OK(sheet_store_load(f->db, n.id, &s, e));
    assert_string_equal(s.number, "2026-0001");
    assert_int_equal(s.status, SHEET_ISSUED);
    assert_int_equal(s.from_day, date(week_from));
    assert_int_equal(s.to_day, date(week_to));
    assert_true(s.issued_ms == f->clock.now_ms);
    assert_string_equal(s.zone, "Europe/Berlin");
    assert_string_equal(s.user_name, "Ann Example");
    assert_string_equal(s.email, "u1@example.com");
    assert_string_equal(s.name, "config 1");
    assert_string_equal(s.lines[0].subject, "plan");
    assert_string_equal(s.lines[0].location, "");
    assert_true(s.lines[0].start_min * MS_PER_MINUTE == utc("2026-03-10 09:00"));
    assert_string_equal(s.lines[1].customer, "Beta");
    fixture_hash(&s, hash);
    assert_memory_equal(hash, s.hash, sizeof hash);
    sheet_finish(&s);
    struct err fault = {0};
    assert_int_equal(sheet_store_load(f->db, 99, &s, &fault), ERR_NOT_FOUND);
}

/* ---- refused ---- */

struct refusal {
    const char *name;
    const char *from, *to;
    int expected;
    const char *said; /* in the message */
    bool is_revision;
    const char *zone;  /* NULL: that of the archive */
    int configuration; /* 0 = 1 */
};

/* The week of 2026-03-09 is issued; now is 2026-04-01 02:00 UTC, 04:00 in Berlin. */
static const struct refusal refusals[] = {
    {"reversed", "2026-03-20", "2026-03-18", ERR_INVALID, "2026-03-20 until before 2026-03-18", .zone = NULL},
    {"empty", "2026-03-20", "2026-03-20", ERR_INVALID, "later than the start", .zone = NULL},
    {"in the future", "2026-05-01", "2026-06-01", ERR_INVALID, "2026-05-01 to 2026-05-31", .zone = NULL},
    {"not over yet", "2026-03-25", "2026-04-02", ERR_INVALID, "not over yet", .zone = NULL},
    {"another zone", "2026-03-20", "2026-03-21", ERR_INVALID, "Asia/Tokyo", .zone = "Asia/Tokyo"},
    {"no such archive", "2026-03-20", "2026-03-21", ERR_NOT_FOUND, "archive configuration 9",
     .configuration = 9},
    {"issued already", "2026-03-09", "2026-03-16", ERR_EXISTS, "2026-0001", .zone = NULL},
    {"its last day", "2026-03-15", "2026-03-22", ERR_EXISTS, "2026-03-09 to 2026-03-15", .zone = NULL},
    {"its first day", "2026-03-02", "2026-03-10", ERR_EXISTS, "--revise", .zone = NULL},
    {"inside", "2026-03-11", "2026-03-12", ERR_EXISTS, "2026-0001", .zone = NULL},
    {"around", "2026-03-01", "2026-04-01", ERR_EXISTS, "2026-0001", .zone = NULL},
    {"nothing in it", "2026-03-16", "2026-03-23", ERR_NOT_FOUND, "2026-03-16 to 2026-03-22", .zone = NULL},
    {"revision of nothing", "2026-03-16", "2026-03-23", ERR_NOT_FOUND, "nothing to revise",
     .is_revision = true},
    {"revision of a part", "2026-03-09", "2026-03-10", ERR_NOT_FOUND, "its own period", .is_revision = true},
};

static void refused_with_a_reason(void **state)
{
    struct fixture *f = *state;
    add_week(f);
    (void)issue_period(f, week_from, week_to);
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const struct refusal *row = &refusals[i];
        struct sheet_request q = sheet_asked(f, row->from, row->to);
        struct sheet_issued n = {.id = -1};
        struct err fault = {0};
        q.is_revision = row->is_revision;
        q.zone = row->zone ? fixture_zone(row->zone) : q.zone;
        q.archive_configuration_id = row->configuration ? row->configuration : 1;
        int r = sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, &fault);
        if (r != row->expected || !strstr(fault.msg, row->said)) {
            fail_msg("%s: %s %s", row->name, err_name(r), fault.msg);
        }
        assert_int_equal(n.id, -1);
        assert_false(db_in_transaction(f->db));
    }
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheets"), 1);
}

/* The days of the sheets beside it are free, to the day. */
static void adjacent_periods_are_apart(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-08 22:30", "2026-03-08 23:30", "Acme")); /* Sunday 23:30 to Monday 00:30 */
    add_appt(f, appt(2, "2026-03-15 22:00", "2026-03-15 23:00", "Acme")); /* Sunday 23:00 to 24:00 */
    add_appt(f, appt(3, "2026-03-15 23:00", "2026-03-15 23:30", "Acme")); /* Monday 00:00 */
    struct sheet_issued middle = issue_period(f, week_from, week_to);
    struct sheet_issued before = issue_period(f, "2026-03-02", week_from);
    struct sheet_issued after = issue_period(f, week_to, "2026-03-23");
    assert_sheet_lines(f, before.id, "1@2026-03-08 30m;");
    assert_sheet_lines(f, middle.id, "1@2026-03-09 30m;2@2026-03-15 60m;");
    assert_sheet_lines(f, after.id, "3@2026-03-16 30m;");
    assert_int_equal(fixture_int(f, "SELECT timesheet_id FROM appointments WHERE id = 1"), before.id);
}

static void period_may_end_with_the_day_that_is_just_over(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued n;
    struct err fault = {0};
    add_appt(f, appt(1, "2026-03-31 09:00", "2026-03-31 10:00", "Acme"));
    turn_clock(f, "2026-03-31 21:59");
    struct sheet_request q = sheet_asked(f, "2026-03-01", "2026-04-01");
    assert_int_equal(sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, &fault), ERR_INVALID);
    turn_clock(f, "2026-03-31 22:00"); /* midnight in Berlin */
    n = issue_period(f, "2026-03-01", "2026-04-01");
    assert_int_equal(n.n_lines, 1);
}

/* ---- findings ---- */

static void errors_hold_it_up_unless_forced(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued n = {.id = -1};
    struct err fault = {0};
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "x!"));
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    assert_int_equal(sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, &fault),
                     ERR_DB_CONSTRAINT);
    assert_non_null(strstr(fault.msg, "1 error "));
    assert_non_null(strstr(fault.msg, "--force"));
    assert_int_equal(n.id, -1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheets"), 0);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE operation = 'timesheet_issue' AND "
                                    "parent_audit_id IS NULL AND status = 'failure' AND message = 'refused'"),
                     1);
    q.is_forced = true;
    n = issue_asked(f, &q);
    assert_int_equal(n.n_errors, 1);
    assert_string_equal(n.number, "2026-0001");
}

static void run_issues_in_spite_of_errors(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "x!"));
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    q.is_unattended = true;
    struct sheet_issued n = issue_asked(f, &q);
    assert_int_equal(n.n_errors, 1);
    assert_int_equal(n.n_lines, 1);
}

static void run_without_lines_issues_nothing(void **state)
{
    struct fixture *f = *state;
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    add_appt(f, appt(3, "2026-03-12 09:00", "2026-03-12 10:00", NULL));
    q.is_unattended = true;
    struct sheet_issued n = issue_asked(f, &q);
    assert_int_equal(n.id, 0);
    assert_int_equal(n.n_considered, 1);
    assert_int_equal(n.left_out[SHEET_LEFT_PERSONAL], 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheets"), 0);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE operation = 'timesheet_issue' AND "
                                    "details LIKE '%\"outcome\":\"empty\"%'"),
                     2);
}

static void try_counts_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued n = {0};
    struct err fault = {0};
    add_week(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    OK(sheet_store_try(f->db, &q, fixture_compose, &n, e));
    assert_int_equal(n.id, 0);
    assert_int_equal(n.n_lines, 2);
    assert_int_equal(n.billed, 150);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheets") +
                         fixture_int(f, "SELECT count(*) FROM audit_log"),
                     0);
    q = sheet_asked(f, "2026-05-01", "2026-06-01");
    assert_int_equal(sheet_store_try(f->db, &q, fixture_compose, &n, &fault), ERR_INVALID);
}

static void issued_already_is_told(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued n = {.id = -1};
    add_week(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    OK(sheet_store_issued(f->db, &q, &n, e));
    assert_int_equal(n.id, 0);
    struct sheet_issued first = issue_asked(f, &q);
    OK(sheet_store_issued(f->db, &q, &n, e));
    assert_int_equal(n.id, first.id);
    assert_string_equal(n.number, first.number);
    assert_int_equal(n.n_lines, 2);
    assert_int_equal(n.billed, 150);
    q.to_day++;
    OK(sheet_store_issued(f->db, &q, &n, e));
    assert_int_equal(n.id, 0);
}

/* ---- numbers ---- */

static struct sheet_issued issue_day(struct fixture *f, int configuration, const char *from, const char *to)
{
    struct sheet_request q = sheet_asked(f, from, to);
    q.archive_configuration_id = configuration;
    q.is_unattended = true;
    return issue_asked(f, &q);
}

static void numbers_are_of_the_user_and_the_year_of_the_last_day(void **state)
{
    struct fixture *f = *state;
    fixture_add_user(f, 2);
    fixture_sql(
        f, "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, "
           "destination_calendar_uri, timezone, created_at, updated_at) VALUES (3, 1, 'second', 's', 'd', "
           "'Europe/Berlin', 't', 't')");
    add_appt(f, appt(1, "2025-12-31 09:00", "2025-12-31 10:00", "Acme"));
    add_appt(f, appt(2, "2026-01-05 09:00", "2026-01-05 10:00", "Acme"));
    add_appt(f, appt(3, "2026-01-06 09:00", "2026-01-06 10:00", "Acme"));
    struct appt other = appt(4, "2026-01-06 09:00", "2026-01-06 10:00", "Acme");
    other.configuration = 2;
    add_appt(f, other);
    fixture_sql(
        f, "INSERT INTO appointments (id, user_id, archive_configuration_id, start_time, end_time, "
           "categories, created_at, updated_at, is_archived) VALUES (5, 1, 3, '2026-01-06 09:00:00.000000', "
           "'2026-01-06 10:00:00.000000', '[\"Acme\"]', 't', 't', 1)");
    assert_string_equal(issue_day(f, 1, "2025-12-29", "2026-01-05").number, "2026-0001"); /* ends in 2026 */
    assert_string_equal(issue_day(f, 1, "2026-01-05", "2026-01-06").number, "2026-0002");
    assert_string_equal(issue_day(f, 2, "2026-01-06", "2026-01-07").number, "2026-0001"); /* another user */
    assert_string_equal(issue_day(f, 3, "2026-01-06", "2026-01-07").number,
                        "2026-0003"); /* another archive */
    assert_string_equal(issue_day(f, 1, "2026-01-06", "2026-01-07").number, "2026-0004");
}

static void number_of_another_year_begins_at_one(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2025-12-31 09:00", "2025-12-31 10:00", "Acme"));
    add_appt(f, appt(2, "2026-01-05 09:00", "2026-01-05 10:00", "Acme"));
    assert_string_equal(issue_day(f, 1, "2026-01-05", "2026-01-06").number, "2026-0001");
    assert_string_equal(issue_day(f, 1, "2025-12-29", "2026-01-01").number, "2025-0001");
}

static void number_is_not_used_up_by_what_was_undone(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued n;
    add_week(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    OK(db_begin(f->db, e));
    OK(sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, e));
    assert_string_equal(n.number, "2026-0001");
    db_rollback(f->db);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheets"), 0);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM appointments WHERE timesheet_id IS NOT NULL"), 0);
    n = issue_period(f, week_from, week_to);
    assert_string_equal(n.number, "2026-0001");
}

static void number_goes_on_after_9999(void **state)
{
    struct fixture *f = *state;
    add_week(f);
    fixture_sql(
        f, "INSERT INTO timesheets (user_id, start_date, end_date, number, status, created_at, updated_at) "
           "VALUES (1, '2026-01-01', '2026-01-01', '2026-9999', 'superseded', 't', 't'), "
           "(1, '2026-01-01', '2026-01-01', '2026-10000', 'superseded', 't', 't')");
    assert_string_equal(issue_day(f, 1, week_from, week_to).number, "2026-10001");
}

/* In the writer's savepoint, beside others, as the daemon does. */
static void issued_inside_of_a_transaction(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued n = {0};
    add_week(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    TX(f, sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, e));
    assert_sheet_lines(f, n.id, "1@2026-03-10 60m;2@2026-03-11 90m;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(issued_as_asked),
        TEST(loaded_as_issued),
        TEST(refused_with_a_reason),
        TEST(adjacent_periods_are_apart),
        TEST(period_may_end_with_the_day_that_is_just_over),
        TEST(errors_hold_it_up_unless_forced),
        TEST(run_issues_in_spite_of_errors),
        TEST(run_without_lines_issues_nothing),
        TEST(try_counts_and_writes_nothing),
        TEST(issued_already_is_told),
        TEST(numbers_are_of_the_user_and_the_year_of_the_last_day),
        TEST(number_of_another_year_begins_at_one),
        TEST(number_is_not_used_up_by_what_was_undone),
        TEST(number_goes_on_after_9999),
        TEST(issued_inside_of_a_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
