#include "cli/remote.h"

#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/tokens.h"

struct remote {
    uv_loop_t loop;
    struct tokens *tokens;
    struct graph *graph;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    void (*interrupted)(void *arg);
    void *interrupted_arg;
};

static void on_signal(uv_signal_t *handle, int number UNUSED)
{
    struct remote *r = handle->data;
    if (r->interrupted) {
        r->interrupted(r->interrupted_arg);
        r->interrupted = NULL;
    }
}

static void watch(struct remote *r, uv_signal_t *handle, int number)
{
    uv_signal_init(&r->loop, handle);
    handle->data = r;
    uv_signal_start(handle, on_signal, number);
}

static void give_up(struct remote *r)
{
    tokens_destroy(r->tokens);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
    free(r);
}

int remote_open(const struct settings *settings, struct db *db, int64_t user_id, struct secret *candidate,
                struct remote **ret_remote, struct err *e)
{
    struct remote *r = mem_calloc(1, sizeof *r);
    signal(SIGPIPE, SIG_IGN); /* a connection that the other side has closed */
    if (uv_loop_init(&r->loop) < 0) {
        free(r);
        secret_destroy(candidate);
        return err_set(e, ERR_IO, 0, "no event loop from the kernel");
    }
    r->tokens = tokens_create(&r->loop, db, user_id, candidate);
    int result = graph_create(&r->loop, &clock_real, settings, tokens_port(r->tokens), NULL, &r->graph, e);
    if (result < 0) {
        give_up(r);
        return result;
    }
    watch(r, &r->interrupt, SIGINT);
    watch(r, &r->terminate, SIGTERM);
    *ret_remote = r;
    return 0;
}

struct graph *remote_graph(const struct remote *r)
{
    return r->graph;
}

uv_loop_t *remote_loop(struct remote *r)
{
    return &r->loop;
}

void remote_on_interrupt(struct remote *r, void (*interrupted)(void *arg), void *arg)
{
    r->interrupted = interrupted;
    r->interrupted_arg = arg;
}

void remote_run(struct remote *r)
{
    uv_run(&r->loop, UV_RUN_DEFAULT);
}

static void on_closed(void *arg)
{
    struct remote *r = arg;
    tokens_destroy(r->tokens);
    r->tokens = NULL;
}

void remote_leave(struct remote *r)
{
    r->interrupted = NULL;
    uv_close((uv_handle_t *)&r->interrupt, NULL);
    uv_close((uv_handle_t *)&r->terminate, NULL);
    graph_close(r->graph, on_closed, r);
}

void remote_close(struct remote *r)
{
    if (r) {
        uv_loop_close(&r->loop);
        free(r);
    }
}
