#include "model/window.h"

struct window window_make(const struct tz *zone, int32_t from_day, int32_t to_day)
{
    return (struct window){
        .from_day = from_day,
        .to_day = to_day,
        .from_ms = tz_day_start(zone, from_day),
        .to_ms = tz_day_start(zone, to_day),
    };
}

bool window_has_span(const struct window *w, int64_t start_ms, int64_t end_ms)
{
    if (start_ms == end_ms) {
        return start_ms >= w->from_ms && start_ms < w->to_ms;
    }
    return start_ms < w->to_ms && end_ms > w->from_ms;
}

bool window_has_days(const struct window *w, int32_t start_day, int32_t end_day)
{
    return start_day < w->to_day && end_day > w->from_day;
}
