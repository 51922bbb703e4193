/* findings - what a person should look at before a sheet is issued.
 *
 *     error    malformed category, conflict, moved from another sheet: hold an issue up unless it is forced
 *     warning  uncategorised, several categories, unknown customer, orphaned modification, gap, long day
 *     note     odd dash, overlap that the rules decided, late appointment
 *
 * Texts name subjects, for the sheet's owner; never those of private appointments, which are out before
 * anything here is asked.  Times in them are on the sheet's wall, numbers are those of lines. */
#ifndef TIMESHEET_FINDINGS_H
#define TIMESHEET_FINDINGS_H

#include "timesheet/work.h"

/* Of an entry that is being left out for its categories. */
void findings_of_left_out(struct work *w, const struct entry *entry, enum sheet_reason reason);

/* Of a modification that found no original. */
/* What modifications made of it, where another sheet has it otherwise. */
void findings_of_changed(struct work *w, const struct entry *entry);
void findings_of_orphan(struct work *w, const struct entry *entry);

/* Of minutes that nobody decided about; the entries that claim them, in the order of printing. */
void findings_of_conflict(struct work *w, int32_t day, int64_t start_min, int64_t end_min,
                          const uint32_t *entries, size_t n);

/* Of a part that another sheet has where it does not lie any more. */
void findings_of_moved(struct work *w, const struct part *part, const struct sheet_claim *claim);

/* Of what is on the sheet: categories, customers, lines, days, conflicts; and puts all findings in order.
 * Runs when lines and conflicts are made. */
void findings_complete(struct work *w);

#endif
