/* graph - Microsoft Graph, wired: transport, sign-in and client made from the settings.  Loop thread only. */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include <uv.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "graph/client.h"
#include "graph/http.h"
#include "graph/limits.h"
#include "graph/signin.h"
#include "model/settings.h"

struct graph;

/* The loop and the clock are borrowed until closed, settings only for the call, the store struct is copied.
 * limits NULL: the default ones; max_requests comes from the settings.  ERR_CONFIG, ERR_IO. */
MUST_CHECK int graph_create(uv_loop_t *loop, const struct clock *clock, const struct settings *settings,
                            const struct token_store *store, const struct graph_limits *limits,
                            struct graph **ret_graph, struct err *e);

/* What is under way ends with ERR_CANCELLED; then closed(arg) from the loop, and the memory is gone.  View
 * readers are closed before.  Run the loop until it has nothing left before uv_loop_close.  Accepts NULL
 * (closed is called at once, from inside). */
void graph_close(struct graph *g, void (*closed)(void *arg), void *arg);

struct graph_client *graph_client_of(const struct graph *g);
struct signin *graph_signin_of(const struct graph *g);
struct http *graph_http_of(const struct graph *g);
/* For device_code_start; borrowed. */
const struct signin_config *graph_signin_config(const struct graph *g);
const struct graph_limits *graph_limits_of(const struct graph *g);

#endif
