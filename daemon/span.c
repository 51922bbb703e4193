#include "daemon/span.h"

#include <stdio.h>

#include "base/civil.h"

const char *span_text(int64_t ms, char ret_text[SPAN_MAX])
{
    long long whole = ms > 0 ? ms : 0;
    if (whole < MS_PER_SECOND) {
        snprintf(ret_text, SPAN_MAX, "%lld ms", whole);
    } else if (whole < 10 * MS_PER_SECOND) {
        snprintf(ret_text, SPAN_MAX, "%.1f s", (double)whole / 1000.0);
    } else if (whole < 2 * MS_PER_MINUTE) {
        snprintf(ret_text, SPAN_MAX, "%lld s", whole / (long long)MS_PER_SECOND);
    } else if (whole < 2 * MS_PER_HOUR) {
        snprintf(ret_text, SPAN_MAX, "%lld min", whole / (long long)MS_PER_MINUTE);
    } else if (whole < 2 * MS_PER_DAY) {
        snprintf(ret_text, SPAN_MAX, "%lld h", whole / (long long)MS_PER_HOUR);
    } else {
        snprintf(ret_text, SPAN_MAX, "%lld days", whole / (long long)MS_PER_DAY);
    }
    return ret_text;
}
