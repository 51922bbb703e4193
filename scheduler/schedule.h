/* schedule - when a job is due, on the wall of its zone.
 *
 * A time that does not exist (spring) is due at the first valid instant after the gap; a time that comes
 * twice (autumn) is due once, the first time.  Day 29 to 31 of a monthly job is the month's last day where
 * the month is shorter.  So every local day (week, month) has exactly one slot.  Pure; any thread. */
#ifndef SCHEDULER_SCHEDULE_H
#define SCHEDULER_SCHEDULE_H

#include <stdint.h>

#include "base/tz.h"
#include "model/run.h"
#include "scheduler/ports.h"

/* The first due instant after after_ms; PORT_NEVER for a manual job. */
int64_t schedule_next(const struct schedule *s, const struct tz *zone, int64_t after_ms);

/* The instant at which the schedule is due on a local day (whether or not the rule has that day). */
int64_t schedule_instant(const struct schedule *s, const struct tz *zone, int32_t day);

/* The window of a normal run: `days` local days ending yesterday, as seen at at_ms.  Half-open. */
void schedule_window(const struct tz *zone, int64_t at_ms, int days, int32_t *ret_from_day,
                     int32_t *ret_to_day);

#endif
