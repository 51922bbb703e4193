/* watchdog - tells the service manager that the daemon makes progress, and stays silent when it does not.
 *
 * At half the watchdog's period a timer on the loop puts an empty request into the storage thread's queue and
 * looks whether the thread has done anything since the last look: the answer came, or its counters moved.  As
 * long as the loop turns and the storage thread was not silent for longer than silence_max_ms (one
 * transaction may well take a minute), the watchdog is fed; otherwise the service manager ends the process
 * and starts it anew, and the runs go on where they were.  Loop thread. */
#ifndef DAEMON_WATCHDOG_H
#define DAEMON_WATCHDOG_H

#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/clock.h"
#include "storage/writer.h"

struct watchdog;

#define WATCHDOG_SILENCE_MAX_MS (10 * INT64_C(60000))

struct watchdog_config {
    uv_loop_t *loop;
    struct writer *writer;
    const struct clock *clock;
    int64_t period_ms; /* the service manager's */
    int64_t silence_max_ms;
    void (*fed)(void *arg); /* after each time that it was fed; may be NULL */
    void *fed_arg;
};

/* Borrows all.  NULL when period_ms is 0: a daemon that nobody watches has no reason to wake. */
MUST_CHECK struct watchdog *watchdog_create(const struct watchdog_config *config);

/* Before the writer is.  The memory goes when the loop has closed the timer and the writer has answered.
 * Accepts NULL. */
void watchdog_destroy(struct watchdog *w);

#endif
