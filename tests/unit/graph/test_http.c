/* The transport: every corner of libcurl's multi interface on libuv that has bitten somebody, against a
 * server that misbehaves on purpose.  Three functions of the libraries are replaced below by ones that can be
 * told to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <uv.h>

#include "base/attr.h"
#include "graph/http.h"
#include "tests/unit/graph/raw_server.h"

/* ---- faults in the libraries ---- */

static int fail_socket_action;    /* calls to fail */
static int swallow_socket_action; /* calls that do nothing */
static int last_mask;
static int fail_poll_init;
static uv_poll_t *last_poll;
static uv_poll_cb last_poll_cb;

CURLMcode curl_multi_socket_action(CURLM *multi, curl_socket_t s, int mask, int *running)
{
    static CURLMcode (*real)(CURLM *, curl_socket_t, int, int *);
    if (!real) {
        real = (CURLMcode(*)(CURLM *, curl_socket_t, int, int *))dlsym(RTLD_NEXT, "curl_multi_socket_action");
    }
    last_mask = mask;
    if (swallow_socket_action-- > 0) {
        *running = 1;
        return CURLM_OK;
    }
    return fail_socket_action-- > 0 ? CURLM_INTERNAL_ERROR : real(multi, s, mask, running);
}

int uv_poll_init_socket(uv_loop_t *loop, uv_poll_t *handle, uv_os_sock_t socket)
{
    static int (*real)(uv_loop_t *, uv_poll_t *, uv_os_sock_t);
    if (!real) {
        real = (int (*)(uv_loop_t *, uv_poll_t *, uv_os_sock_t))dlsym(RTLD_NEXT, "uv_poll_init_socket");
    }
    return fail_poll_init-- > 0 ? UV_EEXIST : real(loop, handle, socket);
}

int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb cb)
{
    static int (*real)(uv_poll_t *, int, uv_poll_cb);
    if (!real) {
        real = (int (*)(uv_poll_t *, int, uv_poll_cb))dlsym(RTLD_NEXT, "uv_poll_start");
    }
    last_poll = handle;
    last_poll_cb = cb;
    return real(handle, events, cb);
}

/* ---- fixture ---- */

struct fixture {
    uv_loop_t loop;
    struct graph_limits limits;
    struct http *http;
    bool is_closed;
};

struct outcome {
    struct fixture *f;
    int n; /* times called */
    int code;
    char msg[320];
    struct http_reply reply;
    char body[256];
    bool is_nested; /* called while another one was running, or inside of http_start */
    int left;       /* requests still to be started from the callback */
    const char *url;
};

static bool is_inside;

static const struct raw_reply ok_reply = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\nRetry-After: 2.128\r\n"
    "request-id: r-1\r\nDate: Mon, 02 Feb 2026 02:40:00 GMT\r\n\r\n{}",
    RAW_KEEP, NULL};

static void on_closed(void *arg)
{
    ((struct fixture *)arg)->is_closed = true;
}

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof *f);
    struct err e = {0};
    f->limits = graph_limits_default;
    f->limits.connect_ms = 2000;
    f->limits.request_ms = 5000;
    uv_loop_init(&f->loop);
    *state = f;
    fail_socket_action = fail_poll_init = swallow_socket_action = 0;
    return http_create(&f->loop, NULL, &f->limits, &f->http, &e);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    if (!f->is_closed) {
        http_close(f->http, on_closed, f);
    }
    uv_run(&f->loop, UV_RUN_DEFAULT);
    int r = f->is_closed && uv_loop_close(&f->loop) == 0 ? 0 : -1;
    free(f);
    return r;
}

static struct http_call *start(struct fixture *f, const char *url, struct outcome *o);

static void on_done(void *arg, const struct err *e, struct http_reply *reply)
{
    struct outcome *o = arg;
    o->is_nested = o->is_nested || is_inside;
    is_inside = true;
    o->n++;
    o->code = e ? e->code : 0;
    if (e) {
        memcpy(o->msg, e->msg, sizeof o->msg);
    } else {
        o->reply = *reply;
        snprintf(o->body, sizeof o->body, "%s", buf_str(&reply->body));
        o->reply.body = (struct buf){0};
    }
    if (o->left-- > 0) {
        (void)start(o->f, o->url, o);
    }
    is_inside = false;
}

static struct http_call *start(struct fixture *f, const char *url, struct outcome *o)
{
    struct http_request request = {.url = url, .max_body = 65536};
    o->f = f;
    o->url = url;
    return http_start(f->http, &request, on_done, o);
}

static void run_until(struct fixture *f, const struct outcome *o, int n)
{
    while (o->n < n && uv_run(&f->loop, UV_RUN_ONCE)) {
    }
}

/* One GET from a server with these replies. */
static struct outcome get_one(struct fixture *f, const struct raw_reply *replies, size_t n,
                              const struct http_request *like)
{
    struct raw_server *s = raw_start(replies, n);
    struct outcome o = {.f = f};
    struct http_request request = like ? *like : (struct http_request){.max_body = 65536};
    request.url = s->url;
    (void)http_start(f->http, &request, on_done, &o);
    run_until(f, &o, 1);
    raw_stop(s);
    return o;
}

/* ---- answers ---- */

static void test_reply(void **state)
{
    struct outcome o = get_one(*state, &ok_reply, 1, NULL);
    assert_int_equal(o.n, 1);
    assert_int_equal(o.code, 0);
    assert_int_equal(o.reply.status, 200);
    assert_string_equal(o.body, "{}");
    assert_string_equal(o.reply.retry_after, "2.128");
    assert_string_equal(o.reply.request_id, "r-1");
    assert_string_equal(o.reply.date, "Mon, 02 Feb 2026 02:40:00 GMT");
    assert_string_equal(o.reply.content_type, "application/json");
    assert_string_equal(o.reply.location, "");
    assert_false(o.reply.has_claims_challenge);
}

#define HEAD_200 "HTTP/1.1 200 OK\r\n"

struct answer_row {
    const char *name;
    struct raw_reply reply;
    int code;
    int status;
};

static const struct answer_row answer_rows[] = {
    {"reset", {"", RAW_RESET, NULL}, ERR_NET, 0},
    {"reset in the middle", {HEAD_200 "Content-Length: 100\r\n\r\n{", RAW_RESET, NULL}, ERR_NET, 0},
    {"closed without a word", {"", RAW_CLOSE, NULL}, ERR_NET, 0},
    {"body cut off", {HEAD_200 "Content-Length: 100\r\n\r\n{", RAW_CLOSE, NULL}, ERR_NET, 0},
    {"chunk cut off", {HEAD_200 "Transfer-Encoding: chunked\r\n\r\n5\r\nab", RAW_CLOSE, NULL}, ERR_NET, 0},
    {"not HTTP", {"SSH-2.0-x\r\n", RAW_CLOSE, NULL}, ERR_PROTOCOL, 0},
    {"gzip that is none",
     {HEAD_200 "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", RAW_KEEP, NULL},
     ERR_PROTOCOL,
     0},
    {"declared too big", {HEAD_200 "Content-Length: 104857600\r\n\r\n", RAW_KEEP, NULL}, ERR_TOO_BIG, 0},
    {"endless body",
     {HEAD_200 "Connection: close\r\n\r\n", RAW_ENDLESS, "0123456789012345678901234567890"},
     ERR_TOO_BIG,
     0},
    {"endless headers",
     {HEAD_200, RAW_ENDLESS, "X-More: 0123456789012345678901234567890\r\n"},
     ERR_TOO_BIG,
     0},
    {"empty body", {"HTTP/1.1 204 No Content\r\n\r\n", RAW_KEEP, NULL}, 0, 204},
    {"404", {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", RAW_KEEP, NULL}, 0, 404},
    {"503", {"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", RAW_KEEP, NULL}, 0, 503},
    {"100 before 200",
     {"HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n" HEAD_200 "Content-Length: 0\r\n\r\n", RAW_KEEP, NULL},
     0,
     200},
};

static void test_answers(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(answer_rows); i++) {
        struct outcome o = get_one(*state, &answer_rows[i].reply, 1, NULL);
        if (o.n != 1 || o.code != answer_rows[i].code || o.reply.status != answer_rows[i].status ||
            o.reply.retry_after[0] != '\0') {
            fail_msg("%s: %s, status %d: %s", answer_rows[i].name, err_name(o.code), o.reply.status, o.msg);
        }
    }
}

static void test_too_big_ends_early(void **state)
{
    struct raw_reply reply = {
        HEAD_200 "Connection: close\r\n\r\n", RAW_ENDLESS,
        "01234567890123456789012345678901234567890123456789012345678901234567890123456789"};
    struct raw_server *s = raw_start(&reply, 1);
    struct outcome o = {0};
    (void)start(*state, s->url, &o);
    run_until(*state, &o, 1);
    raw_stop(s); /* joins a thread that is still sending unless the client has hung up */
    assert_int_equal(o.code, ERR_TOO_BIG);
    assert_non_null(strstr(o.msg, "65536"));
}

static void test_no_control_characters_kept(void **state)
{
    struct raw_reply reply = {HEAD_200 "request-id: a\x1b[2Jb\x7f\xff"
                                       "c\r\nContent-Length: 0\r\n\r\n",
                              RAW_KEEP, NULL};
    struct outcome o = get_one(*state, &reply, 1, NULL);
    assert_string_equal(o.reply.request_id, "a[2Jbc");
}

static void test_redirect_is_not_followed(void **state)
{
    struct raw_server *target = raw_start(&ok_reply, 1);
    char text[256];
    snprintf(text, sizeof text, "HTTP/1.1 302 Found\r\nLocation: %s/x\r\nContent-Length: 0\r\n\r\n",
             target->url);
    struct raw_reply reply = {text, RAW_KEEP, NULL};
    struct outcome o = get_one(*state, &reply, 1, NULL);
    assert_int_equal(o.code, 0);
    assert_int_equal(o.reply.status, 302);
    assert_non_null(strstr(o.reply.location, target->url));
    assert_int_equal(target->accepted, 0);
    raw_stop(target);
}

static void test_claims_challenge(void **state)
{
    struct raw_reply reply = {"HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm=\"\", "
                              "error=\"insufficient_claims\", claims=\"ey\"\r\nContent-Length: 0\r\n\r\n",
                              RAW_KEEP, NULL};
    struct outcome o = get_one(*state, &reply, 1, NULL);
    assert_true(o.reply.has_claims_challenge);
}

/* ---- requests ---- */

static void test_bearer_and_headers(void **state)
{
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&ok_reply, 1);
    struct secret *token = secret_copy("EwB.token", 9);
    const char *const headers[] = {"Prefer: IdType=\"ImmutableId\"", NULL};
    struct http_request request = {.url = s->url, .headers = headers, .bearer = token, .max_body = 100};
    struct outcome o = {.f = f};
    (void)http_start(f->http, &request, on_done, &o);
    secret_destroy(token); /* the call has its own */
    run_until(f, &o, 1);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(s->last, "GET / HTTP/1.1\r\n"));
    assert_non_null(strstr(s->last, "\r\nAuthorization: Bearer EwB.token\r\n"));
    assert_non_null(strstr(s->last, "\r\nPrefer: IdType=\"ImmutableId\"\r\n"));
    assert_non_null(strstr(s->last, "\r\nAccept-Encoding: gzip\r\n"));
    raw_stop(s);
}

static void test_form_is_posted(void **state)
{
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&ok_reply, 1);
    struct secret *form = secret_copy("grant_type=x&a=%20", 18);
    struct http_request request = {.url = s->url, .form = form, .max_body = 100, .is_secret = true};
    struct outcome o = {.f = f};
    (void)http_start(f->http, &request, on_done, &o);
    secret_destroy(form);
    run_until(f, &o, 1);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.body, "{}");
    assert_non_null(strstr(s->last, "POST / HTTP/1.1\r\n"));
    assert_non_null(strstr(s->last, "Content-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(s->last, "\r\n\r\ngrant_type=x&a=%20"));
    raw_stop(s);
}

static void test_text_is_posted(void **state)
{
    static const char text[] = "job 1, umlaut \xc3\xbc\n36 rows";
    struct raw_server *s = raw_start(&ok_reply, 1);
    char *body = mem_strdup(text);
    struct http_request request = {
        .url = s->url, .body = body, .content_type = "text/plain", .max_body = 100};
    struct outcome o = {0};
    (void)http_start(((struct fixture *)*state)->http, &request, on_done, &o);
    free(body); /* it was copied */
    run_until(*state, &o, 1);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(s->last, "POST / HTTP/1.1\r\n"));
    assert_non_null(strstr(s->last, "\r\nContent-Type: text/plain\r\n"));
    assert_null(strcasestr(s->last, "\r\nAuthorization:"));
    assert_string_equal(strstr(s->last, "\r\n\r\n") + 4, text);
    raw_stop(s);
}

static void test_refused_addresses(void **state)
{
    static const char *const urls[] = {"http://graph.example/", "ftp://127.0.0.1/", "file:///etc/passwd", "x",
                                       "http://127.evil.example/"};
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct outcome o = {0};
        (void)start(f, urls[i], &o);
        assert_int_equal(o.n, 0); /* also a refusal comes later */
        run_until(f, &o, 1);
        assert_int_equal(o.code, ERR_ORIGIN);
    }
}

static void test_connection_refused(void **state)
{
    struct raw_server *s = raw_start(&ok_reply, 1);
    char url[64];
    memcpy(url, s->url, sizeof url);
    raw_stop(s);
    struct outcome o = {0};
    (void)start(*state, url, &o);
    run_until(*state, &o, 1);
    assert_int_equal(o.code, ERR_NET);
    assert_non_null(strstr(o.msg, "127.0.0.1"));
}

static void test_connections(void **state)
{
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&ok_reply, 1);
    struct outcome o = {0};
    (void)start(f, s->url, &o);
    run_until(f, &o, 1);
    (void)start(f, s->url, &o);
    run_until(f, &o, 2);
    assert_int_equal(s->accepted, 1); /* used again */
    struct http_request fresh = {.url = s->url, .max_body = 100, .is_fresh = true};
    (void)http_start(f->http, &fresh, on_done, &o);
    run_until(f, &o, 3);
    assert_int_equal(s->accepted, 2);
    assert_int_equal(o.code, 0);
    raw_stop(s);
}

/* ---- completions ---- */

/* The last transfer of all is reported when libcurl says that none is running any more. */
static void test_every_time_out_is_reported(void **state)
{
    static const struct raw_reply never = {"", RAW_KEEP, NULL};
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&never, 1);
    struct outcome o[3] = {{0}, {0}, {0}};
    for (int i = 0; i < 3; i++) {
        struct http_request request = {.url = s->url, .max_body = 100, .timeout_ms = 20};
        (void)http_start(f->http, &request, on_done, &o[i]);
    }
    for (int i = 0; i < 3; i++) {
        run_until(f, &o[i], 1);
        assert_int_equal(o[i].n, 1);
        assert_int_equal(o[i].code, ERR_TIMEOUT);
    }
    raw_stop(s);
}

static void test_done_never_nests(void **state)
{
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&ok_reply, 1);
    struct outcome o = {.left = 300};
    is_inside = true;
    (void)start(f, s->url, &o);
    is_inside = false;
    run_until(f, &o, 301);
    assert_int_equal(o.n, 301);
    assert_false(o.is_nested);
    struct outcome refused = {.left = 300};
    (void)start(f, "x", &refused); /* the same for what never gets to libcurl */
    run_until(f, &refused, 301);
    assert_false(refused.is_nested);
    raw_stop(s);
}

static void test_many_at_once(void **state)
{
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&ok_reply, 1);
    struct outcome o = {0};
    for (int i = 0; i < 64; i++) {
        (void)start(f, s->url, &o);
    }
    run_until(f, &o, 64);
    assert_int_equal(o.n, 64);
    assert_int_equal(s->requests, 64);
    raw_stop(s);
}

/* ---- giving up ---- */

static void test_cancel(void **state)
{
    static const struct raw_reply never = {"", RAW_KEEP, NULL};
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&never, 1);
    struct outcome o[3] = {{0}, {0}, {0}};
    http_cancel(start(f, s->url, &o[0])); /* before anything was sent */
    assert_int_equal(o[0].n, 0);
    struct http_call *refused = start(f, "x", &o[1]);
    http_cancel(refused); /* its outcome is known already, but not told */
    struct http_call *waiting = start(f, s->url, &o[2]);
    while (s->requests == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    http_cancel(waiting); /* while the server thinks */
    for (int i = 0; i < 3; i++) {
        run_until(f, &o[i], 1);
        assert_int_equal(o[i].n, 1);
        assert_int_equal(o[i].code, ERR_CANCELLED);
    }
    raw_stop(s);
}

static void test_close_in_mid_flight(void **state)
{
    static const struct raw_reply never = {"", RAW_KEEP, NULL};
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&never, 1);
    struct outcome o[2] = {{0}, {0}};
    (void)start(f, s->url, &o[0]);
    while (s->requests == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    (void)start(f, s->url, &o[1]);
    http_close(f->http, on_closed, f);
    assert_false(f->is_closed);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_true(f->is_closed);
    assert_int_equal(o[0].code, ERR_CANCELLED);
    assert_int_equal(o[1].code, ERR_CANCELLED);
    assert_int_equal(o[0].n + o[1].n, 2);
    raw_stop(s);
}

/* ---- when the libraries fail ---- */

/* After an error of curl_multi_socket_action nothing in the multi can be trusted: all fail, and a new one
 * serves. */
static void test_multi_is_rebuilt(void **state)
{
    static const struct raw_reply never = {"", RAW_KEEP, NULL};
    struct fixture *f = *state;
    struct raw_server *silent = raw_start(&never, 1);
    struct raw_server *s = raw_start(&ok_reply, 1);
    struct outcome o[3] = {{0}, {0}, {0}};
    (void)start(f, silent->url, &o[0]);
    (void)start(f, silent->url, &o[1]);
    while (silent->requests < 2) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    fail_socket_action = 1;
    (void)start(f, s->url, &o[2]);
    for (int i = 0; i < 3; i++) {
        run_until(f, &o[i], 1);
        assert_int_equal(o[i].code, ERR_NET);
    }
    (void)start(f, s->url, &o[2]);
    run_until(f, &o[2], 2);
    assert_int_equal(o[2].code, 0);
    raw_stop(silent);
    raw_stop(s);
}

static void test_socket_that_can_not_be_watched(void **state)
{
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&ok_reply, 1);
    struct outcome o = {0};
    fail_poll_init = 1;
    (void)start(f, s->url, &o);
    run_until(f, &o, 1);
    assert_int_equal(o.code, ERR_NET);
    (void)start(f, s->url, &o);
    run_until(f, &o, 2);
    assert_int_equal(o.code, 0);
    raw_stop(s);
}

/* libuv stops a watch that had an error, and libcurl does not ask again for what it wants already. */
static void test_watch_survives_an_error(void **state)
{
    static const struct raw_reply never = {"", RAW_KEEP, NULL};
    struct fixture *f = *state;
    struct raw_server *s = raw_start(&never, 1);
    struct outcome o = {0};
    (void)start(f, s->url, &o);
    while (s->requests == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    uv_poll_stop(last_poll); /* as libuv does on POLLERR */
    swallow_socket_action = 1;
    last_poll_cb(last_poll, UV_EBADF, 0);
    assert_int_equal(last_mask, CURL_CSELECT_ERR);
    assert_int_equal(o.n, 0);
    assert_true(uv_is_active((uv_handle_t *)last_poll));
    raw_stop(s); /* closes the connection, which must be noticed */
    run_until(f, &o, 1);
    assert_int_equal(o.n, 1);
    assert_int_equal(o.code, ERR_NET);
}

static void test_missing_ca_file(void **state)
{
    struct fixture *f = *state;
    struct http *http = NULL;
    struct err e = {0};
    assert_int_equal(http_create(&f->loop, "/nonexistent/ca.pem", &f->limits, &http, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "/nonexistent/ca.pem"));
    assert_null(http);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reply),
        TEST(test_answers),
        TEST(test_too_big_ends_early),
        TEST(test_no_control_characters_kept),
        TEST(test_redirect_is_not_followed),
        TEST(test_claims_challenge),
        TEST(test_bearer_and_headers),
        TEST(test_form_is_posted),
        TEST(test_text_is_posted),
        TEST(test_refused_addresses),
        TEST(test_connection_refused),
        TEST(test_connections),
        TEST(test_every_time_out_is_reported),
        TEST(test_done_never_nests),
        TEST(test_many_at_once),
        TEST(test_cancel),
        TEST(test_close_in_mid_flight),
        TEST(test_multi_is_rebuilt),
        TEST(test_socket_that_can_not_be_watched),
        TEST(test_watch_survives_an_error),
        TEST(test_missing_ca_file),
    };
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
