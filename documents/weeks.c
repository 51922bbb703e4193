#include "documents/weeks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "documents/when.h"

const uint32_t week_colours[WEEKS_CUSTOMERS_MAX + 1] = {0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9,
                                                        0xd55e00, 0x5d4e9c, 0x8f7a00, 0x8a9096};

struct rank {
    const char *customer;
    int64_t worked;
};

static int by_name(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return strcmp(x->customer, y->customer);
}

static int by_hours(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return x->worked != y->worked ? (x->worked < y->worked ? 1 : -1) : strcmp(x->customer, y->customer);
}

/* Everybody's hours, each once; returns how many they are. */
static size_t gather(const struct sheet_totals *totals, struct rank *ranks)
{
    size_t n = 0;
    for (size_t i = 0; i < totals->n_weeks; i++) {
        ranks[i] = (struct rank){totals->weeks[i].customer, totals->weeks[i].sum.worked};
    }
    qsort(ranks, totals->n_weeks, sizeof *ranks, by_name);
    for (size_t i = 0; i < totals->n_weeks; i++) {
        if (n > 0 && strcmp(ranks[n - 1].customer, ranks[i].customer) == 0) {
            ranks[n - 1].worked += ranks[i].worked;
        } else {
            ranks[n++] = ranks[i];
        }
    }
    return n;
}

static void choose_customers(struct week_table *t, const struct sheet_totals *totals)
{
    struct rank *ranks = mem_calloc(totals->n_weeks + 1, sizeof *ranks);
    size_t n = gather(totals, ranks);
    qsort(ranks, n, sizeof *ranks, by_hours);
    for (size_t i = 0; i < n && i < WEEKS_CUSTOMERS_MAX; i++) {
        t->customers[t->n_customers++] = ranks[i].customer;
    }
    t->has_others = n > WEEKS_CUSTOMERS_MAX;
    free(ranks);
}

static size_t find_customer(const struct week_table *t, const char *customer)
{
    for (size_t i = 0; i < t->n_customers; i++) {
        if (strcmp(t->customers[i], customer) == 0) {
            return i;
        }
    }
    return WEEKS_CUSTOMERS_MAX;
}

static void add(struct week_cell *cell, const struct sheet_sum *sum)
{
    cell->worked += sum->worked;
    cell->worked_hundredths += sum->worked_hundredths;
}

static struct week_row *add_row(struct week_table *t, int32_t monday)
{
    t->rows[t->n_rows] = (struct week_row){.monday = monday};
    return &t->rows[t->n_rows++];
}

/* The weeks of the period that come before `monday` and have no row yet. */
static void add_empty(struct week_table *t, const struct sheet *s, int32_t monday)
{
    int32_t next = when_monday(s->from_day);
    if (t->n_rows > 0 && t->rows[t->n_rows - 1].monday >= next) {
        next = t->rows[t->n_rows - 1].monday + 7;
    }
    for (; next < monday && next < s->to_day; next += 7) {
        add_row(t, next);
    }
}

static void fill(struct week_table *t, const struct document_input *in)
{
    const struct sheet_totals *totals = in->totals;
    for (size_t i = 0; i < totals->n_weeks; i++) {
        const struct sheet_week_sum *week = &totals->weeks[i];
        if (t->n_rows == 0 || t->rows[t->n_rows - 1].monday != week->monday) {
            add_empty(t, in->sheet, week->monday);
            add_row(t, week->monday);
        }
        struct week_row *row = &t->rows[t->n_rows - 1];
        size_t column = find_customer(t, week->customer);
        add(&row->customers[column], &week->sum);
        add(&row->all, &week->sum);
        add(&t->sums[column], &week->sum);
        t->longest = row->all.worked > t->longest ? row->all.worked : t->longest;
    }
    add_empty(t, in->sheet, INT32_MAX);
}

void week_table_make(const struct document_input *in, struct week_table *ret_table)
{
    struct week_table t = {0};
    size_t n_period = (size_t)(in->sheet->to_day - in->sheet->from_day) / 7 + 2;
    t.rows = mem_calloc(in->totals->n_weeks + n_period, sizeof *t.rows);
    choose_customers(&t, in->totals);
    fill(&t, in);
    *ret_table = t;
}

void week_table_finish(struct week_table *t)
{
    free(t->rows);
    *t = (struct week_table){0};
}
