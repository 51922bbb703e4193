/* select - which appointments count: the first step of timesheet_compose.
 *
 * In this order, first match wins (../shared/rules.md §12 with its corrections):
 *
 *     gone, cancelled, declined, private, free (unless it is a break or a modification)
 *     the same as another one: equal subject, start and end; the richer copy stays (§3)
 *     Extended, Shortened, Early start, Late start change their original (modify.h, §7)
 *     the same as another one by now
 *     no minute long
 *     categories (§4): none (unless loose travel counts), "Online" alone, none that is good
 *     all-day and not billable
 *
 * Breaks and modifications are marks that the owner made: they act whether they are private, shown as free or
 * not, but nothing of a private one is ever said, and one that found nothing to change is left out for what
 * it is.
 *
 * What is left is in work.entries, in canonical order, breaks among it; what is not, in work.left_out.
 * Appointments that touch no day of the sheet are passed over without a word. */
#ifndef TIMESHEET_SELECT_H
#define TIMESHEET_SELECT_H

#include "timesheet/work.h"

/* ERR_TOO_BIG: see modify.h. */
MUST_CHECK int select_entries(struct work *w, struct err *e);

#endif
