/* fake_world - the ports of the scheduler as a small world in memory, under a clock that is turned by hand.
 *
 * Every port call puts one completion into a queue; world_step takes the next one out and calls it, so that a
 * test can stop the world between any two of them.  Faults fail the n-th call.  The "database" (jobs, runs,
 * staging, archive) outlives a crash; what is in the queue and in the runner does not. */
#ifndef TESTS_LIB_FAKE_WORLD_H
#define TESTS_LIB_FAKE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/tz.h"
#include "scheduler/ports.h"
#include "scheduler/scheduler.h"

#define WORLD_JOBS   8
#define WORLD_RUNS   512
#define WORLD_EVENTS 64 /* events of the one calendar: event i is id "e<i>", on page i / page_size */

struct world_run {
    struct run row; /* text members point to literals, but for cursor */
    char cursor[16];
    enum run_outcome outcome;  /* success for a slot that got no run */
    enum slot_verdict verdict; /* as it was decided */
    int owner;                 /* generation of the process that runs it; 0 = none */
    int64_t not_before_ms;
    bool staged[WORLD_EVENTS];
    int error_code;
};

struct world_sheet {
    int64_t job_id;
    int32_t from_day, to_day;
    bool is_rendered;
    int n_uploads;
};

struct world {
    struct clock clock;
    int64_t now_ms;
    int64_t stepped_ms; /* how far the wall clock was stepped, against the monotonic one */
    struct tz_cache *zones;
    struct store_port store;
    struct calendar_port calendar;
    struct sheet_port sheets;
    struct notifier notifier;
    struct timer_port timer;
    struct scheduler *scheduler;

    /* the database */
    struct job jobs[WORLD_JOBS];
    size_t n_jobs;
    int64_t clock_high_ms; /* when a plan was written last, on the latest clock there was */
    struct world_run runs[WORLD_RUNS];
    size_t n_runs;
    int archive[WORLD_JOBS + 1]
               [WORLD_EVENTS]; /* how often an event was stored for a job: 0 or 1, or the test fails */

    struct world_sheet sheets_made[WORLD_RUNS];
    size_t n_sheets;
    bool is_covered; /* the archive has every day of every window */

    /* the calendar */
    int n_events;
    int page_size;

    /* the process */
    int generation;
    struct list queue;
    int64_t timer_ms;
    int calls;     /* port calls so far in this world */
    int fail_call; /* the call (counted from 1) that fails; 0 = none */
    int n_failing; /* how many from it on; 0 is 1 */
    int fail_code;
    int fetch_code; /* every fetch fails with it; 0 = none */
    int outstanding[WORLD_RUNS];
    bool two_at_once; /* a run had two actions outstanding: never allowed */
    int closed, waiting, troubles, stops;
    int clock_events[CLOCK_UNSET + 1]; /* told, by what the clock did */
    int clock_backs;                   /* the store was told to follow the clock back */
    int cancels;
};

void world_init(struct world *w, int n_jobs, int n_events, int page_size);
void world_finish(struct world *w);

/* A new process on the same database: what was under way before is gone. */
void world_start(struct world *w);
void world_crash(struct world *w);

/* Performs the next completion, or turns the clock to the timer and fires it.  False when nothing is left to
 * do before until_ms. */
bool world_step(struct world *w, int64_t until_ms);
void world_run_until(struct world *w, int64_t until_ms);

void world_trigger(struct world *w, int64_t job_id);
/* Somebody sets the wall clock, or the machine sleeps; the timer fires, as a timer that is cancelled on set
 * does. */
void world_step_clock(struct world *w, int64_t by_ms);
/* Drains to the end and takes the process down. */
void world_drain(struct world *w);

/* Every event of the calendar is in the archive of the job exactly once. */
bool world_is_archived(const struct world *w, int64_t job_id);

#endif
