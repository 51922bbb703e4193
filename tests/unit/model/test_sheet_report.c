/* What a renderer says, there and back; and lines that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/sheet_report.h"
#include "tests/lib/rng.h"

#define HASH_00_1F "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void set_hash(struct sheet_report *r)
{
    for (size_t i = 0; i < sizeof r->file_hash; i++) {
        r->file_hash[i] = (unsigned char)i;
    }
}

static void writes(void **state UNUSED)
{
    struct sheet_report made = {.kind = SHEET_REPORT_MADE,
                                .format = SHEET_PDF,
                                .bytes = 44585,
                                .missing_glyphs = 2,
                                .path = "/var/lib/x/timesheet\t1.pdf",
                                .note = "two\nlines"};
    struct sheet_report failed = {
        .kind = SHEET_REPORT_FAILED, .format = SHEET_XLSX, .error_code = "IO", .message = "disk\x1b full"};
    struct sheet_report progress = {
        .kind = SHEET_REPORT_PROGRESS, .format = SHEET_CSV, .done = 500, .of = 10000};
    CLEANUP(buf_finish) struct buf text = {.max = 4096};
    set_hash(&made);
    assert_int_equal(sheet_report_write(&progress, &text), 0);
    assert_int_equal(sheet_report_write(&made, &text), 0);
    assert_int_equal(sheet_report_write(&failed, &text), 0);
    assert_string_equal(buf_str(&text),
                        "progress\tcsv\t500\t10000\n"
                        "made\tpdf\t44585\t2\t" HASH_00_1F "\t/var/lib/x/timesheet 1.pdf\ttwo lines\n"
                        "failed\txlsx\tIO\tdisk  full\n");
}

static void too_long_for_the_buffer(void **state UNUSED)
{
    CLEANUP(buf_finish) struct buf text = {.max = 40};
    struct sheet_report progress = {.kind = SHEET_REPORT_PROGRESS, .format = SHEET_CSV, .done = 1, .of = 2};
    assert_int_equal(sheet_report_write(&progress, &text), 0);
    assert_int_equal(sheet_report_write(&progress, &text), 0);
    assert_int_equal(sheet_report_write(&progress, &text), ERR_TOO_BIG);
    assert_string_equal(buf_str(&text), "progress\tcsv\t1\t2\nprogress\tcsv\t1\t2\n"); /* no half a line */
}

static void reads(void **state UNUSED)
{
    struct sheet_report r;
    char progress[] = "progress\thtml\t0\t18", failed[] = "failed\tjson\tDENIED\t/x can not be written";
    char made[] = "made\tpdf\t7\t0\t" HASH_00_1F "\t/a b/c.pdf\t";
    assert_int_equal(sheet_report_parse(progress, &r), 0);
    assert_int_equal(r.kind, SHEET_REPORT_PROGRESS);
    assert_int_equal(r.format, SHEET_HTML);
    assert_int_equal(r.done, 0);
    assert_int_equal(r.of, 18);
    assert_int_equal(sheet_report_parse(failed, &r), 0);
    assert_string_equal(r.error_code, "DENIED");
    assert_string_equal(r.message, "/x can not be written");
    assert_int_equal(sheet_report_parse(made, &r), 0);
    assert_int_equal(r.bytes, 7);
    assert_int_equal(r.file_hash[31], 31);
    assert_string_equal(r.path, "/a b/c.pdf");
    assert_string_equal(r.note, "");
}

static const struct bad_row {
    const char *name, *line;
} bad_rows[] = {
    {"nothing", ""},
    {"a word", "made"},
    {"unknown kind", "done\tpdf\t1\t2"},
    {"unknown format", "progress\tdoc\t1\t2"},
    {"a field too few", "progress\tpdf\t1"},
    {"a field too many", "progress\tpdf\t1\t2\t3"},
    {"made with a field too many", "made\tpdf\t1\t0\t" HASH_00_1F "\t/p\tnote\tmore"},
    {"no number", "progress\tpdf\tone\t2"},
    {"a negative number", "progress\tpdf\t-1\t2"},
    {"a number with a tail", "progress\tpdf\t1\t2x"},
    {"a number too large", "progress\tpdf\t1\t99999999999999999999"},
    {"a short hash", "made\tpdf\t1\t0\t0001\t/p\t"},
    {"a hash in capitals",
     "made\tpdf\t1\t0\t000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f\t/p\t"},
    {"no path", "made\tpdf\t1\t0\t" HASH_00_1F "\t\tnote"},
    {"no code", "failed\tpdf\t\tmessage"},
};

static void refuses(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
        CLEANUP_FREE char *line = mem_strdup(bad_rows[i].line);
        struct sheet_report r;
        if (sheet_report_parse(line, &r) != ERR_INVALID) {
            fail_msg("%s: taken", bad_rows[i].name);
        }
    }
}

static void there_and_back(void **state UNUSED)
{
    struct rng rng = rng_start();
    for (int i = 0; i < 5000; i++) {
        char path[40], note[40];
        for (size_t c = 0; c < sizeof path - 1; c++) {
            path[c] = (char)rng_between(&rng, 1, 255);
            note[c] = (char)rng_between(&rng, 1, 255);
        }
        path[sizeof path - 1] = note[sizeof note - 1] = '\0';
        struct sheet_report out = {.kind = SHEET_REPORT_MADE,
                                   .format = (enum sheet_format)rng_below(&rng, SHEET_FORMAT_COUNT),
                                   .bytes = rng_between(&rng, 0, INT64_MAX / 2),
                                   .missing_glyphs = rng_between(&rng, 0, 1000),
                                   .path = path,
                                   .note = note},
                            in;
        CLEANUP(buf_finish) struct buf text = {.max = 4096};
        set_hash(&out);
        assert_int_equal(sheet_report_write(&out, &text), 0);
        assert_ptr_equal(strchr(text.data, '\n'), text.data + text.len - 1); /* one line */
        text.data[text.len - 1] = '\0';
        assert_int_equal(sheet_report_parse(text.data, &in), 0);
        assert_int_equal(in.format, out.format);
        assert_int_equal(in.bytes, out.bytes);
        assert_int_equal(strlen(in.path), strlen(path));
        assert_int_equal(strlen(in.note), strlen(note));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),  cmocka_unit_test(too_long_for_the_buffer), cmocka_unit_test(reads),
        cmocka_unit_test(refuses), cmocka_unit_test(there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
