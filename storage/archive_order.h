/* archive_order - which came first: what the archive learned, or the issue of a timesheet.
 *
 * What a sheet could not know is late and goes into the next one.  That is read off two stamps, created_at of
 * appointments and versions and issued_at of sheets (started_at of runs that had nothing to issue), so these
 * follow one another as the transactions did, even where the wall clock stood still or went back: a stamp is
 * the wall clock's time, or the earliest one that keeps the order.
 *
 * To be asked inside the transaction that uses the stamp.  Times are UTC milliseconds.  Storage thread, or
 * the command line's own connection. */
#ifndef STORAGE_ARCHIVE_ORDER_H
#define STORAGE_ARCHIVE_ORDER_H

#include "storage/db.h"

/* For what is archived now: behind every sheet and every timesheet run of the archive configuration. */
MUST_CHECK int archive_order_learned(struct db *db, int64_t archive_configuration_id, int64_t *ret_ms,
                                     struct err *e);

/* For a sheet that is issued now: not before anything that the user's archives have. */
MUST_CHECK int archive_order_issued(struct db *db, int64_t user_id, int64_t *ret_ms, struct err *e);

#endif
