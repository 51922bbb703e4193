/* XLSX: read back from the file.  Text stays text whatever it begins with, the set-up is there, the file is
 * the same each time (that its figures add up: test_xlsx_sums.c). */
#include "tests/unit/documents/xlsx_fixture.h"

#include <signal.h>
#include <sys/resource.h>

#define IN_MEMORY 20000 /* lines; more are written row by row, with text in the cells themselves */

/* ---- text ---- */

static const struct {
    const char *name, *text, *cell;
} texts[] = {
    {"plain", "Workshop", "Workshop"},
    {"equals", "=1+1", "=1+1"},
    {"array formula", "{=1+1}", "{=1+1}"},
    {"plus", "+1", "+1"},
    {"minus", "-1", "-1"},
    {"at", "@SUM(A1)", "@SUM(A1)"},
    {"number", "007", "007"},
    {"date", "2026-03-01", "2026-03-01"},
    {"address", "https://example.com/", "https://example.com/"},
    {"markup", "<b>&amp;\"</b>", "<b>&amp;\"</b>"},
    {"end of data", "]]></t></is>", "]]></t></is>"},
    {"line break and tab", "a\r\nb\tc", "a  b c"},
    {"control characters",
     "a\x01\x1b\x7f"
     "b",
     "a   b"},
    {"blanks around", "  a  ", "  a  "},
    {"not UTF-8", "a\xff\xc0\xaf", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"not XML", "\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"escape", "_x0041_", "_x0041_"},
    {"escapes", "__x0041_x000D_", "__x0041_x000D_"},
    {"no escape", "_x004_", "_x004_"},
    {"emoji", "\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80"},
    {"empty", "", ""},
};

static void check_texts(const struct xlsx_file *f)
{
    const char *at = NULL;
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
        char ref[16];
        CLEANUP(xlsx_cell_finish) struct xlsx_cell subject;
        snprintf(ref, sizeof ref, "H%u", ROW_OF(i));
        xlsx_cell_at(f, LINES, ref, &at, &subject);
        if (strcmp(subject.text, texts[i].cell) != 0 || subject.formula ||
            subject.is_text != (*texts[i].cell != '\0')) {
            fail_msg("%s: \"%s\"%s", texts[i].name, subject.text, subject.formula ? ", a formula" : "");
        }
    }
}

static void write_texts(size_t n)
{
    struct rng rng = {1};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf bytes;
    CLEANUP(xlsx_close) struct xlsx_file f;
    random_sheet_make(&rng, n, 1, &r);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        r.sheet.lines[i].subject = texts[i].text;
    }
    write_xlsx(&r, &bytes);
    xlsx_open(&bytes, &f);
    assert_int_equal(f.n_strings<n, n> IN_MEMORY); /* whether rows went to the disk at once */
    check_texts(&f);
}

static void test_texts(void **state)
{
    (void)state;
    write_texts(ARRAY_LEN(texts));
}

static void test_texts_of_a_large_sheet(void **state)
{
    (void)state;
    write_texts(IN_MEMORY + 1);
}

static size_t count_units(const char *s)
{
    size_t n = 0;
    for (; *s; s++) {
        n += ((unsigned char)*s & 0xc0) != 0x80;
        n += (unsigned char)*s >= 0xf0;
    }
    return n;
}

/* What a cell of Excel's holds; an escape counts as what it is in the file. */
static void test_long_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "\xc3\xa4", "\xf0\x9f\x9a\x80", "_x0041_", "&"};
    struct rng rng = {1};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf bytes;
    CLEANUP(xlsx_close) struct xlsx_file f;
    char *long_texts[ARRAY_LEN(pieces)];
    random_sheet_make(&rng, ARRAY_LEN(pieces), 1, &r);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        size_t len = strlen(pieces[i]);
        long_texts[i] = mem_calloc(100000 + len + 1, 1);
        for (size_t at = 0; at < 100000; at += len) {
            memcpy(long_texts[i] + at, pieces[i], len);
        }
        r.sheet.lines[i].subject = long_texts[i];
    }
    write_xlsx_note(
        &r, "5 cells are longer than a spreadsheet holds (32767 characters): cut, and whole in the JSON",
        &bytes);
    xlsx_open(&bytes, &f);
    for (unsigned i = 0; i < ARRAY_LEN(pieces); i++) {
        char ref[16];
        CLEANUP(xlsx_cell_finish) struct xlsx_cell cell;
        snprintf(ref, sizeof ref, "H%u", ROW_OF(i));
        assert_true(xlsx_cell_at(&f, LINES, ref, NULL, &cell));
        size_t len = strlen(cell.text);
        assert_true(count_units(cell.text) <= 32767);
        assert_string_equal(cell.text + len - 3, "\xe2\x80\xa6");
        assert_memory_equal(cell.text, long_texts[i], len - 3);
        assert_true(strcmp(pieces[i], "_x0041_") == 0 || count_units(cell.text) >= 32766);
        free(long_texts[i]);
    }
}

/* ---- the file ---- */

static void check_part(const struct buf *bytes, const char *part, const char *const *wanted, size_t n)
{
    CLEANUP_FREE char *xml = zip_part(bytes, part);
    assert_non_null(xml);
    for (size_t i = 0; i < n; i++) {
        if (!strstr(xml, wanted[i])) {
            fail_msg("%s: no %s", part, wanted[i]);
        }
    }
}

static void test_set_up(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "<pane ySplit=\"4\" topLeftCell=\"A5\" activePane=\"bottomLeft\" state=\"frozen\"/>",
        "<autoFilter ref=\"A4:P9\"/>",
        "orientation=\"landscape\"",
        "fitToHeight=\"0\"",
        "&amp;L&amp;8 2026-0007 / 2&amp;C&amp;8 &amp;P / &amp;N&amp;R&amp;7 01080f16",
    };
    static const char *const workbook[] = {
        "name=\"Lines\"", "name=\"Summary\"",
        "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"0\">Lines!$4:$4"};
    static const char *const core[] = {"<dcterms:created xsi:type=\"dcterms:W3CDTF\">2026-03-09T00:00:00Z",
                                       "Timesheet 2026-0007"};
    static const char *const chart[] = {"<c:barChart>", "Summary!$A$"};
    struct rng rng = {7};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf bytes;
    random_sheet_make(&rng, 5, 7, &r);
    write_xlsx(&r, &bytes);
    check_part(&bytes, "xl/worksheets/sheet1.xml", lines, ARRAY_LEN(lines));
    check_part(&bytes, "xl/workbook.xml", workbook, ARRAY_LEN(workbook));
    check_part(&bytes, "docProps/core.xml", core, ARRAY_LEN(core));
    check_part(&bytes, "xl/charts/chart1.xml", chart, ARRAY_LEN(chart));
    CLEANUP_FREE char *macros = zip_part(&bytes, "xl/vbaProject.bin");
    assert_null(macros);
}

static void test_same_bytes(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf first, second;
    random_sheet_make(&rng, 300, 31, &r);
    write_xlsx(&r, &first);
    r.sheet.id = r.sheet.user_id = 99;
    r.sheet.issued_ms = 1;
    r.sheet.status = SHEET_SUPERSEDED;
    write_xlsx(&r, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
}

static void test_bad_places(void **state)
{
    (void)state;
    struct rng rng = {5};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 3, 1, &r);
    struct document_input in = random_sheet_input(&r);
    in.template = template;
    check_bad_places(document_write_xlsx, &in);
}

/* A disk that has no room, as a limit on files: an error, not half a workbook. */
static void test_no_room(void **state)
{
    (void)state;
    struct rng rng = {5};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 2000, 1, &r);
    struct document_input in = random_sheet_input(&r);
    in.template = template;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 40000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct err e = {0};
    struct document_outcome outcome;
    char path[] = "/tmp/aa-test-documents-XXXXXX";
    int fd = mkstemp(path);
    int result = document_write_xlsx(&in, path, &outcome, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    close(fd);
    unlink(path);
    assert_int_equal(result, ERR_IO);
    assert_non_null(strstr(e.msg, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),      cmocka_unit_test(test_texts_of_a_large_sheet),
        cmocka_unit_test(test_long_texts), cmocka_unit_test(test_set_up),
        cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_bad_places),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, load_template, free_template);
}
