/* Which URLs may carry the token, with the tricks that make one host look like another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "graph/origin.h"

struct row {
    const char *name;
    const char *base;
    const char *url;
    bool ok;
};

#define GRAPH "https://graph.microsoft.com/v1.0"

static const struct row rows[] = {
    {"next link", GRAPH, "https://graph.microsoft.com/v1.0/users/a/calendarView?$skip=10", true},
    {"another path", GRAPH, "https://graph.microsoft.com/beta/x", true},
    {"no path", GRAPH, "https://graph.microsoft.com", true},
    {"default port said", GRAPH, "https://graph.microsoft.com:443/v1.0", true},
    {"case of the host", GRAPH, "https://GRAPH.Microsoft.COM/v1.0", true},
    {"case of the scheme", GRAPH, "HTTPS://graph.microsoft.com/v1.0", true},
    {"encoded path", GRAPH, "https://graph.microsoft.com/v1.0/users/a%40b/x?y=%2F%2Fevil", true},
    {"an @ in the query", GRAPH, "https://graph.microsoft.com/v1.0?a=@evil.example", true},
    {"port of the base said on both", "https://g.example:8443/v1.0", "https://g.example:8443/x", true},
    {"loopback", "http://127.0.0.1:8080/v1.0", "http://127.0.0.1:8080/v1.0/x", true},
    {"IPv6", "http://[::1]:8080/v1.0", "http://[::1]:8080/x", true},

    {"another host", GRAPH, "https://evil.example/v1.0", false},
    {"host as a prefix", GRAPH, "https://graph.microsoft.com.evil.example/", false},
    {"host as a suffix", GRAPH, "https://xgraph.microsoft.com/", false},
    {"host as user", GRAPH, "https://graph.microsoft.com@evil.example/", false},
    {"host as user and password", GRAPH, "https://graph.microsoft.com:443@evil.example/", false},
    {"a user on the right host", GRAPH, "https://anna@graph.microsoft.com/", false},
    {"empty user", GRAPH, "https://@graph.microsoft.com/", false},
    {"encoded @", GRAPH, "https://graph.microsoft.com%40evil.example/", false},
    {"trailing dot", GRAPH, "https://graph.microsoft.com./v1.0", false},
    {"plain http", GRAPH, "http://graph.microsoft.com/v1.0", false},
    {"another port", GRAPH, "https://graph.microsoft.com:8443/v1.0", false},
    {"port without number is the default", GRAPH, "https://graph.microsoft.com:/v1.0", true},
    {"http on the https port", GRAPH, "http://graph.microsoft.com:443/v1.0", false},
    {"ftp", GRAPH, "ftp://graph.microsoft.com/", false},
    {"file", GRAPH, "file:///etc/passwd", false},
    {"backslash", GRAPH, "https://graph.microsoft.com\\@evil.example/", false},
    {"backslash for a slash", GRAPH, "https:\\\\graph.microsoft.com/", false},
    {"line feed", GRAPH, "https://graph.microsoft.com/\nHost: evil", false},
    {"carriage return", GRAPH, "https://graph.microsoft.com/\r", false},
    {"tab in the host", GRAPH, "https://graph.microsoft\t.com/", false},
    {"blank before", GRAPH, " https://graph.microsoft.com/", false},
    {"blank after", GRAPH, "https://graph.microsoft.com/ ", false},
    {"fragment", GRAPH, "https://graph.microsoft.com#@evil.example/", false},
    {"fragment behind", GRAPH, "https://graph.microsoft.com/#x", false},
    {"no scheme", GRAPH, "graph.microsoft.com/v1.0", false},
    {"scheme-relative", GRAPH, "//evil.example/v1.0", false},
    {"relative", GRAPH, "/v1.0/users", false},
    {"one slash", GRAPH, "https:/graph.microsoft.com/", true},
    {"three slashes", GRAPH, "https:///evil.example/", false},
    {"empty", GRAPH, "", false},
    {"letters that look alike", GRAPH, "https://gr\xd0\xb0ph.microsoft.com/", false},
    {"full-width dots", GRAPH, "https://graph\xe3\x80\x82microsoft.com/", false},
    {"IPv4 in another notation", "http://127.0.0.1:80/v1.0", "http://128.0.0.1/", false},
    {"IPv6 with another port", "http://[::1]:8080/v1.0", "http://[::1]:8081/x", false},
    {"IPv6 with a zone", "http://[::1]:8080/v1.0", "http://[::2]:8080/x", false},
    {"port too large", GRAPH, "https://graph.microsoft.com:65979/", false},
};

static void test_rows(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct origin *o = NULL;
        struct err e = {0};
        assert_int_equal(origin_create(rows[i].base, &o, &e), 0);
        int r = origin_check(o, rows[i].url, &e);
        if (r != (rows[i].ok ? 0 : ERR_ORIGIN) || e.code != r) {
            fail_msg("%s: %s \"%s\"", rows[i].name, err_name(r), e.msg);
        }
        origin_destroy(o);
    }
}

static void test_message_names_the_host(void **state UNUSED)
{
    struct origin *o = NULL;
    struct err e = {0};
    assert_int_equal(origin_create(GRAPH, &o, &e), 0);
    assert_string_equal(origin_host(o), "graph.microsoft.com");
    assert_int_equal(origin_check(o, "https://evil.example/?$skiptoken=SECRET", &e), ERR_ORIGIN);
    assert_non_null(strstr(e.msg, "evil.example"));
    assert_null(strstr(e.msg, "SECRET"));
    assert_int_equal(origin_check(o, "https://graph.microsoft.com@evil.example/", &e), ERR_ORIGIN);
    assert_non_null(strstr(e.msg, "host evil.example"));
    origin_destroy(o);
    origin_destroy(NULL);
}

static void test_bad_base(void **state UNUSED)
{
    struct origin *o = NULL;
    struct err e = {0};
    assert_int_equal(origin_create("graph", &o, &e), ERR_CONFIG);
    assert_null(o);
    assert_non_null(strstr(e.msg, "base_url"));
}

static void test_scheme(void **state UNUSED)
{
    static const struct {
        const char *url;
        bool ok;
    } urls[] = {
        {"https://graph.microsoft.com/", true},
        {"http://127.0.0.1:9/", true},
        {"http://127.255.255.254/", true},
        {"http://localhost:80/", true},
        {"http://LOCALHOST/", true},
        {"http://[::1]:1/", true},
        {"http://graph.microsoft.com/", false},
        {"http://127.evil.example/", false},
        {"http://127.0.0.1.evil.example/", false},
        {"http://localhost.evil.example/", false},
        {"http://10.0.0.1/", false},
        {"http://[::2]/", false},
        {"ftp://127.0.0.1/", false},
        {"127.0.0.1", false},
        {"gopher://localhost/", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct err e = {0};
        int r = origin_check_scheme(urls[i].url, &e);
        if (r != (urls[i].ok ? 0 : ERR_ORIGIN)) {
            fail_msg("%s: %s", urls[i].url, e.msg);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_message_names_the_host),
        cmocka_unit_test(test_bad_base),
        cmocka_unit_test(test_scheme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
