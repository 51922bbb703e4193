/* totals - sums of printed lines, by day, by customer and billing type, and by week and customer for the
 * charts.
 *
 * Every figure here is the sum of the same column over lines; nothing is computed in another way, so that
 * whoever adds the lines up gets the totals, in minutes and in hundredths.  Pure; any thread. */
#ifndef TIMESHEET_TOTALS_H
#define TIMESHEET_TOTALS_H

#include "model/sheet.h"

struct sheet_sum {
    int64_t n_lines;
    int64_t worked, held, unrounded, billed; /* minutes */
    int64_t worked_hundredths, billed_hundredths;
};

struct sheet_day_sum {
    int32_t day;
    size_t first_line, n_lines; /* the lines of the day lie together */
    struct sheet_sum sum;
};

struct sheet_customer_sum {
    const char *customer; /* borrowed from a line */
    enum sheet_billing billing;
    struct sheet_sum sum;
};

struct sheet_week_sum {
    int32_t monday;
    const char *customer;
    struct sheet_sum sum;
};

struct sheet_totals {
    struct sheet_sum all;
    struct sheet_day_sum *days; /* ascending */
    size_t n_days;
    struct sheet_customer_sum *customers; /* by name without case, billable first */
    size_t n_customers;
    struct sheet_week_sum *weeks; /* by week, then as customers */
    size_t n_weeks;
};

/* Borrows the lines, which are in the order of printing, for as long as the totals live. */
void sheet_totals_make(const struct sheet_line *lines, size_t n, struct sheet_totals *ret_totals);
void sheet_totals_finish(struct sheet_totals *t); /* accepts a zeroed struct */

#endif
