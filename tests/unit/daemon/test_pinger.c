/* Pings as a server gets them, byte for byte, and what is made of servers that are gone, slow or say no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include <uv.h>

#include "base/civil.h"
#include "base/log.h"
#include "daemon/pinger.h"
#include "tests/unit/graph/raw_server.h"

#define EMPTY "Content-Length: 0\r\n\r\n"

static const struct raw_reply yes = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", RAW_KEEP, NULL};
static const struct raw_reply never = {"", RAW_KEEP, NULL};

struct bench {
    uv_loop_t loop;
    struct raw_server *server;
    struct pinger *pinger; /* NULL once it is closed */
    const struct run_watcher *port;
    char url[128];
    bool is_closed;
    int n_lines; /* logged */
    enum log_level level;
    char line[600];
};

/* ---- the log ---- */

static void on_log(void *arg, enum log_level level, const char *id UNUSED,
                   const struct log_field *fields UNUSED, const char *text)
{
    struct bench *b = arg;
    b->n_lines++;
    b->level = level;
    snprintf(b->line, sizeof b->line, "%s", text);
}

/* ---- fixture ---- */

static int set_up(void **state)
{
    struct bench *b = mem_calloc(1, sizeof *b);
    uv_loop_init(&b->loop);
    log_open(LOG_TO_STDERR_PLAIN, LOG_LEVEL_INFO);
    log_set_sink(on_log, b);
    *state = b;
    return 0;
}

static void on_closed(void *arg)
{
    struct bench *b = arg;
    b->is_closed = true;
}

static void end(struct bench *b)
{
    if (b->pinger) {
        pinger_close(b->pinger, on_closed, b);
        b->pinger = NULL;
    }
    uv_run(&b->loop, UV_RUN_DEFAULT);
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    end(b);
    int r = b->is_closed ? uv_loop_close(&b->loop) : -1;
    raw_stop(b->server);
    log_set_sink(NULL, NULL);
    free(b);
    return r;
}

static void serve(struct bench *b, const struct raw_reply *replies, size_t n)
{
    raw_stop(b->server);
    b->server = raw_start(replies, n);
    snprintf(b->url, sizeof b->url, "%s/ping/0f1e", b->server->url);
}

static void start(struct bench *b, int64_t timeout_ms)
{
    struct pinger_limits limits = pinger_limits_default;
    struct err e = {0};
    limits.timeout_ms = timeout_ms;
    if (pinger_create(&b->loop, "", &limits, &b->pinger, &e) < 0) {
        fail_msg("%s", e.msg);
    }
    b->port = pinger_watcher(b->pinger);
}

static struct run make_run(struct bench *b, int64_t job_id)
{
    return (struct run){.id = 17,
                        .job_id = job_id,
                        .attempt = 1,
                        .from_day = 20513, /* 2026-03-01 */
                        .to_day = 20544,
                        .name = (char *)(uintptr_t) "B\xc3\xbcro",
                        .ping_url = b->url,
                        .counts = {.inserted = 36, .fetched = 40, .pages = 3}};
}

static void started(struct bench *b, const struct run *run)
{
    b->port->run_started(b->port->self, run);
}

static void closed(struct bench *b, const struct run *run, enum run_outcome outcome, const struct err *why)
{
    b->port->run_closed(b->port->self, run, outcome, why, 1);
}

static int64_t over(const struct bench *b)
{
    struct pinger_counts counts = pinger_counts(b->pinger);
    return counts.arrived + counts.failed;
}

static void run_until(struct bench *b, int64_t n)
{
    while (over(b) < n && uv_run(&b->loop, UV_RUN_ONCE)) {
    }
}

/* A closing and its ping, to the end. */
static void ping_once(struct bench *b)
{
    struct run run = make_run(b, 3);
    int64_t before = over(b);
    closed(b, &run, OUTCOME_SUCCESS, NULL);
    run_until(b, before + 1);
}

/* Of as many jobs. */
static void close_many(struct bench *b, int n)
{
    for (int job = 1; job <= n; job++) {
        struct run run = make_run(b, job);
        closed(b, &run, OUTCOME_SUCCESS, NULL);
    }
}

/* ---- what is sent ---- */

#define HEAD "job 3 \"B\xc3\xbcro\", run 17, 2026-03-01 to 2026-03-31: "
#define COUNTS                                                                                               \
    "36 rows written (36 new, 0 changed, 0 restored, 0 vanished), 0 unchanged, of 40 events in 3 pages\n"

static void test_requests(void **state)
{
    static const struct {
        const char *name;
        const char *slashes;      /* at the end of the URL */
        enum run_outcome outcome; /* NONE: the run begins */
        const char *path, *body;
    } rows[] = {
        {"start", "", OUTCOME_NONE, "/ping/0f1e/start", HEAD "begins\n"},
        {"success", "", OUTCOME_SUCCESS, "/ping/0f1e", HEAD "success\n" COUNTS},
        {"partial", "", OUTCOME_PARTIAL, "/ping/0f1e", HEAD "partial\n" COUNTS},
        {"failure", "", OUTCOME_FAILURE, "/ping/0f1e/fail",
         HEAD "failure\n" COUNTS "network error in step start: no route\n"},
        {"a slash at the end", "/", OUTCOME_NONE, "/ping/0f1e/start", HEAD "begins\n"},
        {"slashes at the end", "//", OUTCOME_SUCCESS, "/ping/0f1e", HEAD "success\n" COUNTS},
    };
    static const struct err why = {.code = ERR_NET, .msg = "no route"};
    struct bench *b = *state;
    start(b, 5000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char first[128];
        serve(b, &yes, 1);
        strcat(b->url, rows[i].slashes);
        struct run run = make_run(b, 3);
        int64_t before = over(b);
        if (rows[i].outcome == OUTCOME_NONE) {
            started(b, &run);
        } else {
            closed(b, &run, rows[i].outcome, rows[i].outcome == OUTCOME_FAILURE ? &why : NULL);
        }
        b->url[0] = '#'; /* it was copied */
        run_until(b, before + 1);
        const char *sent = b->server->last;
        const char *body = strstr(sent, "\r\n\r\n");
        snprintf(first, sizeof first, "POST %s HTTP/1.1\r\n", rows[i].path);
        if (b->server->requests != 1 || strncmp(sent, first, strlen(first)) != 0 || !body ||
            strcmp(body + 4, rows[i].body) != 0 ||
            !strstr(sent, "\r\nContent-Type: text/plain; charset=utf-8\r\n") ||
            strcasestr(sent, "Authorization") || strcasestr(sent, "Bearer")) {
            fail_msg("%s: %s", rows[i].name, sent);
        }
    }
    assert_int_equal(pinger_counts(b->pinger).arrived, ARRAY_LEN(rows));
    assert_int_equal(b->n_lines, 0);
}

static void test_nobody_to_tell(void **state)
{
    static const struct {
        const char *name;
        bool has_url, is_dry;
        int attempt;
        const char *step;
        bool is_start;
    } rows[] = {
        {"no URL, start", false, false, 1, "", true}, {"no URL, end", false, false, 1, "", false},
        {"dry, start", true, true, 1, "", true},      {"dry, end", true, true, 1, "", false},
        {"second attempt", true, false, 2, "", true}, {"resumed", true, false, 1, "fetch", true},
    };
    struct bench *b = *state;
    serve(b, &yes, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        start(b, 5000);
        struct run run = make_run(b, 3);
        run.ping_url = rows[i].has_url ? run.ping_url : NULL;
        run.is_dry = rows[i].is_dry;
        run.attempt = rows[i].attempt;
        snprintf(run.step, sizeof run.step, "%s", rows[i].step);
        if (rows[i].is_start) {
            started(b, &run);
        } else {
            closed(b, &run, OUTCOME_SUCCESS, NULL);
        }
        end(b); /* lets out what there is */
        if (b->server->requests != 0) {
            fail_msg("%s was told", rows[i].name);
        }
    }
}

/* What is told of one job goes over the wire one after the other, so that no end overtakes its beginning. */
static void test_order(void **state)
{
    struct bench *b = *state;
    serve(b, &yes, 1);
    start(b, 5000);
    struct run run = make_run(b, 3);
    for (int i = 0; i < 4; i++) {
        started(b, &run);
        closed(b, &run, OUTCOME_SUCCESS, NULL);
    }
    run_until(b, 1);
    assert_non_null(strstr(b->server->last, "/start HTTP/1.1"));
    run_until(b, 8);
    assert_non_null(strstr(b->server->last, "/ping/0f1e HTTP/1.1"));
    assert_int_equal(b->server->requests, 8);
    assert_int_equal(b->server->accepted, 1);
}

/* ---- servers that are no help ---- */

static void test_failures(void **state)
{
    static const struct {
        const char *name;
        struct raw_reply reply;
        const char *says;
    } rows[] = {
        {"500", {"HTTP/1.1 500 x\r\n" EMPTY, RAW_KEEP, NULL}, "host 127.0.0.1: answered 500;"},
        {"404", {"HTTP/1.1 404 x\r\n" EMPTY, RAW_KEEP, NULL}, "answered 404;"},
        {"redirect",
         {"HTTP/1.1 302 x\r\nLocation: /elsewhere\r\n" EMPTY, RAW_KEEP, NULL},
         "answered 302 (redirects are not followed);"},
        {"reset", {"", RAW_RESET, NULL}, "host 127.0.0.1: "},
        {"endless", {"HTTP/1.1 200 OK\r\n\r\n", RAW_ENDLESS, "0123456789abcdef0123456789abcdef"}, "larger"},
    };
    struct bench *b = *state;
    start(b, 5000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        serve(b, &rows[i].reply, 1);
        int64_t failed = pinger_counts(b->pinger).failed;
        ping_once(b);
        if (pinger_counts(b->pinger).failed != failed + 1 || b->n_lines != (int)i + 1 ||
            b->level != LOG_LEVEL_NOTICE || !strstr(b->line, rows[i].says) || strstr(b->line, "0f1e") ||
            !strstr(b->line, "job 3 \"B\xc3\xbcro\": ")) {
            fail_msg("%s: %s", rows[i].name, b->line);
        }
    }
}

static void test_slow_server(void **state)
{
    struct bench *b = *state;
    serve(b, &never, 1);
    start(b, 30);
    ping_once(b);
    ping_once(b);
    assert_int_equal(pinger_counts(b->pinger).failed, 2);
    assert_int_equal(b->n_lines, 1);
    assert_non_null(strstr(b->line, "host 127.0.0.1: no answer in time"));
}

static void test_said_once(void **state)
{
    static const struct raw_reply replies[] = {
        {"HTTP/1.1 500 x\r\n" EMPTY, RAW_KEEP, NULL}, {"HTTP/1.1 500 x\r\n" EMPTY, RAW_KEEP, NULL},
        {"HTTP/1.1 503 x\r\n" EMPTY, RAW_KEEP, NULL}, {"HTTP/1.1 503 x\r\n" EMPTY, RAW_KEEP, NULL},
        {"HTTP/1.1 204 x\r\n\r\n", RAW_KEEP, NULL},   {"HTTP/1.1 503 x\r\n" EMPTY, RAW_KEEP, NULL},
    };
    static const int lines[] = {1, 1, 2, 2, 2, 3};
    struct bench *b = *state;
    serve(b, replies, ARRAY_LEN(replies));
    start(b, 5000);
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        ping_once(b);
        if (b->n_lines != lines[i]) {
            fail_msg("ping %zu: %d lines, %s", i, b->n_lines, b->line);
        }
    }
}

static void test_said_for_each_job(void **state)
{
    static const struct raw_reply no = {"HTTP/1.1 500 x\r\n" EMPTY, RAW_KEEP, NULL};
    struct bench *b = *state;
    serve(b, &no, 1);
    start(b, 5000);
    for (int round = 0; round < 2; round++) {
        close_many(b, 20);
        run_until(b, (round + 1) * 20);
        assert_int_equal(b->n_lines, 20);
    }
}

static void test_server_down(void **state)
{
    struct bench *b = *state;
    serve(b, &yes, 1);
    raw_stop(b->server);
    b->server = NULL;
    start(b, 5000);
    ping_once(b);
    ping_once(b);
    assert_int_equal(pinger_counts(b->pinger).failed, 2);
    assert_int_equal(b->n_lines, 1);
}

/* The database may hold what the command line would have refused. */
static void test_bad_urls(void **state)
{
    static const char *const urls[] = {"http://hc.example.com/x", "ftp://127.0.0.1/x",
                                       "https://a:b@127.0.0.1/x", "no url", ""};
    struct bench *b = *state;
    start(b, 5000);
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        snprintf(b->url, sizeof b->url, "%s", urls[i]);
        ping_once(b);
        assert_int_equal(pinger_counts(b->pinger).failed, i + 1);
    }
    assert_non_null(strstr(b->line, "only https is allowed"));
}

/* ---- many ---- */

static void test_storm(void **state)
{
    struct bench *b = *state;
    serve(b, &yes, 1);
    start(b, 5000);
    close_many(b, 1000);
    run_until(b, 8 + 256);
    struct pinger_counts counts = pinger_counts(b->pinger);
    assert_int_equal(counts.arrived, 8 + 256);
    assert_int_equal(counts.dropped, 736);
    assert_int_equal(b->server->requests, 8 + 256);
    assert_int_equal(b->n_lines, 1);
    assert_non_null(strstr(b->line, "736 pings were dropped"));
    const char *job = strstr(b->server->last, "\r\n\r\njob ");
    assert_true(job && atoi(job + 8) > 744); /* the oldest were dropped */
}

static void test_few_at_once(void **state)
{
    struct bench *b = *state;
    serve(b, &never, 1);
    start(b, 5000);
    close_many(b, 1000);
    while (b->server->requests < 8) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 100; i++) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(b->server->requests, 8);
    assert_int_equal(b->server->accepted, 8);
    assert_int_equal(over(b), 0);
    raw_stop(b->server); /* nobody waits for the time-out */
    b->server = NULL;
    run_until(b, 8 + 256);
    assert_int_equal(pinger_counts(b->pinger).failed, 8 + 256);
}

/* ---- the end ---- */

static void test_close_lets_them_out(void **state)
{
    struct bench *b = *state;
    serve(b, &yes, 1);
    start(b, 5000);
    close_many(b, 50);
    end(b);
    assert_true(b->is_closed);
    assert_int_equal(b->server->requests, 50);
    assert_int_equal(b->n_lines, 0);
}

static void test_close_does_not_wait_for_ever(void **state)
{
    struct bench *b = *state;
    serve(b, &never, 1);
    start(b, 50);
    close_many(b, 50);
    end(b);
    assert_true(b->is_closed);
    assert_true(b->server->requests <= 16);
    assert_non_null(strstr(b->line, "pings were dropped"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_requests),
        TEST(test_nobody_to_tell),
        TEST(test_order),
        TEST(test_failures),
        TEST(test_slow_server),
        TEST(test_said_once),
        TEST(test_said_for_each_job),
        TEST(test_server_down),
        TEST(test_bad_urls),
        TEST(test_storm),
        TEST(test_few_at_once),
        TEST(test_close_lets_them_out),
        TEST(test_close_does_not_wait_for_ever),
    };
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("daemon/pinger", tests, NULL, NULL);
}
