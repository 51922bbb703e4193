/* When a job is due: named cases around clock changes, and the rule that every local day, week and month has
 * one slot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "model/schedule.h"

static struct tz_cache *zones;

static const struct tz *zone(const char *name)
{
    const struct tz *tz;
    assert_int_equal(tz_cache_get(zones, name, &tz, NULL), 0);
    return tz;
}

static int64_t utc(const char *text)
{
    int64_t ms;
    assert_int_equal(civil_parse_time(text, &ms), 0);
    return ms;
}

struct next_case {
    const char *name;
    const char *zone;
    struct schedule schedule;
    const char *after;
    const char *want;
};

static void test_next(void **state)
{
    (void)state;
#define DAILY(h, m)                                                                                          \
    {                                                                                                        \
        .type = SCHEDULE_DAILY, .hour = (h), .minute = (m)                                                   \
    }
#define WEEKLY(d, h, m)                                                                                      \
    {                                                                                                        \
        .type = SCHEDULE_WEEKLY, .hour = (h), .minute = (m), .day_of_week = (d)                              \
    }
#define MONTHLY(d, h, m)                                                                                     \
    {                                                                                                        \
        .type = SCHEDULE_MONTHLY, .hour = (h), .minute = (m), .day_of_month = (d)                            \
    }
    const struct next_case cases[] = {
        {"winter", "Europe/Berlin", DAILY(23, 59), "2026-01-10 12:00:00", "2026-01-10 22:59:00"},
        {"exactly due is not after", "Europe/Berlin", DAILY(23, 59), "2026-01-10 22:59:00",
         "2026-01-11 22:59:00"},
        {"summer", "Europe/Berlin", DAILY(23, 59), "2026-07-10 12:00:00", "2026-07-10 21:59:00"},
        {"gap: first valid instant", "Europe/Berlin", DAILY(2, 30), "2026-03-28 12:00:00",
         "2026-03-29 01:00:00"},
        {"after the gap: normal again", "Europe/Berlin", DAILY(2, 30), "2026-03-29 01:00:00",
         "2026-03-30 00:30:00"},
        {"fold: the first", "Europe/Berlin", DAILY(2, 30), "2026-10-24 12:00:00", "2026-10-25 00:30:00"},
        {"fold: once only", "Europe/Berlin", DAILY(2, 30), "2026-10-25 00:30:00", "2026-10-26 01:30:00"},
        {"midnight gap in Santiago", "America/Santiago", DAILY(0, 0), "2026-09-05 12:00:00",
         "2026-09-06 04:00:00"},
        {"half-hour gap on Lord Howe", "Australia/Lord_Howe", DAILY(2, 15), "2026-10-03 12:00:00",
         "2026-10-03 15:30:00"},
        {"weekly, later today", "Europe/Berlin", WEEKLY(0, 9, 0), "2026-03-02 07:00:00",
         "2026-03-02 08:00:00"},
        {"weekly, next week", "Europe/Berlin", WEEKLY(0, 9, 0), "2026-03-02 08:00:00", "2026-03-09 08:00:00"},
        {"weekly, sunday", "UTC", WEEKLY(6, 0, 0), "2026-03-02 08:00:00", "2026-03-08 00:00:00"},
        {"monthly", "UTC", MONTHLY(15, 6, 0), "2026-03-16 00:00:00", "2026-04-15 06:00:00"},
        {"day 31 in April", "UTC", MONTHLY(31, 6, 0), "2026-03-31 07:00:00", "2026-04-30 06:00:00"},
        {"day 30 in February", "UTC", MONTHLY(30, 6, 0), "2026-01-30 07:00:00", "2026-02-28 06:00:00"},
        {"across the year", "UTC", MONTHLY(31, 6, 0), "2026-12-31 07:00:00", "2027-01-31 06:00:00"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t got = schedule_next(&cases[i].schedule, zone(cases[i].zone), utc(cases[i].after));
        if (got != utc(cases[i].want)) {
            char text[CIVIL_TIME_LEN + 1];
            civil_format_time(got, text);
            print_error("case \"%s\": %s\n", cases[i].name, text);
        }
        assert_int_equal(got, utc(cases[i].want));
    }
    struct schedule manual = {.type = SCHEDULE_MANUAL};
    assert_int_equal(schedule_next(&manual, zone("UTC"), 0), SCHEDULE_NEVER);
}

/* Each local day has exactly one slot, whatever the clock does there. */
static void test_one_slot_a_day(void **state)
{
    (void)state;
    const char *names[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago",
                           "Africa/Cairo",  "Asia/Kathmandu",   "America/Nuuk",        "Australia/Sydney"};
    const struct schedule schedules[] = {DAILY(0, 0), DAILY(0, 30), DAILY(1, 30),
                                         DAILY(2, 0), DAILY(2, 30), DAILY(23, 59)};
    for (size_t z = 0; z < ARRAY_LEN(names); z++) {
        for (size_t k = 0; k < ARRAY_LEN(schedules); k++) {
            const struct tz *tz = zone(names[z]);
            int32_t day = civil_to_day((struct civil_date){2025, 1, 1});
            int64_t at = schedule_instant(&schedules[k], tz, day);
            for (int i = 0; i < 800; i++) {
                at = schedule_next(&schedules[k], tz, at);
                day++;
                assert_int_equal(at, schedule_instant(&schedules[k], tz, day));
            }
        }
    }
}

static void test_window(void **state)
{
    (void)state;
    int32_t from, to;
    /* 23:30 UTC on the 1st is the 2nd in Berlin: yesterday is the 1st. */
    schedule_window(zone("Europe/Berlin"), utc("2026-03-01 23:30:00"), 7, &from, &to);
    assert_int_equal(to, civil_to_day((struct civil_date){2026, 3, 2}));
    assert_int_equal(to - from, 7);
}

static void test_sheet_period(void **state)
{
    (void)state;
    const struct {
        const char *name;
        struct schedule schedule;
        const char *at; /* UTC; in Berlin an hour or two later */
        const char *from, *to;
    } cases[] = {
        {"weekly on a Monday", {.type = SCHEDULE_WEEKLY}, "2026-03-09 05:00:00", "2026-03-02", "2026-03-09"},
        {"weekly on a Sunday", {.type = SCHEDULE_WEEKLY}, "2026-03-15 05:00:00", "2026-03-02", "2026-03-09"},
        {"Monday in Berlin already",
         {.type = SCHEDULE_WEEKLY},
         "2026-03-08 23:30:00",
         "2026-03-02",
         "2026-03-09"},
        {"over the year", {.type = SCHEDULE_WEEKLY}, "2027-01-04 05:00:00", "2026-12-28", "2027-01-04"},
        {"monthly", {.type = SCHEDULE_MONTHLY}, "2026-03-01 05:00:00", "2026-02-01", "2026-03-01"},
        {"monthly at the end", {.type = SCHEDULE_MONTHLY}, "2026-03-31 12:00:00", "2026-02-01", "2026-03-01"},
        {"leap February", {.type = SCHEDULE_MONTHLY}, "2028-03-05 05:00:00", "2028-02-01", "2028-03-01"},
        {"January", {.type = SCHEDULE_MONTHLY}, "2027-01-02 05:00:00", "2026-12-01", "2027-01-01"},
        {"daily", {.type = SCHEDULE_DAILY}, "2026-03-09 23:30:00", "2026-03-09", "2026-03-10"},
        {"manual: its days", {.type = SCHEDULE_MANUAL}, "2026-03-11 05:00:00", "2026-03-01", "2026-03-11"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int32_t from, to;
        char from_text[CIVIL_DATE_LEN + 1], to_text[CIVIL_DATE_LEN + 1];
        schedule_sheet_period(&cases[i].schedule, zone("Europe/Berlin"), utc(cases[i].at), 10, &from, &to);
        civil_format_date(from, from_text);
        civil_format_date(to, to_text);
        if (strcmp(from_text, cases[i].from) != 0 || strcmp(to_text, cases[i].to) != 0) {
            fail_msg("%s: %s to %s", cases[i].name, from_text, to_text);
        }
    }
}

static int open_zones(void **state)
{
    (void)state;
    zones = tz_cache_create(NULL);
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    tz_cache_destroy(zones);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_next, open_zones, close_zones),
        cmocka_unit_test_setup_teardown(test_one_slot_a_day, open_zones, close_zones),
        cmocka_unit_test_setup_teardown(test_window, open_zones, close_zones),
        cmocka_unit_test_setup_teardown(test_sheet_period, open_zones, close_zones),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
