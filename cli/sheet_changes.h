/* sheet_changes - what is different between two sets of lines, printed: for timesheet diff, for a revision
 * that was just issued, and for "changed since".  One thread. */
#ifndef CLI_SHEET_CHANGES_H
#define CLI_SHEET_CHANGES_H

#include <stddef.h>

#include "base/attr.h"
#include "base/json_out.h"
#include "base/tz.h"
#include "model/sheet.h"
#include "timesheet/diff.h"

struct sheet_changes {
    const struct tz *zone; /* borrowed, like the lines */
    struct sheet_change *list;
    size_t n;
    size_t n_billing;                    /* that concern minutes, customer or billing type */
    int64_t billed_before, billed_after; /* minutes */
};

void sheet_changes_make(const struct tz *zone, const struct sheet_line *before, size_t n_before,
                        const struct sheet_line *after, size_t n_after, struct sheet_changes *ret_changes);
void sheet_changes_finish(struct sheet_changes *changes); /* accepts a zeroed struct */

/* A table with a line for each change, and the difference of what is billed.  Nothing where nothing is
 * different. */
void sheet_changes_print(const struct sheet_changes *changes);

/* Adds an array: {"kind": …, "is_billing": …, "before": line or null, "after": …}. */
void sheet_changes_json(const struct sheet_changes *changes, struct json_out *j, const char *name);

#endif
