/* bind_sheets - gives the scheduler timesheets: scheduler/ports.h's sheet port, on the storage thread and the
 * scribe.
 *
 * Rules and customers are those of the configuration in use when a sheet is issued.  Loop thread. */
#ifndef DAEMON_BIND_SHEETS_H
#define DAEMON_BIND_SHEETS_H

#include <stdint.h>

#include "base/attr.h"
#include "daemon/scribe.h"
#include "model/settings.h"
#include "scheduler/ports.h"
#include "storage/writer.h"

struct bind_sheets;

/* All borrowed; settings is read at each issue, so that a reload counts. */
struct bind_sheets_options {
    struct writer *writer;
    struct scribe *scribe;
    const struct settings *settings;
    int64_t instance_id;
    void (*upload)(void *arg); /* documents are there to be sent; may be NULL */
    void *upload_arg;
};
MUST_CHECK struct bind_sheets *bind_sheets_create(const struct bind_sheets_options *options);

/* No call may be outstanding.  Accepts NULL. */
void bind_sheets_destroy(struct bind_sheets *b);

/* Lives as long as b. */
const struct sheet_port *bind_sheets_port(const struct bind_sheets *b);

#endif
