#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "graph/json_value.h"

/* The text copied to a block of just its size, so that a step too far is seen by AddressSanitizer. */
static char *tight(const char *text, size_t len)
{
    char *copy = test_malloc(len ? len : 1);
    memcpy(copy, text, len);
    return copy;
}

struct skip_case {
    const char *name;
    const char *text;
    const char *fault; /* NULL: it is a value and nothing else */
    unsigned flaws;
};

#define ENDS     "it ends in the middle"
#define NO_VALUE "there is something that is no value"
#define NO_COMMA "a comma or a closing bracket is missing"
#define NO_NAME  "a member has no name"
#define NUMBER   "a number is malformed"
#define FOLLOWS  "something follows the end"

static const struct skip_case skip_cases[] = {
    {"object", "{}", NULL, 0},
    {"array", "[]", NULL, 0},
    {"blanks everywhere", " \t\r\n{ \"a\" : [ 1 , { } , [ ] ] , \"b\" : null } \n", NULL, 0},
    {"byte order mark", "\xef\xbb\xbf[]", NULL, 0},
    {"words", "[true,false,null]", NULL, 0},
    {"string", "\"abc\"", NULL, 0},
    {"empty string", "\"\"", NULL, 0},
    {"long string", "\"0123456789abcdef0123456789abcdef\"", NULL, 0},
    {"quote at each place of a word", "[\"\",\"1\",\"12\",\"123\",\"1234\",\"12345\",\"123456\",\"1234567\"]",
     NULL, 0},
    {"escaped quotes", "\"\\\"\\\\\\\"\"", NULL, 0},
    {"all escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00Af\"", NULL, 0},
    {"brackets in strings", "[\"]}\",\"{[\"]", NULL, 0},
    {"integers", "[0,-0,7,-12,1234567890]", NULL, 0},
    {"fractions", "[0.5,-1.25,1e5,1E+5,1.5e-7]", NULL, 0},
    {"nested", "{\"a\":{\"b\":[{\"c\":[[]]}]}}", NULL, 0},
    {"control character", "\"a\x01\"", NULL, JSON_FLAW_CONTROL},
    {"line end in a string", "[\"12345678\n\"]", NULL, JSON_FLAW_CONTROL},
    {"highest control character in a long string", "\"1234567\x1f\"", NULL, JSON_FLAW_CONTROL},
    {"lowest character that is none", "\"1234567 \"", NULL, 0},
    {"unknown escape", "\"\\x41\"", NULL, JSON_FLAW_ESCAPE},
    {"short \\u", "\"\\u12\"", NULL, JSON_FLAW_ESCAPE},
    {"\\u of other letters", "\"\\u12g4\"", NULL, JSON_FLAW_ESCAPE},
    {"several flaws", "[\"\\q\",\"\t\"]", NULL, JSON_FLAW_CONTROL | JSON_FLAW_ESCAPE},
    {"nothing", "", ENDS, 0},
    {"only blanks", "  \n", ENDS, 0},
    {"object not closed", "{", ENDS, 0},
    {"array not closed", "[1", ENDS, 0},
    {"array without a value", "[", ENDS, 0},
    {"ends behind a comma", "[1,", ENDS, 0},
    {"ends in a name", "{\"a", ENDS, 0},
    {"ends behind a name", "{\"a\"", ENDS, 0},
    {"ends behind a colon", "{\"a\":", ENDS, 0},
    {"ends behind a member", "{\"a\":1", ENDS, 0},
    {"ends behind a member's comma", "{\"a\":1,", ENDS, 0},
    {"ends in a string", "\"abc", ENDS, 0},
    {"ends in a long string", "\"0123456789abcdef", ENDS, 0},
    {"ends in an escape", "\"abc\\", ENDS, 0},
    {"ends in a \\u", "\"\\u00", ENDS, JSON_FLAW_ESCAPE},
    {"ends behind an escaped quote", "\"abc\\\"", ENDS, 0},
    {"ends in a word", "tru", ENDS, 0},
    {"ends behind a minus", "-", ENDS, 0},
    {"ends behind a point", "1.", ENDS, 0},
    {"ends behind an e", "1e", ENDS, 0},
    {"ends behind a sign", "1e-", ENDS, 0},
    {"word of another kind", "[nil]", NO_VALUE, 0},
    {"capital word", "True", NO_VALUE, 0},
    {"single quotes", "['a']", NO_VALUE, 0},
    {"comment", "[/* */1]", NO_VALUE, 0},
    {"comma without a value", "[,1]", NO_VALUE, 0},
    {"two commas", "[1,,2]", NO_VALUE, 0},
    {"comma at the end", "[1,]", NO_VALUE, 0},
    {"member's comma at the end", "{\"a\":1,}", NO_NAME, 0},
    {"member without a value", "{\"a\":}", NO_VALUE, 0},
    {"name without quotes", "{a:1}", NO_NAME, 0},
    {"value in place of a member", "{1}", NO_NAME, 0},
    {"no colon", "{\"a\" 1}", "a colon is missing", 0},
    {"colon in an array", "[\"a\":1]", NO_COMMA, 0},
    {"no comma", "[1 2]", NO_COMMA, 0},
    {"wrong bracket", "[1}", NO_COMMA, 0},
    {"wrong bracket for an object", "{\"a\":1]", NO_COMMA, 0},
    {"wrong bracket inside", "{\"a\":[1}]", NO_COMMA, 0},
    {"leading zero", "01", FOLLOWS, 0},
    {"leading zero inside", "[-01]", NO_COMMA, 0},
    {"plus", "+1", NO_VALUE, 0},
    {"point first", ".5", NO_VALUE, 0},
    {"point last", "[1.]", NUMBER, 0},
    {"empty exponent", "[1e]", NUMBER, 0},
    {"minus alone", "[-]", NUMBER, 0},
    {"hexadecimal", "0x1", FOLLOWS, 0},
    {"word with a tail", "nullx", FOLLOWS, 0},
    {"two values", "{} {}", FOLLOWS, 0},
    {"a NUL behind", "[]\\0", FOLLOWS, 0},
    {"control character between", "[\x01]", NO_VALUE, 0},
    {"no-break space", "[\xc2\xa0]", NO_VALUE, 0},
    {"HTML", "<html>", NO_VALUE, 0},
};

static void test_skip(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(skip_cases); i++) {
        const struct skip_case *k = &skip_cases[i];
        char *text = tight(k->text, strlen(k->text));
        struct json_cursor c;
        struct json_slice value;
        json_cursor_init(&c, text, strlen(k->text));
        int r = json_skip(&c, &value);
        r = r < 0 ? r : json_finish(&c);
        const char *fault = c.fault ? c.fault : "-";
        if ((r == 0) == (k->fault != NULL) || strcmp(fault, k->fault ? k->fault : "-") != 0 ||
            c.flaws != k->flaws) {
            print_error("%s: %d, %s, flaws %u\n", k->name, r, fault, c.flaws);
            failed++;
        }
        test_free(text);
    }
    assert_int_equal(failed, 0);
}

/* Every beginning of a text is a fault, whatever it is cut in. */
static void test_truncated_anywhere(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1.5e3,\"x\\u00e4\\n\",true,null,{\"b\":{}}],\"c\":[[],\"\"]}";
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *cut = tight(text, len);
        struct json_cursor c;
        struct json_slice value;
        json_cursor_init(&c, cut, len);
        assert_int_equal(json_skip(&c, &value), ERR_PROTOCOL);
        assert_string_equal(c.fault, ENDS);
        test_free(cut);
    }
}

/* A NUL inside is garbage between values and a control character in a string, never the end. */
static void test_nul_bytes(void **state)
{
    (void)state;
    struct json_cursor c;
    struct json_slice value;
    json_cursor_init(&c, "[1\0]", 4);
    assert_int_equal(json_skip(&c, &value), ERR_PROTOCOL);
    assert_string_equal(c.fault, NO_COMMA);
    json_cursor_init(&c, "[\"\0\"]", 5);
    assert_int_equal(json_skip(&c, &value), 0);
    assert_int_equal(c.flaws, JSON_FLAW_CONTROL);
    json_cursor_init(&c, "[]\0", 3);
    assert_int_equal(json_skip(&c, &value), 0);
    assert_int_equal(json_finish(&c), ERR_PROTOCOL);
}

static void test_depth(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t levels;
        const char *inside;
        bool is_flawed;
        bool is_fault;
    } cases[] = {
        {"64", 64, "1", false, false},
        {"65", 65, "1", true, false},
        {"1000", 1000, "1", true, false},
        {"brackets in deep strings", 70, "\"]]}}[[\\\"\"", true, false},
        {"deep string not closed", 70, "\"", true, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n = cases[i].levels;
        size_t inside = strlen(cases[i].inside);
        char *text = test_malloc(2 * n + inside);
        memset(text, '[', n);
        memcpy(text + n, cases[i].inside, inside);
        memset(text + n + inside, ']', n);
        struct json_cursor c;
        struct json_slice value;
        json_cursor_init(&c, text, 2 * n + inside);
        int r = json_skip(&c, &value);
        if ((r < 0) != cases[i].is_fault || (c.flaws == JSON_FLAW_DEPTH) != cases[i].is_flawed) {
            fail_msg("%s: %d, flaws %u", cases[i].name, r, c.flaws);
        }
        test_free(text);
    }
}

/* `high` must be set for each byte above 0x7f, wherever it stands; ASCII alone must leave it clear. */
static void test_high_bytes_are_noticed(void **state)
{
    (void)state;
    for (size_t at = 1; at < 40; at++) {
        char text[42];
        struct json_cursor c;
        struct json_slice value;
        memset(text, '~', sizeof text);
        text[0] = '"';
        text[41] = '"';
        json_cursor_init(&c, text, sizeof text);
        assert_int_equal(json_skip(&c, &value), 0);
        assert_int_equal(c.high & UINT64_C(0x8080808080808080), 0);
        text[at] = (char)0x80;
        json_cursor_init(&c, text, sizeof text);
        assert_int_equal(json_skip(&c, &value), 0);
        assert_int_not_equal(c.high & UINT64_C(0x8080808080808080), 0);
    }
}

/* What a walk over members and elements sees, as text. */
static void test_walk(void **state)
{
    (void)state;
    static const char text[] = " {\"a\":1, \"b\" : [ \"x\" , {\"y\":[]} ] ,\"c\":{}} ";
    char seen[256] = "";
    struct json_cursor c;
    struct json_slice name;
    struct json_slice value;
    int r;
    json_cursor_init(&c, text, sizeof text - 1);
    assert_int_equal(json_enter(&c), 0);
    while ((r = json_next_member(&c, &name)) == 1) {
        size_t at = strlen(seen);
        if (json_cursor_peek(&c) == '[') {
            assert_int_equal(json_enter(&c), 0);
            while (json_next_element(&c) == 1 && json_skip(&c, &value) == 0) {
                at = strlen(seen);
                snprintf(seen + at, sizeof seen - at, "<%.*s>", (int)value.len, value.text);
            }
        } else {
            assert_int_equal(json_skip(&c, &value), 0);
            snprintf(seen + at, sizeof seen - at, "%.*s=%.*s;", (int)name.len, name.text, (int)value.len,
                     value.text);
        }
    }
    assert_int_equal(r, 0);
    assert_int_equal(c.depth, 0);
    assert_int_equal(json_finish(&c), 0);
    assert_string_equal(seen, "a=1;<\"x\"><{\"y\":[]}>c={};");
}

static struct json_slice slice(const char *text)
{
    return (struct json_slice){text, strlen(text)};
}

static void test_int(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_ok;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-7", true, -7},
        {"3599", true, 3599},
        {"999999999999999999", true, 999999999999999999},
        {"-999999999999999999", true, -999999999999999999},
        {"1000000000000000000", false, 0},
        {"1000000000000000001", false, 0}, /* out of the range asked for */
        {"99999999999999999999", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"\"1\"", false, 0},
        {"null", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t value = 0;
        int r = json_to_int(slice(cases[i].text), -999999999999999999, 999999999999999999, &value);
        if ((r == 0) != cases[i].is_ok || value != cases[i].value) {
            fail_msg("%s: %d %lld", cases[i].text, r, (long long)value);
        }
    }
    int64_t value = 42;
    assert_int_equal(json_to_int(slice("11"), 0, 10, &value), ERR_INVALID);
    assert_int_equal(json_to_int(slice("-1"), 0, 10, &value), ERR_INVALID);
    assert_int_equal(value, 42);
}

static void test_copy(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        bool is_ok;
        const char *copy;
    } cases[] = {
        {"fits", "\"1234567\"", true, "1234567"},
        {"too long", "\"12345678\"", false, ""},
        {"long before it is decoded", "\"\\u0041\\u0042\"", true, "AB"},
        {"repaired", "\"\\ud800\"", false, ""},
        {"empty", "\"\"", true, ""},
        {"number", "12", false, ""},
        {"absent", "", false, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char copy[8] = "before";
        bool ok = json_copy(slice(cases[i].text), copy, sizeof copy);
        if (ok != cases[i].is_ok || strcmp(copy, cases[i].copy) != 0) {
            fail_msg("%s: %d \"%s\"", cases[i].name, ok, copy);
        }
    }
}

/* Decoding writes at most len - 1 bytes with the NUL, even where the string is flawed. */
static void test_decode_stays_in_bounds(void **state)
{
    (void)state;
    static const char *const strings[] = {
        "\"\"",
        "\"abc\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud800\\ud800\"",
        "\"\\udc00\"",
        "\"\\u20ac\"",
        "\"\\ud83d\\ude00\"",
        "\"\\n\"",
        "\"\\u\"",
        "\"\\u1\"",
        "\"\\q\"",
        "\"\\ud83d\\u\"",
        "\"\\ud83d\\\"",
        "\"\\ud83d\\",
        "\"\\ud83d\\u12\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        struct json_slice s = slice(strings[i]);
        char *text = test_malloc(s.len - 1); /* AddressSanitizer and cmocka's guards see a byte more */
        bool repaired = false;
        size_t len = json_decode(s, text, &repaired);
        assert_in_range(len, 0, s.len - 2);
        assert_int_equal(text[len], '\0');
        test_free(text);
    }
}

static void test_pick(void **state)
{
    (void)state;
    static const struct json_name names[] = {JSON_NAME("one"), JSON_NAME("Two")};
    static const struct {
        const char *name;
        const char *object;
        const char *one;
        const char *two;
    } cases[] = {
        {"both", "{\"one\":1,\"Two\":2}", "1", "2"},
        {"none", "{\"x\":1}", "", ""},
        {"empty", "{}", "", ""},
        {"not an object", "[\"one\",1]", "", ""},
        {"absent", "", "", ""},
        {"last counts", "{\"one\":1,\"one\":2}", "2", ""},
        {"other case", "{\"ONE\":1,\"two\":2}", "1", "2"},
        {"exact first", "{\"one\":1,\"ONE\":2}", "1", ""},
        {"exact last", "{\"ONE\":2,\"one\":1}", "1", ""},
        {"only at the top", "{\"x\":{\"one\":1}}", "", ""},
        {"escaped name", "{\"\\u006fne\":1}", "1", ""},
        {"kelvin sign is no k", "{\"\xe2\x84\xaa\":1}", "", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_slice v[2];
        json_pick(slice(cases[i].object), names, 2, v);
        if (v[0].len != strlen(cases[i].one) || v[1].len != strlen(cases[i].two) ||
            strncmp(v[0].len ? v[0].text : "", cases[i].one, v[0].len) != 0 ||
            strncmp(v[1].len ? v[1].text : "", cases[i].two, v[1].len) != 0) {
            fail_msg("%s", cases[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_truncated_anywhere),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_high_bytes_are_noticed),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_int),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_decode_stays_in_bounds),
        cmocka_unit_test(test_pick),
    };
    return cmocka_run_group_tests_name("graph/json_slice", tests, NULL, NULL);
}
