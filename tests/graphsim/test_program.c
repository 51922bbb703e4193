/* The log, the controls, TLS, generated and sample data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "tests/graphsim/test_client.h"

/* An access token for a refresh token. */
static char *sign_in(struct graphsim *g, const char *refresh_token)
{
    char *form = mem_printf("client_id=app&grant_type=refresh_token&refresh_token=%s", refresh_token);
    struct answer a = test_ask(g, "/organizations/oauth2/v2.0/token", &(struct call){.form = form});
    char *access = test_member(&a, "access_token");
    free(form);
    test_answer_finish(&a);
    return access;
}

/* ---- the rest ---- */

static void log_has_no_secrets(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    char *access = sign_in(g, "refresh-ann");
    struct answer b = test_ask_as(g, "token-ann", "/v1.0/me/calendars/cal%2Ftwo?x=1");
    struct answer c = test_ask(g, "/v1.0/me", &(struct call){0});
    char *text = graphsim_log(g);
    cJSON *log = cJSON_Parse(text);
    const cJSON *token = cJSON_GetArrayItem(log, 0);
    const cJSON *second = cJSON_GetArrayItem(log, 1);
    const cJSON *third = cJSON_GetArrayItem(log, 2);
    const cJSON *form = cJSON_GetObjectItemCaseSensitive(token, "form");
    assert_null(strstr(text, "refresh-ann"));
    assert_null(strstr(text, "token-ann"));
    assert_int_equal(cJSON_GetArraySize(log), 3);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(form, "grant_type")),
                        "refresh_token");
    assert_int_equal(strlen(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(form, "refresh_token"))),
                     16);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(second, "raw")),
                        "/v1.0/me/calendars/cal%2Ftwo?x=1");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(second, "path")),
                        "/v1.0/me/calendars/cal/two?x=1");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(second, "authorization")),
                        "present");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(third, "authorization")),
                        "absent");
    cJSON_Delete(log);
    free(text);
    free(access);
    test_answer_finish(&b);
    test_answer_finish(&c);
    graphsim_stop(g);
}

static void controls_work_over_http(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(NULL);
    struct answer loaded = test_ask(g, "/_sim/load", &(struct call){.form = test_state});
    struct answer scripted =
        test_ask(g, "/_sim/fault", &(struct call){.form = "{\"action\":{\"status\":503}}"});
    struct answer wrong = test_ask(g, "/_sim/fault", &(struct call){.form = "{}"});
    struct answer hit = test_ask_as(g, "token-ann", "/v1.0/me");
    struct answer cleared = test_ask(g, "/_sim/clear", &(struct call){.form = ""});
    struct answer normal = test_ask_as(g, "token-ann", "/v1.0/me");
    struct answer stats = test_ask(g, "/_sim/stats", &(struct call){0});
    struct answer stop = test_ask(g, "/_sim/stop", &(struct call){.form = ""});
    assert_int_equal(loaded.status, 200);
    assert_int_equal(scripted.status, 200);
    assert_int_equal(wrong.status, 400);
    assert_int_equal(hit.status, 503);
    assert_int_equal(cleared.status, 200);
    assert_int_equal(normal.status, 200);
    assert_non_null(strstr(buf_str(&stats.body), "\"requests\":\t2"));
    assert_int_equal(stop.status, 400);
    test_answer_finish(&loaded);
    test_answer_finish(&scripted);
    test_answer_finish(&wrong);
    test_answer_finish(&hit);
    test_answer_finish(&cleared);
    test_answer_finish(&normal);
    test_answer_finish(&stats);
    test_answer_finish(&stop);
    graphsim_stop(g);
}

static void tls_with_its_own_ca(void **unused UNUSED)
{
    char ca[] = "/tmp/graphsim-ca-XXXXXX";
    int fd = mkstemp(ca);
    struct graphsim *g = NULL;
    struct err e = {0};
    assert_true(fd >= 0);
    close(fd);
    if (graphsim_start(&(struct graphsim_options){.tls = true, .ca_file = ca}, &g, &e) < 0) {
        fail_msg("%s", e.msg);
    }
    test_load(g, test_state);
    struct answer trusted =
        test_ask(g, "/v1.0/me/calendars?$top=1", &(struct call){.token = "token-ann", .ca = ca});
    struct answer unknown = test_ask(g, "/v1.0/me", &(struct call){.token = "token-ann"});
    char *next = test_member(&trusted, "@odata.nextLink");
    assert_int_equal(trusted.code, CURLE_OK);
    assert_int_equal(trusted.status, 200);
    assert_int_equal(unknown.code, CURLE_PEER_FAILED_VERIFICATION);
    assert_int_equal(strncmp(graphsim_base_url(g), "https://127.0.0.1:", 18), 0);
    assert_non_null(next);
    assert_int_equal(strncmp(next, graphsim_base_url(g), strlen(graphsim_base_url(g))), 0);
    free(next);
    test_answer_finish(&trusted);
    test_answer_finish(&unknown);
    unlink(ca);
    graphsim_stop(g);
}

static void generated_events_are_the_same_twice(void **unused UNUSED)
{
    const struct graphsim_generate spec = {
        .users = 2, .events_per_user = 1500, .bytes = 2500, .from_date = "2026-01-01", .days = 100};
    const char *path = "/v1.0/me/calendarView?" YEAR "&$top=1000&$orderby=start/dateTime";
    struct answer pages[2];
    for (int i = 0; i < 2; i++) {
        struct err e = {0};
        struct graphsim *g = test_start_with(NULL);
        assert_return_code(graphsim_generate(g, &spec, &e), 0);
        char *access = sign_in(g, "bench-refresh-1");
        pages[i] = test_ask_as(g, access, path);
        free(access);
        graphsim_stop(g);
    }
    /* The port is in context and nextLink. */
    const char *first = strstr(buf_str(&pages[0].body), "\"value\":");
    const char *second = strstr(buf_str(&pages[1].body), "\"value\":");
    const char *end = strstr(first, "\"@odata.nextLink\"");
    assert_non_null(end);
    assert_memory_equal(first, second, (size_t)(end - first));
    assert_in_range(pages[0].body.len / 1000, 2400, 2700);
    cJSON *json = cJSON_Parse(buf_str(&pages[0].body));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "value")), 1000);
    cJSON_Delete(json);
    test_answer_finish(&pages[0]);
    test_answer_finish(&pages[1]);
}

static void sample_month_loads(void **unused UNUSED)
{
    struct graphsim *g = NULL;
    struct err e = {0};
    const struct graphsim_options options = {.data_dir_or_file = AA_SOURCE_DIR "/tests/graphsim/data"};
    if (graphsim_start(&options, &g, &e) < 0) {
        fail_msg("%s", e.msg);
    }
    char *access = sign_in(g, "demo-refresh-token");
    struct answer page =
        test_ask_as(g, access,
                    "/v1.0/me/calendarView?startDateTime=2026-02-28T23:00Z&endDateTime=2026-03-31T22:00Z&"
                    "$top=1000&$orderby=start/dateTime");
    cJSON *json = cJSON_Parse(buf_str(&page.body));
    char *starts = test_list_of(&page, "start");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "value")), 47);
    assert_non_null(strstr(starts, "2026-03-30T06:45")); /* the exception after the change of clocks */
    assert_null(strstr(starts, "2026-03-25T08:15"));     /* the cancelled one */
    cJSON_Delete(json);
    free(starts);
    free(access);
    test_answer_finish(&page);
    graphsim_stop(g);
}

static void bad_state_is_named(void **unused UNUSED)
{
    static const struct {
        const char *state;
        const char *message;
    } rows[] = {
        {"{\"users\":[", "no valid JSON"},
        {"[]", "no JSON object"},
        {"{\"users\":[{}]}", "upn"},
        {"{\"users\":[{\"upn\":\"x\",\"calendars\":[{}]}]}", "id is missing"},
        {"{\"events\":[{\"calendar\":\"nowhere\",\"event\":{}}]}", "nowhere"},
        {"{\"users\":[{\"upn\":\"x\",\"calendars\":[{\"id\":\"c\",\"events\":[{\"subject\":\"s\"}]}]}]}",
         "start.dateTime"},
    };
    struct graphsim *g = test_start_with(NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = {0};
        assert_int_equal(graphsim_load(g, rows[i].state, &e), ERR_INVALID);
        if (!strstr(e.msg, rows[i].message)) {
            fail_msg("%s: %s", rows[i].state, e.msg);
        }
    }
    graphsim_stop(g);
}

/* The program prints its address, writes its port and ends orderly on SIGTERM. */
static void program_starts_and_ends(void **unused UNUSED)
{
    char directory[] = "/tmp/graphsim-run-XXXXXX";
    char line[128] = "";
    int out[2];
    int status = -1;
    struct buf port;
    assert_non_null(mkdtemp(directory));
    char *port_file = mem_printf("%s/port", directory);
    assert_int_equal(pipe(out), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(out[1], STDOUT_FILENO);
        execl(GRAPHSIM_PROGRAM, "graphsim", "--die-with-parent", "--port-file", port_file, "--generate",
              "1:10:1000:2026-01-01:10", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    const char *got = fgets(line, sizeof line, f);
    buf_init(&port, 64);
    int r = buf_read_file(&port, port_file);
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    char *expected = mem_printf("http://127.0.0.1:%d/v1.0\n", (int)strtol(buf_str(&port), NULL, 10));
    assert_non_null(got);
    assert_int_equal(r, 0);
    assert_string_equal(line, expected);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    fclose(f);
    unlink(port_file);
    rmdir(directory);
    buf_finish(&port);
    free(port_file);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_has_no_secrets),      cmocka_unit_test(controls_work_over_http),
        cmocka_unit_test(tls_with_its_own_ca),     cmocka_unit_test(generated_events_are_the_same_twice),
        cmocka_unit_test(sample_month_loads),      cmocka_unit_test(bad_state_is_named),
        cmocka_unit_test(program_starts_and_ends),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
