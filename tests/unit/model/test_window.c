/* What lies in a half-open window of local days, also where days are 23 and 25 hours long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/civil.h"
#include "model/window.h"

struct fixture {
    struct tz_cache *cache;
    const struct tz *berlin;
};

static int setup(void **state)
{
    static struct fixture f;
    f.cache = tz_cache_create(NULL);
    *state = &f;
    return tz_cache_get(f.cache, "Europe/Berlin", &f.berlin, NULL);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    tz_cache_destroy(f->cache);
    return 0;
}

static int32_t day(const char *text)
{
    int32_t d = 0;
    assert_int_equal(civil_parse_date(text, &d), 0);
    return d;
}

static int64_t utc(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(civil_parse_time(text, &ms), 0);
    return ms;
}

static void test_make(void **state)
{
    static const struct {
        const char *name, *from, *to, *from_utc, *to_utc;
    } rows[] = {
        {"winter day", "2026-01-10", "2026-01-11", "2026-01-09 23:00:00", "2026-01-10 23:00:00"},
        {"23 hours", "2026-03-29", "2026-03-30", "2026-03-28 23:00:00", "2026-03-29 22:00:00"},
        {"25 hours", "2026-10-25", "2026-10-26", "2026-10-24 22:00:00", "2026-10-25 23:00:00"},
        {"over new year", "2025-12-31", "2026-01-02", "2025-12-30 23:00:00", "2026-01-01 23:00:00"},
    };
    const struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct window w = window_make(f->berlin, day(rows[i].from), day(rows[i].to));
        if (w.from_day != day(rows[i].from) || w.to_day != day(rows[i].to) ||
            w.from_ms != utc(rows[i].from_utc) || w.to_ms != utc(rows[i].to_utc)) {
            fail_msg("%s: %lld to %lld", rows[i].name, (long long)w.from_ms, (long long)w.to_ms);
        }
    }
}

static void test_span(void **state)
{
    /* The window: 10 January 2026 in Berlin, 2026-01-09 23:00Z to 2026-01-10 23:00Z. */
    static const struct {
        const char *name, *start, *end;
        bool in;
    } rows[] = {
        {"inside", "2026-01-10 09:00:00", "2026-01-10 10:00:00", true},
        {"the whole window", "2026-01-09 23:00:00", "2026-01-10 23:00:00", true},
        {"around the window", "2026-01-01 00:00:00", "2026-02-01 00:00:00", true},
        {"ends as it begins", "2026-01-09 22:00:00", "2026-01-09 23:00:00", false},
        {"ends a millisecond later", "2026-01-09 22:00:00", "2026-01-09 23:00:00.001000", true},
        {"begins as it ends", "2026-01-10 23:00:00", "2026-01-11 00:00:00", false},
        {"begins a millisecond before", "2026-01-10 22:59:59.999000", "2026-01-11 00:00:00", true},
        {"no length at the beginning", "2026-01-09 23:00:00", "2026-01-09 23:00:00", true},
        {"no length before", "2026-01-09 22:59:59.999000", "2026-01-09 22:59:59.999000", false},
        {"no length at the end", "2026-01-10 23:00:00", "2026-01-10 23:00:00", false},
        {"no length inside", "2026-01-10 12:00:00", "2026-01-10 12:00:00", true},
    };
    const struct fixture *f = *state;
    struct window w = window_make(f->berlin, day("2026-01-10"), day("2026-01-11"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (window_has_span(&w, utc(rows[i].start), utc(rows[i].end)) != rows[i].in) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void test_days(void **state)
{
    static const struct {
        const char *name, *start, *end;
        bool in;
    } rows[] = {
        {"the first day", "2026-01-10", "2026-01-11", true},
        {"the last day", "2026-01-12", "2026-01-13", true},
        {"the day before", "2026-01-09", "2026-01-10", false},
        {"the day after", "2026-01-13", "2026-01-14", false},
        {"into it", "2026-01-01", "2026-01-11", true},
        {"out of it", "2026-01-12", "2026-02-01", true},
        {"around it", "2026-01-01", "2026-02-01", true},
    };
    const struct fixture *f = *state;
    struct window w = window_make(f->berlin, day("2026-01-10"), day("2026-01-13"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (window_has_days(&w, day(rows[i].start), day(rows[i].end)) != rows[i].in) {
            fail_msg("%s", rows[i].name);
        }
    }
}

/* Every event is in just one of two windows that touch, unless it crosses the border. */
static void test_touching_windows_share_nothing(void **state)
{
    const struct fixture *f = *state;
    struct window a = window_make(f->berlin, day("2026-10-24"), day("2026-10-25"));
    struct window b = window_make(f->berlin, day("2026-10-25"), day("2026-10-26"));
    assert_int_equal(a.to_ms, b.from_ms);
    for (int64_t start = a.from_ms; start < b.to_ms; start += 15 * MS_PER_MINUTE) {
        int64_t end = start + 15 * MS_PER_MINUTE;
        assert_int_equal(window_has_span(&a, start, end) + window_has_span(&b, start, end), 1);
        assert_int_equal(window_has_span(&a, start, start) + window_has_span(&b, start, start), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make),
        cmocka_unit_test(test_span),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_touching_windows_share_nothing),
    };
    return cmocka_run_group_tests_name("window", tests, setup, teardown);
}
