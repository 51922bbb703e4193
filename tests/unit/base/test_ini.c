/* The configuration reader: what it takes, and that nothing strange in a file passes in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/ini.h"
#include "base/mem.h"
#include "tests/lib/rng.h"

struct target {
    char *url;
    char *name;
    int64_t count;
    int64_t offset;
    bool on;
    char *directory;
};

static const struct ini_option options[] = {
    {"database", "url", INI_TEXT, offsetof(struct target, url), 0, 0, "sqlite:/var/x.db", "where"},
    {"database", "name", INI_TEXT, offsetof(struct target, name), 0, 8, NULL, "a short name"},
    {"graph", "count", INI_INT, offsetof(struct target, count), 1, 64, "16", "how many"},
    {"graph", "offset", INI_INT, offsetof(struct target, offset), INT64_MIN, INT64_MAX, NULL, "any number"},
    {"graph", "on", INI_BOOL, offsetof(struct target, on), 0, 0, "yes", "switch"},
    {"timesheet", "directory", INI_TEXT, offsetof(struct target, directory), 0, 0, NULL, "where to"},
};

static char scratch[] = "/tmp/aa-test-ini-XXXXXX";

static int load_bytes(const char *bytes, size_t len, struct target *target, struct err *e)
{
    FILE *f = fopen(scratch, "wbe");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
    return ini_load(scratch, options, ARRAY_LEN(options), target, NULL, e);
}

static void unload(struct target *target)
{
    ini_free(options, ARRAY_LEN(options), target);
}

static void defaults(void **state UNUSED)
{
    struct target t = {0};
    assert_int_equal(ini_load(NULL, options, ARRAY_LEN(options), &t, NULL, NULL), 0);
    assert_string_equal(t.url, "sqlite:/var/x.db");
    assert_string_equal(t.name, "");
    assert_int_equal(t.count, 16);
    assert_int_equal(t.offset, 0);
    assert_true(t.on);
    unload(&t);
    assert_null(t.url);
    assert_null(t.name);
    unload(&t);
}

static const struct good_row {
    const char *name;
    const char *text;
    struct target expected;
} good_rows[] = {
    {"empty file", "", {"sqlite:/var/x.db", "", 16, 0, true, ""}},
    {"all of it",
     "[database]\nurl = postgresql://x/y\nname=n\n[graph]\ncount = 64\noffset = -7\non = "
     "no\n[timesheet]\ndirectory = /d\n",
     {"postgresql://x/y", "n", 64, -7, false, "/d"}},
    {"comments",
     "; one\n# two\n[database] ; three\nname = x ; four\n[graph] # five\n  ; six\n",
     {"sqlite:/var/x.db", "x", 16, 0, true, ""}},
    {"semicolon without a space", "[database]\nname = a;b\n", {"sqlite:/var/x.db", "a;b", 16, 0, true, ""}},
    {"hash in a value", "[database]\nname = a #b\n", {"sqlite:/var/x.db", "a #b", 16, 0, true, ""}},
    {"equals sign in a value", "[database]\nname = a=b:c\n", {"sqlite:/var/x.db", "a=b:c", 16, 0, true, ""}},
    {"nothing replaces a default", "[database]\nurl =\nname = ; only a comment\n", {"", "", 16, 0, true, ""}},
    {"line ends of DOS",
     "[database]\r\nname = x\r\n\r\n[graph]\r\ncount = 2\r\n",
     {"sqlite:/var/x.db", "x", 2, 0, true, ""}},
    {"no line end at the end", "[database]\nname = x", {"sqlite:/var/x.db", "x", 16, 0, true, ""}},
    {"byte order mark", "\xef\xbb\xbf[database]\nname = x\n", {"sqlite:/var/x.db", "x", 16, 0, true, ""}},
    {"indented line is a line of its own", "[database]\nname = x\n  url = y\n", {"y", "x", 16, 0, true, ""}},
    {"a section twice",
     "[database]\nname = x\n[graph]\ncount = 3\n[database]\nurl = y\n",
     {"y", "x", 3, 0, true, ""}},
    {"limits",
     "[database]\nname = 12345678\n[graph]\ncount = 1\noffset = -9223372036854775808\n",
     {"sqlite:/var/x.db", "12345678", 1, INT64_MIN, true, ""}},
    {"spaces inside", "[database]\n  name   =   a  b  \n", {"sqlite:/var/x.db", "a  b", 16, 0, true, ""}},
};

static void good_files(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(good_rows); i++) {
        const struct target *x = &good_rows[i].expected;
        struct target t = {0};
        struct err e = {0};
        int r = load_bytes(good_rows[i].text, strlen(good_rows[i].text), &t, &e);
        if (r < 0 || strcmp(t.url, x->url) != 0 || strcmp(t.name, x->name) != 0 || t.count != x->count ||
            t.offset != x->offset || t.on != x->on || strcmp(t.directory, x->directory) != 0) {
            fail_msg("%s: %d %s", good_rows[i].name, r, e.msg);
        }
        unload(&t);
    }
}

static void words_for_yes_and_no(void **state UNUSED)
{
    static const struct {
        const char *word;
        bool value;
    } rows[] = {{"yes", true}, {"no", false},  {"true", true}, {"false", false},
                {"on", true},  {"off", false}, {"1", true},    {"0", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct target t = {0};
        CLEANUP_FREE char *text = mem_printf("[graph]\non = %s\n", rows[i].word);
        assert_int_equal(load_bytes(text, strlen(text), &t, NULL), 0);
        assert_int_equal(t.on, rows[i].value);
        unload(&t);
    }
}

#define TEXT(s) (s), sizeof(s) - 1

static const struct bad_row {
    const char *name;
    const char *bytes;
    size_t len;
    int line;
    const char *words; /* "" is everything */
} bad_rows[] = {
    {"unknown key", TEXT("[graph]\ncount = 2\nconut = 3\n"), 3,
     "unknown key \"conut\" in [graph]; known: count, offset, on"},
    {"key of another section", TEXT("[graph]\nurl = x\n"), 2, "unknown key \"url\" in [graph]"},
    {"unknown section with a key", TEXT("[grahp]\ncount = 2\n"), 1,
     "unknown section \"grahp\"; known: database, graph, timesheet"},
    {"unknown section without one", TEXT("[database]\n\n[other]\n"), 3, "unknown section \"other\""},
    {"empty section name", TEXT("[]\n"), 1, "unknown section"},
    {"section with spaces", TEXT("[ graph ]\n"), 1, "unknown section"},
    {"section not closed", TEXT("\n[graph\ncount = 2\n"), 2, "closing ]"},
    {"key behind a section", TEXT("[graph] count = 2\n"), 1, "nothing but a comment"},
    {"key before any section", TEXT("# x\ncount = 2\n"), 2, "before the first [section]"},
    {"key twice", TEXT("[graph]\ncount = 2\non = no\ncount = 2\n"), 4, "given already in line 2"},
    {"key twice in two places", TEXT("[graph]\ncount = 2\n[database]\n[graph]\ncount = 2\n"), 5,
     "given already in line 2"},
    {"no equals sign", TEXT("[graph]\ncount = 2\njust words\n"), 3, "expected [section], key = value"},
    {"secret on a line of its own", TEXT("[graph]\nQx8~SECRET.secret==\n"), 2, "unknown key in [graph]"},
    {"nothing before it", TEXT("[graph]\n= 3\n"), 2, "unknown key in [graph]"},
    {"a colon in the value, no =", TEXT("[graph]\nurl https://x\n"), 2,
     "unknown key in [graph] (a line is key = value); known: count"},
    {"indented line", TEXT("[database]\nname = x\n  more\n"), 3, "expected [section], key = value"},
    {"number with a unit", TEXT("[graph]\ncount = 2s\n"), 2,
     "count in [graph] must be a whole number from 1 to 64"},
    {"number too small", TEXT("[graph]\ncount = 0\n"), 2, "from 1 to 64"},
    {"number too big", TEXT("[graph]\ncount = 65\n"), 2, "from 1 to 64"},
    {"number beyond 64 bits", TEXT("[graph]\noffset = 9223372036854775808\n"), 2, "whole number"},
    {"no number", TEXT("[graph]\ncount =\n"), 2, "whole number"},
    {"plus sign", TEXT("[graph]\ncount = +2\n"), 2, "whole number"},
    {"fraction", TEXT("[graph]\ncount = 2.5\n"), 2, "whole number"},
    {"hexadecimal", TEXT("[graph]\ncount = 0x10\n"), 2, "whole number"},
    {"sign alone", TEXT("[graph]\ncount = -\n"), 2, "whole number"},
    {"maybe", TEXT("[graph]\non = maybe\n"), 2, "on in [graph] must be yes or no"},
    {"capitals", TEXT("[graph]\non = YES\n"), 2, "must be yes or no"},
    {"text too long", TEXT("[database]\nname = 123456789\n"), 2,
     "name in [database] must be text of at most 8 bytes"},
    {"NUL", TEXT("[database]\nname = a\0b\n"), 2, "control character"},
    {"NUL in a comment", TEXT("; \0\n[graph]\n"), 1, "control character"},
    {"carriage return in a line", TEXT("[graph]\ncount = 2\ron = no\n"), 2, "control character"},
    {"escape", TEXT("[database]\nname = \x1b[31m\n"), 2, "control character"},
    {"the first of two", TEXT("[graph]\nx = 1\ny = 2\n"), 2, "\"x\""},
    {"after a good part", TEXT("[database]\nurl = y\n[graph]\ncount = x\n"), 4, "count"},
};

static void bad_files_name_the_line(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
        const struct bad_row *row = &bad_rows[i];
        struct target t = {0};
        struct err e = {0};
        CLEANUP_FREE char *place = mem_printf("%s:%d: ", scratch, row->line);
        int r = load_bytes(row->bytes, row->len, &t, &e);
        bool is_placed = strncmp(e.msg, place, strlen(place)) == 0;
        if (r != ERR_CONFIG || !is_placed || !strstr(e.msg, row->words) || strstr(e.msg, "secret")) {
            fail_msg("%s: %d %s", row->name, r, e.msg);
        }
        if (t.url || t.name || t.directory) {
            fail_msg("%s: half a configuration was left", row->name);
        }
        assert_int_equal(load_bytes(row->bytes, row->len, &t, NULL), ERR_CONFIG);
    }
}

/* A line of n bytes with a comment, a name or a value that long. */
static int load_long(const char *before, size_t n, struct target *t, struct err *e)
{
    CLEANUP(buf_finish) struct buf text = {.max = 600 * 1024};
    assert_int_equal(buf_add_str(&text, before), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(buf_add(&text, "x", 1), 0);
    }
    assert_int_equal(buf_add_str(&text, "\n[graph]\ncount = 7\n"), 0);
    return load_bytes(text.data, text.len, t, e);
}

static void long_lines(void **state UNUSED)
{
    struct target t = {0};
    struct err e = {0};
    static const size_t fit[] = {190, 191, 192, 193, 194, 195, 196,  197, 198,
                                 199, 200, 201, 398, 399, 400, 1000, 1024};
    for (size_t i = 0; i < ARRAY_LEN(fit); i++) { /* around inih's own limit of 200 */
        assert_int_equal(load_long("[database]\nurl = ", fit[i], &t, &e), 0);
        assert_int_equal(strlen(t.url), fit[i]);
        assert_int_equal(t.count, 7);
        unload(&t);
    }
    assert_int_equal(load_long("[database]\nurl = ", 1025, &t, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, ":2: url in [database] must be text of at most 1024 bytes"));
    assert_int_equal(load_long(";", 3999, &t, &e), 0);
    assert_int_equal(t.count, 7);
    unload(&t);
    assert_int_equal(load_long(";", 4000, &t, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, ":1: the line is longer than 4000 bytes"));
    assert_int_equal(load_long("[database]\nurl = ", 5000, &t, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, ":2: the line is longer"));
    assert_int_equal(load_long("[", 3000, &t, &e), ERR_CONFIG);
    assert_int_equal(load_long("; ", 300 * 1024, &t, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "at most"));
    assert_null(t.url);
}

static void files_that_do_not_read(void **state UNUSED)
{
    struct target t = {0};
    struct err e = {0};
    assert_int_equal(ini_load("/nowhere/x.conf", options, ARRAY_LEN(options), &t, NULL, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.msg, "/nowhere/x.conf does not exist"));
    assert_int_equal(ini_load("/tmp", options, ARRAY_LEN(options), &t, NULL, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "/tmp can not be read: it is a directory"));
    assert_null(t.url);
    if (geteuid() == 0) {
        print_message("skipped as root: a file that may not be read\n");
        return;
    }
    assert_int_equal(load_bytes("", 0, &t, NULL), 0);
    unload(&t);
    assert_int_equal(chmod(scratch, 0200), 0);
    assert_int_equal(ini_load(scratch, options, ARRAY_LEN(options), &t, NULL, &e), ERR_DENIED);
    assert_int_equal(chmod(scratch, 0600), 0);
    assert_non_null(strstr(e.msg, scratch));
}

static void a_default_outside_its_limits_is_a_bug(void **state UNUSED)
{
    static const struct ini_option wrong[] = {
        {"a", "text", INI_TEXT, offsetof(struct target, url), 0, 0, "x", ""},
        {"a", "number", INI_INT, offsetof(struct target, count), 1, 2, "3", ""},
    };
    struct target t = {0};
    struct err e = {0};
    assert_int_equal(ini_load(NULL, wrong, ARRAY_LEN(wrong), &t, NULL, &e), ERR_BUG);
    assert_null(t.url);
}

/* Whatever stands in the file: it is taken or refused with a place, and nothing leaks or crashes. */
static void random_files(void **state UNUSED)
{
    static const char *const pieces[] = {"[graph]", "[database]", "count", "name", "=",  " = ", ":",
                                         "\n",      "\n",         "\n",    " ",    ";",  "#",   "5",
                                         "x",       "]",          "[",     "\t",   "\r", "\xff"};
    struct rng rng = rng_start();
    for (int i = 0; i < 3000; i++) {
        CLEANUP(buf_finish) struct buf text = {.max = 4096};
        for (uint64_t n = rng_below(&rng, 30); n > 0; n--) {
            assert_int_equal(buf_add_str(&text, pieces[rng_below(&rng, ARRAY_LEN(pieces))]), 0);
        }
        struct target t = {0};
        struct err e = {0};
        int r = load_bytes(buf_str(&text), text.len, &t, &e);
        if (r < 0 && (r != ERR_CONFIG || strncmp(e.msg, scratch, strlen(scratch)) != 0)) {
            fail_msg("%d %s", r, e.msg);
        }
        unload(&t);
    }
}

static const char *no_zero_and_no_x(const struct ini_option *o, const char *value)
{
    return strcmp(o->key, "count") == 0 && value[0] == '0' ? "a number that does not begin with 0"
           : strchr(value, 'x')                            ? "text without x"
                                                           : NULL;
}

/* Text over what is there already; a check of the caller's has its line too. */
static void from_memory(void **state UNUSED)
{
    static const char first[] = "[database]\nname = one\nurl = u\n[graph]\ncount = 5\n";
    static const char second[] = "\xef\xbb\xbf[database]\nname = two\n", bad[] = "[graph]\n\ncount = 07\n";
    static const char cut[] = "[database]\nname = onetwo\n";
    struct target t = {0};
    struct err e = {0};
    assert_int_equal(
        ini_load_text("first", first, strlen(first), options, ARRAY_LEN(options), no_zero_and_no_x, &t, &e),
        0);
    assert_int_equal(
        ini_load_text("second", second, strlen(second), options, ARRAY_LEN(options), NULL, &t, &e), 0);
    assert_string_equal(t.name, "two");
    assert_string_equal(t.url, "u");
    assert_int_equal(t.count, 5);
    assert_false(t.on); /* no defaults: what nobody said stays as it was */
    assert_int_equal(ini_load_text("cut", cut, strlen(cut) - 4, options, ARRAY_LEN(options), NULL, &t, &e),
                     0);
    assert_string_equal(t.name, "one"); /* not a byte behind its length is read */
    assert_int_equal(
        ini_load_text("bad", bad, strlen(bad), options, ARRAY_LEN(options), no_zero_and_no_x, &t, &e),
        ERR_CONFIG);
    assert_string_equal(e.msg, "bad:3: count in [graph] must be a number that does not begin with 0");
    assert_null(t.name);
}

int main(void)
{
    int fd = mkstemp(scratch);
    if (fd < 0) {
        return 1;
    }
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_memory),
        cmocka_unit_test(defaults),
        cmocka_unit_test(good_files),
        cmocka_unit_test(words_for_yes_and_no),
        cmocka_unit_test(bad_files_name_the_line),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(files_that_do_not_read),
        cmocka_unit_test(a_default_outside_its_limits_is_a_bug),
        cmocka_unit_test(random_files),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(scratch);
    return failed;
}
