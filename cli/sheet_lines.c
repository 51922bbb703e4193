#include "cli/sheet_lines.h"

#include <stdio.h>

#include "cli/print.h"
#include "cli/sheet_text.h"

#define NOTE_LEN 400

static const struct column line_columns[] = {
    {NULL, "LINE", COLUMN_INT, 0},       {NULL, "DAY", COLUMN_TEXT, 0},    {NULL, "TIME", COLUMN_TEXT, 0},
    {NULL, "CUSTOMER", COLUMN_TEXT, 24}, {NULL, "TYPE", COLUMN_TEXT, 0},   {NULL, "SUBJECT", COLUMN_TEXT, 40},
    {NULL, "SPAN", COLUMN_TEXT, 0},      {NULL, "WORKED", COLUMN_TEXT, 0}, {NULL, "BILLED", COLUMN_TEXT, 0},
    {NULL, "HOURS", COLUMN_TEXT, 0},     {NULL, "NOTE", COLUMN_TEXT, 100}, {NULL, NULL, COLUMN_TEXT, 0},
};

static const struct column traced_columns[] = {
    {NULL, "LINE", COLUMN_INT, 0},    {NULL, "APPOINTMENT", COLUMN_INT, 0},
    {NULL, "VERSION", COLUMN_INT, 0}, {NULL, "DAY", COLUMN_TEXT, 0},
    {NULL, "TIME", COLUMN_TEXT, 0},   {NULL, "CUSTOMER", COLUMN_TEXT, 24},
    {NULL, "TYPE", COLUMN_TEXT, 0},   {NULL, "SUBJECT", COLUMN_TEXT, 40},
    {NULL, "SPAN", COLUMN_TEXT, 0},   {NULL, "WORKED", COLUMN_TEXT, 0},
    {NULL, "BILLED", COLUMN_TEXT, 0}, {NULL, "HOURS", COLUMN_TEXT, 0},
    {NULL, "NOTE", COLUMN_TEXT, 100}, {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_minutes(struct listing *l, int64_t minutes)
{
    char cell[SHEET_CELL_LEN];
    sheet_text_cell(minutes, cell);
    listing_text(l, cell);
}

/* Billed, in decimals. */
static void add_hundredths(struct listing *l, int64_t hundredths)
{
    char hours[SHEET_HOURS_LEN + 1], cell[SHEET_CELL_LEN];
    sheet_format_hundredths(hundredths, '.', hours);
    snprintf(cell, sizeof cell, "%6s", hours);
    listing_text(l, cell);
}

static void add_note(struct listing *l, const struct sheet_line *line)
{
    char note[NOTE_LEN], held[SHEET_HOURS_LEN + 1];
    sheet_format_hours(line->held, held);
    snprintf(note, sizeof note, "%s%s%s%s", line->is_late ? "late; " : "", line->held ? held : "",
             line->held ? " held; " : "", line->decision);
    listing_text(l, note);
}

static void add_line(struct listing *l, const struct tz *zone, const struct sheet_line *line,
                     bool with_appointments)
{
    char day[SHEET_TEXT_LEN], times[SHEET_TEXT_LEN], type[SHEET_TEXT_LEN];
    sheet_text_day(line->day, day);
    sheet_text_times(zone, line, times);
    sheet_text_billing(line, type);
    listing_int(l, line->no);
    if (with_appointments) {
        listing_int(l, line->appointment_id);
        listing_int(l, line->version);
    }
    listing_text(l, day);
    listing_text(l, times);
    listing_text(l, line->customer);
    listing_text(l, type);
    listing_text(l, line->subject);
    add_minutes(l, line->span);
    add_minutes(l, line->worked);
    add_minutes(l, line->billed);
    add_hundredths(l, line->billed_hundredths);
    add_note(l, line);
    listing_end_row(l);
}

void sheet_lines_print(const struct tz *zone, const struct sheet_line *lines, size_t n,
                       bool (*is_wanted)(const void *arg, const struct sheet_line *line), const void *arg,
                       bool with_appointments)
{
    struct listing *l = listing_begin(with_appointments ? traced_columns : line_columns, false, stdout);
    for (size_t i = 0; i < n; i++) {
        if (!is_wanted || is_wanted(arg, &lines[i])) {
            add_line(l, zone, &lines[i], with_appointments);
        }
    }
    listing_finish(l, "no lines");
}

/* ---- sums ---- */

static const struct column sum_columns[] = {
    {NULL, "CUSTOMER", COLUMN_TEXT, 40}, {NULL, "TYPE", COLUMN_TEXT, 0},  {NULL, "LINES", COLUMN_INT, 0},
    {NULL, "WORKED", COLUMN_TEXT, 0},    {NULL, "HELD", COLUMN_TEXT, 0},  {NULL, "UNROUNDED", COLUMN_TEXT, 0},
    {NULL, "BILLED", COLUMN_TEXT, 0},    {NULL, "HOURS", COLUMN_TEXT, 0}, {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_sum(struct listing *l, const char *customer, const char *type, const struct sheet_sum *sum)
{
    listing_text(l, customer);
    listing_text(l, type);
    listing_int(l, sum->n_lines);
    add_minutes(l, sum->worked);
    add_minutes(l, sum->held);
    add_minutes(l, sum->unrounded);
    add_minutes(l, sum->billed);
    add_hundredths(l, sum->billed_hundredths);
    listing_end_row(l);
}

void sheet_lines_print_customers(const struct sheet_totals *totals)
{
    struct listing *l = listing_begin(sum_columns, false, stdout);
    for (size_t i = 0; i < totals->n_customers; i++) {
        const struct sheet_customer_sum *c = &totals->customers[i];
        add_sum(l, c->customer[0] ? c->customer : "(no customer)", sheet_billing_name(c->billing), &c->sum);
    }
    add_sum(l, "total", "", &totals->all);
    listing_finish(l, "");
}

void sheet_lines_print_sum(const struct sheet_sum *sum)
{
    char worked[SHEET_HOURS_LEN + 1], held[SHEET_HOURS_LEN + 1], billed[SHEET_HOURS_LEN + 1];
    char unrounded[SHEET_HOURS_LEN + 1];
    sheet_format_hours(sum->worked, worked);
    sheet_format_hours(sum->held, held);
    sheet_format_hours(sum->billed, billed);
    sheet_format_hours(sum->unrounded, unrounded);
    printf("%lld line%s, worked %s, held %s, billed %s", (long long)sum->n_lines,
           sum->n_lines == 1 ? "" : "s", worked, held, billed);
    if (sum->unrounded != sum->billed) {
        printf(" (%s before rounding)", unrounded);
    }
    putchar('\n');
}
