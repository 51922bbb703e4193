/* Minutes that are billed to nobody until a person has done something: of which sheet they are, and when the
 * task about them is done.  By the real rules, without a loop. */
#include "tests/lib/sheet_fixture.h"

#include "timesheet/canonical.h"
#include "timesheet/compose.h"

#define week_10        "2026-03-02"
#define week_11        "2026-03-09"
#define week_12        "2026-03-16"
#define ACME           "Acme - billable"
#define BETA           "Beta - billable"

#define OPEN(kind)     "SELECT count(*) FROM action_log WHERE event_type = '" kind "' AND state = 'open'"
#define RESOLVED(kind) "SELECT count(*) FROM action_log WHERE event_type = '" kind "' AND state = 'resolved'"

/* As a job does: errors do not hold it up. */
static struct sheet_issued issue(struct fixture *f, const char *from, const char *to, bool is_revision)
{
    struct sheet_request q = sheet_asked(f, from, to);
    struct sheet_issued issued = {0};
    q.is_unattended = true;
    q.is_revision = is_revision;
    OK(sheet_store_issue(f->db, &q, timesheet_compose, sheet_hash, &issued, e));
    f->clock.now_ms += MS_PER_HOUR;
    return issued;
}

static int64_t billed(struct fixture *f)
{
    return fixture_int(f, "SELECT coalesce(sum(billed_minutes), 0) FROM timesheets WHERE status = 'issued'");
}

/* Found late, so that the next week's sheet holds it: the sheet of the days is not asked. */
static void late_conflict_is_of_the_sheet_that_holds_it(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-03 09:00", "2026-03-03 10:00", ACME));
    (void)issue(f, week_10, week_11, false);
    add_appt(f, appt(2, "2026-03-04 09:00", "2026-03-04 11:00", ACME));
    add_appt(f, appt_named(3, "2026-03-04 09:00", "2026-03-04 11:00", BETA, "other"));
    add_appt(f, appt(4, "2026-03-10 09:00", "2026-03-10 10:00", ACME));
    struct sheet_issued n = issue(f, week_11, week_12, false);
    assert_int_equal(n.held, 120);
    assert_int_equal(fixture_int(f, OPEN("timesheet_conflict")), 1);
    add_version(f, appt(1, "2026-03-03 09:00", "2026-03-03 11:00", ACME), "changed");
    assert_int_equal(issue(f, week_10, week_11, true).revision, 2);
    assert_int_equal(fixture_int(f, OPEN("timesheet_conflict")), 1);
    add_version(f, appt(3, "2026-03-04 09:00", "2026-03-04 11:00", BETA), "tombstone");
    assert_int_equal(issue(f, week_11, week_12, true).revision, 2);
    assert_int_equal(fixture_int(f, OPEN("timesheet_conflict")), 0);
    assert_int_equal(fixture_int(f, RESOLVED("timesheet_conflict")), 1);
    assert_int_equal(billed(f), 120 + 60 + 120);
}

static void moved_is_billed_once(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-03 09:00", "2026-03-03 11:00", ACME));
    add_appt(f, appt(2, "2026-03-04 09:00", "2026-03-04 10:00", ACME));
    (void)issue(f, week_10, week_11, false);
    add_version(f, appt(1, "2026-03-10 09:00", "2026-03-10 11:00", ACME), "changed");
    struct sheet_issued n = issue(f, week_11, week_12, false);
    assert_true(n.held == 120 && n.billed == 0);
    assert_int_equal(billed(f), 180);
    char *text = fixture_text(f, "SELECT description FROM action_log WHERE event_type = 'timesheet_moved'");
    assert_string_equal(
        text, "Timesheet 2026-0002 of \"config 1\", 2026-03-09 to 2026-03-15: an appointment that "
              "timesheet 2026-0001 has on 2026-03-03 (line 1) lies on 2026-03-10 10:00 to 2026-03-10 "
              "12:00 now; it is billed there, and here to nobody");
    free(text);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM entity_associations WHERE association_type = 'moved' AND "
                       "target_type = 'appointment' AND target_id = 1"),
        1);
    (void)issue(f, week_10, week_11, true);
    assert_int_equal(billed(f), 60); /* on no sheet for the moment, and the task says so */
    assert_int_equal(fixture_int(f, OPEN("timesheet_moved")), 1);
    (void)issue(f, week_11, week_12, true);
    assert_int_equal(billed(f), 180);
    assert_int_equal(fixture_int(f, OPEN("timesheet_moved")), 0);
    assert_int_equal(fixture_int(f, RESOLVED("timesheet_moved")), 1);
}

/* Deleted and made anew between two sheets: the new one has no line of the minutes that the old one has. */
static void made_anew_is_billed_once(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-03 09:00", "2026-03-03 11:00", ACME));
    add_appt(f, appt(2, "2026-03-04 09:00", "2026-03-04 10:00", ACME));
    (void)issue(f, week_10, week_11, false);
    add_version(f, appt(1, "2026-03-03 09:00", "2026-03-03 11:00", ACME), "tombstone");
    add_appt(f, appt_named(3, "2026-03-03 09:00", "2026-03-03 11:00", ACME, "anew"));
    add_appt(f, appt(4, "2026-03-10 09:00", "2026-03-10 10:00", ACME));
    struct sheet_issued n = issue(f, week_11, week_12, false);
    assert_true(n.n_lines == 1 && n.billed == 60);
    assert_int_equal(billed(f), 180 + 60);
    n = issue(f, week_10, week_11, true);
    assert_int_equal(n.billed, 180);
    assert_int_equal(billed(f), 180 + 60);
}

/* Of two that are late one stands for both; when that one goes, the revision has the other. */
static void late_duplicate_comes_back(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-03 09:00", "2026-03-03 10:00", ACME));
    (void)issue(f, week_10, week_11, false);
    add_appt(f, appt_named(2, "2026-03-04 09:00", "2026-03-04 11:00", ACME, "late"));
    add_appt(f, appt_named(3, "2026-03-04 09:00", "2026-03-04 11:00", BETA, "late"));
    add_appt(f, appt(4, "2026-03-10 09:00", "2026-03-10 10:00", ACME));
    struct sheet_issued n = issue(f, week_11, week_12, false);
    assert_sheet_lines(f, n.id, "2@2026-03-04 120m late;4@2026-03-10 60m;");
    add_appt(f, appt(5, "2026-03-17 09:00", "2026-03-17 10:00", ACME));
    n = issue(f, week_12, "2026-03-23", false);
    assert_sheet_lines(f, n.id, "5@2026-03-17 60m;");
    add_version(f, appt_named(2, "2026-03-04 09:00", "2026-03-04 11:00", ACME, "late"), "tombstone");
    n = issue(f, week_11, week_12, true);
    assert_sheet_lines(f, n.id, "3@2026-03-04 120m late;4@2026-03-10 60m;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(late_conflict_is_of_the_sheet_that_holds_it),
        TEST(moved_is_billed_once),
        TEST(made_anew_is_billed_once),
        TEST(late_duplicate_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
