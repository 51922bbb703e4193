/* html_lines - the lines by day, in the columns of the template, and the sums by customer and billing type.
 */
#include "documents/html_page.h"

#include "documents/progress.h"
#include "documents/when.h"
#include "documents/words.h"

/* ---- columns ---- */

static const char *const classes[TEMPLATE_COLUMN_COUNT] = {
    [TEMPLATE_COLUMN_NO] = "no",
    [TEMPLATE_COLUMN_DATE] = "date",
    [TEMPLATE_COLUMN_TIME] = "time",
    [TEMPLATE_COLUMN_CUSTOMER] = "customer",
    [TEMPLATE_COLUMN_TYPE] = "type",
    [TEMPLATE_COLUMN_SUBJECT] = "subject",
    [TEMPLATE_COLUMN_LOCATION] = "location",
    [TEMPLATE_COLUMN_WORKED] = "n",
    [TEMPLATE_COLUMN_BILLED] = "n",
    [TEMPLATE_COLUMN_HOURS] = "n",
};

static bool is_figure(enum template_column column)
{
    return column == TEMPLATE_COLUMN_WORKED || column == TEMPLATE_COLUMN_BILLED ||
           column == TEMPLATE_COLUMN_HOURS;
}

static bool has_column(const struct html *h, enum template_column column)
{
    for (size_t i = 0; i < h->template->n_columns; i++) {
        if (h->template->columns[i] == column) {
            return true;
        }
    }
    return false;
}

/* The columns before the first figure: what the name of a day may take up. */
static size_t count_leading(const struct html *h)
{
    size_t n = 0;
    while (n < h->template->n_columns && !is_figure(h->template->columns[n])) {
        n++;
    }
    return n;
}

static void open_cell(struct html *h, const char *tag, enum template_column column)
{
    text_file_printf(h->file, "<%s class=\"%s\"", tag, classes[column]);
    if (is_figure(column)) {
        html_put(h, " data-label=\"");
        html_text(h, template_column_label(h->template, column));
        html_put(h, "\"");
    }
    html_put(h, ">");
}

/* ---- a line ---- */

static void put_times(struct html *h, const struct sheet_line *line)
{
    char from[WHEN_CLOCK_LEN + 1], to[WHEN_CLOCK_LEN + 1];
    if (line->is_all_day) {
        html_text(h, h->labels->all_day);
        return;
    }
    when_format_clock(when_wall_minute(h->in->zone, line->day, line->start_min), from);
    when_format_clock(when_wall_minute(h->in->zone, line->day, line->end_min), to);
    text_file_printf(h->file, "%s \xe2\x80\x93 %s", from, to);
}

static void put_subject(struct html *h, const struct sheet_line *line)
{
    if (*line->subject) {
        html_bdi(h, line->subject);
    } else {
        html_element(h, "<span class=\"none\">", h->labels->no_subject, "</span>");
    }
    if (line->is_late) {
        html_element(h, " <span class=\"chip late\">", h->labels->late, "</span>");
    }
    if (*line->location && !has_column(h, TEMPLATE_COLUMN_LOCATION)) {
        html_element(h, "<span class=\"small\"><bdi>", line->location, "</bdi></span>");
    }
    if (*line->decision) {
        html_element(h, "<span class=\"small\"><bdi>", line->decision, "</bdi></span>");
    }
}

static void put_customer(struct html *h, const char *customer)
{
    if (*customer) {
        html_bdi(h, customer);
    } else {
        html_element(h, "<span class=\"none\">", h->labels->no_customer, "</span>");
    }
}

static void put_billing(struct html *h, enum sheet_billing billing)
{
    html_put(h, billing == SHEET_BILLABLE ? "<span class=\"chip billable\">" : "<span class=\"chip\">");
    html_text(h, words_billing(h->in, billing));
    html_put(h, "</span>");
}

static void put_type(struct html *h, const struct sheet_line *line)
{
    put_billing(h, line->billing);
    if (line->kind == SHEET_TRAVEL) {
        html_element(h, " <span class=\"chip\">", h->labels->travel, "</span>");
    }
}

static void put_worked(struct html *h, const struct sheet_line *line)
{
    html_hours(h, line->worked);
    if (line->held > 0) {
        html_put(h, "<span class=\"chip held\">");
        html_hours(h, line->held);
        html_put(h, " ");
        html_element(h, "", h->labels->held_mark, "</span>");
    }
}

static void put_cell(struct html *h, enum template_column column, const struct sheet_line *line)
{
    char date[TEMPLATE_DATE_LEN + 1];
    open_cell(h, "td", column);
    switch (column) {
    case TEMPLATE_COLUMN_NO: text_file_put_int(h->file, line->no); break;
    case TEMPLATE_COLUMN_DATE:
        template_format_day(h->template, line->day, true, date);
        html_text(h, date);
        break;
    case TEMPLATE_COLUMN_TIME: put_times(h, line); break;
    case TEMPLATE_COLUMN_CUSTOMER: put_customer(h, line->customer); break;
    case TEMPLATE_COLUMN_TYPE: put_type(h, line); break;
    case TEMPLATE_COLUMN_SUBJECT: put_subject(h, line); break;
    case TEMPLATE_COLUMN_LOCATION: html_bdi(h, line->location); break;
    case TEMPLATE_COLUMN_WORKED: put_worked(h, line); break;
    case TEMPLATE_COLUMN_BILLED: html_hours(h, line->billed); break;
    case TEMPLATE_COLUMN_HOURS: html_decimals(h, line->billed_hundredths); break;
    }
    html_put(h, "</td>");
}

static void put_line(struct html *h, const struct sheet_line *line)
{
    html_put(h, "<tr class=\"line\">");
    for (size_t i = 0; i < h->template->n_columns; i++) {
        put_cell(h, h->template->columns[i], line);
    }
    html_put(h, "</tr>\n");
}

/* ---- sums in the columns of the lines ---- */

static void put_sum_cell(struct html *h, enum template_column column, const struct sheet_sum *sum)
{
    if (!is_figure(column)) {
        html_put(h, "<td class=\"gap\"></td>");
        return;
    }
    open_cell(h, "td", column);
    if (column == TEMPLATE_COLUMN_HOURS) {
        html_decimals(h, sum->billed_hundredths);
    } else {
        html_hours(h, column == TEMPLATE_COLUMN_WORKED ? sum->worked : sum->billed);
    }
    html_put(h, "</td>");
}

/* A row with a name; its figures stand below those of the lines, unless the first column is one of these. */
static void put_sum_row(struct html *h, const char *class, const char *scope, const char *name,
                        const struct sheet_sum *sum)
{
    size_t leading = count_leading(h), n = h->template->n_columns;
    text_file_printf(h->file, "<tr class=\"%s\"><th scope=\"%s\" colspan=\"%zu\">", class, scope,
                     leading ? leading : n);
    html_text(h, name);
    html_put(h, leading ? "</th>" : "</th></tr>\n<tr>");
    for (size_t i = leading; i < n; i++) {
        put_sum_cell(h, h->template->columns[i], sum);
    }
    html_put(h, "</tr>\n");
}

static void put_day(struct html *h, const struct sheet_day_sum *day)
{
    char name[TEMPLATE_DATE_LEN + 1];
    template_format_day(h->template, day->day, false, name);
    html_put(h, "<tbody>");
    put_sum_row(h, "day", "rowgroup", name, &day->sum);
    for (size_t i = day->first_line; i < day->first_line + day->n_lines; i++) {
        put_line(h, &h->in->sheet->lines[i]);
        progress_tell(h->in, i + 1);
    }
    html_put(h, "</tbody>\n");
}

void html_put_lines(struct html *h)
{
    html_element(h, "<section><h2 id=\"lines\">", h->labels->lines,
                 "</h2>\n<table class=\"lines\" aria-labelledby=\"lines\">\n<thead><tr>");
    for (size_t i = 0; i < h->template->n_columns; i++) {
        enum template_column column = h->template->columns[i];
        text_file_printf(h->file, "<th scope=\"col\" class=\"%s\">", classes[column]);
        html_element(h, "", template_column_label(h->template, column), "</th>");
    }
    html_put(h, "</tr></thead>\n");
    for (size_t i = 0; i < h->in->totals->n_days; i++) {
        put_day(h, &h->in->totals->days[i]);
    }
    html_put(h, "<tfoot>");
    put_sum_row(h, "sum", "row", h->labels->total, &h->in->totals->all);
    html_put(h, "</tfoot>\n</table></section>\n");
}

/* ---- by customer ---- */

static void put_figures(struct html *h, const struct sheet_sum *sum)
{
    html_put(h, "<td class=\"n count\">");
    text_file_put_int(h->file, sum->n_lines);
    html_put(h, "</td><td class=\"n\">");
    html_hours(h, sum->worked);
    html_put(h, "</td><td class=\"n\">");
    html_hours(h, sum->billed);
    html_put(h, "</td><td class=\"n\">");
    html_decimals(h, sum->billed_hundredths);
    html_put(h, "</td></tr>\n");
}

/* A figure that is no sum of what is billed, in the column of what it is a part of. */
static void put_aside(struct html *h, const char *label, int64_t minutes, bool is_worked)
{
    html_element(h, "<tr class=\"aside\"><th scope=\"row\" colspan=\"2\">", label,
                 "</th><td class=\"n count\"></td>");
    html_put(h, is_worked ? "<td class=\"n\">" : "<td class=\"n\"></td><td class=\"n\">");
    html_hours(h, minutes);
    html_put(h, is_worked ? "</td><td class=\"n\"></td><td class=\"n\"></td></tr>\n"
                          : "</td><td class=\"n\"></td></tr>\n");
}

static void put_totals_foot(struct html *h)
{
    const struct sheet_sum *all = &h->in->totals->all;
    html_element(h, "</tbody>\n<tfoot><tr><th scope=\"row\" colspan=\"2\">", h->labels->total, "</th>");
    put_figures(h, all);
    if (h->in->sheet->rules.rounding != SHEET_ROUND_NONE || all->unrounded != all->billed) {
        put_aside(h, h->labels->before_rounding, all->unrounded, false);
    }
    if (all->held > 0) {
        put_aside(h, h->labels->held, all->held, true);
    }
    html_put(h, "</tfoot>\n</table></section>\n");
}

void html_put_totals(struct html *h)
{
    const struct template_labels *l = h->labels;
    const struct {
        const char *class, *label;
    } heads[] = {{"customer", l->customer}, {"type", l->type}, {"n count", l->lines},
                 {"n", l->worked},          {"n", l->billed},  {"n", l->hours}};
    html_element(h, "<section><h2 id=\"totals\">", l->totals,
                 "</h2>\n<table class=\"totals\" aria-labelledby=\"totals\">\n<thead><tr>");
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        text_file_printf(h->file, "<th scope=\"col\" class=\"%s\">", heads[i].class);
        html_element(h, "", heads[i].label, "</th>");
    }
    html_put(h, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < h->in->totals->n_customers; i++) {
        const struct sheet_customer_sum *c = &h->in->totals->customers[i];
        html_put(h, "<tr><th scope=\"row\">");
        put_customer(h, c->customer);
        html_put(h, "</th><td>");
        put_billing(h, c->billing);
        html_put(h, "</td>");
        put_figures(h, &c->sum);
    }
    put_totals_foot(h);
}
