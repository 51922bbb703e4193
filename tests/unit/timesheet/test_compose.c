/* From appointments to lines: the plain way, midnights, clock changes, late ones, claims of other sheets. */
#include "compose_fixture.h"

static void test_plain(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    add(&s, "2026-03-03 13:00", "2026-03-03 13:20", "Call", "acme - Billable");
    add(&s, "2026-03-02 09:00", "2026-03-02 10:30", "Design", "Acme - billable");
    add(&s, "2026-03-02 11:00", "2026-03-02 12:00", "Planning", "Admin - non-billable");
    add(&s, "2026-03-09 00:00", "2026-03-09 01:00", "Next week", "Acme - billable");
    add(&s, "2026-03-01 23:00", "2026-03-02 00:00", "Last week", "Acme - billable");
    compose(&s);
    assert_lines(&s, "1 03-02 09:00-10:30 Acme|Design 90/0/90\n"
                     "2 03-02 11:00-12:00 Admin|Planning 60/0/0\n"
                     "3 03-03 13:00-13:20 Acme|Call 20/0/20\n");
    assert_int_equal(s.draft->n_considered, 3);
    assert_int_equal(s.draft->n_left_out, 0);
    assert_int_equal(s.draft->n_errors, 0);
    scene_end(&s);
}

static void test_empty(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    compose(&s);
    assert_int_equal(s.draft->n_lines, 0);
    assert_int_equal(s.draft->n_findings, 0);
    scene_end(&s);
}

static void test_reversed(void **state)
{
    (void)state;
    struct scene s;
    struct err e = {0};
    scene_begin(&s, "UTC", "2026-03-09", "2026-03-02");
    assert_int_equal(timesheet_compose(&s.input, &s.draft, &e), ERR_INVALID);
    s.input.from_day = s.input.to_day;
    assert_int_equal(timesheet_compose(&s.input, &s.draft, &e), ERR_INVALID);
    assert_null(s.draft);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_reversed),
    };
    return cmocka_run_group_tests_name("compose", tests, NULL, NULL);
}
