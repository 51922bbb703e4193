/* bind_graph - calendar_port (scheduler/ports.h) on graph/.  Loop thread only. */
#ifndef DAEMON_BIND_GRAPH_H
#define DAEMON_BIND_GRAPH_H

#include "base/attr.h"
#include "base/tz.h"
#include "graph/graph.h"
#include "scheduler/ports.h"

struct bind_graph;

/* Borrows all three. */
MUST_CHECK struct bind_graph *bind_graph_create(uv_loop_t *loop, struct graph *graph, struct tz_cache *zones);

/* No run may be under way.  closed(arg) comes when the readers are gone and the memory with them. */
void bind_graph_close(struct bind_graph *b, void (*closed)(void *arg), void *arg);

const struct calendar_port *bind_graph_port(struct bind_graph *b);

#endif
