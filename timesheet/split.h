/* split - appointments cut at the midnights of the sheet's zone, and the minutes that are not to be had:
 * breaks, and what other sheets have.
 *
 * A day of an appointment that another sheet has is left out; of an all-day event also where that sheet has
 * one of the same subject on that day, and of any other where lines of other sheets have all its minutes.  A
 * break gives no part, it takes away. */
#ifndef TIMESHEET_SPLIT_H
#define TIMESHEET_SPLIT_H

#include "timesheet/work.h"

/* Before anything else: puts the claims in order, so that they can be asked. */
void split_index_claims(struct work *w);
bool split_is_claimed(const struct work *w, int64_t appointment_id);

/* A claim on the entry by another sheet, for a day on which it does not lie (any more); or NULL. */
const struct sheet_claim *split_moved_claim(const struct work *w, const struct entry *entry);

/* Its place in work.claims_by_sheet, after split_entries. */
uint32_t split_claim_place(const struct work *w, const struct sheet_claim *claim);

/* A claim on the entry by another sheet, for a day on which it has other times by now; or NULL.  Its times
 * there: none where the start is not before the end. */
const struct sheet_claim *split_changed_claim(const struct work *w, const struct entry *entry,
                                              int64_t *ret_start_min, int64_t *ret_end_min);

/* The first day of the entry that the sheet wants; false when there is none. */
MUST_CHECK bool split_first_day(struct work *w, const struct entry *entry, int32_t *ret_day);

/* Makes work.parts, in the order of printing, and the blocks.  ERR_TOO_BIG above SHEET_LINES_MAX parts. */
MUST_CHECK int split_entries(struct work *w, struct err *e);

#endif
