/* pdf_sums - the figures that pdftotext finds in a PDF, added up again. */
#ifndef TESTS_UNIT_DOCUMENTS_PDF_SUMS_H
#define TESTS_UNIT_DOCUMENTS_PDF_SUMS_H

#include "tests/unit/documents/pdf_fixture.h"

#include <regex.h>

struct figures {
    int64_t n, worked, billed, hundredths;
};

static inline void add_figures(struct figures *f, const char *line, const regmatch_t *m)
{
    long long h, min;
    f->n++;
    assert_int_equal(sscanf(line + m[0].rm_so, "%lld:%lld", &h, &min), 2);
    f->worked += h * 60 + min;
    assert_int_equal(sscanf(line + m[1].rm_so, "%lld:%lld", &h, &min), 2);
    f->billed += h * 60 + min;
    assert_int_equal(sscanf(line + m[2].rm_so, "%lld.%lld", &h, &min), 2);
    f->hundredths += h * 100 + min;
}

#define HOURS   "([0-9]+:[0-9][0-9]) +"
#define FIGURES HOURS HOURS "([0-9]+[.][0-9][0-9])$"

/* Sums the figures of each line that the pattern matches; its last three groups are they. */
static inline struct figures sum_of(const char *text, const char *pattern)
{
    struct figures f = {0};
    regex_t re;
    regmatch_t m[8];
    CLEANUP_FREE char *whole = mem_printf("%s" FIGURES, pattern), *copy = mem_strdup(text);
    assert_int_equal(regcomp(&re, whole, REG_EXTENDED), 0);
    for (char *line = copy, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        if (regexec(&re, line, ARRAY_LEN(m), m, 0) == 0) {
            add_figures(&f, line, m + re.re_nsub - 2);
        }
    }
    regfree(&re);
    return f;
}

static inline void assert_same(const char *what, const struct figures *got, const struct figures *expected)
{
    if (got->worked != expected->worked || got->billed != expected->billed ||
        got->hundredths != expected->hundredths) {
        fail_msg("%s: worked %lld, billed %lld, hundredths %lld; the lines have %lld, %lld, %lld", what,
                 (long long)got->worked, (long long)got->billed, (long long)got->hundredths,
                 (long long)expected->worked, (long long)expected->billed, (long long)expected->hundredths);
    }
}

/* Lines, days, customers and the total of one sheet's text: all there, and of the same sums. */
static inline void check_text(const struct document_input *in, const char *text)
{
    struct figures lines = sum_of(text, "(Billable|Non-billable) +"),
                   days = sum_of(text, "^ *[A-Z][a-z]+day, [^:]+ ");
    struct figures customers = sum_of(text, "(Billable|Non-billable) +[0-9]+ +"),
                   total = sum_of(text, "^ *Total +[0-9]+ +");
    struct figures all = {0, in->totals->all.worked, in->totals->all.billed,
                          in->totals->all.billed_hundredths};
    if (lines.n != (int64_t)in->sheet->n_lines) {
        fail_msg("%lld lines are printed of %zu:\n%s", (long long)lines.n, in->sheet->n_lines, text);
    }
    assert_int_equal(days.n, in->totals->n_days);
    assert_int_equal(customers.n, in->totals->n_customers);
    assert_int_equal(total.n, 1);
    assert_same("the totals that were handed in", &all, &lines);
    assert_same("the days", &days, &lines);
    assert_same("the customers", &customers, &lines);
    assert_same("the total", &total, &lines);
}

#endif
