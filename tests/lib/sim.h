/* sim - the scheduler on its real storage, in a time that passes only where a test says so.
 *
 * A struct sim is the world outside: the clock, the database file, the calendar service, somebody with a SQL
 * shell, and the loop.  A struct sim_daemon is one life of the service: storage thread, bind_store and
 * scheduler on that loop; two can live at once.  It ends by sim_drain, as on SIGTERM, or by sim_kill: then
 * nothing that was not committed by that moment ever is, and what the process had in memory is gone.
 *
 * The calendar service has empty pages only; whether it answers, and after how long, the test decides.  It
 * writes down which stretches of time each run has read to its end.
 *
 * Two clocks and the truth: the wall clock can be wrong, the monotonic one does not know of sleep, and
 * true_ms is what a right wall clock would show. */
#ifndef TESTS_LIB_SIM_H
#define TESTS_LIB_SIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/keyring.h"
#include "base/list.h"
#include "base/tz.h"
#include "daemon/bind_store.h"
#include "scheduler/scheduler.h"
#include "storage/db.h"
#include "storage/writer.h"

#define SIM_DAEMONS 2

struct sim_clock {
    struct clock clock;
    _Atomic int64_t wall_ms, mono_ms; /* the storage thread looks, too */
    _Atomic uint64_t n_random;
};

/* What the service says to one request. */
struct sim_answer {
    int64_t delay_ms;
    int code; /* 0: the calendar, or a page */
};

/* What a run has read. */
struct sim_reading {
    int64_t job_id;
    int64_t from_ms, to_ms; /* its window */
    int64_t begun_ms;       /* true time of its first page: what came later it can not know */
    bool is_whole;          /* its last page was handed out */
    int n_started;          /* how often a daemon said that it began */
    int n_closed;
};

struct sim_daemon {
    struct sim *sim; /* NULL: there is none */
    int64_t instance_id;
    _Atomic bool is_killed;
    struct writer *writer;
    struct bind_store *store;
    struct scheduler *scheduler;
    struct calendar_port calendar;
    struct notifier notifier;
    struct timer_port timer;
    int64_t timer_ms;
    bool is_idle; /* no pass is under way: the timer was armed behind the last one */
    bool is_drained, is_down;
    size_t n_requests; /* of the service, not answered yet */
    int n_closed, n_troubles, n_stops, n_overdue, n_clock_steps;
};

struct sim {
    struct sim_clock clock;
    int64_t true_ms;
    uv_loop_t loop;
    uv_timer_t guard;
    char dir[40];
    char path[64];
    struct keyring *ring;
    struct tz_cache *zones;
    struct db *sql; /* the shell's connection; use it while the daemons are settled */
    struct sim_daemon daemons[SIM_DAEMONS];
    struct list requests;         /* by the time of their answer */
    struct sim_reading *readings; /* [run id] */
    size_t n_readings;
    bool two_at_once; /* two runs of one job had a request each: never allowed */
    struct sim_answer (*answer)(void *arg, const struct run *run);
    void *answer_arg;
};

/* answer is called for each request.  The database has no user yet. */
void sim_init(struct sim *sim, int64_t wall_ms, struct sim_answer (*answer)(void *arg, const struct run *run),
              void *arg);
void sim_finish(struct sim *sim); /* no daemon lives */

/* Daemon 0 or 1, with its first pass under way.  Both are processes that run as long as the test does: this
 * one, and the one that started it. */
struct sim_daemon *sim_start(struct sim *sim, int i);
void sim_drain(struct sim_daemon *d);
/* At once; what the storage thread does at this moment may or may not be committed. */
void sim_kill(struct sim_daemon *d);

/* Until every daemon waits for its timer or for the service.  No time passes. */
void sim_settle(struct sim *sim);
/* So many turns of the loop at the most, to stop the world in the middle of something. */
void sim_turns(struct sim *sim, unsigned n);

/* Lets true time pass, from one event to the next; after each the daemons are settled and looked(arg) is
 * called, which may be NULL. */
void sim_pass(struct sim *sim, int64_t ms, void (*looked)(void *arg), void *arg);
/* To the next moment within ms at which something happens: all of that does, and nothing is settled.  False
 * if there is none, and no time has passed. */
bool sim_next_event(struct sim *sim, int64_t ms);

/* Somebody sets the clock; the machine sleeps.  Timers fire that are cancelled on set. */
void sim_set_clock(struct sim *sim, int64_t wall_ms);
void sim_sleep(struct sim *sim, int64_t ms);

/* The shell: statements without rows, or one integer.  sim_changed: the daemons notice. */
void sim_sql(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);
int64_t sim_int(struct sim *sim, const char *sql); /* a literal */
void sim_changed(struct sim *sim);

int64_t sim_wall_ms(const struct sim *sim);

/* For sim_service.c: the calendar port of a daemon. */
void sim_service_init(struct sim_daemon *d);
/* The requests of a daemon that are still open come back cancelled. */
void sim_service_cancel_all(struct sim_daemon *d);
int64_t sim_service_next_ms(const struct sim *sim); /* on the monotonic clock; PORT_NEVER */
void sim_service_answer_next(struct sim *sim);
struct sim_reading *sim_reading(struct sim *sim, int64_t run_id);

#endif
