/* The rules and the storage of timesheets together: a crowded quarter of a year, under each way to settle
 * overlaps.
 *
 * Whatever was late, moved, revised: no appointment is on two sheets on one day, no minute of the clock is
 * worked twice, no day is longer than it is, and an issued sheet is made again line by line from the archive
 * as long as nothing changed. */
#include "tests/lib/sheet_world.h"

#include "timesheet/canonical.h"
#include "timesheet/compose.h"

/* Timed lines of all sheets that are issued, by day: at most as long as the day. */
static void no_day_is_too_long(struct world *w)
{
    struct stmt *s =
        db_stmt(w->f->db, "SELECT l.day, sum(l.worked_minutes) FROM timesheet_lines l JOIN timesheets t ON "
                          "t.id = l.timesheet_id WHERE t.status = 'issued' AND l.is_all_day = 0 "
                          "GROUP BY l.day");
    const struct tz *zone = fixture_zone("Europe/Berlin");
    int r;
    while ((r = stmt_step(s, NULL)) > 0) {
        int32_t day = stmt_col_date(s, 0);
        int64_t minutes = (tz_day_start(zone, day + 1) - tz_day_start(zone, day)) / MS_PER_MINUTE;
        if (stmt_col_int(s, 1) > minutes) {
            fail_msg("%s: %lld minutes", stmt_col_text(s, 0), (long long)stmt_col_int(s, 1));
        }
    }
    assert_int_equal(r, 0);
}

/* How much of the clock the lines of a day cover, at most that much is worked. */
static void no_minute_is_worked_twice(struct world *w)
{
    struct stmt *s =
        db_stmt(w->f->db, "SELECT l.day, l.start_time, l.end_time, l.worked_minutes FROM timesheet_lines l "
                          "JOIN timesheets t ON t.id = l.timesheet_id WHERE t.status = 'issued' AND "
                          "l.is_all_day = 0 ORDER BY l.day, l.start_time");
    int32_t day = INT32_MIN;
    int64_t covered = 0, worked = 0, until_ms = 0;
    int r;
    do {
        r = stmt_step(s, NULL);
        if (r <= 0 || stmt_col_date(s, 0) != day) {
            assert_true(worked <= covered);
            covered = worked = until_ms = 0;
        }
        if (r > 0) {
            int64_t start_ms = stmt_col_time(s, 1), end_ms = stmt_col_time(s, 2);
            day = stmt_col_date(s, 0);
            start_ms = start_ms > until_ms ? start_ms : until_ms;
            covered += end_ms > start_ms ? (end_ms - start_ms) / MS_PER_MINUTE : 0;
            until_ms = end_ms > until_ms ? end_ms : until_ms;
            worked += stmt_col_int(s, 3);
        }
    } while (r > 0);
    assert_int_equal(r, 0);
}

static void look(struct world *w)
{
    world_nothing_twice(w);
    no_day_is_too_long(w);
    no_minute_is_worked_twice(w);
}

/* The last sheet, of which nothing has changed since. */
static void made_again_line_by_line(struct world *w)
{
    struct sheet s = {0};
    struct sheet_preview *p = NULL;
    OK(sheet_store_load(w->f->db, fixture_int(w->f, "SELECT max(id) FROM timesheets"), &s, e));
    OK(sheet_store_recompose(w->f->db, &s, fixture_zone(s.zone), timesheet_compose, &p, e));
    assert_true(s.n_lines > 0);
    assert_int_equal(p->draft->n_lines, s.n_lines);
    for (size_t i = 0; i < s.n_lines; i++) {
        const struct sheet_line *a = &s.lines[i], *b = &p->draft->lines[i];
        assert_true(a->no == b->no && a->day == b->day && a->appointment_id == b->appointment_id &&
                    a->worked == b->worked && a->held == b->held && a->billed == b->billed &&
                    a->worked_hundredths == b->worked_hundredths && a->is_late == b->is_late);
        assert_string_equal(a->customer, b->customer);
        assert_string_equal(a->decision, b->decision);
    }
    sheet_preview_destroy(p);
    sheet_finish(&s);
}

static void live_through(void **state, enum sheet_overlaps overlaps, bool has_modifications)
{
    static const char *const categories[] = {"Acme - billable", "Beta - billable", NULL,
                                             "Gamma - non-billable"};
    struct world w = world_begin(*state, categories);
    w.rules.overlaps = overlaps;
    w.has_modifications = has_modifications;
    w.compose = timesheet_compose;
    w.hash = sheet_hash;
    w.busy = 9;
    w.look = look;
    OK(db_begin(w.f->db, e));
    world_quarter(&w);
    world_last_sheet(&w);
    made_again_line_by_line(&w);
    assert_true(fixture_int(w.f, "SELECT count(*) FROM timesheet_lines WHERE is_late = 1") > 0);
    assert_true(fixture_int(w.f, "SELECT count(*) FROM timesheet_lines WHERE decision <> ''") > 0);
    OK(db_commit(w.f->db, e));
}

static void by_priority(void **state)
{
    live_through(state, SHEET_OVERLAPS_PRIORITY, false);
}

static void by_split(void **state)
{
    live_through(state, SHEET_OVERLAPS_SPLIT, false);
}

static void with_modifications(void **state)
{
    live_through(state, SHEET_OVERLAPS_PRIORITY, true);
}

static void by_both(void **state)
{
    live_through(state, SHEET_OVERLAPS_BOTH, false);
}

/* ---- modifications at the border of two weeks ---- */

#define BORDER_MAX 12

struct border_case {
    const char *name;
    struct appt
        appts[BORDER_MAX]; /* in UTC: the week of Monday, 9 March, begins in Berlin on Sunday at 23:00 */
    const char *lines;
};

#define AT(id_, start_, end_, category_, subject_)                                                           \
    {                                                                                                        \
        .id = (id_), .start = (start_), .end = (end_), .customer = (category_), .subject = (subject_)        \
    }

static const struct border_case borders[] = {
    {"shortened before the border, of one that crosses it",
     {AT(1, "2026-03-08 21:00", "2026-03-09 00:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-08 21:00", "2026-03-08 22:30", NULL, "Shortened")},
     "1@2026-03-08 90;"},
    {"shortened, its other end far behind the border",
     {AT(1, "2026-03-08 21:00", "2026-03-11 00:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-10 01:00", "2026-03-11 00:00", NULL, "Shortened"),
      AT(3, "2026-03-10 00:50", "2026-03-11 00:00", NULL, "Late start")},
     "1@2026-03-08 120;1@2026-03-09 1440;1@2026-03-10 120;"},
    {"shortened from before its start, days before the border",
     {AT(1, "2026-03-06 09:00", "2026-03-09 01:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-06 08:00", "2026-03-06 11:00", NULL, "Shortened")},
     "1@2026-03-06 840;1@2026-03-07 1440;1@2026-03-08 1380;"},
    {"early start over the border",
     {AT(1, "2026-03-08 23:00", "2026-03-09 01:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-08 22:00", "2026-03-08 23:00", NULL, "Early start")},
     "1@2026-03-08 60;1@2026-03-09 120;"},
    {"extended from the border on",
     {AT(1, "2026-03-08 21:00", "2026-03-08 23:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-08 23:00", "2026-03-09 00:00", NULL, "Extended")},
     "1@2026-03-08 120;1@2026-03-09 60;"},
    {"extended to the border, and again from there",
     {AT(1, "2026-03-08 20:00", "2026-03-08 21:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-08 21:00", "2026-03-08 23:00", NULL, "Extended"),
      AT(3, "2026-03-08 23:00", "2026-03-08 23:30", NULL, "Extended")},
     "1@2026-03-08 180;1@2026-03-09 30;"},
    {"late start over the border",
     {AT(1, "2026-03-08 22:00", "2026-03-09 01:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-08 22:00", "2026-03-08 23:30", NULL, "Late start")},
     "1@2026-03-09 90;"},
    {"a break that was extended over the border",
     {AT(1, "2026-03-08 22:00", "2026-03-09 01:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-08 22:30", "2026-03-08 23:00", "Break - non-billable", "pause"),
      AT(3, "2026-03-08 23:00", "2026-03-08 23:15", NULL, "Extended")},
     "1@2026-03-08 30;1@2026-03-09 105;"},
    {"a break that is the same as another one has no extension",
     {AT(1, "2026-03-08 21:45", "2026-03-08 23:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-08 21:45", "2026-03-08 23:00", "Break - non-billable", "meeting"),
      AT(3, "2026-03-08 23:00", "2026-03-09 00:00", "Break - non-billable", "Extended"),
      AT(4, "2026-03-08 20:00", "2026-03-08 23:30", NULL, "reaches over")},
     "1@2026-03-08 75;"},
    {"an orphan on one side stays one",
     {AT(1, "2026-03-08 20:00", "2026-03-08 22:00", "Acme - billable", "meeting"),
      AT(2, "2026-03-08 23:00", "2026-03-09 00:00", "Acme - billable", "Extended")},
     "1@2026-03-08 120;2@2026-03-09 60;"},
};

/* What is wanted of a sheet: who worked how long on which day, and which modifications found no original. */
static char *gist(const struct sheet_draft *d)
{
    char *text = mem_strdup("");
    for (size_t i = 0; i < d->n_lines; i++) {
        const struct sheet_line *l = &d->lines[i];
        char day[CIVIL_DATE_LEN + 1];
        civil_format_date(l->day, day);
        char *longer = l->worked > 0
                           ? mem_printf("%s%lld@%s %d;", text, (long long)l->appointment_id, day, l->worked)
                           : mem_strdup(text);
        free(text);
        text = longer;
    }
    return text;
}

static const char first_week[] = "2026-03-02", border_day[] = "2026-03-09", after_both[] = "2026-03-16";

/* Counts the orphans that it reports, each once for all sheets; `seen` is by id. */
static char *preview_gist(struct fixture *f, const char *from, const char *to, bool seen[BORDER_MAX + 1])
{
    struct sheet_request q = sheet_asked(f, from, to);
    struct sheet_preview *p = NULL;
    q.rules.rounding = SHEET_ROUND_NONE;
    OK(sheet_store_preview(f->db, &q, timesheet_compose, &p, e));
    char *text = gist(p->draft);
    for (size_t i = 0; i < p->draft->n_findings; i++) {
        const struct sheet_finding *found = &p->draft->findings[i];
        assert_true(found->kind != SHEET_FIND_MOVED && found->kind != SHEET_FIND_LATE);
        if (found->kind == SHEET_FIND_ORPHAN) {
            seen[found->appointment_id] = true;
        }
    }
    sheet_preview_destroy(p);
    return text;
}

static void issue_one(struct fixture *f, const char *from, const char *to)
{
    struct sheet_request q = sheet_asked(f, from, to);
    struct sheet_issued issued = {0};
    q.rules.rounding = SHEET_ROUND_NONE;
    q.is_unattended = true;
    OK(sheet_store_issue(f->db, &q, timesheet_compose, sheet_hash, &issued, e));
}

enum { NOTHING_ISSUED, FIRST_ISSUED, SECOND_ISSUED, ISSUE_ORDERS };

/* Two weeks are together what one sheet of both would be, whichever of them is issued already.  The
 * appointments end at the first without an id.  Returns the lines. */
static char *compare_weeks(struct fixture *f, const char *name, const struct appt *appts)
{
    char *whole = NULL;
    bool whole_orphans[BORDER_MAX + 1] = {0};
    for (int order = NOTHING_ISSUED; order < ISSUE_ORDERS; order++) {
        bool orphans[BORDER_MAX + 1] = {0};
        OK(db_begin(f->db, e));
        for (size_t i = 0; i < BORDER_MAX && appts[i].id; i++) {
            add_appt(f, appts[i]);
        }
        whole = whole ? whole : preview_gist(f, first_week, after_both, whole_orphans);
        if (order == FIRST_ISSUED) {
            issue_one(f, first_week, border_day);
        } else if (order == SECOND_ISSUED) {
            issue_one(f, border_day, after_both);
        }
        char *first = preview_gist(f, first_week, border_day, orphans);
        char *second = preview_gist(f, border_day, after_both, orphans);
        char *both = mem_printf("%s%s", first, second);
        if (strcmp(both, whole) != 0 || memcmp(orphans, whole_orphans, sizeof orphans) != 0) {
            fail_msg("%s, order %d: \"%s\" and \"%s\", both: \"%s\"", name, order, first, second, whole);
        }
        db_rollback(f->db);
        free(first);
        free(second);
        free(both);
    }
    return whole;
}

static void border_is_crossed_once(void **state)
{
    struct fixture *f = *state;
    turn_clock(f, "2026-04-01 12:00");
    for (size_t i = 0; i < ARRAY_LEN(borders); i++) {
        char *lines = compare_weeks(f, borders[i].name, borders[i].appts);
        if (strcmp(lines, borders[i].lines) != 0) {
            fail_msg("%s: \"%s\"", borders[i].name, lines);
        }
        free(lines);
    }
}

/* A few appointments within two days of the border, half of them modifications of the others. */
static void random_borders(void **state)
{
    static const char *const subjects[] = {"Extended", "Shortened", "Early start", "Late start"};
    static const char *const categories[] = {"Acme - billable", "Beta - billable", NULL,
                                             "Break - non-billable"};
    struct fixture *f = *state;
    struct rng rng = rng_start();
    turn_clock(f, "2026-04-01 12:00");
    for (long round = rng_sheets_wanted(0, NULL, 300); round > 0; round--) {
        struct appt appts[BORDER_MAX] = {0};
        char times[BORDER_MAX][2][17], name[32];
        int n = (int)rng_between(&rng, 2, BORDER_MAX - 1);
        int64_t edges[2 * BORDER_MAX];
        for (int i = 0; i < n; i++) {
            int64_t length_ms = rng_between(&rng, 1, rng_below(&rng, 8) == 0 ? 150 : 16) * 15 * MS_PER_MINUTE;
            int64_t start_ms = utc("2026-03-08 23:00") + rng_between(&rng, -40, 40) * 15 * MS_PER_MINUTE;
            if (i > 0 && rng_below(&rng, 4) > 0) { /* at an edge of another */
                start_ms =
                    edges[rng_below(&rng, 2 * (uint64_t)i)] - (rng_below(&rng, 3) == 0 ? length_ms : 0);
            }
            edges[2 * i] = start_ms;
            edges[2 * i + 1] = start_ms + length_ms;
            world_format_ms(start_ms, times[i][0]);
            world_format_ms(start_ms + length_ms, times[i][1]);
            appts[i] =
                appt_named(i + 1, times[i][0], times[i][1], categories[rng_below(&rng, 4)],
                           i > 0 && rng_below(&rng, 2) == 0 ? subjects[rng_below(&rng, 4)] : "meeting");
        }
        snprintf(name, sizeof name, "round %ld", round);
        free(compare_weeks(f, name, appts));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(by_priority),
        TEST(by_split),
        TEST(by_both),
        TEST(with_modifications),
        TEST(border_is_crossed_once),
        TEST(random_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
