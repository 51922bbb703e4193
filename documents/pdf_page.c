#include <stdio.h>

#include "documents/pdf_parts.h"
#include "timesheet/canonical.h"

#define HAIRLINE   0.35
#define FOOTER_GAP 8 /* points between what stands on the page and the footer's rule */

/* ---- colours and marks ---- */

static uint32_t mix(uint32_t rgb, int percent) /* with white */
{
    uint32_t mixed = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        int value = (int)(rgb >> shift & 0xff);
        mixed |= (uint32_t)(255 - (255 - value) * percent / 100) << shift;
    }
    return mixed;
}

static uint32_t colour_of(const struct sheet_template *t, enum pdf_colour colour)
{
    switch (colour) {
    case PDF_INK: return 0x1b1f23;
    case PDF_GREY: return t->grey;
    case PDF_ACCENT: return t->accent;
    case PDF_TINT: return mix(t->accent, 8);
    case PDF_RULE: return mix(t->grey, 30);
    case PDF_SHADE: return mix(t->accent, 35);
    }
    return 0;
}

void pdf_colour(struct pdf *p, enum pdf_colour colour)
{
    pdf_fonts_colour(p->fonts, colour_of(p->t, colour));
}

static void paint(struct pdf *p, enum pdf_colour colour)
{
    uint32_t rgb = colour_of(p->t, colour);
    cairo_set_source_rgb(p->cr, (rgb >> 16 & 0xff) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0);
    cairo_fill(p->cr);
}

void pdf_fill(struct pdf *p, enum pdf_colour colour, double x, double y, double width, double height)
{
    if (p->is_dry) {
        return;
    }
    cairo_rectangle(p->cr, x, y, width, height);
    paint(p, colour);
}

void pdf_rule(struct pdf *p, enum pdf_colour colour, double thickness, double x, double y, double width)
{
    pdf_fill(p, colour, x, y - thickness / 2, width, thickness);
}

static void draw_hairlines(struct pdf *p)
{
    for (int i = 0; i < p->n_hairlines; i++) {
        cairo_rectangle(p->cr, p->hairlines[i].x, p->hairlines[i].y - HAIRLINE / 2, p->hairlines[i].width,
                        HAIRLINE);
    }
    paint(p, PDF_RULE);
    p->n_hairlines = 0;
}

void pdf_hairline(struct pdf *p, double x, double y, double width)
{
    if (p->is_dry) {
        return;
    }
    if (p->n_hairlines == PDF_HAIRLINES_MAX) {
        draw_hairlines(p);
    }
    p->hairlines[p->n_hairlines].x = x;
    p->hairlines[p->n_hairlines].y = y;
    p->hairlines[p->n_hairlines++].width = width;
}

double pdf_line(struct pdf *p, enum pdf_style style, enum pdf_colour colour, const char *utf8, double x,
                double y, double width, enum pdf_align align)
{
    pdf_text_set(p->fonts, &p->scratch, style, utf8, width, 1);
    pdf_colour(p, colour);
    pdf_text_draw(p->fonts, &p->scratch, x, y, align, p->is_dry);
    return pdf_text_extent(&p->scratch);
}

void pdf_hundredths(const struct pdf *p, int64_t hundredths, char ret_text[SHEET_HOURS_LEN + 1])
{
    sheet_format_hundredths(hundredths, p->t->decimal[0], ret_text);
}

/* ---- pages ---- */

static void draw_footer(struct pdf *p)
{
    char hash[SHEET_HASH_HEX_LEN + 1], left[160], middle[SHEET_HASH_HEX_LEN + 140], right[300];
    const struct sheet *s = p->in->sheet;
    const struct template_labels *l = &p->t->labels;
    double y = p->bottom + FOOTER_GAP, width = p->right - p->left, side = width * 0.22;
    sheet_hash_hex(s->hash, hash);
    snprintf(left, sizeof left, "%s / %d", s->number, (int)s->revision);
    snprintf(middle, sizeof middle, "%s %s", l->hash, hash);
    snprintf(right, sizeof right, "%s %d %s %d", l->page, p->page, l->of, p->n_pages);
    pdf_rule(p, PDF_RULE, 0.5, p->left, y, width);
    pdf_line(p, PDF_SMALL, PDF_GREY, left, p->left, y + 3, side, PDF_LEFT);
    pdf_text_set(p->fonts, &p->scratch, PDF_TINY, middle, width - 2 * side, 1);
    double x = p->left + (width - pdf_text_extent(&p->scratch)) / 2;
    pdf_line(p, PDF_TINY, PDF_GREY, middle, x, y + 4, width - 2 * side, PDF_LEFT);
    pdf_line(p, PDF_SMALL, PDF_GREY, right, p->right - side, y + 3, side, PDF_RIGHT);
}

/* What says on a later page to what it belongs. */
static void draw_running_head(struct pdf *p)
{
    const struct sheet *s = p->in->sheet;
    char from[TEMPLATE_DATE_LEN + 1], to[TEMPLATE_DATE_LEN + 1], left[400], right[2 * TEMPLATE_DATE_LEN + 10];
    double half = (p->right - p->left) / 2;
    template_format_date(p->t, s->from_day, from);
    template_format_date(p->t, s->to_day - 1, to);
    snprintf(left, sizeof left, "%s %s  ·  %s", p->t->labels.title, s->number, s->user_name);
    snprintf(right, sizeof right, "%s – %s", from, to);
    pdf_line(p, PDF_SMALL, PDF_GREY, left, p->left, p->y, half, PDF_LEFT);
    pdf_line(p, PDF_SMALL, PDF_GREY, right, p->right - half, p->y, half, PDF_RIGHT);
    p->y += pdf_line_height(PDF_SMALL) + 8;
}

static void place_margins(struct pdf *p)
{
    p->left = (double)p->t->margin_left * PDF_MM;
    p->right = p->page_width - (double)p->t->margin_right * PDF_MM;
    p->top = (double)p->t->margin_top * PDF_MM;
    p->bottom =
        p->page_height - (double)p->t->margin_bottom * PDF_MM - FOOTER_GAP - pdf_line_height(PDF_SMALL) - 3;
}

void pdf_begin(struct pdf *p)
{
    place_margins(p);
    p->page = 1;
    p->y = p->top;
}

static void finish_page(struct pdf *p)
{
    pdf_fonts_flush(p->fonts);
    draw_hairlines(p);
    draw_footer(p);
    pdf_fonts_flush(p->fonts);
    if (!p->is_dry) {
        cairo_show_page(p->cr);
    }
}

void pdf_next_page(struct pdf *p)
{
    finish_page(p);
    p->page++;
    p->y = p->top;
    draw_running_head(p);
}

void pdf_end(struct pdf *p)
{
    finish_page(p);
    if (p->is_dry) {
        p->n_pages = p->page;
        p->missing = pdf_fonts_missing(p->fonts);
    }
}

bool pdf_fits(const struct pdf *p, double height)
{
    return p->y + height <= p->bottom;
}

void pdf_need(struct pdf *p, double height)
{
    if (!pdf_fits(p, height)) {
        pdf_next_page(p);
    }
}
