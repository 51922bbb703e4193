/* PDFs of random sheets: the printed lines add up to the printed days, customers and total, in h:mm and in
 * decimals, as pdftotext reads them.
 *
 * Poppler takes longer to start than to read a sheet, so it reads a batch of PDFs put behind one another
 * (pdfunite), while the next batch is made. */
#include "tests/unit/documents/pdf_sums.h"

#include <pango/pangocairo.h>

#define BATCH 50 /* sheets */

static long n_sheets;

/* ---- fonts ---- */

static PangoFontMap *font_map;

/* The program asks the machine once for its fonts, as it makes one PDF.  Here one map serves all of them, as
 * the asking takes half of the time of a short sheet; the linker puts this in (--wrap). */
PangoFontMap *__real_pango_cairo_font_map_new(void);
PangoFontMap *__wrap_pango_cairo_font_map_new(void);

PangoFontMap *__wrap_pango_cairo_font_map_new(void)
{
    font_map = font_map ? font_map : __real_pango_cairo_font_map_new();
    return g_object_ref(font_map);
}

static int tear_down(void **state)
{
    assert_non_null(font_map); /* it was put in */
    g_object_unref(font_map);
    return pdf_tear_down(state);
}

/* ---- sheets ---- */

struct batch {
    char name; /* of its files */
    long first;
    int n;
    struct paper papers[BATCH];
    FILE *reader; /* NULL: there is none */
};

static void print_sheet(struct rng *rng, long i, char name, struct paper *ret_paper)
{
    struct sheet s;
    struct document_outcome outcome;
    size_t n_lines = rng_sheet_lines(rng, i);
    sample_many(&s, n_lines, rng_next(rng));
    paper_make(ret_paper, &s, NULL);
    CLEANUP_FREE char *file = mem_printf("%c-%05ld.pdf", name, i);
    free(pdf_make(&ret_paper->input, file, &outcome));
}

/* Makes the sheets from `first` on and lets poppler begin. */
static void batch_print(struct rng *rng, long first, struct batch *b)
{
    b->first = first;
    b->n = (int)(n_sheets - first < BATCH ? n_sheets - first : BATCH);
    for (int i = 0; i < b->n; i++) {
        print_sheet(rng, first + i, b->name, &b->papers[i]);
    }
    CLEANUP_FREE char *command = mem_printf("cd %s && pdfunite %c-*.pdf all-%c.pdf && rm %c-*.pdf && "
                                            "pdftotext -layout all-%c.pdf all-%c.txt",
                                            pdf_dir, b->name, b->name, b->name, b->name, b->name);
    b->reader = command_start(command);
}

/* Which page of its sheet a page is, by its foot. */
static void read_foot(const char *page, int *ret_page, int *ret_of)
{
    const char *foot = NULL;
    for (const char *at = page; (at = strstr(at, "Page ")) != NULL; at++) {
        foot = at;
    }
    if (!foot || sscanf(foot, "Page %d of %d", ret_page, ret_of) != 2) {
        fail_msg("a page without a number:\n%s", page);
    }
}

/* Cuts the text of one sheet off: its pages follow one another, and the last is the last. */
static char *next_sheet(char **text)
{
    char *sheet = *text;
    int page, of = 0;
    for (int expected = 1; expected == 1 || expected <= of; expected++) {
        char *end = strchr(*text, '\f');
        if (!end) {
            fail_msg("page %d of %d is not there", expected, of);
            return NULL;
        }
        *end = '\0';
        read_foot(*text, &page, &of);
        assert_int_equal(page, expected);
        *end = expected < of ? '\n' : '\0';
        *text = end + 1;
    }
    return sheet;
}

static void batch_check(struct batch *b)
{
    if (!b->reader) {
        return;
    }
    free(pdf_text_read(b->reader));
    b->reader = NULL;
    CLEANUP(buf_finish) struct buf bytes = {.max = 64 * 1024 * 1024};
    CLEANUP_FREE char *file = mem_printf("all-%c.txt", b->name), *path = pdf_path(file);
    assert_int_equal(buf_read_file(&bytes, path), 0);
    char *text = mem_strdup(buf_str(&bytes)), *rest = text;
    for (int i = 0; i < b->n; i++) {
        char *sheet = next_sheet(&rest);
        check_text(&b->papers[i].input, sheet);
        paper_finish(&b->papers[i]);
    }
    assert_string_equal(rest, "");
    free(text);
}

static void random_sheets_add_up(void **state UNUSED)
{
    struct rng rng = rng_start();
    struct batch *batches = mem_calloc(2, sizeof *batches);
    batches[0].name = 'a';
    batches[1].name = 'b';
    for (long first = 0, k = 0; first < n_sheets; first += BATCH, k = 1 - k) {
        batch_print(&rng, first, &batches[k]);
        batch_check(&batches[1 - k]);
    }
    batch_check(&batches[0]); /* one of the two is the last */
    batch_check(&batches[1]);
    free(batches);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_sheets_add_up)};
    n_sheets = rng_sheets_wanted(argc, argv, 12);
    return cmocka_run_group_tests(tests, pdf_set_up, tear_down);
}
