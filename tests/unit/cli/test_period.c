/* Which days --from and --to, --week and --month mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/civil.h"
#include "cli/period.h"

#define TODAY "2026-03-10"

static int32_t day_of(const char *text)
{
    int32_t day = 0;
    assert_int_equal(civil_parse_date(text, &day), 0);
    return day;
}

/* What the command line `words` means, as period_format writes it; "" where no period is given, the message
 * of an error. */
static void check(const char *name, const char *words, const char *expected)
{
    static const struct arg_spec specs[] = {
        {"--from", ARG_DATE, false, "DATE", 0, 0},     {"--to", ARG_DATE, false, "DATE", 0, 0},
        {"--week", ARG_TEXT, false, "YYYY-Www", 0, 0}, {"--month", ARG_TEXT, false, "YYYY-MM", 0, 0},
        {NULL, ARG_FLAG, false, NULL, 0, 0},
    };
    char line[128], *argv[8];
    int argc = 0;
    snprintf(line, sizeof line, "%s", words);
    for (char *at = line; *at;) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at) {
            *at++ = '\0';
        }
    }
    struct args a;
    struct err e = {0};
    struct period period = {0};
    bool is_given = false;
    char text[PERIOD_TEXT_LEN + 1] = "";
    args_init(&a, specs);
    assert_int_equal(args_parse(&a, NULL, argc, argv, &e), 0);
    int r = period_read(&a, day_of(TODAY), &is_given, &period, &e);
    if (r == 0 && is_given) {
        period_format(period, text);
    }
    const char *got = r < 0 ? e.msg : text;
    if (strcmp(got, expected) != 0) {
        fail_msg("%s: \"%s\" is \"%s\" instead of \"%s\"", name, words, got, expected);
    }
    assert_true(r == 0 || r == ERR_INVALID);
}

static void test_periods(void **state)
{
    (void)state;
    static const struct {
        const char *name, *words, *expected;
    } rows[] = {
        {"nothing", "", ""},
        {"both days are in it", "--from 2026-03-02 --to 2026-03-08", "2026-03-02 to 2026-03-08"},
        {"one day", "--from 2026-03-02", "2026-03-02"},
        {"the same day twice", "--from 2026-03-02 --to 2026-03-02", "2026-03-02"},
        {"words for days", "--from yesterday --to today", "2026-03-09 to 2026-03-10"},
        {"an end without a beginning", "--to 2026-03-02", "--to needs --from"},
        {"reversed", "--from 2026-03-03 --to 2026-03-02", "--to is before --from"},
        {"the longest", "--from 2016-03-03 --to 2026-03-10", "2016-03-03 to 2026-03-10"},
        {"a century", "--from 1926-03-03 --to 2026-03-02",
         "--from and --to are 36525 days apart; at most 3660 are allowed"},
        {"a week", "--week 2026-W10", "2026-03-02 to 2026-03-08"},
        {"week 1 that begins in December", "--week 2026-W01", "2025-12-29 to 2026-01-04"},
        {"week 1 that begins in January", "--week 2027-W01", "2027-01-04 to 2027-01-10"},
        {"week 53 of a year that has it", "--week 2026-W53", "2026-12-28 to 2027-01-03"},
        {"week 53 of a year that has 52", "--week 2025-W53", "--week: 2025 has no week 53"},
        {"week 53 of a leap year that begins on Wednesday", "--week 2020-W53", "2020-12-28 to 2021-01-03"},
        {"week 0", "--week 2026-W00", "--week: \"2026-W00\" is not a week (YYYY-Www, like 2026-W10)"},
        {"week 54", "--week 2026-W54", "--week: 2026 has no week 54"},
        {"a week without W", "--week 2026-10", "--week: \"2026-10\" is not a week (YYYY-Www, like 2026-W10)"},
        {"a small w", "--week 2026-w10", "--week: \"2026-w10\" is not a week (YYYY-Www, like 2026-W10)"},
        {"a week with one digit", "--week 2026-W1",
         "--week: \"2026-W1\" is not a week (YYYY-Www, like 2026-W10)"},
        {"a week with a tail", "--week 2026-W101",
         "--week: \"2026-W101\" is not a week (YYYY-Www, like 2026-W10)"},
        {"a month", "--month 2026-03", "2026-03-01 to 2026-03-31"},
        {"February of a leap year", "--month 2028-02", "2028-02-01 to 2028-02-29"},
        {"February of a century that is none", "--month 2100-02", "2100-02-01 to 2100-02-28"},
        {"December", "--month 2026-12", "2026-12-01 to 2026-12-31"},
        {"month 13", "--month 2026-13", "--month: \"2026-13\" is not a month (YYYY-MM, like 2026-03)"},
        {"month 0", "--month 2026-00", "--month: \"2026-00\" is not a month (YYYY-MM, like 2026-03)"},
        {"a month that is a date", "--month 2026-03-01",
         "--month: \"2026-03-01\" is not a month (YYYY-MM, like 2026-03)"},
        {"a month with a sign", "--month 2026-+3",
         "--month: \"2026-+3\" is not a month (YYYY-MM, like 2026-03)"},
        {"year 0", "--month 0000-03", "--month: \"0000-03\" is not a month (YYYY-MM, like 2026-03)"},
        {"a week and a month", "--week 2026-W10 --month 2026-03",
         "a period is one of --from and --to, --week, or --month"},
        {"a day and a week", "--from 2026-03-01 --week 2026-W10",
         "a period is one of --from and --to, --week, or --month"},
        {"an end and a month", "--to 2026-03-01 --month 2026-03",
         "a period is one of --from and --to, --week, or --month"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check(rows[i].name, rows[i].words, rows[i].expected);
    }
}

/* Every Monday of forty years is the first day of exactly one week: none is skipped and none has two names.
 */
static void test_weeks_follow_each_other(void **state)
{
    (void)state;
    int32_t monday = day_of("2000-01-03");
    for (int year = 2000; year < 2040; year++) {
        for (int week = 1; week <= 53; week++) {
            char text[16];
            struct period period;
            struct err e = {0};
            snprintf(text, sizeof text, "%04d-W%02d", year, week);
            if (period_from_week(text, &period, &e) < 0) {
                assert_int_equal(week, 53);
                continue;
            }
            assert_int_equal(period.from_day, monday);
            assert_int_equal(civil_weekday(period.from_day), 0);
            monday = period.to_day;
        }
    }
}

static void test_month_so_far(void **state)
{
    (void)state;
    static const struct {
        const char *today, *expected;
    } rows[] = {
        {"2026-03-10", "2026-03-01 to 2026-03-10"},
        {"2026-03-01", "2026-03-01"},
        {"2026-12-31", "2026-12-01 to 2026-12-31"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[PERIOD_TEXT_LEN + 1];
        period_format(period_month_so_far(day_of(rows[i].today)), text);
        assert_string_equal(text, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_weeks_follow_each_other),
        cmocka_unit_test(test_month_so_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
