/* pdf_text - text on a PDF page: measured, broken into lines, cut, drawn.
 *
 * Latin, Greek and Cyrillic letters that the template's font has are set one by one from a table of advances,
 * which is some twenty times faster than shaping and looks the same; everything else goes through Pango,
 * which shapes it, orders it from right to left where it is so written, and finds another font (fontconfig)
 * where the first has no glyph.  A glyph that no font has is drawn as a box and counted.
 *
 * Text comes from strangers: it is cut at PDF_TEXT_MAX characters before anything is laid out, control
 * characters become blanks, characters that turn the direction of what follows are left out, and nothing is
 * drawn outside its rectangle.
 *
 * Coordinates and sizes are points.  One thread. */
#ifndef DOCUMENTS_PDF_TEXT_H
#define DOCUMENTS_PDF_TEXT_H

#include <cairo.h>
#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define PDF_TEXT_MAX  300 /* characters of one text */
#define PDF_LINES_MAX 6   /* of one text */

enum pdf_style {
    PDF_TITLE,
    PDF_FIGURE, /* the large numbers of the summary */
    PDF_HEADING,
    PDF_BODY,
    PDF_BOLD,
    PDF_SMALL,
    PDF_SMALL_BOLD,
    PDF_TINY,
};
#define PDF_STYLE_COUNT (PDF_TINY + 1)

enum pdf_align { PDF_LEFT, PDF_RIGHT };

struct pdf_fonts;
/* cr is borrowed.  Free with pdf_fonts_destroy. */
MUST_CHECK struct pdf_fonts *pdf_fonts_create(cairo_t *cr, const char *family);
void pdf_fonts_destroy(struct pdf_fonts *f); /* accepts NULL */

double pdf_line_height(enum pdf_style style);

/* Glyphs without a font among what pdf_text_draw has drawn, and how to begin again. */
int64_t pdf_fonts_missing(const struct pdf_fonts *f);
void pdf_fonts_forget_missing(struct pdf_fonts *f);

/* A text made ready: zeroed before the first pdf_text_set, used again by the next, freed by pdf_text_finish.
 */
struct pdf_text {
    enum pdf_style style;
    int n_lines; /* 0 for a text without anything to draw */
    double width;
    /* set from the table */
    int n_glyphs;
    struct {
        int first, end; /* glyphs */
        double width;
    } lines[PDF_LINES_MAX];
    cairo_glyph_t glyphs[PDF_TEXT_MAX + 1]; /* x from the line's beginning */
    /* shaped */
    bool is_shaped;
    PangoLayout *layout;
    int64_t n_missing;
};
/* Breaks the text into at most max_lines (up to PDF_LINES_MAX) of that width; what does not fit ends in "…".
 */
void pdf_text_set(struct pdf_fonts *f, struct pdf_text *text, enum pdf_style style, const char *utf8,
                  double width, int max_lines);
double pdf_text_height(const struct pdf_text *text);
/* The widest of its lines. */
double pdf_text_extent(const struct pdf_text *text);
/* In the colour of pdf_fonts_colour; y is the upper edge.  Counts what is missing.  Draws nothing where
 * is_dry.  What is set from the table waits for pdf_fonts_flush, so that glyphs of one style and colour
 * become one piece of the page. */
void pdf_text_draw(struct pdf_fonts *f, const struct pdf_text *text, double x, double y, enum pdf_align align,
                   bool is_dry);
void pdf_fonts_colour(struct pdf_fonts *f, uint32_t rgb);
void pdf_fonts_flush(struct pdf_fonts *f);
void pdf_text_finish(struct pdf_text *text);

/* Text of strangers made fit to be shown on one line: at most PDF_TEXT_MAX characters of valid UTF-8. */
#define PDF_CLEAN_LEN (PDF_TEXT_MAX * 4 + 3)
void pdf_text_clean(const char *utf8, char ret_text[PDF_CLEAN_LEN + 1]);

#endif
