/* compose - from what the archive has of a period to the lines of a sheet: the one way, for the check, the
 * draft and the issue.
 *
 *     select    which appointments count           timesheet/select.h
 *     modify    Extended, Shortened, Early start …  timesheet/modify.h
 *     resolve   who gets the minutes that two share timesheet/resolve.h
 *     compute   lines by day, rounding, decimals     timesheet/compute.h
 *     check     what a person should look at         timesheet/findings.h
 *
 * Pure: the same input gives the same draft, whatever order the items come in and whatever ids they have. Any
 * thread. */
#ifndef TIMESHEET_COMPOSE_H
#define TIMESHEET_COMPOSE_H

#include "base/attr.h"
#include "base/err.h"
#include "model/sheet_draft.h"

/* draft->input is borrowed as long as the draft lives.  ERR_TOO_BIG for more lines than SHEET_LINES_MAX. */
MUST_CHECK int timesheet_compose(const struct sheet_input *input, struct sheet_draft **ret_draft,
                                 struct err *e);

#endif
