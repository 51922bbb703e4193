#include "scheduler/clock_watch.h"

enum clock_event clock_watch_look(struct clock_watch *w, int64_t wall_ms, int64_t mono_ms, int64_t *ret_by_ms)
{
    int64_t step_ms = w->has_sample ? (wall_ms - w->wall_ms) - (mono_ms - w->mono_ms) : 0;
    *ret_by_ms = step_ms < 0 ? -step_ms : step_ms;
    if (!w->has_sample || wall_ms >= CLOCK_WATCH_EARLIEST_MS) {
        *w = (struct clock_watch){.has_sample = true, .wall_ms = wall_ms, .mono_ms = mono_ms};
    }
    if (wall_ms < CLOCK_WATCH_EARLIEST_MS) {
        return CLOCK_UNSET;
    }
    if (step_ms > CLOCK_WATCH_STEP_MS) {
        return CLOCK_FORWARD;
    }
    return step_ms < -CLOCK_WATCH_STEP_MS ? CLOCK_BACK : CLOCK_AS_EXPECTED;
}
