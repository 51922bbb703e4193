/* notify - what the daemon tells the service manager (sd_notify(3)), all of it in one place.  Without a
 * service manager ($NOTIFY_SOCKET) nothing happens.  Loop thread, or before the loop. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"

/* The line of systemctl status; it stays after the end, so that it can say why a start failed: the journal
 * may not know any more which unit the last line of a process belongs to.  Control characters are replaced: a
 * line break in somebody's calendar name must not become a message of its own. */
void notify_status(const char *line);

void notify_ready(void);

/* A reload begins; notify_ready is its end. */
void notify_reloading(const struct clock *clock);

/* The start takes at most this much longer from now. */
void notify_starting_longer(int64_t at_most_ms, const char *why);

/* The stop begins and takes at most this long.  Also a shorter TimeoutStopSec waits for it; a longer one
 * stays as it is. */
void notify_stopping(int64_t at_most_ms);

/* The watchdog's period, or 0 where the service manager keeps none. */
MUST_CHECK int64_t notify_watchdog_period_ms(void);
void notify_watchdog(void);

#endif
