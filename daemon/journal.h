/* journal - the notifier of scheduler/ports.h: one line per closed run with its counts, a line for what waits
 * or goes wrong, details at debug, nothing when idle.  It also remembers what the status line needs.  Loop
 * thread only. */
#ifndef DAEMON_JOURNAL_H
#define DAEMON_JOURNAL_H

#include <stdint.h>

#include "base/clock.h"
#include "scheduler/ports.h"

struct journal {
    struct notifier port;
    const struct clock *clock;
    void (*stop)(void *arg, const struct err *why); /* an error of class stop was reported */
    void *stop_arg;
    int64_t last_success_ms; /* wall clock; 0 = none since the start */
    int64_t runs_closed;
    int64_t runs_failed;
};

/* Fills in the port.  clock is borrowed. */
void journal_init(struct journal *j, const struct clock *clock,
                  void (*stop)(void *arg, const struct err *why), void *arg);

#endif
