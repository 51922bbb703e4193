/* Revisions: what changed in the archive since makes a new one, and nothing else does. */
#include "tests/lib/sheet_fixture.h"

static const char week_from[] = "2026-03-09", week_to[] = "2026-03-16";

static struct sheet_issued issue_week(struct fixture *f)
{
    add_appt(f, appt_named(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme", "plan"));
    add_appt(f, appt(2, "2026-03-11 09:00", "2026-03-11 10:30", "Beta"));
    struct sheet_issued n = issue_period(f, week_from, week_to);
    turn_clock(f, "2026-04-02 02:00");
    return n;
}

static int64_t status_is(struct fixture *f, int64_t id, const char *status)
{
    int64_t n = 0;
    struct stmt *s = db_stmt(f->db, "SELECT count(*) FROM timesheets WHERE id = $1 AND status = $2");
    stmt_int(s, 1, id);
    stmt_text(s, 2, status);
    OK(stmt_get_int(s, &n, e));
    return n;
}

static void unchanged_is_no_revision(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued first = issue_week(f);
    struct sheet_issued n = revise_period(f, week_from, week_to);
    assert_int_equal(n.id, 0);
    assert_int_equal(n.n_lines, 2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheets"), 1);
    assert_int_equal(status_is(f, first.id, "issued"), 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE operation = 'timesheet_issue' AND "
                                    "parent_audit_id IS NULL AND message = 'unchanged'"),
                     1);
    /* A version that changes nothing that is printed is no change either. */
    add_version(f, appt_named(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme", "plan"), "changed");
    assert_int_equal(revise_period(f, week_from, week_to).id, 0);
}

static void change_makes_revision_two(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued first = issue_week(f);
    add_version(f, appt_named(1, "2026-03-10 09:00", "2026-03-10 11:00", "Acme", "plan"), "changed");
    assert_sheet_lines(f, first.id,
                       "1@2026-03-10 60m;2@2026-03-11 90m;"); /* it does not touch what is issued */
    struct sheet_issued n = revise_period(f, week_from, week_to);
    assert_string_equal(n.number, "2026-0001");
    assert_int_equal(n.revision, 2);
    assert_sheet_lines(f, n.id, "1@2026-03-10 120m;2@2026-03-11 90m;");
    assert_sheet_lines(f, first.id, "1@2026-03-10 60m;2@2026-03-11 90m;");
    assert_int_equal(status_is(f, first.id, "superseded"), 1);
    assert_int_equal(status_is(f, n.id, "issued"), 1);
    assert_int_equal(fixture_int(f, "SELECT supersedes_id FROM timesheets WHERE revision = 2"), first.id);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM appointments WHERE timesheet_id = 2"), 2);
    assert_int_equal(fixture_int(f,
                                 "SELECT appointment_version FROM timesheet_lines WHERE timesheet_id = 2 AND "
                                 "appointment_id = 1"),
                     2);
}

static void chain_goes_on(void **state)
{
    struct fixture *f = *state;
    (void)issue_week(f);
    for (int i = 2; i <= 4; i++) {
        char end[24];
        snprintf(end, sizeof end, "2026-03-10 1%d:00", i);
        add_version(f, appt(1, "2026-03-10 09:00", end, "Acme"), "changed");
        struct sheet_issued n = revise_period(f, week_from, week_to);
        assert_int_equal(n.revision, i);
        assert_string_equal(n.number, "2026-0001");
    }
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheets WHERE status = 'issued'"), 1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM timesheets a JOIN timesheets b ON b.supersedes_id = a.id "
                       "WHERE b.revision = a.revision + 1 AND a.status = 'superseded'"),
        3);
    /* The next sheet's number goes on. */
    add_appt(f, appt(9, "2026-03-17 09:00", "2026-03-17 10:00", "Acme"));
    assert_string_equal(issue_period(f, week_to, "2026-03-23").number, "2026-0002");
}

static void other_rules_are_a_change(void **state)
{
    struct fixture *f = *state;
    (void)issue_week(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    q.is_revision = true;
    q.rules.rounding = SHEET_ROUND_UP;
    assert_int_equal(issue_asked(f, &q).revision, 2);
    struct sheet s = {0};
    OK(sheet_store_load(f->db, 2, &s, e));
    assert_int_equal(s.rules.rounding, SHEET_ROUND_UP);
    sheet_finish(&s);
    OK(sheet_store_load(f->db, 1, &s, e));
    assert_int_equal(s.rules.rounding, SHEET_ROUND_NONE);
    sheet_finish(&s);
}

static void what_falls_out_is_let_go(void **state)
{
    struct fixture *f = *state;
    (void)issue_week(f);
    add_version(f, appt(2, "2026-03-11 09:00", "2026-03-11 10:30", "Beta"), "tombstone");
    struct sheet_issued n = revise_period(f, week_from, week_to);
    assert_sheet_lines(f, n.id, "1@2026-03-10 60m;");
    assert_int_equal(n.left_out[SHEET_LEFT_GONE], 1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM appointments WHERE id = 2 AND timesheet_id IS NULL"), 1);
    assert_int_equal(fixture_int(f, "SELECT timesheet_id FROM appointments WHERE id = 1"), n.id);
}

static void revision_may_have_no_line(void **state)
{
    struct fixture *f = *state;
    (void)issue_week(f);
    add_version(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"), "tombstone");
    add_version(f, appt(2, "2026-03-11 09:00", "2026-03-11 10:30", "Beta"), "tombstone");
    struct sheet_issued n = revise_period(f, week_from, week_to);
    assert_int_equal(n.revision, 2);
    assert_int_equal(n.n_lines, 0);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM appointments WHERE timesheet_id IS NOT NULL"), 0);
}

/* One that is on two sheets belongs to the first; when that lets it go, to the other. */
static void claim_moves_to_the_other_sheet(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-15 20:00", "2026-03-16 01:00", "Acme"));
    add_appt(f, appt(2, "2026-03-11 09:00", "2026-03-11 10:30", "Beta"));
    struct sheet_issued first = issue_period(f, week_from, week_to);
    struct sheet_issued second = issue_period(f, week_to, "2026-03-23");
    assert_int_equal(fixture_int(f, "SELECT timesheet_id FROM appointments WHERE id = 1"), first.id);
    turn_clock(f, "2026-04-02 02:00");
    add_version(f, appt(1, "2026-03-15 23:00", "2026-03-16 01:00", "Acme"), "changed"); /* now Monday only */
    struct sheet_issued n = revise_period(f, week_from, week_to);
    assert_sheet_lines(f, n.id, "2@2026-03-11 90m;");
    assert_int_equal(fixture_int(f, "SELECT timesheet_id FROM appointments WHERE id = 1"), second.id);
}

static void moved_out_and_into_the_next(void **state)
{
    struct fixture *f = *state;
    (void)issue_week(f);
    add_version(f, appt_named(1, "2026-03-18 09:00", "2026-03-18 10:00", "Acme", "plan"), "changed");
    struct sheet_issued n = revise_period(f, week_from, week_to);
    assert_sheet_lines(f, n.id, "2@2026-03-11 90m;");
    struct sheet_issued next = issue_period(f, week_to, "2026-03-23");
    assert_sheet_lines(f, next.id, "1@2026-03-18 60m;");
}

static char *recomposed(struct fixture *f, int64_t id)
{
    struct sheet s = {0};
    struct sheet_preview *p = NULL;
    OK(sheet_store_load(f->db, id, &s, e));
    OK(sheet_store_recompose(f->db, &s, fixture_zone(s.zone), fixture_compose, &p, e));
    assert_int_equal(p->input.rules.rounding, s.rules.rounding);
    char *text = lines_text(p->draft->lines, p->draft->n_lines);
    sheet_preview_destroy(p);
    sheet_finish(&s);
    return text;
}

static void changed_since_is_seen(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued first = issue_week(f);
    char *text = recomposed(f, first.id);
    assert_string_equal(text, "1@2026-03-10 60m;2@2026-03-11 90m;");
    free(text);
    add_version(f, appt(1, "2026-03-10 09:00", "2026-03-10 11:00", "Acme"), "changed");
    text = recomposed(f, first.id);
    assert_string_equal(text, "1@2026-03-10 120m;2@2026-03-11 90m;");
    free(text);
    (void)revise_period(f, week_from, week_to);
    text = recomposed(f, first.id); /* of a superseded one, too */
    assert_string_equal(text, "1@2026-03-10 120m;2@2026-03-11 90m;");
    free(text);
    fixture_sql(f, "UPDATE archive_configurations SET timezone = 'Asia/Tokyo'"); /* the sheet keeps its own */
    text = recomposed(f, first.id);
    assert_string_equal(text, "1@2026-03-10 120m;2@2026-03-11 90m;");
    free(text);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM timesheets"), 2);
}

/* ---- conflicts ---- */

static void add_clash(struct fixture *f)
{
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "clash"));
    add_appt(f, appt(2, "2026-03-10 09:30", "2026-03-10 10:30", "clash"));
}

#define OPEN "SELECT count(*) FROM action_log WHERE event_type = 'timesheet_conflict' AND state = 'open'"
#define RESOLVED                                                                                             \
    "SELECT count(*) FROM action_log WHERE event_type = 'timesheet_conflict' AND state = 'resolved'"

static void conflict_is_a_task_once(void **state)
{
    struct fixture *f = *state;
    add_clash(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    q.is_forced = true;
    struct sheet_issued n = issue_asked(f, &q);
    assert_int_equal(n.n_conflicts, 1);
    assert_int_equal(n.held, 30);
    assert_int_equal(fixture_int(f, OPEN), 1);
    char *text = fixture_text(f, "SELECT description FROM action_log");
    assert_non_null(strstr(text, "Timesheet 2026-0001 of \"config 1\", 2026-03-09 to 2026-03-15"));
    assert_non_null(strstr(text, "2026-03-10 10:30 to 2026-03-10 11:00 (30 minutes)"));
    assert_null(strstr(text, "meeting"));
    free(text);
    text = fixture_text(f, "SELECT details FROM action_log");
    assert_non_null(strstr(text, "\"appointments\":[1,2]"));
    assert_non_null(strstr(text, "\"zone\":\"Europe/Berlin\""));
    assert_null(strstr(text, "meeting"));
    free(text);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM entity_associations WHERE source_type = 'action_log' AND "
                       "target_type = 'appointment' AND target_id IN (1, 2)"),
        2);
    q.is_revision = true;
    q.rules.rounding = SHEET_ROUND_UP;
    (void)issue_asked(f, &q);
    assert_int_equal(fixture_int(f, OPEN), 1);
}

/* The person has to decide before anything is issued. */
static void conflict_of_a_refused_issue_is_a_task(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued n;
    struct err fault = {0};
    add_clash(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    assert_int_equal(sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, &fault),
                     ERR_DB_CONSTRAINT);
    assert_non_null(strstr(fault.msg, "nobody decided: 1)"));
    assert_int_equal(fixture_int(f, OPEN), 1);
    assert_int_equal(sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, &fault),
                     ERR_DB_CONSTRAINT);
    assert_int_equal(fixture_int(f, OPEN), 1);
    fixture_sql(
        f, "INSERT INTO overlap_rulings (user_id, winner_id, loser_id, created_at) VALUES (1, 2, 1, 't')");
    n = issue_asked(f, &q);
    assert_int_equal(n.n_conflicts, 0);
    assert_int_equal(fixture_int(f, OPEN), 0);
    assert_int_equal(fixture_int(f, RESOLVED), 1);
    char *text = fixture_text(f, "SELECT json_extract(details, '$.resolution') FROM action_log");
    assert_non_null(text);
    free(text);
}

static void task_of_other_days_stays_open(void **state)
{
    struct fixture *f = *state;
    add_clash(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    q.is_forced = true;
    (void)issue_asked(f, &q);
    add_appt(f, appt(9, "2026-03-17 09:00", "2026-03-17 10:00", "Acme"));
    (void)issue_period(f, week_to, "2026-03-23");
    assert_int_equal(fixture_int(f, OPEN), 1);
    turn_clock(f, "2026-04-02 02:00");
    add_version(f, appt(2, "2026-03-10 10:00", "2026-03-10 10:30", "clash"), "changed");
    assert_int_equal(revise_period(f, week_from, week_to).revision, 2);
    assert_int_equal(fixture_int(f, OPEN), 0);
    assert_int_equal(fixture_int(f, RESOLVED), 1);
}

/* ---- audit ---- */

static void command_line_has_a_parent_of_its_own(void **state)
{
    struct fixture *f = *state;
    int64_t links = 0;
    (void)issue_week(f);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log WHERE parent_audit_id IS NULL AND action_type = "
                       "'timesheet' AND operation = 'timesheet_issue' AND status = 'success' AND "
                       "child_count = 5 AND user_id = 1"),
        1);
    char *text =
        fixture_text(f, "SELECT group_concat(operation, ' ') FROM (SELECT operation FROM audit_log WHERE "
                        "parent_audit_id IS NOT NULL ORDER BY id)");
    assert_string_equal(
        text, "timesheet_select timesheet_resolve timesheet_compute timesheet_check timesheet_issue");
    free(text);
    text = fixture_text(
        f, "SELECT details FROM audit_log WHERE operation = 'timesheet_issue' AND parent_audit_id IS "
           "NOT NULL");
    assert_non_null(strstr(text, "\"number\":\"2026-0001\",\"revision\":1,\"content_hash\":\""));
    assert_non_null(strstr(text, "\"billed_minutes\":150"));
    free(text);
    assert_int_equal(fixture_int(f, "SELECT count(DISTINCT correlation_id) FROM audit_log"), 1);
    OK(audit_verify(f->db, &links, e));
    assert_int_equal(links, 7);
}

static void run_has_children_below_its_parent(void **state)
{
    struct fixture *f = *state;
    struct audit_entry parent = {.user_id = 1,
                                 .action_type = "timesheet",
                                 .operation = "timesheet",
                                 .status = "started",
                                 .duration_ms = -1,
                                 .correlation_id = "the-run"};
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    add_appt(f, appt_named(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme", "confidential thing"));
    TX(f, audit_append(f->db, &parent, &q.parent_audit_id, e));
    q.is_unattended = true;
    q.run_id = 7;
    q.correlation_id = "the-run";
    struct sheet_issued n = issue_asked(f, &q);
    assert_int_equal(fixture_int(f, "SELECT run_id FROM timesheets"), 7);
    assert_true(n.id > 0);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log WHERE parent_audit_id = 1 AND correlation_id = "
                       "'the-run'"),
        5);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE parent_audit_id IS NULL"), 1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log WHERE coalesce(details, '') || coalesce(message, "
                       "'') || coalesce(request_data, '') LIKE '%confidential%' OR details LIKE '%Acme%'"),
        0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unchanged_is_no_revision),
        TEST(change_makes_revision_two),
        TEST(chain_goes_on),
        TEST(other_rules_are_a_change),
        TEST(what_falls_out_is_let_go),
        TEST(revision_may_have_no_line),
        TEST(claim_moves_to_the_other_sheet),
        TEST(moved_out_and_into_the_next),
        TEST(changed_since_is_seen),
        TEST(conflict_is_a_task_once),
        TEST(conflict_of_a_refused_issue_is_a_task),
        TEST(task_of_other_days_stays_open),
        TEST(command_line_has_a_parent_of_its_own),
        TEST(run_has_children_below_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
