/* graph_fixture - the whole of graph/ on a loop of its own, against the stand-in server, with a token store
 * in memory and limits so small that nothing is waited for.  Teardown fails when the loop does not end up
 * empty. */
#ifndef TESTS_UNIT_GRAPH_GRAPH_FIXTURE_H
#define TESTS_UNIT_GRAPH_GRAPH_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/attr.h"
#include "base/mem.h"
#include "graph/device_code.h"
#include "graph/graph.h"
#include "graph/later.h"
#include "tests/graphsim/graphsim.h"

#define ANNA "anna@example.com"
#define BERT "bert@example.com"

/* ---- the token store ---- */

struct fake_account {
    const char *name;
    char *refresh; /* NULL: none */
    char *access;
    int64_t expires_ms;
    bool needs_reauth;
};

struct fake_store {
    uv_loop_t *loop;
    struct fake_account accounts[4];
    int n_accounts;
    int loads, saves, marks;
    char mark_reason[320];
    int load_code; /* ERR_… that a load, or a save, answers */
    int save_code;
    int save_delay_ms;
    struct graphsim *sim;    /* whose API requests are counted when a save is confirmed */
    int api_requests_before; /* -1: no save yet */
};

struct fake_call {
    struct fake_store *store;
    const char *account;
    token_loaded loaded;
    token_stored stored;
    void *arg;
    bool is_save;
};

static inline struct fake_account *fake_find(struct fake_store *s, const char *name)
{
    for (int i = 0; i < s->n_accounts; i++) {
        if (strcasecmp(s->accounts[i].name, name) == 0) {
            return &s->accounts[i];
        }
    }
    return NULL;
}

static inline void fake_set(char **text, const char *bytes)
{
    free(*text);
    *text = mem_strdup(bytes);
}

static inline struct fake_account *fake_add(struct fake_store *s, const char *name, const char *refresh)
{
    struct fake_account *a = &s->accounts[s->n_accounts++];
    *a = (struct fake_account){.name = name, .refresh = mem_strdup(refresh)};
    return a;
}

static inline struct secret *fake_secret(const char *text)
{
    return text ? secret_copy(text, strlen(text)) : NULL;
}

static inline void fake_answer_load(void *arg)
{
    struct fake_call *call = arg;
    struct fake_store *s = call->store;
    struct fake_account *a = fake_find(s, call->account);
    struct token_set tokens = {0};
    struct err e;
    if (s->load_code) {
        err_set(&e, s->load_code, 0, "the store says no");
        call->loaded(call->arg, &e, NULL);
    } else {
        if (a) {
            tokens = (struct token_set){fake_secret(a->refresh), fake_secret(a->access), a->expires_ms,
                                        a->needs_reauth};
        }
        call->loaded(call->arg, NULL, &tokens);
        token_set_finish(&tokens);
    }
    free(call);
}

static inline void fake_answer_store(void *arg)
{
    struct fake_call *call = arg;
    struct fake_store *s = call->store;
    struct err e;
    if (call->is_save && s->sim && s->api_requests_before < 0) {
        s->api_requests_before = graphsim_count(s->sim, "/v1.0");
    }
    if (call->is_save && s->save_code) {
        err_set(&e, s->save_code, 0, "the store says no");
        call->stored(call->arg, &e);
    } else {
        call->stored(call->arg, NULL);
    }
    free(call);
}

static inline void fake_load(void *self, const char *account, token_loaded done, void *arg)
{
    struct fake_store *s = self;
    struct fake_call *call = mem_calloc(1, sizeof *call);
    *call = (struct fake_call){.store = s, .account = account, .loaded = done, .arg = arg};
    s->loads++;
    (void)alarm_start(s->loop, 0, fake_answer_load, call);
}

static inline void fake_save(void *self, const char *account, const struct secret *refresh,
                             const struct secret *access, int64_t expires_ms, token_stored done, void *arg)
{
    struct fake_store *s = self;
    struct fake_call *call = mem_calloc(1, sizeof *call);
    struct fake_account *a = fake_find(s, account);
    *call = (struct fake_call){.store = s, .account = account, .stored = done, .arg = arg, .is_save = true};
    s->saves++;
    if (a && !s->save_code) {
        if (refresh) {
            fake_set(&a->refresh, secret_bytes(refresh));
        }
        fake_set(&a->access, secret_bytes(access));
        a->expires_ms = expires_ms;
    }
    (void)alarm_start(s->loop, s->save_delay_ms, fake_answer_store, call);
}

static inline void fake_mark(void *self, const char *account, const char *reason, token_stored done,
                             void *arg)
{
    struct fake_store *s = self;
    struct fake_call *call = mem_calloc(1, sizeof *call);
    struct fake_account *a = fake_find(s, account);
    *call = (struct fake_call){.store = s, .account = account, .stored = done, .arg = arg};
    s->marks++;
    snprintf(s->mark_reason, sizeof s->mark_reason, "%s", reason);
    if (a) {
        a->needs_reauth = true;
    }
    (void)alarm_start(s->loop, 0, fake_answer_store, call);
}

/* ---- everything ---- */

struct graph_fixture {
    uv_loop_t loop;
    struct graphsim *sim;
    const struct clock *clock;
    struct graph_limits limits;
    struct settings settings;
    struct fake_store store;
    struct graph *graph; /* NULL until fixture_start */
    bool is_closed;
};

/* Anna and Bert with a calendar each, signed in. */
static const char fixture_state[] =
    "{\"users\":["
    "{\"upn\":\"anna@example.com\",\"refresh_token\":\"0.anna-1\",\"calendars\":["
    "{\"id\":\"AQMkCal1=\",\"name\":\"Calendar\",\"isDefaultCalendar\":true,\"events\":[]},"
    "{\"id\":\"AQMkCal2/+=\",\"name\":\"Client Work: ACME\",\"events\":[]},"
    "{\"id\":\"AQMkCal3=\",\"name\":\"B\xc3\xbcro\",\"events\":[]},"
    "{\"id\":\"AQMkTwinAAAAAAAA1=\",\"name\":\"Team plan\",\"events\":[]},"
    "{\"id\":\"AQMkTwinAAAAAAAA2=\",\"name\":\"team-plan\",\"events\":[]},"
    "{\"id\":\"AQMkTwinAAAAAAAA3=\",\"name\":\"Team  Plan!\",\"events\":[]}]},"
    "{\"upn\":\"bert@example.com\",\"refresh_token\":\"0.bert-1\",\"calendars\":["
    "{\"id\":\"AQMkBert=\",\"name\":\"Calendar\",\"isDefaultCalendar\":true,\"events\":[]}]}]}";

static inline void fixture_closed(void *arg)
{
    ((struct graph_fixture *)arg)->is_closed = true;
}

/* Stops with the reason: a fixture that does not come up is no test result. */
static inline void fixture_need(int r, const struct err *e)
{
    if (r < 0) {
        fprintf(stderr, "fixture: %s\n", e->msg);
        abort();
    }
}

static inline int fixture_setup(void **state)
{
    struct graph_fixture *f = mem_calloc(1, sizeof *f);
    struct graphsim_options options = {0};
    struct err e = {0};
    uv_loop_init(&f->loop);
    fixture_need(graphsim_start(&options, &f->sim, &e), &e);
    fixture_need(graphsim_load(f->sim, fixture_state, &e), &e);
    f->store = (struct fake_store){.loop = &f->loop, .sim = f->sim, .api_requests_before = -1};
    fake_add(&f->store, ANNA, "0.anna-1");
    fake_add(&f->store, BERT, "0.bert-1");
    f->clock = &clock_real;
    f->limits = graph_limits_default;
    f->limits.request_ms = 5000;
    f->limits.total_ms = 10000;
    f->limits.backoff_base_ms = 1;
    f->limits.backoff_cap_ms = 2;
    f->limits.retry_after_min_ms = 1;
    f->limits.retry_after_max_ms = 3;
    f->limits.device_second_ms = 1;
    f->settings = (struct settings){.graph_base_url = mem_strdup(graphsim_base_url(f->sim)),
                                    .graph_authority = mem_strdup(graphsim_authority(f->sim)),
                                    .graph_tenant = mem_strdup("example.com"),
                                    .graph_client_id = mem_strdup("11111111-2222-3333-4444-555555555555"),
                                    .graph_secret_file = mem_strdup(""),
                                    .graph_ca_file = mem_strdup(""),
                                    .graph_max_requests = 64};
    *state = f;
    return 0;
}

/* After the test has changed limits and settings as it likes. */
static inline void fixture_start(struct graph_fixture *f)
{
    struct token_store store = {&f->store, fake_load, fake_save, fake_mark};
    struct err e = {0};
    fixture_need(graph_create(&f->loop, f->clock, &f->settings, &store, &f->limits, &f->graph, &e), &e);
}

/* Closes graph/ and runs the loop until nothing is left. */
static inline void fixture_close(struct graph_fixture *f)
{
    if (f->graph) {
        graph_close(f->graph, fixture_closed, f);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        f->graph = NULL;
    } else {
        f->is_closed = true;
    }
}

static inline int fixture_teardown(void **state)
{
    struct graph_fixture *f = *state;
    fixture_close(f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    bool ok = f->is_closed && uv_loop_close(&f->loop) == 0;
    graphsim_stop(f->sim);
    for (int i = 0; i < f->store.n_accounts; i++) {
        free(f->store.accounts[i].refresh);
        free(f->store.accounts[i].access);
    }
    free(f->settings.graph_base_url);
    free(f->settings.graph_authority);
    free(f->settings.graph_tenant);
    free(f->settings.graph_client_id);
    free(f->settings.graph_secret_file);
    free(f->settings.graph_ca_file);
    free(f);
    return ok ? 0 : -1;
}

static inline void fixture_fault(struct graph_fixture *f, const char *json)
{
    struct err e = {0};
    fixture_need(graphsim_fault(f->sim, json, &e), &e);
}

static inline void fixture_load(struct graph_fixture *f, const char *json)
{
    struct err e = {0};
    fixture_need(graphsim_load(f->sim, json, &e), &e);
}

static inline void fixture_run_until(struct graph_fixture *f, const int *n, int wanted)
{
    while (*n < wanted && uv_run(&f->loop, UV_RUN_ONCE)) {
    }
}

/* Requests that the log has with this substring in them: paths, headers, statuses. */
static inline int fixture_log_count(struct graph_fixture *f, const char *substring)
{
    char *log = graphsim_log(f->sim);
    int n = 0;
    for (const char *p = log; (p = strstr(p, substring)); p++) {
        n++;
    }
    free(log);
    return n;
}

#define FIXTURE_TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

static inline bool fixture_init(void)
{
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() >= 0;
}

#endif
