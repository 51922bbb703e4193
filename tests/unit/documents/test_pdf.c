/* The PDF: that its printed lines add up to its printed totals (of thousands of sheets: test_pdf_sums.c),
 * that it is the same file each time, and that no text of a stranger spoils it. */
#include "tests/unit/documents/pdf_sums.h"

#include "base/err.h"
#include "base/utf8.h"

/* ---- what is printed adds up ---- */

static void check_sums(const struct document_input *in)
{
    struct document_outcome outcome;
    CLEANUP_FREE char *path = pdf_make(in, "sums.pdf", &outcome), *text = pdf_text(path);
    check_text(in, text);
}

static void the_week_adds_up(void **state UNUSED)
{
    struct paper p;
    struct sheet s;
    sample_week(&s);
    paper_make(&p, &s, NULL);
    check_sums(&p.input);
    paper_finish(&p);
}

/* ---- the same file each time ---- */

static void read_whole(const char *path, struct buf *b)
{
    buf_init(b, 64 * 1024 * 1024);
    assert_int_equal(buf_read_file(b, path), 0);
}

static void assert_same_file(const char *a, const char *b)
{
    CLEANUP(buf_finish) struct buf x = {0};
    CLEANUP(buf_finish) struct buf y = {0};
    read_whole(a, &x);
    read_whole(b, &y);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.data, y.data, x.len);
}

static void same_bytes(void **state UNUSED)
{
    struct paper p, q;
    struct sheet s, again;
    struct document_outcome outcome;
    sample_week(&s);
    sample_week(&again);
    /* another database, another day, superseded by now */
    again.id = 99;
    again.user_id = 4;
    again.archive_configuration_id = 5;
    again.issued_ms += 12345678;
    again.status = SHEET_SUPERSEDED;
    again.lines[3].appointment_id = 77;
    again.lines[3].version = 3;
    paper_make(&p, &s, NULL);
    paper_make(&q, &again, NULL);
    CLEANUP_FREE char *a = pdf_make(&p.input, "a.pdf", &outcome), *b = pdf_make(&p.input, "b.pdf", &outcome),
                      *c = pdf_make(&q.input, "c.pdf", &outcome);
    assert_same_file(a, b);
    assert_same_file(a, c);
    paper_finish(&p);
    paper_finish(&q);
}

/* ---- pages ---- */

/* The last line of a page's table is never the heading of a day, and each page with lines says what the
 * columns are. */
static void check_page(const char *path, int page)
{
    CLEANUP_FREE char *text = pdf_page_text(path, page);
    const char *head = strstr(text, "Worked"), *first = strstr(text, "day, "), *last_day = NULL,
               *last_line = NULL;
    CLEANUP_FREE char *number = mem_printf("Page %d of ", page);
    assert_non_null(strstr(text, number));
    assert_non_null(strstr(text, "Content "));
    for (const char *at = text; (at = strstr(at, "day, ")) != NULL; at++) {
        last_day = at;
    }
    for (const char *at = text; (at = strstr(at, "illable ")) != NULL; at++) {
        last_line = at;
    }
    if (first && (!head || head > first)) {
        fail_msg("page %d has days and no heading above them", page);
    }
    if (last_day && (!last_line || last_line < last_day)) {
        fail_msg("page %d ends with the heading of a day:\n%s", page, text);
    }
}

static void pages_break_well(void **state UNUSED)
{
    for (size_t n = 150; n < 190; n += 5) { /* each time the breaks fall elsewhere */
        struct paper p;
        struct sheet s;
        struct document_outcome outcome;
        sample_many(&s, n, n);
        paper_make(&p, &s, NULL);
        CLEANUP_FREE char *path = pdf_make(&p.input, "pages.pdf", &outcome);
        int pages = pdf_pages(path);
        assert_in_range(pages, 4, 12);
        for (int page = 1; page <= pages; page++) {
            check_page(path, page);
        }
        paper_finish(&p);
    }
}

static void fonts_are_embedded(void **state UNUSED)
{
    struct paper p;
    struct sheet s;
    struct document_outcome outcome;
    int status;
    sample_week(&s);
    paper_make(&p, &s, NULL);
    CLEANUP_FREE char *path = pdf_make(&p.input, "fonts.pdf", &outcome);
    CLEANUP_FREE char *command =
        mem_printf("pdffonts %s | tail -n +3 | awk '{ print $(NF-4) $(NF-2) }'", path);
    CLEANUP_FREE char *text = command_output(command, &status);
    assert_int_equal(status, 0);
    assert_true(strlen(text) >= 2 * strlen("yesyes\n"));
    for (const char *line = text; *line; line += strlen("yesyes\n")) {
        if (strncmp(line, "yesyes\n", 7) != 0) {
            fail_msg("embedded, with Unicode:\n%s", text);
        }
    }
    paper_finish(&p);
}

/* ---- text of strangers ---- */

/* A sheet of one line with that subject. */
static void paper_of_subject(struct paper *p, const char *subject)
{
    struct sample_row row = {.day = 0,
                             .from = "09:00",
                             .to = "10:00",
                             .worked = 60,
                             .unrounded = 60,
                             .billed = 60,
                             .customer = "Contoso Ltd",
                             .subject = subject,
                             .location = "",
                             .decision = ""};
    struct sheet s;
    sample_head(&s, 7);
    sample_rows(&s, &row, 1);
    paper_make(p, &s, NULL);
}

static char *repeated(const char *piece, size_t bytes)
{
    size_t len = strlen(piece);
    char *text = mem_calloc(1, bytes + len + 1);
    for (size_t at = 0; at < bytes; at += len) {
        memcpy(text + at, piece, len);
    }
    return text;
}

static const struct subject_row {
    const char *name, *piece; /* repeated to 100 kB */
    const char *shown;        /* NULL: nothing is looked for */
} subject_rows[] = {
    {"one word", "x", "xxxxxxxxxx"},
    {"words", "lorem ipsum ", "lorem ipsum lorem"},
    {"Arabic", SAMPLE_ARABIC " ", "العقد"},
    {"Chinese", SAMPLE_CHINESE, "季度预算"},
    {"piled marks", "Z\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x86\xcc\x87\xcc\x88\xcc\x8a", NULL},
    {"marks alone", "\xcc\x81", NULL},
    {"boxes", "\xf3\xb0\x80\x80", NULL},
    {"overrides",
     "\xe2\x80\xae"
     "abc ",
     "abc abc"},
    {"isolates",
     "\xe2\x81\xa6"
     "abc ",
     "abc abc"},
    {"no UTF-8",
     "\xff\xfe"
     "abc\xc3 ",
     "abc"},
    {"control characters", "\x01\x02\x1b[2J", "[2J [2J"},
    {"line breaks",
     "a\r\nb\xe2\x80\xa8"
     "c\xe2\x80\xa9",
     "a b c a b c"},
    {"joiners", "\xe2\x80\x8d", NULL},
    {"blanks", " \t", NULL},
    {"soft hyphens",
     "\xc2\xad"
     "a",
     NULL},
};

static void long_subjects(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(subject_rows); i++) {
        struct paper p;
        struct document_outcome outcome;
        CLEANUP_FREE char *subject = repeated(subject_rows[i].piece, 100000);
        paper_of_subject(&p, subject);
        CLEANUP_FREE char *path = pdf_make(&p.input, "subject.pdf", &outcome), *text = pdf_text(path);
        if (pdf_pages(path) != 1 || !strstr(text, "1:00") ||
            (subject_rows[i].shown && !strstr(text, subject_rows[i].shown))) {
            fail_msg("%s: %d pages\n%s", subject_rows[i].name, pdf_pages(path), text);
        }
        check_sums(&p.input);
        paper_finish(&p);
    }
}

static void every_text_of_the_sheet(void **state UNUSED)
{
    CLEANUP_FREE char *all =
        repeated(SAMPLE_CONTROL SAMPLE_ARABIC SAMPLE_CHINESE SAMPLE_EMOJI "\xff", 100000);
    struct sample_row row = {.day = 0,
                             .from = "09:00",
                             .to = "10:00",
                             .worked = 60,
                             .unrounded = 60,
                             .billed = 60,
                             .customer = all,
                             .subject = all,
                             .location = all,
                             .decision = all};
    struct sheet s;
    struct paper p;
    struct document_outcome outcome;
    sample_head(&s, 7);
    free(s.user_name);
    s.user_name = mem_strdup(all);
    sample_rows(&s, &row, 1);
    paper_make(&p, &s, NULL);
    const char *letterhead[] = {all, all, all, all, all, all, all, all, all, all, all, all};
    p.input.letterhead = letterhead;
    p.input.n_letterhead = ARRAY_LEN(letterhead);
    CLEANUP_FREE char *path = pdf_make(&p.input, "all.pdf", &outcome);
    assert_in_range(pdf_pages(path), 1, 2);
    paper_finish(&p);
}

static void missing_glyphs(void **state UNUSED)
{
    struct paper p;
    struct document_outcome outcome;
    paper_of_subject(&p, "Hieroglyphs \xf0\x93\x80\x80\xf0\x93\x80\x81 and \xf0\x9f\x8e\x89");
    CLEANUP_FREE char *path = pdf_make(&p.input, "missing.pdf", &outcome), *text = pdf_text(path);
    assert_int_equal(outcome.missing_glyphs, 3);
    assert_non_null(strstr(outcome.note, "3 characters are shown as boxes"));
    assert_non_null(strstr(text, "are shown as boxes: 3"));
    paper_finish(&p);
    paper_of_subject(&p, "Каждый, ἕκαστος, ěščř — “all” there €");
    CLEANUP_FREE char *good = pdf_make(&p.input, "good.pdf", &outcome), *good_text = pdf_text(good);
    assert_int_equal(outcome.missing_glyphs, 0);
    assert_string_equal(outcome.note, "");
    assert_null(strstr(good_text, "boxes"));
    assert_non_null(strstr(good_text, "Каждый, ἕκαστος, ěščř"));
    paper_finish(&p);
}

/* Where characters live that text is not made of: each of them once as a subject of its own letters. */
static const struct odd_row {
    const char *name;
    uint32_t first, last;
} odd_rows[] = {
    {"controls", 0x01, 0x1f},
    {"more controls", 0x7f, 0xa0},
    {"blanks and directions", 0x2000, 0x206f},
    {"surrogates", 0xd800, 0xdfff},
    {"private", 0xe000, 0xe03f},
    {"noncharacters of Arabic", 0xfdd0, 0xfdef},
    {"selectors and marks", 0xfe00, 0xfe2f},
    {"specials", 0xfff0, 0xffff},
    {"the end of a plane", 0x1fffe, 0x1ffff},
    {"tags", 0xe0000, 0xe007f},
    {"the end of all", 0x10fffe, 0x10ffff},
    {"beyond it", 0x110000, 0x110003},
};

static void odd_characters(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(odd_rows); i++) {
        CLEANUP(buf_finish) struct buf text = {.max = 65536};
        for (uint32_t code = odd_rows[i].first; code <= odd_rows[i].last; code++) {
            char bytes[4];
            assert_int_equal(buf_add(&text, bytes, utf8_encode(code, bytes)), 0);
            assert_int_equal(buf_add_str(&text, code % 8 == 0 ? " \xe4\xbc\x9a " : "x"), 0);
        }
        struct paper p;
        struct document_outcome outcome;
        struct err e = {0};
        CLEANUP_FREE char *path = pdf_path("odd.pdf");
        paper_of_subject(&p, buf_str(&text));
        if (document_write_pdf(&p.input, path, &outcome, &e) != 0) {
            fail_msg("%s: %s", odd_rows[i].name, e.msg);
        }
        paper_finish(&p);
    }
}

/* ---- templates ---- */

static const char *const templates[] = {
    "[page]\nsize = letter\nsignature = no\nchart = no\n",
    "[page]\nsize = A4-landscape\n[table]\ncolumns = no date time customer type subject location worked "
    "billed hours\n",
    "[table]\ncolumns = no date time customer type subject location worked billed hours\n",
    "[page]\nmargin_left = 60\nmargin_right = 60\nmargin_top = 60\nmargin_bottom = 60\n",
    "[page]\nsize = letter-landscape\nmargin_top = 60\nmargin_bottom = 60\n[table]\ncolumns = hours subject "
    "worked\n",
    "[table]\ncolumns = subject\n",
    "[page]\nfont = No Such Font\n",
    "[labels]\nworked = Gearbeitete Stunden insgesamt\nbilled = Abgerechnete Stunden\nhours = "
    "Dezimalstunden\n"
    "billable = abrechenbar und zu bezahlen\n",
};

/* Free the path. */
static char *put_template(const char *text)
{
    char *path = pdf_path("any.template");
    FILE *f = fopen(path, "we");
    assert_true(f && fputs(text, f) >= 0);
    fclose(f);
    return path;
}

static void any_template(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
        struct paper p;
        struct sheet s;
        struct document_outcome outcome;
        CLEANUP_FREE char *template = put_template(templates[i]);
        sample_many(&s, 60, 3);
        paper_make(&p, &s, template);
        CLEANUP_FREE char *path = pdf_make(&p.input, "any.pdf", &outcome), *text = pdf_text(path);
        struct figures total = sum_of(text, "^ *Total +[0-9]+ +");
        struct figures all = {0, p.totals.all.worked, p.totals.all.billed, p.totals.all.billed_hundredths};
        assert_int_equal(total.n, 1);
        assert_same(templates[i], &total, &all);
        assert_in_range(pdf_pages(path), 2, 12);
        paper_finish(&p);
    }
}

static void large_totals_are_not_cut(void **state UNUSED)
{
    struct sheet s;
    struct paper p;
    sample_many(&s, 20, 5);
    for (size_t i = 0; i < s.n_lines; i++) {
        s.lines[i].worked += 600000;
        s.lines[i].worked_hundredths += 1000000;
        s.lines[i].unrounded = s.lines[i].billed = s.lines[i].billing == SHEET_BILLABLE ? 600000 : 0;
        s.lines[i].billed_hundredths = s.lines[i].billing == SHEET_BILLABLE ? 1000000 : 0;
    }
    CLEANUP_FREE char *template = put_template("[page]\nsize = A4-landscape\n"); /* where no word is broken */
    paper_make(&p, &s, template);
    check_sums(&p.input);
    paper_finish(&p);
}

static void empty_sheet(void **state UNUSED)
{
    struct sheet s;
    struct paper p;
    struct document_outcome outcome;
    sample_head(&s, 7);
    paper_make(&p, &s, NULL);
    CLEANUP_FREE char *path = pdf_make(&p.input, "empty.pdf", &outcome), *text = pdf_text(path);
    assert_int_equal(pdf_pages(path), 1);
    assert_int_equal(sum_of(text, "^ *Total +0 +").n, 1);
    paper_finish(&p);
}

/* ---- places, and how far it is ---- */

static const struct place_row {
    const char *name, *path;
    int code;
} place_rows[] = {
    {"no folder", "/tmp/aa-no-such-folder/a.pdf", ERR_NOT_FOUND},
    {"a folder", "/tmp", ERR_CONFIG},
    {"full", "/dev/full", ERR_IO},
};

static void bad_places(void **state UNUSED)
{
    struct sheet s;
    struct paper p;
    sample_week(&s);
    paper_make(&p, &s, NULL);
    for (size_t i = 0; i < ARRAY_LEN(place_rows); i++) {
        struct err e = {0};
        struct document_outcome outcome;
        int r = document_write_pdf(&p.input, place_rows[i].path, &outcome, &e);
        if (r != place_rows[i].code || !strstr(e.msg, place_rows[i].path)) {
            fail_msg("%s: %s \"%s\"", place_rows[i].name, err_name(r), e.msg);
        }
    }
    paper_finish(&p);
}

struct progress {
    int n;
    int64_t last, of;
};

static void note_progress(void *arg, int64_t done, int64_t of)
{
    struct progress *p = arg;
    assert_true(done > p->last);
    p->n++;
    p->last = done;
    p->of = of;
}

static void tells_how_far(void **state UNUSED)
{
    struct sheet s;
    struct paper p;
    struct progress progress = {0};
    struct document_outcome outcome;
    sample_many(&s, 1600, 1);
    paper_make(&p, &s, NULL);
    p.input.progress = note_progress;
    p.input.progress_arg = &progress;
    free(pdf_make(&p.input, "progress.pdf", &outcome));
    assert_int_equal(progress.n, 4);
    assert_int_equal(progress.last, 1600);
    assert_int_equal(progress.of, 1600);
    paper_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_week_adds_up), cmocka_unit_test(same_bytes),
        cmocka_unit_test(pages_break_well), cmocka_unit_test(fonts_are_embedded),
        cmocka_unit_test(long_subjects),    cmocka_unit_test(every_text_of_the_sheet),
        cmocka_unit_test(missing_glyphs),   cmocka_unit_test(odd_characters),
        cmocka_unit_test(any_template),     cmocka_unit_test(large_totals_are_not_cut),
        cmocka_unit_test(empty_sheet),      cmocka_unit_test(bad_places),
        cmocka_unit_test(tells_how_far),
    };
    return cmocka_run_group_tests(tests, pdf_set_up, pdf_tear_down);
}
