#include "cli/sheet_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/period.h"
#include "cli/print.h"
#include "cli/sheet_explain_private.h"
#include "cli/sheet_lines.h"
#include "cli/sheet_text.h"

#define OUTPUT_MAX  ((size_t)256 << 20)
#define NO_CUSTOMER "(no customer)" /* as the tables call it */

enum target { TARGET_LINE, TARGET_DAY, TARGET_WEEK, TARGET_CUSTOMER, TARGET_TOTAL };

struct question {
    struct db *db;
    const struct sheet *sheet;
    const struct tz *zone;
    enum target target;
    int64_t no; /* of a line */
    int32_t day;
    struct period week;
    const char *customer;  /* as the sheet spells it */
    struct sheet_sum sum;  /* of the lines that are meant, added up here */
    struct sheet_sum says; /* what the sheet's totals say */
};

static bool is_meant(const void *arg, const struct sheet_line *line)
{
    const struct question *q = arg;
    switch (q->target) {
    case TARGET_LINE: return line->no == q->no;
    case TARGET_DAY: return line->day == q->day;
    case TARGET_WEEK: return line->day >= q->week.from_day && line->day < q->week.to_day;
    case TARGET_CUSTOMER: return strcmp(line->customer, q->customer) == 0;
    case TARGET_TOTAL: return true;
    }
    return false;
}

/* ---- what is asked for ---- */

static const char *find_customer(const struct sheet *sheet, const char *what)
{
    const char *wanted = strcmp(what, NO_CUSTOMER) == 0 ? "" : what;
    for (size_t i = 0; i < sheet->n_lines; i++) {
        if (strcmp(sheet->lines[i].customer, wanted) == 0) {
            return sheet->lines[i].customer;
        }
    }
    for (size_t i = 0; i < sheet->n_lines; i++) {
        if (strcasecmp(sheet->lines[i].customer, wanted) == 0) {
            return sheet->lines[i].customer;
        }
    }
    return NULL;
}

static bool is_number(const char *text, int64_t *ret_number)
{
    if (strlen(text) > 9 || strspn(text, "0123456789") != strlen(text)) {
        return false;
    }
    *ret_number = strtoll(text, NULL, 10);
    return true;
}

static bool has_any(const struct question *q)
{
    for (size_t i = 0; i < q->sheet->n_lines; i++) {
        if (is_meant(q, &q->sheet->lines[i])) {
            return true;
        }
    }
    return false;
}

/* A customer may be called "7" or "total": what the sheet's own words mean goes first. */
static int read_target(struct question *q, const char *what, struct err *e)
{
    if (strcmp(what, "total") == 0) {
        q->target = TARGET_TOTAL;
        return 0;
    }
    if (is_number(what, &q->no)) {
        q->target = TARGET_LINE;
        if (has_any(q)) {
            return 0;
        }
    }
    if (civil_parse_date(what, &q->day) == 0) {
        q->target = TARGET_DAY;
        if (has_any(q)) {
            return 0;
        }
    }
    if (period_from_week(what, &q->week, NULL) == 0) {
        q->target = TARGET_WEEK;
        if (has_any(q)) {
            return 0;
        }
    }
    q->customer = find_customer(q->sheet, what);
    if (q->customer) {
        q->target = TARGET_CUSTOMER;
        return 0;
    }
    return err_set(
        e, ERR_NOT_FOUND, 0,
        "timesheet %s/%d has no line, day, week or customer \"%.80s\"; it has lines 1 to %zu, and \"total\"",
        q->sheet->number, q->sheet->revision, what, q->sheet->n_lines);
}

/* ---- adding up again ---- */

static void add_line(struct sheet_sum *sum, const struct sheet_line *line)
{
    sum->n_lines++;
    sum->worked += line->worked;
    sum->held += line->held;
    sum->unrounded += line->unrounded;
    sum->billed += line->billed;
    sum->worked_hundredths += line->worked_hundredths;
    sum->billed_hundredths += line->billed_hundredths;
}

static void add_sum(struct sheet_sum *sum, const struct sheet_sum *more)
{
    sum->n_lines += more->n_lines;
    sum->worked += more->worked;
    sum->held += more->held;
    sum->unrounded += more->unrounded;
    sum->billed += more->billed;
    sum->worked_hundredths += more->worked_hundredths;
    sum->billed_hundredths += more->billed_hundredths;
}

/* What the documents print for it. */
static void take_totals(struct question *q)
{
    struct sheet_totals totals;
    sheet_totals_make(q->sheet->lines, q->sheet->n_lines, &totals);
    switch (q->target) {
    case TARGET_LINE: q->says = q->sum; break;
    case TARGET_TOTAL: q->says = totals.all; break;
    case TARGET_DAY:
        for (size_t i = 0; i < totals.n_days; i++) {
            if (totals.days[i].day == q->day) {
                q->says = totals.days[i].sum;
            }
        }
        break;
    case TARGET_WEEK:
        for (size_t i = 0; i < totals.n_weeks; i++) {
            if (totals.weeks[i].monday == q->week.from_day) {
                add_sum(&q->says, &totals.weeks[i].sum);
            }
        }
        break;
    case TARGET_CUSTOMER:
        for (size_t i = 0; i < totals.n_customers; i++) {
            if (strcmp(totals.customers[i].customer, q->customer) == 0) {
                add_sum(&q->says, &totals.customers[i].sum);
            }
        }
        break;
    }
    sheet_totals_finish(&totals);
}

static bool is_equal(const struct sheet_sum *a, const struct sheet_sum *b)
{
    return a->n_lines == b->n_lines && a->worked == b->worked && a->held == b->held &&
           a->unrounded == b->unrounded && a->billed == b->billed &&
           a->worked_hundredths == b->worked_hundredths && a->billed_hundredths == b->billed_hundredths;
}

static int check_sum(struct question *q, struct err *e)
{
    for (size_t i = 0; i < q->sheet->n_lines; i++) {
        if (is_meant(q, &q->sheet->lines[i])) {
            int r = sheet_trace_check_rounding(q->sheet, &q->sheet->lines[i], e);
            if (r < 0) {
                return r;
            }
            add_line(&q->sum, &q->sheet->lines[i]);
        }
    }
    take_totals(q);
    return is_equal(&q->sum, &q->says)
               ? 0
               : err_set(e, ERR_BUG, 0,
                         "timesheet %s/%d: the lines do not add up to the total that is printed",
                         q->sheet->number, q->sheet->revision);
}

/* ---- telling ---- */

static int print_line(const struct question *q, struct err *e)
{
    for (size_t i = 0; i < q->sheet->n_lines; i++) {
        const struct sheet_line *line = &q->sheet->lines[i];
        if (is_meant(q, line)) {
            CLEANUP(sheet_trace_finish) struct sheet_trace trace = {0};
            int r = sheet_trace_load(q->db, line, &trace, e);
            if (r < 0) {
                return r;
            }
            sheet_trace_print(q->sheet, q->zone, line, &trace);
        }
    }
    return 0;
}

/* By customer and billing type, of the lines that are meant: what a day or a week is for a customer. */
static void print_customers(const struct question *q)
{
    CLEANUP_FREE struct sheet_line *lines = mem_calloc(q->sheet->n_lines, sizeof *lines);
    struct sheet_totals totals;
    size_t n = 0;
    for (size_t i = 0; i < q->sheet->n_lines; i++) {
        if (is_meant(q, &q->sheet->lines[i])) {
            lines[n++] = q->sheet->lines[i];
        }
    }
    sheet_totals_make(lines, n, &totals);
    sheet_lines_print_customers(&totals);
    sheet_totals_finish(&totals);
}

static void print_sum(const struct question *q)
{
    char worked[SHEET_HOURS_LEN + 1], billed[SHEET_HOURS_LEN + 1];
    sheet_lines_print(q->zone, q->sheet->lines, q->sheet->n_lines, is_meant, q, true);
    puts("");
    print_customers(q);
    sheet_format_hundredths(q->sum.worked_hundredths, '.', worked);
    sheet_format_hundredths(q->sum.billed_hundredths, '.', billed);
    printf("\nadded up again: ");
    sheet_lines_print_sum(&q->sum);
    printf(
        "in decimals: %s worked, %s billed; both as the timesheet says.  --explain LINE goes on from here.\n",
        worked, billed);
}

static int json_lines(const struct question *q, struct json_out *j, struct err *e)
{
    int r = 0;
    json_open(j, "lines", '[');
    for (size_t i = 0; i < q->sheet->n_lines && r == 0; i++) {
        const struct sheet_line *line = &q->sheet->lines[i];
        CLEANUP(sheet_trace_finish) struct sheet_trace trace = {0};
        if (!is_meant(q, line)) {
            continue;
        }
        r = sheet_trace_load(q->db, line, &trace, e);
        if (r == 0) {
            struct sheet_sum group = sheet_trace_rounded_with(q->sheet, line);
            json_open(j, NULL, '{');
            sheet_json_line(j, "line", line);
            sheet_trace_json(j, &trace);
            json_open(j, "rounded_together", '{');
            json_int(j, "lines", group.n_lines);
            json_int(j, "unrounded_minutes", group.unrounded);
            json_int(j, "billed_minutes", group.billed);
            json_close(j, '}');
            json_close(j, '}');
        }
    }
    json_close(j, ']');
    return r;
}

static int print_json(const struct question *q, const char *what, struct err *e)
{
    CLEANUP(buf_finish) struct buf text;
    struct json_out j;
    buf_init(&text, OUTPUT_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '{');
    json_text(&j, "number", q->sheet->number);
    json_int(&j, "revision", q->sheet->revision);
    json_text(&j, "explained", what);
    sheet_json_rules(&j, "rules", &q->sheet->rules);
    sheet_json_sum(&j, "sum", &q->sum);
    int r = json_lines(q, &j, e);
    json_close(&j, '}');
    if (r == 0 && json_out_end(&j) < 0) {
        r = err_set(e, ERR_TOO_BIG, 0, "the explanation is larger than %zu bytes; ask for a day", OUTPUT_MAX);
    }
    if (r == 0) {
        puts(buf_str(&text));
    }
    return r;
}

int sheet_explain(struct db *db, const struct sheet *sheet, const struct tz *zone, const char *what,
                  bool as_json, struct err *e)
{
    struct question q = {.db = db, .sheet = sheet, .zone = zone};
    int r = read_target(&q, what, e);
    r = r < 0 ? r : check_sum(&q, e);
    if (r < 0) {
        return r;
    }
    if (as_json) {
        return print_json(&q, what, e);
    }
    if (q.target == TARGET_LINE) {
        return print_line(&q, e);
    }
    print_sum(&q);
    return 0;
}
