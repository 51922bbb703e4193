#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "graph/recurrence_json.h"

/* Members as the published samples send them: those of other types hold sentinels. */
#define SENTINELS "\"month\":0,\"dayOfMonth\":0,\"firstDayOfWeek\":\"sunday\",\"index\":\"first\""
#define NO_END                                                                                               \
    "\"range\":{\"type\":\"noEnd\",\"startDate\":\"2024-05-06\",\"endDate\":\"0001-01-01\","                 \
    "\"recurrenceTimeZone\":\"UTC\",\"numberOfOccurrences\":0}"
#define PATTERN(text) "{\"pattern\":{" text "}," NO_END "}"
#define RANGE(text)   "{\"pattern\":{\"type\":\"daily\",\"interval\":2},\"range\":{" text "}}"
#define BAD           "invalid"

static const struct {
    const char *name;
    const char *text;
    const char *expected; /* type interval month day days first index end end_day count zone */
} cases[] = {
    {"daily with sentinels", PATTERN("\"type\":\"daily\",\"interval\":3," SENTINELS),
     "0 3 0 0 00 6 1 0 0 0 \"UTC\""},
    {"weekly",
     PATTERN("\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"monday\",\"sunday\"],"
             "\"firstDayOfWeek\":\"monday\""),
     "1 1 0 0 41 0 1 0 0 0 \"UTC\""},
    {"first day of the week is Sunday by default",
     PATTERN("\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"friday\"]"),
     "1 1 0 0 10 6 1 0 0 0 \"UTC\""},
    {"capital days", PATTERN("\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"Monday\",\"TUESDAY\"]"),
     "1 1 0 0 03 6 1 0 0 0 \"UTC\""},
    {"a day twice", PATTERN("\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"monday\",\"monday\"]"),
     "1 1 0 0 01 6 1 0 0 0 \"UTC\""},
    {"no days are the rule's matter", PATTERN("\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[]"),
     "1 1 0 0 00 6 1 0 0 0 \"UTC\""},
    {"absoluteMonthly", PATTERN("\"type\":\"absoluteMonthly\",\"interval\":1,\"dayOfMonth\":31,\"month\":0"),
     "2 1 0 31 00 6 1 0 0 0 \"UTC\""},
    {"relativeMonthly",
     PATTERN("\"type\":\"relativeMonthly\",\"interval\":1,\"daysOfWeek\":[\"thursday\"],"
             "\"index\":\"last\""),
     "3 1 0 0 08 6 -1 0 0 0 \"UTC\""},
    {"index is first by default",
     PATTERN("\"type\":\"relativeMonthly\",\"interval\":1,\"daysOfWeek\":[\"thursday\"]"),
     "3 1 0 0 08 6 1 0 0 0 \"UTC\""},
    {"fourth",
     PATTERN(
         "\"type\":\"relativeMonthly\",\"interval\":1,\"daysOfWeek\":[\"saturday\"],\"index\":\"fourth\""),
     "3 1 0 0 20 6 4 0 0 0 \"UTC\""},
    {"absoluteYearly", PATTERN("\"type\":\"absoluteYearly\",\"interval\":1,\"dayOfMonth\":29,\"month\":2"),
     "4 1 2 29 00 6 1 0 0 0 \"UTC\""},
    {"relativeYearly",
     PATTERN("\"type\":\"relativeYearly\",\"interval\":1,\"daysOfWeek\":[\"wednesday\"],"
             "\"month\":11,\"index\":\"second\""),
     "5 1 11 0 04 6 2 0 0 0 \"UTC\""},
    {"type in another case", PATTERN("\"type\":\"Daily\",\"interval\":1"), "0 1 0 0 00 6 1 0 0 0 \"UTC\""},
    {"interval 0 is the rule's matter", PATTERN("\"type\":\"daily\",\"interval\":0"),
     "0 0 0 0 00 6 1 0 0 0 \"UTC\""},
    {"what daily does not read",
     PATTERN("\"type\":\"daily\",\"interval\":1,\"month\":\"x\",\"index\":\"fifth\","
             "\"daysOfWeek\":7"),
     "0 1 0 0 00 6 1 0 0 0 \"UTC\""},
    {"endDate",
     RANGE("\"type\":\"endDate\",\"endDate\":\"1970-01-11\",\"recurrenceTimeZone\":\"Europe/Berlin\""),
     "0 2 0 0 00 6 1 1 10 0 \"Europe/Berlin\""},
    {"numbered", RANGE("\"type\":\"numbered\",\"numberOfOccurrences\":12,\"endDate\":\"0001-01-01\""),
     "0 2 0 0 00 6 1 2 0 12 -"},
    {"empty zone is none", RANGE("\"type\":\"noEnd\",\"recurrenceTimeZone\":\"\""), "0 2 0 0 00 6 1 0 0 0 -"},
    {"null zone is none", RANGE("\"type\":\"noEnd\",\"recurrenceTimeZone\":null"), "0 2 0 0 00 6 1 0 0 0 -"},
    {"empty object", "{}", BAD},
    {"an array", "[]", BAD},
    {"no range", "{\"pattern\":{\"type\":\"daily\",\"interval\":1}}", BAD},
    {"null range", "{\"pattern\":{\"type\":\"daily\",\"interval\":1},\"range\":null}", BAD},
    {"no pattern", "{" NO_END "}", BAD},
    {"unknown type", PATTERN("\"type\":\"hourly\",\"interval\":1"), BAD},
    {"type a number", PATTERN("\"type\":1,\"interval\":1"), BAD},
    {"no interval", PATTERN("\"type\":\"daily\""), BAD},
    {"interval a fraction", PATTERN("\"type\":\"daily\",\"interval\":1.5"), BAD},
    {"interval past an int", PATTERN("\"type\":\"daily\",\"interval\":2147483648"), BAD},
    {"weekly without days", PATTERN("\"type\":\"weekly\",\"interval\":1"), BAD},
    {"a day that is none", PATTERN("\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"someday\"]"), BAD},
    {"a day that is no text", PATTERN("\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[null]"), BAD},
    {"first day that is none",
     PATTERN("\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[],\"firstDayOfWeek\":\"x\""), BAD},
    {"fifth",
     PATTERN("\"type\":\"relativeMonthly\",\"interval\":1,\"daysOfWeek\":[\"monday\"],\"index\":\"fifth\""),
     BAD},
    {"no dayOfMonth", PATTERN("\"type\":\"absoluteMonthly\",\"interval\":1"), BAD},
    {"no month", PATTERN("\"type\":\"absoluteYearly\",\"interval\":1,\"dayOfMonth\":1"), BAD},
    {"unknown range", RANGE("\"type\":\"forever\""), BAD},
    {"endDate without a date", RANGE("\"type\":\"endDate\""), BAD},
    {"endDate that is none", RANGE("\"type\":\"endDate\",\"endDate\":\"2024-02-30\""), BAD},
    {"endDate with a time", RANGE("\"type\":\"endDate\",\"endDate\":\"2024-02-20T00:00:00\""), BAD},
    {"numbered without a number", RANGE("\"type\":\"numbered\""), BAD},
};

static void test_read(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[128] = BAD;
        struct recurrence r;
        struct json_slice zone;
        struct json_slice object = {cases[i].text, strlen(cases[i].text)};
        if (recurrence_json_read(object, &r, &zone) == 0) {
            snprintf(text, sizeof text, "%u %d %d %d %02x %d %d %u %d %d %.*s", (unsigned)r.type, r.interval,
                     r.month, r.day_of_month, r.days_of_week, r.first_day_of_week, r.index, (unsigned)r.end,
                     (int)r.end_day, r.count, zone.len ? (int)zone.len : 1, zone.len ? zone.text : "-");
        }
        if (strcmp(text, cases[i].expected) != 0) {
            print_error("%s: expected %s, got %s\n", cases[i].name, cases[i].expected, text);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests_name("graph/recurrence_json", tests, NULL, NULL);
}
