/* Every row of the table in the Graph notes §5 as text, and the rules expanded by a library that reads RRULE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <libical/ical.h>

#include "base/attr.h"
#include "base/civil.h"
#include "model/rrule.h"

enum { MO = 1, TU = 2, WE = 4, TH = 8, FR = 16, SA = 32, SU = 64, WORKDAYS = 31, ALL = 127 };
enum { MONDAY = 0, SATURDAY = 5, SUNDAY = 6 };

static struct tz_cache *cache;

static int setup(void **state)
{
    (void)state;
    cache = tz_cache_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tz_cache_destroy(cache);
    return 0;
}

static const struct tz *zone(const char *name)
{
    const struct tz *tz = NULL;
    if (name) {
        assert_int_equal(tz_cache_get(cache, name, &tz, NULL), 0);
    }
    return tz;
}

static int32_t day(const char *text)
{
    int32_t d = 0;
    assert_int_equal(civil_parse_date(text, &d), 0);
    return d;
}

static int64_t wall(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(civil_parse_time(text, &ms), 0);
    return ms;
}

static const struct {
    const char *name;
    struct recurrence r;
    const char *text;
} patterns[] = {
    {"daily", {.type = RECUR_DAILY, .interval = 1}, "FREQ=DAILY;INTERVAL=1"},
    {"every third day", {.type = RECUR_DAILY, .interval = 3}, "FREQ=DAILY;INTERVAL=3"},
    {"the largest interval", {.type = RECUR_DAILY, .interval = 999}, "FREQ=DAILY;INTERVAL=999"},
    {"weekly, week from Sunday",
     {.type = RECUR_WEEKLY, .interval = 2, .days_of_week = TU | SU, .first_day_of_week = SUNDAY},
     "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU"},
    {"weekly, week from Monday: WKST all the same",
     {.type = RECUR_WEEKLY, .interval = 1, .days_of_week = FR, .first_day_of_week = MONDAY},
     "FREQ=WEEKLY;INTERVAL=1;BYDAY=FR;WKST=MO"},
    {"weekly, all days, week from Saturday",
     {.type = RECUR_WEEKLY, .interval = 1, .days_of_week = ALL, .first_day_of_week = SATURDAY},
     "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR,SA,SU;WKST=SA"},
    {"monthly, day 1",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 1},
     "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=1"},
    {"monthly, day 28",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 2, .day_of_month = 28},
     "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28"},
    {"monthly, day 29 clamped",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 29},
     "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=28,29;BYSETPOS=-1"},
    {"monthly, day 30 clamped",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 30},
     "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=28,29,30;BYSETPOS=-1"},
    {"monthly, day 31 is the last",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 31},
     "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1"},
    {"first Thursday",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 2, .days_of_week = TH, .index = 1},
     "FREQ=MONTHLY;INTERVAL=2;BYDAY=TH;BYSETPOS=1"},
    {"second of Thursday and Friday: one set",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = TH | FR, .index = 2},
     "FREQ=MONTHLY;INTERVAL=1;BYDAY=TH,FR;BYSETPOS=2"},
    {"third weekday",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = WORKDAYS, .index = 3},
     "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=3"},
    {"fourth weekend day",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = SA | SU, .index = 4},
     "FREQ=MONTHLY;INTERVAL=1;BYDAY=SA,SU;BYSETPOS=4"},
    {"last day of the month",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = ALL, .index = -1},
     "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1"},
    {"yearly",
     {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .month = 5, .day_of_month = 15},
     "FREQ=YEARLY;INTERVAL=1;BYMONTH=5;BYMONTHDAY=15"},
    {"yearly, 31 December",
     {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .month = 12, .day_of_month = 31},
     "FREQ=YEARLY;INTERVAL=1;BYMONTH=12;BYMONTHDAY=31"},
    {"yearly, 30 April exists always",
     {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .month = 4, .day_of_month = 30},
     "FREQ=YEARLY;INTERVAL=1;BYMONTH=4;BYMONTHDAY=30"},
    {"yearly, 31 April never does",
     {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .month = 4, .day_of_month = 31},
     "FREQ=YEARLY;INTERVAL=1;BYMONTH=4;BYMONTHDAY=30"},
    {"yearly, 29 February clamped",
     {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .month = 2, .day_of_month = 29},
     "FREQ=YEARLY;INTERVAL=1;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"},
    {"yearly, 31 February clamped",
     {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .month = 2, .day_of_month = 31},
     "FREQ=YEARLY;INTERVAL=1;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"},
    {"fourth Thursday of November",
     {.type = RECUR_RELATIVE_YEARLY, .interval = 1, .month = 11, .days_of_week = TH, .index = 4},
     "FREQ=YEARLY;INTERVAL=1;BYMONTH=11;BYDAY=TH;BYSETPOS=4"},
    {"last weekday of March, every other year",
     {.type = RECUR_RELATIVE_YEARLY, .interval = 2, .month = 3, .days_of_week = WORKDAYS, .index = -1},
     "FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
    {"daily: whatever does not belong to it is not looked at",
     {.type = RECUR_DAILY,
      .interval = 1,
      .month = 99,
      .day_of_month = 77,
      .days_of_week = 0xffff,
      .first_day_of_week = -4,
      .index = 9,
      .end_day = INT32_MIN,
      .count = -1},
     "FREQ=DAILY;INTERVAL=1"},
    {"monthly: the same",
     {.type = RECUR_ABSOLUTE_MONTHLY,
      .interval = 1,
      .month = 99,
      .day_of_month = 5,
      .days_of_week = 0xffff,
      .first_day_of_week = -4,
      .index = 9},
     "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=5"},
    {"count 1",
     {.type = RECUR_DAILY, .interval = 1, .end = RECUR_NUMBERED, .count = 1},
     "FREQ=DAILY;INTERVAL=1;COUNT=1"},
    {"the largest count",
     {.type = RECUR_DAILY, .interval = 1, .end = RECUR_NUMBERED, .count = 999, .end_day = INT32_MIN},
     "FREQ=DAILY;INTERVAL=1;COUNT=999"},
};

static void test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
        char text[RRULE_MAX] = "";
        struct err e = {0};
        int error = rrule_format(&patterns[i].r, false, 0, NULL, text, &e);
        if (error || strcmp(text, patterns[i].text) != 0) {
            fail_msg("%s: %d %s \"%s\"", patterns[i].name, error, e.msg, text);
        }
    }
}

static void test_until(void **state)
{
    static const struct {
        const char *name, *zone, *start, *end_date;
        bool is_all_day;
        const char *until;
    } rows[] = {
        {"no zone is UTC", NULL, "2026-01-05 09:30:00", "2026-06-30", false, "20260630T093000Z"},
        {"summer at the end of a winter series", "Europe/Berlin", "2026-01-05 09:30:00", "2026-06-30", false,
         "20260630T073000Z"},
        {"winter at the end of a summer series", "Europe/Berlin", "2026-07-06 09:30:15", "2026-12-31", false,
         "20261231T083015Z"},
        {"in UTC on the day before", "Asia/Tokyo", "2026-01-05 08:00:00", "2026-03-01", false,
         "20260228T230000Z"},
        {"in UTC on the day after", "America/Los_Angeles", "2026-01-05 20:00:00", "2026-12-31", false,
         "20270101T040000Z"},
        {"the repeated hour: the later one", "Europe/Berlin", "2026-01-05 02:30:00", "2026-10-25", false,
         "20261025T013000Z"},
        {"the skipped hour: with the offset before", "Europe/Berlin", "2026-01-05 02:30:00", "2026-03-29",
         false, "20260329T013000Z"},
        {"milliseconds are cut", "Europe/Berlin", "2026-01-05 09:30:15.999000", "2026-02-01", false,
         "20260201T083015Z"},
        {"a start before 1970", NULL, "1969-12-31 23:15:00", "1970-02-01", false, "19700201T231500Z"},
        {"all-day: the date, whatever the zone", "Asia/Tokyo", "2026-01-05 00:00:00", "2026-06-30", true,
         "20260630"},
        {"all-day without a zone", NULL, "2026-01-05 00:00:00", "2028-02-29", true, "20280229"},
        {"Outlook's last year", NULL, "2026-01-05 09:00:00", "4500-08-31", false, "45000831T090000Z"},
        {"not past the year 9999", "America/Los_Angeles", "2026-01-05 20:00:00", "9999-12-31", false,
         "99991231T235959Z"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct recurrence r = {
            .type = RECUR_DAILY, .interval = 1, .end = RECUR_END_DATE, .end_day = day(rows[i].end_date)};
        char text[RRULE_MAX] = "", expected[RRULE_MAX];
        struct err e = {0};
        int error = rrule_format(&r, rows[i].is_all_day, wall(rows[i].start), zone(rows[i].zone), text, &e);
        snprintf(expected, sizeof expected, "FREQ=DAILY;INTERVAL=1;UNTIL=%s", rows[i].until);
        if (error || strcmp(text, expected) != 0) {
            fail_msg("%s: %d %s \"%s\"", rows[i].name, error, e.msg, text);
        }
    }
}

static const struct {
    const char *name;
    struct recurrence r;
    const char *says; /* part of the message */
} refused[] = {
    {"interval 0", {.type = RECUR_DAILY, .interval = 0}, "interval is 0, must be 1 to 999"},
    {"interval below 0", {.type = RECUR_DAILY, .interval = -1}, "interval"},
    {"interval above the limit", {.type = RECUR_DAILY, .interval = 1000}, "interval"},
    {"weekly without days", {.type = RECUR_WEEKLY, .interval = 1}, "daysOfWeek"},
    {"an eighth day", {.type = RECUR_WEEKLY, .interval = 1, .days_of_week = 128}, "daysOfWeek"},
    {"week from nowhere",
     {.type = RECUR_WEEKLY, .interval = 1, .days_of_week = MO, .first_day_of_week = 7},
     "firstDayOfWeek"},
    {"day 0 (unset)", {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1}, "dayOfMonth is 0"},
    {"day 32", {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 32}, "dayOfMonth is 32"},
    {"relative without days", {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .index = 1}, "daysOfWeek"},
    {"index 0", {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = MO}, "index is 0"},
    {"index 5",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = MO, .index = 5},
     "index is 5"},
    {"index -2",
     {.type = RECUR_RELATIVE_YEARLY, .interval = 1, .month = 1, .days_of_week = MO, .index = -2},
     "index is -2"},
    {"month 0 (unset)", {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .day_of_month = 1}, "month is 0"},
    {"month 13",
     {.type = RECUR_RELATIVE_YEARLY, .interval = 1, .month = 13, .days_of_week = MO, .index = 1},
     "month is 13"},
    {"yearly on day 0", {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .month = 3}, "dayOfMonth is 0"},
    {"count 0 (unset)",
     {.type = RECUR_DAILY, .interval = 1, .end = RECUR_NUMBERED},
     "numberOfOccurrences is 0"},
    {"count above the limit",
     {.type = RECUR_DAILY, .interval = 1, .end = RECUR_NUMBERED, .count = 1000},
     "numberOfOccurrences is 1000"},
    {"end 0001-01-01 (unset)",
     {.type = RECUR_DAILY, .interval = 1, .end = RECUR_END_DATE, .end_day = -719162},
     "endDate"},
    {"end after 9999",
     {.type = RECUR_DAILY, .interval = 1, .end = RECUR_END_DATE, .end_day = INT32_MAX},
     "endDate"},
    {"a type from nowhere", {.type = (enum recurrence_type)42, .interval = 1}, "type 42"},
    {"an end from nowhere", {.type = RECUR_DAILY, .interval = 1, .end = (enum recurrence_end)42}, "type 42"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        char text[RRULE_MAX] = "untouched";
        struct err e = {0};
        int error = rrule_format(&refused[i].r, false, 0, NULL, text, &e);
        if (error != ERR_INVALID || e.code != ERR_INVALID || !strstr(e.msg, refused[i].says) ||
            strcmp(text, "untouched") != 0 ||
            rrule_format(&refused[i].r, false, 0, NULL, text, NULL) != ERR_INVALID) {
            fail_msg("%s: %d \"%s\" %s", refused[i].name, error, e.msg, text);
        }
    }
}

/* The first occurrences from `start` on as MM-DD, parted by blanks, up to n of them. */
static void expand(const char *rule, const char *start, int n, char *out, size_t size)
{
    struct icalrecurrencetype recur = icalrecurrencetype_from_string(rule);
    icalrecur_iterator *it = icalrecur_iterator_new(recur, icaltime_from_string(start));
    size_t len = 0;
    assert_non_null(it);
    for (int i = 0; i < n; i++) {
        struct icaltimetype t = icalrecur_iterator_next(it);
        if (icaltime_is_null_time(t)) {
            break;
        }
        len += (size_t)snprintf(out + len, size - len, "%s%02d-%02d", i ? " " : "", t.month, t.day);
        assert_true(len < size);
    }
    icalrecur_iterator_free(it);
}

static const struct {
    const char *name, *start;
    struct recurrence r;
    const char *dates;
} expanded[] = {
    {"day 31 is each month's last",
     "20260131T090000",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 31},
     "01-31 02-28 03-31 04-30 05-31 06-30 07-31 08-31"},
    {"day 30 clamps in February",
     "20260130T090000",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 30},
     "01-30 02-28 03-30 04-30 05-30 06-30 07-30 08-30"},
    {"day 30 clamps to 29 in a leap year",
     "20280130T090000",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 30},
     "01-30 02-29 03-30 04-30 05-30 06-30 07-30 08-30"},
    {"day 29 clamps in February",
     "20260129T090000",
     {.type = RECUR_ABSOLUTE_MONTHLY, .interval = 1, .day_of_month = 29},
     "01-29 02-28 03-29 04-29 05-29 06-29 07-29 08-29"},
    {"29 February clamps in the years between",
     "20280229T090000",
     {.type = RECUR_ABSOLUTE_YEARLY, .interval = 1, .month = 2, .day_of_month = 29},
     "02-29 02-28 02-28 02-28 02-29 02-28 02-28 02-28"},
    {"second of Thursday and Friday is one day",
     "20260102T090000",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = TH | FR, .index = 2},
     "01-02 02-06 03-06 04-03 05-07 06-05 07-03 08-07"},
    {"last weekday",
     "20260130T090000",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = WORKDAYS, .index = -1},
     "01-30 02-27 03-31 04-30 05-29 06-30 07-31 08-31"},
    {"last day by days of the week",
     "20260131T090000",
     {.type = RECUR_RELATIVE_MONTHLY, .interval = 1, .days_of_week = ALL, .index = -1},
     "01-31 02-28 03-31 04-30 05-31 06-30 07-31 08-31"},
    {"fourth Thursday of November",
     "20261126T090000",
     {.type = RECUR_RELATIVE_YEARLY, .interval = 1, .month = 11, .days_of_week = TH, .index = 4},
     "11-26 11-25 11-23 11-22 11-28 11-27 11-25 11-24"},
    {"every other week from Tuesday, week from Sunday",
     "19970805T090000",
     {.type = RECUR_WEEKLY,
      .interval = 2,
      .days_of_week = TU | SU,
      .first_day_of_week = SUNDAY,
      .end = RECUR_NUMBERED,
      .count = 4},
     "08-05 08-17 08-19 08-31"},
    {"every other week from Tuesday, week from Monday",
     "19970805T090000",
     {.type = RECUR_WEEKLY,
      .interval = 2,
      .days_of_week = TU | SU,
      .first_day_of_week = MONDAY,
      .end = RECUR_NUMBERED,
      .count = 4},
     "08-05 08-10 08-19 08-24"},
};

static void test_expanded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(expanded); i++) {
        char rule[RRULE_MAX], dates[128] = "";
        assert_int_equal(rrule_format(&expanded[i].r, false, 0, NULL, rule, NULL), 0);
        expand(rule, expanded[i].start, 8, dates, sizeof dates);
        if (strcmp(dates, expanded[i].dates) != 0) {
            fail_msg("%s: %s gives %s", expanded[i].name, rule, dates);
        }
    }
}

/* The end date itself still has its occurrence, the day after has none. */
static void test_until_is_inclusive(void **state)
{
    struct recurrence r = {
        .type = RECUR_DAILY, .interval = 1, .end = RECUR_END_DATE, .end_day = day("2026-01-07")};
    char rule[RRULE_MAX], dates[64] = "";
    (void)state;
    assert_int_equal(rrule_format(&r, false, wall("2026-01-05 09:30:00"), NULL, rule, NULL), 0);
    expand(rule, "20260105T093000Z", 8, dates, sizeof dates);
    assert_string_equal(dates, "01-05 01-06 01-07");
    assert_int_equal(rrule_format(&r, true, wall("2026-01-05 00:00:00"), NULL, rule, NULL), 0);
    expand(rule, "20260105", 8, dates, sizeof dates);
    assert_string_equal(dates, "01-05 01-06 01-07");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_expanded),
        cmocka_unit_test(test_until_is_inclusive),
    };
    return cmocka_run_group_tests_name("rrule", tests, setup, teardown);
}
