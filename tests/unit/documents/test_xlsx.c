/* XLSX: read back from the file.  Text stays text whatever it begins with, figures are numbers that add up,
 * formulas carry the value that they give (that they give it is for LibreOffice to say:
 * tests/e2e/libreoffice.sh). */
#include "tests/unit/documents/scratch.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "documents/template.h"
#include "tests/lib/sheet_random.h"
#include "tests/lib/xlsx_reader.h"

#define LINES        0
#define SUMMARY      1
#define IN_MEMORY    20000 /* lines; more are written row by row, with text in the cells themselves */
#define ROW_OF(line) ((unsigned)(line) + 5)

static struct sheet_template *template;

static int load_template(void **state)
{
    (void)state;
    char note[TEMPLATE_NOTE_LEN + 1];
    template = template_load(NULL, note);
    return *note != '\0';
}

static int free_template(void **state)
{
    (void)state;
    template_destroy(template);
    return 0;
}

static void write_xlsx_note(const struct random_sheet *r, const char *note, struct buf *ret_bytes)
{
    struct document_input in = random_sheet_input(r);
    in.template = template;
    write_and_read_note(document_write_xlsx, &in, note, ret_bytes);
}

static void write_xlsx(const struct random_sheet *r, struct buf *ret_bytes)
{
    write_xlsx_note(r, "", ret_bytes);
}

static double number_at(const struct xlsx_file *f, int sheet, char column, unsigned row, const char **at)
{
    char ref[16];
    CLEANUP(xlsx_cell_finish) struct xlsx_cell cell;
    snprintf(ref, sizeof ref, "%c%u", column, row);
    if (!xlsx_cell_at(f, sheet, ref, at, &cell) || cell.is_text || !*cell.text) {
        fail_msg("no number at %s", ref);
    }
    return strtod(cell.text, NULL);
}

static int64_t minutes_at(const struct xlsx_file *f, int sheet, char column, unsigned row, const char **at)
{
    double days = number_at(f, sheet, column, row, at);
    int64_t minutes = llround(days * 1440);
    assert_true(fabs(days * 1440 - (double)minutes) < 1e-9);
    return minutes;
}

static int64_t hundredths_at(const struct xlsx_file *f, int sheet, char column, unsigned row, const char **at)
{
    double hours = number_at(f, sheet, column, row, at);
    int64_t hundredths = llround(hours * 100);
    assert_true(fabs(hours * 100 - (double)hundredths) < 1e-6);
    return hundredths;
}

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

/* ---- figures ---- */

static void check_sum_cell(const struct xlsx_file *f, char column, unsigned row, unsigned last_row)
{
    char ref[16], formula[64];
    CLEANUP(xlsx_cell_finish) struct xlsx_cell cell;
    snprintf(ref, sizeof ref, "%c%u", column, row);
    snprintf(formula, sizeof formula, "SUBTOTAL(109,$%c$5:$%c$%u)", column, column, last_row);
    assert_true(xlsx_cell_at(f, LINES, ref, NULL, &cell));
    assert_non_null(cell.formula);
    assert_string_equal(cell.formula, formula);
}

/* Each column of the lines, and the last row: figures of the sheet, and their sum. */
static void check_lines(const struct xlsx_file *f, const struct random_sheet *r)
{
    struct sheet_sum sum = {0};
    const char *at = NULL;
    size_t n = r->sheet.n_lines;
    for (size_t i = 0; i < n; i++) {
        const struct sheet_line *line = &r->sheet.lines[i];
        unsigned row = ROW_OF(i);
        assert_int_equal(number_at(f, LINES, 'A', row, &at), line->no);
        assert_int_equal(number_at(f, LINES, 'B', row, &at), line->day + 25569);
        sum.n_lines++;
        sum.worked += minutes_at(f, LINES, 'J', row, &at);
        sum.worked_hundredths += hundredths_at(f, LINES, 'K', row, &at);
        sum.held += minutes_at(f, LINES, 'L', row, &at);
        sum.unrounded += minutes_at(f, LINES, 'M', row, &at);
        sum.billed += minutes_at(f, LINES, 'N', row, &at);
        sum.billed_hundredths += hundredths_at(f, LINES, 'O', row, &at);
    }
    assert_memory_equal(&sum, &r->totals.all, sizeof sum);
    unsigned last = (unsigned)(n ? n : 1) + 5;
    assert_int_equal(minutes_at(f, LINES, 'J', last, NULL), sum.worked);
    assert_int_equal(hundredths_at(f, LINES, 'K', last, NULL), sum.worked_hundredths);
    assert_int_equal(minutes_at(f, LINES, 'L', last, NULL), sum.held);
    assert_int_equal(minutes_at(f, LINES, 'M', last, NULL), sum.unrounded);
    assert_int_equal(minutes_at(f, LINES, 'N', last, NULL), sum.billed);
    assert_int_equal(hundredths_at(f, LINES, 'O', last, NULL), sum.billed_hundredths);
    for (char column = 'J'; column <= 'O'; column++) {
        check_sum_cell(f, column, last, last - 1);
    }
}

static void add_summary_row(const struct xlsx_file *f, unsigned row, struct sheet_sum *sum)
{
    sum->n_lines += llround(number_at(f, SUMMARY, 'C', row, NULL));
    sum->worked += minutes_at(f, SUMMARY, 'D', row, NULL);
    sum->worked_hundredths += hundredths_at(f, SUMMARY, 'E', row, NULL);
    sum->held += minutes_at(f, SUMMARY, 'F', row, NULL);
    sum->unrounded += minutes_at(f, SUMMARY, 'G', row, NULL);
    sum->billed += minutes_at(f, SUMMARY, 'H', row, NULL);
    sum->billed_hundredths += hundredths_at(f, SUMMARY, 'I', row, NULL);
}

/* n rows and their sum, from the row behind `heads` on; returns the row behind the table. */
static unsigned check_table(const struct xlsx_file *f, unsigned heads, size_t n, const struct sheet_sum *all)
{
    struct sheet_sum sum = {0}, last = {0};
    unsigned row = heads + 1;
    for (size_t i = 0; i < n; i++) {
        add_summary_row(f, row++, &sum);
    }
    assert_memory_equal(&sum, all, sizeof sum);
    add_summary_row(f, row++, &last);
    assert_memory_equal(&last, all, sizeof last);
    return row;
}

/* The first row from `from` on whose column A has this text. */
static unsigned find_row(const struct xlsx_file *f, unsigned from, const char *text)
{
    for (unsigned row = from; row < from + 500; row++) {
        char ref[16];
        CLEANUP(xlsx_cell_finish) struct xlsx_cell cell;
        snprintf(ref, sizeof ref, "A%u", row);
        if (xlsx_cell_at(f, SUMMARY, ref, NULL, &cell) && strcmp(cell.text, text) == 0) {
            return row;
        }
    }
    fail_msg("no row \"%s\"", text);
    return 0;
}

static void check_summary(const struct xlsx_file *f, const struct random_sheet *r)
{
    unsigned row = find_row(f, 1, "Customer");
    row = check_table(f, row, r->totals.n_customers, &r->totals.all);
    row = find_row(f, row, "Date");
    check_table(f, row, r->totals.n_days, &r->totals.all);
}

static void test_sums(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    for (long i = 0, n = rng_sheets_wanted(30); i < n; i++) {
        CLEANUP(random_sheet_finish) struct random_sheet r;
        CLEANUP(buf_finish) struct buf bytes;
        CLEANUP(xlsx_close) struct xlsx_file f;
        random_sheet_make(&rng, i == 0 ? 0 : rng_below(&rng, 60), (int32_t)rng_between(&rng, 1, 40), &r);
        write_xlsx(&r, &bytes);
        xlsx_open(&bytes, &f);
        check_lines(&f, &r);
        check_summary(&f, &r);
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
        cmocka_unit_test(test_long_texts), cmocka_unit_test(test_sums),
        cmocka_unit_test(test_set_up),     cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_bad_places), cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, load_template, free_template);
}
