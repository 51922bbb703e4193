/* weeks: every cell is a sum of lines, whoever has most comes first, and every week of the period has a row.
 */
#include "tests/unit/documents/scratch.h"

#include "base/cleanup.h"
#include "documents/weeks.h"
#include "documents/when.h"
#include "tests/lib/sheet_random.h"

static void check_table(const struct random_sheet *r)
{
    struct document_input in = random_sheet_input(r);
    CLEANUP(week_table_finish) struct week_table t;
    week_table_make(&in, &t);
    struct week_cell all = {0}, columns[WEEKS_CUSTOMERS_MAX + 1] = {{0}};
    for (size_t i = 0; i < t.n_rows; i++) {
        int64_t worked = 0;
        for (size_t k = 0; k <= WEEKS_CUSTOMERS_MAX; k++) {
            worked += t.rows[i].customers[k].worked;
            columns[k].worked += t.rows[i].customers[k].worked;
            columns[k].worked_hundredths += t.rows[i].customers[k].worked_hundredths;
        }
        assert_int_equal(worked, t.rows[i].all.worked);
        assert_true(worked <= t.longest);
        all.worked += worked;
        all.worked_hundredths += t.rows[i].all.worked_hundredths;
        assert_int_equal(civil_weekday(t.rows[i].monday), 0);
        assert_true(i == 0 || t.rows[i].monday > t.rows[i - 1].monday);
    }
    assert_int_equal(all.worked, r->totals.all.worked);
    assert_int_equal(all.worked_hundredths, r->totals.all.worked_hundredths);
    assert_memory_equal(columns, t.sums, sizeof columns);
    for (size_t k = 1; k < t.n_customers; k++) {
        assert_true(t.sums[k - 1].worked >= t.sums[k].worked);
    }
    int32_t weeks = (when_monday(r->sheet.to_day - 1) - when_monday(r->sheet.from_day)) / 7 + 1;
    assert_int_equal(t.n_rows, weeks);
}

static void test_random(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    for (int i = 0; i < 300; i++) {
        CLEANUP(random_sheet_finish) struct random_sheet r;
        random_sheet_make(&rng, rng_below(&rng, 50), (int32_t)rng_between(&rng, 1, 60), &r);
        check_table(&r);
    }
}

static void test_late_week(void **state)
{
    (void)state;
    struct rng rng = {3};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 2, 14, &r);
    r.sheet.lines[0].day = r.sheet.from_day - 70;
    r.sheet.lines[0].customer = r.sheet.lines[1].customer = "Acme";
    sheet_totals_finish(&r.totals);
    sheet_totals_make(r.sheet.lines, 2, &r.totals);
    struct document_input in = random_sheet_input(&r);
    CLEANUP(week_table_finish) struct week_table t;
    week_table_make(&in, &t);
    assert_int_equal(t.n_rows, 3); /* the late one, and the two of the period; nothing in between */
    assert_int_equal(t.rows[0].monday, r.sheet.from_day - 70);
    assert_int_equal(t.rows[1].monday, r.sheet.from_day);
    assert_int_equal(t.rows[2].monday, r.sheet.from_day + 7);
    assert_int_equal(t.n_customers, 1);
    assert_false(t.has_others);
}

static void test_iso_weeks(void **state)
{
    (void)state;
    static const struct {
        const char *monday;
        int year, week;
    } cases[] = {{"2025-12-29", 2026, 1}, {"2026-01-05", 2026, 2},  {"2026-12-28", 2026, 53},
                 {"2027-01-04", 2027, 1}, {"2020-12-28", 2020, 53}, {"2024-12-30", 2025, 1}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int32_t monday;
        int year;
        assert_int_equal(civil_parse_date(cases[i].monday, &monday), 0);
        assert_int_equal(when_iso_week(monday, &year), cases[i].week);
        assert_int_equal(year, cases[i].year);
        assert_int_equal(when_monday(monday + 6), monday);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_late_week),
                                       cmocka_unit_test(test_iso_weeks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
