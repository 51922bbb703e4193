/* Scripted faults and many requests at a time. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/graphsim/test_client.h"

/* ---- faults ---- */

#define VIEW "/v1.0/me/calendarView?" YEAR

static void faults_answer(void **unused UNUSED)
{
    static const struct {
        const char *name;
        const char *fault;
        CURLcode code;
        long status;
        const char *body;   /* is in it */
        const char *header; /* is in them */
    } rows[] = {
        {"throttled", "{\"action\":{\"status\":429,\"headers\":{\"Retry-After\":\"2.128\"}}}", CURLE_OK, 429,
         "ApplicationThrottled", "Retry-After: 2.128"},
        {"any status and body", "{\"action\":{\"status\":509,\"body\":\"oops\"}}", CURLE_OK, 509, "oops", ""},
        {"empty server error", "{\"action\":{\"status\":504}}", CURLE_OK, 504, "UnknownError", ""},
        {"a front end's page",
         "{\"action\":{\"status\":503,\"content_type\":\"text/html\",\"body\":\"<html>\"}}", CURLE_OK, 503,
         "<html>", "Content-Type: text/html"},
        {"reset", "{\"action\":{\"reset\":true}}", CURLE_RECV_ERROR, 0, "", ""},
        {"cut", "{\"action\":{\"cut_body\":20}}", CURLE_PARTIAL_FILE, 200, "{\"@odata.context\":\"h", ""},
        {"redirect", "{\"action\":{\"redirect\":\"http://evil.example/x\"}}", CURLE_OK, 302, "",
         "Location: http://evil.example/x"},
        {"endless", "{\"action\":{\"endless_next\":true}}", CURLE_OK, 200, "/me/calendarView?" YEAR "\"}",
         ""},
        {"next elsewhere", "{\"action\":{\"next_link\":\"http://evil.example/x\"}}", CURLE_OK, 200,
         "\"@odata.nextLink\":\"http://evil.example/x\"}", ""},
        {"raw page", "{\"action\":{\"raw_page\":\"{]\"}}", CURLE_OK, 200, "{]", ""},
        {"these events", "{\"action\":{\"replace_events\":[{\"id\":1}]}}", CURLE_OK, 200,
         "\"value\":[{\"id\":1}]", ""},
        {"scripted sign-in error", "{\"action\":{\"oauth_error\":\"interaction_required\",\"aadsts\":50076}}",
         CURLE_OK, 400, "AADSTS50076", ""},
        {"late, then normal", "{\"action\":{\"delay_ms\":30}}", CURLE_OK, 200, "\"value\":[]", ""},
        {"never", "{\"action\":{\"never\":true}}", CURLE_OPERATION_TIMEDOUT, 0, "", ""},
    };
    struct graphsim *g = test_start_with(test_state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        test_fault(g, rows[i].fault);
        bool never = rows[i].code == CURLE_OPERATION_TIMEDOUT;
        struct answer a =
            test_ask(g, VIEW, &(struct call){.token = "token-ann", .timeout_ms = never ? 100 : 0});
        bool broken = rows[i].code == CURLE_RECV_ERROR && a.code == CURLE_GOT_NOTHING;
        if ((a.code != rows[i].code && !broken) || a.status != rows[i].status ||
            !strstr(buf_str(&a.body), rows[i].body) || !strstr(buf_str(&a.headers), rows[i].header)) {
            fail_msg("%s: curl %d, status %ld\n%s\n%s", rows[i].name, (int)a.code, a.status,
                     buf_str(&a.headers), buf_str(&a.body));
        }
        test_answer_finish(&a);
        graphsim_clear_faults(g);
    }
    graphsim_stop(g);
}

static void faults_hit_as_scripted(void **unused UNUSED)
{
    static const long expected[] = {200, 200, 503, 503, 200};
    struct graphsim *g = test_start_with(test_state);
    struct err e = {0};
    test_fault(
        g,
        "{\"match\":\"calendarView\",\"method\":\"GET\",\"skip\":2,\"times\":2,\"action\":{\"status\":503}}");
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        struct answer other = test_ask_as(g, "token-ann", "/v1.0/me/calendars");
        struct answer a = test_ask_as(g, "token-ann", VIEW);
        assert_int_equal(other.status, 200);
        assert_int_equal(a.status, expected[i]);
        test_answer_finish(&other);
        test_answer_finish(&a);
    }
    assert_int_equal(graphsim_fault(g, "{\"action\":{\"statuss\":1}}", &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "statuss"));
    assert_int_equal(graphsim_fault(g, "{\"action\":", &e), ERR_INVALID);
    graphsim_stop(g);
}

static void big_and_filed_bodies(void **unused UNUSED)
{
    char path[] = "/tmp/graphsim-body-XXXXXX";
    int fd = mkstemp(path);
    struct graphsim *g = test_start_with(test_state);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"from\":\"file\"}", 15), 15);
    close(fd);
    test_fault(g, "{\"times\":1,\"action\":{\"big_body_mb\":3}}");
    struct answer big = test_ask_as(g, "token-ann", VIEW);
    cJSON *json = cJSON_Parse(buf_str(&big.body));
    assert_true(big.body.len > ((size_t)3 << 20) - 1000 && big.body.len < ((size_t)3 << 20) + 1000);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "value")) > 1000);
    cJSON_Delete(json);
    char *script = mem_printf("{\"action\":{\"body_file\":\"%s\"}}", path);
    test_fault(g, script);
    struct answer filed = test_ask_as(g, "token-ann", VIEW);
    assert_string_equal(buf_str(&filed.body), "{\"from\":\"file\"}");
    unlink(path);
    free(script);
    test_answer_finish(&big);
    test_answer_finish(&filed);
    graphsim_stop(g);
}

/* ---- many at a time ---- */

struct worker {
    pthread_t thread;
    struct graphsim *g;
    const char *token;
    long status;
    CURLcode code;
};

static void *work(void *context)
{
    struct worker *w = context;
    struct answer a = test_ask_as(w->g, w->token, VIEW);
    w->status = a.status;
    w->code = a.code;
    test_answer_finish(&a);
    return NULL;
}

/* Starts n requests, Ann's and Bob's in turn, and returns when all have arrived and wait. */
static void start_workers(struct graphsim *g, struct worker *workers, size_t n)
{
    test_fault(g, "{\"match\":\"calendarView\",\"action\":{\"never\":true}}");
    for (size_t i = 0; i < n; i++) {
        workers[i] = (struct worker){.g = g, .token = i % 2 ? "token-ann" : "token-bob"};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    while (graphsim_peak_in_flight(g, NULL) < (int)n) {
        sched_yield();
    }
}

static void join_workers(struct worker *workers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

static void waiting_requests_hold_up_nobody_else(void **unused UNUSED)
{
    struct worker workers[300];
    struct graphsim *g = test_start_with(test_state);
    start_workers(g, workers, ARRAY_LEN(workers));
    struct answer other = test_ask_as(g, "token-ann", "/v1.0/me/calendars");
    assert_int_equal(other.status, 200);
    assert_int_equal(graphsim_peak_in_flight(g, NULL), 301);
    assert_int_equal(graphsim_peak_in_flight(g, "ann@example.com"), 151);
    assert_int_equal(graphsim_peak_in_flight(g, "bob@example.com"), 150);
    assert_int_equal(graphsim_peak_in_flight(g, "cleo@example.com"), 0);
    assert_int_equal(graphsim_count(g, "calendarView"), 300);
    graphsim_forget(g);
    assert_int_equal(graphsim_count(g, ""), 0);
    assert_int_equal(graphsim_peak_in_flight(g, NULL), 300); /* they are still open */
    test_answer_finish(&other);
    graphsim_stop(g);
    join_workers(workers, ARRAY_LEN(workers));
}

static void mailbox_limit_is_kept(void **unused UNUSED)
{
    struct worker workers[8];
    struct graphsim *g = test_start_with(test_state);
    test_load(g, "{\"mailbox_limit\":4}");
    start_workers(g, workers, ARRAY_LEN(workers));
    const struct call call = {.token = "token-ann"};
    test_expect_error(g, "Ann's fifth", "/v1.0/me/calendars", &call, 429, "ApplicationThrottled");
    struct answer cleo = test_ask_as(g, "token-cleo", "/v1.0/me/calendars");
    assert_int_equal(cleo.status, 200);
    test_answer_finish(&cleo);
    graphsim_stop(g);
    join_workers(workers, ARRAY_LEN(workers));
}

static void latency_delays(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    graphsim_set_latency_ms(g, 40);
    int64_t begin_ms = clock_mono_ms(&clock_real);
    struct answer a = test_ask_as(g, "token-ann", "/v1.0/me");
    assert_int_equal(a.status, 200);
    assert_true(clock_mono_ms(&clock_real) - begin_ms >= 40);
    test_answer_finish(&a);
    graphsim_stop(g);
}

static void stop_ends_what_waits(void **unused UNUSED)
{
    struct worker workers[2];
    struct graphsim *g = test_start_with(test_state);
    start_workers(g, workers, ARRAY_LEN(workers));
    graphsim_stop(g);
    join_workers(workers, ARRAY_LEN(workers));
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        assert_int_not_equal(workers[i].code, CURLE_OK);
        assert_int_not_equal(workers[i].code, CURLE_OPERATION_TIMEDOUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_answer),         cmocka_unit_test(faults_hit_as_scripted),
        cmocka_unit_test(big_and_filed_bodies),  cmocka_unit_test(waiting_requests_hold_up_nobody_else),
        cmocka_unit_test(mailbox_limit_is_kept), cmocka_unit_test(latency_delays),
        cmocka_unit_test(stop_ends_what_waits),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
