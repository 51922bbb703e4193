/* journal - the notifier of scheduler/ports.h as lines for the owner: one per closed run with its counts, one
 * for what waits, is late, missed or goes wrong, details at debug, nothing when idle.
 *
 * Priorities: err is a run that was given up, warning is what needs a person, notice is what passes by
 * itself, info is what went as it should; so `journalctl -p warning` is the list of what to do.  The same
 * error again is counted, not repeated (daemon/fold.h).  It also remembers what the status line needs.  Loop
 * thread only. */
#ifndef DAEMON_JOURNAL_H
#define DAEMON_JOURNAL_H

#include <stdint.h>

#include "base/clock.h"
#include "base/tz.h"
#include "daemon/fold.h"
#include "daemon/run_watcher.h"
#include "scheduler/ports.h"

struct journal {
    struct notifier port;
    const struct clock *clock;
    struct tz_cache *zones;
    const struct run_watcher *watcher; /* told of runs, too; NULL: nobody */
    struct fold fold;
    void (*stop)(void *arg, const struct err *why); /* an error of class stop was reported */
    void *stop_arg;
    int64_t last_success_ms; /* wall clock; 0 = none since the start */
    int64_t runs_closed;
    int64_t runs_failed;
    /* Since the scheduler was last at rest. */
    int64_t round_closed, round_failed, round_rows;
};

/* Fills in the port.  clock and zones are borrowed. */
void journal_init(struct journal *j, const struct clock *clock, struct tz_cache *zones,
                  void (*stop)(void *arg, const struct err *why), void *arg);

/* The scheduler is at rest: after several runs one line sums them up.  n_behind: jobs whose archive does not
 * reach as far as their latest due time asks. */
void journal_rest(struct journal *j, int64_t n_behind);

#endif
