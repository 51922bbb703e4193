#include "tests/lib/service_private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "storage/instance_store.h"
#include "storage/migrate.h"

#define PATIENCE_MS 30000
#define LOG_MAX     (64u << 20)

void service_check(int r, const struct err *e, const char *what)
{
    if (r < 0) {
        fail_msg("%s: ERR_%s %s", what, err_name(r), e->msg);
    }
}

/* ---- the clock ---- */

static int64_t turned_wall_ms(const struct clock *clock)
{
    return atomic_load(&((const struct turned_clock *)(const void *)clock)->wall_ms);
}

static int64_t real_mono_ms(const struct clock *clock UNUSED)
{
    return clock_mono_ms(&clock_real);
}

static void real_random(const struct clock *clock UNUSED, void *out, size_t len)
{
    clock_real.random(&clock_real, out, len);
}

int64_t service_wall_ms(const struct service *s)
{
    return atomic_load(&s->clock.wall_ms);
}

struct graph_limits service_limits(void)
{
    struct graph_limits limits = graph_limits_default;
    limits.connect_ms = 10000;
    limits.request_ms = 20000;
    limits.page_bytes = 2u << 20;
    limits.small_bytes = 64u << 10;
    limits.attempts = 3;
    limits.total_ms = 25000;
    limits.backoff_base_ms = 1;
    limits.backoff_cap_ms = 3;
    limits.retry_after_min_ms = 1;
    limits.retry_after_max_ms = 5;
    limits.page_size = 10;
    limits.max_pages = 50;
    return limits;
}

/* ---- what is written down ---- */

static void note(struct service *s, const char *text)
{
    pthread_mutex_lock(&s->log_mutex);
    (void)!buf_printf(&s->log, "%s\n", text);
    pthread_mutex_unlock(&s->log_mutex);
}

static void on_log(void *arg, enum log_level level UNUSED, const char *message_id UNUSED,
                   const struct log_field *fields, const char *text)
{
    struct service *s = arg;
    note(s, text);
    for (; fields && fields->name; fields++) {
        if (fields->text) {
            note(s, fields->text);
        }
    }
}

const char *service_log(const struct service *s)
{
    return buf_str(&s->log);
}

int service_troubles(const struct service *s)
{
    return s->n_troubles;
}

/* ---- the notifier: keeps what it is told, and hands it on to the journal ---- */

static void keep_news(struct service *s, const struct run *run, const struct err *why)
{
    s->has_news = true;
    s->is_settled = false;
    s->news = (struct service_result){.run_id = run->id, .why = why ? *why : (struct err){0}};
    if (why) {
        note(s, why->msg);
    }
}

static void run_started(void *self, const struct run *run)
{
    struct service *s = self;
    s->journal.port.run_started(s->journal.port.self, run);
}

static void run_closed(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                       int64_t duration_ms)
{
    struct service *s = self;
    keep_news(s, run, why);
    s->news.outcome = outcome;
    s->news.counts = run->counts;
    s->journal.port.run_closed(s->journal.port.self, run, outcome, why, duration_ms);
}

static void run_waiting(void *self, const struct run *run, const struct err *why, int64_t delay_ms)
{
    struct service *s = self;
    keep_news(s, run, why);
    s->news.is_waiting = true;
    s->news.attempt = run->attempt;
    s->news.delay_ms = delay_ms;
    s->news.counts = run->counts;
    s->journal.port.run_waiting(s->journal.port.self, run, why, delay_ms);
}

static void slots_decided(void *self, const struct job *job, const struct slot *slots, size_t n)
{
    struct service *s = self;
    s->journal.port.slots_decided(s->journal.port.self, job, slots, n);
}

static void wish_queued(void *self, const struct wish *wish, struct run_asker asker)
{
    struct service *s = self;
    s->journal.port.wish_queued(s->journal.port.self, wish, asker);
}

static void run_overdue(void *self, const struct overdue *run)
{
    struct service *s = self;
    s->journal.port.run_overdue(s->journal.port.self, run);
}

static void clock_stepped(void *self, enum clock_event what, int64_t by_ms)
{
    struct service *s = self;
    s->journal.port.clock_stepped(s->journal.port.self, what, by_ms);
}

static void started(void *self, const struct store_start *start, bool is_again, int64_t now_ms)
{
    struct service *s = self;
    s->journal.port.started(s->journal.port.self, start, is_again, now_ms);
}

static void on_trouble(void *self, const struct err *why, const char *doing)
{
    struct service *s = self;
    s->n_troubles++;
    s->journal.port.trouble(s->journal.port.self, why, doing);
}

static void on_stop(void *arg, const struct err *why)
{
    struct service *s = arg;
    s->n_troubles++;
    note(s, why->msg);
}

static void on_stop_told(void *self, const struct err *why)
{
    struct service *s = self;
    s->journal.port.stop(s->journal.port.self, why);
}

static void init_notifier(struct service *s)
{
    journal_init(&s->journal, &s->clock.clock, s->zones, on_stop, s);
    s->notifier = (struct notifier){.self = s};
    s->notifier.run_started = run_started;
    s->notifier.run_closed = run_closed;
    s->notifier.run_waiting = run_waiting;
    s->notifier.slots_decided = slots_decided;
    s->notifier.wish_queued = wish_queued;
    s->notifier.run_overdue = run_overdue;
    s->notifier.clock_stepped = clock_stepped;
    s->notifier.started = started;
    s->notifier.trouble = on_trouble;
    s->notifier.stop = on_stop_told;
}

/* ---- the loop ---- */

static void on_guard(uv_timer_t *guard)
{
    struct service *s = guard->data;
    s->is_late = true;
    uv_stop(&s->loop);
}

static void on_probe(uv_timer_t *probe UNUSED)
{
    /* ends uv_run's wait, no more */
}

static void set_guard(struct service *s)
{
    uv_update_time(&s->loop);
    uv_timer_start(&s->guard, on_guard, PATIENCE_MS, 0);
}

void service_loop_until(struct service *s, bool (*is_time)(void *arg), void *arg, const char *what)
{
    set_guard(s);
    while (!is_time(arg) && !s->is_late) {
        uv_run(&s->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&s->guard);
    if (s->is_late) {
        fail_msg("not in %d s: %s.  The log:\n%s", PATIENCE_MS / 1000, what, service_log(s));
    }
}

void service_run_until(struct service *s, bool (*is_time)(void *arg), void *arg, const char *what)
{
    uv_timer_start(&s->probe, on_probe, 1, 1);
    service_loop_until(s, is_time, arg, what);
    uv_timer_stop(&s->probe);
}

/* ---- up ---- */

static void arm(void *self, int64_t wall_ms)
{
    struct service *s = self;
    s->armed_ms = wall_ms;
}

static void on_armed(void *arg, int64_t wake_ms UNUSED)
{
    struct service *s = arg;
    s->is_armed = true;
    s->is_settled = scheduler_active(s->scheduler) == 0;
}

static bool is_armed(void *arg)
{
    return ((struct service *)arg)->is_armed;
}

static struct db *open_database(struct service *s, enum db_mode mode)
{
    struct db_options options = {.mode = mode, .clock = &s->clock.clock, .keyring = s->ring};
    struct db *db = NULL;
    struct err e = {0};
    service_check(db_open(settings_database_path(&s->settings), &options, &db, &e), &e,
                  "opening the database");
    return db;
}

static struct db *open_current_database(struct service *s)
{
    struct err e = {0};
    int applied = 0;
    char *copy = NULL;
    struct db *db = open_database(s, DB_CREATE);
    service_check(migrate_upgrade(db, migrations_sqlite, "test", &applied, &copy, &e), &e, "migrating");
    free(copy);
    service_check(instance_register(db, &s->instance_id, &e), &e, "registering the instance");
    return db;
}

static void start_scheduler(struct service *s)
{
    s->timer = (struct timer_port){s, arm};
    struct scheduler_options options = {
        .store = bind_store_port(s->store),
        .calendar = bind_graph_port(s->calendar),
        .notifier = &s->notifier,
        .timer = &s->timer,
        .clock = &s->clock.clock,
        .zones = s->zones,
        .max_runs = 16,
        .armed = on_armed,
        .armed_arg = s,
    };
    s->scheduler = scheduler_create(&options);
    scheduler_tick(s->scheduler);
}

static void bring_up(struct service *s)
{
    struct err e = {0};
    assert_int_equal(uv_loop_init(&s->loop), 0);
    uv_timer_init(&s->loop, &s->guard);
    uv_timer_init(&s->loop, &s->probe);
    uv_unref((uv_handle_t *)&s->guard);
    s->guard.data = s;
    s->has_news = s->is_armed = s->is_settled = s->is_down = s->is_late = false;
    service_check(writer_create(&s->loop, open_current_database(s), &s->writer, &e), &e,
                  "starting the writer");
    s->store = bind_store_create(s->writer, s->instance_id);
    s->tokens = bind_tokens_create(s->writer);
    service_check(graph_create(&s->loop, &s->clock.clock, &s->settings, bind_tokens_port(s->tokens),
                               &s->limits, &s->graph, &e),
                  &e, "starting graph");
    s->calendar = bind_graph_create(&s->loop, s->graph, s->zones);
    start_scheduler(s);
    service_loop_until(s, is_armed, s, "the first pass of the scheduler");
}

/* ---- down, as daemon/app.c ---- */

static bool is_down(void *arg)
{
    return ((struct service *)arg)->is_down;
}

static void on_writer_closed(void *arg)
{
    ((struct service *)arg)->is_down = true;
}

static void on_instance_stopped(void *arg, const struct err *e)
{
    struct service *s = arg;
    s->down_error = e ? *e : s->down_error;
    writer_destroy(s->writer, on_writer_closed, s);
}

static int stop_instance(struct db *db, void *arg, struct err *e)
{
    return instance_stop(db, ((struct service *)arg)->instance_id, e);
}

static void on_calendar_closed(void *arg)
{
    struct service *s = arg;
    bind_tokens_destroy(s->tokens);
    bind_store_destroy(s->store);
    writer_submit(s->writer, stop_instance, on_instance_stopped, s);
}

static void on_drained(void *arg)
{
    struct service *s = arg;
    scheduler_destroy(s->scheduler);
    bind_graph_close(s->calendar, on_calendar_closed, s);
}

static void print_handle(uv_handle_t *handle, void *arg UNUSED)
{
    print_error("left open: %s\n", uv_handle_type_name(handle->type));
}

static void take_down(struct service *s)
{
    s->down_error = (struct err){0};
    scheduler_drain(s->scheduler, on_drained, s);
    service_loop_until(s, is_down, s, "the drain");
    set_guard(s);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    bool is_late = s->is_late;
    uv_close((uv_handle_t *)&s->guard, NULL);
    uv_close((uv_handle_t *)&s->probe, NULL);
    uv_run(&s->loop, UV_RUN_NOWAIT);
    if (is_late || uv_loop_close(&s->loop) != 0) {
        uv_walk(&s->loop, print_handle, NULL);
        fail_msg("the loop does not close");
    }
    service_check(s->down_error.code, &s->down_error, "noting the end of the instance");
}

void service_restart(struct service *s)
{
    take_down(s);
    bring_up(s);
}

/* ---- start, stop ---- */

static void start_sim(struct service *s, const struct service_options *o)
{
    struct err e = {0};
    CLEANUP_FREE char *ca = mem_printf("%s/ca.pem", s->dir);
    struct graphsim_options options = {.tls = o->is_tls, .ca_file = o->is_tls ? ca : NULL};
    service_check(graphsim_start(&options, &s->sim, &e), &e, "starting the stand-in");
    if (o->state) {
        service_load(s, o->state);
    }
}

void service_write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void load_settings(struct service *s, const struct service_options *o)
{
    struct err e = {0};
    CLEANUP_FREE char *path = mem_printf("%s/aa.conf", s->dir);
    CLEANUP_FREE char *text =
        mem_printf("[database]\nurl = sqlite:%s/aa.db\n[graph]\nbase_url = %s\nauthority = %s\n"
                   "client_id = test-client\nca_file = %s%s\n[keys]\ndirectory = %s/keys\n",
                   s->dir, graphsim_base_url(s->sim), graphsim_authority(s->sim),
                   o->is_tls && !o->is_distrusted ? s->dir : "",
                   o->is_tls && !o->is_distrusted ? "/ca.pem" : "", s->dir);
    service_write_file(path, text, strlen(text));
    service_check(settings_load(path, NULL, &s->settings, &e), &e, "the configuration");
}

static void open_keys(struct service *s)
{
    struct err e = {0};
    char id[KEYRING_ID_MAX + 1];
    service_check(keyring_generate(s->settings.keys_directory, &clock_real, id, &e), &e, "making a key");
    service_check(keyring_open(s->settings.keys_directory, &s->ring, &e), &e, "opening the keys");
}

struct service *service_start(const struct service_options *options)
{
    static const struct service_options plain;
    const struct service_options *o = options ? options : &plain;
    struct service *s = mem_calloc(1, sizeof *s);
    int64_t now_ms = 0;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(civil_parse_time(SERVICE_NOW, &now_ms), 0);
    s->clock.clock = (struct clock){turned_wall_ms, real_mono_ms, real_random};
    atomic_store(&s->clock.wall_ms, now_ms);
    s->limits = o->limits ? *o->limits : service_limits();
    pthread_mutex_init(&s->log_mutex, NULL);
    buf_init(&s->log, LOG_MAX);
    log_open(LOG_TO_STDERR, LOG_LEVEL_DEBUG);
    log_set_sink(on_log, s);
    snprintf(s->dir, sizeof s->dir, "/tmp/aa-service-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    start_sim(s, o);
    load_settings(s, o);
    open_keys(s);
    s->zones = tz_cache_create(NULL);
    init_notifier(s);
    bring_up(s);
    s->reader = open_database(s, DB_READ_ONLY);
    return s;
}

void service_stop(struct service *s)
{
    take_down(s);
    db_close(s->reader);
    graphsim_stop(s->sim);
    tz_cache_destroy(s->zones);
    keyring_destroy(s->ring);
    settings_finish(&s->settings);
    log_set_sink(NULL, NULL);
    buf_finish(&s->log);
    pthread_mutex_destroy(&s->log_mutex);
    CLEANUP_FREE char *command = mem_printf("rm -rf '%s'", s->dir);
    assert_int_equal(system(command), 0);
    free(s);
}
