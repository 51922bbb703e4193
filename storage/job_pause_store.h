/* job_pause_store - a pause lets a job start no more runs until somebody ends it.  It is stored with who,
 * when and why, and outlives a restart.
 *
 * All or nothing, audited and with messages as storage/job_config_store.h. */
#ifndef STORAGE_JOB_PAUSE_STORE_H
#define STORAGE_JOB_PAUSE_STORE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

/* by: who says so (a user name of the system).  ERR_EXISTS when it is paused already, with who and why. */
MUST_CHECK int job_config_pause(struct db *db, int64_t id, const char *by, const char *reason, struct err *e);
/* ERR_INVALID when it is not paused. */
MUST_CHECK int job_config_resume(struct db *db, int64_t id, struct err *e);

#endif
