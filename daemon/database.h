/* database - the daemon's connection, opened at the start: brought to this program's version first (a dated
 * copy is taken, the service manager is told that it may take a while), then this process is entered as an
 * instance. */
#ifndef DAEMON_DATABASE_H
#define DAEMON_DATABASE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/keyring.h"
#include "model/settings.h"
#include "storage/db.h"

/* Borrows the keyring as long as the connection is open.  version is the program's, for the record. */
MUST_CHECK int database_open(const struct settings *settings, const struct keyring *keyring,
                             const char *version, struct db **ret_db, int64_t *ret_instance_id,
                             struct err *e);

#endif
