/* Sums of printed lines, by day, customer and week. */
#include "compose_fixture.h"

static void test_sums(void **state)
{
    (void)state;
    struct scene s;
    struct sheet_totals t;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-16");
    add(&s, "2026-03-03 09:00", "2026-03-03 09:20", "a", "beta - billable");
    add(&s, "2026-03-03 10:00", "2026-03-03 10:20", "b", "Acme - billable");
    add(&s, "2026-03-03 11:00", "2026-03-03 11:20", "c", "Acme - non-billable");
    add(&s, "2026-03-08 11:00", "2026-03-08 12:00", "d", "ACME - billable");
    add(&s, "2026-03-09 09:00", "2026-03-09 10:00", "e", "Acme - billable");
    add(&s, "2026-03-09 11:00", "2026-03-09 12:00", "f", "Beta - billable");
    add(&s, "2026-03-09 11:00", "2026-03-09 12:00", "g", "Beta - billable");
    compose(&s);
    sheet_totals_make(s.draft->lines, s.draft->n_lines, &t);
    assert_int_equal(t.all.n_lines, 7);
    assert_int_equal(t.all.worked, 240);
    assert_int_equal(t.all.held, 60);
    assert_int_equal(t.all.billed, 160);
    assert_int_equal(t.all.worked_hundredths, 400);
    assert_int_equal(t.all.billed_hundredths, 267);
    assert_int_equal(t.n_days, 3);
    assert_int_equal(t.days[0].n_lines, 3);
    assert_int_equal(t.days[0].sum.worked, 60);
    assert_int_equal(t.days[2].first_line, 4);
    assert_int_equal(t.days[2].sum.billed, 60);
    assert_int_equal(t.n_customers, 3);
    assert_string_equal(t.customers[0].customer, "Acme");
    assert_int_equal(t.customers[0].billing, SHEET_BILLABLE);
    assert_int_equal(t.customers[0].sum.billed, 140);
    assert_int_equal(t.customers[1].billing, SHEET_NON_BILLABLE);
    assert_int_equal(t.customers[1].sum.worked, 20);
    assert_string_equal(t.customers[2].customer, "beta");
    assert_int_equal(t.n_weeks, 4);
    assert_int_equal(t.weeks[0].monday, day_of("2026-03-02"));
    assert_string_equal(t.weeks[0].customer, "Acme");
    assert_int_equal(t.weeks[0].sum.worked, 100);
    assert_int_equal(t.weeks[3].monday, day_of("2026-03-09"));
    assert_string_equal(t.weeks[3].customer, "beta");
    assert_int_equal(t.weeks[3].sum.held, 60);
    sheet_totals_finish(&t);
    scene_end(&s);
}

static void test_none(void **state)
{
    (void)state;
    struct sheet_totals t;
    sheet_totals_make(NULL, 0, &t);
    assert_int_equal(t.n_days + t.n_customers + t.n_weeks, 0);
    assert_int_equal(t.all.n_lines, 0);
    sheet_totals_finish(&t);
    t = (struct sheet_totals){0};
    sheet_totals_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_none)};
    return cmocka_run_group_tests_name("totals", tests, NULL, NULL);
}
