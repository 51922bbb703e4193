/* deliverer_bench - a deliverer with the real outbox and the real clients against the stand-in server; a
 * clock and a timer that are turned by hand. */
#ifndef TESTS_DELIVERER_BENCH_H
#define TESTS_DELIVERER_BENCH_H

#include "tests/unit/storage/user_fixture.h"

#include <signal.h>
#include <sodium.h>

#include "base/log.h"
#include "daemon/bind_tokens.h"
#include "daemon/deliverer.h"
#include "daemon/messages.h"
#include "scheduler/retry.h"
#include "tests/graphsim/graphsim.h"

#define HOUR_MS ((int64_t)3600000)
#define DAY_MS  (24 * HOUR_MS)

struct bench {
    struct fixture *f;
    uv_loop_t loop;
    struct graphsim *sim;
    struct settings settings;
    struct graph_limits limits;
    struct writer *writer;
    struct bind_tokens *tokens;
    struct graph *graph;
    struct timer_port timer;
    int64_t armed_ms;
    int n_armed;
    struct deliverer *deliverer;
    int n_sheets;
    int lines[LOG_LEVEL_DEBUG + 1];
    char told_id[33];
    char told[640];
    bool is_done;
};

static inline void arm(void *self, int64_t wall_ms)
{
    struct bench *b = self;
    b->armed_ms = wall_ms;
    b->n_armed++;
}

static inline struct graph *current_graph(void *arg)
{
    return ((struct bench *)arg)->graph;
}

static inline void on_line(void *arg, enum log_level level, const char *message_id,
                           const struct log_field *fields UNUSED, const char *text)
{
    struct bench *b = arg;
    b->lines[level]++;
    if (level <= LOG_LEVEL_INFO) {
        snprintf(b->told, sizeof b->told, "%s", text);
        snprintf(b->told_id, sizeof b->told_id, "%s", message_id ? message_id : "");
    }
}

static inline void must(int r, const struct err *e)
{
    if (r < 0) {
        fprintf(stderr, "bench: %s\n", e->msg);
        abort();
    }
}

static inline int set_up(void **state)
{
    struct bench *b = mem_calloc(1, sizeof *b);
    void *f = NULL;
    struct graphsim_options options = {0};
    if (fixture_setup(&f) != 0) {
        return -1;
    }
    b->f = f;
    uv_loop_init(&b->loop);
    must(graphsim_start(&options, &b->sim, &b->f->e), &b->f->e);
    b->limits = graph_limits_default;
    b->limits.attempts = 1;
    b->settings = (struct settings){.graph_base_url = mem_strdup(graphsim_base_url(b->sim)),
                                    .graph_authority = mem_strdup(graphsim_authority(b->sim)),
                                    .graph_tenant = mem_strdup("example.com"),
                                    .graph_client_id = mem_strdup("11111111-2222-3333-4444-555555555555"),
                                    .graph_secret_file = mem_strdup(""),
                                    .graph_ca_file = mem_strdup(""),
                                    .graph_max_requests = 64,
                                    .onedrive_folder = mem_strdup("Timesheets"),
                                    .onedrive_formats = mem_strdup("pdf csv"),
                                    .onedrive_conflict = mem_strdup("replace"),
                                    .xero_base_url = mem_strdup("https://xero.invalid"),
                                    .xero_identity_url = mem_strdup("https://xero.invalid"),
                                    .xero_client_id = mem_strdup(""),
                                    .xero_secret_file = mem_strdup(""),
                                    .xero_tenant_id = mem_strdup(""),
                                    .xero_account_code = mem_strdup(""),
                                    .xero_rates = mem_strdup("")};
    b->timer = (struct timer_port){.self = b, .arm = arm};
    log_open(LOG_TO_STDERR, LOG_LEVEL_DEBUG);
    log_set_sink(on_line, b);
    *state = b;
    return 0;
}

/* Users u1@example.com, …, signed in. */
static inline void add_users(struct bench *b, int n)
{
    struct fixture *f = b->f;
    for (int i = 1; i <= n; i++) {
        char email[48], json[160], refresh[48];
        int64_t id;
        snprintf(email, sizeof email, "u%d@example.com", i);
        snprintf(refresh, sizeof refresh, "0.u%d-1", i);
        snprintf(json, sizeof json, "{\"users\":[{\"upn\":\"%s\",\"refresh_token\":\"%s\"}]}", email,
                 refresh);
        must(user_add(f->db, email, NULL, NULL, &id, &f->e), &f->e);
        must(user_save(f, id, NULL, refresh), &f->e);
        must(graphsim_load(b->sim, json, &f->e), &f->e);
    }
}

/* An issued sheet of a user with a PDF and, where asked, a CSV. */
static inline void add_sheet(struct bench *b, int user, int n_documents)
{
    static const char *const formats[] = {"pdf", "csv"};
    unsigned char hash[32];
    char hex[65], sql[600], path[128], text[64];
    int id = ++b->n_sheets;
    snprintf(
        sql, sizeof sql,
        "INSERT INTO timesheets (id, user_id, start_date, end_date, status, number, revision, created_at, "
        "updated_at) "
        "VALUES (%d, %d, '2026-01-05', '2026-01-11', 'draft', '2026-%04d', 1, '2026-01-12 00:00:00.000000', "
        "'2026-01-12 00:00:00.000000'); UPDATE timesheets SET status = 'issued' WHERE id = %d",
        id, user, id, id);
    assert_int_equal(fixture_exec(b->f, sql), SQLITE_OK);
    for (int i = 0; i < n_documents; i++) {
        snprintf(path, sizeof path, "%s/sheet-%d.%s", b->f->dir, id, formats[i]);
        snprintf(text, sizeof text, "document %d %s", id, formats[i]);
        assert_int_equal(fixture_write_file(path, text, strlen(text), 0600), 0);
        crypto_generichash(hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
        sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        snprintf(sql, sizeof sql,
                 "INSERT INTO timesheet_documents (timesheet_id, format, user_id, state, path, file_hash, "
                 "updated_at) "
                 "VALUES (%d, '%s', %d, 'made', '%s', x'%s', '2026-01-12 00:00:00.000000')",
                 id, formats[i], user, path, hex);
        assert_int_equal(fixture_exec(b->f, sql), SQLITE_OK);
    }
}

static inline void open_graph(struct bench *b)
{
    must(graph_create(&b->loop, &b->f->time.clock, &b->settings, bind_tokens_port(b->tokens), &b->limits,
                      &b->graph, &b->f->e),
         &b->f->e);
}

/* After the users are there: the database goes to its thread. */
static inline void open_deliverer(struct bench *b)
{
    must(writer_create(&b->loop, b->f->db, &b->writer, &b->f->e), &b->f->e);
    b->f->db = NULL;
    b->tokens = bind_tokens_create(b->writer);
    open_graph(b);
    struct deliverer_options options = {.loop = &b->loop,
                                        .writer = b->writer,
                                        .clock = &b->f->time.clock,
                                        .timer = &b->timer,
                                        .settings = &b->settings,
                                        .limits = &b->limits,
                                        .graph = current_graph,
                                        .graph_arg = b};
    b->deliverer = deliverer_create(&options);
}

static inline void on_done(void *arg)
{
    ((struct bench *)arg)->is_done = true;
}

static inline void run_until_done(struct bench *b)
{
    while (!b->is_done && uv_run(&b->loop, UV_RUN_ONCE)) {
    }
    assert_true(b->is_done);
    b->is_done = false;
}

/* In the order in which the daemon does it. */
static inline void close_deliverer(struct bench *b)
{
    if (!b->deliverer) {
        return;
    }
    deliverer_close(b->deliverer, on_done, b);
    assert_false(b->is_done); /* never from inside */
    run_until_done(b);
    graph_close(b->graph, on_done, b);
    run_until_done(b);
    writer_destroy(b->writer, on_done, b);
    run_until_done(b);
    deliverer_destroy(b->deliverer);
    bind_tokens_destroy(b->tokens);
    b->deliverer = NULL;
}

static inline int tear_down(void **state)
{
    struct bench *b = *state;
    void *f = b->f;
    struct settings *s = &b->settings;
    close_deliverer(b);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    int r = uv_loop_close(&b->loop);
    log_set_sink(NULL, NULL);
    graphsim_stop(b->sim);
    char *texts[] = {s->graph_base_url,    s->graph_authority, s->graph_tenant,      s->graph_client_id,
                     s->graph_secret_file, s->graph_ca_file,   s->onedrive_folder,   s->onedrive_formats,
                     s->onedrive_conflict, s->xero_base_url,   s->xero_identity_url, s->xero_client_id,
                     s->xero_secret_file,  s->xero_tenant_id,  s->xero_account_code, s->xero_rates};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        free(texts[i]);
    }
    free(b);
    return fixture_teardown(&f) == 0 ? r : -1;
}

/* Until the deliverer has set its timer: nothing more happens by itself. */
static inline void settle(struct bench *b)
{
    int before = b->n_armed;
    while (b->n_armed == before && uv_run(&b->loop, UV_RUN_ONCE)) {
    }
}

static inline void start(struct bench *b)
{
    deliverer_start(b->deliverer);
    settle(b);
}

/* Until nothing is under way: each delivery that ends looks once more. */
static inline void settle_all(struct bench *b)
{
    do {
        settle(b);
    } while (fixture_query(b->f, "SELECT count(*) FROM outbox WHERE state = 'intended' AND attempts = 0") >
             0);
}

/* Turns the clock to what the timer was set to, and no further. */
static inline void wake(struct bench *b)
{
    assert_true(b->armed_ms != PORT_NEVER);
    if (b->armed_ms > b->f->time.wall_ms) {
        b->f->time.wall_ms = b->armed_ms;
    }
    int64_t before = fixture_query(b->f, "SELECT sum(attempts) * 100 + sum(state = 'done') FROM outbox");
    deliverer_look(b->deliverer);
    do {
        settle(b);
    } while (fixture_query(b->f, "SELECT sum(attempts) * 100 + sum(state = 'done') FROM outbox") == before);
}

static inline void fault(struct bench *b, const char *json)
{
    struct err e = {0};
    must(graphsim_fault(b->sim, json, &e), &e);
}

static inline int64_t count(struct bench *b, const char *what)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox WHERE %s", what);
    return fixture_query(b->f, sql);
}

#endif
