/* Sorting by a number and a comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/lib/rng.h"
#include "timesheet/order.h"

struct thing {
    int64_t key;
    int32_t second;
    char rest[40];
};

static int64_t key_of(const void *item)
{
    return ((const struct thing *)item)->key;
}

static int by_second(const void *a, const void *b, void *arg)
{
    const struct thing *x = a, *y = b;
    ++*(size_t *)arg;
    return (x->second > y->second) - (x->second < y->second);
}

static void test_random(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    for (int round = 0; round < 200; round++) {
        size_t n = rng_below(&rng, 200), n_calls = 0;
        int64_t sum = 0, sum_after = 0;
        struct thing *things = mem_calloc(n, sizeof *things);
        struct order order = {sizeof *things, key_of, by_second, &n_calls};
        for (size_t i = 0; i < n; i++) {
            things[i] = (struct thing){rng_between(&rng, -5, 5), (int32_t)i, "x"};
            sum += things[i].second;
        }
        for (size_t i = n; i > 1; i--) {
            size_t k = rng_below(&rng, i);
            struct thing swap = things[k];
            things[k] = things[i - 1];
            things[i - 1] = swap;
        }
        things = order_sorted(things, n, &order);
        for (size_t i = 0; i < n; i++) {
            sum_after += things[i].second;
            assert_true(i == 0 || things[i - 1].key < things[i].key ||
                        (things[i - 1].key == things[i].key && things[i - 1].second < things[i].second));
            assert_string_equal(things[i].rest, "x");
        }
        assert_int_equal(sum_after, sum);
        struct thing *again = order_sorted(things, n, &order);
        assert_ptr_equal(again, things); /* nothing to do */
        free(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
