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

/* Replaced at 75 to 85 % of the life, which is before the end, which is before the real end. */
static void test_life(void **state UNUSED)
{
    static const struct {
        const char *name;
        int64_t life_s, end_s;
    } rows[] = {
        {"an hour", 3600, 3300}, {"ninety minutes", 5400, 5100},
        {"a day", 86400, 86100}, {"fifty minutes", 3000, 2700},
        {"short", 100, 90},      {"very short", 1, 0},
        {"none", 0, 0},
    };
    static const char *const accounts[] = {"anna@example.com", "bert@example.com", "c@example.com", ""};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t life_ms = rows[i].life_s * 1000;
        int64_t end_ms = oauth_end_ms(1000, rows[i].life_s) - 1000;
        for (size_t k = 0; k < ARRAY_LEN(accounts); k++) {
            int64_t use_ms = oauth_use_until_ms(1000, rows[i].life_s, accounts[k]) - 1000;
            if (use_ms < life_ms / 4 * 3 || use_ms > life_ms / 100 * 85 || use_ms > end_ms ||
                end_ms / 1000 != rows[i].end_s) {
                fail_msg("%s, \"%s\": used until %lld, ends %lld", rows[i].name, accounts[k],
                         (long long)use_ms, (long long)end_ms);
            }
        }
    }
}

static void test_accounts_are_spread(void **state UNUSED)
{
    int64_t anna_ms = oauth_use_until_ms(0, 3600, "anna@example.com");
    int64_t bert_ms = oauth_use_until_ms(0, 3600, "bert@example.com");
    assert_true(anna_ms != bert_ms);
    assert_int_equal(oauth_use_until_ms(5000, 3600, "anna@example.com"), anna_ms + 5000);
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
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_accounts_are_spread),
        cmocka_unit_test(test_is_token),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
