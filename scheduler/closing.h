/* closing - what the audit trail and the journal say of a run: one sentence and the counts.  Pure. */
#ifndef SCHEDULER_CLOSING_H
#define SCHEDULER_CLOSING_H

#include "base/err.h"
#include "model/audit.h"
#include "model/run.h"

#define CLOSING_TEXT_MAX 480

/* Of a timesheet "2026-0007, 12 lines: worked 31:15, billed 27:30; left out: 3 private, 1 free"; of an
 * archive "36 new, 0 changed, 0 vanished, 2 unchanged of 40 events in 3 pages; left out: 1 cancelled, 1
 * duplicate".
 */
void closing_counts_text(const struct run *run, char ret_text[CLOSING_TEXT_MAX]);

/* The closing of the parent entry.  The entry borrows from the struct and from run. */
struct closing {
    struct audit_entry entry;
    char message[CLOSING_TEXT_MAX + 400];
};
void closing_make(struct closing *ret_closing, const struct run *run, enum run_outcome outcome,
                  const struct err *why, int64_t duration_ms);

/* A child entry of the run.  Borrows from run; operation and message are literals. */
struct audit_entry closing_child(const struct run *run, const char *operation, const char *message);

#endif
