/* page - the body of a calendarView answer, turned into model events.
 *
 * Pure: no I/O, no clock; runs on libuv's pool, several pages at once.  The text is walked once and never
 * becomes a tree: an event's members are read from where they stand, so that a page costs its body and about
 * a quarter more (as a cJSON tree it would cost four times its body beside it).  What one event gets wrong is
 * that event's matter (struct event_reject); what makes the page unreadable, or leaves doubt whether it is
 * complete, is ERR_PROTOCOL.  What Graph sends: docs/GRAPH.md. */
#ifndef GRAPH_PAGE_H
#define GRAPH_PAGE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/tz.h"
#include "graph/page_replies.h"
#include "model/event.h"

/* More elements than this is not a page ($top is at most 1000). */
#define PAGE_ELEMENTS_MAX 10000

/* All borrowed; assumed_zone belongs to the configuration and is the zone of times whose own zone nobody
 * knows (NULL: UTC). */
struct page_context {
    const struct tz *assumed_zone;
    struct tz_cache *zones;
};

/* Takes body (from malloc, `len` bytes and a NUL behind them), on error too.  The page's request_id is "" and
 * filled by the caller.  ERR_PROTOCOL with a sentence: not JSON, HTML, truncated, no "value" array … */
MUST_CHECK int page_parse(char *body, size_t len, const struct page_context *ctx,
                          struct event_page **ret_page, struct err *e);

#endif
