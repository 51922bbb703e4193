/* What a sheet is made from: the period to the minute, late appointments, and what other sheets have. */
#include <sqlite3.h>

#include "storage/db_private.h"
#include "tests/lib/sheet_fixture.h"

static const char week_from[] = "2026-03-09", week_to[] = "2026-03-16", week_after[] = "2026-03-23";

/* ---- the period ---- */

struct place {
    const char *name;
    struct appt first;   /* as it was archived */
    struct appt version; /* its latest version; start NULL: none */
    const char *kind;
    bool is_in;     /* the week from Monday 2026-03-09 in Berlin */
    bool is_beside; /* … or a neighbour of it */
};

#define FROM(start_, end_) .first = {.id = 1, .start = (start_), .end = (end_), .customer = "A"}
#define TO(kind_, start_, end_)                                                                              \
    .version = {.id = 1, .start = (start_), .end = (end_), .customer = "A"}, .kind = (kind_)

static const struct place places[] = {
    {"in the middle", FROM("2026-03-10 09:00", "2026-03-10 10:00"), .is_in = true},
    {"ends as it begins", FROM("2026-03-08 22:00", "2026-03-08 23:00"), .is_beside = true},
    {"ends a minute later", FROM("2026-03-08 22:00", "2026-03-08 23:01"), .is_in = true},
    {"begins as it begins", FROM("2026-03-08 23:00", "2026-03-08 23:30"), .is_in = true},
    {"begins a minute before its end", FROM("2026-03-15 22:59", "2026-03-15 23:30"), .is_in = true},
    {"begins as it ends", FROM("2026-03-15 23:00", "2026-03-15 23:30"), .is_beside = true},
    {"of no length, at its first instant", FROM("2026-03-08 23:00", "2026-03-08 23:00"), .is_in = true},
    {"of no length, at its end", FROM("2026-03-15 23:00", "2026-03-15 23:00"), .is_beside = true},
    {"a day before", FROM("2026-03-07 21:00", "2026-03-07 23:01"), .is_beside = true},
    {"more than a day before", FROM("2026-03-07 21:00", "2026-03-07 23:00"), .is_in = false},
    {"a day after", FROM("2026-03-16 22:59", "2026-03-16 23:30"), .is_beside = true},
    {"more than a day after", FROM("2026-03-16 23:00", "2026-03-16 23:30"), .is_in = false},
    {"moved beside it", FROM("2026-02-10 09:00", "2026-02-10 10:00"),
     TO("changed", "2026-03-08 20:00", "2026-03-08 21:00"), .is_beside = true},
    {"disappeared beside it", FROM("2026-03-08 20:00", "2026-03-08 21:00"),
     TO("tombstone", "2026-03-08 20:00", "2026-03-08 21:00"), .is_in = false},
    {"around it", FROM("2026-01-01 00:00", "2026-06-01 00:00"), .is_in = true},
    {"all-day, the day before", FROM("2026-03-08", "2026-03-09"), .is_in = false},
    {"all-day, its first day", FROM("2026-03-09", "2026-03-10"), .is_in = true},
    {"all-day, its last day", FROM("2026-03-15", "2026-03-16"), .is_in = true},
    {"all-day, the day after", FROM("2026-03-16", "2026-03-17"), .is_in = false},
    {"all-day, around it", FROM("2026-03-01", "2026-04-01"), .is_in = true},
    {"moved into it", FROM("2026-02-10 09:00", "2026-02-10 10:00"),
     TO("changed", "2026-03-10 09:00", "2026-03-10 10:00"), .is_in = true},
    {"moved out of it", FROM("2026-03-10 09:00", "2026-03-10 10:00"),
     TO("changed", "2026-02-10 09:00", "2026-02-10 10:00"), .is_in = false},
    {"became all-day elsewhere", FROM("2026-03-10 09:00", "2026-03-10 10:00"),
     TO("changed", "2026-03-18", "2026-03-19"), .is_in = false},
    {"disappeared", FROM("2026-03-10 09:00", "2026-03-10 10:00"),
     TO("tombstone", "2026-03-10 09:00", "2026-03-10 10:00"), .is_in = true},
};

static void period_is_exact(void **state)
{
    struct fixture *f = *state;
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const struct place *row = &places[i];
        struct sheet_preview *p = NULL;
        OK(db_begin(f->db, e));
        add_appt(f, row->first);
        if (row->kind) {
            add_version(f, row->version, row->kind);
        }
        OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
        size_t n = p->input.n_items;
        bool is_tombstone = n == 1 && p->input.items[0].is_tombstone;
        int version = n == 1 ? p->input.items[0].version : row->kind ? 2 : 1;
        bool is_late = n == 1 && p->input.items[0].is_late_candidate;
        bool is_beside = n == 1 && p->input.items[0].is_neighbour;
        sheet_preview_destroy(p);
        db_rollback(f->db);
        if (n != (row->is_in || row->is_beside) || is_beside != row->is_beside ||
            version != (row->kind ? 2 : 1) || is_late ||
            is_tombstone != (row->is_in && row->kind && strcmp(row->kind, "tombstone") == 0)) {
            fail_msg("%s: %zu items, version %d%s", row->name, n, version, is_tombstone ? ", tombstone" : "");
        }
    }
}

/* 2026-03-29 has 23 hours in Berlin: it ends at 22:00 UTC. */
static void day_of_23_hours_ends_in_time(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-29 21:30", "2026-03-29 22:30", "Acme"));
    struct sheet_request q = sheet_asked(f, "2026-03-29", "2026-03-30");
    assert_preview_lines(f, &q, "1@2026-03-29 30m;");
    q = sheet_asked(f, "2026-03-30", "2026-03-31");
    assert_preview_lines(f, &q, "1@2026-03-30 30m;");
}

static void columns_come_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    fixture_sql(
        f, "INSERT INTO locations (id, user_id, name, created_at) VALUES (4, 1, 'Room 1', 't');"
           "INSERT INTO appointments (id, user_id, archive_configuration_id, start_time, end_time, subject, "
           "location_id, categories, show_as, sensitivity, importance, response, is_cancelled, created_at, "
           "updated_at, is_archived) VALUES (1, 1, 1, '2026-03-10 09:00:00.000000', "
           "'2026-03-10 10:00:00.000000', 'a \"b\" ä', 4, '[\"Acme - billable\", \"x \\\" y\", 7, \"\"]', "
           "'tentative', 'private', 'high', 'declined', 1, 't', 't', 1), (2, 1, 1, "
           "'2026-03-10 10:00:00.000000', '2026-03-10 11:00:00.000000', NULL, NULL, 'no json', 'free', "
           "'normal', 'low', 'organizer', 0, 't', 't', 1)");
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_items, 2);
    const struct sheet_item *a = &p->input.items[0], *b = &p->input.items[1];
    assert_string_equal(a->subject, "a \"b\" ä");
    assert_string_equal(a->location, "Room 1");
    assert_int_equal(a->n_categories, 3);
    assert_string_equal(a->categories[0], "Acme - billable");
    assert_string_equal(a->categories[1], "x \" y");
    assert_int_equal(a->show_as, SHOW_AS_TENTATIVE);
    assert_int_equal(a->importance, IMPORTANCE_HIGH);
    assert_int_equal(a->response, RESPONSE_DECLINED);
    assert_true(a->is_private && a->is_cancelled && !a->is_all_day && !a->is_tombstone);
    assert_true(a->start_ms == utc("2026-03-10 09:00") && a->end_ms == utc("2026-03-10 10:00"));
    assert_string_equal(b->subject, "");
    assert_string_equal(b->location, "");
    assert_int_equal(b->n_categories, 0);
    assert_int_equal(b->show_as, SHOW_AS_FREE);
    assert_false(b->is_private);
    sheet_preview_destroy(p);
}

static void other_archives_are_not_read(void **state)
{
    struct fixture *f = *state;
    fixture_add_user(f, 2);
    fixture_sql(
        f, "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, "
           "destination_calendar_uri, timezone, created_at, updated_at) VALUES (3, 1, 'second', 's', 'd', "
           "'Europe/Berlin', 't', 't');"
           "INSERT INTO appointments (id, user_id, archive_configuration_id, start_time, end_time, "
           "categories, created_at, updated_at, is_archived) VALUES (5, 1, 3, '2026-03-10 09:00:00.000000', "
           "'2026-03-10 10:00:00.000000', '[\"Acme\"]', 't', 't', 1)");
    struct appt other = appt(6, "2026-03-10 09:00", "2026-03-10 10:00", "Acme");
    other.configuration = 2;
    add_appt(f, other);
    add_appt(f, appt(7, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    assert_preview_lines(f, &q, "7@2026-03-10 60m;");
    q.archive_configuration_id = 3;
    assert_preview_lines(f, &q, "5@2026-03-10 60m;");
}

/* Week 11 is issued on 2026-04-01 with appointment 1; what comes then is archived on the 2nd, and week 12 is
 * asked for on the 3rd. */
static void issue_week_11(struct fixture *f)
{
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    add_appt(f, appt(2, "2026-03-11 09:00", "2026-03-11 10:00", NULL));
    turn_clock(f, "2026-04-01 12:00");
    (void)issue_period(f, week_from, week_to);
    turn_clock(f, "2026-04-02 02:00");
}

static struct sheet_request ask_week_12(struct fixture *f)
{
    turn_clock(f, "2026-04-03 02:00");
    return sheet_asked(f, week_to, week_after);
}

/* ---- how it is found ---- */

/* Calls each line of the plans of what this connection has prepared so far. */
static void each_plan(struct fixture *f, void (*each)(const char *sql, const char *detail))
{
    for (sqlite3_stmt *p = sqlite3_next_stmt(f->db->handle, NULL); p;
         p = sqlite3_next_stmt(f->db->handle, p)) {
        char *sql = mem_printf("EXPLAIN QUERY PLAN %s", sqlite3_sql(p));
        sqlite3 *other = NULL;
        sqlite3_stmt *plan = NULL;
        assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
        if (strncmp(sqlite3_sql(p), "SELECT", 6) == 0 || strncmp(sqlite3_sql(p), "UPDATE", 6) == 0) {
            assert_int_equal(sqlite3_prepare_v2(other, sql, -1, &plan, NULL), SQLITE_OK);
        }
        while (plan && sqlite3_step(plan) == SQLITE_ROW) {
            each(sqlite3_sql(p), (const char *)sqlite3_column_text(plan, 3));
        }
        sqlite3_finalize(plan);
        sqlite3_close(other);
        free(sql);
    }
}

static int n_searches;

/* A year of sheets is in these tables: none of them is read from its beginning to its end. */
static void no_scan(const char *sql, const char *detail)
{
    n_searches += strncmp(detail, "SEARCH ", 7) == 0;
    if (strncmp(detail, "SCAN ", 5) == 0 && strcmp(detail, "SCAN CONSTANT ROW") != 0 &&
        strcmp(detail, "SCAN s") != 0 && strcmp(detail, "SCAN audit_chain") != 0) {
        fail_msg("%s: %s", detail, sql);
    }
}

static void reading_and_issuing_go_by_index(void **state)
{
    struct fixture *f = *state;
    n_searches = 0;
    issue_week_11(f);
    add_appt(f, appt(3, "2026-03-12 09:00", "2026-03-12 10:00", "Acme"));
    struct sheet_request q = ask_week_12(f);
    stmt_forget_all(f->db); /* those of the fixture */
    (void)issue_asked(f, &q);
    q.is_revision = true;
    q.rules.rounding = SHEET_ROUND_UP;
    (void)issue_asked(f, &q);
    each_plan(f, no_scan);
    assert_true(n_searches > 30);
}

/* ---- late ones ---- */

static void found_late_goes_into_the_next(void **state)
{
    struct fixture *f = *state;
    issue_week_11(f);
    add_appt(f, appt(3, "2026-03-12 09:00", "2026-03-12 10:00", "Acme"));
    add_appt(f, appt(4, "2026-03-17 09:00", "2026-03-17 10:00", "Acme"));
    struct sheet_request q = ask_week_12(f);
    struct sheet_issued n = issue_asked(f, &q);
    assert_int_equal(n.n_late, 1);
    assert_sheet_lines(f, n.id, "3@2026-03-12 60m late;4@2026-03-17 60m;");
    /* And only there. */
    turn_clock(f, "2026-04-04 02:00");
    add_appt(f, appt(5, "2026-03-24 09:00", "2026-03-24 10:00", "Acme"));
    q = sheet_asked(f, week_after, "2026-03-30");
    assert_preview_lines(f, &q, "5@2026-03-24 60m;");
}

static void categorised_late_is_late(void **state)
{
    struct fixture *f = *state;
    issue_week_11(f);
    add_version(f, appt(2, "2026-03-11 09:00", "2026-03-11 10:00", "Beta"), "changed");
    struct sheet_request q = ask_week_12(f);
    assert_preview_lines(f, &q, "2@2026-03-11 60m late;");
}

static void changed_after_its_issue_is_claimed(void **state)
{
    struct fixture *f = *state;
    issue_week_11(f);
    add_version(f, appt(1, "2026-03-10 09:00", "2026-03-10 12:00", "Acme"), "changed");
    struct sheet_request q = ask_week_12(f);
    assert_preview_lines(f, &q, "");
}

static void gone_after_its_issue_is_no_candidate(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    issue_week_11(f);
    add_version(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"), "tombstone");
    struct sheet_request q = ask_week_12(f);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_items, 0);
    sheet_preview_destroy(p);
}

static void left_out_for_good_is_not_looked_at_again(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    issue_week_11(f);
    add_appt(f, appt(3, "2026-03-12 09:00", "2026-03-12 10:00", NULL)); /* late, without a category */
    add_appt(f, appt(4, "2026-03-17 09:00", "2026-03-17 10:00", "Acme"));
    struct sheet_request q = ask_week_12(f);
    (void)issue_asked(f, &q);
    turn_clock(f, "2026-04-04 02:00");
    q = sheet_asked(f, week_after, "2026-03-30");
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_items, 0);
    assert_int_equal(p->input.n_closed, 2);
    assert_true(p->input.closed[0].from_day == date(week_from) &&
                p->input.closed[1].from_day == date(week_to));
    assert_string_equal(p->input.closed[1].number, "2026-0002");
    sheet_preview_destroy(p);
    add_version(f, appt(3, "2026-03-12 09:00", "2026-03-12 10:00", "Acme"), "changed");
    assert_preview_lines(f, &q, "3@2026-03-12 60m late;");
}

static void day_that_no_sheet_has_is_not_closed(void **state)
{
    struct fixture *f = *state;
    issue_week_11(f);
    add_appt(f, appt(3, "2026-03-03 09:00", "2026-03-03 10:00", "Acme"));
    struct sheet_request q = ask_week_12(f);
    assert_preview_lines(f, &q, "");
    q = sheet_asked(f, "2026-03-02", week_from);
    assert_preview_lines(f, &q, "3@2026-03-03 60m;");
}

/* Sunday 23:30 to Monday 00:30, seen after Sunday's week was issued: both halves are on the next sheet. */
static void across_the_border_found_late(void **state)
{
    struct fixture *f = *state;
    issue_week_11(f);
    add_appt(f, appt(3, "2026-03-15 22:30", "2026-03-15 23:30", "Acme"));
    struct sheet_request q = ask_week_12(f);
    struct sheet_issued n = issue_asked(f, &q);
    assert_sheet_lines(f, n.id, "3@2026-03-15 30m late;3@2026-03-16 30m;");
    turn_clock(f, "2026-04-05 02:00");
    add_version(f, appt_named(3, "2026-03-15 22:30", "2026-03-15 23:30", "Acme", "renamed"), "changed");
    n = revise_period(f, week_to, week_after);
    assert_sheet_lines(f, n.id, "3@2026-03-15 30m late;3@2026-03-16 30m;");
}

/* Known when Sunday's week was issued: its sheet has the first half, the next one the second. */
static void across_the_border_known_in_time(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(3, "2026-03-15 22:30", "2026-03-15 23:30", "Acme"));
    issue_week_11(f);
    struct sheet_request q = ask_week_12(f);
    assert_preview_lines(f, &q, "3@2026-03-16 30m;");
}

/* A revision keeps the late lines of the sheet it supersedes, whatever was issued in between. */
static void revision_keeps_its_late_lines(void **state)
{
    struct fixture *f = *state;
    issue_week_11(f);
    add_appt(f, appt(3, "2026-03-12 09:00", "2026-03-12 10:00", "Acme"));
    add_appt(f, appt(4, "2026-03-17 09:00", "2026-03-17 10:00", "Acme"));
    struct sheet_request q = ask_week_12(f);
    (void)issue_asked(f, &q);
    turn_clock(f, "2026-04-05 02:00");
    add_version(f, appt(1, "2026-03-10 09:00", "2026-03-10 11:00", "Acme"), "changed");
    struct sheet_issued n = revise_period(f, week_from, week_to); /* week 11 again, later than week 12 */
    assert_sheet_lines(f, n.id, "1@2026-03-10 120m;");            /* the late one stays where it is */
    turn_clock(f, "2026-04-06 02:00");
    add_version(f, appt(4, "2026-03-17 09:00", "2026-03-17 11:00", "Acme"), "changed");
    add_appt(f, appt(5, "2026-03-13 09:00", "2026-03-13 10:00", "Acme")); /* late by now */
    n = revise_period(f, week_to, week_after);
    assert_sheet_lines(f, n.id, "3@2026-03-12 60m late;5@2026-03-13 60m late;4@2026-03-17 120m;");
}

/* ---- claims ---- */

static void claims_are_of_others(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    issue_week_11(f);
    add_appt(f, appt(3, "2026-03-12 09:00", "2026-03-12 10:00", "Acme"));
    add_appt(f, appt(6, "2026-03-11", "2026-03-12", "Acme"));
    struct sheet_request q = ask_week_12(f);
    (void)issue_asked(f, &q); /* two late lines */
    /* Revised, week 11 sees what week 12 has of its days, and not its own. */
    q = sheet_asked(f, week_from, week_to);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_claims, 2);
    const struct sheet_claim *c = p->input.claims;
    assert_true(c[0].appointment_id == 6 && c[0].day == date("2026-03-11") && c[0].start_min == c[0].end_min);
    assert_true(c[1].appointment_id == 3 && c[1].day == date("2026-03-12"));
    assert_true(c[1].start_min * MS_PER_MINUTE == utc("2026-03-12 09:00"));
    assert_true(c[1].end_min * MS_PER_MINUTE == utc("2026-03-12 10:00"));
    assert_string_equal(c[1].number, "2026-0002");
    sheet_preview_destroy(p);
    assert_preview_lines(f, &q, "1@2026-03-10 60m;");
}

/* ---- days on which a run found nothing ---- */

static void add_sheet_run(struct fixture *f, const char *from, const char *to, const char *outcome,
                          bool is_dry)
{
    char *sql = mem_printf(
        "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, outcome, from_date, to_date, "
        "is_dry, "
        "correlation_id, created_at, started_at, finished_at) VALUES (1, 2, '%s %s', 'request', 'done', "
        "'%s', "
        "'%s', '%s', %d, '%s %s', 't', '2026-04-01 12:00:00.000000', '2026-04-01 12:00:01.000000')",
        from, to, outcome, from, to, is_dry, from, to);
    fixture_sql(f, sql);
    free(sql);
}

/* What comes to light later of days that had nothing is billed with the next sheet, as no run looks there
 * again. */
static void days_without_a_sheet_are_closed_by_their_run(void **state)
{
    struct fixture *f = *state;
    fixture_sql(
        f, "INSERT INTO job_configurations (id, user_id, archive_configuration_id, job_type, created_at, "
           "updated_at) VALUES (2, 1, 1, 'timesheet', 't', 't')");
    turn_clock(f, "2026-04-01 10:00");
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", NULL)); /* the run has seen it */
    turn_clock(f, "2026-04-02 02:00");
    add_appt(f, appt(2, "2026-03-12 09:00", "2026-03-12 10:00", "Acme"));
    add_appt(f, appt(3, "2026-03-05 09:00", "2026-03-05 10:00", "Acme"));
    struct sheet_request q = ask_week_12(f);
    add_sheet_run(f, week_from, week_to, "failure", false);
    add_sheet_run(f, "2026-03-10", week_to, "success", true);
    assert_preview_lines(f, &q, ""); /* nobody looked at these days */
    add_sheet_run(f, "2026-03-11", week_to, "success", false);
    assert_preview_lines(f, &q, "2@2026-03-12 60m late;");
    add_sheet_run(f, "2026-03-01", "2026-03-14", "partial", false); /* another rhythm, partly the same days */
    assert_preview_lines(f, &q, "3@2026-03-05 60m late;2@2026-03-12 60m late;");
    struct sheet_issued n = issue_asked(f, &q);
    assert_int_equal(n.n_late, 2);
    q = sheet_asked(f, week_after, "2026-03-30");
    assert_preview_lines(f, &q, ""); /* and only there */
    q = sheet_asked(f, week_from, week_to);
    assert_preview_lines(f, &q, "");
}

/* A late one sees what the sheet of its day has there. */
static void minutes_of_closed_days_are_claimed(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    issue_week_11(f);
    add_appt(f, appt(3, "2026-03-10 09:30", "2026-03-10 11:00", "Acme"));
    struct sheet_request q = ask_week_12(f);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_claims, 1);
    assert_int_equal(p->input.claims[0].appointment_id, 1);
    sheet_preview_destroy(p);
}

/* It was billed on the 10th; what it is now is on the 18th. */
static void moved_after_its_issue_brings_its_claim(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    issue_week_11(f);
    add_version(f, appt(1, "2026-03-18 09:00", "2026-03-18 10:00", "Acme"), "changed");
    struct sheet_request q = ask_week_12(f);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_claims, 1);
    assert_true(p->input.claims[0].appointment_id == 1 && p->input.claims[0].day == date("2026-03-10"));
    sheet_preview_destroy(p);
}

/* A late one is composed with the breaks of its day, and beside what may change it. */
static void breaks_of_closed_days_come_along(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    int64_t n_background = 0;
    add_appt(f, appt(5, "2026-03-10 10:00", "2026-03-10 10:30", "Break"));
    add_appt(f, appt(6, "2026-03-12 10:00", "2026-03-12 10:30", "Break"));
    issue_week_11(f);
    struct sheet_request q = ask_week_12(f);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_items, 0); /* nothing is late */
    sheet_preview_destroy(p);
    add_appt(f, appt(3, "2026-03-10 09:30", "2026-03-10 11:00", "Acme"));
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    for (size_t i = 0; i < p->input.n_items; i++) {
        const struct sheet_item *item = &p->input.items[i];
        assert_int_equal(item->is_background, item->appointment_id == 5);
        assert_int_equal(item->is_neighbour, item->appointment_id == 1 || item->appointment_id == 2);
        n_background += item->is_background;
    }
    assert_int_equal(p->input.n_items, 4);
    assert_int_equal(n_background, 1);
    sheet_preview_destroy(p);
}

static void all_day_claims_have_their_name(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    add_appt(f, appt_named(7, "2026-03-11", "2026-03-12", "Acme", "fair"));
    issue_week_11(f);
    add_appt(f, appt_named(8, "2026-03-11", "2026-03-12", "Acme", "fair"));
    struct sheet_request q = ask_week_12(f);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    for (size_t i = 0; i < p->input.n_claims; i++) {
        const struct sheet_claim *claim = &p->input.claims[i];
        assert_true((claim->subject != NULL) == (claim->appointment_id == 7));
        assert_true(!claim->subject || strcmp(claim->subject, "fair") == 0);
    }
    assert_true(p->input.n_claims > 0);
    sheet_preview_destroy(p);
}

static void superseded_sheets_claim_nothing(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    issue_week_11(f);
    add_version(f, appt(1, "2026-03-18 09:00", "2026-03-18 10:00", "Acme"), "changed");
    (void)revise_period(f, week_from, week_to);
    struct sheet_request q = ask_week_12(f);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_claims, 0);
    sheet_preview_destroy(p);
}

/* ---- customers, rulings ---- */

static void customers_are_asked_or_known(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    const char *const asked[] = {"Beta", "Gamma"};
    issue_week_11(f);
    struct sheet_request q = ask_week_12(f);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_customers, 1);
    assert_string_equal(p->input.customers[0], "Acme");
    sheet_preview_destroy(p);
    q.customers = asked;
    q.n_customers = 2;
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_customers, 2);
    assert_string_equal(p->input.customers[1], "Gamma");
    sheet_preview_destroy(p);
    q = sheet_asked(f, week_from, week_to); /* no earlier sheet */
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_customers, 0);
    sheet_preview_destroy(p);
}

static void rulings_are_the_users(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    fixture_add_user(f, 2);
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    add_appt(f, appt(2, "2026-03-10 09:00", "2026-03-10 10:00", "Beta"));
    struct appt other = appt(3, "2026-03-10 09:00", "2026-03-10 10:00", "Acme");
    other.configuration = 2;
    add_appt(f, other);
    other.id = 4;
    add_appt(f, other);
    fixture_sql(
        f, "INSERT INTO overlap_rulings (user_id, winner_id, loser_id, created_at) VALUES (1, 2, 1, 't'), "
           "(2, 3, 4, 't')");
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_rulings, 1);
    assert_true(p->input.rulings[0].winner_id == 2 && p->input.rulings[0].loser_id == 1);
    sheet_preview_destroy(p);
}

/* With the connection of a program that may only read. */
static void preview_needs_no_writing(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    db_close(f->db);
    struct db_options options = {.mode = DB_READ_ONLY, .clock = &f->clock.clock};
    OK(db_open(f->path, &options, &f->db, e));
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    assert_preview_lines(f, &q, "1@2026-03-10 60m;");
    q = sheet_asked(f, "2030-01-01", "2030-02-01"); /* not over, and that is no matter */
    assert_preview_lines(f, &q, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(period_is_exact),
        TEST(day_of_23_hours_ends_in_time),
        TEST(columns_come_as_they_are),
        TEST(other_archives_are_not_read),
        TEST(reading_and_issuing_go_by_index),
        TEST(found_late_goes_into_the_next),
        TEST(categorised_late_is_late),
        TEST(changed_after_its_issue_is_claimed),
        TEST(gone_after_its_issue_is_no_candidate),
        TEST(left_out_for_good_is_not_looked_at_again),
        TEST(day_that_no_sheet_has_is_not_closed),
        TEST(across_the_border_found_late),
        TEST(across_the_border_known_in_time),
        TEST(revision_keeps_its_late_lines),
        TEST(claims_are_of_others),
        TEST(minutes_of_closed_days_are_claimed),
        TEST(moved_after_its_issue_brings_its_claim),
        TEST(breaks_of_closed_days_come_along),
        TEST(days_without_a_sheet_are_closed_by_their_run),
        TEST(all_day_claims_have_their_name),
        TEST(superseded_sheets_claim_nothing),
        TEST(customers_are_asked_or_known),
        TEST(rulings_are_the_users),
        TEST(preview_needs_no_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
