/* The grammar of calendar URIs: each form, each refusal, and that format and parse are each other's inverse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/uri.h"
#include "tests/lib/rng.h"

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_uri(const struct calendar_uri *a, const struct calendar_uri *b)
{
    return a->scheme == b->scheme && same(a->account, b->account) && same(a->identifier, b->identifier);
}

/* canonical NULL: the text is canonical itself. */
static const struct {
    const char *name, *text;
    enum uri_scheme scheme;
    const char *account, *identifier, *canonical;
} accepted[] = {
    {"with e-mail", "msgraph://anna@example.com/calendars/primary", URI_MSGRAPH, "anna@example.com",
     "primary", NULL},
    {"without account", "msgraph://calendars/primary", URI_MSGRAPH, NULL, "primary", NULL},
    {"local", "local://anna/calendars/archive", URI_LOCAL, "anna", "archive", NULL},
    {"a number for an account", "local://42/calendars/archive", URI_LOCAL, "42", "archive", NULL},
    {"a domain for an account", "msgraph://example.com/calendars/x", URI_MSGRAPH, "example.com", "x", NULL},
    {"a user name with marks", "local://anna_b-c.d/calendars/x", URI_LOCAL, "anna_b-c.d", "x", NULL},
    {"an apostrophe in the e-mail", "msgraph://pat.o'brien+a@mail.example.org/calendars/x", URI_MSGRAPH,
     "pat.o'brien+a@mail.example.org", "x", NULL},
    {"an encoded @ in the account", "msgraph://anna%40example.com/calendars/x", URI_MSGRAPH,
     "anna@example.com", "x", "msgraph://anna@example.com/calendars/x"},
    {"a percent sign in the account", "msgraph://a%25b@example.com/calendars/x", URI_MSGRAPH,
     "a%b@example.com", "x", NULL},
    {"an account named like a namespace", "local://%74asks/calendars/x", URI_LOCAL, "tasks", "x", NULL},
    {"scheme in capitals", "MSGraph://calendars/x", URI_MSGRAPH, NULL, "x", "msgraph://calendars/x"},
    {"a Graph id", "msgraph://a@example.com/calendars/AAMkAGI2TQpZAAA=", URI_MSGRAPH, "a@example.com",
     "AAMkAGI2TQpZAAA=", NULL},
    {"quoted", "msgraph://a@example.com/calendars/\"Client work / Acme\"", URI_MSGRAPH, "a@example.com",
     "Client work / Acme", NULL},
    {"quoted with escapes", "local://calendars/\"a \\\"b\\\" \\\\c\"", URI_LOCAL, NULL, "a \"b\" \\c", NULL},
    {"quoted: other backslashes are ordinary", "local://calendars/\"C:\\Temp\"", URI_LOCAL, NULL, "C:\\Temp",
     "local://calendars/\"C:\\\\Temp\""},
    {"quoted: percent is ordinary", "local://calendars/\"100%25\"", URI_LOCAL, NULL, "100%25", NULL},
    {"quoted: :// and // and @", "local://calendars/\"x://y//z@b.c\"", URI_LOCAL, NULL, "x://y//z@b.c", NULL},
    {"quoted: spaces at the ends stay", "local://calendars/\" a \"", URI_LOCAL, NULL, " a ", NULL},
    {"single quotes", "local://calendars/'Client work'", URI_LOCAL, NULL, "Client work",
     "local://calendars/\"Client work\""},
    {"single quotes with escapes", "local://calendars/'a\\'b \"c\"'", URI_LOCAL, NULL, "a'b \"c\"",
     "local://calendars/\"a'b \\\"c\\\"\""},
    {"unquoted with spaces", "local://calendars/Client work", URI_LOCAL, NULL, "Client work",
     "local://calendars/\"Client work\""},
    {"spaces around an unquoted name", "local://calendars/  work  ", URI_LOCAL, NULL, "work",
     "local://calendars/work"},
    {"spaces around a quoted name", "local://calendars/ \"work\" ", URI_LOCAL, NULL, "work",
     "local://calendars/work"},
    {"C# keeps its #", "msgraph://calendars/C#", URI_MSGRAPH, NULL, "C#", NULL},
    {"a question mark stays", "msgraph://calendars/Why?a=b", URI_MSGRAPH, NULL, "Why?a=b", NULL},
    {"percent-encoded", "msgraph://calendars/Client%20work%2FAcme", URI_MSGRAPH, NULL, "Client work/Acme",
     "msgraph://calendars/\"Client work/Acme\""},
    {"percent-encoded spaces at the ends stay", "msgraph://calendars/%20a%20", URI_MSGRAPH, NULL, " a ",
     "msgraph://calendars/\" a \""},
    {"percent-encoded UTF-8", "msgraph://calendars/%C3%9cbung", URI_MSGRAPH, NULL, "Übung",
     "msgraph://calendars/Übung"},
    {"decoded once only", "msgraph://calendars/a%2525", URI_MSGRAPH, NULL, "a%25",
     "msgraph://calendars/\"a%25\""},
    {"encoded quotes are part of the name", "msgraph://calendars/%22a%22", URI_MSGRAPH, NULL, "\"a\"",
     "msgraph://calendars/\"\\\"a\\\"\""},
    {"a lone percent sign is ordinary", "msgraph://calendars/100% billable", URI_MSGRAPH, NULL,
     "100% billable", "msgraph://calendars/\"100% billable\""},
    {"a percent sign at the end", "msgraph://calendars/100%", URI_MSGRAPH, NULL, "100%",
     "msgraph://calendars/\"100%\""},
    {"a slash in the name", "msgraph://a@example.com/calendars/Work/Acme", URI_MSGRAPH, "a@example.com",
     "Work/Acme", "msgraph://a@example.com/calendars/\"Work/Acme\""},
    {"a name like a namespace", "local://calendars/tasks", URI_LOCAL, NULL, "tasks", NULL},
    {"a name like the namespace, twice", "local://calendars/calendars/x", URI_LOCAL, NULL, "calendars/x",
     "local://calendars/\"calendars/x\""},
    {"a quote inside", "msgraph://calendars/O'Brien", URI_MSGRAPH, NULL, "O'Brien",
     "msgraph://calendars/\"O'Brien\""},
    {"dashes at the ends", "local://calendars/-a-", URI_LOCAL, NULL, "-a-", "local://calendars/\"-a-\""},
    {"not only ASCII", "msgraph://calendars/日本語カレンダー", URI_MSGRAPH, NULL, "日本語カレンダー", NULL},
    {"old: nothing", "", URI_MSGRAPH, NULL, "primary", "msgraph://calendars/primary"},
    {"old: calendar", "calendar", URI_MSGRAPH, NULL, "primary", "msgraph://calendars/primary"},
    {"old: primary", "Primary", URI_MSGRAPH, NULL, "primary", "msgraph://calendars/primary"},
    {"old: no namespace", "msgraph://AAMkAD=", URI_MSGRAPH, NULL, "AAMkAD=", "msgraph://calendars/AAMkAD="},
    {"old: no namespace, primary", "msgraph://primary", URI_MSGRAPH, NULL, "primary",
     "msgraph://calendars/primary"},
    {"old: no namespace, quoted", "msgraph://\"a/b@c\"", URI_MSGRAPH, NULL, "a/b@c",
     "msgraph://calendars/\"a/b@c\""},
    {"old: as a path", "msgraph:///calendars/x", URI_MSGRAPH, NULL, "x", "msgraph://calendars/x"},
    {"old: as a path with account", "msgraph:///a@example.com/calendars/x", URI_MSGRAPH, "a@example.com", "x",
     "msgraph://a@example.com/calendars/x"},
    {"old: backslash before a space", "msgraph://calendars/Client\\ work", URI_MSGRAPH, NULL, "Client work",
     "msgraph://calendars/\"Client work\""},
    {"old: backslash before a slash", "msgraph://calendars/a\\/b\\\\c\\\"d\\'e", URI_MSGRAPH, NULL,
     "a/b\\c\"d'e", "msgraph://calendars/\"a/b\\\\c\\\"d'e\""},
    {"old: a backslash before anything else", "msgraph://calendars/a\\b", URI_MSGRAPH, NULL, "a\\b",
     "msgraph://calendars/\"a\\\\b\""},
    {"old: the listing's label", "msgraph://calendars/Calendar: Work", URI_MSGRAPH, NULL, "Work",
     "msgraph://calendars/Work"},
    {"old: the label and quotes", "msgraph://calendars/Calendar: \"Client work\"", URI_MSGRAPH, NULL,
     "Client work", "msgraph://calendars/\"Client work\""},
    {"a name that begins like the label", "msgraph://calendars/\"Calendar: Work\"", URI_MSGRAPH, NULL,
     "Calendar: Work", NULL},
};

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        struct calendar_uri expected = {accepted[i].scheme, (char *)(uintptr_t)accepted[i].account,
                                        (char *)(uintptr_t)accepted[i].identifier};
        const char *canonical = accepted[i].canonical ? accepted[i].canonical : accepted[i].text;
        struct calendar_uri uri = {0}, again = {0};
        struct err e = {0};
        int error = calendar_uri_parse(accepted[i].text, &uri, &e);
        if (error || !same_uri(&uri, &expected)) {
            fail_msg("%s: %d %s; account %s, identifier \"%s\"", accepted[i].name, error, e.msg,
                     uri.account ? uri.account : "(none)", uri.identifier ? uri.identifier : "(none)");
        }
        char *text = calendar_uri_format(&uri);
        error = calendar_uri_parse(text, &again, &e);
        if (strcmp(text, canonical) != 0 || error || !same_uri(&again, &uri)) {
            fail_msg("%s: formats to %s, which %s", accepted[i].name, text,
                     error ? e.msg : "says something else");
        }
        free(text);
        calendar_uri_finish(&uri);
        calendar_uri_finish(&again);
    }
}

static const struct {
    const char *name, *text, *says;
} refused[] = {
    {"no scheme", "Work", "has no scheme"},
    {"one slash", "msgraph:/calendars/x", "has no scheme"},
    {"empty scheme", "://calendars/x", "has no scheme"},
    {"google", "google://calendars/x", "scheme is unknown, must be msgraph or local"},
    {"exchange", "exchange://a@example.com/calendars/x", "scheme is unknown"},
    {"file", "file:///srv/calendar.ics", "scheme is unknown"},
    {"beginning of a scheme", "msg://calendars/x", "scheme is unknown"},
    {"a longer scheme", "msgraphs://calendars/x", "scheme is unknown"},
    {"a space before the scheme", " msgraph://calendars/x", "scheme is unknown"},
    {"contacts", "msgraph://contacts/x", "only calendars can be archived"},
    {"emails", "msgraph://a@example.com/emails/x", "only calendars can be archived"},
    {"tasks", "local://tasks/x", "only calendars can be archived"},
    {"files", "local://anna/files/x", "only calendars can be archived"},
    {"unknown namespace", "msgraph://a@example.com/events/x", "\"calendars\" must stand between"},
    {"namespace in capitals", "msgraph://a@example.com/Calendars/x", "\"calendars\" must stand between"},
    {"an account nested in an account", "msgraph://a@example.com/b@example.com/calendars/x",
     "\"calendars\" must stand between"},
    {"nothing behind the scheme", "msgraph://", "names no calendar"},
    {"only the namespace", "msgraph://calendars", "names no calendar"},
    {"an empty name", "msgraph://calendars/", "names no calendar"},
    {"a name of spaces", "msgraph://calendars/   ", "names no calendar"},
    {"an empty quoted name", "msgraph://calendars/\"\"", "names no calendar"},
    {"account, no name", "msgraph://a@example.com/calendars/", "names no calendar"},
    {"account and namespace", "msgraph://a@example.com/calendars", "names no calendar"},
    {"account and name without namespace", "msgraph://a@example.com/primary", "names no calendar"},
    {"only an account", "msgraph://a@example.com", "names an account but no calendar"},
    {"local without namespace", "local://archive", "names no calendar"},
    {"path with one part", "msgraph:///x", "names no calendar"},
    {"path with an empty part", "msgraph:////calendars/x", "account must be"},
    {"// in the name", "msgraph://calendars/a//b", "empty part between slashes"},
    {"a second ://", "msgraph://calendars/msgraph://x", "empty part between slashes"},
    {"a slash before the name", "msgraph://calendars//x", "empty part between slashes"},
    {"a slash at the end", "msgraph://calendars/x/", "empty part between slashes"},
    {"a quote not closed", "msgraph://calendars/\"Work", "must be closed"},
    {"a quote alone", "msgraph://calendars/\"", "must be closed"},
    {"an escaped closing quote", "msgraph://calendars/\"Work\\\"", "must be closed"},
    {"text behind the quotes", "msgraph://calendars/\"Work\" x", "must be closed"},
    {"the other quote", "msgraph://calendars/\"Work'", "must be closed"},
    {"a space in the account", "msgraph://anna b/calendars/x", "account must be"},
    {"two @", "msgraph://a@b@example.com/calendars/x", "account must be"},
    {"no domain", "msgraph://a@/calendars/x", "account must be"},
    {"nobody", "msgraph://@example.com/calendars/x", "account must be"},
    {"a domain without a dot", "msgraph://a@localhost/calendars/x", "account must be"},
    {"two dots in the domain", "msgraph://a@example..com/calendars/x", "account must be"},
    {"a dot at the end", "msgraph://a@example.com./calendars/x", "account must be"},
    {"a number for a top domain", "msgraph://a@10.0.0.11/calendars/x", "account must be"},
    {"an encoded slash in the account", "msgraph://a%2Fb/calendars/x", "account must be"},
    {"an encoded NUL in the account", "msgraph://a%00b/calendars/x", "account must be"},
    {"a letter that is not ASCII in the account", "msgraph://jürgen/calendars/x", "account must be"},
    {"a line end", "msgraph://calendars/a\nb", "control character"},
    {"a tab", "msgraph://calendars/a\tb", "control character"},
    {"DEL", "msgraph://calendars/a\x7f", "control character"},
    {"a C1 control", "msgraph://calendars/a\xc2\x85", "control character"},
    {"a control in quotes", "msgraph://calendars/\"a\x1b[2J\"", "control character"},
    {"an encoded NUL", "msgraph://calendars/a%00b", "control character"},
    {"an encoded line end", "msgraph://calendars/a%0Ab", "control character"},
    {"an encoded C1 control", "msgraph://calendars/a%C2%85b", "control character"},
    {"not UTF-8", "msgraph://calendars/\xff", "not UTF-8"},
    {"encoded bytes that are not UTF-8", "msgraph://calendars/%FF", "not UTF-8"},
    {"an encoded surrogate", "msgraph://calendars/%ED%A0%80", "not UTF-8"},
};

static bool is_fit_for_a_log(const char *msg)
{
    for (const char *p = msg; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            return false;
        }
    }
    return utf8_is_valid(msg, strlen(msg));
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct calendar_uri uri = {.scheme = URI_LOCAL};
        struct err e = {0};
        int error = calendar_uri_parse(refused[i].text, &uri, &e);
        if (error != ERR_INVALID || !strstr(e.msg, refused[i].says) || !is_fit_for_a_log(e.msg) ||
            uri.identifier) {
            fail_msg("%s: %d %s", refused[i].name, error, e.msg);
        }
        assert_int_equal(calendar_uri_parse(refused[i].text, &uri, NULL), ERR_INVALID);
    }
}

static void test_message_quotes_the_uri(void **state)
{
    struct calendar_uri uri;
    struct err e = {0};
    (void)state;
    assert_int_equal(calendar_uri_parse("google://calendars/x", &uri, &e), ERR_INVALID);
    assert_string_equal(
        e.msg, "calendar URI \"google://calendars/x\": the scheme is unknown, must be msgraph or local");
}

static void test_limit(void **state)
{
    static const char head[] = "local://calendars/";
    char text[URI_MAX + 2];
    struct calendar_uri uri;
    struct err e = {0};
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, head, strlen(head));
    text[URI_MAX + 1] = '\0';
    assert_int_equal(calendar_uri_parse(text, &uri, &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "is 1025 bytes long, must be at most 1024"));
    assert_true(strlen(e.msg) < 250); /* the URI is cut, the reason is not */

    text[URI_MAX] = '\0';
    assert_int_equal(calendar_uri_parse(text, &uri, &e), 0);
    assert_int_equal(strlen(uri.identifier), URI_MAX - strlen(head));
    calendar_uri_finish(&uri);
}

/* Whatever the cut falls on, the message stays UTF-8. */
static void test_message_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 8; shift++) {
        char text[600] = "google://";
        struct calendar_uri uri;
        struct err e = {0};
        size_t len = strlen(text);
        memset(text + len, 'x', shift);
        for (len += shift; len + 4 < sizeof text - 1;) {
            len += utf8_encode(0x1f4c5, text + len);
        }
        text[len] = '\0';
        assert_int_equal(calendar_uri_parse(text, &uri, &e), ERR_INVALID);
        assert_true(is_fit_for_a_log(e.msg));
        assert_non_null(strstr(e.msg, "…\": the scheme is unknown"));
    }
}

/* A character of a calendar's name: often one that the grammar cares about, else any of Unicode. */
static size_t random_character(struct rng *rng, char bytes[4])
{
    static const char special[] = "\"'\\/%?#: -@.&=+~abcdefABC2025";
    uint32_t code;
    if (rng_below(rng, 3) > 0) {
        bytes[0] = special[rng_below(rng, sizeof special - 1)];
        return 1;
    }
    do {
        uint32_t limit = rng_below(rng, 2) ? 0x110000 : 0x800;
        code = (uint32_t)rng_below(rng, limit);
    } while (code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code <= 0xdfff));
    return utf8_encode(code, bytes);
}

static char *random_name(struct rng *rng)
{
    size_t n = 1 + rng_below(rng, 60), len = 0;
    char *name = mem_calloc(4 * n + 1, 1);
    for (size_t i = 0; i < n; i++) {
        len += random_character(rng, name + len);
    }
    return name;
}

static void test_format_then_parse(void **state)
{
    static const char *const accounts[] = {
        NULL,        "anna@example.com", "42",          "tasks",
        "calendars", "a%41@example.com", "example.com", "o'brien#?@example.com"};
    struct rng rng = rng_start();
    (void)state;
    for (int i = 0; i < 100000; i++) {
        const char *account = accounts[rng_below(&rng, ARRAY_LEN(accounts))];
        struct calendar_uri uri = {rng_below(&rng, 2) ? URI_LOCAL : URI_MSGRAPH, (char *)(uintptr_t)account,
                                   random_name(&rng)};
        struct calendar_uri again = {0};
        struct err e = {0};
        char *text = calendar_uri_format(&uri);
        int error = calendar_uri_parse(text, &again, &e);
        if (error || !same_uri(&uri, &again)) {
            fail_msg("\"%s\" as %s: %s", uri.identifier, text, error ? e.msg : again.identifier);
        }
        char *twice = calendar_uri_format(&again);
        assert_string_equal(twice, text);
        free(twice);
        free(text);
        free(uri.identifier);
        calendar_uri_finish(&again);
    }
}

/* Anything at all: parsed or refused, and what is parsed can be written and read again. */
static void test_any_bytes(void **state)
{
    static const char *const pieces[] = {
        "msgraph", "local", "://",           "/", "calendars",  "tasks",    "\"",   "'", "\\", "%", "%2F",
        "%00",     " ",     "a@example.com", "x", "Calendar: ", "\xc3\xa9", "\xff", "#", "?",  "-", "%63"};
    struct rng rng = rng_start();
    int n_parsed = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[256];
        size_t len = 0, n = rng_below(&rng, 10);
        if (rng_below(&rng, 4)) {
            len = (size_t)snprintf(text, sizeof text, "%s://%s/", pieces[rng_below(&rng, 2)], pieces[4]);
        }
        for (size_t k = 0; k < n; k++) {
            const char *piece = pieces[rng_below(&rng, ARRAY_LEN(pieces))];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        text[len] = '\0';
        struct calendar_uri uri = {0}, again = {0};
        if (calendar_uri_parse(text, &uri, NULL)) {
            continue;
        }
        n_parsed++;
        char *written = calendar_uri_format(&uri);
        if (calendar_uri_parse(written, &again, NULL) || !same_uri(&uri, &again)) {
            fail_msg("%s becomes %s", text, written);
        }
        free(written);
        calendar_uri_finish(&uri);
        calendar_uri_finish(&again);
    }
    assert_true(n_parsed > 1000);
}

static void test_is_primary(void **state)
{
    static const struct {
        const char *text;
        bool is_primary;
    } rows[] = {
        {"", true},
        {"msgraph://calendars/primary", true},
        {"msgraph://a@example.com/calendars/PRIMARY", true},
        {"msgraph://calendars/Calendar", true},
        {"msgraph://calendars/\"primary\"", true},
        {"msgraph://calendars/primary2", false},
        {"msgraph://calendars/my calendar", false},
        {"msgraph://calendars/\"primary \"", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct calendar_uri uri;
        assert_int_equal(calendar_uri_parse(rows[i].text, &uri, NULL), 0);
        if (calendar_uri_is_primary(&uri) != rows[i].is_primary) {
            fail_msg("%s", rows[i].text);
        }
        calendar_uri_finish(&uri);
    }
}

static void test_is_for(void **state)
{
    static const struct {
        const char *name, *account, *email, *username;
        long long id;
        bool is_for;
    } rows[] = {
        {"no account is anybody's", NULL, "anna@example.com", "anna", 7, true},
        {"e-mail", "anna@example.com", "anna@example.com", NULL, 7, true},
        {"e-mail without case", "Anna@Example.COM", "anna@example.com", NULL, 7, true},
        {"another e-mail", "anna@example.org", "anna@example.com", "anna", 7, false},
        {"the beginning of an e-mail", "anna@example.co", "anna@example.com", NULL, 7, false},
        {"user name", "anna", "a@example.com", "anna", 7, true},
        {"user name with another case", "Anna", "a@example.com", "anna", 7, false},
        {"id", "7", "a@example.com", "anna", 7, true},
        {"another id", "71", "a@example.com", "anna", 7, false},
        {"id with a zero before", "07", "a@example.com", "anna", 7, false},
        {"the domain is not the user", "example.com", "a@example.com", "anna", 7, false},
        {"nothing known of the user", "anna", NULL, NULL, 7, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct calendar_uri uri = {.scheme = URI_MSGRAPH, .account = (char *)(uintptr_t)rows[i].account};
        if (calendar_uri_is_for(&uri, rows[i].email, rows[i].username, rows[i].id) != rows[i].is_for) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void test_finish_twice(void **state)
{
    struct calendar_uri uri;
    (void)state;
    assert_int_equal(calendar_uri_parse("local://anna/calendars/x", &uri, NULL), 0);
    calendar_uri_finish(&uri);
    calendar_uri_finish(&uri);
    calendar_uri_finish(NULL);
    assert_null(uri.account);
    assert_null(uri.identifier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_message_quotes_the_uri),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_message_is_cut_between_characters),
        cmocka_unit_test(test_format_then_parse),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_is_primary),
        cmocka_unit_test(test_is_for),
        cmocka_unit_test(test_finish_twice),
    };
    return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
