/* limits - every number graph/ waits or stops by, in one place, so that tests can make them tiny.  Plain
 * values; copied by whoever is given them.  Times are milliseconds. */
#ifndef GRAPH_LIMITS_H
#define GRAPH_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct graph_limits {
    /* One HTTP request. */
    int64_t connect_ms; /* TCP and TLS together */
    int64_t request_ms; /* from first byte sent to last byte received */
    int64_t stall_s;    /* this long below a byte a second ends it (libcurl counts seconds here) */
    size_t page_bytes;  /* of a calendar page, unpacked */
    size_t small_bytes; /* of everything else: token answers, calendar lists, error bodies */

    /* One call, which may be several requests (graph/retry.h). */
    int attempts;     /* tries in all, without the one repetition after a 401 */
    int64_t total_ms; /* from its first try on; waiting included */
    int64_t
        backoff_base_ms; /* the first wait is up to this long, each later one up to twice the one before */
    int64_t backoff_cap_ms;
    int64_t retry_after_min_ms; /* what Retry-After says is moved into this range */
    int64_t retry_after_max_ms;

    /* Admission. */
    int per_mailbox;  /* Graph refuses a fifth concurrent request to a mailbox (docs/GRAPH.md) */
    int max_requests; /* in flight in all */

    /* Paging. */
    int page_size;       /* $top, 1…1000 */
    int max_pages;       /* of one window */
    int max_list_pages;  /* of a list of calendars */
    int max_window_days; /* Graph's own limit, the day more on each side included */

    /* Uploads to OneDrive. */
    size_t drive_small_bytes; /* in one request up to here; above in pieces */
    size_t drive_piece_bytes; /* a multiple of 320 KiB, as Graph asks (docs/GRAPH.md) */
    int drive_sessions;       /* begun for one file before it is given up */

    int64_t device_second_ms; /* how long a second of the device code's poll interval is */
};

/* What the service runs with. */
extern const struct graph_limits graph_limits_default;

#endif
