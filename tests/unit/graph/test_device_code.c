/* Sign-in on another device: the prompt, the polling, and every way it ends. */
#include "tests/unit/graph/graph_fixture.h"

struct outcome {
    int prompts;
    char user_code[64];
    char uri[256];
    int64_t expires_in_s;
    int done;
    int code;
    char msg[320];
    char access[128];
    char refresh[128];
    int64_t use_until_ms;
    struct device_code *cancel_at_prompt;
    bool wants_cancel;
};

static void on_prompt(void *arg, const struct device_code_prompt *prompt)
{
    struct outcome *o = arg;
    o->prompts++;
    snprintf(o->user_code, sizeof o->user_code, "%s", prompt->user_code);
    snprintf(o->uri, sizeof o->uri, "%s", prompt->verification_uri);
    o->expires_in_s = prompt->expires_in_s;
    if (o->wants_cancel) {
        device_code_cancel(o->cancel_at_prompt);
    }
}

static void on_done(void *arg, const struct err *e, struct token_reply *tokens, int64_t use_until_ms)
{
    struct outcome *o = arg;
    o->done++;
    o->code = e ? e->code : 0;
    if (e) {
        memcpy(o->msg, e->msg, sizeof o->msg);
    } else {
        snprintf(o->access, sizeof o->access, "%s", secret_bytes(tokens->access_token));
        snprintf(o->refresh, sizeof o->refresh, "%s", secret_bytes(tokens->refresh_token));
        o->use_until_ms = use_until_ms;
    }
}

static struct device_code *start(struct graph_fixture *f, struct outcome *o)
{
    return o->cancel_at_prompt = device_code_start(&f->loop, graph_http_of(f->graph), &clock_real,
                                                   graph_signin_config(f->graph), graph_limits_of(f->graph),
                                                   on_prompt, on_done, o);
}

static struct outcome sign_in(struct graph_fixture *f)
{
    struct outcome o = {0};
    (void)start(f, &o);
    if (o.done != 0) { /* never from inside */
        abort();
    }
    fixture_run_until(f, &o.done, 1);
    return o;
}

static void test_success(void **state)
{
    struct graph_fixture *f = *state;
    fixture_load(f, "{\"device_code\":{\"user\":\"anna@example.com\",\"pending\":3,\"interval\":1}}");
    fixture_start(f);
    struct outcome o = sign_in(f);
    assert_int_equal(o.code, 0);
    assert_int_equal(o.prompts, 1);
    assert_true(strlen(o.user_code) >= 6);
    assert_int_equal(strncmp(o.uri, "http", 4), 0);
    assert_int_equal(o.expires_in_s, 900);
    assert_non_null(strstr(o.access, "EwBsim"));
    assert_non_null(strstr(o.refresh, "0.AXsim"));
    assert_true(o.use_until_ms > clock_wall_ms(&clock_real));
    assert_int_equal(graphsim_count(f->sim, "/devicecode"), 1);
    assert_int_equal(graphsim_count(f->sim, "/token"), 4);
    assert_int_equal(fixture_log_count(f, "offline_access User.Read Calendars.Read"), 1);
}

static void test_files_are_asked_for_where_they_are_sent(void **state)
{
    struct graph_fixture *f = *state;
    char folder[] = "Timesheets";
    f->settings.onedrive_folder = folder;
    fixture_load(f, "{\"device_code\":{\"user\":\"anna@example.com\",\"pending\":0,\"interval\":1}}");
    fixture_start(f);
    assert_int_equal(sign_in(f).code, 0);
    assert_int_equal(fixture_log_count(f, "offline_access User.Read Calendars.Read Files.ReadWrite"), 1);
}

struct row {
    const char *name;
    const char *state; /* of the stand-in */
    const char *fault; /* or NULL */
    int code;
    int prompts;
    const char *says;
};

static const struct row rows[] = {
    {"declined", "{\"device_code\":{\"outcome\":\"declined\",\"interval\":1}}", NULL, ERR_LOGIN, 1,
     "declined"},
    {"code expired", "{\"device_code\":{\"outcome\":\"expired\",\"interval\":1}}", NULL, ERR_LOGIN, 1,
     "start again"},
    {"nobody comes", "{\"device_code\":{\"pending\":1000000,\"interval\":1,\"expires_in\":20}}", NULL,
     ERR_LOGIN, 1, "start again"},
    {"no public client", "{\"device_code\":{\"user\":\"anna@example.com\"},\"public_client\":false}", NULL,
     ERR_APP, -1, "AADSTS7000218"},
    {"unknown app", "{}",
     "{\"match\":\"/devicecode\",\"action\":{\"oauth_error\":\"unauthorized_client\",\"aadsts\":700016}}",
     ERR_APP, 0, "AADSTS700016"},
    {"no code ever", "{}", "{\"match\":\"/devicecode\",\"action\":{\"status\":503}}", ERR_SERVER, 0, "503"},
    {"HTML for a code", "{}", "{\"match\":\"/devicecode\",\"action\":{\"body\":\"<html>\"}}", ERR_PROTOCOL, 0,
     "HTML"},
    {"no refresh token", "{}",
     "{\"match\":\"/"
     "token\",\"action\":{\"body\":{\"token_type\":\"Bearer\",\"access_token\":\"EwB\",\"expires_in\":9}}}",
     ERR_APP, 1, "offline_access"},
};

static void test_ends(void **state)
{
    struct graph_fixture *f = *state;
    fixture_start(f);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        fixture_load(f, "{\"public_client\":true,\"device_code\":{\"user\":\"anna@example.com\",\"pending\":"
                        "0,\"interval\":1}}");
        fixture_load(f, rows[i].state);
        if (rows[i].fault) {
            fixture_fault(f, rows[i].fault);
        }
        struct outcome o = sign_in(f);
        graphsim_clear_faults(f->sim);
        if (o.code != rows[i].code || (rows[i].prompts >= 0 && o.prompts != rows[i].prompts) ||
            !strstr(o.msg, rows[i].says) || o.done != 1) {
            fail_msg("%s: %s, %d prompts: %s", rows[i].name, err_name(o.code), o.prompts, o.msg);
        }
    }
}

/* What passes by itself does not end a sign-in that a person is about to finish. */
static void test_bad_weather(void **state)
{
    static const char *const actions[] = {"{\"status\":503}", "{\"reset\":true}", "{\"status\":429}",
                                          "{\"body\":\"<html>\",\"status\":502}"};
    struct graph_fixture *f = *state;
    fixture_load(
        f, "{\"device_code\":{\"user\":\"anna@example.com\",\"pending\":1,\"slow_down\":1,\"interval\":1}}");
    fixture_start(f);
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        char fault[256];
        snprintf(fault, sizeof fault, "{\"match\":\"/devicecode\",\"times\":1,\"action\":%s}", actions[i]);
        fixture_fault(f, fault);
        snprintf(fault, sizeof fault, "{\"match\":\"/token\",\"times\":2,\"action\":%s}", actions[i]);
        fixture_fault(f, fault);
        struct outcome o = sign_in(f);
        graphsim_clear_faults(f->sim);
        if (o.code != 0 || o.prompts != 1) {
            fail_msg("%s: %s", actions[i], o.msg);
        }
    }
}

static void test_slow_down(void **state)
{
    struct graph_fixture *f = *state;
    f->limits.device_second_ms = 3;
    fixture_load(
        f, "{\"device_code\":{\"user\":\"anna@example.com\",\"pending\":0,\"slow_down\":2,\"interval\":1}}");
    fixture_start(f);
    int64_t began_ms = clock_mono_ms(&clock_real);
    struct outcome o = sign_in(f);
    assert_int_equal(o.code, 0);
    /* 1 s, then 6 s, then 11 s, of 3 ms each */
    assert_true(clock_mono_ms(&clock_real) - began_ms >= 18 * 3);
}

static void test_cancel(void **state)
{
    struct graph_fixture *f = *state;
    struct outcome o[2] = {{0}, {.wants_cancel = true}};
    fixture_load(f, "{\"device_code\":{\"user\":\"anna@example.com\",\"pending\":1000,\"interval\":5}}");
    fixture_start(f);
    device_code_cancel(start(f, &o[0])); /* while the code is asked for */
    fixture_run_until(f, &o[0].done, 1);
    assert_int_equal(o[0].code, ERR_CANCELLED);
    assert_int_equal(o[0].prompts, 0);
    (void)start(f, &o[1]); /* from the prompt */
    fixture_run_until(f, &o[1].done, 1);
    assert_int_equal(o[1].code, ERR_CANCELLED);
    assert_int_equal(o[1].done, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_success),   FIXTURE_TEST(test_files_are_asked_for_where_they_are_sent),
        FIXTURE_TEST(test_ends),      FIXTURE_TEST(test_bad_weather),
        FIXTURE_TEST(test_slow_down), FIXTURE_TEST(test_cancel),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
