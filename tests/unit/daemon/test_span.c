/* Lengths of time at a glance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/civil.h"
#include "daemon/span.h"

static void test_spans(void **state)
{
    (void)state;
    const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {-5, "0 ms"},
        {17, "17 ms"},
        {4230, "4.2 s"},
        {10 * MS_PER_SECOND, "10 s"},
        {119999, "119 s"},
        {2 * MS_PER_MINUTE, "2 min"},
        {119 * MS_PER_MINUTE, "119 min"},
        {2 * MS_PER_HOUR, "2 h"},
        {47 * MS_PER_HOUR, "47 h"},
        {2 * MS_PER_DAY, "2 days"},
        {400 * MS_PER_DAY, "400 days"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[SPAN_MAX];
        assert_string_equal(span_text(cases[i].ms, text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spans)};
    return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
