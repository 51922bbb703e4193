/* Lines and rules of a timesheet in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/civil.h"
#include "cli/sheet_text.h"

static int setup(void **state)
{
    *state = tz_cache_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    tz_cache_destroy(*state);
    return 0;
}

static const struct tz *zone_of(void **state, const char *name)
{
    const struct tz *zone = NULL;
    assert_int_equal(tz_cache_get(*state, name, &zone, NULL), 0);
    return zone;
}

static int64_t utc_min(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(civil_parse_time(text, &ms), 0);
    return ms / MS_PER_MINUTE;
}

static void test_times(void **state)
{
    static const struct {
        const char *name, *zone, *day, *start, *end, *expected;
        bool is_all_day;
    } rows[] = {
        {"winter", "Europe/Berlin", "2026-03-09", "2026-03-09 08:00:00", "2026-03-09 09:30:00", "09:00-10:30",
         false},
        {"summer", "Europe/Berlin", "2026-07-01", "2026-07-01 07:00:00", "2026-07-01 08:00:00", "09:00-10:00",
         false},
        {"until midnight", "Europe/Berlin", "2026-03-13", "2026-03-13 21:00:00", "2026-03-13 23:00:00",
         "22:00-24:00", false},
        {"from midnight", "Europe/Berlin", "2026-03-14", "2026-03-13 23:00:00", "2026-03-14 00:10:00",
         "00:00-01:10", false},
        {"over the hour that is skipped", "Europe/Berlin", "2026-03-29", "2026-03-28 23:00:00",
         "2026-03-29 02:00:00", "00:00 CET to 04:00 CEST", false},
        {"over the hour that comes twice", "Europe/Berlin", "2026-10-25", "2026-10-25 00:30:00",
         "2026-10-25 01:15:00", "02:30 CEST to 02:15 CET", false},
        {"a whole day of 25 hours", "Europe/Berlin", "2026-10-25", "2026-10-24 22:00:00",
         "2026-10-25 23:00:00", "00:00 CEST to 24:00 CET", false},
        {"west of Greenwich", "America/St_Johns", "2026-01-05", "2026-01-06 03:00:00", "2026-01-06 03:30:00",
         "23:30-24:00", false},
        {"until a midnight that does not exist", "America/Santiago", "2025-09-06", "2025-09-06 20:00:00",
         "2025-09-07 04:00:00", "16:00-24:00", false},
        {"from a midnight that does not exist", "America/Santiago", "2025-09-07", "2025-09-07 04:00:00",
         "2025-09-07 12:00:00", "01:00-09:00", false},
        {"until a midnight before which an hour comes twice", "America/Santiago", "2025-04-05",
         "2025-04-06 02:30:00", "2025-04-06 04:00:00", "23:30 -03 to 24:00 -04", false},
        {"until a day that does not exist", "Pacific/Apia", "2011-12-29", "2011-12-30 08:00:00",
         "2011-12-30 10:00:00", "22:00-24:00", false},
        {"no minute", "UTC", "2026-01-05", "2026-01-05 10:00:00", "2026-01-05 10:00:00", "10:00-10:00",
         false},
        {"all day", "Europe/Berlin", "2026-03-09", "2026-03-08 23:00:00", "2026-03-09 23:00:00", "all day",
         true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[SHEET_TEXT_LEN];
        struct sheet_line line = {.start_min = utc_min(rows[i].start),
                                  .end_min = utc_min(rows[i].end),
                                  .is_all_day = rows[i].is_all_day};
        assert_int_equal(civil_parse_date(rows[i].day, &line.day), 0);
        sheet_text_times(zone_of(state, rows[i].zone), &line, text);
        if (strcmp(text, rows[i].expected) != 0) {
            fail_msg("%s: \"%s\" instead of \"%s\"", rows[i].name, text, rows[i].expected);
        }
    }
}

static void test_days(void **state)
{
    (void)state;
    static const struct {
        const char *date, *expected;
    } rows[] = {
        {"2026-03-09", "2026-03-09 Mon"},
        {"2026-03-15", "2026-03-15 Sun"},
        {"2028-02-29", "2028-02-29 Tue"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[SHEET_TEXT_LEN];
        int32_t day = 0;
        assert_int_equal(civil_parse_date(rows[i].date, &day), 0);
        sheet_text_day(day, text);
        assert_string_equal(text, rows[i].expected);
    }
}

static void test_words(void **state)
{
    (void)state;
    char text[SHEET_TEXT_LEN], cell[SHEET_CELL_LEN];
    struct sheet_rules rules = SHEET_RULES_DEFAULT;
    sheet_text_rounding(&rules, text);
    assert_string_equal(text, "none");
    rules.rounding = SHEET_ROUND_UP;
    sheet_text_rounding(&rules, text);
    assert_string_equal(text, "up to 15 min per entry");
    rules.rounding = SHEET_ROUND_NEAREST;
    rules.scope = SHEET_SCOPE_DAY_CUSTOMER;
    rules.round_to = 6;
    sheet_text_rounding(&rules, text);
    assert_string_equal(text, "nearest to 6 min per day+customer");
    struct sheet_line line = {.billing = SHEET_NON_BILLABLE, .kind = SHEET_TRAVEL};
    sheet_text_billing(&line, text);
    assert_string_equal(text, "non-billable travel");
    line = (struct sheet_line){.billing = SHEET_BILLABLE, .kind = SHEET_WORK};
    sheet_text_billing(&line, text);
    assert_string_equal(text, "billable");
    sheet_text_name("2026-0007", 12, text);
    assert_string_equal(text, "2026-0007/12");
    sheet_text_cell(90, cell);
    assert_string_equal(cell, "  1:30");
    sheet_text_cell(-15, cell);
    assert_string_equal(cell, " -0:15");
    sheet_text_cell(600000, cell);
    assert_string_equal(cell, "10000:00");
}

/* What a script reads of a line: every member, with its value. */
static void test_json(void **state)
{
    (void)state;
    struct buf text;
    struct json_out j;
    struct sheet_line line = {
        .no = 3,
        .appointment_id = 17,
        .version = 2,
        .kind = SHEET_TRAVEL,
        .billing = SHEET_NON_BILLABLE,
        .is_late = true,
        .start_min = utc_min("2026-03-09 08:00:00"),
        .end_min = utc_min("2026-03-09 09:20:00"),
        .span = 80,
        .worked = 70,
        .held = 10,
        .unrounded = 60,
        .billed = 75,
        .worked_hundredths = 117,
        .billed_hundredths = 125,
        .customer = "Acme \"GmbH\"",
        .subject = "=1+1",
        .location = "",
        .decision = "break",
    };
    assert_int_equal(civil_parse_date("2026-03-09", &line.day), 0);
    buf_init(&text, 4096);
    json_out_begin(&j, &text);
    sheet_json_line(&j, NULL, &line);
    assert_int_equal(json_out_end(&j), 0);
    assert_string_equal(
        buf_str(&text),
        "{\"no\":3,\"date\":\"2026-03-09\",\"start_time\":\"2026-03-09T08:00:00Z\",\"end_time\":\"2026-03-"
        "09T09:20:00Z\","
        "\"is_all_day\":false,\"is_late\":true,\"kind\":\"travel\",\"billing\":\"non-billable\","
        "\"customer\":\"Acme \\\"GmbH\\\"\",\"subject\":\"=1+1\",\"location\":\"\",\"decision\":\"break\","
        "\"span_minutes\":80,\"worked_minutes\":70,\"held_minutes\":10,\"unrounded_minutes\":60,\"billed_"
        "minutes\":75,"
        "\"worked_hundredths\":117,\"billed_hundredths\":125,\"appointment_id\":17,\"appointment_version\":"
        "2}");
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
