/* window - a half-open range of local days, and what lies in it.  Pure; any thread. */
#ifndef MODEL_WINDOW_H
#define MODEL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tz.h"

struct window {
    int32_t from_day; /* first local day in it */
    int32_t to_day;   /* first local day after it */
    int64_t from_ms;  /* the first instant of each, in the configuration's zone */
    int64_t to_ms;
};

/* Precondition: from_day < to_day. */
struct window window_make(const struct tz *zone, int32_t from_day, int32_t to_day);

/* A timed event is in it if it overlaps it; one of no length if it starts in it. */
bool window_has_span(const struct window *w, int64_t start_ms, int64_t end_ms);

/* An all-day event is in it if its dates do (end exclusive).  No zone is involved. */
bool window_has_days(const struct window *w, int32_t start_day, int32_t end_day);

#endif
