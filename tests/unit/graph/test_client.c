/* Authenticated GETs: retries by status, Retry-After for the whole mailbox, one refresh after a 401, who gets
 * a turn when, and that no token leaves the origin. */
#include "tests/unit/graph/graph_fixture.h"

struct outcome {
    int *total;
    int n;
    int code;
    int order; /* of completion, from 1 */
    int64_t retry_after_ms;
    char msg[320];
    char body[128];
    struct client_cost cost;
};

static void on_done(void *arg, const struct err *e, struct http_reply *reply, const struct client_cost *cost)
{
    struct outcome *o = arg;
    o->n++;
    o->order = ++*o->total;
    o->code = e ? e->code : 0;
    o->cost = *cost;
    if (e) {
        memcpy(o->msg, e->msg, sizeof o->msg);
        o->retry_after_ms = e->retry_after_ms;
    } else {
        snprintf(o->body, sizeof o->body, "%s", buf_str(&reply->body));
    }
}

static struct client_call *start(struct graph_fixture *f, const char *account, const char *url,
                                 struct outcome *o)
{
    struct client_request request = {.account = account, .url = url, .what = "calendars of somebody"};
    struct client_call *call = client_get(graph_client_of(f->graph), &request, on_done, o);
    if (o->n != 0) { /* never from inside */
        abort();
    }
    return call;
}

static struct outcome get_url(struct graph_fixture *f, const char *account, const char *url)
{
    int total = 0;
    struct outcome o = {.total = &total};
    (void)start(f, account, url, &o);
    fixture_run_until(f, &total, 1);
    return o;
}

static struct outcome get(struct graph_fixture *f, const char *account)
{
    char *path = client_user_path(account, "/calendars");
    struct outcome o = get_url(f, account, path);
    free(path);
    return o;
}

static void test_success(void **state)
{
    struct graph_fixture *f = *state;
    fixture_load(f, "{\"gzip\":true}");
    fixture_start(f);
    struct outcome o = get(f, ANNA);
    assert_int_equal(o.code, 0);
    assert_int_equal(o.cost.requests, 1);
    assert_int_equal(o.cost.throttled, 0);
    assert_non_null(strstr(o.body, "\"value\":["));
    char *log = graphsim_log(f->sim);
    assert_non_null(strstr(log, "/users/anna%40example.com/calendars"));
    assert_non_null(strstr(log, "IdType=\\\"ImmutableId\\\""));
    assert_non_null(strstr(log, "outlook.timezone=\\\"UTC\\\""));
    assert_non_null(strstr(log, "\"accept\":\t\"application/json\""));
    assert_non_null(strstr(log, "\"accept_encoding\":\t\"gzip\""));
    free(log);
}

/* What is stored is stored before the token that came with it is used. */
static void test_rotation_is_stored_before_use(void **state)
{
    struct graph_fixture *f = *state;
    f->store.save_delay_ms = 25;
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code, 0);
    assert_int_equal(f->store.saves, 1);
    assert_int_equal(f->store.api_requests_before, 0);
    assert_int_equal(graphsim_count(f->sim, "/v1.0"), 1);
}

struct row {
    const char *name;
    const char *action; /* of every API request, or of as many as `times` */
    int times;          /* 0: always */
    int code;
    int requests;
    int throttled;
    const char *says;
};

static const struct row rows[] = {
    {"500 twice", "{\"status\":500}", 2, ERR_OK, 3, 0, ""},
    {"503 twice", "{\"status\":503}", 2, ERR_OK, 3, 0, ""},
    {"504 once", "{\"status\":504}", 1, ERR_OK, 2, 0, ""},
    {"502 with HTML", "{\"status\":502,\"body\":\"<html>\",\"content_type\":\"text/html\"}", 1, ERR_OK, 2, 0,
     ""},
    {"429 with seconds", "{\"status\":429,\"headers\":{\"Retry-After\":\"1\"}}", 2, ERR_OK, 3, 2, ""},
    {"429 with a decimal", "{\"status\":429,\"headers\":{\"Retry-After\":\"2.128\"}}", 1, ERR_OK, 2, 1, ""},
    {"429 with a date", "{\"status\":429,\"headers\":{\"Retry-After\":\"Mon, 02 Feb 2099 02:40:00 GMT\"}}", 1,
     ERR_OK, 2, 1, ""},
    {"429 without a time", "{\"status\":429}", 1, ERR_OK, 2, 1, ""},
    {"429 with nonsense", "{\"status\":429,\"headers\":{\"Retry-After\":\"soon\"}}", 1, ERR_OK, 2, 1, ""},
    {"503 with a time", "{\"status\":503,\"headers\":{\"Retry-After\":\"1\"}}", 1, ERR_OK, 2, 1, ""},
    {"reset once", "{\"reset\":true}", 1, ERR_OK, -1, 0, ""},
    {"cut off once", "{\"cut_body\":20}", 1, ERR_OK, 2, 0, ""},
    {"HTML with 200 once", "{\"body\":\"<html>\",\"content_type\":\"text/html\"}", 1, ERR_OK, 2, 0, ""},
    {"412 once", "{\"status\":412}", 1, ERR_OK, 2, 0, ""},
    {"408 once", "{\"status\":408}", 1, ERR_OK, 2, 0, ""},
    {"401 once", "{\"status\":401}", 1, ERR_OK, 2, 0, ""},
    {"500 for ever", "{\"status\":500}", 0, ERR_SERVER, 4, 0, "500"},
    {"429 for ever", "{\"status\":429,\"headers\":{\"Retry-After\":\"1\"}}", 0, ERR_THROTTLED, 4, 4, "429"},
    {"509 for ever", "{\"status\":509}", 0, ERR_THROTTLED, 4, 4, "509"},
    {"HTML with 200 for ever", "{\"body\":\"<html>\",\"content_type\":\"text/html\"}", 0, ERR_PROTOCOL, 4, 0,
     "text/html"},
    {"cut off for ever", "{\"cut_body\":20}", 0, ERR_NET, 4, 0, "cut off"},
    {"400", "{\"status\":400}", 0, ERR_REQUEST, 1, 0, "400"},
    {"403", "{\"status\":403}", 0, ERR_DENIED, 1, 0, "scope"},
    {"404", "{\"status\":404}", 0, ERR_NOT_FOUND, 1, 0, "calendars of somebody"},
    {"410", "{\"status\":410}", 0, ERR_GONE, 1, 0, "start over"},
    {"too big", "{\"big_body_mb\":100}", 0, ERR_TOO_BIG, 1, 0, "1048576"},
};

static void test_statuses(void **state)
{
    struct graph_fixture *f = *state;
    f->limits.attempts = 4;
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        char fault[512];
        snprintf(fault, sizeof fault, "{\"match\":\"/v1.0\",\"times\":%d,\"action\":%s}", row->times,
                 row->action);
        fixture_fault(f, fault);
        struct outcome o = get(f, ANNA);
        graphsim_clear_faults(f->sim);
        bool requests_ok = row->requests < 0 || o.cost.requests == row->requests;
        if (o.code != row->code || !requests_ok || o.cost.throttled != row->throttled ||
            !strstr(o.msg, row->says)) {
            fail_msg("%s: %s, %lld requests, %lld throttled: %s", row->name, err_name(o.code),
                     (long long)o.cost.requests, (long long)o.cost.throttled, o.msg);
        }
    }
}

static void test_request_ids_are_fresh(void **state)
{
    struct graph_fixture *f = *state;
    char id[2][64] = {"", ""};
    fixture_fault(f, "{\"match\":\"/v1.0\",\"times\":1,\"action\":{\"status\":500}}");
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code, 0);
    char *log = graphsim_log(f->sim);
    const char *p = log;
    for (int i = 0; i < 2; i++) {
        p = p ? strstr(p, "\"client_request_id\":\t\"") : NULL;
        p = p ? p + 22 : NULL;
        if (p) {
            snprintf(id[i], sizeof id[i], "%.36s", p);
        }
    }
    free(log);
    assert_int_equal(strlen(id[0]), 36);
    assert_string_not_equal(id[0], id[1]);
}

/* ---- sign-in ---- */

static void test_401_refreshes_once_for_all(void **state)
{
    enum { N = 8 };
    struct graph_fixture *f = *state;
    struct outcome o[N] = {0};
    int total = 0;
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code, 0);
    graphsim_expire_tokens(f->sim, ANNA, false);
    graphsim_forget(f->sim);
    for (int i = 0; i < N; i++) {
        o[i].total = &total;
        (void)start(f, ANNA, "/users/anna@example.com/calendars", &o[i]);
    }
    fixture_run_until(f, &total, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(o[i].code, 0);
    }
    assert_int_equal(graphsim_count(f->sim, "/token"), 1);
}

static void test_401_twice_is_final(void **state)
{
    struct graph_fixture *f = *state;
    fixture_fault(f, "{\"match\":\"/v1.0\",\"action\":{\"status\":401}}");
    fixture_start(f);
    struct outcome o = get(f, ANNA);
    assert_int_equal(o.code, ERR_LOGIN);
    assert_int_equal(o.cost.requests, 2);
    assert_int_equal(graphsim_count(f->sim, "/token"), 2);
    fixture_close(f);
    assert_int_equal(f->store.marks, 1);
}

static void test_revoked_sign_in(void **state)
{
    struct graph_fixture *f = *state;
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code, 0);
    graphsim_expire_tokens(f->sim, ANNA, true);
    struct outcome o = get(f, ANNA);
    assert_int_equal(o.code, ERR_LOGIN);
    assert_non_null(strstr(o.msg, "AADSTS50173"));
    assert_int_equal(f->store.marks, 1);
    graphsim_forget(f->sim);
    assert_int_equal(get(f, ANNA).code, ERR_LOGIN);
    assert_int_equal(graphsim_count(f->sim, ""), 0); /* nobody is asked until a person has signed in */
    assert_int_equal(get(f, BERT).code, 0);          /* the rest goes on */
}

static void test_claims_challenge_is_final(void **state)
{
    struct graph_fixture *f = *state;
    fixture_fault(f, "{\"match\":\"/v1.0\",\"action\":{\"status\":401,\"headers\":{\"WWW-Authenticate\":"
                     "\"Bearer error=\\\"insufficient_claims\\\", claims=\\\"ey\\\"\"}}}");
    fixture_start(f);
    struct outcome o = get(f, ANNA);
    assert_int_equal(o.code, ERR_LOGIN);
    assert_int_equal(o.cost.requests, 1);
    fixture_close(f);
    assert_int_equal(f->store.marks, 1);
    assert_non_null(strstr(f->store.mark_reason, "interactive"));
}

/* ---- time ---- */

static void test_never_answers(void **state)
{
    struct graph_fixture *f = *state;
    f->limits.request_ms = 30;
    f->limits.attempts = 2;
    fixture_fault(f, "{\"match\":\"/v1.0\",\"action\":{\"never\":true}}");
    fixture_start(f);
    struct outcome o = get(f, ANNA);
    assert_int_equal(o.code, ERR_TIMEOUT);
    assert_int_equal(o.cost.requests, 2);
}

/* The time limit of the whole call cuts both the waits and the last request. */
static void test_total_time(void **state)
{
    struct graph_fixture *f = *state;
    f->limits.attempts = 1000000;
    f->limits.total_ms = 200;
    fixture_fault(f, "{\"match\":\"/v1.0\",\"skip\":1,\"action\":{\"never\":true}}");
    fixture_fault(f, "{\"match\":\"/v1.0\",\"action\":{\"status\":500}}");
    fixture_start(f);
    int64_t began_ms = clock_mono_ms(&clock_real);
    struct outcome o = get(f, ANNA);
    assert_true(o.code == ERR_TIMEOUT ||
                o.code == ERR_SERVER); /* the latter where the first answer took that long */
    assert_true(o.cost.requests <= 2);
    assert_true(clock_mono_ms(&clock_real) - began_ms < 4000); /* the request alone would take five seconds */
}

static void test_retry_after_beyond_the_limit(void **state)
{
    struct graph_fixture *f = *state;
    f->limits.retry_after_max_ms = 600000;
    fixture_fault(f,
                  "{\"match\":\"/v1.0\",\"action\":{\"status\":429,\"headers\":{\"Retry-After\":\"300\"}}}");
    fixture_start(f);
    struct outcome o = get(f, ANNA);
    assert_int_equal(o.code, ERR_THROTTLED);
    assert_int_equal(o.cost.requests, 1);
    assert_int_equal(o.retry_after_ms, 300000);
}

/* Retry-After holds for everything of the mailbox, and for nothing else. */
static void test_retry_after_blocks_the_mailbox(void **state)
{
    struct graph_fixture *f = *state;
    int total = 0;
    struct outcome anna[2] = {{.total = &total}, {.total = &total}};
    f->limits.retry_after_min_ms = f->limits.retry_after_max_ms = 120;
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code + get(f, BERT).code, 0);
    fixture_fault(
        f,
        "{\"match\":\"anna\",\"times\":1,\"action\":{\"status\":429,\"headers\":{\"Retry-After\":\"1\"}}}");
    graphsim_forget(f->sim);
    int64_t asked_ms = clock_mono_ms(&clock_real);
    (void)start(f, ANNA, "/users/anna@example.com/calendars", &anna[0]);
    while (fixture_log_count(f, "\"status\":\t429") == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(get(f, BERT).code + get(f, BERT).code, 0); /* by now the answer has arrived, too */
    (void)start(f, ANNA, "/users/anna@example.com/calendars", &anna[1]);
    struct outcome bert = get(f, BERT);
    bool anna_asked = graphsim_count(f->sim, "anna") > 1;
    int64_t elapsed_ms = clock_mono_ms(&clock_real) - asked_ms;
    fixture_run_until(f, &total, 2);
    assert_true(clock_mono_ms(&clock_real) - asked_ms >= 115);
    assert_int_equal(bert.code, 0);
    assert_true(!anna_asked || elapsed_ms >= 115); /* the latter on a machine that stood still */
    assert_int_equal(anna[0].code + anna[1].code, 0);
    assert_int_equal(graphsim_count(f->sim, "anna"), 3);
    assert_int_equal(anna[0].cost.throttled, 1);
    assert_int_equal(anna[1].cost.throttled, 0);
}

/* ---- turns ---- */

static void test_four_in_a_mailbox(void **state)
{
    enum { N = 20 };
    struct graph_fixture *f = *state;
    struct outcome o[2 * N] = {0};
    int total = 0;
    fixture_load(f, "{\"mailbox_limit\":4}");
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code + get(f, BERT).code, 0);
    graphsim_set_latency_ms(f->sim, 15);
    graphsim_forget(f->sim);
    for (int i = 0; i < 2 * N; i++) {
        o[i].total = &total;
        (void)start(f, i < N ? ANNA : BERT,
                    i < N ? "/users/anna@example.com/calendars" : "/users/bert@example.com/calendars", &o[i]);
    }
    fixture_run_until(f, &total, 2 * N);
    for (int i = 0; i < 2 * N; i++) {
        assert_int_equal(o[i].code, 0);
        assert_int_equal(o[i].cost.requests, 1);
    }
    assert_int_equal(graphsim_peak_in_flight(f->sim, ANNA), 4);
    assert_int_equal(graphsim_peak_in_flight(f->sim, BERT), 4);
    assert_int_equal(graphsim_peak_in_flight(f->sim, NULL), 8);
}

static void test_max_requests_in_all(void **state)
{
    enum { N = 12 };
    struct graph_fixture *f = *state;
    struct outcome o[2 * N] = {0};
    int total = 0;
    f->settings.graph_max_requests = 3;
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code + get(f, BERT).code, 0);
    graphsim_set_latency_ms(f->sim, 10);
    graphsim_forget(f->sim);
    for (int i = 0; i < 2 * N; i++) { /* all of Anna's before Bert's */
        o[i].total = &total;
        (void)start(f, i < N ? ANNA : BERT,
                    i < N ? "/users/anna@example.com/calendars" : "/users/bert@example.com/calendars", &o[i]);
    }
    fixture_run_until(f, &total, 2 * N);
    assert_int_equal(graphsim_peak_in_flight(f->sim, NULL), 3);
    assert_true(o[N].order <= 8); /* Bert does not wait until Anna is through */
}

static void test_first_in_first_out(void **state)
{
    struct graph_fixture *f = *state;
    struct outcome o[6] = {0};
    int total = 0;
    f->limits.per_mailbox = 1;
    fixture_start(f);
    fixture_fault(
        f,
        "{\"match\":\"/v1.0\",\"times\":2,\"action\":{\"status\":429,\"headers\":{\"Retry-After\":\"1\"}}}");
    for (int i = 0; i < 6; i++) {
        o[i].total = &total;
        (void)start(f, ANNA, "/users/anna@example.com/calendars", &o[i]);
    }
    fixture_run_until(f, &total, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(o[i].code, 0);
        assert_int_equal(o[i].order, i + 1); /* one that is told to wait keeps its place */
    }
}

/* ---- the origin ---- */

static void test_token_stays_home(void **state)
{
    struct graph_fixture *f = *state;
    struct graphsim_options options = {0};
    struct graphsim *other;
    struct err e;
    fixture_need(graphsim_start(&options, &other, &e), &e);
    char *foreign = mem_printf("%s/users/anna@example.com/calendars", graphsim_base_url(other));
    char *tricky =
        mem_printf("http://127.0.0.1:%d@127.0.0.1:%d/v1.0/me", graphsim_port(f->sim), graphsim_port(other));
    char *redirect = mem_printf("{\"match\":\"/v1.0\",\"action\":{\"redirect\":\"%s\"}}", foreign);
    fixture_start(f);
    struct outcome a = get_url(f, ANNA, foreign);
    struct outcome b = get_url(f, ANNA, tricky);
    struct outcome c = get_url(f, ANNA, "ftp://127.0.0.1/x");
    fixture_fault(f, redirect);
    struct outcome d = get(f, ANNA);
    int reached = graphsim_count(other, "");
    graphsim_stop(other);
    free(foreign);
    free(tricky);
    free(redirect);
    assert_int_equal(a.code, ERR_ORIGIN);
    assert_int_equal(a.cost.requests, 0);
    assert_int_equal(b.code, ERR_ORIGIN);
    assert_int_equal(c.code, ERR_ORIGIN);
    assert_int_equal(d.code, ERR_ORIGIN);
    assert_int_equal(d.cost.requests, 1);
    assert_int_equal(reached, 0);
}

/* ---- the end ---- */

static void test_cancel_in_every_state(void **state)
{
    struct graph_fixture *f = *state;
    int total = 0;
    struct outcome o[4] = {{.total = &total}, {.total = &total}, {.total = &total}, {.total = &total}};
    f->limits.backoff_base_ms = f->limits.backoff_cap_ms = 9000;
    f->limits.per_mailbox = 1;
    fixture_fault(f, "{\"match\":\"anna\",\"action\":{\"never\":true}}");
    fixture_fault(f, "{\"match\":\"bert\",\"action\":{\"status\":503}}");
    fixture_start(f);
    client_cancel(start(f, ANNA, "http://elsewhere.example/", &o[0])); /* refused, not told yet */
    struct client_call *asking = start(f, ANNA, "/users/anna@example.com/calendars", &o[1]);
    struct client_call *queued = start(f, ANNA, "/users/anna@example.com/calendars", &o[2]);
    struct client_call *pausing = start(f, BERT, "/users/bert@example.com/calendars", &o[3]);
    while (graphsim_count(f->sim, "anna") == 0 || fixture_log_count(f, "\"status\":\t503") == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 50; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    client_cancel(queued);
    client_cancel(queued);
    client_cancel(asking);
    client_cancel(pausing);
    fixture_run_until(f, &total, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(o[i].n, 1);
        assert_int_equal(o[i].code, ERR_CANCELLED);
    }
    graphsim_clear_faults(f->sim);
    assert_int_equal(get(f, ANNA).code, 0); /* the slots are free again */
}

static void test_close_in_mid_flight(void **state)
{
    struct graph_fixture *f = *state;
    struct outcome o[12] = {0};
    int total = 0;
    fixture_fault(f, "{\"match\":\"anna\",\"action\":{\"never\":true}}");
    fixture_start(f);
    for (int i = 0; i < 12; i++) {
        o[i].total = &total;
        (void)start(f, i % 2 ? ANNA : BERT, "/users/anna@example.com/calendars", &o[i]);
    }
    while (graphsim_count(f->sim, "anna") == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    fixture_close(f);
    assert_true(f->is_closed);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(o[i].n, 1);
        assert_int_equal(o[i].code, ERR_CANCELLED);
    }
}

static void test_bad_settings(void **state)
{
    struct graph_fixture *f = *state;
    struct token_store store = {&f->store, fake_load, fake_save, fake_mark};
    struct graph *g = NULL;
    struct err e = {0};
    free(f->settings.graph_ca_file);
    f->settings.graph_ca_file = mem_strdup("/nonexistent.pem");
    assert_int_equal(graph_create(&f->loop, &clock_real, &f->settings, &store, NULL, &g, &e), ERR_CONFIG);
    free(f->settings.graph_base_url);
    f->settings.graph_base_url = mem_strdup("nonsense");
    assert_int_equal(graph_create(&f->loop, &clock_real, &f->settings, &store, NULL, &g, &e), ERR_CONFIG);
    assert_null(g);
    graph_close(NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_success),
        FIXTURE_TEST(test_rotation_is_stored_before_use),
        FIXTURE_TEST(test_statuses),
        FIXTURE_TEST(test_request_ids_are_fresh),
        FIXTURE_TEST(test_401_refreshes_once_for_all),
        FIXTURE_TEST(test_401_twice_is_final),
        FIXTURE_TEST(test_revoked_sign_in),
        FIXTURE_TEST(test_claims_challenge_is_final),
        FIXTURE_TEST(test_never_answers),
        FIXTURE_TEST(test_total_time),
        FIXTURE_TEST(test_retry_after_beyond_the_limit),
        FIXTURE_TEST(test_retry_after_blocks_the_mailbox),
        FIXTURE_TEST(test_four_in_a_mailbox),
        FIXTURE_TEST(test_max_requests_in_all),
        FIXTURE_TEST(test_first_in_first_out),
        FIXTURE_TEST(test_token_stays_home),
        FIXTURE_TEST(test_cancel_in_every_state),
        FIXTURE_TEST(test_close_in_mid_flight),
        FIXTURE_TEST(test_bad_settings),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
