/* bind_graph - calendar_port (scheduler/ports.h) on graph/.
 *
 * A run has one session from its first call to its last, on the graph that was current when it began.  When
 * the configuration is read again a new graph takes the place of the old one: runs that begin or resume
 * afterwards use the new one, those under way finish on theirs, which is closed when its last session has
 * gone. Loop thread only. */
#ifndef DAEMON_BIND_GRAPH_H
#define DAEMON_BIND_GRAPH_H

#include "base/attr.h"
#include "base/tz.h"
#include "graph/graph.h"
#include "scheduler/ports.h"

struct bind_graph;

/* Takes the graph, borrows the rest. */
MUST_CHECK struct bind_graph *bind_graph_create(uv_loop_t *loop, struct graph *graph, struct tz_cache *zones);

/* Takes the graph, unless it fails.  ERR_BUSY while BIND_GRAPH_OLD_MAX older ones are still in use: each has
 * its connections and its trust anchors in memory. */
#define BIND_GRAPH_OLD_MAX 3
MUST_CHECK int bind_graph_replace(struct bind_graph *b, struct graph *graph, struct err *e);

/* No run may be under way.  closed(arg) comes when readers and graphs are gone and the memory with them. */
void bind_graph_close(struct bind_graph *b, void (*closed)(void *arg), void *arg);

const struct calendar_port *bind_graph_port(struct bind_graph *b);

/* The current graph, borrowed until the next bind_graph_replace or bind_graph_close. */
struct graph *bind_graph_current(const struct bind_graph *b);

#endif
