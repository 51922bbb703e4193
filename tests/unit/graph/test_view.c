/* The calendar view, page by page: read-ahead of exactly one, circles, foreign links, broken pages, giving
 * up. */
#include "tests/unit/graph/graph_fixture.h"

#include "base/civil.h"
#include "graph/calendars.h"
#include "graph/view.h"

#define DAY 20454 /* 2026-01-01 */

struct outcome {
    int n;
    int code;
    char msg[320];
    size_t n_events;
    char first_id[128];
    char request_id[64];
    char *next; /* NULL: the last page */
};

static void on_page(void *arg, const struct err *e, struct event_page *page)
{
    struct outcome *o = arg;
    o->n++;
    o->code = e ? e->code : 0;
    free(o->next);
    o->next = NULL;
    if (e) {
        memcpy(o->msg, e->msg, sizeof o->msg);
        return;
    }
    o->n_events = page->n_events;
    o->next = mem_strdup(page->next_cursor);
    snprintf(o->first_id, sizeof o->first_id, "%s", page->n_events ? page->events[0].id : "");
    snprintf(o->request_id, sizeof o->request_id, "%s", page->request_id);
    event_page_destroy(page);
}

struct view_fixture {
    struct graph_fixture *f;
    struct tz_cache *zones;
    struct view_reader *reader;
    bool is_closed;
    struct outcome o;
};

static void on_closed(void *arg)
{
    *(bool *)arg = true;
}

static void open_view(struct view_fixture *v, const char *calendar_id, int32_t to_day)
{
    struct view_config config = {.account = ANNA,
                                 .calendar_id = calendar_id,
                                 .window = {.from_day = DAY,
                                            .to_day = to_day,
                                            .from_ms = DAY * MS_PER_DAY - MS_PER_HOUR, /* Berlin */
                                            .to_ms = to_day * MS_PER_DAY - MS_PER_HOUR},
                                 .zones = v->zones};
    v->reader = view_create(graph_client_of(v->f->graph), &config);
}

static void close_view(struct view_fixture *v)
{
    if (v->reader) {
        v->is_closed = false;
        view_close(v->reader, on_closed, &v->is_closed);
        while (!v->is_closed && uv_run(&v->f->loop, UV_RUN_ONCE)) {
        }
        v->reader = NULL;
    }
}

static int setup(void **state)
{
    struct view_fixture *v = mem_calloc(1, sizeof *v);
    void *inner;
    if (fixture_setup(&inner) < 0) {
        return -1;
    }
    v->f = inner;
    v->zones = tz_cache_create(NULL);
    v->f->limits.page_size = 10;
    *state = v;
    return 0;
}

static int teardown(void **state)
{
    struct view_fixture *v = *state;
    close_view(v);
    tz_cache_destroy(v->zones);
    free(v->o.next);
    void *inner = v->f;
    int r = fixture_teardown(&inner);
    free(v);
    return r;
}

/* n events of an hour each, one a day from January 1st on. */
static void load_events(struct view_fixture *v, const char *calendar_id, int n)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    int r = buf_printf(&text, "{\"events\":[{\"calendar\":\"%s\",\"events\":[", calendar_id);
    for (int i = 0; i < n && r == 0; i++) {
        char date[CIVIL_DATE_LEN + 1];
        civil_format_date(DAY + i, date);
        r = buf_printf(&text,
                       "%s{\"id\":\"event-%d\",\"subject\":\"s\",\"start\":{\"dateTime\":\"%sT10:00:00\","
                       "\"timeZone\":\"UTC\"},"
                       "\"end\":{\"dateTime\":\"%sT11:00:00\",\"timeZone\":\"UTC\"}}",
                       i ? "," : "", i, date, date);
    }
    r = r == 0 ? buf_add_str(&text, "]}]}") : r;
    if (r < 0) {
        abort();
    }
    fixture_load(v->f, buf_str(&text));
    buf_finish(&text);
}

static const struct outcome *fetch(struct view_fixture *v, const char *cursor)
{
    int wanted = v->o.n + 1;
    char *copy = mem_strdup(cursor);
    view_fetch(v->reader, copy, on_page, &v->o);
    if (v->o.n == wanted) { /* never from inside */
        abort();
    }
    free(copy);
    fixture_run_until(v->f, &v->o.n, wanted);
    return &v->o;
}

static void on_other(void *arg, const struct err *e UNUSED, struct http_reply *reply UNUSED,
                     const struct client_cost *cost UNUSED)
{
    *(int *)arg = 1;
}

/* Until so many pages were asked for, and a little longer. */
static void settle(struct view_fixture *v, int requests)
{
    while (graphsim_count(v->f->sim, "calendarView") < requests) {
        uv_run(&v->f->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 3; i++) { /* others come and go meanwhile, so that one too many would show */
        int n = 0;
        struct client_request request = {
            .account = BERT, .url = "/users/bert@example.com/calendars", .what = "x"};
        (void)client_get(graph_client_of(v->f->graph), &request, on_other, &n);
        fixture_run_until(v->f, &n, 1);
    }
}

/* ---- reading ---- */

static void test_request(void **state)
{
    struct view_fixture *v = *state;
    v->f->limits.page_size = 1000;
    fixture_start(v->f);
    open_view(v, "primary", DAY + 31);
    const struct outcome *o = fetch(v, NULL);
    assert_int_equal(o->code, 0);
    assert_null(o->next);
    assert_int_equal(strlen(o->request_id), 36);
    char *log = graphsim_log(v->f->sim);
    /* a day more on each side than 2025-12-31T23:00Z to 2026-01-31T23:00Z */
    bool ok =
        strstr(log, "/v1.0/users/anna%40example.com/calendar/calendarView?startDateTime=2025-12-30T23:00:00Z"
                    "&endDateTime=2026-02-01T23:00:00Z&$top=1000&$orderby=start/dateTime\"") &&
        !strstr(log, "$select") && !strstr(log, "/me/");
    free(log);
    assert_true(ok);
    close_view(v);
    graphsim_forget(v->f->sim);
    open_view(v, "AQMkCal2/+=", DAY + 31);
    assert_int_equal(fetch(v, NULL)->code, 0);
    assert_int_equal(
        fixture_log_count(v->f, "/users/anna%40example.com/calendars/AQMkCal2%2F%2B%3D/calendarView?"), 1);
}

static void test_all_pages(void **state)
{
    struct view_fixture *v = *state;
    load_events(v, "AQMkCal1=", 25);
    fixture_load(v->f, "{\"gzip\":true}");
    fixture_start(v->f);
    open_view(v, "primary", DAY + 31);
    const struct outcome *o = fetch(v, NULL);
    assert_int_equal(o->code, 0);
    assert_int_equal(o->n_events, 10);
    assert_string_equal(o->first_id, "event-0");
    o = fetch(v, o->next);
    assert_int_equal(o->n_events, 10);
    assert_string_equal(o->first_id, "event-10");
    o = fetch(v, o->next);
    assert_int_equal(o->n_events, 5);
    assert_null(o->next);
    struct client_cost cost = view_take_cost(v->reader);
    assert_int_equal(cost.requests, 3);
    assert_int_equal(view_take_cost(v->reader).requests, 0);
    assert_int_equal(graphsim_count(v->f->sim, "calendarView"), 3);
}

static void test_one_page_ahead(void **state)
{
    struct view_fixture *v = *state;
    load_events(v, "AQMkCal1=", 45);
    fixture_start(v->f);
    open_view(v, "primary", DAY + 60);
    const struct outcome *o = fetch(v, NULL);
    settle(v, 2); /* the second is asked for without being wanted yet, the third is not */
    assert_int_equal(graphsim_count(v->f->sim, "calendarView"), 2);
    o = fetch(v, o->next);
    assert_string_equal(o->first_id, "event-10");
    settle(v, 3);
    assert_int_equal(graphsim_count(v->f->sim, "calendarView"), 3);
}

/* The page that is under way when it is wanted is not asked for again. */
static void test_wanted_while_under_way(void **state)
{
    struct view_fixture *v = *state;
    load_events(v, "AQMkCal1=", 25);
    fixture_start(v->f);
    open_view(v, "primary", DAY + 31);
    const struct outcome *o = fetch(v, NULL);
    graphsim_set_latency_ms(v->f->sim, 10);
    o = fetch(v, o->next);
    o = fetch(v, o->next);
    assert_int_equal(o->code, 0);
    assert_int_equal(graphsim_count(v->f->sim, "calendarView"), 3);
}

/* After a restart: a new reader begins in the middle. */
static void test_stored_cursor(void **state)
{
    struct view_fixture *v = *state;
    load_events(v, "AQMkCal1=", 25);
    fixture_start(v->f);
    open_view(v, "primary", DAY + 31);
    char *cursor = mem_strdup(fetch(v, NULL)->next);
    close_view(v);
    open_view(v, "primary", DAY + 31);
    const struct outcome *o = fetch(v, cursor);
    assert_int_equal(o->code, 0);
    assert_string_equal(o->first_id, "event-10");
    /* and again, as after a failed staging: nothing of that is a circle */
    o = fetch(v, cursor);
    assert_int_equal(o->code, 0);
    assert_string_equal(o->first_id, "event-10");
    o = fetch(v, NULL);
    assert_int_equal(o->code, 0);
    o = fetch(v, o->next);
    o = fetch(v, o->next);
    assert_int_equal(o->code, 0);
    assert_null(o->next);
    free(cursor);
}

static void test_empty_page_with_a_next_one(void **state)
{
    struct view_fixture *v = *state;
    char fault[512];
    fixture_start(v->f);
    snprintf(
        fault, sizeof fault,
        "{\"match\":\"calendarView\",\"times\":1,\"action\":{\"body\":{\"value\":[],\"@odata.nextLink\":"
        "\"%s/users/anna@example.com/calendar/calendarView?startDateTime=2026-01-01T00:00:00Z&endDateTime="
        "2026-01-02T00:00:00Z&$skip=0\"}}}",
        graphsim_base_url(v->f->sim));
    fixture_fault(v->f, fault);
    open_view(v, "primary", DAY + 1);
    const struct outcome *o = fetch(v, NULL);
    assert_int_equal(o->code, 0);
    assert_int_equal(o->n_events, 0);
    assert_non_null(o->next);
    o = fetch(v, o->next);
    assert_int_equal(o->code, 0);
    assert_null(o->next);
}

/* ---- what is refused ---- */

static void test_window_too_long(void **state)
{
    struct view_fixture *v = *state;
    fixture_start(v->f);
    open_view(v, "primary", DAY + 1824);
    const struct outcome *o = fetch(v, NULL);
    assert_int_equal(o->code, ERR_INVALID);
    assert_non_null(strstr(o->msg, "1824 days"));
    assert_int_equal(graphsim_count(v->f->sim, ""), 0);
    close_view(v);
    open_view(v, "primary", DAY + 1823);
    assert_int_equal(fetch(v, NULL)->code, 0);
}

static void test_page_that_is_its_own_next(void **state)
{
    struct view_fixture *v = *state;
    fixture_start(v->f);
    fixture_fault(v->f, "{\"match\":\"calendarView\",\"action\":{\"endless_next\":true}}");
    open_view(v, "primary", DAY + 31);
    const struct outcome *o = fetch(v, NULL);
    for (int i = 0; i < 5 && o->code == 0; i++) {
        o = fetch(v, o->next);
    }
    assert_int_equal(o->code, ERR_LOOP);
    assert_true(graphsim_count(v->f->sim, "calendarView") <= 3);
}

/* a -> b -> c -> b */
static void test_circle_of_pages(void **state)
{
    struct view_fixture *v = *state;
    static const char *const next[] = {"b", "c", "b"};
    char fault[512];
    fixture_start(v->f);
    for (int i = 0; i < 3; i++) {
        snprintf(
            fault, sizeof fault,
            "{\"match\":\"calendarView\",\"times\":1,\"action\":{\"body\":{\"value\":[],\"@odata.nextLink\":"
            "\"%s/users/anna@example.com/calendar/calendarView?%s\"}}}",
            graphsim_base_url(v->f->sim), next[i]);
        fixture_fault(v->f, fault);
    }
    open_view(v, "primary", DAY + 31);
    const struct outcome *o = fetch(v, NULL);
    assert_int_equal(o->code, 0);
    o = fetch(v, o->next);
    assert_int_equal(o->code, 0);
    o = fetch(v, o->next);
    assert_int_equal(o->code, ERR_LOOP);
    assert_non_null(strstr(o->msg, ANNA));
}

static void test_pages_without_end(void **state)
{
    struct view_fixture *v = *state;
    v->f->limits.max_pages = 3;
    load_events(v, "AQMkCal1=", 45);
    fixture_start(v->f);
    open_view(v, "primary", DAY + 60);
    const struct outcome *o = fetch(v, NULL);
    o = fetch(v, o->next);
    assert_int_equal(o->code, 0);
    o = fetch(v, o->next);
    assert_int_equal(o->code, ERR_LOOP);
    assert_non_null(strstr(o->msg, "3 pages"));
}

static void test_next_page_elsewhere(void **state)
{
    struct view_fixture *v = *state;
    struct graphsim_options options = {0};
    struct graphsim *other;
    struct err e;
    char fault[512];
    fixture_need(graphsim_start(&options, &other, &e), &e);
    fixture_start(v->f);
    snprintf(fault, sizeof fault,
             "{\"match\":\"calendarView\",\"action\":{\"next_link\":\"%s/users/x/calendarView\"}}",
             graphsim_base_url(other));
    fixture_fault(v->f, fault);
    load_events(v, "AQMkCal1=", 25);
    open_view(v, "primary", DAY + 31);
    int code = fetch(v, NULL)->code;
    char *cursor = mem_printf("%s/users/x/calendarView", graphsim_base_url(other));
    int stored = fetch(v, cursor)->code; /* a cursor from the database is input, too */
    int reached = graphsim_count(other, "");
    free(cursor);
    graphsim_stop(other);
    assert_int_equal(code, ERR_ORIGIN);
    assert_int_equal(stored, ERR_ORIGIN);
    assert_int_equal(reached, 0);
    assert_non_null(strstr(v->o.msg, "127.0.0.1"));
}

struct fault_row {
    const char *name;
    const char *action;
    int code;
};

static void test_bad_pages(void **state)
{
    static const struct fault_row rows[] = {
        {"HTML said to be JSON", "{\"raw_page\":\"<html>\",\"content_type\":\"application/json\"}",
         ERR_PROTOCOL},
        {"HTML", "{\"raw_page\":\"<html>\",\"content_type\":\"text/html\"}", ERR_PROTOCOL},
        {"cut JSON of whole length", "{\"raw_page\":\"{\\\"value\\\":[{\"}", ERR_PROTOCOL},
        {"empty", "{\"raw_page\":\"\",\"content_type\":\"application/json\"}", ERR_PROTOCOL},
        {"no value", "{\"raw_page\":\"{}\"}", ERR_PROTOCOL},
        {"cut off", "{\"cut_body\":40}", ERR_NET},
        {"100 MB", "{\"big_body_mb\":100}", ERR_TOO_BIG},
        {"403", "{\"status\":403}", ERR_DENIED},
        {"410", "{\"status\":410}", ERR_GONE},
        {"500", "{\"status\":500}", ERR_SERVER},
        {"unknown calendar", "{\"status\":404,\"body\":{\"error\":{\"code\":\"ErrorItemNotFound\"}}}",
         ERR_NOT_FOUND},
    };
    struct view_fixture *v = *state;
    v->f->limits.attempts = 1;
    fixture_start(v->f);
    open_view(v, "primary", DAY + 31);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char fault[512];
        snprintf(fault, sizeof fault, "{\"match\":\"calendarView\",\"action\":%s}", rows[i].action);
        fixture_fault(v->f, fault);
        const struct outcome *o = fetch(v, NULL);
        graphsim_clear_faults(v->f->sim);
        if (o->code != rows[i].code || !strstr(o->msg, ANNA)) {
            fail_msg("%s: %s, %s", rows[i].name, err_name(o->code), o->msg);
        }
        assert_int_equal(fetch(v, NULL)->code, 0); /* and it recovers */
    }
}

/* What goes wrong ahead is told when that page is wanted, and the page can be asked for again. */
static void test_fault_ahead(void **state)
{
    struct view_fixture *v = *state;
    v->f->limits.attempts = 1;
    load_events(v, "AQMkCal1=", 25);
    fixture_start(v->f);
    fixture_fault(v->f, "{\"match\":\"calendarView\",\"skip\":1,\"times\":1,\"action\":{\"status\":500}}");
    open_view(v, "primary", DAY + 31);
    char *next = mem_strdup(fetch(v, NULL)->next);
    assert_int_equal(v->o.code, 0);
    settle(v, 2);
    int first = fetch(v, next)->code;
    int second = fetch(v, next)->code;
    free(next);
    assert_int_equal(first, ERR_SERVER);
    assert_int_equal(second, 0);
    assert_string_equal(v->o.first_id, "event-10");
}

/* ---- giving up ---- */

static void test_cancel(void **state)
{
    struct view_fixture *v = *state;
    load_events(v, "AQMkCal1=", 25);
    fixture_start(v->f);
    open_view(v, "primary", DAY + 31);
    view_cancel(v->reader); /* nothing is under way */
    fixture_fault(v->f, "{\"match\":\"calendarView\",\"action\":{\"never\":true}}");
    view_fetch(v->reader, NULL, on_page, &v->o);
    while (graphsim_count(v->f->sim, "calendarView") == 0) {
        uv_run(&v->f->loop, UV_RUN_NOWAIT);
    }
    view_cancel(v->reader);
    view_cancel(v->reader);
    fixture_run_until(v->f, &v->o.n, 1);
    assert_int_equal(v->o.n, 1);
    assert_int_equal(v->o.code, ERR_CANCELLED);
    graphsim_clear_faults(v->f->sim);
    const struct outcome *o = fetch(v, NULL); /* goes on where it is told to */
    assert_int_equal(o->code, 0);
    view_cancel(v->reader); /* the page ahead */
    o = fetch(v, o->next);
    assert_int_equal(o->code, 0);
    assert_string_equal(o->first_id, "event-10");
}

/* In each stage of a page's way: asked for, on the pool, ready but not told. */
static void test_close_in_every_stage(void **state)
{
    struct view_fixture *v = *state;
    load_events(v, "AQMkCal1=", 25);
    fixture_start(v->f);
    open_view(v, "primary", DAY + 31);
    assert_int_equal(fetch(v, NULL)->code, 0); /* signed in */
    close_view(v);
    for (int turns = 0; turns < 60; turns++) {
        v->o.n = 0;
        open_view(v, "primary", DAY + 31);
        view_fetch(v->reader, NULL, on_page, &v->o);
        for (int i = 0; i < turns; i++) {
            uv_run(&v->f->loop, UV_RUN_NOWAIT);
        }
        close_view(v);
        assert_true(v->is_closed);
        assert_int_equal(v->o.n, 1);
        assert_true(v->o.code == 0 || v->o.code == ERR_CANCELLED);
    }
}

static void close_from_inside(void *arg, const struct err *e, struct event_page *page)
{
    struct view_fixture *v = arg;
    on_page(&v->o, e, page);
    view_close(v->reader, on_closed, &v->is_closed);
    v->reader = NULL;
}

static void test_close_from_the_callback(void **state)
{
    struct view_fixture *v = *state;
    load_events(v, "AQMkCal1=", 25);
    fixture_start(v->f);
    open_view(v, "primary", DAY + 31);
    view_fetch(v->reader, NULL, close_from_inside, v);
    while (!v->is_closed && uv_run(&v->f->loop, UV_RUN_ONCE)) {
    }
    assert_int_equal(v->o.code, 0);
    v->is_closed = false;
    open_view(v, "primary", DAY + 5000); /* the same for an error that is told later */
    view_fetch(v->reader, NULL, close_from_inside, v);
    while (!v->is_closed && uv_run(&v->f->loop, UV_RUN_ONCE)) {
    }
    assert_int_equal(v->o.code, ERR_INVALID);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_request),
        TEST(test_all_pages),
        TEST(test_one_page_ahead),
        TEST(test_wanted_while_under_way),
        TEST(test_stored_cursor),
        TEST(test_empty_page_with_a_next_one),
        TEST(test_window_too_long),
        TEST(test_page_that_is_its_own_next),
        TEST(test_circle_of_pages),
        TEST(test_pages_without_end),
        TEST(test_next_page_elsewhere),
        TEST(test_bad_pages),
        TEST(test_fault_ahead),
        TEST(test_cancel),
        TEST(test_close_in_every_stage),
        TEST(test_close_from_the_callback),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
