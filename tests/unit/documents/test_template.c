/* Templates: the built-in one, good ones, and every bad one with the note that it gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cairo.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "documents/template.h"

static char dir[] = "/tmp/aa-test-template-XXXXXX";

static int set_up(void **state UNUSED)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state UNUSED)
{
    CLEANUP_FREE char *command = mem_printf("rm -rf %s", dir);
    return system(command);
}

static char *put(const char *name, const char *bytes, size_t len)
{
    char *path = mem_printf("%s/%s", dir, name);
    FILE *f = fopen(path, "wbe");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    return path;
}

static struct sheet_template *load_text(const char *text, size_t len, char note[TEMPLATE_NOTE_LEN + 1])
{
    CLEANUP_FREE char *path = put("t.template", text, len);
    return template_load(path, note);
}

static void built_in(void **state UNUSED)
{
    char note[TEMPLATE_NOTE_LEN + 1];
    struct sheet_template *t = template_load("", note);
    assert_string_equal(note, "");
    assert_int_equal(t->page, TEMPLATE_A4);
    assert_int_equal(t->accent, 0x1d4e6b);
    assert_int_equal(t->margin_left, 16);
    assert_true(t->has_signature);
    assert_int_equal(t->n_columns, 8);
    assert_int_equal(t->columns[3], TEMPLATE_COLUMN_SUBJECT);
    assert_string_equal(t->months[2], "March");
    assert_int_equal(t->logo.len, 0);
    /* every key has a value: the text above the table of options says them all */
    const char *const *label = (const char *const *)&t->labels;
    for (size_t i = 0; i < sizeof t->labels / sizeof *label; i++) {
        if (!label[i] || !*label[i]) {
            fail_msg("label %zu of the built-in template is empty", i);
        }
    }
    template_destroy(t);
    t = template_load(NULL, note);
    assert_string_equal(note, "");
    template_destroy(t);
    template_destroy(NULL);
}

static void built_in_as_a_file(void **state UNUSED)
{
    char note[TEMPLATE_NOTE_LEN + 1];
    const char *text = template_default_text();
    struct sheet_template *t = load_text(text, strlen(text), note);
    assert_string_equal(note, "");
    assert_string_equal(t->labels.title, "Timesheet");
    template_destroy(t);
}

/* "key = …" of the built-in template: each stands in the manual behind .Cm. */
static void every_key_is_in_the_manual(void **state UNUSED)
{
    CLEANUP(buf_finish) struct buf manual = {.max = 1 << 20};
    int n = 0;
    assert_int_equal(buf_read_file(&manual, AA_SOURCE_DIR "/man/admin-assistant.template.5"), 0);
    for (const char *line = template_default_text(); *line; line = strchr(line, '\n') + 1) {
        size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
        if (len == 0) {
            continue; /* a section, a comment or nothing */
        }
        CLEANUP_FREE char *alone = mem_printf("\n.It Cm %.*s\n", (int)len, line);
        CLEANUP_FREE char *first = mem_printf("\n.Cm %.*s ", (int)len, line);
        CLEANUP_FREE char *first_of_item = mem_printf("\n.It Cm %.*s ", (int)len, line);
        CLEANUP_FREE char *later = mem_printf(" , %.*s", (int)len, line);
        CLEANUP_FREE char *only = mem_printf("\n.Cm %.*s\n", (int)len, line);
        const char *text = buf_str(&manual);
        if (!strstr(text, alone) && !strstr(text, first) && !strstr(text, first_of_item) &&
            !strstr(text, later) && !strstr(text, only)) {
            fail_msg("the manual does not explain %.*s", (int)len, line);
        }
        n++;
    }
    assert_true(n > 50);
}

static void german(void **state UNUSED)
{
    static const char text[] =
        "\xef\xbb\xbf[page]\nsize = letter-landscape\nsignature = no\nmargin_left=20\n"
        "[colours]\naccent = #A03020\n"
        "[table]\ncolumns = subject  hours date\n"
        "[format]\ndate = long-dot\ndecimal = ,\n"
        "weekdays = Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag\n"
        "months = Januar Februar März April Mai Juni Juli August September Oktober November Dezember\n"
        "[labels]\ntitle = Stundenzettel ; der Titel\n";
    char note[TEMPLATE_NOTE_LEN + 1], date[TEMPLATE_DATE_LEN + 1];
    struct sheet_template *t = load_text(text, strlen(text), note);
    assert_string_equal(note, "");
    assert_int_equal(t->page, TEMPLATE_LETTER_LANDSCAPE);
    assert_false(t->has_signature);
    assert_true(t->has_chart); /* not said: as built in */
    assert_int_equal(t->accent, 0xa03020);
    assert_int_equal(t->grey, 0x6a7178);
    assert_int_equal(t->margin_left, 20);
    assert_int_equal(t->n_columns, 3);
    assert_int_equal(t->columns[0], TEMPLATE_COLUMN_SUBJECT);
    assert_int_equal(t->columns[2], TEMPLATE_COLUMN_DATE);
    assert_string_equal(t->labels.title, "Stundenzettel");
    assert_string_equal(t->labels.person, "Prepared by");
    template_format_day(t, 20458, false, date);
    assert_string_equal(date, "Montag, 5. Januar 2026");
    template_format_day(t, 20458, true, date);
    assert_string_equal(date, "Mo 5. Januar 2026");
    template_format_date(t, 20513, date);
    assert_string_equal(date, "1. März 2026");
    template_destroy(t);
}

static void dates(void **state UNUSED)
{
    static const struct {
        const char *name, *day, *date;
    } rows[] = {
        {"iso", "Mon 2026-01-05", "2026-01-05"},
        {"dots", "Mo 05.01.2026", "05.01.2026"},
        {"slashes", "Mon 05/01/2026", "05/01/2026"},
        {"us", "Mon 01/05/2026", "01/05/2026"},
        {"long", "Mon 5 January 2026", "5 January 2026"},
        {"long-dot", "Mo 5. January 2026", "5. January 2026"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char note[TEMPLATE_NOTE_LEN + 1], got[TEMPLATE_DATE_LEN + 1];
        CLEANUP_FREE char *text = mem_printf("[format]\ndate = %s\n", rows[i].name);
        struct sheet_template *t = load_text(text, strlen(text), note);
        template_format_day(t, 20458, true, got);
        assert_string_equal(got, rows[i].day);
        template_format_date(t, 20458, got);
        assert_string_equal(got, rows[i].date);
        template_destroy(t);
    }
}

static const struct bad_row {
    const char *name, *text, *words;
} bad_rows[] = {
    {"unknown key", "[page]\nsize = A4\npaper = A5\n", "t.template:3: unknown key \"paper\" in [page]"},
    {"unknown section", "[fonts]\nx = y\n", "t.template:1: unknown section \"fonts\""},
    {"no key", "[page]\nA4\n", "t.template:2: expected [section], key = value"},
    {"colour by name", "[colours]\naccent = red\n", "t.template:2: accent in [colours] must be a colour"},
    {"colour too short", "[colours]\n\ngrey = #abc\n", "t.template:3: grey in [colours] must be a colour"},
    {"colour with a tail", "[colours]\ngrey = #aabbccdd\n", "must be a colour"},
    {"colour with other letters", "[colours]\ngrey = #aabbcg\n", "must be a colour"},
    {"unknown page", "[page]\nsize = A5\n", "size in [page] must be A4"},
    {"margin too large", "[page]\nmargin_top = 61\n",
     "margin_top in [page] must be a whole number from 5 to 60"},
    {"margin too small", "[page]\nmargin_left = 4\n", "from 5 to 60"},
    {"margin with a unit", "[page]\nmargin_top = 10mm\n", "from 5 to 60"},
    {"no switch", "[page]\nsignature = maybe\n", "signature in [page] must be yes or no"},
    {"no font", "[page]\nfont =\n", "font in [page] must be the name of a font"},
    {"no columns", "[table]\ncolumns =\n", "columns in [table] must be each once"},
    {"unknown column", "[table]\ncolumns = subject price\n", "columns in [table] must be each once"},
    {"a column twice", "[table]\ncolumns = subject hours hours\n", "each once"},
    {"no subject", "[table]\ncolumns = time hours\n", "with subject"},
    {"too many columns", "[table]\ncolumns = no no no no no no no no no no no subject\n", "each once"},
    {"unknown date", "[format]\ndate = %d.%m.%Y\n", "date in [format] must be iso"},
    {"decimal", "[format]\ndecimal = ;;\n", "decimal in [format] must be a point or a comma"},
    {"six weekdays", "[format]\nweekdays = a b c d e f\n", "seven names"},
    {"thirteen months", "[format]\nmonths = a b c d e f g h i j k l m\n", "twelve names"},
    {"a label too long",
     "[labels]\ntitle = "
     "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
     "123456789012345678901\n",
     "title in [labels] must be text of at most 120 bytes"},
    {"no UTF-8", "[labels]\ntitle = M\xfcller\n", "t.template:2: title in [labels] must be text in UTF-8"},
    {"given twice", "[labels]\ntitle = a\ntitle = b\n", "given already in line 2"},
    {"control characters", "[labels]\ntitle = a\x1b[31m\n", "t.template:2: a control character"},
};

static void bad_ones(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
        char note[TEMPLATE_NOTE_LEN + 1];
        struct sheet_template *t = load_text(bad_rows[i].text, strlen(bad_rows[i].text), note);
        bool is_default = t->page == TEMPLATE_A4 && t->accent == 0x1d4e6b &&
                          strcmp(t->labels.title, "Timesheet") == 0 && t->margin_top == 16 &&
                          t->n_columns == 8;
        if (!strstr(note, bad_rows[i].words) || !strstr(note, "built-in template was taken") || !is_default) {
            fail_msg("%s: \"%s\"%s", bad_rows[i].name, note, is_default ? "" : " and not the built-in one");
        }
        template_destroy(t);
    }
}

static void assert_falls_back(const char *path, const char *words)
{
    char note[TEMPLATE_NOTE_LEN + 1];
    struct sheet_template *t = template_load(path, note);
    if (!strstr(note, words) || !strstr(note, path)) {
        fail_msg("%s: \"%s\"", path, note);
    }
    assert_string_equal(t->labels.title, "Timesheet");
    template_destroy(t);
}

static void no_template_at_all(void **state UNUSED)
{
    static char huge[TEMPLATE_LEN_MAX + 1], binary[200] = "\x7f"
                                                          "ELF\x02\x01\x01";
    CLEANUP_FREE char *missing = mem_printf("%s/missing", dir), *pipe_path = mem_printf("%s/pipe", dir);
    memset(huge, ';', sizeof huge);
    CLEANUP_FREE char *huge_path = put("huge", huge, sizeof huge);
    CLEANUP_FREE char *binary_path = put("binary", binary, sizeof binary);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_falls_back(missing, "can not be opened");
    assert_falls_back(dir, "is no file");
    assert_falls_back(pipe_path, "is no file"); /* and does not wait for somebody to write into it */
    assert_falls_back("/dev/zero", "is no file");
    assert_falls_back(huge_path, "larger than 65536 bytes");
    assert_falls_back(binary_path, ":1: a control character");
}

/* ---- logos ---- */

static void save_png(const char *name, int width, int height)
{
    CLEANUP_FREE char *path = mem_printf("%s/%s", dir, name);
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    assert_int_equal(cairo_surface_write_to_png(s, path), CAIRO_STATUS_SUCCESS);
    cairo_surface_destroy(s);
}

static void good_logo(void **state UNUSED)
{
    char note[TEMPLATE_NOTE_LEN + 1];
    save_png("logo.png", 40, 20);
    struct sheet_template *t = load_text("[page]\nlogo = logo.png\n", 23, note);
    assert_string_equal(note, ""); /* beside the template, not beside the process */
    assert_true(t->logo.len > 0);
    assert_int_equal(t->logo_width, 40);
    assert_int_equal(t->logo_height, 20);
    template_destroy(t);
}

static void bad_logos(void **state UNUSED)
{
    static char large[TEMPLATE_LOGO_MAX + 1];
    static const char png_head[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\0\0\0\x01\0\0\x08\x02\0\0\0\0\0\0\0";
    save_png("wide.png", TEMPLATE_LOGO_SIDE_MAX + 1, 1);
    save_png("whole.png", 64, 64);
    free(put("large.png", large, sizeof large));
    free(put("text.png", "GIF89a, which is no PNG at all, only called so", 46));
    free(put("bomb.png", png_head, sizeof png_head));
    CLEANUP_FREE char *whole_path = mem_printf("%s/whole.png", dir);
    CLEANUP(buf_finish) struct buf whole = {.max = 100000};
    assert_int_equal(buf_read_file(&whole, whole_path), 0);
    free(put("cut.png", whole.data, whole.len / 2));
    static const struct {
        const char *logo, *words;
    } rows[] = {
        {"missing.png", "can not be opened"},
        {".", "is no file"},
        {"large.png", "larger than 1048576 bytes"},
        {"text.png", "is no PNG picture"},
        {"wide.png", "3001 x 1 pixels"},
        {"bomb.png", "65536 x 65536 pixels"},
        {"cut.png", "is a damaged PNG"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char note[TEMPLATE_NOTE_LEN + 1];
        CLEANUP_FREE char *text = mem_printf("[page]\nlogo = %s\n[labels]\ntitle = Mine\n", rows[i].logo);
        struct sheet_template *t = load_text(text, strlen(text), note);
        if (!strstr(note, rows[i].words) || !strstr(note, "made without the logo")) {
            fail_msg("%s: \"%s\"", rows[i].logo, note);
        }
        assert_int_equal(t->logo.len, 0);
        assert_string_equal(t->labels.title, "Mine"); /* the rest of it is good */
        template_destroy(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in),
        cmocka_unit_test(built_in_as_a_file),
        cmocka_unit_test(every_key_is_in_the_manual),
        cmocka_unit_test(german),
        cmocka_unit_test(dates),
        cmocka_unit_test(bad_ones),
        cmocka_unit_test(no_template_at_all),
        cmocka_unit_test(good_logo),
        cmocka_unit_test(bad_logos),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
