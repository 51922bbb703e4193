/* status - what the owner sees: the STATUS line of systemctl status, and the full status in the journal on
 * SIGUSR2.
 *
 * READY is told to the service manager when the first pass of the scheduler has armed its timer.  Loop
 * thread. */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/tz.h"
#include "daemon/journal.h"
#include "daemon/loop_meter.h"
#include "storage/writer.h"

struct status;

/* Borrows all. */
MUST_CHECK struct status *status_create(struct writer *writer, struct journal *journal,
                                        const struct loop_meter *meter, const struct clock *clock,
                                        struct tz_cache *zones);
void status_destroy(struct status *s); /* accepts NULL */

/* A pass of the scheduler is over: refreshes STATUS; the first time says READY.  is_resting: nothing is under
 * way, so that the journal gets its line about the round (journal_rest). */
void status_armed(struct status *s, bool is_resting);

/* Time has passed: "in 2 h" is "in 1 h" now.  Asks nothing, and tells the service manager only a change. */
void status_refresh(struct status *s);

/* Whether READY was said.  It must not wait for runs that go on: the service manager ends a service that
 * takes too long to start. */
MUST_CHECK bool status_is_ready(const struct status *s);

/* Until it is NULL again every status says that the last reload failed, and why.  Copied. */
void status_set_reload_failure(struct status *s, const char *why);

/* Writes the full status to the journal, a little later. */
void status_log(struct status *s);

#endif
