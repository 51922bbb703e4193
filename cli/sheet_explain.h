/* sheet_explain - where a number on a timesheet comes from: timesheet show --explain.
 *
 * Of a line: its appointment as it was frozen, the part of it on that day, what took minutes away and why,
 * what is held, how it was rounded, its decimals, and whether the appointment is another one by now.  Of a
 * day, a week, a customer or the total: the lines, added up again and compared with what the timesheet says.
 * One thread. */
#ifndef CLI_SHEET_EXPLAIN_H
#define CLI_SHEET_EXPLAIN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/tz.h"
#include "model/sheet.h"
#include "storage/db.h"

/* `what` is the number of a line, a date, a week (2026-W11), a customer or "total".  ERR_NOT_FOUND for what
 * is none of them on this sheet. */
MUST_CHECK int sheet_explain(struct db *db, const struct sheet *sheet, const struct tz *zone,
                             const char *what, bool as_json, struct err *e);

#endif
