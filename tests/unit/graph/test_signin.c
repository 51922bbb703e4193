/* Tokens: one refresh for all who wait, the rotated one stored before the new one is used, what is a person's
 * matter and what passes by itself. */
#include "tests/unit/graph/graph_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

struct outcome {
    struct signin_wait wait;
    int *total;
    int n;
    int code;
    char msg[320];
    char token[128];
    uint64_t generation;
};

static void on_token(void *arg, const struct err *e, const struct signin_token *token)
{
    struct outcome *o = arg;
    o->n++;
    *o->total += 1;
    o->code = e ? e->code : 0;
    if (e) {
        memcpy(o->msg, e->msg, sizeof o->msg);
    } else {
        snprintf(o->token, sizeof o->token, "%s", secret_bytes(token->access));
        o->generation = token->generation;
    }
}

typedef void (*ask_fn)(struct signin *s, const char *account, struct signin_wait *wait, signin_done done,
                       void *arg);

static struct outcome ask(struct graph_fixture *f, ask_fn fn, const char *account)
{
    int total = 0;
    struct outcome o = {.total = &total};
    fn(graph_signin_of(f->graph), account, &o.wait, on_token, &o);
    if (o.n != 0) { /* never from inside */
        abort();
    }
    fixture_run_until(f, &total, 1);
    return o;
}

static struct outcome get(struct graph_fixture *f, const char *account)
{
    return ask(f, signin_get, account);
}

static struct outcome renew(struct graph_fixture *f, const char *account)
{
    return ask(f, signin_renew, account);
}

static void test_refresh(void **state)
{
    struct graph_fixture *f = *state;
    fixture_start(f);
    int64_t before_ms = clock_wall_ms(&clock_real);
    struct outcome o = get(f, ANNA);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.token, "EwBsim"));
    assert_int_equal(f->store.saves, 1);
    struct fake_account *anna = fake_find(&f->store, ANNA);
    assert_string_equal(anna->access, o.token);
    assert_string_not_equal(anna->refresh, "0.anna-1"); /* rotated */
    int64_t life_ms = anna->expires_ms - before_ms;     /* 75 to 85 % of 3599 s */
    assert_true(life_ms >= 2699250 && life_ms < 3059150 + 60000);
    assert_int_equal(fixture_log_count(f, "\"grant_type\":\t\"refresh_token\""), 1);
    assert_int_equal(fixture_log_count(f, "offline_access User.Read Calendars.Read"), 1);
}

static void test_one_refresh_for_all(void **state)
{
    enum { N = 50 };
    struct graph_fixture *f = *state;
    struct outcome o[N] = {0};
    int total = 0;
    fixture_fault(f, "{\"match\":\"/token\",\"times\":1,\"action\":{\"delay_ms\":30}}");
    fixture_start(f);
    for (int i = 0; i < N; i++) {
        o[i].total = &total;
        signin_get(graph_signin_of(f->graph), i % 2 ? ANNA : "Anna@Example.COM", &o[i].wait, on_token, &o[i]);
    }
    fixture_run_until(f, &total, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(o[i].code, 0);
        assert_string_equal(o[i].token, o[0].token);
    }
    assert_int_equal(graphsim_count(f->sim, "/token"), 1);
    assert_int_equal(f->store.saves, 1);
    assert_string_equal(get(f, ANNA).token, o[0].token); /* from memory */
    assert_int_equal(graphsim_count(f->sim, "/token"), 1);
    assert_int_equal(f->store.loads, 1);
}

static void test_accounts_are_apart(void **state)
{
    struct graph_fixture *f = *state;
    fixture_start(f);
    struct outcome anna = get(f, ANNA);
    struct outcome bert = get(f, BERT);
    assert_int_equal(anna.code + bert.code, 0);
    assert_string_not_equal(anna.token, bert.token);
}

static void test_stored_access_token_is_used(void **state)
{
    struct graph_fixture *f = *state;
    struct fake_account *anna = fake_find(&f->store, ANNA);
    fake_set(&anna->access, "EwB.stored");
    anna->expires_ms = clock_wall_ms(&clock_real) + 60000;
    fixture_start(f);
    struct outcome o = get(f, ANNA);
    assert_string_equal(o.token, "EwB.stored");
    assert_int_equal(graphsim_count(f->sim, "/token"), 0);
    signin_reject(graph_signin_of(f->graph), ANNA,
                  o.generation); /* Graph does not take it: never from the store again */
    struct outcome fresh = get(f, ANNA);
    assert_int_equal(fresh.code, 0);
    assert_string_not_equal(fresh.token, "EwB.stored");
    assert_int_equal(graphsim_count(f->sim, "/token"), 1);
    signin_reject(graph_signin_of(f->graph), ANNA, o.generation); /* late news of the old one */
    assert_string_equal(get(f, ANNA).token, fresh.token);
}

static void test_ended_access_token_is_refreshed(void **state)
{
    struct graph_fixture *f = *state;
    struct fake_account *anna = fake_find(&f->store, ANNA);
    fake_set(&anna->access, "EwB.stored");
    anna->expires_ms = clock_wall_ms(&clock_real) - 1;
    fixture_start(f);
    assert_string_not_equal(get(f, ANNA).token, "EwB.stored");
}

/* A reply without a refresh token: the stored one stays. */
static void test_no_rotation(void **state)
{
    struct graph_fixture *f = *state;
    fixture_fault(f,
                  "{\"match\":\"/token\",\"action\":{\"body\":{\"token_type\":\"Bearer\",\"expires_in\":3599,"
                  "\"access_token\":\"EwB.only\"}}}");
    fixture_start(f);
    struct outcome o = get(f, ANNA);
    assert_string_equal(o.token, "EwB.only");
    assert_string_equal(fake_find(&f->store, ANNA)->refresh, "0.anna-1");
    assert_int_equal(f->store.saves, 1);
}

struct refusal_row {
    const char *name;
    const char *fault;
    int code;
    int marks;
    int requests; /* at the token end point */
    const char *says;
};

static const struct refusal_row refusal_rows[] = {
    {"invalid_grant", "{\"oauth_error\":\"invalid_grant\",\"aadsts\":50173}", ERR_LOGIN, 1, 1, "AADSTS50173"},
    {"interaction_required", "{\"oauth_error\":\"interaction_required\",\"aadsts\":50076}", ERR_LOGIN, 1, 1,
     "admin-assistant login anna@example.com"},
    {"consent_required", "{\"oauth_error\":\"consent_required\",\"aadsts\":65001}", ERR_LOGIN, 1, 1,
     "AADSTS65001"},
    {"invalid_client", "{\"oauth_error\":\"invalid_client\",\"status\":401,\"aadsts\":7000215}", ERR_APP, 0,
     1, "AADSTS7000215"},
    {"unauthorized_client", "{\"oauth_error\":\"unauthorized_client\",\"aadsts\":700016}", ERR_APP, 0, 1,
     "app"},
    {"temporarily_unavailable", "{\"oauth_error\":\"temporarily_unavailable\",\"aadsts\":90033}", ERR_SERVER,
     0, 6, "temporarily"},
    {"503", "{\"status\":503}", ERR_SERVER, 0, 6, "503"},
    {"429", "{\"status\":429,\"headers\":{\"Retry-After\":\"1\"}}", ERR_THROTTLED, 0, 6, "429"},
    {"HTML", "{\"body\":\"<html>\",\"content_type\":\"text/html\"}", ERR_PROTOCOL, 0, 6, "HTML"},
    {"reset", "{\"reset\":true}", ERR_NET, 0, 6, "127.0.0.1"},
    {"cut off", "{\"cut_body\":10}", ERR_NET, 0, 6, "cut off"},
    {"a token with a line end", "{\"body\":{\"access_token\":\"a\\nb\",\"expires_in\":1}}", ERR_PROTOCOL, 0,
     6, "sign-in"},
    {"redirect", "{\"redirect\":\"http://127.0.0.1:1/\"}", ERR_ORIGIN, 0, 1, "redirects"},
};

static void test_refusals(void **state)
{
    struct graph_fixture *f = *state;
    f->limits.attempts = 6;
    fixture_start(f);
    for (size_t i = 0; i < ARRAY_LEN(refusal_rows); i++) {
        const struct refusal_row *row = &refusal_rows[i];
        struct fake_account *anna = fake_find(&f->store, ANNA);
        char fault[512];
        snprintf(fault, sizeof fault, "{\"match\":\"/token\",\"action\":%s}", row->fault);
        fixture_fault(f, fault);
        graphsim_forget(f->sim);
        f->store.marks = 0;
        anna->needs_reauth = false;
        struct outcome o = get(f, ANNA);
        graphsim_clear_faults(f->sim);
        int requests = graphsim_count(f->sim, "/token");
        /* libcurl itself repeats a request whose kept connection was dead. */
        requests -= row->code == ERR_NET && requests == row->requests + 1;
        if (o.code != row->code || f->store.marks != row->marks || requests != row->requests ||
            !strstr(o.msg, row->says)) {
            fail_msg("%s: %s, %d marks, %d requests: %s", row->name, err_name(o.code), f->store.marks,
                     requests, o.msg);
        }
        assert_string_equal(anna->refresh, "0.anna-1"); /* kept, whatever happened */
        assert_null(strstr(o.msg, "0.anna-1"));
    }
    assert_int_equal(get(f, ANNA).code, ERR_OK); /* and it recovers */
}

static void test_transient_then_good(void **state)
{
    struct graph_fixture *f = *state;
    fixture_fault(f, "{\"match\":\"/token\",\"times\":2,\"action\":{\"status\":503}}");
    fixture_start(f);
    assert_int_equal(get(f, ANNA).code, 0);
    assert_int_equal(graphsim_count(f->sim, "/token"), 3);
}

/* Renewed although the token is good: neither what is in memory nor what is stored will do. */
static void test_renew(void **state)
{
    struct graph_fixture *f = *state;
    struct fake_account *anna = fake_find(&f->store, ANNA);
    fake_set(&anna->access, "EwB.stored");
    anna->expires_ms = clock_wall_ms(&clock_real) + 3000000;
    fixture_start(f);
    struct outcome first = renew(f, ANNA);
    assert_int_equal(first.code, 0);
    assert_string_not_equal(first.token, "EwB.stored");
    assert_string_not_equal(anna->refresh, "0.anna-1");
    char *refresh = mem_strdup(anna->refresh);
    struct outcome second = renew(f, ANNA);
    bool is_new = strcmp(second.token, first.token) != 0 && strcmp(anna->refresh, refresh) != 0;
    free(refresh);
    assert_true(is_new);
    assert_string_equal(get(f, ANNA).token, second.token);
    assert_int_equal(graphsim_count(f->sim, "/token"), 2);
    assert_int_equal(f->store.saves, 2);
}

/* Whoever waits, for whatever reason, is told of one refresh. */
static void test_renew_is_one_with_the_others(void **state)
{
    enum { N = 6 };
    struct graph_fixture *f = *state;
    struct outcome o[N] = {0};
    int total = 0;
    fixture_start(f);
    for (int i = 0; i < N; i++) {
        o[i].total = &total;
        (i % 2 ? signin_renew : signin_get)(graph_signin_of(f->graph), ANNA, &o[i].wait, on_token, &o[i]);
    }
    while (graphsim_count(f->sim, "/token") == 0 && uv_run(&f->loop, UV_RUN_ONCE)) {
    }
    struct outcome late = {.total = &total};
    signin_renew(graph_signin_of(f->graph), ANNA, &late.wait, on_token, &late); /* it is on its way */
    fixture_run_until(f, &total, N + 1);
    for (int i = 0; i < N; i++) {
        assert_int_equal(o[i].code, 0);
        assert_string_equal(o[i].token, late.token);
    }
    assert_int_equal(graphsim_count(f->sim, "/token"), 1);
    assert_int_equal(f->store.saves, 1);
}

/* Between the answer and its delivery. */
static void test_renew_while_a_good_one_is_told(void **state)
{
    struct graph_fixture *f = *state;
    int total = 0;
    struct outcome a = {.total = &total}, b = {.total = &total};
    fixture_start(f);
    struct outcome first = get(f, ANNA);
    signin_get(graph_signin_of(f->graph), ANNA, &a.wait, on_token, &a);
    signin_renew(graph_signin_of(f->graph), ANNA, &b.wait, on_token, &b);
    fixture_run_until(f, &total, 2);
    assert_int_equal(a.code + b.code, 0);
    assert_string_not_equal(b.token, first.token);
    assert_int_equal(graphsim_count(f->sim, "/token"), 2);
}

/* A fault that passes is no news to those whom the token at hand still serves; one that does not is. */
static void test_renew_fails(void **state)
{
    static const struct {
        const char *name, *fault;
        int renew_code, get_code, marks;
    } rows[] = {
        {"passing", "{\"match\":\"/token\",\"action\":{\"status\":503}}", ERR_SERVER, 0, 0},
        {"dead", "{\"match\":\"/token\",\"action\":{\"oauth_error\":\"invalid_grant\"}}", ERR_LOGIN,
         ERR_LOGIN, 1},
    };
    struct graph_fixture *f = *state;
    fixture_start(f);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int total = 0;
        struct outcome r = {.total = &total}, g = {.total = &total};
        struct outcome good = get(f, ANNA);
        fixture_fault(f, rows[i].fault);
        graphsim_forget(f->sim);
        signin_renew(graph_signin_of(f->graph), ANNA, &r.wait, on_token, &r);
        signin_get(graph_signin_of(f->graph), ANNA, &g.wait, on_token, &g);
        fixture_run_until(f, &total, 2);
        if (r.code != rows[i].renew_code || g.code != rows[i].get_code || f->store.marks != rows[i].marks ||
            (g.code == 0 && strcmp(g.token, good.token) != 0) || graphsim_count(f->sim, "/token") != 1) {
            fail_msg("%s: renewal %s, others %s, %d marks, %d requests", rows[i].name, err_name(r.code),
                     err_name(g.code), f->store.marks, graphsim_count(f->sim, "/token"));
        }
        graphsim_clear_faults(f->sim);
    }
}

/* ---- a clock turned by hand ---- */

struct turned_clock {
    struct clock clock;
    int64_t ahead_ms;
};

static int64_t turned_wall(const struct clock *c)
{
    return clock_wall_ms(&clock_real) + ((const struct turned_clock *)c)->ahead_ms;
}

/* Early, and when it can not be had the one at hand serves to its end, asked for again every minute. */
static void test_early_refresh_that_fails(void **state)
{
    static const struct {
        const char *name;
        int64_t at_s; /* in the life of the token, 3600 s less one */
        int code, requests;
    } rows[] = {
        {"young", 2600, 0, 0},       {"to be replaced", 3065, 0, 1}, {"just tried", 3100, 0, 0},
        {"tried again", 3130, 0, 1}, {"before its end", 3295, 0, 1}, {"at its end", 3305, ERR_SERVER, 2},
    };
    struct graph_fixture *f = *state;
    struct turned_clock time = {{turned_wall, clock_real.mono_ms, clock_real.random}, 0};
    f->limits.attempts = 2;
    f->clock = &time.clock;
    fixture_start(f);
    struct outcome first = get(f, ANNA);
    fixture_fault(f, "{\"match\":\"/token\",\"action\":{\"status\":503}}");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        graphsim_forget(f->sim);
        time.ahead_ms = rows[i].at_s * 1000;
        struct outcome o = get(f, ANNA);
        int requests = graphsim_count(f->sim, "/token");
        if (o.code != rows[i].code || requests != rows[i].requests ||
            (o.code == 0 && strcmp(o.token, first.token) != 0)) {
            fail_msg("%s: %s, %d requests", rows[i].name, err_name(o.code), requests);
        }
    }
    graphsim_clear_faults(f->sim);
    assert_int_equal(get(f, ANNA).code, 0);
}

static void test_not_signed_in(void **state)
{
    struct graph_fixture *f = *state;
    fixture_start(f);
    static const char *const garbled[] = {"", "two words", "line\nend", "\xff\xfe"};
    struct fake_account *anna = fake_find(&f->store, ANNA);
    for (size_t i = 0; i < ARRAY_LEN(garbled) + 2; i++) {
        if (i < ARRAY_LEN(garbled)) {
            fake_set(&anna->refresh, garbled[i]);
        } else {
            fake_set(&anna->refresh, i == ARRAY_LEN(garbled) ? NULL : "0.anna-1");
        }
        anna->needs_reauth = i > ARRAY_LEN(garbled);
        struct outcome o = get(f, ANNA);
        assert_int_equal(o.code, ERR_LOGIN);
        assert_non_null(strstr(o.msg, "admin-assistant login " ANNA));
    }
    assert_int_equal(get(f, "nobody@example.com").code, ERR_LOGIN);
    assert_int_equal(graphsim_count(f->sim, ""), 0); /* the network is not asked */
    assert_int_equal(f->store.marks,
                     ARRAY_LEN(garbled)); /* a person must hear of what is there and is none */
}

static void test_store_trouble(void **state)
{
    struct graph_fixture *f = *state;
    fixture_start(f);
    f->store.load_code = ERR_DECRYPT;
    assert_int_equal(get(f, ANNA).code, ERR_DECRYPT);
    f->store.load_code = 0;
    f->store.save_code = ERR_DB_FULL;
    assert_int_equal(get(f, ANNA).code, ERR_DB_FULL); /* not stored, so not given out */
    f->store.save_code = 0;
    assert_int_equal(get(f, ANNA).code, 0);
}

static void test_one_who_no_longer_waits(void **state)
{
    struct graph_fixture *f = *state;
    int total = 0;
    struct outcome a = {.total = &total}, b = {.total = &total};
    fixture_start(f);
    signin_get(graph_signin_of(f->graph), ANNA, &a.wait, on_token, &a);
    signin_get(graph_signin_of(f->graph), ANNA, &b.wait, on_token, &b);
    signin_cancel(&a.wait);
    signin_cancel(&a.wait);
    fixture_run_until(f, &total, 1);
    assert_int_equal(a.n, 0);
    assert_int_equal(b.code, 0);
    signin_get(graph_signin_of(f->graph), ANNA, &a.wait, on_token,
               &a); /* known, but given up before it is told */
    signin_cancel(&a.wait);
    signin_reject(graph_signin_of(f->graph), ANNA, b.generation);
    assert_string_not_equal(get(f, ANNA).token, b.token);
    assert_int_equal(a.n, 0);
}

/* A token that is refused between the answer and its delivery is not handed out. */
static void test_rejected_on_its_way(void **state)
{
    struct graph_fixture *f = *state;
    int total = 0;
    struct outcome o = {.total = &total};
    fixture_start(f);
    struct outcome first = get(f, ANNA);
    signin_get(graph_signin_of(f->graph), ANNA, &o.wait, on_token, &o);
    signin_reject(graph_signin_of(f->graph), ANNA, first.generation);
    fixture_run_until(f, &total, 1);
    assert_int_equal(o.code, 0);
    assert_string_not_equal(o.token, first.token);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
        abort();
    }
}

static void test_application(void **state)
{
    struct graph_fixture *f = *state;
    char path[] = "/tmp/aa-secret-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_file(path, "s3cr3t+/=\n");
    free(f->settings.graph_secret_file);
    f->settings.graph_secret_file = mem_strdup(path);
    fixture_load(f, "{\"public_client\":false,\"client_secret\":\"s3cr3t+/=\"}");
    fixture_start(f);
    assert_true(signin_is_app(graph_signin_of(f->graph)));
    struct outcome anna = get(f, ANNA);
    assert_int_equal(anna.code, 0);
    assert_string_equal(get(f, BERT).token, anna.token);   /* one for all */
    assert_string_equal(renew(f, BERT).token, anna.token); /* and nothing to renew */
    assert_int_equal(graphsim_count(f->sim, "/token"), 1);
    assert_int_equal(fixture_log_count(f, "https://127.0.0.1/.default"), 1);
    assert_int_equal(f->store.loads + f->store.saves, 0);

    write_file(path, "wrong"); /* read at each use, so a new secret needs no restart */
    signin_reject(graph_signin_of(f->graph), "", anna.generation);
    struct outcome o = get(f, ANNA);
    assert_int_equal(o.code, ERR_APP);
    assert_null(strstr(o.msg, "wrong"));
    int asked = graphsim_count(f->sim, "/token");
    chmod(path, 0644);
    o = get(f, ANNA);
    assert_int_equal(o.code, ERR_APP);
    assert_non_null(strstr(o.msg, "is open to everybody (mode 0644)"));
    chmod(path, 0640);
    write_file(path, "\n");
    o = get(f, ANNA);
    assert_int_equal(o.code, ERR_APP);
    assert_non_null(strstr(o.msg, "is empty"));
    unlink(path);
    o = get(f, ANNA);
    assert_int_equal(o.code, ERR_APP);
    assert_non_null(strstr(o.msg, path));
    assert_int_equal(graphsim_count(f->sim, "/token"), asked); /* none of them was sent */
    assert_int_equal(f->store.marks, 0);
}

static void test_close_while_refreshing(void **state)
{
    struct graph_fixture *f = *state;
    int total = 0;
    struct outcome o = {.total = &total};
    fixture_fault(f, "{\"match\":\"/token\",\"action\":{\"never\":true}}");
    fixture_start(f);
    signin_get(graph_signin_of(f->graph), ANNA, &o.wait, on_token, &o);
    while (graphsim_count(f->sim, "/token") == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    fixture_close(f);
    assert_int_equal(o.n, 1);
    assert_int_equal(o.code, ERR_CANCELLED);
    assert_true(f->is_closed);
}

/* A refresh token that has come is stored although the program ends. */
static void test_close_while_saving(void **state)
{
    struct graph_fixture *f = *state;
    int total = 0;
    struct outcome o = {.total = &total};
    f->store.save_delay_ms = 60;
    fixture_start(f);
    signin_get(graph_signin_of(f->graph), ANNA, &o.wait, on_token, &o);
    while (f->store.saves == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    fixture_close(f);
    assert_true(o.code == ERR_CANCELLED || o.code == 0); /* the latter on a machine that stood still */
    assert_true(f->is_closed);
    assert_string_not_equal(fake_find(&f->store, ANNA)->refresh, "0.anna-1");
}

static void test_close_while_pausing(void **state)
{
    struct graph_fixture *f = *state;
    int total = 0;
    struct outcome o = {.total = &total};
    f->limits.backoff_base_ms = f->limits.backoff_cap_ms = 9000;
    f->limits.retry_after_min_ms = f->limits.retry_after_max_ms = 9000;
    fixture_fault(f,
                  "{\"match\":\"/token\",\"action\":{\"status\":503,\"headers\":{\"Retry-After\":\"9\"}}}");
    fixture_start(f);
    signin_get(graph_signin_of(f->graph), ANNA, &o.wait, on_token, &o);
    while (fixture_log_count(f, "\"status\":\t503") == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 50; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    int64_t before_ms = clock_mono_ms(&clock_real);
    fixture_close(f);
    assert_int_equal(o.code, ERR_CANCELLED);
    assert_true(clock_mono_ms(&clock_real) - before_ms < 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_refresh),
        FIXTURE_TEST(test_one_refresh_for_all),
        FIXTURE_TEST(test_accounts_are_apart),
        FIXTURE_TEST(test_stored_access_token_is_used),
        FIXTURE_TEST(test_ended_access_token_is_refreshed),
        FIXTURE_TEST(test_no_rotation),
        FIXTURE_TEST(test_refusals),
        FIXTURE_TEST(test_transient_then_good),
        FIXTURE_TEST(test_renew),
        FIXTURE_TEST(test_renew_is_one_with_the_others),
        FIXTURE_TEST(test_renew_while_a_good_one_is_told),
        FIXTURE_TEST(test_renew_fails),
        FIXTURE_TEST(test_early_refresh_that_fails),
        FIXTURE_TEST(test_not_signed_in),
        FIXTURE_TEST(test_store_trouble),
        FIXTURE_TEST(test_one_who_no_longer_waits),
        FIXTURE_TEST(test_rejected_on_its_way),
        FIXTURE_TEST(test_application),
        FIXTURE_TEST(test_close_while_refreshing),
        FIXTURE_TEST(test_close_while_saving),
        FIXTURE_TEST(test_close_while_pausing),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
