/* The JSON writer: nesting, escapes, and the maximum of its buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_out.h"

static void test_nesting(void **state)
{
    (void)state;
    CLEANUP(buf_finish) struct buf b = {.max = 1000};
    struct json_out j;
    json_out_begin(&j, &b);
    json_open(&j, NULL, '{');
    json_text(&j, "name", "x");
    json_text(&j, "none", NULL);
    json_int(&j, "n", INT64_MIN);
    json_bool(&j, "yes", true);
    json_open(&j, "list", '[');
    json_int(&j, NULL, 1);
    json_open(&j, NULL, '{');
    json_close(&j, '}');
    json_raw(&j, NULL, "[2]");
    json_close(&j, ']');
    json_open(&j, "empty", '[');
    json_close(&j, ']');
    json_raw(&j, "raw", NULL);
    json_close(&j, '}');
    assert_int_equal(json_out_end(&j), 0);
    assert_string_equal(b.data, "{\"name\":\"x\",\"none\":null,\"n\":-9223372036854775808,\"yes\":true,"
                                "\"list\":[1,{},[2]],\"empty\":[],\"raw\":null}");
}

struct escape_case {
    const char *name;
    const char *text;
    const char *want;
};

static void test_escapes(void **state)
{
    (void)state;
    const struct escape_case cases[] = {
        {"quote and backslash", "a\"b\\c", "\"a\\\"b\\\\c\""},
        {"line ends", "a\nb\r\tc", "\"a\\nb\\r\\tc\""},
        {"control characters", "\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
        {"what turns the direction", "a\xe2\x80\xae\xe2\x81\xa6z\xd8\x9c", "\"a\\u202e\\u2066z\\u061c\""},
        {"umlaut stays", "\xc3\xb6", "\"\xc3\xb6\""},
        {"not UTF-8",
         "a\xff"
         "b",
         "\"a\xef\xbf\xbd"
         "b\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(buf_finish) struct buf b = {.max = 1000};
        struct json_out j;
        json_out_begin(&j, &b);
        json_text(&j, NULL, cases[i].text);
        assert_int_equal(json_out_end(&j), 0);
        assert_string_equal(b.data, cases[i].want);
    }
}

static void test_maximum(void **state)
{
    (void)state;
    CLEANUP(buf_finish) struct buf b = {.max = 10};
    struct json_out j;
    json_out_begin(&j, &b);
    json_text(&j, NULL, "longer than ten");
    json_int(&j, NULL, 1);
    assert_int_equal(json_out_end(&j), ERR_TOO_BIG);
    assert_true(b.len <= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_maximum),
    };
    return cmocka_run_group_tests_name("json_out", tests, NULL, NULL);
}
