/* xlsx_summary - the sheet "Summary": whose sheet it is and by which rules, sums by customer and billing
 * type, by day, by week and customer, and a chart of these.
 *
 * The sums are formulas over "Lines" that do not mind how its rows are sorted.  Customers are compared by
 * SUMPRODUCT, not by SUMIF, which takes a name with * or > for a pattern.  Where lines times rows is more
 * than a spreadsheet calculates in a few seconds, the value stands there without a formula. */
#include "documents/xlsx_book.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "documents/weeks.h"
#include "documents/when.h"
#include "documents/words.h"
#include "timesheet/canonical.h"

#define COMPARISONS_MAX 40000000 /* of one column of formulas */
#define FORMULA_LEN     300
#define CHART_ROWS      18
#define N_SUMS          7

/* What a sum is of, in the order of the columns behind the first two. */
struct sum_column {
    enum xlsx_column column; /* XLSX_COL_NO: how many lines */
    enum xlsx_format format, sum_format;
};
static const struct sum_column sum_columns[N_SUMS] = {
    {XLSX_COL_NO, XLSX_COUNT, XLSX_SUM_COUNT},           {XLSX_COL_WORKED, XLSX_TIME, XLSX_SUM_TIME},
    {XLSX_COL_WORKED_HOURS, XLSX_HOURS, XLSX_SUM_HOURS}, {XLSX_COL_HELD, XLSX_TIME, XLSX_SUM_TIME},
    {XLSX_COL_UNROUNDED, XLSX_TIME, XLSX_SUM_TIME},      {XLSX_COL_BILLED, XLSX_TIME, XLSX_SUM_TIME},
    {XLSX_COL_BILLED_HOURS, XLSX_HOURS, XLSX_SUM_HOURS},
};

static double value_of(const struct sheet_sum *sum, int i)
{
    const double values[N_SUMS] = {
        (double)sum->n_lines,
        (double)sum->worked / XLSX_MINUTES_A_DAY,
        (double)sum->worked_hundredths / 100,
        (double)sum->held / XLSX_MINUTES_A_DAY,
        (double)sum->unrounded / XLSX_MINUTES_A_DAY,
        (double)sum->billed / XLSX_MINUTES_A_DAY,
        (double)sum->billed_hundredths / 100,
    };
    return values[i];
}

static bool has_formulas(const struct xlsx_book *b, size_t n_rows)
{
    return b->in->sheet->n_lines > 0 && n_rows * b->in->sheet->n_lines <= COMPARISONS_MAX;
}

/* Three tables begin with two columns of words, and have the same seven figures behind them. */
static void put_heads(struct xlsx_cursor *c, const char *first, const char *second)
{
    const struct template_labels *l = c->book->labels;
    char worked[160], billed[160];
    snprintf(worked, sizeof worked, "%s (h)", l->worked);
    snprintf(billed, sizeof billed, "%s (h)", l->billed);
    const char *const heads[N_SUMS] = {l->lines,           l->worked, worked, l->held,
                                       l->before_rounding, l->billed, billed};
    xlsx_row_height(c, XLSX_HEAD_LINES);
    xlsx_text(c, XLSX_HEAD, first);
    xlsx_text(c, XLSX_HEAD, second);
    for (int i = 0; i < N_SUMS; i++) {
        xlsx_text(c, XLSX_HEAD_RIGHT, heads[i]);
    }
    xlsx_next_row(c);
}

/* The last row of such a table: the sums of the rows above it. */
static void put_table_sum(struct xlsx_cursor *c, lxw_row_t first_row)
{
    const struct sheet_sum *all = &c->book->in->totals->all;
    xlsx_text(c, XLSX_SUM_TEXT, c->book->labels->total);
    xlsx_skip(c, XLSX_SUM_TEXT);
    for (int i = 0; i < N_SUMS; i++) {
        char formula[FORMULA_LEN] = "";
        if (c->row > first_row) {
            snprintf(formula, sizeof formula, "=SUM(%c%u:%c%u)", 'A' + c->column, first_row + 1,
                     'A' + c->column, c->row);
        }
        xlsx_formula(c, sum_columns[i].sum_format, value_of(all, i), formula);
    }
    xlsx_next_row(c);
}

/* ---- head ---- */

static void put_info(struct xlsx_cursor *c, const char *label, const char *text)
{
    xlsx_text(c, XLSX_NOTE, label);
    xlsx_text(c, XLSX_INFO, text);
    xlsx_next_row(c);
}

static void put_head(struct xlsx_cursor *c)
{
    const struct document_input *in = c->book->in;
    const struct template_labels *l = c->book->labels;
    char text[1024], hash[SHEET_HASH_HEX_LEN + 1];
    snprintf(text, sizeof text, "%s %s", l->title, in->sheet->number);
    xlsx_row_height(c, XLSX_TITLE_LINES);
    xlsx_text(c, XLSX_TITLE, text);
    xlsx_next_row(c);
    for (size_t i = 0; i < in->n_letterhead; i++) {
        xlsx_text(c, XLSX_INFO, in->letterhead[i]);
        xlsx_next_row(c);
    }
    xlsx_next_row(c);
    snprintf(text, sizeof text, "%d", (int)in->sheet->revision);
    put_info(c, l->revision, text);
    words_period(in, text);
    put_info(c, l->period, text);
    put_info(c, l->zone, in->sheet->zone);
    put_info(c, l->person, in->sheet->user_name);
    words_rounding(in, text);
    put_info(c, l->rounding, text);
    sheet_hash_hex(in->sheet->hash, hash);
    put_info(c, l->hash, hash);
    xlsx_next_row(c);
}

/* ---- by customer ---- */

static void customer_formula(const struct xlsx_book *b, enum xlsx_column column, lxw_row_t row,
                             char ret_text[FORMULA_LEN])
{
    char customers[XLSX_RANGE_LEN], types[XLSX_RANGE_LEN], values[XLSX_RANGE_LEN];
    xlsx_lines_range(b, XLSX_COL_CUSTOMER, customers);
    xlsx_lines_range(b, XLSX_COL_TYPE, types);
    xlsx_lines_range(b, column, values);
    int n = snprintf(ret_text, FORMULA_LEN,
                     "=SUMPRODUCT((" XLSX_LINES_NAME "!%s=$A%u)*(" XLSX_LINES_NAME "!%s=$B%u)", customers,
                     row + 1, types, row + 1);
    if (column == XLSX_COL_NO) {
        snprintf(ret_text + n, FORMULA_LEN - (size_t)n, ")");
    } else {
        snprintf(ret_text + n, FORMULA_LEN - (size_t)n, "," XLSX_LINES_NAME "!%s)", values);
    }
}

static void put_customers(struct xlsx_cursor *c)
{
    const struct sheet_totals *t = c->book->in->totals;
    bool is_calculated = has_formulas(c->book, t->n_customers);
    put_heads(c, c->book->labels->customer, c->book->labels->type);
    lxw_row_t first = c->row;
    for (size_t i = 0; i < t->n_customers; i++) {
        xlsx_text(c, XLSX_WRAP, xlsx_customer(c->book, t->customers[i].customer));
        xlsx_text(c, XLSX_TEXT, words_billing(c->book->in, t->customers[i].billing));
        for (int k = 0; k < N_SUMS; k++) {
            char formula[FORMULA_LEN] = "";
            if (is_calculated) {
                customer_formula(c->book, sum_columns[k].column, c->row, formula);
            }
            xlsx_formula(c, sum_columns[k].format, value_of(&t->customers[i].sum, k), formula);
        }
        xlsx_next_row(c);
    }
    put_table_sum(c, first);
    xlsx_next_row(c);
}

/* ---- by week ---- */

static void week_formula(const struct xlsx_book *b, lxw_row_t head_row, lxw_row_t row, int column,
                         char ret_text[FORMULA_LEN])
{
    char customers[XLSX_RANGE_LEN], dates[XLSX_RANGE_LEN], values[XLSX_RANGE_LEN];
    xlsx_lines_range(b, XLSX_COL_CUSTOMER, customers);
    xlsx_lines_range(b, XLSX_COL_DATE, dates);
    xlsx_lines_range(b, XLSX_COL_WORKED_HOURS, values);
    snprintf(ret_text, FORMULA_LEN,
             "=SUMPRODUCT((" XLSX_LINES_NAME "!%s=%c$%u)*(" XLSX_LINES_NAME "!%s>=$B%u)*(" XLSX_LINES_NAME
             "!%s<$B%u+7)," XLSX_LINES_NAME "!%s)",
             customers, 'A' + column, head_row + 1, dates, row + 1, dates, row + 1, values);
}

static void week_sum_formula(const struct xlsx_book *b, lxw_row_t row, char ret_text[FORMULA_LEN])
{
    char dates[XLSX_RANGE_LEN], values[XLSX_RANGE_LEN];
    xlsx_lines_range(b, XLSX_COL_DATE, dates);
    xlsx_lines_range(b, XLSX_COL_WORKED_HOURS, values);
    snprintf(ret_text, FORMULA_LEN,
             "=SUMPRODUCT((" XLSX_LINES_NAME "!%s>=$B%u)*(" XLSX_LINES_NAME "!%s<$B%u+7)," XLSX_LINES_NAME
             "!%s)",
             dates, row + 1, dates, row + 1, values);
}

/* Whoever has no column of his own: what is missing from the sum of the week. */
static void others_formula(const struct week_table *t, lxw_row_t row, char ret_text[FORMULA_LEN])
{
    int last = 'B' + (int)t->n_customers;
    snprintf(ret_text, FORMULA_LEN, "=%c%u-SUM(C%u:%c%u)", last + 2, row + 1, row + 1, last, row + 1);
}

static void put_week(struct xlsx_cursor *c, const struct week_table *t, const struct week_row *week,
                     lxw_row_t head_row, bool is_calculated)
{
    char text[32], formula[FORMULA_LEN] = "";
    int year, number = when_iso_week(week->monday, &year);
    snprintf(text, sizeof text, "%d-W%02d", year, number);
    xlsx_text(c, XLSX_TEXT, text);
    xlsx_date(c, week->monday);
    for (size_t i = 0; i < t->n_customers; i++) {
        if (is_calculated) {
            week_formula(c->book, head_row, c->row, c->column, formula);
        }
        xlsx_formula(c, XLSX_HOURS, (double)week->customers[i].worked_hundredths / 100, formula);
    }
    if (t->has_others) {
        if (is_calculated) {
            others_formula(t, c->row, formula);
        }
        xlsx_formula(c, XLSX_HOURS, (double)week->customers[WEEKS_CUSTOMERS_MAX].worked_hundredths / 100,
                     formula);
    }
    if (is_calculated) {
        week_sum_formula(c->book, c->row, formula);
    }
    xlsx_formula(c, XLSX_HOURS, (double)week->all.worked_hundredths / 100, formula);
    xlsx_next_row(c);
}

static void put_week_sums(struct xlsx_cursor *c, const struct week_table *t, lxw_row_t first)
{
    xlsx_text(c, XLSX_SUM_TEXT, c->book->labels->total);
    xlsx_skip(c, XLSX_SUM_TEXT);
    for (size_t i = 0; i < t->n_customers + t->has_others + 1; i++) {
        char formula[FORMULA_LEN] = "";
        int64_t sum = i < t->n_customers                     ? t->sums[i].worked_hundredths
                      : i == t->n_customers && t->has_others ? t->sums[WEEKS_CUSTOMERS_MAX].worked_hundredths
                                                             : c->book->in->totals->all.worked_hundredths;
        if (c->row > first) {
            snprintf(formula, sizeof formula, "=SUM(%c%u:%c%u)", 'A' + c->column, first + 1, 'A' + c->column,
                     c->row);
        }
        xlsx_formula(c, XLSX_SUM_HOURS, (double)sum / 100, formula);
    }
    xlsx_next_row(c);
}

/* Returns the row of its heads. */
static lxw_row_t put_weeks(struct xlsx_cursor *c, const struct week_table *t)
{
    const struct template_labels *l = c->book->labels;
    char total[160];
    bool is_calculated = has_formulas(c->book, t->n_rows * (t->n_customers + 1));
    lxw_row_t head_row = c->row;
    snprintf(total, sizeof total, "%s (h)", l->total);
    xlsx_row_height(c, XLSX_HEAD_LINES);
    xlsx_text(c, XLSX_HEAD, l->week);
    xlsx_text(c, XLSX_HEAD, l->date);
    for (size_t i = 0; i < t->n_customers; i++) {
        xlsx_text(c, XLSX_HEAD_RIGHT, xlsx_customer(c->book, t->customers[i]));
    }
    if (t->has_others) {
        xlsx_text(c, XLSX_HEAD_RIGHT, l->others);
    }
    xlsx_text(c, XLSX_HEAD_RIGHT, total);
    xlsx_next_row(c);
    for (size_t i = 0; i < t->n_rows; i++) {
        put_week(c, t, &t->rows[i], head_row, is_calculated);
    }
    put_week_sums(c, t, head_row + 1);
    xlsx_next_row(c);
    return head_row;
}

/* ---- chart ---- */

static void add_series(lxw_chart *chart, lxw_row_t head_row, size_t n_weeks, lxw_col_t column,
                       lxw_color_t colour)
{
    lxw_row_t last = head_row + (lxw_row_t)n_weeks;
    lxw_chart_series *series = chart_add_series(chart, NULL, NULL);
    lxw_chart_fill fill = {.color = colour};
    chart_series_set_categories(series, XLSX_SUMMARY_NAME, head_row + 1, 0, last, 0);
    chart_series_set_values(series, XLSX_SUMMARY_NAME, head_row + 1, column, last, column);
    chart_series_set_name_range(series, XLSX_SUMMARY_NAME, head_row, column);
    chart_series_set_fill(series, &fill);
}

static void add_chart(struct xlsx_book *b, lxw_worksheet *sheet, const struct week_table *t, lxw_row_t at_row,
                      lxw_row_t head_row)
{
    bool is_one_week = t->n_rows == 1;
    lxw_chart_font title_font = {.size = 12, .bold = LXW_TRUE};
    lxw_chart_line none = {.none = LXW_TRUE}, grid = {.color = 0xd9dde1, .width = 0.5};
    lxw_chart *chart =
        workbook_add_chart(b->workbook, is_one_week ? LXW_CHART_COLUMN : LXW_CHART_COLUMN_STACKED);
    lxw_chart_options options = {.x_offset = 6, .y_offset = 4, .x_scale = 1.75, .y_scale = 1.1};
    for (size_t i = 0; i < t->n_customers + t->has_others; i++) {
        size_t colour = i < t->n_customers ? i : WEEKS_CUSTOMERS_MAX;
        add_series(chart, head_row, t->n_rows, (lxw_col_t)(2 + i), week_colours[colour]);
    }
    options.description = b->labels->chart;
    options.object_position = LXW_OBJECT_MOVE_DONT_SIZE;
    chart_title_set_name(chart, b->labels->chart);
    chart_title_set_name_font(chart, &title_font);
    chart_legend_set_position(chart, LXW_CHART_LEGEND_RIGHT);
    chart_axis_set_num_format(chart->y_axis, "0");
    chart_axis_set_name(chart->y_axis, "h");
    chart_axis_set_line(chart->y_axis, &none);
    chart_axis_major_gridlines_set_line(chart->y_axis, &grid);
    xlsx_check(b, worksheet_insert_chart_opt(sheet, at_row, 0, chart, &options));
}

/* ---- by day ---- */

static void day_formula(const struct xlsx_book *b, enum xlsx_column column, lxw_row_t row,
                        char ret_text[FORMULA_LEN])
{
    char dates[XLSX_RANGE_LEN], values[XLSX_RANGE_LEN];
    xlsx_lines_range(b, XLSX_COL_DATE, dates);
    xlsx_lines_range(b, column, values);
    if (column == XLSX_COL_NO) {
        snprintf(ret_text, FORMULA_LEN, "=COUNTIF(" XLSX_LINES_NAME "!%s,$A%u)", dates, row + 1);
    } else {
        snprintf(ret_text, FORMULA_LEN, "=SUMIF(" XLSX_LINES_NAME "!%s,$A%u," XLSX_LINES_NAME "!%s)", dates,
                 row + 1, values);
    }
}

static void put_days(struct xlsx_cursor *c)
{
    const struct sheet_totals *t = c->book->in->totals;
    bool is_calculated = has_formulas(c->book, t->n_days);
    put_heads(c, c->book->labels->date, "");
    lxw_row_t first = c->row;
    for (size_t i = 0; i < t->n_days; i++) {
        xlsx_date(c, t->days[i].day);
        xlsx_skip(c, XLSX_TEXT);
        for (int k = 0; k < N_SUMS; k++) {
            char formula[FORMULA_LEN] = "";
            if (is_calculated) {
                day_formula(c->book, sum_columns[k].column, c->row, formula);
            }
            xlsx_formula(c, sum_columns[k].format, value_of(&t->days[i].sum, k), formula);
        }
        xlsx_next_row(c);
    }
    put_table_sum(c, first);
}

static void set_up(struct xlsx_book *b, lxw_worksheet *sheet)
{
    xlsx_check(b, worksheet_set_column(sheet, 0, 0, 30, NULL));
    xlsx_check(b, worksheet_set_column(sheet, 1, 1, 17, NULL));
    xlsx_check(b, worksheet_set_column(sheet, 2, 11, 13, NULL));
    xlsx_set_page(b, sheet);
}

void xlsx_write_summary(struct xlsx_book *b, lxw_worksheet *sheet)
{
    struct xlsx_cursor c = {b, sheet, 0, 0};
    CLEANUP(week_table_finish) struct week_table weeks;
    week_table_make(b->in, &weeks);
    set_up(b, sheet);
    put_head(&c);
    /* Above the tables, whose length nobody knows: no page ends within it. */
    bool has_chart = weeks.n_customers > 0;
    lxw_row_t chart_row = c.row;
    c.row += has_chart ? CHART_ROWS : 0;
    put_customers(&c);
    lxw_row_t head_row = put_weeks(&c, &weeks);
    if (has_chart) {
        add_chart(b, sheet, &weeks, chart_row, head_row);
    }
    put_days(&c);
}
