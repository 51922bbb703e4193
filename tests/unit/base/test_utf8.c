/* UTF-8: the edges of RFC 3629, and that decoding and encoding are each other's inverse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/utf8.h"

struct utf8_case {
    const char *name;
    const char *bytes;
    bool is_valid;
};

static void test_cases(void **state)
{
    (void)state;
    const struct utf8_case cases[] = {
        {"empty", "", true},
        {"plain", "hello, world: nothing special here", true},
        {"umlaut",
         "Gr\xc3\xb6\xc3\x9f"
         "e",
         true},
        {"japanese", "\xe4\xbc\x9a\xe8\xad\xb0", true},
        {"emoji", "\xf0\x9f\x8e\x89", true},
        {"last code point", "\xf4\x8f\xbf\xbf", true},
        {"above the last", "\xf4\x90\x80\x80", false},
        {"overlong slash", "\xc0\xaf", false},
        {"overlong three", "\xe0\x80\xaf", false},
        {"overlong four", "\xf0\x80\x80\xaf", false},
        {"surrogate", "\xed\xa0\x80", false},
        {"before the surrogates", "\xed\x9f\xbf", true},
        {"lone tail", "a\x80", false},
        {"cut short", "\xe4\xbc", false},
        {"after eight plain bytes", "12345678\xff", false},
        {"latin-1",
         "Gr\xf6\xdf"
         "e",
         false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (utf8_is_valid(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].is_valid) {
            fail_msg("case \"%s\"", cases[i].name);
        }
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char bytes[4];
        uint32_t back = ~code;
        if (code >= 0xd800 && code <= 0xdfff) {
            continue;
        }
        size_t n = utf8_encode(code, bytes);
        assert_int_equal(utf8_decode(bytes, n, &back), n);
        assert_int_equal(back, code);
        assert_int_equal(utf8_sequence(bytes, n - 1), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_round_trip)};
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
