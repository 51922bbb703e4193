/* Forms and addresses of the identity platform; percent-encoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "graph/escape.h"
#include "graph/oauth.h"

static void test_escape(void **state UNUSED)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"AAkALg-_.~9zZ", "AAkALg-_.~9zZ"},
        {"anna@example.com", "anna%40example.com"},
        {"AQMk/+==", "AQMk%2F%2B%3D%3D"},
        {"a b?c#d&e", "a%20b%3Fc%23d%26e"},
        {"../../me", "..%2F..%2Fme"},
        {"100%", "100%25"},
        {"\xc3\xbc\n", "%C3%BC%0A"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text = escape_text(rows[i][0]);
        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

static void test_form(void **state UNUSED)
{
    struct secret *token = secret_copy("0.AX+/=&x", 9);
    struct oauth_field fields[] = {{"grant_type", "refresh_token", NULL},
                                   {"refresh_token", NULL, token},
                                   {"scope", "a b", NULL},
                                   {NULL, NULL, NULL}};
    struct secret *form = oauth_form(fields);
    static const char expected[] = "grant_type=refresh_token&refresh_token=0.AX%2B%2F%3D%26x&scope=a%20b";
    assert_int_equal(secret_len(form), sizeof expected - 1);
    assert_string_equal(secret_bytes(form), expected);
    secret_destroy(form);
    secret_destroy(token);
}

static void test_url(void **state UNUSED)
{
    char *url = oauth_url("https://login.example", "organizations", "token");
    assert_string_equal(url, "https://login.example/organizations/oauth2/v2.0/token");
    free(url);
    url = oauth_url("https://login.example", "../evil", "devicecode");
    assert_string_equal(url, "https://login.example/..%2Fevil/oauth2/v2.0/devicecode");
    free(url);
}

static void test_use_until(void **state UNUSED)
{
    assert_int_equal(oauth_use_until_ms(1000, 3600), 1000 + 3300 * 1000); /* five minutes before */
    assert_int_equal(oauth_use_until_ms(1000, 100), 1000 + 90 * 1000);    /* a tenth of a short life */
    assert_int_equal(oauth_use_until_ms(1000, 86400), 1000 + 86100 * 1000);
    assert_int_equal(oauth_use_until_ms(1000, 0), 1000);
}

static void test_is_token(void **state UNUSED)
{
    static const struct {
        const char *bytes;
        bool ok;
    } rows[] = {{"0.AXsim", true},       {"", false},     {"a b", false},
                {"a\r\nHost: x", false}, {"\xff", false}, {"~!", true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct secret *s = secret_copy(rows[i].bytes, strlen(rows[i].bytes));
        assert_int_equal(oauth_is_token(s), rows[i].ok);
        secret_destroy(s);
    }
    assert_false(oauth_is_token(NULL));
}

static int setup(void **state UNUSED)
{
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),    cmocka_unit_test(test_form),     cmocka_unit_test(test_url),
        cmocka_unit_test(test_use_until), cmocka_unit_test(test_is_token),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
