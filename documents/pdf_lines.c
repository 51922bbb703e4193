#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/mem.h"
#include "base/tz.h"
#include "documents/pdf_parts.h"
#include "documents/when.h"

#define GAP                PDF_GAP
#define PAD                2.6 /* above and below what stands in a row */
#define SUBJECT_LINES      4
#define SMALL_LINES        2
#define CELL_LINES         3
#define PROGRESS_STEP      500 /* lines */
#define CUSTOMERS_MEASURED 200

/* ---- columns ---- */

static double extent(struct pdf *p, enum pdf_style style, const char *text)
{
    pdf_text_set(p->fonts, &p->scratch, style, text, p->right - p->left, 1);
    return pdf_text_extent(&p->scratch);
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static int64_t larger_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void held_text(const struct pdf *p, int64_t minutes, char *text, size_t size)
{
    char hours[SHEET_HOURS_LEN + 1];
    sheet_format_hours(minutes, hours);
    snprintf(text, size, "%s %s", hours, p->t->labels.held_mark);
}

/* No figure may ever be cut: the largest of a column is its total. */
static double number_width(struct pdf *p, enum template_column kind)
{
    const struct sheet_sum *all = &p->in->totals->all;
    char text[SHEET_HOURS_LEN + 1], held[200];
    if (kind == TEMPLATE_COLUMN_HOURS) {
        pdf_hundredths(p, all->billed_hundredths, text);
    } else {
        int64_t minutes =
            kind == TEMPLATE_COLUMN_WORKED ? all->worked : larger_of(all->billed, all->unrounded);
        sheet_format_hours(minutes, text);
    }
    double width = larger(extent(p, PDF_BOLD, text), extent(p, PDF_BOLD, "000:00"));
    if (kind == TEMPLATE_COLUMN_WORKED && all->held > 0) {
        held_text(p, all->held, held, sizeof held);
        width = larger(width, smaller(extent(p, PDF_SMALL, held), 60));
    }
    return width;
}

/* As narrow as its names allow, within reason. */
static double customer_width(struct pdf *p)
{
    double widest = 60;
    for (size_t i = 0; i < p->in->totals->n_customers && i < CUSTOMERS_MEASURED; i++) {
        widest = larger(widest, extent(p, PDF_BODY, p->in->totals->customers[i].customer));
    }
    return smaller(widest, 104);
}

double pdf_usual_width(struct pdf *p, enum template_column kind)
{
    const struct template_labels *l = &p->t->labels;
    double heading = extent(p, PDF_SMALL_BOLD, template_column_label(p->t, kind));
    switch (kind) {
    case TEMPLATE_COLUMN_NO:
        return larger(heading, extent(p, PDF_SMALL, p->in->sheet->n_lines < 1000 ? "000" : "000000"));
    case TEMPLATE_COLUMN_DATE: return larger(heading, 64);
    case TEMPLATE_COLUMN_TIME: return larger(heading, extent(p, PDF_BODY, "00:00 – 00:00"));
    case TEMPLATE_COLUMN_CUSTOMER: return larger(heading, customer_width(p));
    case TEMPLATE_COLUMN_TYPE:
        return larger(larger(heading, extent(p, PDF_BODY, l->billable)),
                      extent(p, PDF_BODY, l->non_billable));
    case TEMPLATE_COLUMN_SUBJECT: return 0;
    case TEMPLATE_COLUMN_LOCATION: return larger(heading, 76);
    case TEMPLATE_COLUMN_WORKED:
    case TEMPLATE_COLUMN_BILLED:
    case TEMPLATE_COLUMN_HOURS: return larger(heading, number_width(p, kind));
    }
    return 0;
}

static bool is_number(enum template_column kind)
{
    return kind == TEMPLATE_COLUMN_WORKED || kind == TEMPLATE_COLUMN_BILLED || kind == TEMPLATE_COLUMN_HOURS;
}

/* How far a column may give way where too little is left for the subject. */
enum give { GIVE_NOTHING, GIVE_LAST, GIVE_FIRST, GIVE_COUNT };

static enum give give_of(enum template_column kind)
{
    switch (kind) {
    case TEMPLATE_COLUMN_WORKED:
    case TEMPLATE_COLUMN_BILLED:
    case TEMPLATE_COLUMN_HOURS: return GIVE_NOTHING;
    case TEMPLATE_COLUMN_NO:
    case TEMPLATE_COLUMN_TIME: return GIVE_LAST;
    case TEMPLATE_COLUMN_DATE:
    case TEMPLATE_COLUMN_CUSTOMER:
    case TEMPLATE_COLUMN_TYPE:
    case TEMPLATE_COLUMN_SUBJECT:
    case TEMPLATE_COLUMN_LOCATION: return GIVE_FIRST;
    }
    return GIVE_NOTHING;
}

/* What the columns of each kind keep of their usual width, so that the subject has a fifth of the line. */
static void squeeze(double space, const double sums[GIVE_COUNT], double ret_keep[GIVE_COUNT])
{
    double least = space / 5;
    double first = (space - least - sums[GIVE_NOTHING] - sums[GIVE_LAST]) / larger(sums[GIVE_FIRST], 1);
    double all = (space - least - sums[GIVE_NOTHING]) / larger(sums[GIVE_FIRST] + sums[GIVE_LAST], 1);
    ret_keep[GIVE_NOTHING] = ret_keep[GIVE_LAST] = 1;
    ret_keep[GIVE_FIRST] = smaller(first, 1);
    if (first < 0.45) {
        ret_keep[GIVE_FIRST] = ret_keep[GIVE_LAST] = larger(smaller(all, 1), 0.15);
    }
}

void pdf_lay_columns(struct pdf *p)
{
    double sums[GIVE_COUNT] = {0}, keep[GIVE_COUNT], x = p->left;
    p->n_columns = p->t->n_columns;
    for (size_t i = 0; i < p->n_columns; i++) {
        struct pdf_column *c = &p->columns[i];
        c->kind = p->t->columns[i];
        c->align = is_number(c->kind) ? PDF_RIGHT : PDF_LEFT;
        c->width = pdf_usual_width(p, c->kind);
        sums[give_of(c->kind)] += c->width;
    }
    double space = p->right - p->left - GAP * (double)(p->n_columns - 1);
    squeeze(space, sums, keep);
    double subject = space;
    for (enum give give = GIVE_NOTHING; give < GIVE_COUNT; give++) {
        subject -= keep[give] * sums[give];
    }
    for (size_t i = 0; i < p->n_columns; i++) {
        struct pdf_column *c = &p->columns[i];
        c->width =
            c->kind == TEMPLATE_COLUMN_SUBJECT ? larger(subject, 20) : c->width * keep[give_of(c->kind)];
        c->x = x;
        x += c->width + GAP;
    }
}

static bool has_column(const struct pdf *p, enum template_column kind)
{
    for (size_t i = 0; i < p->n_columns; i++) {
        if (p->columns[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static double heading_height(void)
{
    return pdf_line_height(PDF_SMALL_BOLD) + 5;
}

static void draw_heading(struct pdf *p)
{
    for (size_t i = 0; i < p->n_columns; i++) {
        const struct pdf_column *c = &p->columns[i];
        pdf_line(p, PDF_SMALL_BOLD, PDF_ACCENT, template_column_label(p->t, c->kind), c->x, p->y, c->width,
                 c->align);
    }
    p->y += heading_height();
    pdf_rule(p, PDF_ACCENT, 0.8, p->left, p->y - 2, p->right - p->left);
}

/* ---- a line: up to two texts in each column, the second one small ---- */

struct cell {
    struct pdf_text main;
    struct pdf_text small[2];
    enum pdf_colour colour, small_colour;
};

struct row {
    struct cell cells[TEMPLATE_COLUMN_COUNT];
    double height;
};

static void set_main(struct pdf *p, struct cell *cell, const struct pdf_column *c, enum pdf_style style,
                     const char *text, int max_lines)
{
    pdf_text_set(p->fonts, &cell->main, style, text, c->width, max_lines);
}

static void set_small(struct pdf *p, struct cell *cell, int i, const struct pdf_column *c, const char *text)
{
    pdf_text_set(p->fonts, &cell->small[i], PDF_SMALL, text, c->width, SMALL_LINES);
}

/* "08:00 – 09:30" on the wall of the sheet's zone; the end of a day is 24:00. */
static void time_text(const struct pdf *p, const struct sheet_line *line, char *text, size_t size)
{
    if (line->is_all_day) {
        snprintf(text, size, "%s", p->t->labels.all_day);
        return;
    }
    char from[WHEN_CLOCK_LEN + 1], to[WHEN_CLOCK_LEN + 1];
    when_format_clock(when_wall_minute(p->in->zone, line->day, line->start_min), from);
    when_format_clock(when_wall_minute(p->in->zone, line->day, line->end_min), to);
    snprintf(text, size, "%s – %s", from, to);
}

static void set_number(struct pdf *p, struct cell *cell, const struct pdf_column *c,
                       const struct sheet_line *line)
{
    char text[SHEET_HOURS_LEN + 1], held[200];
    bool is_billed = c->kind != TEMPLATE_COLUMN_WORKED;
    if (is_billed && line->billing == SHEET_NON_BILLABLE) {
        cell->colour = PDF_GREY;
    }
    if (c->kind == TEMPLATE_COLUMN_HOURS) {
        pdf_hundredths(p, line->billed_hundredths, text);
    } else {
        sheet_format_hours(is_billed ? line->billed : line->worked, text);
    }
    set_main(p, cell, c, PDF_BODY, text, 1);
    if (c->kind == TEMPLATE_COLUMN_WORKED && line->held > 0) {
        held_text(p, line->held, held, sizeof held);
        cell->small_colour = PDF_ACCENT;
        set_small(p, cell, 0, c, held);
    }
}

static void set_subject(struct pdf *p, struct cell *cell, const struct pdf_column *c,
                        const struct sheet_line *line)
{
    if (*line->subject) {
        set_main(p, cell, c, PDF_BODY, line->subject, SUBJECT_LINES);
    } else {
        cell->colour = PDF_GREY;
        set_main(p, cell, c, PDF_BODY, p->t->labels.no_subject, 1);
    }
    set_small(p, cell, 0, c, has_column(p, TEMPLATE_COLUMN_LOCATION) ? "" : line->location);
    set_small(p, cell, 1, c, line->decision);
}

static void set_cell(struct pdf *p, struct cell *cell, const struct pdf_column *c,
                     const struct sheet_line *line)
{
    const struct template_labels *l = &p->t->labels;
    char text[TEMPLATE_DATE_LEN + 1];
    cell->colour = PDF_INK;
    cell->small_colour = PDF_GREY;
    set_small(p, cell, 0, c, "");
    set_small(p, cell, 1, c, "");
    switch (c->kind) {
    case TEMPLATE_COLUMN_NO:
        snprintf(text, sizeof text, "%d", (int)line->no);
        cell->colour = PDF_GREY;
        set_main(p, cell, c, PDF_SMALL, text, 1);
        break;
    case TEMPLATE_COLUMN_DATE:
        template_format_day(p->t, line->day, true, text);
        set_main(p, cell, c, PDF_BODY, text, CELL_LINES);
        break;
    case TEMPLATE_COLUMN_TIME:
        time_text(p, line, text, sizeof text);
        set_main(p, cell, c, PDF_BODY, text, CELL_LINES);
        cell->small_colour = PDF_ACCENT;
        set_small(p, cell, 0, c, line->is_late ? l->late : "");
        break;
    case TEMPLATE_COLUMN_CUSTOMER:
        cell->colour = *line->customer ? PDF_INK : PDF_GREY;
        set_main(p, cell, c, PDF_BODY, *line->customer ? line->customer : l->no_customer, CELL_LINES);
        break;
    case TEMPLATE_COLUMN_TYPE:
        cell->colour = line->billing == SHEET_BILLABLE ? PDF_INK : PDF_GREY;
        set_main(p, cell, c, PDF_BODY, line->billing == SHEET_BILLABLE ? l->billable : l->non_billable,
                 CELL_LINES);
        set_small(p, cell, 0, c, line->kind == SHEET_TRAVEL ? l->travel : "");
        break;
    case TEMPLATE_COLUMN_SUBJECT: set_subject(p, cell, c, line); break;
    case TEMPLATE_COLUMN_LOCATION: set_main(p, cell, c, PDF_BODY, line->location, CELL_LINES); break;
    case TEMPLATE_COLUMN_WORKED:
    case TEMPLATE_COLUMN_BILLED:
    case TEMPLATE_COLUMN_HOURS: set_number(p, cell, c, line); break;
    }
}

static double cell_height(const struct cell *cell)
{
    return pdf_text_height(&cell->main) + pdf_text_height(&cell->small[0]) + pdf_text_height(&cell->small[1]);
}

static void set_row(struct pdf *p, struct row *row, const struct sheet_line *line)
{
    row->height = pdf_line_height(PDF_BODY);
    for (size_t i = 0; i < p->n_columns; i++) {
        set_cell(p, &row->cells[i], &p->columns[i], line);
        row->height = larger(row->height, cell_height(&row->cells[i]));
    }
    row->height += 2 * PAD;
}

static void draw_cell(struct pdf *p, const struct cell *cell, const struct pdf_column *c)
{
    double y = p->y + PAD;
    y += cell->main.style == PDF_SMALL ? (pdf_line_height(PDF_BODY) - pdf_line_height(PDF_SMALL)) / 2 + 0.4
                                       : 0;
    pdf_colour(p, cell->colour);
    pdf_text_draw(p->fonts, &cell->main, c->x, y, c->align, p->is_dry);
    y += pdf_text_height(&cell->main);
    pdf_colour(p, cell->small_colour);
    for (int i = 0; i < 2; i++) {
        pdf_text_draw(p->fonts, &cell->small[i], c->x, y, c->align, p->is_dry);
        y += pdf_text_height(&cell->small[i]);
    }
}

static void draw_row(struct pdf *p, const struct row *row)
{
    for (size_t i = 0; i < p->n_columns; i++) {
        draw_cell(p, &row->cells[i], &p->columns[i]);
    }
    pdf_fonts_flush(p->fonts); /* so that a line's words lie together in the file too */
    p->y += row->height;
    pdf_hairline(p, p->left, p->y, p->right - p->left);
}

/* ---- days ---- */

static double day_height(void)
{
    return pdf_line_height(PDF_BOLD) + 2 * PAD;
}

static void draw_day_sum(struct pdf *p, const struct pdf_column *c, const struct sheet_sum *sum)
{
    char text[SHEET_HOURS_LEN + 1];
    if (c->kind == TEMPLATE_COLUMN_HOURS) {
        pdf_hundredths(p, sum->billed_hundredths, text);
    } else {
        sheet_format_hours(c->kind == TEMPLATE_COLUMN_WORKED ? sum->worked : sum->billed, text);
    }
    pdf_line(p, PDF_BOLD, PDF_INK, text, c->x, p->y + PAD, c->width, PDF_RIGHT);
}

/* The sums stand once, where the day begins: what is added up must not be found twice. */
static void draw_day(struct pdf *p, const struct sheet_day_sum *day, bool is_continued)
{
    char date[TEMPLATE_DATE_LEN + 1], text[TEMPLATE_DATE_LEN + 160];
    template_format_day(p->t, day->day, false, date);
    snprintf(text, sizeof text, is_continued ? "%s (%s)" : "%s", date, p->t->labels.continued);
    pdf_fonts_flush(p->fonts);
    pdf_fill(p, PDF_TINT, p->left - PDF_BLEED, p->y, p->right - p->left + 2 * PDF_BLEED, day_height());
    double end = p->right;
    for (size_t i = p->n_columns; i > 0; i--) {
        const struct pdf_column *c = &p->columns[i - 1];
        if (c->align == PDF_RIGHT) {
            end = c->x < end ? c->x - GAP : end;
            if (!is_continued) {
                draw_day_sum(p, c, &day->sum);
            }
        }
    }
    pdf_line(p, PDF_BOLD, PDF_INK, text, p->left, p->y + PAD, larger(end - p->left, 80), PDF_LEFT);
    p->y += day_height();
}

static void continue_on_next_page(struct pdf *p, const struct sheet_day_sum *day, bool is_continued)
{
    pdf_next_page(p);
    draw_heading(p);
    draw_day(p, day, is_continued);
}

static void draw_days_lines(struct pdf *p, const struct sheet_day_sum *day, struct row *row)
{
    for (size_t i = 0; i < day->n_lines; i++) {
        const struct sheet_line *line = &p->in->sheet->lines[day->first_line + i];
        set_row(p, row, line);
        if (i == 0 && !pdf_fits(p, day_height() + row->height)) {
            continue_on_next_page(p, day, false);
        } else if (i == 0) {
            draw_day(p, day, false);
        } else if (!pdf_fits(p, row->height)) {
            continue_on_next_page(p, day, true);
        }
        draw_row(p, row);
        if (!p->is_dry && p->in->progress &&
            (line->no % PROGRESS_STEP == 0 || line->no == (int64_t)p->in->sheet->n_lines)) {
            p->in->progress(p->in->progress_arg, line->no, (int64_t)p->in->sheet->n_lines);
        }
    }
}

static void finish_row(struct row *row)
{
    for (size_t i = 0; i < TEMPLATE_COLUMN_COUNT; i++) {
        pdf_text_finish(&row->cells[i].main);
        pdf_text_finish(&row->cells[i].small[0]);
        pdf_text_finish(&row->cells[i].small[1]);
    }
}

void pdf_draw_lines(struct pdf *p)
{
    struct row *row = mem_calloc(1, sizeof *row);
    draw_heading(p);
    for (size_t i = 0; i < p->in->totals->n_days; i++) {
        draw_days_lines(p, &p->in->totals->days[i], row);
    }
    finish_row(row);
    free(row);
    p->y += 18;
}
