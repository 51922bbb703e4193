/* What is not a GET: bytes as they are, methods, which answers are good, whose sign-in is blamed, and what a
 * sign-in asks for where files are sent. */
#include "tests/unit/graph/graph_fixture.h"

#include "tests/unit/graph/raw_server.h"

struct outcome {
    int n;
    int code;
    int status;
};

static void on_http(void *arg, const struct err *e, struct http_reply *reply)
{
    struct outcome *o = arg;
    o->n++;
    o->code = e ? e->code : 0;
    o->status = reply ? reply->status : 0;
}

static void on_call(void *arg, const struct err *e, struct http_reply *reply,
                    const struct client_cost *cost UNUSED)
{
    on_http(arg, e, reply);
}

static const struct raw_reply ok_reply = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", RAW_KEEP, NULL};

/* Asks and returns what came over the wire. */
static struct raw_server *ask(struct graph_fixture *f, struct http_request *request)
{
    struct raw_server *s = raw_start(&ok_reply, 1);
    struct outcome o = {0};
    fixture_start(f);
    request->url = s->url;
    request->max_body = 100;
    (void)http_start(graph_http_of(f->graph), request, on_http, &o);
    fixture_run_until(f, &o.n, 1);
    assert_int_equal(o.code, 0);
    return s;
}

static void bytes_go_as_they_are(void **state)
{
    static const char bytes[] = "%PDF\0\r\n\xff";
    struct http_request request = {
        .method = "PUT", .bytes = bytes, .bytes_len = sizeof bytes - 1, .content_type = "application/pdf"};
    struct raw_server *s = ask(*state, &request);
    assert_non_null(strstr(s->last, "PUT / HTTP/1.1\r\n"));
    assert_non_null(strstr(s->last, "\r\nContent-Type: application/pdf\r\n"));
    assert_non_null(strstr(s->last, "\r\nContent-Length: 8\r\n"));
    assert_null(strcasestr(s->last, "\r\nExpect:"));
    assert_non_null(strstr(s->last, "\r\n\r\n%PDF"));
    raw_stop(s);
}

static void nothing_may_be_sent(void **state)
{
    struct http_request request = {.method = "PUT", .bytes = "", .bytes_len = 0, .content_type = "text/csv"};
    struct raw_server *s = ask(*state, &request);
    assert_non_null(strstr(s->last, "PUT / HTTP/1.1\r\n"));
    assert_non_null(strstr(s->last, "\r\nContent-Length: 0\r\n"));
    raw_stop(s);
}

static void basic_is_sent(void **state)
{
    struct secret *pair = secret_copy("QzpT", 4);
    struct http_request request = {.method = "DELETE", .basic = pair};
    struct raw_server *s = ask(*state, &request);
    assert_non_null(strstr(s->last, "DELETE / HTTP/1.1\r\n"));
    assert_non_null(strstr(s->last, "\r\nAuthorization: Basic QzpT\r\n"));
    secret_destroy(pair);
    raw_stop(s);
}

/* ---- the client ---- */

static const struct {
    const char *name;
    const char *method;
    const char *action;
    int code;
} answers[] = {
    {"201 of a PUT", "PUT", "{\"status\":201,\"body\":{}}", 0},
    {"202 of a PUT", "PUT", "{\"status\":202,\"body\":{}}", 0},
    {"204 of a DELETE", "DELETE", "{\"status\":204,\"content_type\":\"application/json\",\"body\":\"\"}", 0},
    {"201 of a GET", NULL, "{\"status\":201,\"body\":{}}", ERR_PROTOCOL},
    {"206 of a PUT", "PUT", "{\"status\":206,\"body\":{}}", ERR_PROTOCOL},
    {"503, then good", "PUT", "{\"status\":503}", 0},
};

static void good_answers(void **state)
{
    struct graph_fixture *f = *state;
    f->limits.attempts = 2;
    fixture_start(f);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct outcome o = {0};
        struct client_request request = {.account = ANNA,
                                         .url = "/users/anna%40example.com/drive/root:/x:/content",
                                         .what = "a file",
                                         .method = answers[i].method,
                                         .bytes = answers[i].method ? "x" : NULL,
                                         .bytes_len = 1,
                                         .content_type = "text/plain"};
        char *fault = mem_printf("{\"match\":\"/drive/\",\"times\":%d,\"action\":%s}",
                                 answers[i].code ? 9 : 1, answers[i].action);
        fixture_fault(f, fault);
        (void)client_send(graph_client_of(f->graph), &request, on_call, &o);
        assert_int_equal(o.n, 0);
        fixture_run_until(f, &o.n, 1);
        graphsim_clear_faults(f->sim);
        free(fault);
        if (o.code != answers[i].code) {
            fail_msg("%s: %s", answers[i].name, err_name(o.code));
        }
    }
}

static void sign_in_is_spared(void **state)
{
    struct graph_fixture *f = *state;
    fixture_start(f);
    fixture_fault(f, "{\"match\":\"/v1.0\",\"action\":{\"status\":401}}");
    for (int spares = 1; spares >= 0; spares--) {
        struct outcome o = {0};
        struct client_request request = {
            .account = ANNA, .url = "/me/drive/root:/x", .what = "a file", .spares_sign_in = spares};
        (void)client_send(graph_client_of(f->graph), &request, on_call, &o);
        fixture_run_until(f, &o.n, 1);
        assert_int_equal(o.code, spares ? ERR_DENIED : ERR_LOGIN);
        assert_int_equal(f->store.marks, !spares);
    }
}

static void no_token_leaves_the_origin(void **state)
{
    struct graph_fixture *f = *state;
    struct outcome o = {0};
    fixture_start(f);
    struct client_request request = {.account = ANNA,
                                     .url = "https://example.com/upload",
                                     .what = "a file",
                                     .method = "PUT",
                                     .bytes = "x",
                                     .bytes_len = 1,
                                     .content_type = "text/plain"};
    (void)client_send(graph_client_of(f->graph), &request, on_call, &o);
    fixture_run_until(f, &o.n, 1);
    assert_int_equal(o.code, ERR_ORIGIN);
}

/* ---- what is asked for ---- */

static void on_token(void *arg, const struct err *e, const struct signin_token *token UNUSED)
{
    struct outcome *o = arg;
    o->n++;
    o->code = e ? e->code : 0;
}

/* People are asked for their files only where files are sent; a refresh asks for no less than was granted. */
static void scopes_with_files(void **state)
{
    struct graph_fixture *f = *state;
    char folder[] = "Timesheets";
    f->settings.onedrive_folder = folder;
    fixture_start(f);
    assert_true(graph_signin_config(f->graph)->wants_files);
    struct outcome o = {0};
    struct signin_wait wait = {0};
    signin_get(graph_signin_of(f->graph), ANNA, &wait, on_token, &o);
    fixture_run_until(f, &o.n, 1);
    assert_int_equal(o.code, 0);
    assert_int_equal(fixture_log_count(f, "\"grant_type\":\t\"refresh_token\""), 1);
    assert_int_equal(fixture_log_count(f, "\"scope\""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(bytes_go_as_they_are), FIXTURE_TEST(nothing_may_be_sent),
        FIXTURE_TEST(basic_is_sent),        FIXTURE_TEST(good_answers),
        FIXTURE_TEST(sign_in_is_spared),    FIXTURE_TEST(no_token_leaves_the_origin),
        FIXTURE_TEST(scopes_with_files),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
