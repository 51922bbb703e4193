#include "graph/retry.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

/* "120" or "2.128".  A wait is never cut short, so a fraction counts as a whole second. */
static bool parse_seconds(const char *text, int64_t max_s, int64_t *ret_s)
{
    int64_t s = 0;
    const char *p = text;
    if (!isdigit((unsigned char)*p)) {
        return false;
    }
    for (; isdigit((unsigned char)*p); p++) {
        s = s * 10 + (*p - '0');
        s = s > max_s ? max_s : s; /* however many digits follow */
    }
    bool has_fraction = false;
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p); p++) {
            has_fraction = has_fraction || *p != '0';
        }
    }
    *ret_s = s + (has_fraction ? 1 : 0);
    return *p == '\0';
}

/* curl_getdate reads nearly anything as a date ("5 may"), so only what begins like an HTTP date gets there.
 */
static bool parse_date(const char *text, int64_t *ret_ms)
{
    const char *comma = strchr(text, ',');
    if (!isalpha((unsigned char)*text) || (!comma && strlen(text) < 24)) {
        return false;
    }
    time_t t = curl_getdate(text, NULL);
    *ret_ms = (int64_t)t * 1000;
    return t != -1;
}

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

bool retry_after_parse(const char *text, int64_t now_ms, const struct graph_limits *limits, int64_t *ret_ms)
{
    int64_t s, date_ms;
    if (!text) {
        return false;
    }
    if (parse_seconds(text, INT32_MAX, &s)) {
        *ret_ms = clamp(s * 1000, limits->retry_after_min_ms, limits->retry_after_max_ms);
        return true;
    }
    if (parse_date(text, &date_ms)) {
        *ret_ms = clamp(date_ms - now_ms, limits->retry_after_min_ms, limits->retry_after_max_ms);
        return true;
    }
    return false;
}

int64_t retry_backoff_ms(const struct graph_limits *limits, int tries_done, uint64_t random)
{
    int64_t ceiling = limits->backoff_base_ms;
    for (int i = 1; i < tries_done && ceiling < limits->backoff_cap_ms; i++) {
        ceiling *= 2;
    }
    ceiling = clamp(ceiling, 0, limits->backoff_cap_ms);
    return (int64_t)(random % ((uint64_t)ceiling + 1));
}

bool retry_may(const struct graph_limits *limits, int tries_done, int64_t elapsed_ms, int64_t delay_ms)
{
    return tries_done < limits->attempts && elapsed_ms + delay_ms < limits->total_ms;
}

bool retry_is_worth(int code)
{
    return code == ERR_THROTTLED || code == ERR_SERVER || code == ERR_BUSY || code == ERR_NET ||
           code == ERR_TIMEOUT || code == ERR_PROTOCOL;
}
