#include "graph/xero.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "graph/later.h"
#include "graph/oauth.h"
#include "graph/origin.h"
#include "graph/retry.h"
#include "graph/token_request.h"
#include "graph/xero_fault.h"

const char xero_scopes[] = "accounting.transactions accounting.attachments accounting.contacts";

/* A call waits for a token, then for its answer, then (where it was refused before it was sent) for its end.
 */
struct xero_call {
    struct list link; /* in waiting, asking or ended */
    struct xero *xero;
    struct xero_request with; /* the texts are ours */
    char *url;
    bool is_replayed; /* the 401 was answered with a fresh token already */
    struct http_call *http;
    struct err err;
    xero_call_done done;
    void *arg;
};

struct xero {
    uv_loop_t *loop;
    const struct clock *clock;
    struct graph_limits limits;
    struct http *http;
    struct origin *origin;
    char *base_url;
    char *tenant_id;
    struct token_end_point end_point;
    struct token_request request;
    struct secret *access; /* NULL: none */
    int64_t use_until_ms;
    struct list waiting;
    struct list asking;
    struct list ended;
    struct later *later;
    struct later_task deliver;
    bool is_closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void call_destroy(struct xero_call *call)
{
    free((char *)call->with.path);
    free((char *)call->with.what);
    free((char *)call->with.key);
    free(call->url);
    free(call);
}

static void end(struct xero_call *call, const struct err *e, struct http_reply *reply)
{
    list_remove(&call->link);
    call->done(call->arg, e, reply);
    call_destroy(call);
}

/* From the loop, later. */
static void fail(struct xero_call *call)
{
    list_remove(&call->link);
    list_append(&call->xero->ended, &call->link);
    later_call(call->xero->later, &call->xero->deliver);
}

/* ---- the end ---- */

static void xero_free(struct xero *x)
{
    secret_destroy(x->access);
    origin_destroy(x->origin);
    free(x->base_url);
    free(x->tenant_id);
    free(x->end_point.url);
    free(x->end_point.client_id);
    free(x->end_point.secret_file);
    free(x->end_point.app_scope);
    free(x);
}

static void on_http_closed(void *arg)
{
    struct xero *x = arg;
    void (*closed)(void *arg) = x->closed;
    void *closed_arg = x->closed_arg;
    later_drop(&x->deliver);
    later_destroy(x->later);
    xero_free(x);
    if (closed) {
        closed(closed_arg);
    }
}

static void deliver(void *arg)
{
    struct xero *x = arg;
    struct list *item;
    while (!list_is_empty(&x->ended)) {
        item = x->ended.next;
        struct xero_call *call = CONTAINER_OF(item, struct xero_call, link);
        end(call, &call->err, NULL);
    }
    bool is_idle = list_is_empty(&x->waiting) && list_is_empty(&x->asking) && !x->request.call;
    if (x->is_closing && is_idle && x->http) {
        struct http *http = x->http;
        x->http = NULL;
        http_close(http, on_http_closed, x);
    }
}

/* ---- token ---- */

static void send_call(struct xero_call *call);

static void on_token(void *arg, const struct err *e, struct token_reply *reply)
{
    struct xero *x = arg;
    struct list *item;
    if (!e) {
        int64_t now_ms = clock_wall_ms(x->clock);
        secret_destroy(x->access);
        x->access = reply->access_token;
        reply->access_token = NULL;
        x->use_until_ms = oauth_use_until_ms(now_ms, reply->expires_in_s, x->end_point.client_id);
    }
    while ((item = list_pop(&x->waiting))) {
        struct xero_call *call = CONTAINER_OF(item, struct xero_call, link);
        if (e) {
            call->err = *e;
            list_append(&x->ended, &call->link);
        } else {
            send_call(call);
        }
    }
    later_call(x->later, &x->deliver);
}

/* Whoever waits is told by on_token. */
static void fetch_token(struct xero *x)
{
    struct err e = {0};
    if (x->request.call) {
        return;
    }
    if (token_request_start(&x->request, &x->end_point, "", NULL, on_token, x, &e) < 0) {
        on_token(x, &e, NULL);
    }
}

static void get_token(struct xero_call *call)
{
    struct xero *x = call->xero;
    list_remove(&call->link);
    if (x->access && x->use_until_ms > clock_wall_ms(x->clock)) {
        send_call(call);
    } else {
        list_append(&x->waiting, &call->link);
        fetch_token(x);
    }
}

/* ---- one call ---- */

static void on_reply(void *arg, const struct err *e, struct http_reply *reply)
{
    struct xero_call *call = arg;
    struct xero *x = call->xero;
    call->http = NULL;
    if (e) {
        call->err = *e;
        (void)err_prefix(&call->err, "%s", call->with.what);
        end(call, &call->err, NULL);
    } else if (reply->status == 200 || reply->status == 201 || reply->status == 204) {
        end(call, NULL, reply);
    } else if (reply->status == 401 && !call->is_replayed && !x->is_closing) {
        call->is_replayed = true;
        x->use_until_ms = INT64_MIN;
        get_token(call);
    } else {
        int64_t retry_after_ms = 0;
        if (!retry_after_parse(reply->retry_after, clock_wall_ms(x->clock), &x->limits, &retry_after_ms)) {
            retry_after_ms = 0;
        }
        xero_fault_from_reply(&call->err, call->with.what, reply, retry_after_ms);
        end(call, &call->err, NULL);
    }
    if (x->is_closing) {
        later_call(x->later, &x->deliver);
    }
}

static void send_call(struct xero_call *call)
{
    struct xero *x = call->xero;
    char tenant[160], key[160];
    const char *headers[4] = {"Accept: application/json"};
    size_t n = 1;
    if (*x->tenant_id) {
        snprintf(tenant, sizeof tenant, "Xero-tenant-id: %s", x->tenant_id);
        headers[n++] = tenant;
    }
    if (call->with.key) {
        snprintf(key, sizeof key, "Idempotency-Key: %s", call->with.key);
        headers[n++] = key;
    }
    struct http_request request = {.url = call->url,
                                   .headers = headers,
                                   .method = call->with.method,
                                   .bearer = x->access,
                                   .bytes = call->with.bytes,
                                   .bytes_len = call->with.bytes_len,
                                   .content_type = call->with.content_type,
                                   .max_body = x->limits.small_bytes};
    list_remove(&call->link);
    list_append(&x->asking, &call->link);
    call->http = http_start(x->http, &request, on_reply, call);
}

struct xero_call *xero_call_start(struct xero *x, const struct xero_request *request, xero_call_done done,
                                  void *arg)
{
    struct xero_call *call = mem_calloc(1, sizeof *call);
    *call = (struct xero_call){.xero = x, .with = *request, .done = done, .arg = arg};
    call->with.path = mem_strdup(request->path);
    call->with.what = mem_strdup(request->what);
    call->with.key = mem_strdup(request->key);
    call->url = mem_printf("%s%s", x->base_url, request->path);
    list_init(&call->link);
    if (x->is_closing) {
        err_set(&call->err, ERR_CANCELLED, 0, "%s: given up because the connection is closed",
                call->with.what);
        fail(call);
    } else if (origin_check(x->origin, call->url, &call->err) < 0) {
        (void)err_prefix(&call->err, "%s", call->with.what);
        fail(call);
    } else {
        get_token(call);
    }
    return call;
}

void xero_call_cancel(struct xero_call *call)
{
    if (call->http) {
        http_cancel(call->http); /* on_reply follows, with ERR_CANCELLED */
        return;
    }
    err_set(&call->err, ERR_CANCELLED, 0, "%s: given up", call->with.what);
    fail(call);
}

/* ---- the whole ---- */

int xero_create(uv_loop_t *loop, const struct clock *clock, const struct settings *settings,
                const struct graph_limits *limits, struct xero **ret_xero, struct err *e)
{
    struct xero *x = mem_calloc(1, sizeof *x);
    x->loop = loop;
    x->clock = clock;
    x->limits = limits ? *limits : graph_limits_default;
    x->base_url = mem_strdup(settings->xero_base_url);
    x->tenant_id = mem_strdup(settings->xero_tenant_id);
    int r = origin_create(settings->xero_base_url, &x->origin, e);
    if (r == 0) {
        r = http_create(loop, settings->graph_ca_file, &x->limits, &x->http, e);
    }
    if (r < 0) {
        xero_free(x);
        return r;
    }
    x->end_point = (struct token_end_point){.http = x->http,
                                            .clock = clock,
                                            .limits = &x->limits,
                                            .url = mem_strdup(settings->xero_identity_url),
                                            .client_id = mem_strdup(settings->xero_client_id),
                                            .secret_file = mem_strdup(settings->xero_secret_file),
                                            .app_scope = mem_strdup(xero_scopes),
                                            .is_xero = true};
    list_init(&x->waiting);
    list_init(&x->asking);
    list_init(&x->ended);
    x->later = later_create(loop);
    later_task_init(&x->deliver, deliver, x);
    *ret_xero = x;
    return 0;
}

void xero_close(struct xero *x, void (*closed)(void *arg), void *arg)
{
    if (!x) {
        if (closed) {
            closed(arg);
        }
        return;
    }
    x->is_closing = true;
    x->closed = closed;
    x->closed_arg = arg;
    token_request_cancel(&x->request); /* on_token follows, for those who wait */
    LIST_FOREACH (item, &x->asking) {
        http_cancel(CONTAINER_OF(item, struct xero_call, link)->http);
    }
    later_call(x->later, &x->deliver);
}

uv_loop_t *xero_loop(const struct xero *x)
{
    return x->loop;
}
