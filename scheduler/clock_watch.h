/* clock_watch - notices that the wall clock was set or the machine slept, by comparing it with the monotonic
 * clock, which does neither.  The scheduler asks at each pass; steps of less than CLOCK_WATCH_STEP_MS are
 * what clocks do.  Pure; any thread. */
#ifndef SCHEDULER_CLOCK_WATCH_H
#define SCHEDULER_CLOCK_WATCH_H

#include <stdint.h>

#include "scheduler/ports.h"

#define CLOCK_WATCH_STEP_MS 10000
/* 2026-01-01: a machine without a battery starts in 1970, and nothing is to be decided about 50 years. */
#define CLOCK_WATCH_EARLIEST_MS INT64_C(1767225600000)

struct clock_watch {
    bool has_sample;
    int64_t wall_ms, mono_ms;
};

/* What happened since the last call that did not find the clock unset, and how far; the first call only
 * looks.
 */
enum clock_event clock_watch_look(struct clock_watch *w, int64_t wall_ms, int64_t mono_ms,
                                  int64_t *ret_by_ms);

#endif
