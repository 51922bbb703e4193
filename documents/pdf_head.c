#include <cairo.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "documents/pdf_parts.h"
#include "documents/template_parts.h"

#define LOGO_WIDTH      (46 * PDF_MM)
#define LOGO_HEIGHT     (18 * PDF_MM)
#define LETTERHEAD_MAX  8 /* lines */
#define CUSTOMERS_SHOWN 3
#define FACTS_A_ROW     3

/* ---- letterhead and logo ---- */

/* Returns how high it is. */
static double draw_logo(struct pdf *p)
{
    if (p->t->logo.len == 0) {
        return 0;
    }
    double width = p->t->logo_width, height = p->t->logo_height;
    double scale = LOGO_WIDTH / width < LOGO_HEIGHT / height ? LOGO_WIDTH / width : LOGO_HEIGHT / height;
    cairo_surface_t *picture = p->is_dry ? NULL : template_logo_surface(&p->t->logo);
    if (picture) {
        cairo_save(p->cr);
        cairo_translate(p->cr, p->right - width * scale, p->top);
        cairo_scale(p->cr, scale, scale);
        cairo_set_source_surface(p->cr, picture, 0, 0);
        cairo_paint(p->cr);
        cairo_restore(p->cr);
        cairo_surface_destroy(picture);
    }
    return height * scale;
}

static void draw_letterhead(struct pdf *p)
{
    double logo = draw_logo(p), y = p->top;
    double width = p->right - p->left - (logo > 0 ? LOGO_WIDTH + 12 : 0);
    for (size_t i = 0; i < p->in->n_letterhead && i < LETTERHEAD_MAX; i++) {
        enum pdf_style style = i == 0 ? PDF_HEADING : PDF_BODY;
        pdf_line(p, style, i == 0 ? PDF_ACCENT : PDF_GREY, p->in->letterhead[i], p->left, y, width, PDF_LEFT);
        y += pdf_line_height(style);
    }
    p->y = (y > p->top + logo ? y : p->top + logo) + 8;
    pdf_rule(p, PDF_ACCENT, 1.2, p->left, p->y, p->right - p->left);
    p->y += 16;
}

static void draw_title(struct pdf *p)
{
    double width = p->right - p->left;
    pdf_line(p, PDF_TITLE, PDF_INK, p->t->labels.title, p->left, p->y, width * 0.6, PDF_LEFT);
    pdf_line(p, PDF_TITLE, PDF_ACCENT, p->in->sheet->number, p->left + width * 0.6, p->y, width * 0.4,
             PDF_RIGHT);
    p->y += pdf_line_height(PDF_TITLE) + 8;
}

/* ---- what a reader must know, as pairs of a small label and a value ---- */

struct fact {
    const char *label;
    const char *value;
};

/* The customers of the sheet, each once; the totals have a customer's rows side by side. */
static void list_customers(const struct pdf *p, char *text, size_t size)
{
    const struct sheet_totals *totals = p->in->totals;
    const char *before = "";
    int n = 0;
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < totals->n_customers; i++) {
        const char *customer = totals->customers[i].customer;
        bool is_new = *customer && strcmp(customer, before) != 0;
        n += is_new;
        if (is_new && n <= CUSTOMERS_SHOWN) {
            snprintf(text + len, size - len, "%s%.150s", n > 1 ? "; " : "", customer);
            len = strlen(text);
        }
        before = customer;
    }
    if (n > CUSTOMERS_SHOWN) {
        snprintf(text + len, size - len, "; +%d", n - CUSTOMERS_SHOWN);
    }
}

static void rounding_text(const struct pdf *p, char *text, size_t size)
{
    const struct template_labels *l = &p->t->labels;
    const struct sheet_rules *rules = &p->in->sheet->rules;
    const char *how = l->none, *what = l->per_entry;
    switch (rules->rounding) {
    case SHEET_ROUND_NONE: snprintf(text, size, "%s", how); return;
    case SHEET_ROUND_UP: how = l->up; break;
    case SHEET_ROUND_NEAREST: how = l->nearest; break;
    }
    switch (rules->scope) {
    case SHEET_SCOPE_ENTRY: break;
    case SHEET_SCOPE_DAY_CUSTOMER: what = l->per_day_customer; break;
    }
    snprintf(text, size, "%s %d %s, %s", how, (int)rules->round_to, l->minutes, what);
}

/* Label and value of a row of facts; returns how high the highest is. */
static double draw_facts_row(struct pdf *p, const struct fact *facts, size_t n)
{
    double cell = (p->right - p->left) / FACTS_A_ROW, highest = 0;
    for (size_t i = 0; i < n; i++) {
        double x = p->left + cell * (double)i;
        pdf_line(p, PDF_SMALL, PDF_GREY, facts[i].label, x, p->y, cell - 10, PDF_LEFT);
        pdf_text_set(p->fonts, &p->scratch, PDF_BODY, *facts[i].value ? facts[i].value : "–", cell - 10, 2);
        pdf_colour(p, PDF_INK);
        pdf_text_draw(p->fonts, &p->scratch, x, p->y + pdf_line_height(PDF_SMALL), PDF_LEFT, p->is_dry);
        double height = pdf_text_height(&p->scratch);
        highest = height > highest ? height : highest;
    }
    return pdf_line_height(PDF_SMALL) + highest;
}

static void draw_facts(struct pdf *p)
{
    const struct sheet *s = p->in->sheet;
    const struct template_labels *l = &p->t->labels;
    char from[TEMPLATE_DATE_LEN + 1], to[TEMPLATE_DATE_LEN + 1], period[2 * TEMPLATE_DATE_LEN + 8],
        revision[24];
    char customers[600], rounding[500];
    template_format_date(p->t, s->from_day, from);
    template_format_date(p->t, s->to_day - 1, to);
    snprintf(period, sizeof period, "%s – %s", from, to);
    snprintf(revision, sizeof revision, "%d", (int)s->revision);
    list_customers(p, customers, sizeof customers);
    rounding_text(p, rounding, sizeof rounding);
    const struct fact facts[] = {
        {l->customers, customers}, {l->period, period},     {l->zone, s->zone},
        {l->person, s->user_name}, {l->rounding, rounding}, {l->revision, revision},
    };
    for (size_t i = 0; i < ARRAY_LEN(facts); i += FACTS_A_ROW) {
        p->y += draw_facts_row(p, facts + i, FACTS_A_ROW) + 7;
    }
    p->y += 3;
}

/* ---- the figures that a reader looks for first ---- */

static void draw_figure(struct pdf *p, double x, double width, const char *label, int64_t minutes,
                        const char *beside)
{
    char hours[SHEET_HOURS_LEN + 1];
    sheet_format_hours(minutes, hours);
    pdf_line(p, PDF_SMALL, PDF_GREY, label, x, p->y + 6, width, PDF_LEFT);
    double y = p->y + 6 + pdf_line_height(PDF_SMALL);
    double end = x + pdf_line(p, PDF_FIGURE, PDF_ACCENT, hours, x, y, width, PDF_LEFT);
    pdf_line(p, PDF_BODY, PDF_GREY, beside, end + 5, y + 5.2, width - (end + 5 - x), PDF_LEFT);
}

static void hours_text(const struct pdf *p, int64_t hundredths, char *text, size_t size)
{
    char number[SHEET_HOURS_LEN + 1];
    pdf_hundredths(p, hundredths, number);
    snprintf(text, size, "%s h", number);
}

static void draw_figures(struct pdf *p)
{
    const struct sheet_sum *all = &p->in->totals->all;
    const struct template_labels *l = &p->t->labels;
    char billed[SHEET_HOURS_LEN + 3], worked[SHEET_HOURS_LEN + 3], lines[24];
    double height = 12 + pdf_line_height(PDF_SMALL) + pdf_line_height(PDF_FIGURE),
           cell = (p->right - p->left) / FACTS_A_ROW;
    hours_text(p, all->billed_hundredths, billed, sizeof billed);
    hours_text(p, all->worked_hundredths, worked, sizeof worked);
    snprintf(lines, sizeof lines, "%lld", (long long)all->n_lines);
    pdf_fill(p, PDF_TINT, p->left - PDF_BLEED, p->y, p->right - p->left + 2 * PDF_BLEED, height);
    pdf_fill(p, PDF_ACCENT, p->left - PDF_BLEED, p->y, 2.4, height);
    draw_figure(p, p->left + 6, cell - 16, l->billed, all->billed, billed);
    draw_figure(p, p->left + cell, cell - 16, l->worked, all->worked, worked);
    if (all->held > 0) {
        draw_figure(p, p->left + 2 * cell, cell - 16, l->held, all->held, "");
    } else {
        pdf_line(p, PDF_SMALL, PDF_GREY, l->lines, p->left + 2 * cell, p->y + 6, cell - 16, PDF_LEFT);
        pdf_line(p, PDF_FIGURE, PDF_ACCENT, lines, p->left + 2 * cell, p->y + 6 + pdf_line_height(PDF_SMALL),
                 cell - 16, PDF_LEFT);
    }
    p->y += height + 14;
}

void pdf_draw_head(struct pdf *p)
{
    draw_letterhead(p);
    draw_title(p);
    draw_facts(p);
    draw_figures(p);
}
