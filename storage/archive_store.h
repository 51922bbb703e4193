/* archive_store - from staging to the archive: the rules' verdicts, then appointments, versions and
 * tombstones.
 *
 * What the archive knows last of an appointment is its head: the highest row in appointment_versions, or the
 * appointment itself where there is none.  Storing a window makes the heads in it equal to what was staged
 * and kept:
 *
 *     staged and kept    no appointment          → appointment
 *                        head differs            → version "changed"
 *                        head is a tombstone     → version "restored"
 *                        head is the same        → nothing
 *     staged, left out   head in the window      → tombstone, reason: the verdict
 *     moved out of the window, head in it        → version "changed", reason "outside"
 *     not staged         head in the window      → tombstone, reason "vanished"
 *
 * An event in quarantine is not known to be gone: no tombstone for its appointment, and none at all where it
 * does not say which one it is.
 *
 * In the caller's transaction, on the thread that owns the connection. */
#ifndef STORAGE_ARCHIVE_STORE_H
#define STORAGE_ARCHIVE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/run.h"
#include "model/window.h"
#include "storage/db.h"

/* Sets `verdict` in each event, without changing their order: start, then longest first, then id.  The same
 * type as jobs/job.h's staged_rules, which storage does not see. */
typedef void (*archive_rules_fn)(const struct run *run, const struct window *window,
                                 struct staged_event *events, size_t n);

/* Settles identities, applies the rules and stores the verdicts, the run's step and its counts. */
MUST_CHECK int archive_store_transform(struct db *db, const struct run *run, int64_t instance_id,
                                       const struct window *window, archive_rules_fn rules,
                                       struct run_counts *ret_counts, struct err *e);

/* Staging to archive, all of it or nothing; staging is empty afterwards, and a dry run's archive is as it
 * was. ERR_GONE when the archive changed since the pages were compared with it, or when staging is not
 * complete: the fetch has to start over. */
MUST_CHECK int archive_store_window(struct db *db, const struct run *run, int64_t instance_id,
                                    const struct window *window, struct run_counts *ret_counts,
                                    struct err *e);

#endif
