/* Nothing lost and nothing twice: a quarter of a year in which appointments are archived late, change, move
 * and disappear, and sheets are issued week by week and revised at random.
 *
 * At any time no appointment has two lines on a day in the sheets that are issued.  After a last sheet, with
 * which everything that was archived had its chance, every day that is closed has a line of each appointment
 * that says so by then. */
#include "tests/lib/rng.h"
#include "tests/lib/sheet_fixture.h"

#define WEEKS        13
#define APPOINTMENTS 400

struct world {
    struct fixture *f;
    struct rng rng;
    int32_t monday; /* of the first week */
    int32_t today;
    int n_appointments;
    bool is_gone[APPOINTMENTS];
};

static void format_ms(int64_t ms, char text[17])
{
    char full[CIVIL_TIME_LEN + 1];
    civil_format_time(ms, full);
    snprintf(text, 17, "%.16s", full);
}

/* Somewhere in the five weeks until today, now and then over midnight or all day. */
static struct appt random_appt(struct world *w, int id, char start[17], char end[17])
{
    static const char *const customers[] = {"Acme", "Beta", NULL, "Gamma"};
    int32_t day = w->today - 1 - (int32_t)rng_below(&w->rng, 35);
    int64_t from = day * MS_PER_DAY + (int64_t)rng_below(&w->rng, 96) * 15 * MS_PER_MINUTE;
    if (rng_below(&w->rng, 8) == 0) {
        civil_format_date(day, start);
        civil_format_date(day + 1 + (int32_t)rng_below(&w->rng, 3), end);
    } else {
        format_ms(from, start);
        format_ms(from + (int64_t)rng_between(&w->rng, 1, 16) * 15 * MS_PER_MINUTE, end);
    }
    return appt(id, start, end, customers[rng_below(&w->rng, 4)]);
}

static void archive_something(struct world *w)
{
    char start[17], end[17];
    if (w->n_appointments < APPOINTMENTS - 1 && rng_below(&w->rng, 3) > 0) {
        add_appt(w->f, random_appt(w, ++w->n_appointments, start, end));
    } else if (w->n_appointments > 0) {
        int id = 1 + (int)rng_below(&w->rng, (uint64_t)w->n_appointments);
        struct appt a = random_appt(w, id, start, end);
        bool is_gone = !w->is_gone[id] && rng_below(&w->rng, 4) == 0;
        add_version(w->f, a, is_gone ? "tombstone" : w->is_gone[id] ? "restored" : "changed");
        w->is_gone[id] = is_gone;
    }
}

static void issue_week(struct world *w, int week, bool is_revision)
{
    struct sheet_request q = {
        .archive_configuration_id = 1,
        .from_day = w->monday + 7 * week,
        .to_day = w->monday + 7 * week + 7,
        .zone = fixture_zone("Europe/Berlin"),
        .rules = SHEET_RULES_DEFAULT,
        .now_ms = w->f->clock.now_ms,
        .is_revision = is_revision,
        .is_unattended = true,
    };
    (void)issue_asked(w->f, &q);
}

static void nothing_twice(struct world *w)
{
    assert_int_equal(
        fixture_int(
            w->f, "SELECT count(*) FROM (SELECT l.appointment_id FROM timesheet_lines l JOIN timesheets t ON "
                  "t.id = l.timesheet_id WHERE t.status = 'issued' GROUP BY l.appointment_id, l.day HAVING "
                  "count(*) > 1)"),
        0);
}

static bool has_line(struct world *w, int64_t appointment_id, int32_t day)
{
    int64_t n = 0;
    struct stmt *s = db_stmt(
        w->f->db, "SELECT count(*) FROM timesheet_lines l JOIN timesheets t ON t.id = "
                  "l.timesheet_id WHERE t.status = 'issued' AND l.appointment_id = $1 AND l.day = $2");
    stmt_int(s, 1, appointment_id);
    stmt_date(s, 2, day);
    OK(stmt_get_int(s, &n, e));
    return n > 0;
}

static bool is_closed_day(struct world *w, int32_t day)
{
    int64_t n = 0;
    struct stmt *s =
        db_stmt(w->f->db, "SELECT count(*) FROM timesheets WHERE status = 'issued' AND start_date <= $1 "
                          "AND end_date >= $1");
    stmt_date(s, 1, day);
    OK(stmt_get_int(s, &n, e));
    return n > 0;
}

/* What the archive says of all the weeks is read in one piece, as if no sheet were there; in a copy without
 * sheets. */
static void nothing_lost(struct world *w)
{
    struct sheet_request q = {.archive_configuration_id = 1,
                              .from_day = w->monday,
                              .to_day = w->monday + 7 * (WEEKS + 1),
                              .zone = fixture_zone("Europe/Berlin"),
                              .rules = SHEET_RULES_DEFAULT};
    struct sheet_preview *p = NULL;
    OK(sheet_store_preview(w->f->db, &q, fixture_compose, &p, e));
    struct sheet_input in = p->input;
    struct sheet_draft *all = NULL;
    in.n_claims = 0; /* as if no sheet were there */
    OK(fixture_compose(&in, &all, e));
    assert_true(all->n_lines > 50);
    for (size_t i = 0; i < all->n_lines; i++) {
        const struct sheet_line *l = &all->lines[i];
        if (is_closed_day(w, l->day) && !has_line(w, l->appointment_id, l->day)) {
            char day[CIVIL_DATE_LEN + 1];
            civil_format_date(l->day, day);
            fail_msg("appointment %lld of %s is on no sheet", (long long)l->appointment_id, day);
        }
    }
    sheet_draft_destroy(all);
    sheet_preview_destroy(p);
}

static void a_quarter(struct world *w)
{
    int issued = 0;
    for (w->today = w->monday + 1; w->today < w->monday + 7 * WEEKS; w->today++) {
        w->f->clock.now_ms = w->today * MS_PER_DAY + 2 * MS_PER_HOUR;
        for (uint64_t n = rng_below(&w->rng, 6); n > 0; n--) {
            archive_something(w);
        }
        w->f->clock.now_ms += MS_PER_HOUR;
        if ((w->today - w->monday) % 7 == 1 && w->today - w->monday > 7 && rng_below(&w->rng, 5) > 0) {
            issue_week(w, issued++, false); /* a week is late now and then */
        } else if (issued > 0 && rng_below(&w->rng, 10) == 0) {
            int week = (int)rng_below(&w->rng, (uint64_t)issued);
            struct sheet_issued there = {0};
            struct sheet_request q = {.archive_configuration_id = 1,
                                      .from_day = w->monday + 7 * week,
                                      .to_day = w->monday + 7 * week + 7};
            OK(sheet_store_issued(w->f->db, &q, &there, e));
            if (there.id) { /* an empty one was not issued */
                issue_week(w, week, true);
            }
        }
        nothing_twice(w);
    }
    w->f->clock.now_ms = (w->today + 14) * MS_PER_DAY;
    for (; issued <= WEEKS; issued++) {
        issue_week(w, issued, false);
    }
}

static void nothing_lost_and_nothing_twice(void **state)
{
    struct world w = {.f = *state, .rng = rng_start(), .monday = date("2026-01-05")};
    OK(db_begin(w.f->db, e));
    a_quarter(&w);
    /* One more, of the week after, takes what is still late. */
    w.today += 1;
    add_appt(w.f, (struct appt){.id = APPOINTMENTS,
                                .start = "2026-04-20 09:00",
                                .end = "2026-04-20 10:00",
                                .customer = "A"});
    w.f->clock.now_ms = utc("2026-05-01 00:00");
    issue_week(&w, WEEKS + 2, false);
    nothing_twice(&w);
    nothing_lost(&w);
    OK(db_commit(w.f->db, e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_lost_and_nothing_twice, fixture_set_up, sheet_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
