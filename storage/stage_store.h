/* stage_store - pages of a window as they arrive, each compared with what the archive has of it.
 *
 * One row per identity in staged_events until the run is stored or closed.  A row says whether the archive
 * lacks the event (new), has it as it is (unchanged; its body is not kept a second time) or has it
 * differently (changed: other content, another id, or the archive's last word is a tombstone).
 *
 * Identity is the event's id within the archive configuration.  When a mailbox moves, ids change: an event
 * whose id is unknown is the appointment of the same iCalendar UID and original start, if that one's own id
 * did not come in this run. Only after the last page is it known which ids came, so stage_store_settle
 * decides that then.
 *
 * In the caller's transaction, on the thread that owns the connection. */
#ifndef STORAGE_STAGE_STORE_H
#define STORAGE_STAGE_STORE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/event.h"
#include "model/run.h"
#include "storage/db.h"

/* The rows of run $1.  Their ids begin with the run's, so that reading them is reading one stretch of the
 * table. */
#define STAGED_OF_RUN     "id BETWEEN $1 * 4294967296 AND $1 * 4294967296 + 4294967295 "
#define STAGED_ID(run_id) ((run_id)*INT64_C(4294967296))

/* Stages one page and stores the run's step and counts and the page's next_cursor.  With run->cursor NULL
 * this is the first page: what an earlier attempt staged is dropped and the counts of pages and events begin
 * at 0; that of the quarantine stays.  What could not be mapped (the page's rejects, and events that end
 * before they begin) goes to quarantined_events.  *ret_counts are the run's counts afterwards.  ERR_CANCELLED
 * if the run has another owner. */
MUST_CHECK int stage_store_page(struct db *db, const struct run *run, int64_t instance_id,
                                const struct event_page *page, struct run_counts *ret_counts, struct err *e);

/* Whether the archive configuration has appointments at all: a first run need not compare. */
MUST_CHECK int stage_store_has_archive(struct db *db, const struct run *run, bool *ret_has, struct err *e);

/* Finds appointments for staged events with unknown ids.  Doing it again changes nothing. */
MUST_CHECK int stage_store_settle(struct db *db, const struct run *run, struct err *e);

/* Empties the run's staging. */
MUST_CHECK int stage_store_clear(struct db *db, int64_t run_id, struct err *e);

#endif
