#include "tests/lib/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/mix.h"
#include "base/process.h"
#include "storage/db_private.h"
#include "storage/migrate.h"

#define PATIENCE_MS 60000 /* real time; only a test that hangs needs it */
#define MAX_RUNS    16

static void check(int r, const struct err *e, const char *doing)
{
    if (r < 0) {
        fail_msg("%s: ERR_%s %s", doing, err_name(r), e->msg);
    }
}

/* ---- the clock ---- */

static struct sim_clock *of_clock(const struct clock *c)
{
    return CONTAINER_OF((struct clock *)(uintptr_t)c, struct sim_clock, clock);
}

static int64_t turned_wall_ms(const struct clock *c)
{
    return atomic_load(&of_clock(c)->wall_ms);
}

static int64_t turned_mono_ms(const struct clock *c)
{
    return atomic_load(&of_clock(c)->mono_ms);
}

/* Never the same twice: correlation ids are made of it. */
static void counted_random(const struct clock *c, void *out, size_t len)
{
    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t bits = mix64(atomic_fetch_add(&of_clock(c)->n_random, 1));
        size_t part = len - at < sizeof bits ? len - at : sizeof bits;
        memcpy((char *)out + at, &bits, part);
    }
}

int64_t sim_wall_ms(const struct sim *sim)
{
    return turned_wall_ms(&sim->clock.clock);
}

static int64_t mono_ms(const struct sim *sim)
{
    return turned_mono_ms(&sim->clock.clock);
}

/* Every clock goes on. */
static void pass(struct sim *sim, int64_t ms)
{
    atomic_fetch_add(&sim->clock.wall_ms, ms);
    atomic_fetch_add(&sim->clock.mono_ms, ms);
    sim->true_ms += ms;
}

/* ---- what a daemon says ---- */

static void run_started(void *self, const struct run *run)
{
    struct sim_daemon *d = self;
    sim_reading(d->sim, run->id)->n_started++;
}

static void run_closed(void *self, const struct run *run, enum run_outcome outcome UNUSED,
                       const struct err *why UNUSED, int64_t duration_ms UNUSED)
{
    struct sim_daemon *d = self;
    sim_reading(d->sim, run->id)->n_closed++;
    d->n_closed++;
}

static void run_waiting(void *self UNUSED, const struct run *run UNUSED, const struct err *why UNUSED,
                        int64_t delay_ms UNUSED)
{
}

static void slots_decided(void *self UNUSED, const struct job *job UNUSED, const struct slot *slots UNUSED,
                          size_t n UNUSED)
{
}

static void wish_queued(void *self UNUSED, const struct wish *wish UNUSED, struct run_asker asker UNUSED)
{
}

static void run_overdue(void *self, const struct overdue *run UNUSED)
{
    ((struct sim_daemon *)self)->n_overdue++;
}

static void clock_stepped(void *self, enum clock_event what UNUSED, int64_t by_ms UNUSED)
{
    ((struct sim_daemon *)self)->n_clock_steps++;
}

static void started(void *self UNUSED, const struct store_start *start UNUSED, bool is_again UNUSED,
                    int64_t now_ms UNUSED)
{
}

/* A process that was killed says nothing, and a signal for a job that must not run is refused. */
static void trouble(void *self, const struct err *why, const char *doing)
{
    struct sim_daemon *d = self;
    bool is_refusal = why->code == ERR_INVALID || why->code == ERR_LOGIN;
    if (!atomic_load(&d->is_killed) && !is_refusal) {
        print_error("%s: ERR_%s %s\n", doing, err_name(why->code), why->msg);
        d->n_troubles++;
    }
}

static void stop(void *self, const struct err *why UNUSED)
{
    struct sim_daemon *d = self;
    d->n_stops += !atomic_load(&d->is_killed);
}

static void arm(void *self, int64_t wall_ms)
{
    struct sim_daemon *d = self;
    d->timer_ms = wall_ms;
    d->is_idle = true;
}

static void init_ports(struct sim_daemon *d)
{
    d->timer = (struct timer_port){d, arm};
    d->notifier = (struct notifier){
        .self = d,
        .run_started = run_started,
        .run_closed = run_closed,
        .run_waiting = run_waiting,
        .slots_decided = slots_decided,
        .wish_queued = wish_queued,
        .run_overdue = run_overdue,
        .clock_stepped = clock_stepped,
        .started = started,
        .trouble = trouble,
        .stop = stop,
    };
    sim_service_init(d);
}

/* ---- the loop ---- */

static void on_guard(uv_timer_t *guard UNUSED)
{
    fprintf(stderr, "the simulated world waits for something that does not come\n");
    abort();
}

static void turn(struct sim *sim, uv_run_mode mode)
{
    uv_update_time(&sim->loop);
    uv_timer_start(&sim->guard, on_guard, PATIENCE_MS, 0);
    uv_run(&sim->loop, mode);
    uv_timer_stop(&sim->guard);
}

static bool is_settled(const struct sim *sim)
{
    for (int i = 0; i < SIM_DAEMONS; i++) {
        const struct sim_daemon *d = &sim->daemons[i];
        if (d->sim && !(d->is_idle && scheduler_active(d->scheduler) == d->n_requests)) {
            return false;
        }
    }
    return true;
}

void sim_settle(struct sim *sim)
{
    while (!is_settled(sim)) {
        turn(sim, UV_RUN_ONCE);
    }
}

void sim_turns(struct sim *sim, unsigned n)
{
    for (; n > 0 && !is_settled(sim); n--) {
        turn(sim, UV_RUN_ONCE);
    }
}

/* ---- a life ---- */

/* This process, or the one that started it: both live as long as the test does. */
static void add_instance(struct sim_daemon *d, int i)
{
    struct err e = {0};
    char boot[PROCESS_BOOT_ID_LEN + 1];
    int64_t ticks, pid = i == 0 ? getpid() : getppid();
    check(process_boot_id(boot, &e), &e, "the boot's id");
    check(process_start_time(pid, &ticks, &e), &e, "the process's start time");
    sim_sql(d->sim,
            "INSERT INTO instances (boot_id, pid, start_time, started_at) VALUES ('%s', %lld, %lld, "
            "'2026-01-01 00:00:00.000000')",
            boot, (long long)pid, (long long)ticks);
    d->instance_id = db_last_id(d->sim->sql);
}

/* Its process has ended; the next one has a row of its own. */
static void remove_instance(struct sim_daemon *d)
{
    sim_sql(d->sim, "UPDATE instances SET boot_id = 'gone' || id WHERE id = %lld", (long long)d->instance_id);
}

/* A killed process commits nothing more. */
static int on_commit(void *arg)
{
    struct sim_daemon *d = arg;
    return atomic_load(&d->is_killed);
}

static struct db *open_database(struct sim *sim, enum db_mode mode)
{
    struct db_options options = {.mode = mode, .clock = &sim->clock.clock, .keyring = sim->ring};
    struct db *db = NULL;
    struct err e = {0};
    check(db_open(sim->path, &options, &db, &e), &e, "opening the database");
    check(db_exec(db, "PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY", &e), &e,
          "the machine does not fail, only processes do");
    return db;
}

struct sim_daemon *sim_start(struct sim *sim, int i)
{
    struct sim_daemon *d = &sim->daemons[i];
    struct err e = {0};
    assert_null(d->sim);
    *d = (struct sim_daemon){.sim = sim, .timer_ms = PORT_NEVER};
    init_ports(d);
    add_instance(d, i);
    struct db *db = open_database(sim, DB_READ_WRITE);
    sqlite3_commit_hook(db->handle, on_commit, d);
    check(writer_create(&sim->loop, db, &d->writer, &e), &e, "starting the writer");
    d->store = bind_store_create(d->writer, d->instance_id);
    struct scheduler_options options = {
        .store = bind_store_port(d->store),
        .calendar = &d->calendar,
        .notifier = &d->notifier,
        .timer = &d->timer,
        .clock = &sim->clock.clock,
        .zones = sim->zones,
        .max_runs = MAX_RUNS,
    };
    d->scheduler = scheduler_create(&options);
    scheduler_tick(d->scheduler);
    return d;
}

static void on_drained(void *arg)
{
    struct sim_daemon *d = arg;
    scheduler_destroy(d->scheduler);
    d->is_drained = true;
}

static void on_writer_closed(void *arg)
{
    ((struct sim_daemon *)arg)->is_down = true;
}

void sim_drain(struct sim_daemon *d)
{
    scheduler_drain(d->scheduler, on_drained, d);
    for (sim_service_cancel_all(d); !d->is_drained; sim_service_cancel_all(d)) {
        turn(d->sim, UV_RUN_ONCE);
    }
    writer_destroy(d->writer, on_writer_closed, d);
    while (!d->is_down) {
        turn(d->sim, UV_RUN_ONCE);
    }
    bind_store_destroy(d->store);
    remove_instance(d);
    assert_int_equal(d->n_requests, 0);
    d->sim = NULL;
}

void sim_kill(struct sim_daemon *d)
{
    atomic_store(&d->is_killed, true);
    sim_drain(d); /* so that its memory is given back: nothing of it reaches the database or the journal */
}

/* ---- time ---- */

static void tick(struct sim_daemon *d)
{
    d->is_idle = false;
    scheduler_tick(d->scheduler);
}

void sim_changed(struct sim *sim)
{
    for (int i = 0; i < SIM_DAEMONS; i++) {
        if (sim->daemons[i].sim) {
            tick(&sim->daemons[i]);
        }
    }
}

static int64_t until_timer_ms(const struct sim *sim)
{
    int64_t wall_ms = sim_wall_ms(sim), first_ms = PORT_NEVER;
    for (int i = 0; i < SIM_DAEMONS; i++) {
        const struct sim_daemon *d = &sim->daemons[i];
        if (d->sim && d->timer_ms != PORT_NEVER) {
            int64_t ms = d->timer_ms > wall_ms ? d->timer_ms - wall_ms : 0;
            first_ms = ms < first_ms ? ms : first_ms;
        }
    }
    return first_ms;
}

static void fire_timers(struct sim *sim)
{
    for (int i = 0; i < SIM_DAEMONS; i++) {
        struct sim_daemon *d = &sim->daemons[i];
        if (d->sim && d->timer_ms <= sim_wall_ms(sim)) {
            d->timer_ms = PORT_NEVER;
            tick(d);
        }
    }
}

bool sim_next_event(struct sim *sim, int64_t ms)
{
    int64_t timer_ms = until_timer_ms(sim), answer_ms = sim_service_next_ms(sim);
    answer_ms = answer_ms == PORT_NEVER ? PORT_NEVER : answer_ms - mono_ms(sim);
    int64_t first_ms = timer_ms < answer_ms ? timer_ms : answer_ms;
    if (first_ms > ms) {
        return false;
    }
    pass(sim, first_ms);
    fire_timers(sim);
    while (sim_service_next_ms(sim) <= mono_ms(sim)) {
        sim_service_answer_next(sim);
    }
    return true;
}

void sim_pass(struct sim *sim, int64_t ms, void (*looked)(void *arg), void *arg)
{
    int64_t end_ms = mono_ms(sim) + ms;
    do {
        sim_settle(sim);
        if (looked) {
            looked(arg);
        }
    } while (sim_next_event(sim, end_ms - mono_ms(sim)));
    pass(sim, end_ms - mono_ms(sim));
}

void sim_set_clock(struct sim *sim, int64_t wall_ms)
{
    atomic_store(&sim->clock.wall_ms, wall_ms);
    sim_changed(sim);
}

void sim_sleep(struct sim *sim, int64_t ms)
{
    sim->true_ms += ms;
    sim_set_clock(sim, sim_wall_ms(sim) + ms);
}

/* ---- the shell ---- */

void sim_sql(struct sim *sim, const char *format, ...)
{
    char sql[2048];
    struct err e = {0};
    va_list args;
    va_start(args, format);
    int n = vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    assert_in_range(n, 1, sizeof sql - 1);
    check(db_exec(sim->sql, sql, &e), &e, sql);
}

int64_t sim_int(struct sim *sim, const char *sql)
{
    int64_t value = 0;
    struct err e = {0};
    check(stmt_get_int(db_stmt(sim->sql, sql), &value, &e), &e, sql);
    return value;
}

/* ---- the world ---- */

static void open_files(struct sim *sim)
{
    struct err e = {0};
    char id[KEYRING_ID_MAX + 1], *copy = NULL;
    int applied;
    snprintf(sim->dir, sizeof sim->dir, "%s/aa-sim-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(sim->dir));
    snprintf(sim->path, sizeof sim->path, "%s/aa.db", sim->dir);
    CLEANUP_FREE char *keys = mem_printf("%s/keys", sim->dir);
    check(keyring_generate(keys, &clock_real, id, &e), &e, "making a key");
    check(keyring_open(keys, &sim->ring, &e), &e, "opening the keys");
    sim->sql = open_database(sim, DB_CREATE);
    check(migrate_upgrade(sim->sql, migrations_sqlite, "test", &applied, &copy, &e), &e, "migrating");
    free(copy);
}

void sim_init(struct sim *sim, int64_t wall_ms, struct sim_answer (*answer)(void *arg, const struct run *run),
              void *arg)
{
    *sim = (struct sim){.true_ms = wall_ms, .answer = answer, .answer_arg = arg};
    sim->clock.clock = (struct clock){turned_wall_ms, turned_mono_ms, counted_random};
    atomic_store(&sim->clock.wall_ms, wall_ms);
    list_init(&sim->requests);
    sim->zones = tz_cache_create(NULL);
    assert_int_equal(uv_loop_init(&sim->loop), 0);
    uv_timer_init(&sim->loop, &sim->guard);
    open_files(sim);
}

void sim_finish(struct sim *sim)
{
    uv_close((uv_handle_t *)&sim->guard, NULL);
    uv_run(&sim->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&sim->loop), 0);
    db_close(sim->sql);
    keyring_destroy(sim->ring);
    tz_cache_destroy(sim->zones);
    free(sim->readings);
    CLEANUP_FREE char *command = mem_printf("rm -rf '%s'", sim->dir);
    assert_int_equal(system(command), 0);
}
