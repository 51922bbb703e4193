/* bind_store - gives the scheduler the database: scheduler/ports.h's store, each call one request to the
 * storage thread.  Loop thread. */
#ifndef DAEMON_BIND_STORE_H
#define DAEMON_BIND_STORE_H

#include <stdint.h>

#include "base/attr.h"
#include "scheduler/ports.h"
#include "storage/writer.h"

struct bind_store;

/* Borrows the writer.  instance_id is this daemon's row in `instances`; runs of instances that are no longer
 * alive are taken over, those of living ones are left alone. */
MUST_CHECK struct bind_store *bind_store_create(struct writer *writer, int64_t instance_id);

/* No call may be outstanding.  Accepts NULL. */
void bind_store_destroy(struct bind_store *b);

/* Lives as long as b. */
const struct store_port *bind_store_port(const struct bind_store *b);

#endif
