#include "graph/graph.h"

#include <stdlib.h>

#include "base/mem.h"
#include "graph/origin.h"

struct graph {
    struct graph_limits limits;
    struct origin *origin;
    struct http *http;
    struct signin *signin;
    struct graph_client *client;
    struct signin_config config; /* the strings are ours, graph_host is the origin's */
    void (*closed)(void *arg);
    void *closed_arg;
};

static void graph_free(struct graph *g)
{
    origin_destroy(g->origin);
    free((char *)g->config.authority);
    free((char *)g->config.tenant);
    free((char *)g->config.client_id);
    free((char *)g->config.secret_file);
    free(g);
}

static void wire(struct graph *g, uv_loop_t *loop, const struct clock *clock, const char *base_url,
                 const struct token_store *store)
{
    struct client_config config = {.loop = loop,
                                   .clock = clock,
                                   .http = g->http,
                                   .origin = g->origin,
                                   .base_url = base_url,
                                   .limits = &g->limits};
    g->signin = config.signin = signin_create(loop, g->http, clock, &g->config, store, &g->limits);
    g->client = client_create(&config);
}

int graph_create(uv_loop_t *loop, const struct clock *clock, const struct settings *settings,
                 const struct token_store *store, const struct graph_limits *limits, struct graph **ret_graph,
                 struct err *e)
{
    struct graph *g = mem_calloc(1, sizeof *g);
    g->limits = limits ? *limits : graph_limits_default;
    g->limits.max_requests = (int)settings->graph_max_requests;
    int r = origin_create(settings->graph_base_url, &g->origin, e);
    if (r == 0) {
        r = http_create(loop, settings->graph_ca_file, &g->limits, &g->http, e);
    }
    if (r < 0) {
        graph_free(g);
        return r;
    }
    g->config =
        (struct signin_config){.authority = mem_strdup(settings->graph_authority),
                               .tenant = mem_strdup(settings->graph_tenant),
                               .client_id = mem_strdup(settings->graph_client_id),
                               .secret_file = mem_strdup(settings->graph_secret_file),
                               .graph_host = origin_host(g->origin),
                               .wants_files = settings->onedrive_folder && *settings->onedrive_folder};
    wire(g, loop, clock, settings->graph_base_url, store);
    *ret_graph = g;
    return 0;
}

static void http_is_closed(void *arg)
{
    struct graph *g = arg;
    void (*closed)(void *arg) = g->closed;
    void *closed_arg = g->closed_arg;
    graph_free(g);
    if (closed) {
        closed(closed_arg);
    }
}

static void signin_is_closed(void *arg)
{
    struct graph *g = arg;
    http_close(g->http, http_is_closed, g);
}

static void client_is_closed(void *arg)
{
    struct graph *g = arg;
    signin_close(g->signin, signin_is_closed, g);
}

/* From the top down: each layer may still need the one below to end what it began. */
void graph_close(struct graph *g, void (*closed)(void *arg), void *arg)
{
    if (!g) {
        if (closed) {
            closed(arg);
        }
        return;
    }
    g->closed = closed;
    g->closed_arg = arg;
    client_close(g->client, client_is_closed, g);
}

struct graph_client *graph_client_of(const struct graph *g)
{
    return g->client;
}

struct signin *graph_signin_of(const struct graph *g)
{
    return g->signin;
}

struct http *graph_http_of(const struct graph *g)
{
    return g->http;
}

const struct signin_config *graph_signin_config(const struct graph *g)
{
    return &g->config;
}

const struct graph_limits *graph_limits_of(const struct graph *g)
{
    return &g->limits;
}
