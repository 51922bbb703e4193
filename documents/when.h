/* when - days and times of a sheet as its documents show them: on the wall of its zone.  Pure; any thread. */
#ifndef DOCUMENTS_WHEN_H
#define DOCUMENTS_WHEN_H

#include <stdint.h>

#include "base/tz.h"

/* Minutes on the wall since midnight of `day`: the end of a day is 1440, not 0 of the next. */
int32_t when_wall_minute(const struct tz *zone, int32_t day, int64_t at_min);

#define WHEN_CLOCK_LEN 5 /* "09:30", "24:00" */
void when_format_clock(int32_t wall_minute, char ret_text[WHEN_CLOCK_LEN + 1]);

#define WHEN_ISO_LEN 25 /* "2026-03-29T09:30:00+02:00" */
void when_format_iso(const struct tz *zone, int64_t at_min, char ret_text[WHEN_ISO_LEN + 1]);

/* ISO 8601: the week that the Monday belongs to, 1 … 53, and its year. */
int when_iso_week(int32_t monday, int *ret_year);
int32_t when_monday(int32_t day);

#endif
