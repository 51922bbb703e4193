/* The calendar port when its graph is replaced: runs under way keep theirs, and no more than a few are kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "daemon/bind_graph.h"

static char account[] = "anna@example.com", zone[] = "Europe/Berlin";
static char foreign_source[] = "msgraph://bert@example.com/calendars/primary";
static char foreign_page[] = "https://elsewhere.example/v1.0/me/calendarView?page=2";

struct bench {
    uv_loop_t loop;
    struct tz_cache *zones;
    struct bind_graph *bind;
    const struct calendar_port *port;
    int n_answers;
    struct err answer;
    bool is_closed;
};

static struct graph *make_graph(struct bench *b)
{
    static const struct token_store store = {.self = NULL}; /* no call gets as far as a token */
    struct settings settings;
    struct graph *graph = NULL;
    assert_int_equal(settings_load(NULL, NULL, &settings, NULL), 0);
    assert_int_equal(graph_create(&b->loop, &clock_real, &settings, &store, NULL, &graph, NULL), 0);
    settings_finish(&settings);
    return graph;
}

static int set_up(void **state)
{
    static struct bench bench;
    struct bench *b = &bench;
    *b = (struct bench){.zones = tz_cache_create(NULL)};
    assert_int_equal(uv_loop_init(&b->loop), 0);
    b->bind = bind_graph_create(&b->loop, make_graph(b), b->zones);
    b->port = bind_graph_port(b->bind);
    *state = b;
    return 0;
}

static void on_closed(void *arg)
{
    ((struct bench *)arg)->is_closed = true;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    bind_graph_close(b->bind, on_closed, b);
    if (b->is_closed) {
        return -1; /* from inside the call */
    }
    uv_run(&b->loop, UV_RUN_DEFAULT);
    tz_cache_destroy(b->zones);
    return b->is_closed ? uv_loop_close(&b->loop) : -1;
}

static void note(struct bench *b, const struct err *e)
{
    b->n_answers++;
    b->answer = e ? *e : (struct err){0};
}

static void on_resolved(void *arg, const struct err *e, const char *id UNUSED)
{
    note(arg, e);
}

static void on_page(void *arg, const struct err *e, struct event_page *page UNUSED)
{
    note(arg, e);
}

static struct run make_run(int64_t id)
{
    return (struct run){.id = id, .account = account, .zone = zone, .source_uri = foreign_source};
}

static void wait_for_answers(struct bench *b, int n)
{
    while (b->n_answers < n) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
}

/* A run has a session from here until its account is closed. */
static void begin(struct bench *b, int64_t run_id)
{
    struct run run = make_run(run_id);
    int before = b->n_answers;
    b->port->resolve(b->port->self, &run, on_resolved, b);
    assert_int_equal(b->n_answers, before);
    wait_for_answers(b, before + 1);
    assert_int_equal(b->answer.code, ERR_DENIED);
}

static void end(struct bench *b, int64_t run_id)
{
    int64_t requests, throttled;
    b->port->account(b->port->self, run_id, true, &requests, &throttled);
}

static void replace(struct bench *b)
{
    struct graph *graph = make_graph(b);
    struct err e = {0};
    if (bind_graph_replace(b->bind, graph, &e) < 0) {
        fail_msg("not replaced: %s", e.msg);
    }
    assert_ptr_equal(bind_graph_current(b->bind), graph);
}

static void test_unused_ones_go_at_once(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 4 * BIND_GRAPH_OLD_MAX; i++) {
        replace(b);
        uv_run(&b->loop, UV_RUN_DEFAULT);
    }
}

static void test_used_ones_stay_but_not_many(void **state)
{
    struct bench *b = *state;
    struct err e = {0};
    for (int64_t id = 1; id <= BIND_GRAPH_OLD_MAX; id++) {
        begin(b, id);
        replace(b);
    }
    uv_run(&b->loop, UV_RUN_DEFAULT);
    begin(b, 77);
    struct graph *current = bind_graph_current(b->bind), *refused = make_graph(b);
    assert_int_equal(bind_graph_replace(b->bind, refused, &e), ERR_BUSY);
    assert_non_null(strstr(e.msg, "try again later"));
    assert_ptr_equal(bind_graph_current(b->bind), current);
    graph_close(refused, NULL, NULL);

    begin(b, 1); /* the same run, the same session */
    end(b, 1);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    replace(b);
    begin(b, 2);
}

/* A page of the address before: no token goes there, and the run is not lost. */
static void test_a_page_of_another_address(void **state)
{
    struct bench *b = *state;
    struct run run = make_run(1);
    struct window window = {.from_day = 0, .to_day = 1};
    run.cursor = foreign_page;
    b->port->fetch(b->port->self, &run, &window, on_page, b);
    assert_int_equal(b->n_answers, 0);
    wait_for_answers(b, 1);
    assert_int_equal(b->answer.code, ERR_GONE);
    assert_non_null(strstr(b->answer.msg, "graph.base_url"));
    end(b, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_unused_ones_go_at_once),
        TEST(test_used_ones_stay_but_not_many),
        TEST(test_a_page_of_another_address),
    };
    return cmocka_run_group_tests_name("daemon/bind_graph", tests, NULL, NULL);
}
