/* rrule - Graph's patternedRecurrence as an RFC 5545 RRULE.
 *
 * The table follows Exchange's own ([MS-OXCICAL] 2.1.3.2.2): WKST always with weekly, "last day" as
 * BYMONTHDAY=-1, days 29 and 30 clamped by BYSETPOS, several relative days as one set with BYSETPOS.  Only
 * the members that belong to the type are looked at; the others hold sentinels (0, "0001-01-01").  Pure. */
#ifndef MODEL_RRULE_H
#define MODEL_RRULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/tz.h"

enum recurrence_type {
    RECUR_DAILY,
    RECUR_WEEKLY,
    RECUR_ABSOLUTE_MONTHLY,
    RECUR_RELATIVE_MONTHLY,
    RECUR_ABSOLUTE_YEARLY,
    RECUR_RELATIVE_YEARLY,
};
enum recurrence_end { RECUR_NO_END, RECUR_END_DATE, RECUR_NUMBERED };

struct recurrence {
    enum recurrence_type type;
    int interval;          /* ≥ 1 */
    int month;             /* 1…12, yearly */
    int day_of_month;      /* 1…31, absolute */
    unsigned days_of_week; /* bit 0 = Monday … bit 6 = Sunday */
    int first_day_of_week; /* 0 = Monday … 6 = Sunday; Graph's default is Sunday */
    int index;             /* 1…4, or -1 = last; relative */
    enum recurrence_end end;
    int32_t end_day; /* inclusive, RECUR_END_DATE */
    int count;       /* RECUR_NUMBERED */
};

/* Writes the rule (without "RRULE:").  UNTIL: for an all-day series the date; otherwise end_day at the
 * series' local start time (start_wall_ms's time of day) in `zone` (recurrenceTimeZone, borrowed; NULL =
 * UTC), as UTC. ERR_INVALID with a message for what no rule can say (no days in a weekly one, interval 0, day
 * 32 …). */
#define RRULE_MAX 160
MUST_CHECK int rrule_format(const struct recurrence *r, bool is_all_day, int64_t start_wall_ms,
                            const struct tz *zone, char ret_text[RRULE_MAX], struct err *e);

#endif
