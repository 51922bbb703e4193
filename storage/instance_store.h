/* instance_store - which daemons were started on this database, so that a run left by a dead one is known
 * from a run of one that lives.
 *
 * An instance is a row of boot id, pid and start time (base/process.h).  It is alive when it has not said
 * goodbye and that process still runs on this machine.  Runs in the caller's transaction or in one of its
 * own. */
#ifndef STORAGE_INSTANCE_STORE_H
#define STORAGE_INSTANCE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

/* This process; the row it had before if it registers twice. */
MUST_CHECK int instance_register(struct db *db, int64_t *ret_id, struct err *e);

/* Said goodbye.  Harmless when it did before. */
MUST_CHECK int instance_stop(struct db *db, int64_t id, struct err *e);

/* The ids of the instances that are alive; free() them.  Those found dead are marked as stopped, unless the
 * connection only reads. */
MUST_CHECK int instance_list_live(struct db *db, int64_t **ret_ids, size_t *ret_n, struct err *e);

/* The youngest instance alive, for a signal to it.  ERR_NOT_FOUND "the service does not run". */
MUST_CHECK int instance_find_live(struct db *db, int64_t *ret_id, int64_t *ret_pid, struct err *e);

#endif
