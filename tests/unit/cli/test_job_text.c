/* Jobs and their times in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/civil.h"
#include "cli/job_text.h"

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

static int64_t utc(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(civil_parse_time(text, &ms), 0);
    return ms;
}

static void test_times(void **state)
{
    static const struct {
        const char *zone, *utc, *local, *iso;
    } rows[] = {
        {"Europe/Berlin", "2026-11-27 22:59:00", "2026-11-27 23:59 CET", "2026-11-27T23:59:00+01:00"},
        {"Europe/Berlin", "2026-07-01 22:30:00", "2026-07-02 00:30 CEST", "2026-07-02T00:30:00+02:00"},
        {"America/St_Johns", "2026-01-01 00:00:00", "2025-12-31 20:30 NST", "2025-12-31T20:30:00-03:30"},
        {"Asia/Kathmandu", "2026-01-01 00:00:00", "2026-01-01 05:45 +0545", "2026-01-01T05:45:00+05:45"},
        {"UTC", "2026-01-01 00:00:00", "2026-01-01 00:00 UTC", "2026-01-01T00:00:00+00:00"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[JOB_TEXT_LEN];
        const struct tz *zone = zone_of(state, rows[i].zone);
        job_text_local(zone, utc(rows[i].utc), text);
        assert_string_equal(text, rows[i].local);
        job_text_iso(zone, utc(rows[i].utc), text);
        assert_string_equal(text, rows[i].iso);
    }
}

static void test_next(void **state)
{
    static const char *const summer[] = {"2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00",
                                         "2026-03-30T02:30:00+02:00"};
    const struct tz *zone = zone_of(state, "Europe/Berlin");
    struct job_config job = {.schedule = {.type = SCHEDULE_DAILY, .hour = 2, .minute = 30},
                             .is_active = true,
                             .slots_through_ms = INT64_MIN};
    int64_t due_ms[3], now_ms = utc("2026-03-27 12:00:00");
    assert_int_equal(job_text_next(&job, zone, now_ms, 3, due_ms), 3);
    for (int i = 0; i < 3; i++) {
        char text[JOB_TEXT_LEN];
        job_text_iso(zone, due_ms[i], text);
        assert_string_equal(text, summer[i]);
    }
    job.slots_through_ms = due_ms[1]; /* decided already, though the clock says it is to come */
    assert_int_equal(job_text_next(&job, zone, now_ms, 1, due_ms), 1);
    assert_true(due_ms[0] == utc("2026-03-30 00:30:00"));
    job.is_paused = true;
    assert_int_equal(job_text_next(&job, zone, now_ms, 3, due_ms), 0);
    job.is_paused = false;
    job.schedule.type = SCHEDULE_MANUAL;
    assert_int_equal(job_text_next(&job, zone, now_ms, 3, due_ms), 0);
    job.schedule.type = SCHEDULE_DAILY;
    job.is_active = false;
    assert_int_equal(job_text_next(&job, zone, now_ms, 3, due_ms), 0);
}

static void test_schedule(void **state)
{
    static const struct {
        struct schedule schedule;
        const char *text;
    } rows[] = {
        {{SCHEDULE_DAILY, 6, 5, 0, 0}, "daily 06:05"},
        {{SCHEDULE_WEEKLY, 23, 59, 6, 0}, "weekly sun 23:59"},
        {{SCHEDULE_MONTHLY, 0, 0, 0, 31}, "monthly 31. 00:00"},
        {{SCHEDULE_MANUAL, 23, 59, 0, 0}, "manual"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[JOB_TEXT_LEN];
        job_text_schedule(&rows[i].schedule, text);
        assert_string_equal(text, rows[i].text);
    }
    int day = -1;
    assert_true(job_text_read_weekday("thu", &day) && day == 3);
    assert_string_equal(job_text_weekday(3), "thu");
    assert_false(job_text_read_weekday("Thu", &day));
    assert_null(job_text_weekday(7));
}

static void test_holder(void **state)
{
    static const struct {
        struct run_row run;
        const char *text;
    } rows[] = {
        {{.id = 17,
          .trigger = "schedule",
          .state = "running",
          .step = "fetch",
          .started_at = "2026-11-27 22:59:00.000000",
          .instance_pid = 4711,
          .is_in_hand = true},
         "run 17 (schedule, since 23:59, step fetch, pid 4711)"},
        {{.id = 17,
          .trigger = "request",
          .state = "running",
          .step = "fetch",
          .started_at = "2026-11-26 22:59:00.000000",
          .instance_pid = 4711},
         "run 17 (request, since 2026-11-26 23:59, its daemon has ended)"},
        {{.id = 17,
          .trigger = "schedule",
          .state = "waiting",
          .step = "fetch",
          .started_at = "2026-11-27 22:00:00.000000",
          .not_before = "2026-11-27 23:04:00.000000"},
         "run 17 (schedule, since 23:00, waits until 2026-11-28 00:04)"},
        {{.id = 17,
          .trigger = "signal",
          .state = "queued",
          .step = "",
          .created_at = "2026-11-27 22:00:00.000000"},
         "run 17 (signal, since 23:00, in line)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[JOB_TEXT_LEN];
        job_text_holder(&rows[i].run, zone_of(state, "Europe/Berlin"), utc("2026-11-27 22:59:30"), text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_holder),
    };
    return cmocka_run_group_tests_name("cli_job_text", tests, setup, teardown);
}
