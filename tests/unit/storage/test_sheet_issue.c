/* Issuing: what is written, what is refused, numbers, revisions. */
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
    struct sheet s = {0};
    OK(sheet_store_load(f->db, n.id, &s, e));
    assert_string_equal(s.number, "2026-0001");
    assert_int_equal(s.status, SHEET_ISSUED);
    assert_int_equal(s.from_day, date(week_from));
    assert_int_equal(s.to_day, date(week_to));
    assert_int_equal(s.issued_ms, f->clock.now_ms);
    assert_string_equal(s.zone, "Europe/Berlin");
    assert_string_equal(s.user_name, "u1@example.com");
    assert_string_equal(s.email, "u1@example.com");
    assert_string_equal(s.name, "config 1");
    assert_string_equal(s.lines[0].subject, "plan");
    assert_string_equal(s.lines[1].customer, "Beta");
    unsigned char hash[SHEET_HASH_LEN];
    fixture_hash(&s, hash);
    assert_memory_equal(hash, s.hash, sizeof hash);
    sheet_finish(&s);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM appointments WHERE timesheet_id = 1 AND id IN (1, 2)"), 2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM appointments WHERE timesheet_id IS NULL"), 2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheet_documents WHERE state = 'wanted'"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(issued_as_asked, fixture_set_up, sheet_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
