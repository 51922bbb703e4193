#include "graph/http.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "graph/fault.h"
#include "graph/http_call.h"
#include "graph/http_multi.h"
#include "graph/later.h"
#include "graph/origin.h"

struct http {
    uv_loop_t *loop;
    struct graph_limits limits;
    char *ca_file;            /* NULL: none */
    struct http_multi *multi; /* NULL: libcurl can not make one; every call fails */
    int n_closing;            /* multis that are on their way out */
    struct list waiting;      /* set up, not yet in the multi */
    struct list active;
    struct list finished; /* have an outcome, not delivered yet */
    struct later *later;
    struct later_task deliver;
    struct later_task begin;
    bool is_closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* A connection takes libcurl a tenth of a millisecond or two, the wiping of a finished call as long.  When
 * two hundred begin or end at once they do so over several turns of the loop, so that it is never busy for
 * long. */
#define PER_TURN 8

static void finish(struct http_call *call)
{
    list_remove(&call->link);
    list_append(&call->http->finished, &call->link);
    later_call(call->http->later, &call->http->deliver);
}

static void on_done(void *arg UNUSED, CURL *easy, CURLcode result)
{
    struct http_call *call = http_call_of(easy);
    call->is_in_multi = false;
    http_call_conclude(call, result);
    finish(call);
}

static void free_if_closed(struct http *h)
{
    if (!h->is_closing || h->n_closing > 0 || !list_is_empty(&h->finished)) {
        return;
    }
    void (*closed)(void *arg) = h->closed;
    void *arg = h->closed_arg;
    later_drop(&h->deliver);
    later_drop(&h->begin);
    later_destroy(h->later);
    free(h->ca_file);
    free(h);
    curl_global_cleanup();
    if (closed) {
        closed(arg);
    }
}

static void on_multi_closed(void *arg)
{
    struct http *h = arg;
    h->n_closing--;
    free_if_closed(h);
}

/* Gives every call under way the same end. */
static void fail_all(struct http *h, int code, const char *text)
{
    list_move_all(&h->active, &h->waiting);
    LIST_FOREACH (item, &h->active) {
        struct http_call *call = CONTAINER_OF(item, struct http_call, link);
        if (call->is_in_multi) {
            http_multi_remove(h->multi, call->easy);
        }
        call->is_in_multi = call->is_waiting = false;
        err_set(&call->err, code, 0, "host %s: %s", call->host, text);
        finish(call);
    }
}

static void close_multi(struct http *h)
{
    if (h->multi) {
        h->n_closing++;
        http_multi_close(h->multi, on_multi_closed, h);
        h->multi = NULL;
    }
}

static void on_broken(void *arg);

static void make_multi(struct http *h)
{
    struct http_multi_events events = {on_done, on_broken, h};
    h->multi = http_multi_create(h->loop, h->limits.max_requests, &events);
}

static void on_broken(void *arg)
{
    struct http *h = arg;
    fail_all(h, ERR_NET, "the transport had to be started anew");
    close_multi(h);
    make_multi(h);
}

static void begin_some(void *arg)
{
    struct http *h = arg;
    struct list *item = NULL;
    for (int n = 0; n < PER_TURN && (item = list_pop(&h->waiting)); n++) {
        struct http_call *call = CONTAINER_OF(item, struct http_call, link);
        call->is_waiting = false;
        list_append(&h->active, &call->link);
        if (!h->multi || http_multi_add(h->multi, call->easy) != CURLM_OK) {
            http_call_conclude(call, CURLE_FAILED_INIT);
            finish(call);
        } else {
            call->is_in_multi = true;
        }
    }
    if (!list_is_empty(&h->waiting)) {
        later_call(h->later, &h->begin);
    }
}

static void deliver(void *arg)
{
    struct http *h = arg;
    struct list *item;
    for (int n = 0; n < PER_TURN && (item = list_pop(&h->finished)); n++) {
        struct http_call *call = CONTAINER_OF(item, struct http_call, link);
        bool ok = call->err.code == 0;
        call->done(call->arg, ok ? NULL : &call->err, ok ? &call->reply : NULL);
        http_call_destroy(call);
    }
    if (!list_is_empty(&h->finished)) {
        later_call(h->later, &h->deliver);
    }
    free_if_closed(h);
}

static int check_ca_file(const char *ca_file, struct err *e)
{
    if (ca_file && *ca_file && access(ca_file, R_OK) != 0) {
        return err_set(e, ERR_CONFIG, 0, "[graph] ca_file \"%.160s\" can not be read", ca_file);
    }
    return 0;
}

int http_create(uv_loop_t *loop, const char *ca_file, const struct graph_limits *limits,
                struct http **ret_http, struct err *e)
{
    int r = check_ca_file(ca_file, e);
    if (r < 0) {
        return r;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return err_set(e, ERR_IO, 0, "libcurl does not start");
    }
    struct http *h = mem_calloc(1, sizeof *h);
    h->loop = loop;
    h->limits = *limits;
    h->ca_file = ca_file && *ca_file ? mem_strdup(ca_file) : NULL;
    list_init(&h->waiting);
    list_init(&h->active);
    list_init(&h->finished);
    make_multi(h);
    if (!h->multi) {
        free(h->ca_file);
        free(h);
        curl_global_cleanup();
        return err_set(e, ERR_IO, 0, "libcurl can not make a multi handle");
    }
    h->later = later_create(loop);
    later_task_init(&h->deliver, deliver, h);
    later_task_init(&h->begin, begin_some, h);
    *ret_http = h;
    return 0;
}

void http_close(struct http *h, void (*closed)(void *arg), void *arg)
{
    h->closed = closed;
    h->closed_arg = arg;
    h->is_closing = true;
    fail_all(h, ERR_CANCELLED, "given up because the program ends");
    LIST_FOREACH (item, &h->finished) {
        http_cancel(CONTAINER_OF(item, struct http_call, link));
    }
    close_multi(h);
    later_call(h->later, &h->deliver);
}

/* What keeps a call from starting at all. */
static int check_start(struct http_call *call, const char *url)
{
    if (call->http->is_closing) {
        return err_set(&call->err, ERR_CANCELLED, 0, "given up because the program ends");
    }
    if (!call->http->multi) {
        return err_set(&call->err, ERR_IO, 0, "libcurl can not make a multi handle");
    }
    return origin_check_scheme(url, &call->err);
}

struct http_call *http_start(struct http *h, const struct http_request *request, http_done done, void *arg)
{
    struct http_call *call = http_call_create(request);
    call->http = h;
    call->done = done;
    call->arg = arg;
    list_append(&h->active, &call->link);
    if (check_start(call, request->url) < 0) {
        finish(call);
        return call;
    }
    CURLcode code = http_call_set_up(call, request, &h->limits, h->ca_file);
    if (code != CURLE_OK) {
        http_call_conclude(call, code);
        finish(call);
        return call;
    }
    list_remove(&call->link);
    list_append(&h->waiting, &call->link);
    call->is_waiting = true;
    later_call(h->later, &h->begin);
    return call;
}

void http_cancel(struct http_call *call)
{
    if (call->is_in_multi) {
        http_multi_remove(call->http->multi, call->easy);
        call->is_in_multi = false;
        finish(call);
    } else if (call->is_waiting) {
        call->is_waiting = false;
        finish(call);
    }
    err_set(&call->err, ERR_CANCELLED, 0, "host %s: given up", call->host);
}
