/* Retry-After in each of its forms, the back-off's bounds, and when a call stops trying. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/err.h"
#include "graph/retry.h"

#define NOW_MS INT64_C(1770000000000) /* Mon, 02 Feb 2026 02:40:00 GMT */

static void test_retry_after(void **state UNUSED)
{
    static const struct {
        const char *name;
        const char *text;
        bool ok;
        int64_t ms;
    } rows[] = {
        {"seconds", "120", true, 120000},
        {"a fraction counts as a whole second", "2.128", true, 3000},
        {"a fraction of zeros does not", "2.000", true, 2000},
        {"a point without digits", "7.", true, 7000},
        {"none at all is one second", "0", true, 1000},
        {"less than one", "0.2", true, 1000},
        {"longer than ten minutes", "86400", true, 600000},
        {"more digits than a number has", "99999999999999999999999", true, 600000},
        {"a date ahead", "Mon, 02 Feb 2026 02:40:30 GMT", true, 30000},
        {"a date that has passed", "Mon, 02 Feb 2026 02:39:00 GMT", true, 1000},
        {"a date far ahead", "Tue, 02 Feb 2027 02:40:00 GMT", true, 600000},
        {"the older form of a date", "Monday, 02-Feb-26 02:40:30 GMT", true, 30000},
        {"the C form of a date", "Mon Feb  2 02:40:30 2026", true, 30000},
        {"absent", NULL, false, 0},
        {"empty", "", false, 0},
        {"negative", "-5", false, 0},
        {"a unit", "5s", false, 0},
        {"hexadecimal", "0x10", false, 0},
        {"two numbers", "1 2", false, 0},
        {"a word", "soon", false, 0},
        {"half a date", "5 may", false, 0},
        {"a date of nonsense", "Mon, 99 Foo 2026 99:99:99 GMT", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ms = -7;
        bool ok = retry_after_parse(rows[i].text, NOW_MS, &graph_limits_default, &ms);
        if (ok != rows[i].ok || ms != (rows[i].ok ? rows[i].ms : -7)) {
            fail_msg("%s: %d, %lld ms", rows[i].name, ok, (long long)ms);
        }
    }
}

static void test_backoff_bounds(void **state UNUSED)
{
    struct graph_limits limits = graph_limits_default;
    limits.backoff_base_ms = 1000;
    limits.backoff_cap_ms = 60000;
    static const int64_t ceilings[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (int tries = 1; tries <= (int)ARRAY_LEN(ceilings); tries++) {
        int64_t ceiling = ceilings[tries - 1];
        assert_int_equal(retry_backoff_ms(&limits, tries, 0), 0);
        assert_int_equal(retry_backoff_ms(&limits, tries, (uint64_t)ceiling), ceiling);
        assert_int_equal(retry_backoff_ms(&limits, tries, (uint64_t)ceiling + 1), 0);
        int64_t ms = retry_backoff_ms(&limits, tries, UINT64_MAX);
        assert_true(ms >= 0 && ms <= ceiling);
    }
    assert_true(retry_backoff_ms(&limits, 1000000, UINT64_MAX) <= 60000); /* no overflow */
}

static void test_backoff_is_spread(void **state UNUSED)
{
    bool low = false, high = false;
    for (uint64_t i = 0; i < 64; i++) {
        int64_t ms = retry_backoff_ms(&graph_limits_default, 3, i * UINT64_C(0x9e3779b97f4a7c15));
        low = low || ms < 1000;
        high = high || ms > 3000;
    }
    assert_true(low && high);
}

static void test_when_to_stop(void **state UNUSED)
{
    struct graph_limits limits = {.attempts = 3, .total_ms = 1000};
    assert_true(retry_may(&limits, 2, 0, 999));
    assert_false(retry_may(&limits, 3, 0, 1));    /* tries used up */
    assert_false(retry_may(&limits, 1, 0, 1000)); /* the wait alone takes all the time */
    assert_false(retry_may(&limits, 1, 900, 100));
}

static void test_what_is_worth_it(void **state UNUSED)
{
    static const int yes[] = {ERR_THROTTLED, ERR_SERVER, ERR_BUSY, ERR_NET, ERR_TIMEOUT, ERR_PROTOCOL};
    static const int no[] = {ERR_LOGIN,  ERR_APP,     ERR_DENIED, ERR_NOT_FOUND, ERR_GONE, ERR_TLS,
                             ERR_ORIGIN, ERR_TOO_BIG, ERR_LOOP,   ERR_CANCELLED, ERR_BUG,  ERR_REQUEST};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        assert_true(retry_is_worth(yes[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        assert_false(retry_is_worth(no[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_after),       cmocka_unit_test(test_backoff_bounds),
        cmocka_unit_test(test_backoff_is_spread), cmocka_unit_test(test_when_to_stop),
        cmocka_unit_test(test_what_is_worth_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
