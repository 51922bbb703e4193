/* Refresh tokens are renewed in time, whatever else happens: the real store and the real sign-in against the
 * stand-in server, a clock and a timer turned by hand. */
#include "tests/unit/storage/user_fixture.h"

#include <signal.h>
#include <sodium.h>

#include "base/log.h"
#include "daemon/bind_tokens.h"
#include "daemon/messages.h"
#include "daemon/token_keeper.h"
#include "graph/graph.h"
#include "scheduler/retry.h"
#include "storage/renewal_store.h"
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
    struct token_keeper *keeper;
    int lines[LOG_LEVEL_DEBUG + 1];
    int64_t told_user; /* AA_USER of the last warning */
    char told_id[33];
    char told[640];
    bool is_done;
};

static void arm(void *self, int64_t wall_ms)
{
    struct bench *b = self;
    b->armed_ms = wall_ms;
    b->n_armed++;
}

static struct signin *current_signin(void *arg)
{
    struct bench *b = arg;
    return b->graph ? graph_signin_of(b->graph) : NULL;
}

static void on_line(void *arg, enum log_level level, const char *message_id, const struct log_field *fields,
                    const char *text)
{
    struct bench *b = arg;
    b->lines[level]++;
    if (level <= LOG_LEVEL_NOTICE) {
        snprintf(b->told, sizeof b->told, "%s", text);
        snprintf(b->told_id, sizeof b->told_id, "%s", message_id ? message_id : "");
        b->told_user = fields && strcmp(fields[0].name, "AA_USER") == 0 ? fields[0].number : 0;
    }
}

static void must(int r, const struct err *e)
{
    if (r < 0) {
        fprintf(stderr, "bench: %s\n", e->msg);
        abort();
    }
}

/* User 1 is "Anna@Example.com", 2 is "ben@example.com"; here all are u<id>@example.com, all signed in now. */
static void add_users(struct bench *b, int64_t n)
{
    struct fixture *f = b->f;
    struct buf json;
    buf_init(&json, 1 << 16);
    must(buf_printf(&json, "{\"users\":["), &f->e);
    must(db_begin(f->db, &f->e), &f->e);
    for (int64_t id = 1; id <= n; id++) {
        char email[48], refresh[48];
        int64_t added;
        snprintf(email, sizeof email, "u%lld@example.com", (long long)id);
        snprintf(refresh, sizeof refresh, "0.u%lld-1", (long long)id);
        must(user_add(f->db, email, NULL, NULL, &added, &f->e), &f->e);
        must(user_save(f, added, "EwB.good-for-an-hour", refresh), &f->e);
        must(buf_printf(&json, "%s{\"upn\":\"%s\",\"refresh_token\":\"%s\"}", id > 1 ? "," : "", email,
                        refresh),
             &f->e);
    }
    must(db_commit(f->db, &f->e), &f->e);
    must(buf_printf(&json, "]}"), &f->e);
    must(graphsim_load(b->sim, buf_str(&json), &f->e), &f->e);
    buf_finish(&json);
}

static int set_up(void **state)
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
                                    .graph_max_requests = 64};
    b->timer = (struct timer_port){.self = b, .arm = arm};
    log_open(LOG_TO_STDERR, LOG_LEVEL_DEBUG);
    log_set_sink(on_line, b);
    *state = b;
    return 0;
}

static void open_graph(struct bench *b)
{
    must(graph_create(&b->loop, &b->f->time.clock, &b->settings, bind_tokens_port(b->tokens), &b->limits,
                      &b->graph, &b->f->e),
         &b->f->e);
}

/* After the users are there: the database goes to its thread. */
static void open_keeper(struct bench *b)
{
    must(writer_create(&b->loop, b->f->db, &b->writer, &b->f->e), &b->f->e);
    b->f->db = NULL;
    b->tokens = bind_tokens_create(b->writer);
    open_graph(b);
    struct token_keeper_options options = {.writer = b->writer,
                                           .signin = current_signin,
                                           .signin_arg = b,
                                           .timer = &b->timer,
                                           .clock = &b->f->time.clock};
    b->keeper = token_keeper_create(&options);
}

static void on_done(void *arg)
{
    ((struct bench *)arg)->is_done = true;
}

static void run_until_done(struct bench *b)
{
    while (!b->is_done && uv_run(&b->loop, UV_RUN_ONCE)) {
    }
    b->is_done = false;
}

static void close_graph(struct bench *b)
{
    struct graph *graph = b->graph;
    b->graph = NULL;
    graph_close(graph, on_done, b);
    run_until_done(b);
}

/* In the order in which the daemon does it. */
static void close_keeper(struct bench *b)
{
    if (!b->keeper) {
        return;
    }
    token_keeper_close(b->keeper);
    if (b->graph) {
        close_graph(b);
    }
    writer_destroy(b->writer, on_done, b);
    run_until_done(b);
    token_keeper_destroy(b->keeper);
    bind_tokens_destroy(b->tokens);
    b->keeper = NULL;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    void *f = b->f;
    close_keeper(b);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    int r = uv_loop_close(&b->loop);
    log_set_sink(NULL, NULL);
    graphsim_stop(b->sim);
    free(b->settings.graph_base_url);
    free(b->settings.graph_authority);
    free(b->settings.graph_tenant);
    free(b->settings.graph_client_id);
    free(b->settings.graph_secret_file);
    free(b->settings.graph_ca_file);
    free(b);
    return fixture_teardown(&f) == 0 ? r : -1;
}

/* Until the keeper has set its timer: nothing more happens by itself. */
static void settle(struct bench *b)
{
    int before = b->n_armed;
    while (b->n_armed == before && uv_run(&b->loop, UV_RUN_ONCE)) {
    }
}

static void start(struct bench *b)
{
    token_keeper_start(b->keeper);
    settle(b);
}

/* Turns the clock to what the timer was set to, and no further. */
static void wake(struct bench *b)
{
    if (b->armed_ms > b->f->time.wall_ms) {
        b->f->time.wall_ms = b->armed_ms;
    }
    token_keeper_look(b->keeper);
    settle(b);
}

static int64_t rest_of(const struct bench *b)
{
    return b->armed_ms - b->f->time.wall_ms;
}

static int tokens_asked(struct bench *b)
{
    return graphsim_count(b->sim, "/token");
}

static int64_t due_of(const struct bench *b, const char *which)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT CAST((julianday(%s(ms_token_renewed_at)) - 2440587.5) * 86400000 + 0.5 AS INTEGER) "
             "FROM users",
             which);
    return fixture_query(b->f, sql);
}

static void idle_until_the_first_is_due(void **state)
{
    struct bench *b = *state;
    add_users(b, 3);
    open_keeper(b);
    token_keeper_look(b->keeper); /* not started: nothing */
    assert_int_equal(b->n_armed, 0);
    start(b);
    assert_int_equal(tokens_asked(b), 0);
    assert_in_range(rest_of(b), 7 * DAY_MS - 12 * HOUR_MS, 7 * DAY_MS - HOUR_MS);
    wake(b);
    assert_int_equal(tokens_asked(b), 1); /* exactly then, and only who is due */
    assert_true(due_of(b, "max") == b->f->time.wall_ms);
    assert_true(rest_of(b) >= TOKEN_KEEPER_REST_MS);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING] + b->lines[LOG_LEVEL_NOTICE] + b->lines[LOG_LEVEL_INFO], 0);
}

static void nobody_to_care_for(void **state)
{
    struct bench *b = *state;
    open_keeper(b);
    start(b);
    assert_true(b->armed_ms == PORT_NEVER);
}

static void never_renewed_at_all(void **state)
{
    enum { N = 11 };
    struct bench *b = *state;
    add_users(b, N);
    assert_int_equal(fixture_exec(b->f, "UPDATE users SET ms_token_renewed_at = NULL"), SQLITE_OK);
    open_keeper(b);
    start(b);
    assert_int_equal(tokens_asked(b), N);
    assert_true(due_of(b, "min") == FIXTURE_START_MS);
    assert_in_range(rest_of(b), 7 * DAY_MS - 12 * HOUR_MS, 7 * DAY_MS - HOUR_MS);
}

static void a_few_at_a_time(void **state)
{
    struct bench *b = *state;
    struct err e = {0};
    add_users(b, 10);
    assert_int_equal(fixture_exec(b->f, "UPDATE users SET ms_token_renewed_at = NULL"), SQLITE_OK);
    must(graphsim_fault(b->sim, "{\"match\":\"/token\",\"action\":{\"never\":true}}", &e), &e);
    open_keeper(b);
    token_keeper_start(b->keeper);
    while (tokens_asked(b) < TOKEN_KEEPER_AT_ONCE) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 200; i++) { /* neither a turn of the loop nor news bring a fifth */
        token_keeper_look(b->keeper);
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(tokens_asked(b), TOKEN_KEEPER_AT_ONCE);
    assert_int_equal(b->n_armed, 0);
    close_keeper(b); /* while they are on their way */
    assert_true(b->armed_ms == PORT_NEVER);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 0);
}

static void dead_token_is_told_once(void **state)
{
    struct bench *b = *state;
    add_users(b, 3);
    graphsim_expire_tokens(b->sim, "u2@example.com", true);
    b->f->time.wall_ms += 8 * DAY_MS;
    open_keeper(b);
    start(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_int_equal(b->told_user, 2);
    assert_string_equal(b->told_id, MESSAGE_LOGIN);
    assert_non_null(strstr(b->told, "user 2 must sign in again"));
    assert_non_null(strstr(b->told, "admin-assistant login u2@example.com"));
    assert_int_equal(
        fixture_query(b->f, "SELECT count(*) FROM action_log WHERE state = 'open' AND user_id = 2"), 1);
    assert_int_equal(fixture_query(b->f, "SELECT id FROM users WHERE ms_auth_state = 'reauth_needed'"), 2);
    assert_int_equal(tokens_asked(b), 3); /* the others have theirs */
    for (int i = 0; i < 4; i++) {
        wake(b);
    }
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM action_log"), 1);
}

/* Nothing is lost and little is said, however long it lasts. */
static void outage_is_waited_for(void **state)
{
    enum { N = 6, TRIES = 14 };
    struct bench *b = *state;
    struct err e = {0};
    int64_t last_ms = 0;
    add_users(b, N);
    b->f->time.wall_ms += 8 * DAY_MS;
    must(graphsim_fault(b->sim, "{\"match\":\"/token\",\"action\":{\"status\":503}}", &e), &e);
    open_keeper(b);
    start(b);
    assert_in_range(rest_of(b), RETRY_FIRST_MS / 2, RETRY_FIRST_MS);
    assert_non_null(strstr(b->told, "503"));
    assert_int_equal(tokens_asked(b), TOKEN_KEEPER_AT_ONCE); /* and not one after the other, all of them */
    for (int i = 1; i < TRIES; i++) {
        int asked = tokens_asked(b);
        token_keeper_look(b->keeper); /* news do not shorten it */
        assert_int_equal(tokens_asked(b), asked);
        do {
            wake(b); /* at the end of the list it begins at its front at once */
        } while (rest_of(b) <= 0);
        last_ms = rest_of(b);
        assert_true(last_ms <= HOUR_MS);
        assert_true(tokens_asked(b) <= asked + TOKEN_KEEPER_AT_ONCE);
    }
    assert_true(last_ms >= HOUR_MS / 2);
    assert_int_equal(b->lines[LOG_LEVEL_NOTICE], 1);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 0);
    graphsim_clear_faults(b->sim);
    for (int i = 0; i < 4; i++) {
        wake(b);
    }
    assert_true(due_of(b, "min") >= FIXTURE_START_MS + 8 * DAY_MS);
    assert_int_equal(b->lines[LOG_LEVEL_NOTICE], 2);
    assert_non_null(strstr(b->told, "renewed again"));
}

/* One who fails for ever does not keep the others from their turn, and is told once. */
static void one_fault_among_many(void **state)
{
    enum { N = 9 };
    struct bench *b = *state;
    add_users(b, N);
    assert_int_equal(fixture_exec(b->f,
                                  "UPDATE users SET ms_token_renewed_at = NULL WHERE id = 3;"
                                  "CREATE TRIGGER stubborn BEFORE UPDATE OF ms_refresh_token ON users WHEN "
                                  "NEW.id = 3 BEGIN SELECT RAISE(ABORT, 'no'); END"),
                     SQLITE_OK);
    b->f->time.wall_ms += 8 * DAY_MS;
    open_keeper(b);
    start(b);
    assert_true(rest_of(b) == HOUR_MS);
    for (int i = 0; i < 12; i++) {
        wake(b);
    }
    assert_int_equal(
        fixture_query(b->f, "SELECT count(*) FROM users WHERE ms_token_renewed_at >= '2026-01-09 00:00:00'"),
        N - 1);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_in_range(tokens_asked(b), N + 4, N + 12); /* tried again and again, but not more than hourly */
    assert_int_equal(fixture_exec(b->f, "DROP TRIGGER stubborn"), SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        wake(b);
    }
    assert_true(due_of(b, "min") >= FIXTURE_START_MS + 8 * DAY_MS);
    assert_int_equal(b->lines[LOG_LEVEL_NOTICE], 1);
    assert_non_null(strstr(b->told, "renewed again"));
}

/* A registration that is wrong is a person's matter: a warning, and an hour. */
static void wrong_registration(void **state)
{
    struct bench *b = *state;
    struct err e = {0};
    add_users(b, 2);
    b->f->time.wall_ms += 8 * DAY_MS;
    must(graphsim_fault(b->sim, "{\"match\":\"/token\",\"action\":{\"oauth_error\":\"invalid_client\"}}", &e),
         &e);
    open_keeper(b);
    start(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_true(rest_of(b) == HOUR_MS);
    graphsim_clear_faults(b->sim);
    close_graph(b); /* the settings are corrected, and a reload brings another graph */
    open_graph(b);
    start(b);
    for (int i = 0; i < 2; i++) {
        wake(b);
    }
    assert_true(due_of(b, "min") >= FIXTURE_START_MS + 8 * DAY_MS);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
}

static void signin_is_swapped_under_way(void **state)
{
    struct bench *b = *state;
    struct err e = {0};
    add_users(b, 2);
    b->f->time.wall_ms += 8 * DAY_MS;
    must(graphsim_fault(b->sim, "{\"match\":\"/token\",\"action\":{\"never\":true}}", &e), &e);
    open_keeper(b);
    token_keeper_start(b->keeper);
    while (tokens_asked(b) < 2) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    graphsim_clear_faults(b->sim);
    close_graph(b); /* no graph at all for a moment */
    token_keeper_look(b->keeper);
    open_graph(b);
    start(b);
    for (int i = 0; i < 3; i++) {
        wake(b);
    }
    assert_true(due_of(b, "min") >= FIXTURE_START_MS + 8 * DAY_MS);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING] + b->lines[LOG_LEVEL_NOTICE], 0);
}

static void application_has_nothing_to_renew(void **state)
{
    struct bench *b = *state;
    free(b->settings.graph_secret_file);
    b->settings.graph_secret_file = mem_strdup("/nowhere");
    add_users(b, 2);
    b->f->time.wall_ms += 8 * DAY_MS;
    open_keeper(b);
    token_keeper_start(b->keeper);
    assert_true(b->armed_ms == PORT_NEVER);
    assert_int_equal(tokens_asked(b), 0);
}

/* One who was added is cared for without a restart, one whose clock lies, too. */
static void news_are_followed(void **state)
{
    struct bench *b = *state;
    add_users(b, 2);
    open_keeper(b);
    start(b);
    assert_int_equal(fixture_exec(b->f, "UPDATE users SET ms_token_renewed_at = NULL WHERE id = 2"),
                     SQLITE_OK);
    token_keeper_look(b->keeper);
    token_keeper_look(b->keeper);
    settle(b);
    assert_int_equal(tokens_asked(b), 1);
    b->f->time.wall_ms += 2 * HOUR_MS;
    assert_int_equal(
        fixture_exec(b->f,
                     "UPDATE users SET ms_token_renewed_at = '2027-01-01 00:00:00.000000' WHERE id = 1"),
        SQLITE_OK);
    token_keeper_look(b->keeper);
    settle(b);
    assert_int_equal(tokens_asked(b), 2);
    assert_true(due_of(b, "max") == b->f->time.wall_ms);
}

/* Seen at the start, long before it is due, and told to the owner. */
static void key_that_is_gone(void **state)
{
    struct bench *b = *state;
    char old[160], away[160];
    add_users(b, 2);
    snprintf(old, sizeof old, "%s/k1.key", b->f->keys);
    snprintf(away, sizeof away, "%s/k1.away", b->f->keys);
    db_close(b->f->db);
    assert_int_equal(fixture_add_key(b->f, "k2", 'b') + rename(old, away), 0);
    assert_int_equal(fixture_load_keys(b->f), 0);
    assert_int_equal(fixture_open(b->f, DB_READ_WRITE, &b->f->db), 0);
    open_keeper(b);
    start(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_int_equal(b->told_user, 1);
    assert_non_null(strstr(b->told, "2 users do not open; of user 1: it was sealed with key k1"));
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM action_log WHERE state = 'open'"), 2);
    b->f->time.wall_ms += 8 * DAY_MS; /* due: no second task, no second line, no request */
    token_keeper_look(b->keeper);
    settle(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_int_equal(tokens_asked(b), 0);
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM action_log"), 2);
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM users WHERE ms_auth_state = 'ok'"), 2);
    assert_true(rest_of(b) >= TOKEN_KEEPER_REST_MS);
}

/* What was sealed for somebody else does not open, which only opening it shows. */
static void token_that_does_not_open(void **state)
{
    struct bench *b = *state;
    add_users(b, 2);
    assert_int_equal(
        fixture_exec(b->f,
                     "UPDATE users SET ms_refresh_token = (SELECT ms_refresh_token FROM users WHERE id = 1)"),
        SQLITE_OK);
    b->f->time.wall_ms += 8 * DAY_MS;
    open_keeper(b);
    start(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_int_equal(b->told_user, 2);
    assert_non_null(strstr(b->told, "does not open"));
    assert_int_equal(
        fixture_query(b->f, "SELECT count(*) FROM action_log WHERE state = 'open' AND user_id = 2"), 1);
    assert_int_equal(tokens_asked(b), 1);
}

/* Ninety days in which no job needs a token: none gets older than a week, and the daemon sleeps. */
static void ninety_days_without_a_job(void **state)
{
    enum { N = 12 };
    struct bench *b = *state;
    const int64_t end_ms = FIXTURE_START_MS + 90 * DAY_MS;
    int wakes = 0;
    add_users(b, N);
    open_keeper(b);
    start(b);
    while (b->armed_ms < end_ms && wakes < 2000) {
        assert_true(b->armed_ms - due_of(b, "min") <= 7 * DAY_MS);
        wake(b);
        wakes++;
    }
    assert_true(end_ms - due_of(b, "min") <= 7 * DAY_MS);
    int asked = tokens_asked(b);
    assert_in_range(asked, 12 * N, 14 * N);
    assert_true(wakes <= asked);
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM users WHERE ms_auth_state = 'ok'"), N);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING] + b->lines[LOG_LEVEL_NOTICE] + b->lines[LOG_LEVEL_INFO], 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(idle_until_the_first_is_due), T(nobody_to_care_for),
        T(never_renewed_at_all),        T(a_few_at_a_time),
        T(dead_token_is_told_once),     T(outage_is_waited_for),
        T(one_fault_among_many),        T(wrong_registration),
        T(signin_is_swapped_under_way), T(application_has_nothing_to_renew),
        T(news_are_followed),           T(key_that_is_gone),
        T(token_that_does_not_open),    T(ninety_days_without_a_job),
    };
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("daemon_token_keeper", tests, NULL, NULL);
}
