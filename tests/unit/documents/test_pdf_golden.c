/* The PDF as a picture, compared with those in tests/golden, which somebody has looked at.
 *
 *     AA_GOLDEN=write build/check/bin/test_documents_pdf_golden     makes them anew: look at them before they
 * are committed
 *
 * Other versions of the fonts or of the renderer draw other pixels: the test says so and skips then. */
#include "tests/unit/documents/pdf_fixture.h"

#include <cairo.h>

#define GOLDEN AA_SOURCE_DIR "/tests/golden"

/* A pixel differs where its grey does by more than this; that many of a thousand may. */
#define GREY_TOLERANCE  40
#define PIXELS_PER_1000 4

static char *versions(void)
{
    int status;
    return command_output(
        "fc-query -f '%{family} %{fontversion}\\n' /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf "
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf; pdftoppm -v | head -n 1",
        &status);
}

static bool is_writing(void)
{
    const char *golden = getenv("AA_GOLDEN");
    return golden && strcmp(golden, "write") == 0;
}

static void need_same_versions(void)
{
    CLEANUP_FREE char *here = versions();
    CLEANUP(buf_finish) struct buf there = {.max = 4096};
    if (is_writing()) {
        FILE *f = fopen(GOLDEN "/versions", "we");
        assert_true(f && fputs(here, f) >= 0);
        fclose(f);
        return;
    }
    assert_int_equal(buf_read_file(&there, GOLDEN "/versions"), 0);
    if (strcmp(here, buf_str(&there)) != 0) {
        print_message("the pictures were made with\n%sand here are\n%s", buf_str(&there), here);
        skip();
    }
}

/* ---- pictures ---- */

static cairo_surface_t *read_picture(const char *path)
{
    cairo_surface_t *s = cairo_image_surface_create_from_png(path);
    if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS) {
        fail_msg("%s: %s", path, cairo_status_to_string(cairo_surface_status(s)));
    }
    return s;
}

static int green_at(cairo_surface_t *s, int x, int y)
{
    return cairo_image_surface_get_data(s)[y * cairo_image_surface_get_stride(s) + 4 * x + 1];
}

static int count_different(cairo_surface_t *a, cairo_surface_t *b)
{
    int n = 0, width = cairo_image_surface_get_width(a), height = cairo_image_surface_get_height(a);
    assert_int_equal(cairo_image_surface_get_width(b), width);
    assert_int_equal(cairo_image_surface_get_height(b), height);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            n += abs(green_at(a, x, y) - green_at(b, x, y)) > GREY_TOLERANCE;
        }
    }
    return n;
}

static void compare(const char *got, const char *golden)
{
    cairo_surface_t *a = read_picture(got), *b = read_picture(golden);
    int pixels = cairo_image_surface_get_width(a) * cairo_image_surface_get_height(a);
    int different = count_different(a, b);
    cairo_surface_destroy(a);
    cairo_surface_destroy(b);
    if (different > pixels / 1000 * PIXELS_PER_1000) {
        CLEANUP_FREE char *copy = mem_printf("cp %s /tmp/", got);
        int status = system(copy);
        fail_msg("%d of %d pixels are not as in %s; a copy is in /tmp%s", different, pixels, golden,
                 status == 0 ? "" : ", or would be");
    }
}

static void check_pictures(const char *pdf, const char *name, int pages, int compared)
{
    int status;
    CLEANUP_FREE char *command = mem_printf("pdftoppm -r 50 -gray -png %s %s/%s", pdf, pdf_dir, name);
    CLEANUP_FREE char *said = command_output(command, &status);
    if (status != 0) {
        fail_msg("pdftoppm (Debian: poppler-utils): %s", said);
    }
    assert_int_equal(pdf_pages(pdf), pages);
    for (int page = 1; page <= compared; page++) {
        CLEANUP_FREE char *got = mem_printf("%s/%s-%d.png", pdf_dir, name, page);
        CLEANUP_FREE char *golden = mem_printf(GOLDEN "/%s-%d.png", name, page);
        CLEANUP_FREE char *copy = mem_printf("cp %s %s", got, golden);
        if (is_writing()) {
            assert_int_equal(system(copy), 0);
        } else {
            compare(got, golden);
        }
    }
}

/* ---- what is compared ---- */

static void check_sheet(const struct sheet *s, const char *template, const char *name, int pages,
                        int compared)
{
    struct paper p;
    struct document_outcome outcome;
    need_same_versions();
    paper_make(&p, s, template);
    CLEANUP_FREE char *pdf = pdf_make(&p.input, "golden.pdf", &outcome);
    check_pictures(pdf, name, pages, compared);
    paper_finish(&p);
}

static void week(void **state UNUSED)
{
    struct sheet s;
    sample_week(&s);
    check_sheet(&s, NULL, "week", 2, 2);
}

/* Another paper, colours, words, columns, and a logo. */
static void german_week(void **state UNUSED)
{
    struct sheet s;
    sample_week(&s);
    check_sheet(&s, GOLDEN "/german.template", "german", 3, 1);
}

/* The comparison sees a difference: a picture beside another page's is none of it. */
static void a_difference_is_seen(void **state UNUSED)
{
    cairo_surface_t *a = read_picture(GOLDEN "/week-1.png"), *b = read_picture(GOLDEN "/week-2.png");
    int pixels = cairo_image_surface_get_width(a) * cairo_image_surface_get_height(a);
    assert_int_equal(count_different(a, a), 0);
    assert_true(count_different(a, b) > pixels / 1000 * PIXELS_PER_1000);
    cairo_surface_destroy(a);
    cairo_surface_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(week),
        cmocka_unit_test(german_week),
        cmocka_unit_test(a_difference_is_seen),
    };
    return cmocka_run_group_tests(tests, pdf_set_up, pdf_tear_down);
}
