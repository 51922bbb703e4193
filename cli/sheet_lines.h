/* sheet_lines - tables of lines and of sums, for people.  One thread. */
#ifndef CLI_SHEET_LINES_H
#define CLI_SHEET_LINES_H

#include <stddef.h>

#include "base/tz.h"
#include "model/sheet.h"
#include "timesheet/totals.h"

/* Where is_wanted (NULL: all) says so; with the appointment of each and its version where with_appointments.
 */
void sheet_lines_print(const struct tz *zone, const struct sheet_line *lines, size_t n,
                       bool (*is_wanted)(const void *arg, const struct sheet_line *line), const void *arg,
                       bool with_appointments);

/* By customer and billing type, with the total below. */
void sheet_lines_print_customers(const struct sheet_totals *totals);

/* "14 lines, worked 12:30, held 0:30, billed 11:00 (11:10 before rounding)"; the bracket where that is
 * different. */
void sheet_lines_print_sum(const struct sheet_sum *sum);

#endif
