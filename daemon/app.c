#include "daemon/app.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/civil.h"
#include "base/log.h"
#include "daemon/bind_graph.h"
#include "daemon/bind_sheets.h"
#include "daemon/bind_store.h"
#include "daemon/bind_tokens.h"
#include "daemon/database.h"
#include "daemon/db_watch.h"
#include "daemon/deliverer.h"
#include "daemon/journal.h"
#include "daemon/loop_meter.h"
#include "daemon/messages.h"
#include "daemon/metrics.h"
#include "daemon/notify.h"
#include "daemon/pinger.h"
#include "daemon/reload.h"
#include "daemon/signals.h"
#include "daemon/status.h"
#include "daemon/token_keeper.h"
#include "daemon/trimmer.h"
#include "daemon/watchdog.h"
#include "graph/graph.h"
#include "scheduler/scheduler.h"
#include "scheduler/wall_timer.h"
#include "storage/instance_store.h"
#include "storage/writer.h"

#define MAX_RUNS 256 /* at once; each holds two pages at most */

/* A drain that has used up drain_seconds still has its end to write. */
#define STOP_MARGIN_MS (30 * MS_PER_SECOND)

struct app {
    const struct app_options *options;
    struct settings settings; /* in force; a reload swaps them */
    uv_loop_t loop;
    struct loop_meter meter;
    struct tz_cache *zones;
    struct keyring *keyring;
    struct db *db; /* until the writer has taken it */
    int64_t instance_id;
    struct writer *writer;
    struct bind_store *store;
    struct scribe *scribe;
    struct bind_sheets *sheets;
    struct bind_tokens *tokens;
    struct graph *graph; /* until the calendar has taken it */
    struct bind_graph *calendar;
    struct wall_timer *timer;
    struct scheduler *scheduler;
    struct wall_timer *token_timer;
    struct token_keeper *keeper;
    struct wall_timer *upload_timer;
    struct deliverer *deliverer;
    struct signals *signals;
    struct db_watch *watch;
    struct journal journal;
    struct status *status;
    struct metrics *metrics; /* NULL: nobody reads them */
    struct pinger *pinger;
    struct reload *reload;
    struct watchdog *watchdog; /* NULL: nobody watches */
    uv_timer_t drain_limit;
    struct trimmer trimmer;
    bool is_up; /* the first pass of the scheduler is over */
    bool is_stopping;
    int exit_status;
};

/* ---- down, in the reverse order of up: each callback starts the next piece ---- */

static void on_writer_closed(void *arg)
{
    struct app *app = arg;
    app->writer = NULL;
    /* Not before: a question that was under way has been answered to them until now. */
    bind_tokens_destroy(app->tokens);
    bind_store_destroy(app->store);
    bind_sheets_destroy(app->sheets);
    token_keeper_destroy(app->keeper);
    deliverer_destroy(app->deliverer);
    reload_destroy(app->reload);
    status_destroy(app->status);
    uv_close((uv_handle_t *)&app->drain_limit, NULL);
    loop_meter_finish(&app->meter);
}

static void on_instance_stopped(void *arg, const struct err *e)
{
    struct app *app = arg;
    if (e) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL, "noting the end of this instance: %s", e->msg);
    }
    watchdog_destroy(app->watchdog);
    writer_destroy(app->writer, on_writer_closed, app);
}

static int stop_instance(struct db *db, void *arg, struct err *e)
{
    struct app *app = arg;
    return instance_stop(db, app->instance_id, e);
}

static void on_calendar_closed(void *arg)
{
    struct app *app = arg;
    writer_submit(app->writer, stop_instance, on_instance_stopped, app);
}

static void on_scribe_closed(void *arg)
{
    struct app *app = arg;
    bind_graph_close(app->calendar, on_calendar_closed, app);
}

static void on_pings_out(void *arg)
{
    struct app *app = arg;
    scribe_close(app->scribe, on_scribe_closed, app);
}

static void on_deliveries_ended(void *arg)
{
    struct app *app = arg;
    wall_timer_destroy(app->upload_timer);
    pinger_close(app->pinger, on_pings_out, app);
}

static void on_drained(void *arg)
{
    struct app *app = arg;
    uv_timer_stop(&app->drain_limit);
    signals_destroy(app->signals);
    db_watch_destroy(app->watch);
    writer_on_foreign_change(app->writer, NULL, NULL);
    token_keeper_close(app->keeper);
    wall_timer_destroy(app->token_timer);
    wall_timer_destroy(app->timer);
    scheduler_destroy(app->scheduler);
    metrics_destroy(app->metrics);
    deliverer_close(app->deliverer, on_deliveries_ended, app);
}

static void on_drain_limit(uv_timer_t *timer)
{
    struct app *app = timer->data;
    log_write(LOG_LEVEL_WARNING, MESSAGE_STOPPED, NULL,
              "%zu runs did not come to a stop within %lld s; they are resumed at the next start",
              scheduler_active(app->scheduler), (long long)app->settings.drain_seconds);
    _exit(app->exit_status);
}

static void stop(struct app *app, int exit_status)
{
    app->exit_status = exit_status ? exit_status : app->exit_status;
    if (app->is_stopping) {
        return;
    }
    app->is_stopping = true;
    int64_t limit_ms = app->settings.drain_seconds * MS_PER_SECOND;
    notify_stopping(limit_ms + STOP_MARGIN_MS);
    uv_timer_start(&app->drain_limit, on_drain_limit, (uint64_t)limit_ms, 0);
    scheduler_drain(app->scheduler, on_drained, app);
}

static void on_fatal(void *arg, const struct err *why)
{
    struct app *app = arg;
    log_write(LOG_LEVEL_CRIT, MESSAGE_STOPPED, NULL, "stopping, the archive is not safe to write: %s",
              why->msg);
    stop(app, 1);
}

/* ---- signals ---- */

static void run_now(struct app *app, const struct signal_info *info)
{
    struct run_asker asker = {TRIGGER_SIGNAL, info->pid, info->uid};
    if (info->has_value && info->value > 0) {
        log_write(LOG_LEVEL_INFO, NULL, NULL, "job %lld asked for by signal from pid %lld, uid %lld",
                  (long long)info->value, (long long)info->pid, (long long)info->uid);
        scheduler_trigger(app->scheduler, info->value, asker);
    } else {
        log_write(LOG_LEVEL_INFO, NULL, NULL, "all active jobs asked for by signal from pid %lld, uid %lld",
                  (long long)info->pid, (long long)info->uid);
        scheduler_trigger(app->scheduler, 0, asker);
    }
}

/* Somebody else may have written: jobs, users, requests. */
static void look_again(void *arg)
{
    struct app *app = arg;
    scheduler_tick(app->scheduler);
    token_keeper_look(app->keeper);
    deliverer_look(app->deliverer);
}

/* The jobs are looked at also when the configuration is not good: commands that change a job send SIGHUP. */
static void reload(struct app *app, const struct signal_info *info)
{
    int64_t nonce = info->has_value && info->value > 0 ? info->value : 0;
    reload_run(app->reload, nonce);
    if (nonce > 0) { /* asked for by a person */
        deliverer_wake(app->deliverer);
    }
    look_again(app);
}

static void on_signal(void *arg, const struct signal_info *info)
{
    struct app *app = arg;
    if (app->is_stopping && info->number != SIGTERM && info->number != SIGINT) {
        /* Signals that were pending together come in one go: the scheduler may be gone already. */
        log_write(LOG_LEVEL_NOTICE, NULL, NULL, "stopping: signal %d from pid %lld is not followed",
                  info->number, (long long)info->pid);
        return;
    }
    switch (info->number) {
    case SIGUSR1: run_now(app, info); break;
    case SIGUSR2: status_log(app->status); break;
    case SIGHUP: reload(app, info); break;
    default:
        if (app->is_stopping) {
            log_write(LOG_LEVEL_WARNING, MESSAGE_STOPPED, NULL, "second signal: ending at once");
            _exit(1);
        }
        log_write(LOG_LEVEL_INFO, MESSAGE_STOPPED, NULL, "stopping on a signal from pid %lld, uid %lld",
                  (long long)info->pid, (long long)info->uid);
        stop(app, 0);
        break;
    }
}

/* ---- up ---- */

static int open_parts(struct app *app, struct err *e)
{
    int r = keyring_open(app->settings.keys_directory, &app->keyring, e);
    if (r < 0) {
        return r;
    }
    app->zones = tz_cache_create(NULL);
    r = database_open(&app->settings, app->keyring, app->options->version, &app->db, &app->instance_id, e);
    if (r < 0) {
        return r;
    }
    r = writer_create(&app->loop, app->db, &app->writer, e);
    if (r < 0) {
        return r;
    }
    app->db = NULL;
    app->trimmer = (struct trimmer){.writer = app->writer, .clock = &clock_real};
    app->store = bind_store_create(app->writer, app->instance_id);
    app->tokens = bind_tokens_create(app->writer);
    return graph_create(&app->loop, &clock_real, &app->settings, bind_tokens_port(app->tokens), NULL,
                        &app->graph, e);
}

static void on_timer(void *arg)
{
    struct app *app = arg;
    scheduler_tick(app->scheduler);
}

static void on_armed(void *arg, int64_t wake_ms UNUSED)
{
    struct app *app = arg;
    if (!app->is_up) {
        app->is_up = true;
        token_keeper_start(app->keeper);
        scribe_look(app->scribe); /* what was interrupted */
        deliverer_start(app->deliverer);
    }
    bool is_resting = scheduler_active(app->scheduler) == 0;
    if (is_resting || !status_is_ready(app->status)) {
        status_armed(app->status, is_resting);
        metrics_write(app->metrics);
    }
    if (is_resting) {
        deliverer_look(app->deliverer); /* a run may have issued a timesheet */
        trimmer_rest(&app->trimmer);
    }
}

static int create_pinger(struct app *app, struct err *e)
{
    int r = pinger_create(&app->loop, app->settings.graph_ca_file, NULL, &app->pinger, e);
    if (r == 0) {
        app->journal.watcher = pinger_watcher(app->pinger);
    }
    return r;
}

static void create_metrics(struct app *app)
{
    app->metrics = metrics_create(&app->loop, app->writer, app->settings.metrics_file, app->options->version);
}

static void on_old_pings_out(void *arg UNUSED)
{
}

/* An old part ends what it has under way by itself. */
static void on_reloaded(void *arg, const struct reload_change *change)
{
    struct app *app = arg;
    struct err e = {0};
    token_keeper_start(app->keeper);
    scribe_look(app->scribe);
    deliverer_start(app->deliverer);
    if (change->has_new_zones) {
        scheduler_zones_changed(app->scheduler);
    }
    if (strcmp(change->old->metrics_file, app->settings.metrics_file) != 0) {
        metrics_destroy(app->metrics);
        create_metrics(app);
        metrics_write(app->metrics);
    }
    if (strcmp(change->old->graph_ca_file, app->settings.graph_ca_file) != 0) {
        struct pinger *old = app->pinger;
        if (create_pinger(app, &e) == 0) {
            pinger_close(old, on_old_pings_out, NULL);
        } else {
            log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL,
                      "pings go on with the graph.ca_file of before: %s", e.msg);
        }
    }
}

static void on_token_timer(void *arg)
{
    struct app *app = arg;
    token_keeper_look(app->keeper);
}

static struct signin *current_signin(void *arg)
{
    struct app *app = arg;
    return graph_signin_of(bind_graph_current(app->calendar));
}

static int create_keeper(struct app *app, struct err *e)
{
    int r = wall_timer_create(&app->loop, on_token_timer, app, &app->token_timer, e);
    if (r < 0) {
        return r;
    }
    struct token_keeper_options options = {
        .writer = app->writer,
        .signin = current_signin,
        .signin_arg = app,
        .timer = wall_timer_port(app->token_timer),
        .clock = &clock_real,
    };
    app->keeper = token_keeper_create(&options);
    return 0;
}

static void on_upload_timer(void *arg)
{
    struct app *app = arg;
    deliverer_look(app->deliverer);
}

static struct graph *current_graph(void *arg)
{
    struct app *app = arg;
    return bind_graph_current(app->calendar);
}

static int create_deliverer(struct app *app, struct err *e)
{
    int r = wall_timer_create(&app->loop, on_upload_timer, app, &app->upload_timer, e);
    if (r < 0) {
        return r;
    }
    struct deliverer_options options = {
        .loop = &app->loop,
        .writer = app->writer,
        .clock = &clock_real,
        .timer = wall_timer_port(app->upload_timer),
        .settings = &app->settings,
        .graph = current_graph,
        .graph_arg = app,
    };
    app->deliverer = deliverer_create(&options);
    return 0;
}

static struct reload *create_reload(struct app *app)
{
    struct reload_config config = {
        .path = app->options->config_path,
        .credentials_directory = app->options->credentials_directory,
        .settings = &app->settings,
        .loop = &app->loop,
        .clock = &clock_real,
        .zones = app->zones,
        .calendar = app->calendar,
        .tokens = bind_tokens_port(app->tokens),
        .writer = app->writer,
        .status = app->status,
        .changed = on_reloaded,
        .changed_arg = app,
    };
    return reload_create(&config);
}

static void on_fed(void *arg)
{
    struct app *app = arg;
    if (app->is_stopping) {
        return; /* the status says so, and the scheduler may be gone */
    }
    status_refresh(app->status);
    if (scheduler_active(app->scheduler) == 0) {
        trimmer_catch_up(&app->trimmer);
    }
}

static struct watchdog *create_watchdog(struct app *app)
{
    struct watchdog_config config = {
        .loop = &app->loop,
        .writer = app->writer,
        .clock = &clock_real,
        .period_ms = notify_watchdog_period_ms(),
        .silence_max_ms = WATCHDOG_SILENCE_MAX_MS,
        .fed = on_fed, /* the process is awake anyway */
        .fed_arg = app,
    };
    return watchdog_create(&config);
}

#define EXIT_TRY_LATER 75 /* the service manager starts it again, unlike after 1 */

/* What is written from here on nobody would see; the next start opens the file that is there now. */
static void on_replaced(void *arg, const struct err *why)
{
    struct app *app = arg;
    log_write(LOG_LEVEL_CRIT, MESSAGE_REPLACED, NULL, "stopping: %s", why->msg);
    stop(app, EXIT_TRY_LATER);
}

static int watch_database(struct app *app, struct err *e)
{
    writer_on_foreign_change(app->writer, look_again, app);
    return db_watch_create(&app->loop, settings_database_path(&app->settings), app->writer, on_replaced, app,
                           &app->watch, e);
}

static void on_documents_made(void *arg)
{
    struct app *app = arg;
    deliverer_look(app->deliverer);
}

static void create_sheets(struct app *app)
{
    struct scribe_options scribe = {.loop = &app->loop,
                                    .writer = app->writer,
                                    .clock = &clock_real,
                                    .config_path = app->options->config_path,
                                    .made = on_documents_made,
                                    .made_arg = app};
    app->scribe = scribe_create(&scribe);
    struct bind_sheets_options sheets = {.writer = app->writer,
                                         .scribe = app->scribe,
                                         .settings = &app->settings,
                                         .instance_id = app->instance_id,
                                         .upload = on_documents_made,
                                         .upload_arg = app};
    app->sheets = bind_sheets_create(&sheets);
}

static int wire(struct app *app, struct err *e)
{
    journal_init(&app->journal, &clock_real, app->zones, on_fatal, app);
    app->calendar = bind_graph_create(&app->loop, app->graph, app->zones);
    app->graph = NULL;
    create_sheets(app);
    app->status = status_create(app->writer, &app->journal, &app->meter, &clock_real, app->zones);
    app->reload = create_reload(app);
    app->watchdog = create_watchdog(app);
    create_metrics(app);
    int r = create_pinger(app, e);
    if (r < 0) {
        return r;
    }
    r = create_keeper(app, e);
    if (r < 0) {
        return r;
    }
    r = create_deliverer(app, e);
    if (r < 0) {
        return r;
    }
    r = wall_timer_create(&app->loop, on_timer, app, &app->timer, e);
    if (r < 0) {
        return r;
    }
    r = signals_create(&app->loop, on_signal, app, &app->signals, e);
    if (r < 0) {
        return r;
    }
    r = watch_database(app, e);
    if (r < 0) {
        return r;
    }
    struct scheduler_options options = {
        .store = bind_store_port(app->store),
        .calendar = bind_graph_port(app->calendar),
        .sheets = bind_sheets_port(app->sheets),
        .notifier = &app->journal.port,
        .timer = wall_timer_port(app->timer),
        .clock = &clock_real,
        .zones = app->zones,
        .max_runs = MAX_RUNS,
        .armed = on_armed,
        .armed_arg = app,
    };
    app->scheduler = scheduler_create(&options);
    return 0;
}

/* What was opened before something failed at start; nothing has run on the loop yet, so the rest goes with
 * the process. */
static int give_up(struct app *app, const struct err *e)
{
    log_write(LOG_LEVEL_ERR, MESSAGE_STOPPED, NULL, "can not start: %s", e->msg);
    notify_status(e->msg);
    db_close(app->db);
    settings_finish(&app->settings);
    return err_exit_status(e->code);
}

int app_run(const struct app_options *options, struct settings *settings)
{
    struct app app = {.options = options, .settings = *settings};
    struct err e = {0};
    if (uv_loop_init(&app.loop) < 0) {
        log_write(LOG_LEVEL_CRIT, MESSAGE_STOPPED, NULL, "can not start: no event loop from the kernel");
        return 1;
    }
    loop_meter_init(&app.meter, &app.loop);
    uv_timer_init(&app.loop, &app.drain_limit);
    app.drain_limit.data = &app;
    if (open_parts(&app, &e) < 0 || wire(&app, &e) < 0) {
        return give_up(&app, &e);
    }
    log_write(LOG_LEVEL_INFO, MESSAGE_STARTED, NULL, "admin-assistantd %s started, database %s, pid %d",
              options->version, settings_database_path(&app.settings), (int)getpid());
    scheduler_tick(app.scheduler);
    uv_run(&app.loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&app.loop) < 0) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL,
                  "a handle was left open at the end; please report this");
    }
    tz_cache_destroy(app.zones);
    keyring_destroy(app.keyring);
    settings_finish(&app.settings);
    log_write(LOG_LEVEL_INFO, MESSAGE_STOPPED, NULL, "admin-assistantd stopped");
    return app.exit_status;
}
