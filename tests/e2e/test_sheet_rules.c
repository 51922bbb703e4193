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

static void live_through(void **state, enum sheet_overlaps overlaps)
{
    static const char *const categories[] = {"Acme - billable", "Beta - billable", NULL,
                                             "Gamma - non-billable"};
    struct world w = world_begin(*state, categories);
    w.rules.overlaps = overlaps;
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
    live_through(state, SHEET_OVERLAPS_PRIORITY);
}

static void by_split(void **state)
{
    live_through(state, SHEET_OVERLAPS_SPLIT);
}

static void by_both(void **state)
{
    live_through(state, SHEET_OVERLAPS_BOTH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(by_priority),
        TEST(by_split),
        TEST(by_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
