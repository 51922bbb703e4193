/* What lies beside the days of a sheet and may change what is on them. */
#include "tests/lib/sheet_fixture.h"

static const char week_from[] = "2026-03-09", week_to[] = "2026-03-16", week_after[] = "2026-03-23";

/* An appointment over the border brings what lies beside its other end, and what lies beside that. */
static void neighbours_are_followed(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    add_appt(f, appt(1, "2026-03-05 09:00", "2026-03-09 01:00", "Acme"));
    add_appt(f, appt(2, "2026-03-04 09:00", "2026-03-05 09:00", "Acme"));
    add_appt(f, appt(3, "2026-03-03 10:00", "2026-03-03 11:00", "Acme"));
    add_appt(f, appt(4, "2026-03-02 10:00", "2026-03-02 11:00", "Acme")); /* too far */
    add_appt(f, appt(5, "2026-03-15 10:00", "2026-03-18 11:00", "Acme"));
    add_appt(f, appt(6, "2026-03-19 10:00", "2026-03-19 11:00", "Acme"));
    add_appt(f, appt(7, "2026-03-20 10:00", "2026-03-20 11:00", "Acme")); /* too far */
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_items, 5);
    for (size_t i = 0; i < p->input.n_items; i++) {
        int64_t id = p->input.items[i].appointment_id;
        assert_true(id != 4 && id != 7);
        assert_int_equal(p->input.items[i].is_neighbour, id != 1 && id != 5);
    }
    sheet_preview_destroy(p);
}

/* What reached over the border when its week was issued brings that week's claim, also where it does not
 * touch this one (yet). */
static void claims_of_neighbours_come_along(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    add_appt(f, appt(1, "2026-03-15 20:00", "2026-03-15 23:00", "Acme"));
    turn_clock(f, "2026-04-01 12:00");
    (void)issue_period(f, week_from, week_to);
    struct sheet_request q = sheet_asked(f, week_to, week_after);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_items, 1);
    assert_true(p->input.items[0].is_neighbour && !p->input.items[0].is_late_candidate);
    assert_int_equal(p->input.n_claims, 1);
    assert_int_equal(p->input.claims[0].appointment_id, 1);
    sheet_preview_destroy(p);
}

/* An early start may make it begin on a day that was closed without it. */
static void first_day_may_reach_back(void **state)
{
    static const struct {
        const char *name, *start, *end;
        bool is_before_issue, is_late;
    } cases[] = {
        {"known to the sheet before", "2026-03-16 08:00", "2026-03-16 09:00", true, false},
        {"on the first day", "2026-03-16 08:00", "2026-03-16 09:00", false, true},
        {"on the second day", "2026-03-17 08:00", "2026-03-17 09:00", false, false},
        {"all day", "2026-03-16", "2026-03-17", false, false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sheet_preview *p = NULL;
        OK(db_begin(f->db, e));
        turn_clock(f, "2026-04-01 10:00");
        add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
        if (cases[i].is_before_issue) {
            add_appt(f, appt(2, cases[i].start, cases[i].end, "Acme"));
        }
        turn_clock(f, "2026-04-01 12:00");
        (void)issue_period(f, week_from, week_to);
        turn_clock(f, "2026-04-02 12:00");
        if (!cases[i].is_before_issue) {
            add_appt(f, appt(2, cases[i].start, cases[i].end, "Acme"));
        }
        struct sheet_request q = sheet_asked(f, week_to, week_after);
        OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
        if (p->input.n_items != 1 || p->input.items[0].is_late_candidate != cases[i].is_late) {
            fail_msg("%s: %zu items", cases[i].name, p->input.n_items);
        }
        sheet_preview_destroy(p);
        db_rollback(f->db);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(neighbours_are_followed),
        TEST(claims_of_neighbours_come_along),
        TEST(first_day_may_reach_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
