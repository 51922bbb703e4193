/* CSV of random sheets: the columns add up to the totals in minutes, h:mm and decimals, in each profile. */
#include "tests/unit/documents/csv_reader.h"

#include "base/cleanup.h"

static long n_sheets;

static int64_t read_hours(const char *text)
{
    char *end;
    long long hours = strtoll(text, &end, 10);
    assert_int_equal(*end, ':');
    assert_int_equal(strlen(end), 3);
    return hours * 60 + strtoll(end + 1, NULL, 10);
}

static int64_t read_hundredths(const char *text, char mark)
{
    char *end;
    long long hours = strtoll(text, &end, 10);
    assert_int_equal(*end, mark);
    assert_int_equal(strlen(end), 3);
    return hours * 100 + strtoll(end + 1, NULL, 10);
}

static void add_row(struct sheet_sum *sum, char **row, char mark)
{
    int64_t worked = strtoll(row[CSV_WORKED_MINUTES], NULL, 10);
    int64_t billed = strtoll(row[CSV_BILLED_MINUTES], NULL, 10);
    assert_int_equal(read_hours(row[CSV_WORKED_TIME]), worked);
    assert_int_equal(read_hours(row[CSV_BILLED_TIME]), billed);
    sum->n_lines++;
    sum->worked += worked;
    sum->billed += billed;
    sum->held += strtoll(row[CSV_HELD_MINUTES], NULL, 10);
    sum->unrounded += strtoll(row[CSV_UNROUNDED_MINUTES], NULL, 10);
    sum->worked_hundredths += read_hundredths(row[CSV_WORKED_HOURS], mark);
    sum->billed_hundredths += read_hundredths(row[CSV_BILLED_HOURS], mark);
}

/* Nothing may begin like a formula, whichever separator the spreadsheet cuts at. */
static void check_is_safe(const struct rows *rows)
{
    static const int texts[] = {CSV_NUMBER, CSV_CUSTOMER, CSV_SUBJECT, CSV_LOCATION, CSV_DECISION, CSV_ZONE};
    for (size_t r = 1; r < rows->n; r++) {
        for (size_t i = 0; i < ARRAY_LEN(texts) && rows->cells[r][0]; i++) {
            for (const char *at = rows->cells[r][texts[i]]; at; at = strpbrk(at, ",;")) {
                at += *at == ',' || *at == ';';
                assert_null(*at ? strchr("=+-@\t\r\n", *at) : NULL);
            }
        }
    }
}

static void check_sums(const struct random_sheet *r, const char *profile_name)
{
    struct document_input in = random_sheet_input(r);
    in.csv_profile = profile(profile_name);
    CLEANUP(buf_finish) struct buf bytes;
    write_and_read(document_write_csv, &in, &bytes);
    CLEANUP(rows_finish) struct rows rows = read_rows(&bytes, in.csv_profile);
    check_is_safe(&rows);
    struct sheet_sum lines = {0}, last = {0}, customers = {0};
    size_t n = r->sheet.n_lines;
    for (size_t i = 1; i <= n; i++) {
        add_row(&lines, rows.cells[i], in.csv_profile->decimal_mark);
    }
    assert_memory_equal(&lines, &r->totals.all, sizeof lines);
    if (!in.csv_profile->has_totals) {
        assert_int_equal(rows.n, n + 1);
        return;
    }
    assert_int_equal(rows.n, n + 1 + 1 + r->totals.n_customers + 1);
    for (size_t i = n + 2; i + 1 < rows.n; i++) {
        add_row(&customers, rows.cells[i], in.csv_profile->decimal_mark);
    }
    add_row(&last, rows.cells[rows.n - 1], in.csv_profile->decimal_mark);
    last.n_lines = customers.n_lines = lines.n_lines;
    assert_memory_equal(&last, &lines, sizeof lines);
    assert_memory_equal(&customers, &lines, sizeof lines);
}

static void test_sums(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    for (long i = 0; i < n_sheets; i++) {
        CLEANUP(random_sheet_finish) struct random_sheet r;
        random_sheet_make(&rng, rng_sheet_lines(&rng, i), (int32_t)rng_between(&rng, 1, 31), &r);
        check_sums(&r, profile_names[(size_t)i % ARRAY_LEN(profile_names)]);
    }
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums)};
    n_sheets = rng_sheets_wanted(argc, argv, 2000);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
