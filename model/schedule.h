/* schedule - when a job is due, on the wall of its zone.
 *
 * A time that does not exist (spring) is due at the first valid instant after the gap; a time that comes
 * twice (autumn) is due once, the first time.  Day 29 to 31 of a monthly job is the month's last day where
 * the month is shorter.  So every local day (week, month) has exactly one slot.  Pure; any thread. */
#ifndef MODEL_SCHEDULE_H
#define MODEL_SCHEDULE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/tz.h"

enum schedule_type { SCHEDULE_DAILY, SCHEDULE_WEEKLY, SCHEDULE_MONTHLY, SCHEDULE_MANUAL };
const char *schedule_type_name(enum schedule_type type); /* daily … */
MUST_CHECK int schedule_type_from(const char *name, enum schedule_type *ret_type);

/* Hour and minute on the wall of the archive configuration's zone. */
struct schedule {
    enum schedule_type type;
    int hour;
    int minute;
    int day_of_week;  /* 0 = Monday; weekly */
    int day_of_month; /* 1…31; monthly */
};

#define SCHEDULE_NEVER INT64_MAX

/* The first due instant after after_ms; SCHEDULE_NEVER for a manual job. */
int64_t schedule_next(const struct schedule *s, const struct tz *zone, int64_t after_ms);

/* The instant at which the schedule is due on a local day (whether or not the rule has that day). */
int64_t schedule_instant(const struct schedule *s, const struct tz *zone, int32_t day);

/* How late a missed slot may still be caught up: a day for daily jobs, 6 days for weekly, 27 for monthly. */
int64_t schedule_grace_ms(const struct schedule *s);

/* The window of a normal run: `days` local days ending yesterday, as seen at at_ms.  Half-open. */
void schedule_window(const struct tz *zone, int64_t at_ms, int days, int32_t *ret_from_day,
                     int32_t *ret_to_day);

/* The days that a timesheet covers which is due at at_ms: the ISO week (Monday to Sunday) before for a weekly
 * rule, the month before for a monthly one, yesterday for a daily one; without a rule the `days` days ending
 * yesterday.  Half-open. */
void schedule_sheet_period(const struct schedule *s, const struct tz *zone, int64_t at_ms, int days,
                           int32_t *ret_from_day, int32_t *ret_to_day);

#endif
