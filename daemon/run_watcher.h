/* run_watcher - who besides the journal is told when a run begins and ends.  Loop thread only. */
#ifndef DAEMON_RUN_WATCHER_H
#define DAEMON_RUN_WATCHER_H

#include <stdint.h>

#include "base/err.h"
#include "model/run.h"

/* As in struct notifier of scheduler/ports.h. */
struct run_watcher {
    void *self;
    void (*run_started)(void *self, const struct run *run);
    void (*run_closed)(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                       int64_t duration_ms);
};

#endif
