/* Dates and times without a zone: the arithmetic, and what the readers take and refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "base/attr.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/err.h"

static const struct date_row {
    const char *name;
    struct civil_date date;
    int32_t day;
    int weekday;
} date_rows[] = {
    {"epoch, a Thursday", {1970, 1, 1}, 0, 3},
    {"the day before", {1969, 12, 31}, -1, 2},
    {"leap day of a century that has one", {2000, 2, 29}, 11016, 1},
    {"day after it", {2000, 3, 1}, 11017, 2},
    {"28 February of a century without", {1900, 2, 28}, -25509, 2},
    {"1 March of it", {1900, 3, 1}, -25508, 3},
    {"a Sunday", {2026, 3, 29}, 20541, 6},
    {"a Monday", {2026, 3, 30}, 20542, 0},
    {"first day that has a text", {1, 1, 1}, -719162, 0},
    {"last day that has a text", {9999, 12, 31}, 2932896, 4},
    {"year 0, a leap year", {0, 2, 29}, -719469, 1},
};

static void days_and_weekdays(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(date_rows); i++) {
        const struct date_row *row = &date_rows[i];
        struct civil_date back = civil_from_day(row->day);
        if (civil_to_day(row->date) != row->day || civil_weekday(row->day) != row->weekday ||
            back.year != row->date.year || back.month != row->date.month || back.day != row->date.day) {
            fail_msg("%s: day %d weekday %d back %d-%d-%d", row->name, civil_to_day(row->date),
                     civil_weekday(row->day), back.year, back.month, back.day);
        }
    }
}

/* Walks every day of 2,800 years by counting, which knows nothing of the arithmetic under test. */
static void every_day_in_order(void **state UNUSED)
{
    int32_t day = civil_to_day((struct civil_date){-400, 1, 1});
    for (int year = -400; year < 2400; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int mday = 1; mday <= civil_days_in_month(year, month); mday++, day++) {
                struct civil_date back = civil_from_day(day);
                if (civil_to_day((struct civil_date){year, month, mday}) != day || back.year != year ||
                    back.month != month || back.day != mday) {
                    fail_msg("%d-%d-%d", year, month, mday);
                }
            }
        }
    }
}

static void same_as_libc(void **state UNUSED)
{
    unsigned seed;
    clock_real.random(&clock_real, &seed, sizeof seed);
    print_message("seed %u\n", seed);
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        int32_t day = (int32_t)(seed % 4000000u) - 1000000;
        time_t t = (time_t)day * 86400;
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        struct civil_date d = civil_from_day(day);
        assert_int_equal(d.year, tm.tm_year + 1900);
        assert_int_equal(d.month, tm.tm_mon + 1);
        assert_int_equal(d.day, tm.tm_mday);
        assert_int_equal((civil_weekday(day) + 1) % 7, tm.tm_wday);
    }
}

static void days_of_months(void **state UNUSED)
{
    assert_int_equal(civil_days_in_month(2023, 2), 28);
    assert_int_equal(civil_days_in_month(2024, 2), 29);
    assert_int_equal(civil_days_in_month(1900, 2), 28);
    assert_int_equal(civil_days_in_month(2000, 2), 29);
    assert_int_equal(civil_days_in_month(2026, 4), 30);
    assert_int_equal(civil_days_in_month(2026, 12), 31);
}

static void day_of_a_time_rounds_down(void **state UNUSED)
{
    assert_int_equal(civil_day_of(0), 0);
    assert_int_equal(civil_day_of(-1), -1);
    assert_int_equal(civil_day_of(MS_PER_DAY - 1), 0);
    assert_int_equal(civil_day_of(-MS_PER_DAY), -1);
    assert_int_equal(civil_day_of(-MS_PER_DAY - 1), -2);
    assert_int_equal(civil_day_of(INT64_MAX), INT32_MAX);
    assert_int_equal(civil_day_of(INT64_MIN), INT32_MIN);
}

static void formats(void **state UNUSED)
{
    char date[CIVIL_DATE_LEN + 1];
    char text[CIVIL_TIME_LEN + 1];
    civil_format_date(20541, date);
    assert_string_equal(date, "2026-03-29");
    civil_format_date(INT32_MAX, date);
    assert_string_equal(date, "9999-12-31");
    civil_format_date(INT32_MIN, date);
    assert_string_equal(date, "0001-01-01");
    civil_format_time(0, text);
    assert_string_equal(text, "1970-01-01 00:00:00.000000");
    civil_format_time(-1, text);
    assert_string_equal(text, "1969-12-31 23:59:59.999000");
    civil_format_time(INT64_MAX, text);
    assert_memory_equal(text, "9999-12-31 ", 11);
    civil_format_time(INT64_MIN, text);
    assert_memory_equal(text, "0001-01-01 ", 11);
}

static const struct text_row {
    const char *name;
    const char *text;
    int result;
    int64_t value;
} dates[] = {
    {"plain", "2026-03-29", 0, 20541},
    {"leap day", "2024-02-29", 0, 19782},
    {"first", "0001-01-01", 0, -719162},
    {"last", "9999-12-31", 0, 2932896},
    {"no leap day", "2023-02-29", ERR_INVALID, 0},
    {"31 April", "2026-04-31", ERR_INVALID, 0},
    {"month 0", "2026-00-10", ERR_INVALID, 0},
    {"month 13", "2026-13-10", ERR_INVALID, 0},
    {"day 0", "2026-01-00", ERR_INVALID, 0},
    {"year 0", "0000-01-01", ERR_INVALID, 0},
    {"empty", "", ERR_INVALID, 0},
    {"short", "2026-03-2", ERR_INVALID, 0},
    {"long", "2026-03-290", ERR_INVALID, 0},
    {"one-digit month", "2026-3-29", ERR_INVALID, 0},
    {"space before", " 2026-03-29", ERR_INVALID, 0},
    {"space behind", "2026-03-29 ", ERR_INVALID, 0},
    {"sign", "+026-03-29", ERR_INVALID, 0},
    {"slashes", "2026/03/29", ERR_INVALID, 0},
    {"time behind", "2026-03-29T00:00", ERR_INVALID, 0},
    {"letters", "2O26-03-29", ERR_INVALID, 0},
};

static const struct text_row times[] = {
    {"with fraction", "1970-01-01 00:00:00.000000", 0, 0},
    {"without", "1970-01-02 00:00:01", 0, 86401000},
    {"microseconds are cut", "1970-01-01 00:00:00.001999", 0, 1},
    {"before 1970", "1969-12-31 23:59:59.999000", 0, -1},
    {"last", "9999-12-31 23:59:59.999999", 0, 253402300799999},
    {"T for the space", "1970-01-01T00:00:00", ERR_INVALID, 0},
    {"no seconds", "1970-01-01 00:00", ERR_INVALID, 0},
    {"24:00", "1970-01-01 24:00:00", ERR_INVALID, 0},
    {"minute 60", "1970-01-01 00:60:00", ERR_INVALID, 0},
    {"leap second", "2016-12-31 23:59:60", ERR_INVALID, 0},
    {"empty fraction", "1970-01-01 00:00:00.", ERR_INVALID, 0},
    {"zone behind", "1970-01-01 00:00:00Z", ERR_INVALID, 0},
    {"date alone", "1970-01-01", ERR_INVALID, 0},
};

static void parses_dates(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        int32_t day = 77;
        int r = civil_parse_date(dates[i].text, &day);
        if (r != dates[i].result || day != (r == 0 ? dates[i].value : 77)) {
            fail_msg("%s: %d, day %d", dates[i].name, r, day);
        }
    }
}

static void parses_times(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int64_t ms = 77;
        int r = civil_parse_time(times[i].text, &ms);
        if (r != times[i].result || ms != (r == 0 ? times[i].value : 77)) {
            fail_msg("%s: %d, %lld ms", times[i].name, r, (long long)ms);
        }
    }
}

#define HOURS(h) ((h)*MS_PER_HOUR)

static const struct iso_row {
    const char *name;
    const char *text;
    int result;
    struct civil_stamp stamp;
} iso_rows[] = {
    {"what Graph writes", "1970-01-02T03:04:05.0000000", 0, {97445000, false, 0}},
    {"UTC", "1970-01-02T03:04:05Z", 0, {97445000, true, 0}},
    {"UTC with fraction", "1970-01-01T00:00:00.1234567Z", 0, {123, true, 0}},
    {"no seconds", "1970-01-01T01:00", 0, {3600000, false, 0}},
    {"no seconds, offset", "1970-01-01T01:00+02:00", 0, {3600000, true, HOURS(2)}},
    {"west", "1970-01-01T00:00:00-05:30", 0, {0, true, -HOURS(5) - 1800000}},
    {"one digit of fraction", "1970-01-01T00:00:00.5", 0, {500, false, 0}},
    {"nine digits of fraction", "1970-01-01T00:00:00.999999999", 0, {999, false, 0}},
    {"furthest offset", "1970-01-01T00:00:00+23:59", 0, {0, true, HOURS(24) - 60000}},
    {"ten digits of fraction", "1970-01-01T00:00:00.0000000000", ERR_INVALID, {0}},
    {"empty fraction", "1970-01-01T00:00:00.", ERR_INVALID, {0}},
    {"empty fraction and Z", "1970-01-01T00:00:00.Z", ERR_INVALID, {0}},
    {"comma", "1970-01-01T00:00:00,5", ERR_INVALID, {0}},
    {"fraction of a minute", "1970-01-01T00:00.5", ERR_INVALID, {0}},
    {"space for the T", "1970-01-01 00:00:00", ERR_INVALID, {0}},
    {"small t", "1970-01-01t00:00:00", ERR_INVALID, {0}},
    {"small z", "1970-01-01T00:00:00z", ERR_INVALID, {0}},
    {"date alone", "1970-01-01", ERR_INVALID, {0}},
    {"hour alone", "1970-01-01T00", ERR_INVALID, {0}},
    {"24:00", "1970-01-01T24:00:00", ERR_INVALID, {0}},
    {"leap second", "2016-12-31T23:59:60Z", ERR_INVALID, {0}},
    {"30 February", "2026-02-30T00:00:00Z", ERR_INVALID, {0}},
    {"offset without minutes", "1970-01-01T00:00:00+02", ERR_INVALID, {0}},
    {"offset without colon", "1970-01-01T00:00:00+0200", ERR_INVALID, {0}},
    {"offset of a day", "1970-01-01T00:00:00+24:00", ERR_INVALID, {0}},
    {"offset minute 60", "1970-01-01T00:00:00+01:60", ERR_INVALID, {0}},
    {"both", "1970-01-01T00:00:00Z+01:00", ERR_INVALID, {0}},
    {"rubbish behind", "1970-01-01T00:00:00Z ", ERR_INVALID, {0}},
    {"zone name behind", "1970-01-01T00:00:00[Europe/Berlin]", ERR_INVALID, {0}},
    {"empty", "", ERR_INVALID, {0}},
    {"year of five digits", "10000-01-01T00:00:00", ERR_INVALID, {0}},
};

static void parses_iso(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(iso_rows); i++) {
        const struct iso_row *row = &iso_rows[i];
        struct civil_stamp got = {0};
        int r = civil_parse_iso(row->text, &got);
        if (r != row->result || got.wall_ms != row->stamp.wall_ms ||
            got.has_offset != row->stamp.has_offset || got.offset_ms != row->stamp.offset_ms) {
            fail_msg("%s: %d, %lld ms, offset %lld", row->name, r, (long long)got.wall_ms,
                     (long long)got.offset_ms);
        }
    }
}

/* Every prefix of a good text ends at the end of its memory: a reader that looks past the NUL is caught by
 * the sanitizer, and none but the whole lengths of the grammar are taken. */
static void prefixes_are_not_read_past(void **state UNUSED)
{
    const char *whole = "2026-03-29T01:59:59.1234567+02:00";
    int taken = 0;
    for (size_t len = 0; len <= strlen(whole); len++) {
        char *copy = strndup(whole, len);
        struct civil_stamp stamp;
        taken += civil_parse_iso(copy, &stamp) == 0;
        free(copy);
    }
    assert_int_equal(taken, 1 + 1 + 7 + 1); /* minutes, seconds, one to seven digits, all of it */
}

static void what_is_written_is_read_back(void **state UNUSED)
{
    unsigned seed;
    clock_real.random(&clock_real, &seed, sizeof seed);
    print_message("seed %u\n", seed);
    for (int i = 0; i < 20000; i++) {
        char text[CIVIL_TIME_LEN + 1];
        int64_t back;
        seed = seed * 1664525 + 1013904223;
        int64_t ms = (int64_t)seed * 58000 + seed % 1000 - 60000000000000;
        civil_format_time(ms, text);
        assert_int_equal(civil_parse_time(text, &back), 0);
        assert_int_equal(back, ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_weekdays),
        cmocka_unit_test(every_day_in_order),
        cmocka_unit_test(same_as_libc),
        cmocka_unit_test(days_of_months),
        cmocka_unit_test(day_of_a_time_rounds_down),
        cmocka_unit_test(formats),
        cmocka_unit_test(parses_dates),
        cmocka_unit_test(parses_times),
        cmocka_unit_test(parses_iso),
        cmocka_unit_test(prefixes_are_not_read_past),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
