/* cli/print: columns as wide as what stands in them, text that can not steer the terminal, and the same rows
 * as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/civil.h"
#include "cli/print.h"

static const struct {
    const char *name;
    const char *text;
    int max;
    const char *clean;
    int width;
} texts[] = {
    {"plain", "Acme", 10, "Acme", 4},
    {"nothing", "", 10, "", 0},
    {"exactly the width", "abcde", 5, "abcde", 5},
    {"one too long", "abcdef", 5, "abcd…", 5},
    {"one column", "ab", 1, "…", 1},
    {"umlauts", "Müller", 6, "Müller", 6},
    {"umlauts cut", "Müllerin", 6, "Mülle…", 6},
    {"wide characters", "東京都", 6, "東京都", 6},
    {"wide characters cut", "東京都", 5, "東京…", 5},
    {"a wide one does not fit", "東京都", 4, "東…", 3},
    {"combining mark", "e\xcc\x81x", 2, "e\xcc\x81x", 2},
    {"line end and tab", "a\nb\tc", 10, "a·b·c", 5},
    {"escape", "\x1b[31mred", 20, "·[31mred", 8},
    {"delete and C1", "\x7f\xc2\x9b", 10, "··", 2},
    {"direction override",
     "a\xe2\x80\xae"
     "b",
     10, "a·b", 3},
    {"not UTF-8", "a\xff\xc3", 10, "a\xef\xbf\xbd\xef\xbf\xbd", 3},
    {"not cut", "abcdefghij", 0, "abcdefghij", 10},
};

static void test_clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *clean = print_clean(texts[i].text, texts[i].max);
        int width = print_width(clean);
        if (strcmp(clean, texts[i].clean) != 0 || width != texts[i].width) {
            fail_msg("%s: \"%s\" of width %d", texts[i].name, clean, width);
        }
        free(clean);
    }
}

static void test_times(void **state)
{
    (void)state;
    char text[PRINT_TIME_LEN];
    print_format_iso(INT64_C(1772405999999), text);
    assert_string_equal(text, "2026-03-01T22:59:59Z");
    print_format_minute(INT64_C(1772405999999), text);
    assert_string_equal(text, "2026-03-01 22:59");
    static const struct {
        int64_t ms;
        const char *text;
    } durations[] = {{-1, ""},
                     {0, "0 ms"},
                     {999, "999 ms"},
                     {59999, "59 s"},
                     {60000, "1 min 0 s"},
                     {3599999, "59 min 59 s"},
                     {7800000, "2 h 10 min"}};
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        print_format_duration(durations[i].ms, text);
        assert_string_equal(text, durations[i].text);
    }
}

static const struct column columns[] = {
    {"id", "ID", COLUMN_INT, 0},     {"name", "NAME", COLUMN_TEXT, 8}, {"hidden", NULL, COLUMN_TEXT, 0},
    {"is_on", "ON", COLUMN_BOOL, 0}, {"at", "AT", COLUMN_TIME, 0},     {"day", NULL, COLUMN_DATE, 0},
    {"raw", NULL, COLUMN_JSON, 0},   {NULL, "SHOWN", COLUMN_TEXT, 0},  {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_rows(struct listing *l)
{
    listing_int(l, 7);
    listing_text(l, "Acme \"A\" & Co");
    listing_text(l, "h");
    listing_bool(l, true);
    listing_time(l, 0);
    listing_date(l, 0);
    listing_text(l, "{\"a\":1}");
    listing_text(l, "x");
    listing_end_row(l);
    listing_int(l, 1234);
    listing_text(l, NULL);
    listing_text(l, NULL);
    listing_bool(l, false);
    listing_time(l, PRINT_NO_TIME);
    listing_date(l, PRINT_NO_DATE);
    listing_null(l);
    listing_text(l, "y");
    listing_end_row(l);
}

/* What finish prints for the rows that `add` adds; free() it. */
static char *printed(bool as_json, void (*add)(struct listing *l), bool as_record)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct listing *l = listing_begin(columns, as_json, out);
    if (add) {
        add(l);
    }
    if (as_record) {
        listing_finish_record(l);
    } else {
        listing_finish(l, "no rows");
    }
    fclose(out);
    return text;
}

static void test_table(void **state)
{
    (void)state;
    char *text = printed(false, add_rows, false);
    assert_string_equal(text, "  ID  NAME      ON   AT                SHOWN\n"
                              "   7  Acme \"A…  yes  1970-01-01 00:00  x\n"
                              "1234            no                     y\n");
    free(text);
}

static void test_json(void **state)
{
    (void)state;
    char *text = printed(true, add_rows, false);
    assert_string_equal(
        text, "[{\"id\":7,\"name\":\"Acme \\\"A\\\" & Co\",\"hidden\":\"h\",\"is_on\":true,"
              "\"at\":\"1970-01-01T00:00:00Z\",\"day\":\"1970-01-01\",\"raw\":{\"a\":1}},\n"
              " {\"id\":1234,\"name\":null,\"hidden\":null,\"is_on\":false,\"at\":null,\"day\":null,"
              "\"raw\":null}]\n");
    free(text);
}

static void test_empty(void **state)
{
    (void)state;
    char *text = printed(false, NULL, false);
    assert_string_equal(text, "no rows\n");
    free(text);
    text = printed(true, NULL, false);
    assert_string_equal(text, "[]\n");
    free(text);
}

static void add_record(struct listing *l)
{
    listing_int(l, 7);
    listing_text(l, "a\x1b");
    listing_text(l, "h");
    listing_bool(l, true);
    listing_null(l);
    listing_null(l);
    listing_null(l);
    listing_text(l, "x");
}

static void test_record(void **state)
{
    (void)state;
    char *text = printed(false, add_record, true);
    assert_string_equal(text, "ID:    7\nNAME:  a·\nON:    yes\nSHOWN: x\n");
    free(text);
    text = printed(true, add_record, true);
    assert_string_equal(text, "{\"id\":7,\"name\":\"a\\u001b\",\"hidden\":\"h\",\"is_on\":true,\"at\":null,"
                              "\"day\":null,\"raw\":null}\n");
    free(text);
}

/* Enough rows that the array of cells grows, in columns that line up. */
static void test_many_rows(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    static const struct column two[] = {
        {"n", "N", COLUMN_INT, 0}, {"t", "T", COLUMN_TEXT, 0}, {NULL, NULL, COLUMN_TEXT, 0}};
    struct listing *l = listing_begin(two, false, out);
    for (int i = 1; i <= 500; i++) {
        listing_int(l, i);
        listing_text(l, "x");
        listing_end_row(l);
    }
    listing_finish(l, "");
    fclose(out);
    assert_int_equal(len, 501 * strlen("  1  x\n"));
    assert_string_equal(text + len - strlen("500  x\n"), "500  x\n");
    free(text);
}

int main(void)
{
    print_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),     cmocka_unit_test(test_times), cmocka_unit_test(test_table),
        cmocka_unit_test(test_json),      cmocka_unit_test(test_empty), cmocka_unit_test(test_record),
        cmocka_unit_test(test_many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
