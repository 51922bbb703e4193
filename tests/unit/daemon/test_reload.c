/* The reload: what is decided about two configurations, and what a SIGHUP then does to a running service. */
#include "tests/lib/archive_fixture.h"
#include "tests/lib/notify_socket.h"

#include <uv.h>

#include "base/log.h"
#include "daemon/messages.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "storage/state_store.h"

struct bench {
    struct fixture *f;
    char path[80];
    uv_loop_t loop;
    struct loop_meter meter;
    struct journal journal;
    struct writer *writer;
    struct tz_cache *zones;
    struct bind_graph *calendar;
    struct status *status;
    struct settings settings;
    struct reload *reload;
    struct token_store tokens;
    struct notify_socket manager;
    int n_failed, n_reloaded; /* lines in the log */
    char line[512];           /* the last of them */
    char *answer;             /* service_state "reload" */
    bool is_read;
    int n_closed;
    int n_changes; /* that were handed on */
    int64_t old_drain_seconds;
    bool has_new_zones;
};

/* ---- the decision ---- */

static struct settings settings_of(const char *path, const char *text)
{
    struct settings settings;
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
    OK(settings_load(path, NULL, &settings, e));
    return settings;
}

static const struct decision_row {
    const char *name;
    const char *current, *wanted;
    enum reload_verdict verdict;
    bool replaces_graph;
    const char *text;
} decision_rows[] = {
    {"the same", "[service]\ndrain_seconds = 30\n", "", RELOAD_UNCHANGED, false, ""},
    {"written differently", "[graph]\nbase_url = https://g.example/v1.0\n",
     "; moved\n[graph]\nbase_url = https://g.example/v1.0/\n", RELOAD_UNCHANGED, false, ""},
    {"no graph key", "", "[service]\ndrain_seconds = 5\n[timesheet]\ndirectory = /srv/sheets\n",
     RELOAD_APPLIED, false, "service.drain_seconds, timesheet.directory"},
    {"base_url", "", "[graph]\nbase_url = https://g.example/v1.0\n", RELOAD_APPLIED, true, "graph.base_url"},
    {"authority", "", "[graph]\nauthority = https://g.example\n", RELOAD_APPLIED, true, "graph.authority"},
    {"sign-in", "", "[graph]\ntenant = t.example\nclient_id = c\nclient_secret_file = /s\n", RELOAD_APPLIED,
     true, "graph.tenant, graph.client_id, graph.client_secret_file"},
    {"ca_file", "[graph]\nca_file = /a.pem\n", "", RELOAD_APPLIED, true, "graph.ca_file"},
    {"max_requests", "", "[graph]\nmax_requests = 8\n", RELOAD_APPLIED, true, "graph.max_requests"},
    {"database", "", "[database]\nurl = sqlite:/other.db\n", RELOAD_FAILED, false,
     "database.url can not change while the service runs; restart it to use the new value"},
    {"keys and more", "",
     "[database]\nurl = sqlite:/o.db\n[keys]\ndirectory = /k\n[service]\ndrain_seconds = 5\n", RELOAD_FAILED,
     false,
     "database.url, keys.directory can not change while the service runs; restart it to use the new value"},
};

static void test_decisions(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(decision_rows); i++) {
        const struct decision_row *row = &decision_rows[i];
        struct settings current = settings_of(b->path, row->current),
                        wanted = settings_of(b->path, row->wanted);
        struct reload_decision d;
        reload_decide(&current, &wanted, &d);
        bool is_right = d.verdict == row->verdict && strcmp(d.text, row->text) == 0;
        if (!is_right || (d.verdict == RELOAD_APPLIED && d.replaces_graph != row->replaces_graph)) {
            fail_msg("%s: verdict %d, graph %d, \"%s\"", row->name, d.verdict, d.replaces_graph, d.text);
        }
        settings_finish(&current);
        settings_finish(&wanted);
    }
}

/* ---- a service ---- */

static void note_line(void *arg, enum log_level level, const char *id, const struct log_field *fields UNUSED,
                      const char *text)
{
    struct bench *b = arg;
    bool is_failure = id && strcmp(id, MESSAGE_RELOAD_FAILED) == 0 && level == LOG_LEVEL_ERR;
    bool is_reload = id && strcmp(id, MESSAGE_RELOADED) == 0 && level == LOG_LEVEL_INFO;
    b->n_failed += is_failure;
    b->n_reloaded += is_reload;
    if (is_failure || is_reload) {
        snprintf(b->line, sizeof b->line, "%s", text);
    }
}

static void on_changed(void *arg, const struct reload_change *change)
{
    struct bench *b = arg;
    b->n_changes++;
    b->old_drain_seconds = change->old->drain_seconds;
    b->has_new_zones = change->has_new_zones;
}

static void create_parts(struct bench *b)
{
    struct graph *graph;
    b->zones = tz_cache_create(b->f->dir);
    OK(writer_create(&b->loop, b->f->db, &b->writer, e));
    b->f->db = NULL; /* the writer's now */
    OK(graph_create(&b->loop, &b->f->clock.clock, &b->settings, &b->tokens, NULL, &graph, e));
    b->calendar = bind_graph_create(&b->loop, graph, b->zones);
    loop_meter_init(&b->meter, &b->loop);
    b->status = status_create(b->writer, &b->journal, &b->meter, &b->f->clock.clock, b->zones);
    struct reload_config config = {
        .path = b->path,
        .settings = &b->settings,
        .loop = &b->loop,
        .clock = &b->f->clock.clock,
        .zones = b->zones,
        .calendar = b->calendar,
        .tokens = &b->tokens,
        .writer = b->writer,
        .status = b->status,
        .changed = on_changed,
        .changed_arg = b,
    };
    b->reload = reload_create(&config);
}

static int set_up(void **state)
{
    struct bench *b = mem_calloc(1, sizeof *b);
    void *f;
    fixture_set_up(&f);
    b->f = f;
    snprintf(b->path, sizeof b->path, "%s/aa.conf", b->f->dir);
    b->settings = settings_of(b->path, "");
    assert_int_equal(uv_loop_init(&b->loop), 0);
    log_set_sink(note_line, b);
    notify_socket_open(&b->manager, b->f->dir);
    create_parts(b);
    *state = b;
    return 0;
}

static void on_closed(void *arg)
{
    ((struct bench *)arg)->n_closed++;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    void *f = b->f;
    bind_graph_close(b->calendar, on_closed, b);
    writer_destroy(b->writer, on_closed, b);
    while (b->n_closed < 2) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    reload_destroy(b->reload);
    status_destroy(b->status);
    loop_meter_finish(&b->meter);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    int r = uv_loop_close(&b->loop);
    log_set_sink(NULL, NULL);
    notify_socket_close(&b->manager);
    tz_cache_destroy(b->zones);
    settings_finish(&b->settings);
    fixture_tear_down(&f);
    free(b->answer);
    free(b);
    return r;
}

static int work_read_answer(struct db *db, void *arg, struct err *e)
{
    struct bench *b = arg;
    free(b->answer);
    b->answer = NULL;
    return state_get(db, "reload", &b->answer, e);
}

static void on_read(void *arg, const struct err *e UNUSED)
{
    ((struct bench *)arg)->is_read = true;
}

/* What stands in the database after everything that was submitted before; "" where there is nothing. */
static const char *read_answer(struct bench *b)
{
    b->is_read = false;
    writer_submit(b->writer, work_read_answer, on_read, b);
    while (!b->is_read) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    return b->answer ? b->answer : "";
}

static void write_text(struct bench *b, const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", b->f->dir, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
    free(path);
}

static void sees(const char *text, const char *piece)
{
    if (!strstr(text, piece)) {
        fail_msg("no \"%s\" in \"%s\"", piece, text);
    }
}

static void has_logged(struct bench *b, int n_reloaded, int n_failed)
{
    assert_int_equal(b->n_reloaded, n_reloaded);
    assert_int_equal(b->n_failed, n_failed);
}

static void test_a_good_one(void **state)
{
    struct bench *b = *state;
    struct graph *before = bind_graph_current(b->calendar);
    write_text(b, "aa.conf", "[service]\ndrain_seconds = 7\n");
    reload_run(b->reload, 4711);
    assert_int_equal(b->settings.drain_seconds, 7);
    assert_int_equal(b->n_changes, 1);
    assert_int_equal(b->old_drain_seconds, 30);
    assert_false(b->has_new_zones);
    assert_ptr_equal(bind_graph_current(b->calendar), before);
    has_logged(b, 1, 0);
    sees(b->line, "changed: service.drain_seconds");
    sees(read_answer(b),
         "{\"nonce\":4711,\"outcome\":\"applied\",\"message\":\"configuration read again: changed: "
         "service.drain_seconds\",\"at\":\"2026-04-01 02:00:00");

    write_text(b, "aa.conf", "[graph]\nbase_url = https://graph.example/v1.0\n");
    reload_run(b->reload, 0);
    assert_string_equal(b->settings.graph_base_url, "https://graph.example/v1.0");
    assert_int_equal(b->settings.drain_seconds, 30);
    assert_ptr_not_equal(bind_graph_current(b->calendar), before);
    has_logged(b, 2, 0);
    sees(read_answer(b), "\"nonce\":4711,"); /* nobody asked */
}

static void test_nothing_changed(void **state)
{
    struct bench *b = *state;
    reload_run(b->reload, 0);
    reload_run(b->reload, 12);
    has_logged(b, 0, 0);
    assert_int_equal(b->n_changes, 0);
    sees(read_answer(b), "\"outcome\":\"unchanged\"");
}

/* Every changing command sends a SIGHUP: what is wrong is said once, and once more to whoever asks. */
static void test_a_bad_one(void **state)
{
    struct bench *b = *state;
    write_text(b, "aa.conf", "[service]\ndrain_seconds = 7\nfrob = 1\n");
    reload_run(b->reload, 0);
    reload_run(b->reload, 0);
    has_logged(b, 0, 1);
    assert_int_equal(b->settings.drain_seconds, 30);
    sees(b->line, "the old configuration stays: /tmp/");
    sees(b->line, "aa.conf:3: ");
    reload_run(b->reload, 5);
    has_logged(b, 0, 2);
    sees(read_answer(b), "\"outcome\":\"failed\"");
    sees(read_answer(b), "aa.conf:3: ");

    write_text(b, "aa.conf", "[database]\nurl = sqlite:/other.db\n[service]\ndrain_seconds = 7\n");
    reload_run(b->reload, 0);
    has_logged(b, 0, 3);
    sees(b->line, "aa.conf: database.url can not change");
    assert_int_equal(b->settings.drain_seconds, 30);

    write_text(b, "aa.conf", "");
    reload_run(b->reload, 0);
    reload_run(b->reload, 0);
    assert_int_equal(b->n_changes, 0);
    has_logged(b, 1, 3); /* it is good again, although nothing changed */
}

static void ignore_answer(void *arg UNUSED, const struct err *e UNUSED, const char *id UNUSED)
{
}

/* The file is good, but it can not be followed now. */
static void test_too_many_at_once(void **state)
{
    struct bench *b = *state;
    char account[] = "anna@example.com", zone[] = "UTC",
         source[] = "msgraph://bert@example.com/calendars/primary";
    const struct calendar_port *port = bind_graph_port(b->calendar);
    for (int i = 0; i <= BIND_GRAPH_OLD_MAX; i++) {
        struct run run = {.id = i + 1, .account = account, .zone = zone, .source_uri = source};
        char text[64];
        port->resolve(port->self, &run, ignore_answer, b);
        snprintf(text, sizeof text, "[graph]\nmax_requests = %d\n", i + 1);
        write_text(b, "aa.conf", text);
        reload_run(b->reload, 0);
    }
    has_logged(b, BIND_GRAPH_OLD_MAX, 1);
    sees(b->line, "try again later");
    assert_int_equal(b->settings.graph_max_requests, BIND_GRAPH_OLD_MAX);
    (void)read_answer(b);
}

static void test_new_zones(void **state)
{
    struct bench *b = *state;
    write_text(b, "version", "2031a");
    reload_run(b->reload, 0);
    has_logged(b, 1, 0);
    sees(b->line, "changed: time zones (now 2031a)");
    assert_true(b->has_new_zones);
    reload_run(b->reload, 0);
    has_logged(b, 1, 0);
}

/* What the service manager is told since the last look, after everything that was asked for is done. */
static const char *told(struct bench *b)
{
    (void)read_answer(b);
    return notify_socket_read(&b->manager);
}

/* READY is the scheduler's to say; a reload that comes earlier must not say it. */
static void test_before_ready(void **state)
{
    struct bench *b = *state;
    write_text(b, "aa.conf", "[frob]\n");
    reload_run(b->reload, 0);
    status_log(b->status);
    const char *text = told(b);
    assert_null(strstr(text, "READY"));
    assert_null(strstr(text, "RELOADING"));
    sees(text, "STATUS=");
    status_armed(b->status, true);
    text = told(b);
    sees(text, "READY=1");
    sees(text, "RELOAD FAILED: ");
}

static void test_what_the_manager_is_told(void **state)
{
    struct bench *b = *state;
    status_armed(b->status, true);
    sees(told(b), "READY=1");
    write_text(b, "aa.conf", "[frob]\n");
    reload_run(b->reload, 0);
    const char *text = told(b);
    sees(text, "RELOADING=1\nMONOTONIC_USEC=1");
    sees(strstr(text, "RELOADING=1"), "\n\nREADY=1\n");
    sees(text, "STATUS=1 job; no run has succeeded yet; RELOAD FAILED: /tmp/");
    sees(text, " (old configuration stays)\n");
    status_armed(b->status, true);
    sees(told(b), "RELOAD FAILED");
    write_text(b, "aa.conf", "");
    reload_run(b->reload, 0);
    text = told(b);
    sees(text, "STATUS=1 job; no run has succeeded yet\n");
}

/* One message is one line, whatever somebody called a calendar. */
static void test_status_is_one_line(void **state)
{
    struct bench *b = *state;
    notify_status("next \"A\nREADY=1\"");
    assert_string_equal(told(b), "STATUS=next \"A READY=1\"\n\n");
}

static void test_stopping(void **state)
{
    struct bench *b = *state;
    notify_stopping(60000);
    assert_string_equal(told(b), "STOPPING=1\nEXTEND_TIMEOUT_USEC=60000000\nSTATUS=draining\n\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_decisions),          TEST(test_a_good_one),
        TEST(test_nothing_changed),    TEST(test_a_bad_one),
        TEST(test_too_many_at_once),   TEST(test_new_zones),
        TEST(test_before_ready),       TEST(test_what_the_manager_is_told),
        TEST(test_status_is_one_line), TEST(test_stopping),
    };
    return cmocka_run_group_tests_name("daemon/reload", tests, NULL, NULL);
}
