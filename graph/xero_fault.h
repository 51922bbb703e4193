/* xero_fault - what an answer of Xero that is no success means (docs/GRAPH.md, "Xero").  Decides on the
 * status; of the body only the name of the kind of error is kept.  Pure. */
#ifndef GRAPH_XERO_FAULT_H
#define GRAPH_XERO_FAULT_H

#include <stdint.h>

#include "base/err.h"
#include "graph/http.h"

int xero_fault_from_reply(struct err *e, const char *what, const struct http_reply *reply,
                          int64_t retry_after_ms);

#endif
