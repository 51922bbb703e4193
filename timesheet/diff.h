/* diff - what is different between two revisions of a sheet, or between a sheet and what the archive says
 * now.
 *
 * Lines are matched by appointment and day.  Pure; any thread. */
#ifndef TIMESHEET_DIFF_H
#define TIMESHEET_DIFF_H

#include "model/sheet.h"

enum sheet_change_kind { SHEET_LINE_ADDED, SHEET_LINE_REMOVED, SHEET_LINE_CHANGED };
const char *sheet_change_kind_name(enum sheet_change_kind kind); /* added, removed, changed */

struct sheet_change {
    enum sheet_change_kind kind;
    const struct sheet_line *before; /* NULL for an added one */
    const struct sheet_line *after;  /* NULL for a removed one */
    bool is_billing;                 /* minutes, customer or billing type differ, not only words */
};

/* By day and start.  Borrows the lines; free(*ret_changes). */
void sheet_diff(const struct sheet_line *before, size_t n_before, const struct sheet_line *after,
                size_t n_after, struct sheet_change **ret_changes, size_t *ret_n);

#endif
