/* ruling_store - what a person decides about a task: which of several appointments gets the minutes that they
 * share, or that the task is done.
 *
 * A task is resolved once; its row, the rulings and the audit entry are written together, in a transaction of
 * their own or a savepoint of the caller's, and need a keyring (ERR_KEY).  On the thread that owns the
 * connection.
 *
 * Rulings are read when a timesheet is composed (storage/sheet_store.h); what is issued is not touched. */
#ifndef STORAGE_RULING_STORE_H
#define STORAGE_RULING_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

#define RULING_CONFLICT "timesheet_conflict" /* action_log.event_type of overlaps that nobody has decided */
#define RULING_NOTE_MAX 1000                 /* bytes */

/* The appointments that a task is about, ascending; none for a task that is about something else.
 * free(*ret_ids). */
MUST_CHECK int ruling_appointments(struct db *db, int64_t action_id, int64_t **ret_ids, size_t *ret_n,
                                   struct err *e);

/* The task's appointment `keep_id` gets the minutes that it shares with each other one of the task; a
 * decision that said the opposite is replaced.  note may be NULL.  *ret_n_losers is how many others there
 * are. ERR_NOT_FOUND  no such task ERR_EXISTS     it is resolved already ERR_INVALID    it is about no
 * overlap, or not about that appointment; or the note is none */
MUST_CHECK int ruling_keep(struct db *db, int64_t action_id, int64_t keep_id, const char *note,
                           int64_t *ret_n_losers, struct err *e);

/* The task is done, says a person; nothing is decided.  Errors as ruling_keep. */
MUST_CHECK int ruling_close(struct db *db, int64_t action_id, const char *note, struct err *e);

#endif
