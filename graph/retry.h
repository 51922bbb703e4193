/* retry - how long to wait before a request is tried again, and when to stop.  Pure; any thread.
 *
 * Graph says Retry-After on 429 and often on 503; it is documented in seconds but seen as "2.128", and HTTP
 * allows a date (docs/GRAPH.md).  Where it says nothing the wait is drawn from [0, base * 2^n], capped ("full
 * jitter"), so that many mailboxes that failed together do not come back together. */
#ifndef GRAPH_RETRY_H
#define GRAPH_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "graph/limits.h"

/* Reads a Retry-After value at time now_ms (wall clock; for the date form).  Decimal seconds are rounded up
 * to a millisecond, the result moved into the limits' range; a date that has passed gives the minimum. False,
 * with *ret_ms untouched, for NULL, "" and anything that is neither form. */
MUST_CHECK bool retry_after_parse(const char *text, int64_t now_ms, const struct graph_limits *limits,
                                  int64_t *ret_ms);

/* The wait before try number `tries_done + 1`; `random` is any 64 random bits. */
int64_t retry_backoff_ms(const struct graph_limits *limits, int tries_done, uint64_t random);

/* Whether a call that has been tried tries_done times and began elapsed_ms ago may wait delay_ms and try once
 * more. */
bool retry_may(const struct graph_limits *limits, int tries_done, int64_t elapsed_ms, int64_t delay_ms);

/* Whether an error (ERR_…) of a GET or of a token request is worth another try at all. */
bool retry_is_worth(int code);

#endif
