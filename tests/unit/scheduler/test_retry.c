/* What becomes of a run when an action failed: a row for every class, and the shape of the back-off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scheduler/retry.h"

struct decision_case {
    int code;
    int attempt;
    bool again;
    bool from_start;
    bool stop;
};

static void test_decisions(void **state)
{
    (void)state;
    const struct decision_case cases[] = {
        {ERR_NET, 1, true, false, false},        {ERR_SERVER, 7, true, false, false},
        {ERR_SERVER, 8, false, false, false},    {ERR_GONE, 1, true, true, false},
        {ERR_PROTOCOL, 1, true, false, false},   {ERR_THROTTLED, 1, true, false, false},
        {ERR_DB_BUSY, 3, true, false, false},    {ERR_DB_FULL, 3, true, false, false},
        {ERR_LOGIN, 1, false, false, false},     {ERR_DENIED, 1, false, false, false},
        {ERR_TLS, 1, false, false, false},       {ERR_NOT_FOUND, 1, false, false, false},
        {ERR_ORIGIN, 1, false, false, false},    {ERR_LOOP, 1, false, false, false},
        {ERR_DB_CORRUPT, 1, false, false, true}, {ERR_BUG, 1, false, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e;
        err_set(&e, cases[i].code, 0, "x");
        struct retry r = retry_decide(&e, 1, cases[i].attempt);
        if (r.again != cases[i].again) {
            print_error("%s, attempt %d\n", err_name(cases[i].code), cases[i].attempt);
        }
        assert_int_equal(r.again, cases[i].again);
        assert_int_equal(r.from_start, cases[i].from_start);
        assert_int_equal(r.stop_process, cases[i].stop);
    }
}

static void test_backoff(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, ERR_NET, 0, "x");
    int64_t full = RETRY_FIRST_MS;
    for (int attempt = 1; attempt < RETRY_ATTEMPTS; attempt++) {
        int64_t lowest = INT64_MAX, highest = 0;
        for (int64_t job = 1; job <= 200; job++) {
            int64_t delay = retry_decide(&e, job, attempt).delay_ms;
            assert_int_equal(delay, retry_decide(&e, job, attempt).delay_ms); /* stable across restarts */
            lowest = delay < lowest ? delay : lowest;
            highest = delay > highest ? delay : highest;
        }
        assert_true(lowest >= full / 2 && highest <= full);
        assert_true(highest - lowest > full / 4); /* jobs of one minute spread */
        full = full * 2 < RETRY_LONGEST_MS ? full * 2 : RETRY_LONGEST_MS;
    }
}

static void test_asked(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, ERR_THROTTLED, 429, "x");
    e.retry_after_ms = 600000;
    assert_int_equal(retry_decide(&e, 1, 1).delay_ms, 600000);
    e.retry_after_ms = 1;
    assert_true(retry_decide(&e, 1, 1).delay_ms >= RETRY_FIRST_MS / 2);
    e.retry_after_ms = INT64_MAX;
    assert_int_equal(retry_decide(&e, 1, 1).delay_ms, RETRY_WAIT_MAX_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_asked),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
