#include "timesheet/totals.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "timesheet/intern.h"
#include "timesheet/letters.h"

static void add(struct sheet_sum *sum, const struct sheet_line *l)
{
    sum->n_lines++;
    sum->worked += l->worked;
    sum->held += l->held;
    sum->unrounded += l->unrounded;
    sum->billed += l->billed;
    sum->worked_hundredths += l->worked_hundredths;
    sum->billed_hundredths += l->billed_hundredths;
}

static void make_days(const struct sheet_line *lines, size_t n, struct sheet_totals *t)
{
    size_t n_days = 0;
    for (size_t i = 0; i < n; i++) {
        n_days += i == 0 || lines[i].day != lines[i - 1].day;
    }
    t->days = mem_calloc(n_days, sizeof *t->days);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || lines[i].day != lines[i - 1].day) {
            t->days[t->n_days++] = (struct sheet_day_sum){.day = lines[i].day, .first_line = i};
        }
        struct sheet_day_sum *day = &t->days[t->n_days - 1];
        day->n_lines++;
        add(&day->sum, &lines[i]);
    }
}

static int by_name(const char *a, const char *b)
{
    int c = letters_compare(a, b);
    return c != 0 ? c : strcmp(a, b);
}

static int by_customer(const void *a, const void *b)
{
    const struct sheet_customer_sum *x = a, *y = b;
    int c = by_name(x->customer, y->customer);
    return c != 0 ? c : (int)x->billing - (int)y->billing;
}

/* Two places for each customer: billable and not. */
static void make_customers(const struct sheet_line *lines, size_t n, const uint32_t *customer_of,
                           uint32_t n_names, struct sheet_totals *t)
{
    struct sheet_customer_sum *sums = mem_calloc((size_t)2 * n_names, sizeof *sums);
    for (size_t i = 0; i < n; i++) {
        struct sheet_customer_sum *sum = &sums[2 * customer_of[i] + (lines[i].billing == SHEET_NON_BILLABLE)];
        sum->customer = lines[i].customer;
        sum->billing = lines[i].billing;
        add(&sum->sum, &lines[i]);
    }
    for (size_t i = 0; i < (size_t)2 * n_names; i++) {
        if (sums[i].sum.n_lines > 0) {
            sums[t->n_customers++] = sums[i];
        }
    }
    qsort(sums, t->n_customers, sizeof *sums, by_customer);
    t->customers = sums;
}

static int by_week(const void *a, const void *b)
{
    const struct sheet_week_sum *x = a, *y = b;
    return x->monday != y->monday ? (x->monday < y->monday ? -1 : 1) : by_name(x->customer, y->customer);
}

/* Lines come by day, so that a customer's open week is its last one. */
static void make_weeks(const struct sheet_line *lines, size_t n, const uint32_t *customer_of,
                       uint32_t n_names, struct sheet_totals *t)
{
    size_t cap = 0;
    size_t *open = mem_calloc(n_names, sizeof *open); /* number + 1 */
    for (size_t i = 0; i < n; i++) {
        int32_t monday = lines[i].day - civil_weekday(lines[i].day);
        size_t *at = &open[customer_of[i]];
        if (*at == 0 || t->weeks[*at - 1].monday != monday) {
            if (t->n_weeks == cap) {
                cap = cap > 0 ? 2 * cap : 64;
                t->weeks = mem_realloc(t->weeks, cap, sizeof *t->weeks);
            }
            t->weeks[t->n_weeks++] = (struct sheet_week_sum){.monday = monday, .customer = lines[i].customer};
            *at = t->n_weeks;
        }
        add(&t->weeks[*at - 1].sum, &lines[i]);
    }
    free(open);
    if (t->n_weeks > 0) {
        qsort(t->weeks, t->n_weeks, sizeof *t->weeks, by_week);
    }
}

void sheet_totals_make(const struct sheet_line *lines, size_t n, struct sheet_totals *ret_totals)
{
    struct sheet_totals t = {0};
    struct intern names = {0};
    uint32_t *customer_of = mem_calloc(n, sizeof *customer_of);
    for (size_t i = 0; i < n; i++) {
        customer_of[i] = intern_put(&names, lines[i].customer);
        add(&t.all, &lines[i]);
    }
    make_days(lines, n, &t);
    make_customers(lines, n, customer_of, names.n, &t);
    make_weeks(lines, n, customer_of, names.n, &t);
    free(customer_of);
    intern_finish(&names);
    *ret_totals = t;
}

void sheet_totals_finish(struct sheet_totals *t)
{
    free(t->days);
    free(t->customers);
    free(t->weeks);
    *t = (struct sheet_totals){0};
}
