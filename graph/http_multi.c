#include "graph/http_multi.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"

/* Where libcurl's multi interface and libuv meet there are corners that have bitten others.  Each has its
 * test in tests/unit/graph (named), or the reason why it has none:
 *  - the last completion is reported when nothing runs any more: test_http, every_time_out_is_reported;
 *  - a watch that had an error is stopped by libuv: test_http, watch_survives_an_error;
 *  - a timer of 0 starves libuv before 1.48: at least 1 ms; no test, the library in use decides what happens;
 *  - a failure in a callback must not be returned to libcurl: test_http, socket_that_can_not_be_watched;
 *  - a watch is freed when libuv has closed it, never before: the sanitizers in every test;
 *  - curl_multi_cleanup still calls on_socket: every teardown, with kept connections, ends in uv_loop_close()
 * == 0;
 *  - an error of curl_multi_socket_action voids all transfers: test_http, multi_is_rebuilt;
 *  - completions never nest, however long the chain: test_http, done_never_nests;
 *  - a thread a name look-up: limited with the connections (set_up), the client admits no more; names are not
 * looked up in tests, which need no internet;
 *  - connections are shared over HTTP/2 where it is offered (PIPEWAIT in http_call.c): no test, as no server
 * of the tests speaks it;
 *  - time queued inside libcurl counts against the time limit: nothing queues there, test_client,
 * max_requests_in_all;
 *  - HTTP/2 without TLS breaks on a kept connection: HTTP/1.1 is set for it, test_http, connections;
 *  - SIGALRM, SIGPIPE, endless bodies, redirects, the log: NOSIGNAL; test_http, answers and
 * redirect_is_not_followed; no verbose option is ever set;
 *  - libuv's clock is cached: uv_update_time before each timer; no test, it would have to wait. */

struct http_multi {
    uv_loop_t *loop;
    CURLM *curl;
    uv_timer_t timer;
    struct list watches;
    int n_handles; /* libuv handles that are not closed yet: the timer and one a watch */
    bool is_broken;
    bool is_told; /* broken() was called */
    struct http_multi_events events;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* A socket that libcurl wants watched.  Its memory lives until libuv has closed the handle, so it may be
 * looked at after any call into libcurl, which may have ended the watch. */
struct watch {
    struct list link;
    struct http_multi *multi;
    uv_poll_t poll;
    curl_socket_t socket;
    int events;
    bool is_over;
};

static void free_if_closed(struct http_multi *m)
{
    if (m->n_handles == 0) {
        void (*closed)(void *arg) = m->closed;
        void *arg = m->closed_arg;
        free(m);
        closed(arg);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    struct http_multi *m = CONTAINER_OF((uv_timer_t *)handle, struct http_multi, timer);
    m->n_handles--;
    free_if_closed(m);
}

static void watch_closed(uv_handle_t *handle)
{
    struct watch *w = CONTAINER_OF((uv_poll_t *)handle, struct watch, poll);
    struct http_multi *m = w->multi;
    free(w);
    m->n_handles--;
    free_if_closed(m);
}

/* Every finished transfer, however many libcurl says are running: the last one of all is reported with zero.
 */
static void drain(struct http_multi *m)
{
    int left;
    for (CURLMsg *msg; (msg = curl_multi_info_read(m->curl, &left));) {
        if (msg->msg != CURLMSG_DONE) {
            continue;
        }
        CURL *easy = msg->easy_handle; /* msg is gone after the removal */
        CURLcode result = msg->data.result;
        curl_multi_remove_handle(m->curl, easy);
        m->events.done(m->events.arg, easy, result);
    }
}

static void act(struct http_multi *m, curl_socket_t socket, int flags)
{
    int running;
    if (m->is_told) {
        return;
    }
    /* An error here leaves all transfers in a state that libcurl does not vouch for. */
    if (curl_multi_socket_action(m->curl, socket, flags, &running) != CURLM_OK) {
        m->is_broken = true;
    }
    drain(m);
    if (m->is_broken) {
        m->is_told = true;
        m->events.broken(m->events.arg);
    }
}

static void on_timer(uv_timer_t *timer)
{
    act(CONTAINER_OF(timer, struct http_multi, timer), CURL_SOCKET_TIMEOUT, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = CONTAINER_OF(poll, struct watch, poll);
    int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    act(w->multi, w->socket, status < 0 ? CURL_CSELECT_ERR : flags);
    /* libuv has stopped this watch on the error, and libcurl speaks up only when what it wants changes: if it
     * still wants the socket, nobody would be watching it. */
    if (status < 0 && !w->is_over) {
        (void)uv_poll_start(&w->poll, w->events, on_poll);
    }
}

static void end_watch(struct watch *w)
{
    if (!w->is_over) {
        w->is_over = true;
        list_remove(&w->link);
        uv_close((uv_handle_t *)&w->poll, watch_closed);
    }
}

/* A socket that can not be watched makes the multi broken rather than returning -1 to libcurl, which would
 * abort every transfer without telling which. */
static struct watch *begin_watch(struct http_multi *m, curl_socket_t socket)
{
    struct watch *w = mem_calloc(1, sizeof *w);
    w->multi = m;
    w->socket = socket;
    if (uv_poll_init_socket(m->loop, &w->poll, socket) < 0) {
        free(w);
        m->is_broken = true;
        return NULL;
    }
    m->n_handles++;
    list_append(&m->watches, &w->link);
    curl_multi_assign(m->curl, socket, w);
    return w;
}

static int on_socket(CURL *easy UNUSED, curl_socket_t socket, int what, void *arg, void *assigned)
{
    struct http_multi *m = arg;
    struct watch *w = assigned;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            curl_multi_assign(m->curl, socket, NULL);
            end_watch(w);
        }
        return 0;
    }
    w = w ? w : begin_watch(m, socket);
    if (!w) {
        return 0;
    }
    w->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    m->is_broken = uv_poll_start(&w->poll, w->events, on_poll) < 0 || m->is_broken;
    return 0;
}

/* At least 1 ms: before libuv 1.48 a timer of 0 that is armed again in its own callback starves the loop. */
static int on_timeout(CURLM *curl UNUSED, long timeout_ms, void *arg)
{
    struct http_multi *m = arg;
    if (timeout_ms < 0) {
        uv_timer_stop(&m->timer);
        return 0;
    }
    uv_update_time(m->loop); /* timers count from the loop's cached now, which may be long ago */
    uv_timer_start(&m->timer, on_timer, timeout_ms < 1 ? 1 : (uint64_t)timeout_ms, 0);
    return 0;
}

static bool set_up(struct http_multi *m, long max_connections)
{
    return curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m) == CURLM_OK &&
           curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_timeout) == CURLM_OK &&
           curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m) == CURLM_OK &&
           /* As many as the client admits, so that none waits inside libcurl, where the wait would count
            * against its time limit; and never a thread a request for resolving one and the same name. */
           curl_multi_setopt(m->curl, CURLMOPT_MAX_HOST_CONNECTIONS, max_connections) == CURLM_OK;
}

struct http_multi *http_multi_create(uv_loop_t *loop, long max_connections,
                                     const struct http_multi_events *events)
{
    CURLM *curl = curl_multi_init();
    if (!curl) {
        return NULL;
    }
    struct http_multi *m = mem_calloc(1, sizeof *m);
    *m = (struct http_multi){.loop = loop, .curl = curl, .n_handles = 1, .events = *events};
    list_init(&m->watches);
    if (!set_up(m, max_connections)) {
        curl_multi_cleanup(curl);
        free(m);
        return NULL;
    }
    uv_timer_init(loop, &m->timer);
    return m;
}

void http_multi_close(struct http_multi *m, void (*closed)(void *arg), void *arg)
{
    m->closed = closed;
    m->closed_arg = arg;
    m->is_told = true;
    curl_multi_cleanup(m->curl); /* ends watches of connections it kept open */
    LIST_FOREACH (item, &m->watches) {
        end_watch(CONTAINER_OF(item, struct watch, link));
    }
    uv_close((uv_handle_t *)&m->timer, timer_closed);
}

CURLMcode http_multi_add(struct http_multi *m, CURL *easy)
{
    return curl_multi_add_handle(m->curl, easy);
}

void http_multi_remove(struct http_multi *m, CURL *easy)
{
    curl_multi_remove_handle(m->curl, easy);
}
