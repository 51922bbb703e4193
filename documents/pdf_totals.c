#include <stdio.h>

#include "documents/pdf_parts.h"

#define PAD 2.6
#define ROW (pdf_line_height(PDF_BODY) + 2 * PAD)

/* The columns of the totals; the figures stand below those of the lines where these are in the usual order.
 */
struct grid {
    double customer, customer_width, type, type_width, lines, worked, billed,
        hours; /* x; of numbers the right edge */
    double number_width, lines_width;
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double text_width(struct pdf *p, const char *text)
{
    pdf_text_set(p->fonts, &p->scratch, PDF_SMALL_BOLD, text, p->right - p->left, 1);
    return pdf_text_extent(&p->scratch);
}

static struct grid lay_grid(struct pdf *p)
{
    struct grid g = {0};
    double worked = pdf_usual_width(p, TEMPLATE_COLUMN_WORKED),
           billed = pdf_usual_width(p, TEMPLATE_COLUMN_BILLED);
    double hours = pdf_usual_width(p, TEMPLATE_COLUMN_HOURS);
    g.number_width = larger(worked, larger(billed, hours)) + PDF_GAP;
    g.lines_width = larger(text_width(p, p->t->labels.lines), 36);
    g.hours = p->right;
    g.billed = g.hours - hours - PDF_GAP;
    g.worked = g.billed - billed - PDF_GAP;
    g.lines = g.worked - worked - PDF_GAP;
    double left = g.lines - g.lines_width - PDF_GAP - p->left;
    g.customer = p->left;
    g.type_width = pdf_usual_width(p, TEMPLATE_COLUMN_TYPE);
    g.customer_width = left - g.type_width - PDF_GAP;
    if (g.customer_width < left / 2) {
        g.customer_width = left / 2;
        g.type_width = left / 2 - PDF_GAP;
    }
    g.type = g.customer + g.customer_width + PDF_GAP;
    return g;
}

static void draw_number(struct pdf *p, enum pdf_style style, enum pdf_colour colour, const char *text,
                        double right, double width)
{
    pdf_line(p, style, colour, text, right - width, p->y + PAD, width, PDF_RIGHT);
}

static void draw_heading(struct pdf *p, const struct grid *g)
{
    const struct template_labels *l = &p->t->labels;
    pdf_line(p, PDF_HEADING, PDF_INK, l->totals, p->left, p->y, p->right - p->left, PDF_LEFT);
    p->y += pdf_line_height(PDF_HEADING) + 5;
    pdf_line(p, PDF_SMALL_BOLD, PDF_ACCENT, l->customer, g->customer, p->y + PAD, g->customer_width,
             PDF_LEFT);
    pdf_line(p, PDF_SMALL_BOLD, PDF_ACCENT, l->type, g->type, p->y + PAD, g->type_width, PDF_LEFT);
    draw_number(p, PDF_SMALL_BOLD, PDF_ACCENT, l->lines, g->lines, g->lines_width);
    draw_number(p, PDF_SMALL_BOLD, PDF_ACCENT, l->worked, g->worked, g->number_width);
    draw_number(p, PDF_SMALL_BOLD, PDF_ACCENT, l->billed, g->billed, g->number_width);
    draw_number(p, PDF_SMALL_BOLD, PDF_ACCENT, l->hours, g->hours, g->number_width);
    p->y += pdf_line_height(PDF_SMALL_BOLD) + 2 * PAD;
    pdf_rule(p, PDF_ACCENT, 0.8, p->left, p->y - 1, p->right - p->left);
}

static void draw_sum(struct pdf *p, const struct grid *g, enum pdf_style style, const struct sheet_sum *sum)
{
    char text[SHEET_HOURS_LEN + 1], lines[24];
    snprintf(lines, sizeof lines, "%lld", (long long)sum->n_lines);
    draw_number(p, style, PDF_INK, lines, g->lines, g->lines_width);
    sheet_format_hours(sum->worked, text);
    draw_number(p, style, PDF_INK, text, g->worked, g->number_width);
    sheet_format_hours(sum->billed, text);
    draw_number(p, style, PDF_INK, text, g->billed, g->number_width);
    pdf_hundredths(p, sum->billed_hundredths, text);
    draw_number(p, style, PDF_INK, text, g->hours, g->number_width);
}

static void draw_customer(struct pdf *p, const struct grid *g, const struct sheet_customer_sum *c)
{
    const struct template_labels *l = &p->t->labels;
    pdf_line(p, PDF_BODY, *c->customer ? PDF_INK : PDF_GREY, *c->customer ? c->customer : l->no_customer,
             g->customer, p->y + PAD, g->customer_width, PDF_LEFT);
    pdf_line(p, PDF_BODY, c->billing == SHEET_BILLABLE ? PDF_INK : PDF_GREY,
             c->billing == SHEET_BILLABLE ? l->billable : l->non_billable, g->type, p->y + PAD, g->type_width,
             PDF_LEFT);
    draw_sum(p, g, PDF_BODY, &c->sum);
    p->y += ROW;
    pdf_hairline(p, p->left, p->y, p->right - p->left);
}

/* One figure that is no sum of what is billed: what rounding began with, what is still open. */
static void draw_aside(struct pdf *p, const char *label, int64_t minutes, double right, double width)
{
    char text[SHEET_HOURS_LEN + 1];
    sheet_format_hours(minutes, text);
    pdf_line(p, PDF_BODY, PDF_GREY, label, p->left, p->y + PAD, right - width - p->left, PDF_LEFT);
    draw_number(p, PDF_BODY, PDF_GREY, text, right, width);
    p->y += ROW;
}

static void draw_all(struct pdf *p, const struct grid *g)
{
    const struct sheet_sum *all = &p->in->totals->all;
    pdf_fill(p, PDF_TINT, p->left - PDF_BLEED, p->y, p->right - p->left + 2 * PDF_BLEED, ROW);
    pdf_rule(p, PDF_ACCENT, 0.8, p->left, p->y, p->right - p->left);
    pdf_line(p, PDF_BOLD, PDF_INK, p->t->labels.total, p->left, p->y + PAD, g->customer_width, PDF_LEFT);
    draw_sum(p, g, PDF_BOLD, all);
    p->y += ROW;
    if (p->in->sheet->rules.rounding != SHEET_ROUND_NONE || all->unrounded != all->billed) {
        draw_aside(p, p->t->labels.before_rounding, all->unrounded, g->billed, g->number_width);
    }
    if (all->held > 0) {
        draw_aside(p, p->t->labels.held, all->held, g->worked, g->number_width);
    }
}

void pdf_draw_totals(struct pdf *p)
{
    const struct sheet_totals *totals = p->in->totals;
    struct grid g = lay_grid(p);
    double heading = pdf_line_height(PDF_HEADING) + 5 + pdf_line_height(PDF_SMALL_BOLD) + 2 * PAD;
    /* A few customers stay together with their total; of many, the last is never parted from it. */
    pdf_need(p, heading + ROW * (totals->n_customers < 12 ? (double)totals->n_customers + 3 : 4));
    draw_heading(p, &g);
    for (size_t i = 0; i < totals->n_customers; i++) {
        if (!pdf_fits(p, i + 1 < totals->n_customers ? ROW : 4 * ROW)) {
            pdf_next_page(p);
            draw_heading(p, &g);
        }
        draw_customer(p, &g, &totals->customers[i]);
    }
    draw_all(p, &g);
    p->y += 16;
}
