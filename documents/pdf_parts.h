/* pdf_parts - the parts of a PDF: pages, the head of the first, the table of lines, totals with chart and
 * signatures. Inside documents/ only.
 *
 * The whole flow runs twice: once dry, which draws nothing and counts pages and missing glyphs, and once for
 * good, when "page 3 of 12" is known.  Both take the same way, so that they can not differ.  Nothing but one
 * page is held in memory. */
#ifndef DOCUMENTS_PDF_PARTS_H
#define DOCUMENTS_PDF_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "documents/document.h"
#include "documents/pdf_text.h"
#include "documents/template.h"

#define PDF_MM (72 / 25.4)

/* Colours of a document, made of the template's two. */
enum pdf_colour {
    PDF_INK,
    PDF_GREY,
    PDF_ACCENT,
    PDF_TINT,  /* of surfaces: the accent, thinned */
    PDF_RULE,  /* of hairlines */
    PDF_SHADE, /* of the second bar of a pair */
};

#define PDF_HAIRLINES_MAX 128

struct pdf_column {
    enum template_column kind;
    double x, width; /* of what stands in it, without the gaps beside it */
    enum pdf_align align;
};

struct pdf {
    const struct document_input *in;
    const struct sheet_template *t;
    cairo_t *cr;
    struct pdf_fonts *fonts;
    double page_width, page_height;
    double left, right, top, bottom; /* what the margins leave; the footer stands below `bottom` */
    double y;                        /* where the next thing goes */
    int page, n_pages;               /* from 1 */
    bool is_dry;
    int64_t missing; /* glyphs, by the dry run */
    struct pdf_column columns[TEMPLATE_COLUMN_COUNT];
    size_t n_columns;
    struct pdf_text scratch; /* for texts that are drawn at once */
    struct {
        double x, y, width;
    } hairlines[PDF_HAIRLINES_MAX]; /* of this page: drawn together, which is what they cost least */
    int n_hairlines;
};

/* ---- pdf_page.c ---- */

void pdf_begin(struct pdf *p); /* the first page */
void pdf_next_page(struct pdf *p);
void pdf_end(struct pdf *p); /* the last page */
/* Whether that much still fits on the page. */
bool pdf_fits(const struct pdf *p, double height);
/* Goes on on a new page where it does not. */
void pdf_need(struct pdf *p, double height);

/* Of the texts that are drawn next. */
void pdf_colour(struct pdf *p, enum pdf_colour colour);
void pdf_fill(struct pdf *p, enum pdf_colour colour, double x, double y, double width, double height);
/* Below a row; drawn when the page is complete. */
void pdf_hairline(struct pdf *p, double x, double y, double width);
void pdf_rule(struct pdf *p, enum pdf_colour colour, double thickness, double x, double y, double width);
/* One line, cut where it is longer than the width; returns how wide it is. */
double pdf_line(struct pdf *p, enum pdf_style style, enum pdf_colour colour, const char *utf8, double x,
                double y, double width, enum pdf_align align);
/* "7.50" with the template's decimal mark. */
void pdf_hundredths(const struct pdf *p, int64_t hundredths, char ret_text[SHEET_HOURS_LEN + 1]);

/* ---- pdf_head.c ---- */

void pdf_draw_head(struct pdf *p);

/* ---- pdf_lines.c ---- */

#define PDF_GAP   8 /* points between columns */
#define PDF_BLEED 4 /* how far a tinted row reaches beyond them */
void pdf_lay_columns(struct pdf *p);
/* As wide as what usually stands in it and its heading; 0 for the subject, which takes what is left. */
double pdf_usual_width(struct pdf *p, enum template_column kind);
void pdf_draw_lines(struct pdf *p);

/* ---- pdf_totals.c ---- */

void pdf_draw_totals(struct pdf *p);

/* ---- pdf_end.c ---- */

void pdf_draw_chart(struct pdf *p);
void pdf_draw_notes(struct pdf *p);
void pdf_draw_signatures(struct pdf *p);

#endif
