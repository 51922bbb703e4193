/* runner - drives runs through the steps of their job type.
 *
 * It asks the step for an action, performs it through the ports, and hands the result back as the next event.
 * One action is outstanding per run, never two.  Errors go to retry_decide; the run is suspended or closed
 * accordingly. Nothing here blocks and nothing is called back from inside a call.  Loop thread only. */
#ifndef SCHEDULER_RUNNER_H
#define SCHEDULER_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/tz.h"
#include "scheduler/ports.h"

struct runner;

struct runner_ports {
    const struct store_port *store;
    const struct calendar_port *calendar;
    const struct sheet_port *sheets; /* NULL: there are no jobs that make timesheets */
    const struct notifier *notifier;
    const struct clock *clock;
    struct tz_cache *zones;
};

/* Borrows everything.  left(arg) is called whenever a run has left the runner: closed, waiting or parked;
 * stuck(arg) whenever one could not, so that somebody comes back to it. */
MUST_CHECK struct runner *runner_create(const struct runner_ports *ports, void (*left)(void *arg),
                                        void (*stuck)(void *arg), void *arg);
void runner_destroy(struct runner *runner); /* no run may be under way; accepts NULL */

/* Takes the run (its content; the caller's struct is zeroed) and goes on at its step. */
void runner_start(struct runner *runner, struct run *run);

size_t runner_active(const struct runner *runner);

/* Runs whose row could not even be suspended (disk full, database locked): tries again.  Called at each tick.
 */
void runner_retry_stuck(struct runner *runner);
bool runner_has_stuck(const struct runner *runner);

/* Parks every run as soon as its outstanding action is done; network requests are given up at once. */
void runner_drain(struct runner *runner);

#endif
