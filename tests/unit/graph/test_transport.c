/* The client over connections that a proper server does not make: fresh ones after a 503, TLS that does not
 * verify. */
#include "tests/unit/graph/graph_fixture.h"

#include <unistd.h>

#include "tests/unit/graph/raw_server.h"

struct outcome {
    int n;
    int code;
    char msg[320];
    struct client_cost cost;
};

static void on_done(void *arg, const struct err *e, struct http_reply *reply UNUSED,
                    const struct client_cost *cost)
{
    struct outcome *o = arg;
    o->n++;
    o->code = e ? e->code : 0;
    o->cost = *cost;
    if (e) {
        memcpy(o->msg, e->msg, sizeof o->msg);
    }
}

static struct outcome get(struct graph_fixture *f)
{
    struct outcome o = {0};
    struct client_request request = {
        .account = ANNA, .url = "/users/anna@example.com/calendars", .what = "calendars"};
    (void)client_get(graph_client_of(f->graph), &request, on_done, &o);
    fixture_run_until(f, &o.n, 1);
    return o;
}

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = mem_strdup(value);
}

/* So that it is Graph that is asked, not the sign-in server. */
static void store_access_token(struct graph_fixture *f)
{
    struct fake_account *anna = fake_find(&f->store, ANNA);
    fake_set(&anna->access, "EwB.stored");
    anna->expires_ms = INT64_MAX;
}

static void test_fresh_connection_after_503(void **state)
{
    static const struct {
        const char *name;
        const char *first;
        int connections;
    } rows[] = {
        {"500", "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", 1},
        {"503", "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", 2},
        {"503 with a time", "HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", 2},
    };
    struct graph_fixture *f = *state;
    store_access_token(f);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct raw_reply replies[] = {{rows[i].first, RAW_KEEP, NULL},
                                      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", RAW_KEEP, NULL}};
        struct raw_server *s = raw_start(replies, 2);
        set_text(&f->settings.graph_base_url, s->url);
        fixture_start(f);
        struct outcome o = get(f);
        int connections = s->accepted;
        int requests = s->requests;
        fixture_close(f);
        raw_stop(s);
        if (o.code != 0 || requests != 2 || connections != rows[i].connections) {
            fail_msg("%s: %s, %d requests over %d connections", rows[i].name, err_name(o.code), requests,
                     connections);
        }
    }
}

static void test_connection_refused(void **state)
{
    struct graph_fixture *f = *state;
    struct raw_reply never = {"", RAW_KEEP, NULL};
    struct raw_server *s = raw_start(&never, 1);
    set_text(&f->settings.graph_base_url, s->url);
    raw_stop(s);
    store_access_token(f);
    fixture_start(f);
    struct outcome o = get(f);
    assert_int_equal(o.code, ERR_NET);
    assert_int_equal(o.cost.requests, f->limits.attempts);
    assert_non_null(strstr(o.msg, "calendars: host 127.0.0.1"));
}

static void use_tls(struct graph_fixture *f, const char *ca_file)
{
    struct graphsim_options options = {.tls = true, .ca_file = ca_file};
    struct err e;
    graphsim_stop(f->sim);
    fixture_need(graphsim_start(&options, &f->sim, &e), &e);
    fixture_load(f, fixture_state);
    f->store.sim = f->sim;
    set_text(&f->settings.graph_base_url, graphsim_base_url(f->sim));
    set_text(&f->settings.graph_authority, graphsim_authority(f->sim));
}

static void test_tls_that_does_not_verify(void **state)
{
    struct graph_fixture *f = *state;
    store_access_token(f);
    use_tls(f, NULL);
    fixture_start(f);
    struct outcome o = get(f);
    assert_int_equal(o.code, ERR_TLS);
    assert_int_equal(o.cost.requests, 1);
    assert_non_null(strstr(o.msg, "ca_file"));
    assert_int_equal(graphsim_count(f->sim, ""), 0);
}

static void test_tls_with_an_authority_of_our_own(void **state)
{
    struct graph_fixture *f = *state;
    char path[] = "/tmp/aa-ca-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0) {
        abort();
    }
    close(fd);
    use_tls(f, path);
    set_text(&f->settings.graph_ca_file, path);
    fixture_start(f);
    struct outcome o = get(f);
    remove(path);
    if (o.code != 0) {
        fail_msg("%s", o.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_fresh_connection_after_503),
        FIXTURE_TEST(test_connection_refused),
        FIXTURE_TEST(test_tls_that_does_not_verify),
        FIXTURE_TEST(test_tls_with_an_authority_of_our_own),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
