/* compute - parts become lines: what is billed, rounded, in minutes and in hundredths of hours.
 *
 * Only billable lines are billed, and nothing that is held.  Rounding is of each line, or of what a customer
 * is billed on a day: then the difference goes to the last of its lines that is billed, and to the one before
 * when that would fall below nothing.  Hundredths are those of hundredths.h.  Integers only. */
#ifndef TIMESHEET_COMPUTE_H
#define TIMESHEET_COMPUTE_H

#include "timesheet/work.h"

/* Makes work.lines from work.parts; the decisions are written by explain.h. */
void compute_lines(struct work *w);

/* To a multiple of `to`, up, or to the nearest with halves up. */
int32_t compute_rounded(int64_t minutes, enum sheet_rounding rounding, int32_t to);

#endif
