/* days - the local days of a sheet: which of them it is about, and where each begins.
 *
 * The period, and before it the closed days, of which only late appointments count.  Instants are whole
 * minutes (…_min). Borrows the zone.  Pure but for its cache: one thread at a time. */
#ifndef TIMESHEET_DAYS_H
#define TIMESHEET_DAYS_H

#include "base/attr.h"
#include "base/err.h"
#include "model/sheet_draft.h"

#define DAYS_MAX 100000 /* of a period and what is closed before it; 273 years */

struct days {
    const struct tz *zone;
    int32_t low, high;    /* half-open: all days that are looked at */
    unsigned char *kinds; /* by day - low */
    int64_t *starts;      /* …, and one more; INT64_MIN: not asked yet */
};

/* ERR_INVALID for a period without a day, ERR_TOO_BIG above DAYS_MAX. */
MUST_CHECK int days_init(struct days *d, const struct sheet_input *input, struct err *e);
void days_finish(struct days *d); /* accepts a zeroed struct */

/* Of a day in [low, high]. */
int64_t days_start_min(struct days *d, int32_t day);
/* The day in [low, high) on which an instant lies; the nearest one for an instant outside. */
int32_t days_of(struct days *d, int64_t min);

bool days_is_in_period(const struct days *d, int32_t day);
/* In the period, or of a closed day where that counts. */
bool days_is_wanted(const struct days *d, int32_t day, bool may_be_late);

/* Whole minutes: seconds are cut. */
int64_t days_floor_min(int64_t ms);

#define DAYS_SPAN_LEN 30 /* "09:00-24:00", "02:30 CEST to 02:30 CET" */
/* On the wall; an end at midnight is 24:00.  Where the clock is changed in between, the zone's names for both
 * times tell which is meant. */
void days_format_span(const struct days *d, int64_t start_min, int64_t end_min,
                      char ret_text[DAYS_SPAN_LEN + 1]);

#endif
