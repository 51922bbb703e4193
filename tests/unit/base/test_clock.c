/* The machine's clock, and UUIDs from a clock that is handed in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/attr.h"
#include "base/clock.h"

static void the_real_clock(void **state UNUSED)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    int64_t before = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    int64_t wall = clock_wall_ms(&clock_real);
    clock_gettime(CLOCK_REALTIME, &ts);
    assert_in_range(wall, before, (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
    int64_t mono = clock_mono_ms(&clock_real);
    assert_true(clock_mono_ms(&clock_real) >= mono);
}

static void randomness_differs(void **state UNUSED)
{
    unsigned char a[32] = {0}, b[32] = {0};
    clock_real.random(&clock_real, a, sizeof a);
    clock_real.random(&clock_real, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void all_bits(const struct clock *self UNUSED, void *out, size_t len)
{
    memset(out, 0xff, len);
}

static void no_bits(const struct clock *self UNUSED, void *out, size_t len)
{
    memset(out, 0, len);
}

static void uuids(void **state UNUSED)
{
    const struct clock ones = {.random = all_bits}, zeros = {.random = no_bits};
    char text[CLOCK_UUID_LEN + 1], other[CLOCK_UUID_LEN + 1];
    clock_uuid(&ones, text);
    assert_string_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    clock_uuid(&zeros, text);
    assert_string_equal(text, "00000000-0000-4000-8000-000000000000");
    clock_uuid(&clock_real, text);
    clock_uuid(&clock_real, other);
    assert_int_equal(strlen(text), CLOCK_UUID_LEN);
    assert_string_not_equal(text, other);
}

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_clock),
        cmocka_unit_test(randomness_differs),
        cmocka_unit_test(uuids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
