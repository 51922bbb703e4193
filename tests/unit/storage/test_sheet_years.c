/* Nothing lost and nothing twice, by the simplest rules: tests/lib/sheet_world.h.
 *
 * At any time no appointment has two lines on a day in the sheets that are issued.  After a last sheet, with
 * which everything that was archived had its chance, every day that is closed has a line of each appointment
 * that says so by then. */
#include "tests/lib/sheet_world.h"

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
                              .to_day = w->monday + 7 * (WORLD_WEEKS + 1),
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

static void nothing_lost_and_nothing_twice(void **state)
{
    static const char *const customers[] = {"Acme", "Beta", NULL, "Gamma"};
    struct world w = world_begin(*state, customers);
    OK(db_begin(w.f->db, e));
    world_quarter(&w);
    world_last_sheet(&w);
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
