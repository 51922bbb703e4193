/* XLSX of random sheets: figures are numbers that add up in every table, formulas carry the value that they
 * give (that they give it is for LibreOffice to say: tests/e2e/libreoffice.sh). */
#include "tests/unit/documents/xlsx_fixture.h"

#include <math.h>

static long n_sheets;

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

static void add_summary_row(const struct xlsx_file *f, unsigned row, const char **at, struct sheet_sum *sum)
{
    sum->n_lines += llround(number_at(f, SUMMARY, 'C', row, at));
    sum->worked += minutes_at(f, SUMMARY, 'D', row, at);
    sum->worked_hundredths += hundredths_at(f, SUMMARY, 'E', row, at);
    sum->held += minutes_at(f, SUMMARY, 'F', row, at);
    sum->unrounded += minutes_at(f, SUMMARY, 'G', row, at);
    sum->billed += minutes_at(f, SUMMARY, 'H', row, at);
    sum->billed_hundredths += hundredths_at(f, SUMMARY, 'I', row, at);
}

/* n rows and their sum, from the row behind `heads` on; returns the row behind the table. */
static unsigned check_table(const struct xlsx_file *f, unsigned heads, size_t n, const struct sheet_sum *all)
{
    struct sheet_sum sum = {0}, last = {0};
    unsigned row = heads + 1;
    const char *at = NULL;
    for (size_t i = 0; i < n; i++) {
        add_summary_row(f, row++, &at, &sum);
    }
    assert_memory_equal(&sum, all, sizeof sum);
    add_summary_row(f, row++, &at, &last);
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
    for (long i = 0; i < n_sheets; i++) {
        CLEANUP(random_sheet_finish) struct random_sheet r;
        CLEANUP(buf_finish) struct buf bytes;
        CLEANUP(xlsx_close) struct xlsx_file f;
        random_sheet_make(&rng, rng_sheet_lines(&rng, i), (int32_t)rng_between(&rng, 1, 40), &r);
        write_xlsx(&r, &bytes);
        xlsx_open(&bytes, &f);
        check_lines(&f, &r);
        check_summary(&f, &r);
    }
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums)};
    n_sheets = rng_sheets_wanted(argc, argv, 30);
    return cmocka_run_group_tests(tests, load_template, free_template);
}
