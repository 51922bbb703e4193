#include "graph/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "graph/client_queue.h"
#include "graph/escape.h"
#include "graph/fault.h"
#include "graph/later.h"
#include "graph/retry.h"

/*  QUEUED ──> TOKEN ──> ASKING ──> (done)        a slot of the mailbox is held in TOKEN and ASKING
 *    ^          ^  401 once │
 *    │          └───────────┤
 *    ├── Retry-After ───────┤    first in the queue again, the mailbox is blocked until then
 *    └── PAUSING <──────────┘    a wait of its own, then first in the queue again */
enum call_state { CALL_QUEUED, CALL_TOKEN, CALL_ASKING, CALL_PAUSING, CALL_ENDED };

struct client_call {
    struct queue_item item;
    struct graph_client *client;
    char *account;
    char *url;
    char *what;
    struct client_request with; /* what is to be sent; the texts above are ours */
    client_done done;
    void *arg;
    enum call_state state;
    int tries;
    int64_t began_ms; /* monotonic, of the first try */
    bool is_replayed; /* the 401 was answered with a fresh token already */
    bool is_fresh;    /* the next try opens a connection */
    uint64_t generation;
    struct signin_wait wait;
    struct http_call *http;
    struct alarm_clock *alarm;
    struct client_cost cost;
    struct err err;
    struct list link; /* in calls, then in ended */
};

struct graph_client {
    struct client_config config;
    struct graph_limits limits;
    char *base_url;
    struct client_queue *queue;
    struct later *later;
    struct later_task deliver;
    struct list calls;
    struct list ended; /* with an error that is told from the loop */
    bool is_closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void call_destroy(struct client_call *call)
{
    list_remove(&call->link);
    free(call->account);
    free(call->url);
    free(call->what);
    free(call);
}

static void free_if_closed(struct graph_client *c)
{
    if (!c->is_closing || !list_is_empty(&c->calls) || !list_is_empty(&c->ended)) {
        return;
    }
    void (*closed)(void *arg) = c->closed;
    void *arg = c->closed_arg;
    queue_destroy(c->queue);
    later_drop(&c->deliver);
    later_destroy(c->later);
    free(c->base_url);
    free(c);
    if (closed) {
        closed(arg);
    }
}

static void deliver(void *arg)
{
    struct graph_client *c = arg;
    for (struct list *item; (item = list_pop(&c->ended));) {
        struct client_call *call = CONTAINER_OF(item, struct client_call, link);
        call->done(call->arg, &call->err, NULL, &call->cost);
        call_destroy(call);
    }
    free_if_closed(c);
}

/* Out of the state it is in: slot, queue, timer, wait.  A request on the wire ends through its own done. */
static void leave(struct client_call *call)
{
    struct client_queue *q = call->client->queue;
    switch (call->state) {
    case CALL_QUEUED: break;
    case CALL_TOKEN:
        signin_cancel(&call->wait);
        queue_release(q, &call->item);
        break;
    case CALL_ASKING: queue_release(q, &call->item); break;
    case CALL_PAUSING: alarm_stop(call->alarm); break;
    case CALL_ENDED: return;
    }
    call->alarm = NULL;
    call->state = CALL_ENDED;
    queue_remove(q, &call->item);
}

/* call->err says why. */
static void fail(struct client_call *call)
{
    leave(call);
    list_remove(&call->link);
    list_append(&call->client->ended, &call->link);
    later_call(call->client->later, &call->client->deliver);
}

static void succeed(struct client_call *call, struct http_reply *reply)
{
    struct graph_client *c = call->client;
    leave(call);
    call->done(call->arg, NULL, reply, &call->cost);
    call_destroy(call);
    if (c->is_closing) {
        later_call(c->later, &c->deliver);
    }
}

static int64_t elapsed_ms(const struct client_call *call)
{
    return clock_mono_ms(call->client->config.clock) - call->began_ms;
}

static void wake(void *arg)
{
    struct client_call *call = arg;
    call->alarm = NULL;
    call->state = CALL_QUEUED;
    queue_add_first(call->client->queue, &call->item);
}

/* Waits and tries again, or gives up with call->err. */
static void recover(struct client_call *call)
{
    struct graph_client *c = call->client;
    uint64_t random;
    c->config.clock->random(c->config.clock, &random, sizeof random);
    int64_t asked_ms = call->err.retry_after_ms;
    int64_t delay_ms = asked_ms > 0 ? asked_ms : retry_backoff_ms(&c->limits, call->tries, random);
    bool is_for_all = asked_ms > 0 || call->err.code == ERR_THROTTLED;
    if (is_for_all) { /* also when this call gives up: the others must not ask earlier */
        queue_block(c->queue, &call->item, delay_ms);
    }
    if (!retry_is_worth(call->err.code) || !retry_may(&c->limits, call->tries, elapsed_ms(call), delay_ms)) {
        fail(call);
        return;
    }
    queue_release(c->queue, &call->item);
    if (is_for_all) {
        call->state = CALL_QUEUED;
        queue_add_first(c->queue, &call->item);
    } else {
        call->state = CALL_PAUSING;
        call->alarm = alarm_start(c->config.loop, delay_ms, wake, call);
    }
}

static void get_token(struct client_call *call);

static void on_unauthorized(struct client_call *call, const struct http_reply *reply)
{
    struct graph_client *c = call->client;
    if (!call->is_replayed && !reply->has_claims_challenge) {
        call->is_replayed = true;
        signin_reject(c->config.signin, call->account, call->generation);
        get_token(call);
        return;
    }
    if (call->with.spares_sign_in) {
        call->err.code = ERR_DENIED;
    } else if (signin_is_app(c->config.signin)) {
        call->err.code = ERR_APP; /* there is nobody who could sign in */
    } else {
        signin_mark(c->config.signin, call->account,
                    reply->has_claims_challenge ? "Graph asks for a new interactive sign-in"
                                                : "Graph refuses even a fresh token");
    }
    fail(call);
}

static void on_refusal(struct client_call *call, const struct http_reply *reply)
{
    struct graph_client *c = call->client;
    struct graph_error body;
    bool has_body = page_parse_error(buf_str(&reply->body), reply->body.len, &body) == 0;
    struct fault_reply fault = {.status = reply->status,
                                .what = call->what,
                                .account = signin_is_app(c->config.signin) ? NULL : call->account,
                                .request_id = reply->request_id,
                                .body = has_body ? &body : NULL,
                                .location = reply->location};
    if (!retry_after_parse(reply->retry_after, clock_wall_ms(c->config.clock), &c->limits,
                           &fault.retry_after_ms)) {
        fault.retry_after_ms = 0;
    }
    (void)fault_from_reply(&call->err, &fault);
    call->cost.throttled += call->err.code == ERR_THROTTLED || fault.retry_after_ms > 0;
    call->is_fresh = reply->status == 503;
    if (reply->status == 401) {
        on_unauthorized(call, reply);
        return;
    }
    call->is_replayed = false; /* the token was good this time */
    recover(call);
}

/* A 200 with a page for people in it comes from something between Graph and us. */
static bool is_json(const struct http_reply *reply)
{
    return *reply->content_type == '\0' || strcasestr(reply->content_type, "json") != NULL;
}

static bool is_success(const struct client_call *call, int status)
{
    return status == 200 || (call->with.method && (status == 201 || status == 202 || status == 204));
}

static void on_reply(void *arg, const struct err *e, struct http_reply *reply)
{
    struct client_call *call = arg;
    call->http = NULL;
    if (e) {
        call->err = *e;
        call->is_replayed = false;
        (void)err_prefix(&call->err, "%s", call->what);
        recover(call);
    } else if (!is_success(call, reply->status)) {
        on_refusal(call, reply);
    } else if (!is_json(reply)) {
        err_set(&call->err, ERR_PROTOCOL, 200, "%s: the answer is no JSON but %.60s", call->what,
                reply->content_type);
        recover(call);
    } else {
        succeed(call, reply);
    }
}

static int64_t request_ms(const struct client_call *call)
{
    int64_t left_ms = call->client->limits.total_ms - elapsed_ms(call);
    int64_t most_ms = call->client->limits.request_ms;
    return left_ms < 1 ? 1 : left_ms < most_ms ? left_ms : most_ms;
}

static void on_token(void *arg, const struct err *e, const struct signin_token *token)
{
    struct client_call *call = arg;
    struct graph_client *c = call->client;
    if (e) {
        call->err = *e;
        fail(call);
        return;
    }
    char id_header[64];
    char uuid[CLOCK_UUID_LEN + 1];
    clock_uuid(c->config.clock, uuid);
    snprintf(id_header, sizeof id_header, "client-request-id: %s", uuid);
    const char *const headers[] = {"Accept: application/json",
                                   "Prefer: IdType=\"ImmutableId\", outlook.timezone=\"UTC\"", id_header,
                                   NULL};
    struct http_request request = {.url = call->url,
                                   .headers = headers,
                                   .method = call->with.method,
                                   .bearer = token->access,
                                   .bytes = call->with.bytes,
                                   .bytes_len = call->with.bytes_len,
                                   .content_type = call->with.content_type,
                                   .is_secret = call->with.is_secret,
                                   .max_body = call->with.max_body,
                                   .timeout_ms = request_ms(call),
                                   .is_fresh = call->is_fresh};
    call->generation = token->generation;
    call->state = CALL_ASKING;
    call->tries += !call->is_replayed;
    call->cost.requests++;
    call->http = http_start(c->config.http, &request, on_reply, call);
}

static void get_token(struct client_call *call)
{
    call->state = CALL_TOKEN;
    signin_get(call->client->config.signin, call->account, &call->wait, on_token, call);
}

/* The queue gives the call a slot. */
static void on_turn(struct queue_item *item)
{
    struct client_call *call = CONTAINER_OF(item, struct client_call, item);
    if (call->tries == 0) {
        call->began_ms = clock_mono_ms(call->client->config.clock);
    }
    get_token(call);
}

struct graph_client *client_create(const struct client_config *config)
{
    struct graph_client *c = mem_calloc(1, sizeof *c);
    c->config = *config;
    c->limits = *config->limits;
    c->base_url = mem_strdup(config->base_url);
    c->config.limits = &c->limits;
    c->config.base_url = c->base_url;
    c->later = later_create(config->loop);
    c->queue = queue_create(config->loop, c->later, config->clock, &c->limits, on_turn);
    later_task_init(&c->deliver, deliver, c);
    list_init(&c->calls);
    list_init(&c->ended);
    return c;
}

void client_close(struct graph_client *c, void (*closed)(void *arg), void *arg)
{
    c->closed = closed;
    c->closed_arg = arg;
    c->is_closing = true;
    LIST_FOREACH (item, &c->calls) {
        client_cancel(CONTAINER_OF(item, struct client_call, link));
    }
    later_call(c->later, &c->deliver);
}

static void refuse(struct client_call *call)
{
    call->state = CALL_ENDED;
    fail(call);
}

struct client_call *client_get(struct graph_client *c, const struct client_request *request, client_done done,
                               void *arg)
{
    return client_send(c, request, done, arg);
}

struct client_call *client_send(struct graph_client *c, const struct client_request *request,
                                client_done done, void *arg)
{
    struct client_call *call = mem_calloc(1, sizeof *call);
    call->client = c;
    call->account = mem_strdup(request->account);
    call->url =
        *request->url == '/' ? mem_printf("%s%s", c->base_url, request->url) : mem_strdup(request->url);
    call->what = mem_strdup(request->what);
    call->with = *request;
    call->with.max_body = request->max_body ? request->max_body : c->limits.small_bytes;
    call->done = done;
    call->arg = arg;
    list_append(&c->calls, &call->link);
    if (c->is_closing) {
        err_set(&call->err, ERR_CANCELLED, 0, "%s: given up because the program ends", call->what);
        refuse(call);
    } else if (origin_check(c->config.origin, call->url, &call->err) < 0) {
        (void)err_prefix(&call->err, "%s", call->what);
        refuse(call);
    } else {
        queue_add(c->queue, call->account, &call->item);
    }
    return call;
}

void client_cancel(struct client_call *call)
{
    if (call->state == CALL_ASKING) {
        http_cancel(call->http); /* on_reply follows, with ERR_CANCELLED, which is final */
        return;
    }
    err_set(&call->err, ERR_CANCELLED, 0, "%s: given up", call->what);
    if (call->state != CALL_ENDED) {
        fail(call);
    }
}

char *client_user_path(const char *account, const char *rest)
{
    char *segment = escape_text(account);
    char *path = mem_printf("/users/%s%s", segment, rest);
    free(segment);
    return path;
}

const struct graph_limits *client_limits(const struct graph_client *c)
{
    return &c->limits;
}

uv_loop_t *client_loop(const struct graph_client *c)
{
    return c->config.loop;
}

const struct origin *client_origin(const struct graph_client *c)
{
    return c->config.origin;
}

const char *client_base_url(const struct graph_client *c)
{
    return c->base_url;
}

bool client_is_app(const struct graph_client *c)
{
    return signin_is_app(c->config.signin);
}
