/* Timesheets go where they are wanted, whatever else happens: the real outbox and the real clients against
 * the stand-in server, a clock and a timer turned by hand. */
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

static void arm(void *self, int64_t wall_ms)
{
    struct bench *b = self;
    b->armed_ms = wall_ms;
    b->n_armed++;
}

static struct graph *current_graph(void *arg)
{
    return ((struct bench *)arg)->graph;
}

static void on_line(void *arg, enum log_level level, const char *message_id,
                    const struct log_field *fields UNUSED, const char *text)
{
    struct bench *b = arg;
    b->lines[level]++;
    if (level <= LOG_LEVEL_INFO) {
        snprintf(b->told, sizeof b->told, "%s", text);
        snprintf(b->told_id, sizeof b->told_id, "%s", message_id ? message_id : "");
    }
}

static void must(int r, const struct err *e)
{
    if (r < 0) {
        fprintf(stderr, "bench: %s\n", e->msg);
        abort();
    }
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
static void add_users(struct bench *b, int n)
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
static void add_sheet(struct bench *b, int user, int n_documents)
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

static void open_graph(struct bench *b)
{
    must(graph_create(&b->loop, &b->f->time.clock, &b->settings, bind_tokens_port(b->tokens), &b->limits,
                      &b->graph, &b->f->e),
         &b->f->e);
}

/* After the users are there: the database goes to its thread. */
static void open_deliverer(struct bench *b)
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

static void on_done(void *arg)
{
    ((struct bench *)arg)->is_done = true;
}

static void run_until_done(struct bench *b)
{
    while (!b->is_done && uv_run(&b->loop, UV_RUN_ONCE)) {
    }
    assert_true(b->is_done);
    b->is_done = false;
}

/* In the order in which the daemon does it. */
static void close_deliverer(struct bench *b)
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

static int tear_down(void **state)
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
static void settle(struct bench *b)
{
    int before = b->n_armed;
    while (b->n_armed == before && uv_run(&b->loop, UV_RUN_ONCE)) {
    }
}

static void start(struct bench *b)
{
    deliverer_start(b->deliverer);
    settle(b);
}

/* Until nothing is under way: each delivery that ends looks once more. */
static void settle_all(struct bench *b)
{
    do {
        settle(b);
    } while (fixture_query(b->f, "SELECT count(*) FROM outbox WHERE state = 'intended' AND attempts = 0") >
             0);
}

/* Turns the clock to what the timer was set to, and no further. */
static void wake(struct bench *b)
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

static void fault(struct bench *b, const char *json)
{
    struct err e = {0};
    must(graphsim_fault(b->sim, json, &e), &e);
}

static int64_t count(struct bench *b, const char *what)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox WHERE %s", what);
    return fixture_query(b->f, sql);
}

/* ---- the tests ---- */

static void nothing_to_do_wakes_nobody(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    open_deliverer(b);
    deliverer_look(b->deliverer); /* not started: nothing */
    uv_run(&b->loop, UV_RUN_NOWAIT);
    assert_int_equal(b->n_armed, 0);
    start(b);
    assert_true(b->armed_ms == PORT_NEVER);
    assert_int_equal(graphsim_count(b->sim, ""), 0);
}

static void all_documents_of_all_users(void **state)
{
    enum { USERS = 7, SHEETS = 3 };
    struct bench *b = *state;
    add_users(b, USERS);
    for (int i = 0; i < USERS * SHEETS; i++) {
        add_sheet(b, i % USERS + 1, 2);
    }
    open_deliverer(b);
    start(b);
    settle_all(b);
    assert_int_equal(count(b, "state = 'done'"), USERS * SHEETS * 2);
    assert_int_equal(fixture_query(b->f, "SELECT sum(uploaded_to_onedrive) FROM timesheets"), USERS * SHEETS);
    for (int i = 1; i <= USERS; i++) { /* one after another for each */
        char email[48];
        snprintf(email, sizeof email, "u%d@example.com", i);
        assert_int_equal(graphsim_peak_in_flight(b->sim, email), 1);
    }
    assert_int_equal(graphsim_count(b->sim, ":/content"), USERS * SHEETS * 2);
    assert_int_equal(b->lines[LOG_LEVEL_INFO], USERS * SHEETS * 2);
    assert_string_equal(b->told_id, MESSAGE_UPLOADED);
    assert_true(b->armed_ms == PORT_NEVER);
}

static void a_few_at_a_time(void **state)
{
    struct bench *b = *state;
    add_users(b, 8);
    for (int i = 1; i <= 8; i++) {
        add_sheet(b, i, 2);
    }
    fault(b, "{\"match\":\"/drive/\",\"action\":{\"never\":true}}");
    open_deliverer(b);
    deliverer_start(b->deliverer);
    while (graphsim_count(b->sim, "/drive/") < DELIVERER_AT_ONCE) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 200; i++) { /* neither a turn of the loop nor news bring a fifth */
        deliverer_look(b->deliverer);
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(graphsim_count(b->sim, "/drive/"), DELIVERER_AT_ONCE);
    close_deliverer(b); /* while they are on their way */
    assert_true(b->armed_ms == PORT_NEVER);
    assert_int_equal(fixture_query(b->f, "SELECT sum(attempts) FROM outbox"), 0);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING] + b->lines[LOG_LEVEL_NOTICE], 0);
}

static void passing_fault_backs_off(void **state)
{
    struct bench *b = *state;
    int64_t last_ms = 0;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"action\":{\"status\":503}}");
    open_deliverer(b);
    start(b);
    settle_all(b);
    for (int i = 0; i < 12; i++) {
        int64_t wait_ms = b->armed_ms - b->f->time.wall_ms;
        assert_in_range(wait_ms, RETRY_FIRST_MS / 2, RETRY_LONGEST_MS);
        assert_true(wait_ms > last_ms || wait_ms >= RETRY_LONGEST_MS / 2);
        last_ms = wait_ms;
        wake(b);
    }
    assert_int_equal(count(b, "state = 'intended' AND attempts = 13 AND error_code = 'SERVER'"), 1);
    assert_int_equal(b->lines[LOG_LEVEL_NOTICE], 1); /* told once */
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 0);
    graphsim_clear_faults(b->sim);
    wake(b);
    assert_int_equal(count(b, "state = 'done'"), 1);
    assert_string_equal(b->told_id, MESSAGE_UPLOADED);
    assert_true(b->armed_ms == PORT_NEVER);
}

static void time_that_was_named_is_kept(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/"
             "\",\"times\":1,\"action\":{\"status\":429,\"headers\":{\"Retry-After\":\"540\"}}}");
    open_deliverer(b);
    start(b);
    settle_all(b);
    assert_true(b->armed_ms - b->f->time.wall_ms >= 540000);
    graph_close(b->graph, on_done, b); /* its own clock is a real one, and it keeps that time, too */
    run_until_done(b);
    open_graph(b);
    wake(b);
    assert_int_equal(count(b, "state = 'done'"), 1);
}

static void person_is_told_once_and_a_day_later_it_is_tried(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"action\":{\"status\":403}}");
    open_deliverer(b);
    start(b);
    settle_all(b);
    assert_true(b->armed_ms == b->f->time.wall_ms + DELIVERER_HUMAN_MS);
    assert_string_equal(b->told_id, MESSAGE_UPLOAD_FAILED);
    assert_non_null(strstr(b->told, "Files.ReadWrite"));
    wake(b);
    wake(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM action_log WHERE state = 'open'"), 1);
    graphsim_clear_faults(b->sim);
    deliverer_start(b->deliverer); /* a reload: perhaps it was mended */
    while (count(b, "state = 'done'") == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM action_log WHERE state = 'open'"), 0);
}

static void dead_sign_in_is_a_persons(void **state)
{
    struct bench *b = *state;
    add_users(b, 2);
    add_sheet(b, 1, 1);
    add_sheet(b, 2, 1);
    graphsim_expire_tokens(b->sim, "u1@example.com", true);
    open_deliverer(b);
    start(b);
    settle_all(b);
    assert_int_equal(
        count(b, "user_id = 1 AND state = 'intended' AND is_for_human = 1 AND error_code = 'LOGIN'"), 1);
    assert_int_equal(count(b, "user_id = 2 AND state = 'done'"), 1); /* nobody else is held up */
}

static void file_that_is_not_what_was_made(void **state)
{
    struct bench *b = *state;
    char path[128];
    add_users(b, 1);
    add_sheet(b, 1, 2);
    snprintf(path, sizeof path, "%s/sheet-1.pdf", b->f->dir);
    assert_int_equal(fixture_write_file(path, "tampered", 8, 0600), 0);
    snprintf(path, sizeof path, "%s/sheet-1.csv", b->f->dir);
    assert_int_equal(unlink(path), 0);
    open_deliverer(b);
    start(b);
    while (count(b, "state = 'intended' AND is_for_human = 1") < 2) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    settle_all(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 2);
    assert_int_equal(graphsim_count(b->sim, "/drive/"), 0);
    assert_true(b->armed_ms == b->f->time.wall_ms + DELIVERER_HUMAN_MS);
    assert_int_equal(fixture_write_file(path, "document 1 csv", 14, 0600), 0);
    deliverer_wake(b->deliverer); /* somebody asks for a reload */
    while (count(b, "state = 'done'") < 1) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
}

static void what_never_works_is_given_up(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"method\":\"PUT\",\"action\":{\"status\":400}}");
    open_deliverer(b);
    start(b);
    while (count(b, "state = 'failed'") < 1) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    while (b->armed_ms != PORT_NEVER) {
        settle(b);
    }
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_string_equal(b->told_id, MESSAGE_UPLOAD_FAILED);
    assert_int_equal(graphsim_count(b->sim, ":/content"), 1);
}

/* A reload in the middle: another graph, and what was under way begins again, as if it had not begun. */
static void reload_begins_again(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"times\":1,\"action\":{\"never\":true}}");
    open_deliverer(b);
    deliverer_start(b->deliverer);
    while (graphsim_count(b->sim, "/drive/") == 0) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    struct graph *old = b->graph;
    open_graph(b);
    graph_close(old, on_done, b);
    deliverer_start(b->deliverer);
    run_until_done(b);
    while (count(b, "state = 'done'") == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    assert_int_equal(count(b, "attempts = 0"), 1);
    assert_int_equal(graphsim_count(b->sim, ":/content"), 1);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING] + b->lines[LOG_LEVEL_NOTICE], 0);
}

static void switched_off_waits(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"times\":1,\"action\":{\"status\":503}}");
    open_deliverer(b);
    start(b);
    settle_all(b);
    b->settings.onedrive_folder[0] = '\0'; /* as a reload may */
    start(b);
    while (b->armed_ms != PORT_NEVER) {
        settle(b);
    }
    b->f->time.wall_ms += DAY_MS;
    deliverer_look(b->deliverer);
    settle(b);
    assert_int_equal(count(b, "state = 'intended'"), 1);
    assert_true(b->armed_ms == PORT_NEVER);
}

static void trouble_with_the_database_rests(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    assert_int_equal(
        fixture_exec(b->f,
                     "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END"),
        SQLITE_OK);
    open_deliverer(b);
    start(b);
    for (int i = 0; i < 3; i++) {
        assert_in_range(b->armed_ms - b->f->time.wall_ms, 1, HOUR_MS);
        b->f->time.wall_ms = b->armed_ms;
        deliverer_look(b->deliverer);
        settle(b);
    }
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1); /* told once */
    assert_int_equal(graphsim_count(b->sim, ""), 0);
    assert_int_equal(fixture_exec(b->f, "DROP TRIGGER full"), SQLITE_OK);
    b->f->time.wall_ms = b->armed_ms;
    deliverer_look(b->deliverer);
    while (count(b, "state = 'done'") == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
}

/* What became of it can not be written: it is not sent again and again, and in the end it was sent once. */
static void outcome_that_can_not_be_stored(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    assert_int_equal(
        fixture_exec(b->f,
                     "CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END"),
        SQLITE_OK);
    open_deliverer(b);
    start(b);
    while (b->lines[LOG_LEVEL_WARNING] == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    assert_in_range(b->armed_ms - b->f->time.wall_ms, 1, HOUR_MS);
    assert_int_equal(graphsim_count(b->sim, "/drive/"), 2); /* a look and the file */
    assert_int_equal(fixture_exec(b->f, "DROP TRIGGER full"), SQLITE_OK);
    wake(b);
    assert_int_equal(graphsim_count(b->sim, ":/content"), 1);
    assert_non_null(strstr(b->told, "was there already"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_to_do_wakes_nobody),
        TEST(all_documents_of_all_users),
        TEST(a_few_at_a_time),
        TEST(passing_fault_backs_off),
        TEST(time_that_was_named_is_kept),
        TEST(person_is_told_once_and_a_day_later_it_is_tried),
        TEST(dead_sign_in_is_a_persons),
        TEST(file_that_is_not_what_was_made),
        TEST(what_never_works_is_given_up),
        TEST(reload_begins_again),
        TEST(switched_off_waits),
        TEST(trouble_with_the_database_rests),
        TEST(outcome_that_can_not_be_stored),
    };
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
