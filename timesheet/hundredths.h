/* hundredths - hours in decimals, so that the column adds up, and so does what a customer is asked to pay.
 *
 * A minute is 5/3 of a hundredth, so that most figures have to be rounded, and rounded figures do not add up.
 * The sheet's total is rounded to the nearest.  It is dealt out to the customers by largest remainder: each
 * gets the hundredths below what is exact, or the next ones.  Within a customer the running sum is rounded,
 * and a line is what the sum grows by.  So every line, every stretch of a customer's lines (a day, a week)
 * and every customer is less than one hundredth off, however long the sheet is.  Integers only; pure. */
#ifndef TIMESHEET_HUNDREDTHS_H
#define TIMESHEET_HUNDREDTHS_H

#include <stddef.h>
#include <stdint.h>

/* One column: the minutes of n lines and the group (below n_groups) of each.  Groups that have equal claims
 * are served in the order of their numbers. */
void hundredths_deal(const uint32_t *groups, const int32_t *minutes, size_t n, size_t n_groups,
                     int32_t *ret_hundredths);

#endif
