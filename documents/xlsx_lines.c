/* xlsx_lines - the sheet "Lines": a row for each line, filters, and a last row that sums up what the filter
 * shows. */
#include "documents/xlsx_book.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "documents/clean.h"
#include "documents/progress.h"
#include "documents/when.h"
#include "documents/words.h"

#define WRAP_MAX 400 /* bytes; what is longer would make a row as high as a page */

static const double widths[XLSX_COLUMN_COUNT] = {
    [XLSX_COL_NO] = 5,         [XLSX_COL_DATE] = 16,  [XLSX_COL_START] = 7,         [XLSX_COL_END] = 7,
    [XLSX_COL_CUSTOMER] = 24,  [XLSX_COL_TYPE] = 13,  [XLSX_COL_TRAVEL] = 8,        [XLSX_COL_SUBJECT] = 44,
    [XLSX_COL_LOCATION] = 22,  [XLSX_COL_WORKED] = 9, [XLSX_COL_WORKED_HOURS] = 10, [XLSX_COL_HELD] = 8,
    [XLSX_COL_UNROUNDED] = 10, [XLSX_COL_BILLED] = 9, [XLSX_COL_BILLED_HOURS] = 10, [XLSX_COL_NOTE] = 40,
};

static bool is_figure(int column)
{
    return column >= XLSX_COL_WORKED && column <= XLSX_COL_BILLED_HOURS;
}

static const char *head_of(const struct xlsx_book *b, enum xlsx_column column, char decimals[2][64])
{
    const struct template_labels *l = b->labels;
    snprintf(decimals[0], 64, "%s (h)", l->worked);
    snprintf(decimals[1], 64, "%s (h)", l->billed);
    const char *heads[XLSX_COLUMN_COUNT] = {
        l->no,       l->date,   l->start,    l->end,  l->customer,        l->type,   l->travel,   l->subject,
        l->location, l->worked, decimals[0], l->held, l->before_rounding, l->billed, decimals[1], l->note,
    };
    return heads[column];
}

static void put_title(struct xlsx_cursor *c)
{
    struct xlsx_book *b = c->book;
    const struct sheet *s = b->in->sheet;
    char period[WORDS_PERIOD_LEN + 1], line[WORDS_PERIOD_LEN + 512];
    words_period(b->in, period);
    snprintf(line, sizeof line, "%s %s", b->labels->title, s->number);
    xlsx_row_height(c, XLSX_TITLE_LINES);
    xlsx_text(c, XLSX_TITLE, line);
    xlsx_next_row(c);
    snprintf(line, sizeof line, "%s %d \xc2\xb7 %s \xc2\xb7 %s: %s", b->labels->revision, (int)s->revision,
             period, b->labels->zone, s->zone);
    xlsx_text(c, XLSX_INFO, line);
    xlsx_next_row(c);
    snprintf(line, sizeof line, "%s: %.400s", b->labels->person, s->user_name);
    xlsx_text(c, XLSX_INFO, line);
    xlsx_next_row(c);
}

static void put_head(struct xlsx_cursor *c)
{
    char decimals[2][64];
    xlsx_row_height(c, XLSX_HEAD_LINES);
    for (int i = 0; i < XLSX_COLUMN_COUNT; i++) {
        bool is_middle = i == XLSX_COL_START || i == XLSX_COL_END;
        bool is_right = is_figure(i) || i == XLSX_COL_NO;
        xlsx_text(c,
                  is_middle  ? XLSX_HEAD_MIDDLE
                  : is_right ? XLSX_HEAD_RIGHT
                             : XLSX_HEAD,
                  head_of(c->book, (enum xlsx_column)i, decimals));
    }
    xlsx_next_row(c);
}

static void put_clock(struct xlsx_cursor *c, const struct sheet_line *line, int64_t at_min)
{
    if (line->is_all_day) {
        xlsx_text(c, XLSX_TEXT, "");
    } else {
        xlsx_minutes(c, XLSX_CLOCK, when_wall_minute(c->book->in->zone, line->day, at_min));
    }
}

static void put_wrapped(struct xlsx_cursor *c, const char *text)
{
    xlsx_text(c, strlen(text) <= WRAP_MAX ? XLSX_WRAP : XLSX_TEXT, text);
}

static void put_note(struct xlsx_cursor *c, const struct sheet_line *line)
{
    if (!line->is_all_day && !line->is_late) {
        put_wrapped(c, line->decision);
        return;
    }
    CLEANUP_FREE char *text = words_note(c->book->in, line);
    put_wrapped(c, text);
}

/* How many lines a text takes in its column, about: wide letters count as two. */
static int lines_of(const char *text, enum xlsx_column column)
{
    if (strlen(text) > WRAP_MAX) {
        return 1; /* not wrapped */
    }
    double letters = 0;
    for (uint32_t code; (code = clean_next(&text)) != 0;) {
        letters += code >= 0x1100 ? 2 : 1;
    }
    return 1 + (int)(letters / (widths[column] - 2));
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

static void set_height(struct xlsx_cursor *c, const struct sheet_line *line)
{
    int n = lines_of(line->subject, XLSX_COL_SUBJECT);
    n = most(n, lines_of(line->location, XLSX_COL_LOCATION));
    n = most(n, lines_of(line->customer, XLSX_COL_CUSTOMER));
    n = most(n, lines_of(line->decision, XLSX_COL_NOTE));
    if (n > 1) {
        xlsx_row_height(c, n);
    }
}

static void put_line(struct xlsx_cursor *c, const struct sheet_line *line)
{
    const struct template_labels *l = c->book->labels;
    set_height(c, line);
    xlsx_number(c, XLSX_COUNT, line->no);
    xlsx_date(c, line->day);
    put_clock(c, line, line->start_min);
    put_clock(c, line, line->end_min);
    put_wrapped(c, xlsx_customer(c->book, line->customer));
    xlsx_text(c, XLSX_TEXT, words_billing(c->book->in, line->billing));
    xlsx_text(c, XLSX_TEXT, line->kind == SHEET_TRAVEL ? l->travel : "");
    put_wrapped(c, line->subject);
    put_wrapped(c, line->location);
    xlsx_minutes(c, XLSX_TIME, line->worked);
    xlsx_hundredths(c, XLSX_HOURS, line->worked_hundredths);
    xlsx_minutes(c, XLSX_TIME, line->held);
    xlsx_minutes(c, XLSX_TIME, line->unrounded);
    xlsx_minutes(c, XLSX_TIME, line->billed);
    xlsx_hundredths(c, XLSX_HOURS, line->billed_hundredths);
    put_note(c, line);
    xlsx_next_row(c);
}

static void put_sum(struct xlsx_cursor *c, enum xlsx_column column, enum xlsx_format format, double value)
{
    char range[XLSX_RANGE_LEN], formula[XLSX_RANGE_LEN + 32];
    xlsx_lines_range(c->book, column, range);
    snprintf(formula, sizeof formula, "=SUBTOTAL(109,%s)", range); /* 109: sum of the rows that are shown */
    xlsx_formula(c, format, value, formula);
}

static void put_sums(struct xlsx_cursor *c)
{
    const struct sheet_sum *all = &c->book->in->totals->all;
    c->row = XLSX_FIRST_ROW + (lxw_row_t)(c->book->in->sheet->n_lines ? c->book->in->sheet->n_lines : 1);
    c->column = 0;
    xlsx_text(c, XLSX_SUM_TEXT, c->book->labels->total);
    while (c->column < XLSX_COL_WORKED) {
        xlsx_skip(c, XLSX_SUM_TEXT);
    }
    put_sum(c, XLSX_COL_WORKED, XLSX_SUM_TIME, (double)all->worked / XLSX_MINUTES_A_DAY);
    put_sum(c, XLSX_COL_WORKED_HOURS, XLSX_SUM_HOURS, (double)all->worked_hundredths / 100);
    put_sum(c, XLSX_COL_HELD, XLSX_SUM_TIME, (double)all->held / XLSX_MINUTES_A_DAY);
    put_sum(c, XLSX_COL_UNROUNDED, XLSX_SUM_TIME, (double)all->unrounded / XLSX_MINUTES_A_DAY);
    put_sum(c, XLSX_COL_BILLED, XLSX_SUM_TIME, (double)all->billed / XLSX_MINUTES_A_DAY);
    put_sum(c, XLSX_COL_BILLED_HOURS, XLSX_SUM_HOURS, (double)all->billed_hundredths / 100);
    xlsx_skip(c, XLSX_SUM_TEXT);
}

static void set_up(struct xlsx_book *b, lxw_worksheet *sheet)
{
    size_t n = b->in->sheet->n_lines ? b->in->sheet->n_lines : 1;
    lxw_row_t last = XLSX_FIRST_ROW + (lxw_row_t)n - 1;
    char texts[XLSX_RANGE_LEN];
    for (int i = 0; i < XLSX_COLUMN_COUNT; i++) {
        xlsx_check(b, worksheet_set_column(sheet, (lxw_col_t)i, (lxw_col_t)i, widths[i], NULL));
    }
    worksheet_freeze_panes(sheet, XLSX_FIRST_ROW, 0);
    xlsx_check(b, worksheet_autofilter(sheet, XLSX_HEAD_ROW, 0, last, XLSX_COLUMN_COUNT - 1));
    xlsx_check(b, worksheet_repeat_rows(sheet, XLSX_HEAD_ROW, XLSX_HEAD_ROW));
    /* A subject such as "007" is text on purpose: no green triangles. */
    snprintf(texts, sizeof texts, "E%d:P%zu", XLSX_FIRST_ROW + 1, XLSX_FIRST_ROW + n);
    xlsx_check(b, worksheet_ignore_errors(sheet, LXW_IGNORE_NUMBER_STORED_AS_TEXT, texts));
    xlsx_set_page(b, sheet);
}

void xlsx_write_lines(struct xlsx_book *b, lxw_worksheet *sheet)
{
    struct xlsx_cursor c = {b, sheet, 0, 0};
    set_up(b, sheet);
    put_title(&c);
    put_head(&c);
    for (size_t i = 0; i < b->in->sheet->n_lines; i++) {
        put_line(&c, &b->in->sheet->lines[i]);
        progress_tell(b->in, i + 1);
    }
    put_sums(&c);
}
