/* Hours in decimals, by figures, and any figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "tests/lib/rng.h"
#include "timesheet/hundredths.h"

#define MOST 6

static void test_cases(void **state UNUSED)
{
    static const struct {
        const char *name;
        int32_t minutes[MOST], want[MOST];
        size_t n;
        uint32_t groups[MOST];
    } cases[] = {
        {"three times 20 minutes is an hour", {20, 20, 20}, {33, 34, 33}, 3, {0}},
        {"two times 20", {20, 20}, {33, 34}, 2, {0}},
        {"one alone is rounded", {20}, {33}, 1, {0}},
        {"40 minutes", {40}, {67}, 1, {0}},
        {"20 and 40", {20, 40}, {33, 67}, 2, {0}},
        {"nothing gets nothing", {0, 20, 0, 20, 20, 0}, {0, 33, 0, 34, 33, 0}, 6, {0}},
        {"every three lines are whole again", {20, 20, 20, 20, 20, 20}, {33, 34, 33, 33, 34, 33}, 6, {0}},
        {"single minutes", {1, 1, 1}, {2, 1, 2}, 3, {0}},
        {"exact ones stay", {30, 45, 60, 6}, {50, 75, 100, 10}, 4, {0}},
        {"none", {0}, {0}, 0, {0}},
        {"whole hours of two customers are whole",
         {20, 40, 20, 40, 20, 40},
         {33, 67, 34, 66, 33, 67},
         6,
         {0, 1, 0, 1, 0, 1}},
        {"the larger remainder of a customer first", {20, 40}, {33, 67}, 2, {0, 1}},
        {"three customers with a third: one gets the hundredth", {20, 20, 20}, {33, 33, 34}, 3, {0, 1, 2}},
        {"a share above the nearest", {10, 10, 20, 20}, {17, 16, 33, 34}, 4, {0, 0, 1, 2}},
        {"a share below the nearest", {40, 40}, {66, 67}, 2, {0, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t got[MOST] = {0};
        hundredths_deal(cases[i].groups, cases[i].minutes, cases[i].n, MOST, got);
        for (size_t k = 0; k < cases[i].n; k++) {
            if (got[k] != cases[i].want[k]) {
                fail_msg("case \"%s\", line %zu: %d", cases[i].name, k + 1, got[k]);
            }
        }
    }
}

#define LINES  200
#define GROUPS 7

/* Any stretch of a customer's lines is less than one hundredth off, and so is the whole. */
static void check_stretches(const uint32_t *groups, const int32_t *minutes, const int32_t *got)
{
    for (uint32_t g = 0; g < GROUPS; g++) {
        for (size_t from = 0; from < LINES; from++) {
            int64_t m = 0, h = 0;
            for (size_t i = from; i < LINES; i++) {
                m += groups[i] == g ? minutes[i] : 0;
                h += groups[i] == g ? got[i] : 0;
                assert_in_range(h, m * 5 / 3, (m * 5 + 2) / 3);
            }
        }
    }
}

static void test_any(void **state UNUSED)
{
    struct rng rng = rng_start();
    for (int round = 0; round < 100; round++) {
        uint32_t groups[LINES];
        int32_t minutes[LINES], got[LINES];
        int64_t m = 0, h = 0;
        for (size_t i = 0; i < LINES; i++) {
            groups[i] = (uint32_t)rng_below(&rng, GROUPS);
            minutes[i] = (int32_t)rng_below(&rng, 4) ? (int32_t)rng_below(&rng, 600)
                                                     : 20 * (int32_t)rng_below(&rng, 3);
        }
        hundredths_deal(groups, minutes, LINES, GROUPS, got);
        check_stretches(groups, minutes, got);
        for (size_t i = 0; i < LINES; i++) {
            m += minutes[i];
            h += got[i];
        }
        assert_int_equal(h, (m * 5 + 1) / 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_any),
    };
    return cmocka_run_group_tests_name("hundredths", tests, NULL, NULL);
}
