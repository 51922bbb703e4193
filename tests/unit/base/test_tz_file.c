/* Zone files and their footers: the grammar, damage, and files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/tz.h"
#include "base/tz_file.h"
#include "base/tz_footer.h"
#include "tests/lib/rng.h"
#include "tests/lib/tz_fixture.h"

/* ---- footers ---- */

/* Summer time that never ends (RFC 8536 §3.3.1): the end of one year is the start of the next. */
static void summer_all_year(void **state UNUSED)
{
    struct tz_footer f;
    assert_true(tz_footer_parse("EST5EDT,0/0,J365/25", &f));
    for (int64_t t = FROM_S; t < TO_S; t += 86400 / 2 + 1800) {
        assert_string_equal(tz_footer_segment(&f, t).type->abbreviation, "EDT");
    }
    int64_t new_year = at("2030-01-01T05:00") / 1000;
    assert_string_equal(tz_footer_segment(&f, new_year).type->abbreviation, "EDT");
    assert_string_equal(tz_footer_segment(&f, new_year - 1).type->abbreviation, "EDT");
}

static void rule_times_a_week_away(void **state UNUSED)
{
    struct tz_footer f;
    assert_true(tz_footer_parse("AAA0BBB,J1/-167,J300", &f)); /* 1 January less 167 h: 25 December, 01:00 */
    assert_string_equal(tz_footer_segment(&f, at("2029-12-25T00:59:59") / 1000).type->abbreviation, "AAA");
    assert_string_equal(tz_footer_segment(&f, at("2029-12-25T01:00") / 1000).type->abbreviation, "BBB");
    assert_string_equal(tz_footer_segment(&f, at("2030-01-05T00:00") / 1000).type->abbreviation, "BBB");
    assert_true(tz_footer_parse("AAA0BBB,J100,J365/167", &f));
    assert_string_equal(tz_footer_segment(&f, at("2030-01-06T21:59:59") / 1000).type->abbreviation, "BBB");
    assert_string_equal(tz_footer_segment(&f, at("2030-01-06T22:00") / 1000).type->abbreviation, "AAA");
    assert_string_equal(tz_footer_segment(&f, INT64_MAX / 1000).type->abbreviation, "AAA");
}

static const struct footer_row {
    const char *name;
    const char *text;
    bool ok;
} footer_rows[] = {
    {"none", "", true},
    {"seconds", "LMT-0:53:28", true},
    {"hour 24", "AAA24", true},
    {"167 hours", "AAA0BBB,J1/167,J2/-167", true},
    {"168 hours", "AAA0BBB,J1/168,J2", false},
    {"no offset", "AAA", false},
    {"short name", "AA0", false},
    {"open bracket", "<+01-1", false},
    {"sign outside brackets", "+01-1", false},
    {"long name", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0", false},
    {"offset of 25 hours", "AAA25", false},
    {"minute 60", "AAA1:60", false},
    {"summer without dates", "CET-1CEST", false},
    {"one date", "CET-1CEST,M3.5.0", false},
    {"month 13", "CET-1CEST,M13.5.0,M10.5.0", false},
    {"month 0", "CET-1CEST,M0.5.0,M10.5.0", false},
    {"week 6", "CET-1CEST,M3.6.0,M10.5.0", false},
    {"week 0", "CET-1CEST,M3.0.0,M10.5.0", false},
    {"weekday 7", "CET-1CEST,M3.5.7,M10.5.0", false},
    {"J0", "CET-1CEST,J0,M10.5.0", false},
    {"J366", "CET-1CEST,J366,M10.5.0", false},
    {"day 366", "CET-1CEST,366,M10.5.0", false},
    {"something behind", "CET-1CEST,M3.5.0,M10.5.0/3,", false},
    {"space", " UTC0", false},
    {"no number", "CET-1CEST,M3.5.0/,M10.5.0", false},
};

static void footer_grammar(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(footer_rows); i++) {
        struct tz_footer f;
        if (tz_footer_parse(footer_rows[i].text, &f) != footer_rows[i].ok) {
            fail_msg("%s: %s", footer_rows[i].name, footer_rows[i].text);
        }
    }
}

/* ---- damage ---- */

/* Parses a copy that ends where its memory ends. */
static bool parses(const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);
    struct tz_file file;
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    const char *fault = tz_file_parse(copy, len, &file);
    free(copy);
    if (!fault) {
        tz_file_finish(&file);
    }
    return !fault;
}

static void read_zone(struct buf *b, const char *name)
{
    CLEANUP_FREE char *path = mem_printf(TZ_DATABASE "/%s", name);
    buf_clear(b);
    assert_int_equal(buf_read_file(b, path), 0);
}

static void truncated_files_are_refused(void **state UNUSED)
{
    CLEANUP(buf_finish) struct buf b = {.max = TZ_FILE_MAX};
    read_zone(&b, "Europe/Berlin");
    assert_true(parses(b.data, b.len));
    for (size_t len = 0; len < b.len; len++) {
        if (parses(b.data, len)) {
            fail_msg("%zu of %zu bytes were taken", len, b.len);
        }
    }
}

/* Every single byte is changed in four ways.  What is still a file must answer; nothing may crash. */
static void changed_bytes(void **state UNUSED)
{
    static const unsigned char masks[] = {0x01, 0x80, 0xff, 0x10};
    CLEANUP(buf_finish) struct buf b = {.max = TZ_FILE_MAX};
    int taken = 0, refused = 0;
    read_zone(&b, "Africa/Cairo");
    for (size_t i = 0; i < b.len; i++) {
        for (size_t m = 0; m < ARRAY_LEN(masks); m++) {
            b.data[i] = (char)((unsigned char)b.data[i] ^ masks[m]);
            *(parses(b.data, b.len) ? &taken : &refused) += 1;
            b.data[i] = (char)((unsigned char)b.data[i] ^ masks[m]);
        }
    }
    assert_true(refused > 100); /* the headers alone */
    assert_true(taken > 100);   /* the 32-bit block does not matter */
}

/* Several bytes at once, through the cache, and then lookups over the whole range of times. */
static void damaged_files_answer_or_are_refused(void **state UNUSED)
{
    static const char *const names[] = {"Bad"};
    struct rng rng = rng_start();
    CLEANUP(buf_finish) struct buf b = {.max = TZ_FILE_MAX};
    char *dir = scratch_dir();
    for (int i = 0; i < 600; i++) {
        read_zone(&b, i % 2 ? "Europe/Dublin" : "Pacific/Apia");
        for (uint64_t n = rng_below(&rng, 3) + 1; n > 0; n--) {
            b.data[rng_below(&rng, b.len - 4) + 4] = (char)rng_next(&rng);
        }
        write_file(dir, "Bad", b.data, b.len);
        struct tz_cache *cache = tz_cache_create(dir);
        const struct tz *tz = NULL;
        struct err e = {0};
        int r = tz_cache_get(cache, "Bad", &tz, &e);
        if (r < 0) {
            assert_int_equal(r, ERR_INVALID);
            assert_non_null(strstr(e.msg, "Bad is damaged"));
        }
        for (int n = 0; r == 0 && n < 20; n++) {
            int64_t wall_ms = rng_between(&rng, -62135596800000, 253402300799999);
            struct tz_instants got = tz_from_wall(tz, wall_ms);
            if (got.kind != TZ_SKIPPED) {
                assert_int_equal(tz_to_wall(tz, got.first_ms), wall_ms);
                assert_int_equal(tz_to_wall(tz, got.last_ms), wall_ms);
            }
        }
        tz_cache_destroy(cache);
    }
    remove_dir(dir, names, 1);
}

/* Counts that promise more than there is, or that would overflow 32 bits when added. */
static void hostile_counts(void **state UNUSED)
{
    static const uint32_t big[] = {0xffffffff, 0x7fffffff, 0x80000000, 0x15555556, 0x01000000};
    CLEANUP(buf_finish) struct buf b = {.max = 4096};
    for (size_t block = 0; block < 2; block++) {
        for (size_t field = 0; field < 6; field++) {
            for (size_t i = 0; i < ARRAY_LEN(big); i++) {
                make_slim(&b, "UTC0");
                char *p = b.data + block * 54 + 20 + field * 4;
                for (int k = 0; k < 4; k++) {
                    p[k] = (char)(big[i] >> (24 - 8 * k));
                }
                assert_false(parses(b.data, b.len));
            }
        }
    }
    make_slim(&b, "UTC0");
    assert_true(parses(b.data, b.len));
}

static void leap_seconds_are_refused(void **state)
{
    CLEANUP(buf_finish) struct buf b = {.max = 4096};
    struct tz_file file;
    put_header(&b, 0, 0, 1, 4);
    assert_int_equal(buf_add(&b, "\0\0\0\0\0\0XXX\0", 10), 0);
    put_header(&b, 1, 0, 1, 4);
    assert_int_equal(buf_add(&b,
                             "\0\0\0\0\0\0XXX\0"
                             "\0\0\0\0\x04\xb2\x58\x00\0\0\0\x01"
                             "\nUTC0\n",
                             28),
                     0);
    const char *fault = tz_file_parse(b.data, b.len, &file);
    assert_non_null(fault);
    assert_string_equal(fault, "it counts leap seconds");
    (void)state;
}

/* ---- what else is in the directory ---- */

static void files_that_are_no_zones(void **state UNUSED)
{
    static const char *const names[] = {"Empty", "Short", "Huge", "Old"};
    CLEANUP(buf_finish) struct buf b = {.max = TZ_FILE_MAX * 2};
    struct err e = {0};
    const struct tz *tz = NULL;
    char *dir = scratch_dir();
    struct tz_cache *cache = tz_cache_create(dir);
    write_file(dir, "Empty", "", 0);
    write_file(dir, "Short", "TZi", 3);
    assert_int_equal(tz_cache_get(cache, "Empty", &tz, &e), ERR_NOT_FOUND);
    assert_int_equal(tz_cache_get(cache, "Short", &tz, &e), ERR_NOT_FOUND);
    make_slim(&b, "UTC0");
    b.data[4] = '\0';
    write_file(dir, "Old", b.data, b.len);
    assert_int_equal(tz_cache_get(cache, "Old", &tz, &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "version 1"));
    assert_int_equal(buf_reserve(&b, TZ_FILE_MAX + 1), 0);
    memset(b.data + b.len, 0, TZ_FILE_MAX + 1 - b.len);
    write_file(dir, "Huge", b.data, TZ_FILE_MAX + 1);
    assert_int_equal(tz_cache_get(cache, "Huge", &tz, &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "more than"));
    assert_null(tz);
    assert_string_equal(tz_cache_version(cache), "");
    tz_cache_destroy(cache);
    remove_dir(dir, names, ARRAY_LEN(names));
}

static const struct version_row {
    const char *name;
    const char *file;
    const char *content;
    const char *version;
} version_rows[] = {
    {"source file", "tzdata.zi", "# version 2025b\n# more\n", "2025b"},
    {"source file without it", "tzdata.zi", "# This zic input file\n", ""},
    {"+VERSION", "+VERSION", "2024a\n", "2024a"},
    {"version", "version", "2023c", "2023c"},
    {"empty file", "version", "", ""},
    {"endless line", "version",
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
};

static void versions(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(version_rows); i++) {
        const struct version_row *row = &version_rows[i];
        char *dir = scratch_dir();
        write_file(dir, row->file, row->content, strlen(row->content));
        struct tz_cache *cache = tz_cache_create(dir);
        if (strcmp(tz_cache_version(cache), row->version) != 0) {
            fail_msg("%s: \"%s\"", row->name, tz_cache_version(cache));
        }
        tz_cache_destroy(cache);
        remove_dir(dir, &row->file, 1);
    }
}

static void write_zone(const char *dir, const char *footer)
{
    CLEANUP(buf_finish) struct buf b = {.max = 4096};
    make_slim(&b, footer);
    write_file(dir, "Zone", b.data, b.len);
}

static void write_version(const char *dir, const char *version)
{
    write_file(dir, "version", version, strlen(version));
}

static int64_t offset_h(const struct tz *tz)
{
    return tz_offset_ms(tz, 0, NULL) / MS_PER_HOUR;
}

static void a_new_database_is_noticed(void **state UNUSED)
{
    static const char *const names[] = {"Zone", "version"};
    char *dir = scratch_dir();
    write_zone(dir, "ABC-1");
    write_version(dir, "2025a");
    struct tz_cache *cache = tz_cache_create(dir);
    const struct tz *before = zone(cache, "Zone");
    const char *version_before = tz_cache_version(cache);

    assert_false(tz_cache_refresh(cache));
    write_zone(dir, "ABC-2");
    write_version(dir, "2025b");
    assert_ptr_equal(zone(cache, "Zone"), before);
    assert_string_equal(tz_cache_version(cache), "2025a");

    assert_true(tz_cache_refresh(cache));
    assert_string_equal(tz_cache_version(cache), "2025b");
    const struct tz *after = zone(cache, "Zone");
    assert_int_equal(offset_h(after), 2);
    assert_ptr_equal(zone(cache, "Zone"), after);
    assert_int_equal(offset_h(before), 1);
    assert_string_equal(tz_name(before), "Zone");
    assert_string_equal(version_before, "2025a");

    assert_false(tz_cache_refresh(cache));
    write_version(dir, "");
    assert_false(tz_cache_refresh(cache));
    assert_string_equal(tz_cache_version(cache), "2025b");
    assert_ptr_equal(zone(cache, "Zone"), after);
    tz_cache_destroy(cache);
    remove_dir(dir, names, ARRAY_LEN(names));
}

int main(void)
{
    if (access(TZ_DATABASE "/Europe/Berlin", R_OK) != 0) {
        printf("skipped: no zone database in " TZ_DATABASE " (package tzdata)\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summer_all_year),
        cmocka_unit_test(rule_times_a_week_away),
        cmocka_unit_test(footer_grammar),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(changed_bytes),
        cmocka_unit_test(damaged_files_answer_or_are_refused),
        cmocka_unit_test(hostile_counts),
        cmocka_unit_test(leap_seconds_are_refused),
        cmocka_unit_test(files_that_are_no_zones),
        cmocka_unit_test(versions),
        cmocka_unit_test(a_new_database_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
