/* origin - the wall in front of the bearer token: whether an absolute URL lies on the configured Graph
 * server.
 *
 * Graph hands out URLs (nextLink) and the client must follow them as they are, so what they say is input from
 * outside.  A URL is accepted when scheme, host and port are the base URL's, after libcurl's own URL parser
 * has read it (the same code that will connect, so there is no second opinion about what the host is).
 * Refused besides: user information, control characters, blanks, backslashes, non-ASCII, a fragment.  Pure;
 * any thread. */
#ifndef GRAPH_ORIGIN_H
#define GRAPH_ORIGIN_H

#include "base/attr.h"
#include "base/err.h"

struct origin;

/* From the configured base URL.  ERR_CONFIG. */
MUST_CHECK int origin_create(const char *base_url, struct origin **ret_origin, struct err *e);
void origin_destroy(struct origin *o); /* accepts NULL */

/* The host alone ("graph.microsoft.com"), borrowed. */
const char *origin_host(const struct origin *o);

/* 0, or ERR_ORIGIN with a message that names the foreign host. */
MUST_CHECK int origin_check(const struct origin *o, const char *url, struct err *e);

/* The host of a URL for a message ("?" where it has none that can be printed), cut to fit. */
#define ORIGIN_HOST_MAX 128
void origin_host_of(const char *url, char ret_host[ORIGIN_HOST_MAX]);

/* Whether the URL may be used at all: https, or http to 127.0.0.0/8, [::1] or localhost.  ERR_ORIGIN. */
MUST_CHECK int origin_check_scheme(const char *url, struct err *e);

#endif
