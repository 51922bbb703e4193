/* modify - appointments that change another one: "Extended" (or "Extension"), "Shortened", "Early start",
 * "Late start" as the whole subject.
 *
 * By ../shared/rules.md §7 with its corrections.  A modification looks for its original among the ordinary
 * appointments:
 *
 *     extended     begins within five minutes of its end       the nearest
 *     shortened    overlaps its beginning or its end           the longest overlap
 *     early start  ends within five minutes of its start       the nearest
 *     late start   begins within five minutes of its start     the nearest
 *
 * Of equally near ones the first in canonical order.  Where both have categories, the lists must be equal.
 * Modifications are taken in the order of their starts and add up: each sees what those before it made of the
 * original, and what the original was.  One without an original stays an ordinary appointment and is
 * reported.  All-day events neither change nor are changed. */
#ifndef TIMESHEET_MODIFY_H
#define TIMESHEET_MODIFY_H

#include "timesheet/work.h"

enum modify_kind { MODIFY_NONE, MODIFY_EXTENDED, MODIFY_SHORTENED, MODIFY_EARLY_START, MODIFY_LATE_START };

enum modify_kind modify_kind(const char *subject);

/* The same list, in the same order. */
bool modify_has_equal_categories(const struct sheet_item *a, const struct sheet_item *b);

/* Entries come in canonical order.  Marks what is used up, sets the times and `changes` of what is changed
 * and counts it. ERR_TOO_BIG when looking for originals would take too long. */
MUST_CHECK int modify_entries(struct work *w, size_t *ret_n_changed, struct err *e);

#endif
