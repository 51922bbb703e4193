/* weeks - hours by week and customer as a table for charts: a row for each week, a column for each of the
 * customers with the most hours, and one for all the others.
 *
 * Hours are worked ones, of every billing type.  Each cell is a sum of lines; the cells of a week add up to
 * the week, the weeks to the sheet.  Every week that touches the period has a row, also an empty one; before
 * them those of late lines. */
#ifndef DOCUMENTS_WEEKS_H
#define DOCUMENTS_WEEKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "documents/document.h"

#define WEEKS_CUSTOMERS_MAX 8

struct week_cell {
    int64_t worked, worked_hundredths;
};

struct week_row {
    int32_t monday;
    struct week_cell customers[WEEKS_CUSTOMERS_MAX + 1]; /* the last: others */
    struct week_cell all;
};

struct week_table {
    const char *customers[WEEKS_CUSTOMERS_MAX]; /* most hours first; borrowed from the totals */
    size_t n_customers;
    bool has_others;
    struct week_cell sums[WEEKS_CUSTOMERS_MAX + 1];
    struct week_row *rows; /* ascending */
    size_t n_rows;
    int64_t longest; /* worked minutes of the longest week */
};

/* 0xrrggbb of each column, the last for others: told apart also by those who do not see red and green (Okabe
 * and Ito, "Color Universal Design", darkened for white paper). */
extern const uint32_t week_colours[WEEKS_CUSTOMERS_MAX + 1];

void week_table_make(const struct document_input *in, struct week_table *ret_table);
void week_table_finish(struct week_table *t); /* accepts a zeroed struct */

#endif
