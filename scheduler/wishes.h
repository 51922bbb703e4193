/* wishes - runs that a signal asks for: one job's, or those of every active job, a batch at a time.
 *
 * A job that must not run (paused, not active, its user must sign in) is reported and left out.  Loop thread
 * only. */
#ifndef SCHEDULER_WISHES_H
#define SCHEDULER_WISHES_H

#include <stdint.h>

#include "base/clock.h"
#include "base/tz.h"
#include "scheduler/ports.h"

struct wishes_ports {
    const struct store_port *store;
    const struct notifier *notifier;
    const struct clock *clock;
    struct tz_cache *zones;
};

/* job_id 0: every active one.  Borrows the ports until done(arg), which comes once, later; what failed was
 * reported to the notifier. */
void wishes_queue(const struct wishes_ports *ports, int64_t job_id, struct run_asker asker,
                  void (*done)(void *arg), void *arg);

#endif
