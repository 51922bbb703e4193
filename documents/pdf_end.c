#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "documents/pdf_parts.h"

/* ---- hours by customer ---- */

#define BARS_MAX   8 /* customers; the rest is one bar */
#define BAR        5.4
#define BAR_ROW    19.0
#define NAME_WIDTH 110.0

struct bar {
    const char *customer;
    int64_t worked, billed;
    size_t place; /* in the order of the totals, where bars are equally long */
};

static int longest_first(const void *a, const void *b)
{
    const struct bar *x = a, *y = b;
    if (x->worked != y->worked) {
        return x->worked < y->worked ? 1 : -1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

/* One bar a customer, billable and not.  The totals have a customer's rows side by side. */
static struct bar *collect_bars(const struct pdf *p, size_t *ret_n)
{
    const struct sheet_totals *totals = p->in->totals;
    struct bar *bars = mem_calloc(totals->n_customers + 1, sizeof *bars);
    size_t n = 0;
    for (size_t i = 0; i < totals->n_customers; i++) {
        const struct sheet_customer_sum *c = &totals->customers[i];
        if (n == 0 || strcmp(bars[n - 1].customer, c->customer) != 0) {
            bars[n] = (struct bar){.customer = c->customer, .place = n};
            n++;
        }
        bars[n - 1].worked += c->sum.worked;
        bars[n - 1].billed += c->sum.billed;
    }
    qsort(bars, n, sizeof *bars, longest_first);
    *ret_n = n;
    return bars;
}

static size_t fold_others(const struct pdf *p, struct bar *bars, size_t n)
{
    if (n <= BARS_MAX) {
        return n;
    }
    struct bar others = {.customer = p->t->labels.others};
    for (size_t i = BARS_MAX - 1; i < n; i++) {
        others.worked += bars[i].worked;
        others.billed += bars[i].billed;
    }
    bars[BARS_MAX - 1] = others;
    return BARS_MAX;
}

static double draw_key(struct pdf *p, enum pdf_colour colour, const char *label, double right)
{
    double width = pdf_line(p, PDF_SMALL, PDF_GREY, label, right - 120, p->y + 2.5, 120, PDF_RIGHT);
    pdf_fill(p, colour, right - width - 10, p->y + 4, 6, 6);
    return right - width - 20;
}

static void draw_bar(struct pdf *p, const struct bar *bar, int64_t longest)
{
    char billed[SHEET_HOURS_LEN + 1], worked[SHEET_HOURS_LEN + 1];
    double x = p->left + NAME_WIDTH, space = p->right - x - 46, y = p->y + (BAR_ROW - 2 * BAR - 1) / 2;
    double billed_width = longest ? space * (double)bar->billed / (double)longest : 0;
    double worked_width = longest ? space * (double)bar->worked / (double)longest : 0;
    const char *name = *bar->customer ? bar->customer : p->t->labels.no_customer;
    pdf_line(p, PDF_BODY, PDF_INK, name, p->left, p->y + (BAR_ROW - pdf_line_height(PDF_BODY)) / 2,
             NAME_WIDTH - 8, PDF_LEFT);
    pdf_fill(p, PDF_ACCENT, x, y, billed_width, BAR);
    pdf_fill(p, PDF_SHADE, x, y + BAR + 1, worked_width, BAR);
    sheet_format_hours(bar->billed, billed);
    sheet_format_hours(bar->worked, worked);
    pdf_line(p, PDF_TINY, PDF_INK, bar->billed ? billed : "", x + billed_width + 4, y - 1, 42, PDF_LEFT);
    pdf_line(p, PDF_TINY, PDF_GREY, worked, x + worked_width + 4, y + BAR, 42, PDF_LEFT);
    p->y += BAR_ROW;
}

void pdf_draw_chart(struct pdf *p)
{
    size_t n;
    struct bar *bars = collect_bars(p, &n);
    n = fold_others(p, bars, n);
    if (p->t->has_chart && n > 0) {
        double heading = pdf_line_height(PDF_HEADING) + 5;
        int64_t longest = 0;
        for (size_t i = 0; i < n; i++) {
            longest = bars[i].worked > longest ? bars[i].worked : longest;
            longest = bars[i].billed > longest ? bars[i].billed : longest;
        }
        pdf_need(p, heading + BAR_ROW * (double)n);
        pdf_line(p, PDF_HEADING, PDF_INK, p->t->labels.chart, p->left, p->y, p->right - p->left - 160,
                 PDF_LEFT);
        double right = draw_key(p, PDF_SHADE, p->t->labels.worked, p->right);
        draw_key(p, PDF_ACCENT, p->t->labels.billed, right);
        p->y += heading;
        for (size_t i = 0; i < n; i++) {
            draw_bar(p, &bars[i], longest);
        }
        p->y += 14;
    }
    free(bars);
}

/* ---- notes ---- */

static void draw_note(struct pdf *p, const char *text)
{
    pdf_text_set(p->fonts, &p->scratch, PDF_SMALL, text, p->right - p->left, 3);
    pdf_need(p, pdf_text_height(&p->scratch));
    /* pdf_need may have begun a page, whose head uses the same text */
    pdf_text_set(p->fonts, &p->scratch, PDF_SMALL, text, p->right - p->left, 3);
    pdf_colour(p, PDF_GREY);
    pdf_text_draw(p->fonts, &p->scratch, p->left, p->y, PDF_LEFT, p->is_dry);
    p->y += pdf_text_height(&p->scratch) + 1;
}

void pdf_draw_notes(struct pdf *p)
{
    const struct sheet *s = p->in->sheet;
    char glyphs[200];
    bool has_late = false;
    for (size_t i = 0; i < s->n_lines && !has_late; i++) {
        has_late = s->lines[i].is_late;
    }
    if (has_late) {
        draw_note(p, p->t->labels.late_note);
    }
    if (p->in->totals->all.held > 0) {
        draw_note(p, p->t->labels.held_note);
    }
    int64_t missing = p->is_dry ? pdf_fonts_missing(p->fonts) : p->missing;
    if (missing > 0) {
        snprintf(glyphs, sizeof glyphs, "%s %lld", p->t->labels.glyph_note, (long long)missing);
        draw_note(p, glyphs);
    }
}

/* ---- signatures ---- */

#define SIGNATURE_SPACE 34.0 /* to write in */

static void draw_signature(struct pdf *p, const char *label, const char *name, double x, double width)
{
    char text[400];
    double place = width * 0.36, y = p->y + SIGNATURE_SPACE;
    snprintf(text, sizeof text, *name ? "%s: %s" : "%s", label, name);
    pdf_rule(p, PDF_GREY, 0.5, x, y, place - 8);
    pdf_rule(p, PDF_GREY, 0.5, x + place, y, width - place);
    pdf_line(p, PDF_SMALL, PDF_GREY, p->t->labels.place_date, x, y + 3, place - 8, PDF_LEFT);
    pdf_line(p, PDF_SMALL, PDF_GREY, text, x + place, y + 3, width - place, PDF_LEFT);
}

void pdf_draw_signatures(struct pdf *p)
{
    double half = (p->right - p->left - 24) / 2, height = SIGNATURE_SPACE + pdf_line_height(PDF_SMALL) + 4;
    if (!p->t->has_signature) {
        return;
    }
    pdf_need(p, height);
    draw_signature(p, p->t->labels.signature_own, p->in->sheet->user_name, p->left, half);
    draw_signature(p, p->t->labels.signature_client, "", p->left + half + 24, half);
    p->y += height;
}
