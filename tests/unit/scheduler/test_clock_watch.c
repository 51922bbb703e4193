/* Steps of the wall clock, seen against the monotonic one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/civil.h"
#include "scheduler/clock_watch.h"

#define START_MS (CLOCK_WATCH_EARLIEST_MS + MS_PER_DAY)

static void test_steps(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int64_t wall_ms, mono_ms; /* that pass */
        enum clock_event what;
        int64_t by_ms;
    } cases[] = {
        {"both pass alike", MS_PER_HOUR, MS_PER_HOUR, CLOCK_AS_EXPECTED, 0},
        {"a clock is corrected a little", 1009000, 1000000, CLOCK_AS_EXPECTED, 9000},
        {"set forward", 2 * MS_PER_HOUR, 0, CLOCK_FORWARD, 2 * MS_PER_HOUR},
        {"the machine slept", 8 * MS_PER_HOUR, MS_PER_HOUR, CLOCK_FORWARD, 7 * MS_PER_HOUR},
        {"set back", -MS_PER_HOUR, 0, CLOCK_BACK, MS_PER_HOUR},
        {"set back while time passed", 0, MS_PER_HOUR, CLOCK_BACK, MS_PER_HOUR},
        {"to before this program", -30 * MS_PER_DAY, 0, CLOCK_UNSET, 30 * MS_PER_DAY},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct clock_watch watch = {0};
        int64_t by_ms;
        assert_int_equal(clock_watch_look(&watch, START_MS, 5000, &by_ms), CLOCK_AS_EXPECTED);
        enum clock_event what =
            clock_watch_look(&watch, START_MS + cases[i].wall_ms, 5000 + cases[i].mono_ms, &by_ms);
        if (what != cases[i].what || by_ms != cases[i].by_ms) {
            fail_msg("%s: %d by %lld", cases[i].name, (int)what, (long long)by_ms);
        }
        /* Once: the step is not seen again. */
        what = clock_watch_look(&watch, START_MS + cases[i].wall_ms + 1000, 5000 + cases[i].mono_ms + 1000,
                                &by_ms);
        assert_int_equal(what, cases[i].what == CLOCK_UNSET ? CLOCK_UNSET : CLOCK_AS_EXPECTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps)};
    return cmocka_run_group_tests_name("clock_watch", tests, NULL, NULL);
}
