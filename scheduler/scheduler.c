#include "scheduler/scheduler.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "scheduler/clock_watch.h"
#include "scheduler/runner.h"
#include "scheduler/slots.h"
#include "scheduler/wishes.h"

#define PLAN_BATCH       4096          /* jobs decided in one transaction */
#define TROUBLE_WAIT_MS  MS_PER_MINUTE /* after the store failed, before the next pass */
#define MAX_CATCH_UP     32 /* runs of late slots at once: a long night off is no reason for a storm */
#define STORM_JOBS       32 /* more late jobs than that are spread, too */
#define OVERDUE_AFTER_MS MS_PER_DAY

struct scheduler {
    struct scheduler_options o;
    struct runner *runner;
    struct clock_watch watch;
    bool is_clock_unset;   /* was reported */
    bool is_clock_back;    /* was reported, and the store has not followed yet */
    bool has_started;      /* the store has told of earlier starts */
    int64_t clock_high_ms; /* when it was last written to, until a clock that is set was compared with it */
    int64_t armed_ms;      /* what the timer is armed for */
    bool is_passing;       /* a pass is under way */
    bool wants_more;       /* another pass is wanted after it */
    bool is_batch_all_due; /* the batch under way is full of due jobs: there may be more */
    int64_t wake_ms;       /* the next wake-up, while the pass under way looks for overdue runs */
    int64_t overdue_at_ms; /* when to look for overdue runs next */
    size_t n_triggers;     /* under way; their answers come to this struct */
    bool is_draining;
    void (*drained)(void *arg);
    void *drained_arg;
    struct job *jobs; /* of the batch under way, with the decisions about them */
    struct slot_plan *plans;
    size_t n_jobs;
};

static void begin_pass(struct scheduler *s);

static void check_drained(struct scheduler *s)
{
    if (s->is_draining && s->drained && !s->is_passing && s->n_triggers == 0 &&
        runner_active(s->runner) == 0) {
        void (*drained)(void *) = s->drained;
        s->drained = NULL;
        drained(s->drained_arg);
    }
}

static void on_run_left(void *arg)
{
    struct scheduler *s = arg;
    scheduler_tick(s);
    check_drained(s);
}

/* Its row could not be written, which is nobody's doing that would wake us: we come back by ourselves. */
static void on_run_stuck(void *arg)
{
    struct scheduler *s = arg;
    int64_t again_ms = clock_wall_ms(s->o.clock) + TROUBLE_WAIT_MS;
    if (!s->is_passing && !s->is_draining && again_ms < s->armed_ms) {
        s->armed_ms = again_ms;
        s->o.timer->arm(s->o.timer->self, again_ms);
    }
}

struct scheduler *scheduler_create(const struct scheduler_options *options)
{
    struct scheduler *s = mem_calloc(1, sizeof *s);
    s->o = *options;
    struct runner_ports ports = {
        .sheets = options->sheets,
        .store = options->store,
        .calendar = options->calendar,
        .notifier = options->notifier,
        .clock = options->clock,
        .zones = options->zones,
    };
    s->runner = runner_create(&ports, on_run_left, on_run_stuck, s);
    return s;
}

void scheduler_destroy(struct scheduler *s)
{
    if (s) {
        runner_destroy(s->runner);
        free(s);
    }
}

size_t scheduler_active(const struct scheduler *s)
{
    return runner_active(s->runner);
}

/* ---- the pass: clock → due → plan → take → overdue → arm ---- */

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static void end_pass(struct scheduler *s, int64_t wake_ms)
{
    s->is_passing = false;
    if (s->is_draining) {
        check_drained(s);
        return;
    }
    if (runner_has_stuck(s->runner)) {
        wake_ms = earlier(wake_ms, clock_wall_ms(s->o.clock) + TROUBLE_WAIT_MS);
    }
    if (!s->wants_more) {
        s->armed_ms = wake_ms;
        s->o.timer->arm(s->o.timer->self, wake_ms);
    }
    if (s->o.armed) {
        s->o.armed(s->o.armed_arg, wake_ms);
    }
    if (s->wants_more) {
        begin_pass(s);
    }
}

static void pass_failed(struct scheduler *s, const struct err *e, const char *doing)
{
    s->o.notifier->trouble(s->o.notifier->self, e, doing);
    s->wants_more = false;
    if (err_class(e->code) == ERR_CLASS_STOP) {
        s->o.notifier->stop(s->o.notifier->self, e);
    }
    end_pass(s, clock_wall_ms(s->o.clock) + TROUBLE_WAIT_MS); /* last: where it ends a drain, s is gone */
}

/* ---- overdue ---- */

static void on_overdue(void *arg, const struct err *e, const struct overdue *runs, size_t n, int64_t next_ms)
{
    struct scheduler *s = arg;
    if (e) {
        pass_failed(s, e, "looking for overdue runs");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        s->o.notifier->run_overdue(s->o.notifier->self, &runs[i]);
    }
    s->overdue_at_ms = next_ms == PORT_NEVER ? PORT_NEVER : next_ms + OVERDUE_AFTER_MS;
    end_pass(s, earlier(s->wake_ms, s->overdue_at_ms));
}

static void look_for_overdue(struct scheduler *s, int64_t wake_ms)
{
    int64_t now_ms = clock_wall_ms(s->o.clock);
    if (now_ms < s->overdue_at_ms || s->is_draining) {
        end_pass(s, earlier(wake_ms, s->overdue_at_ms));
        return;
    }
    s->wake_ms = wake_ms;
    s->o.store->overdue(s->o.store->self, now_ms - OVERDUE_AFTER_MS, on_overdue, s);
}

/* ---- take ---- */

static void on_taken(void *arg, const struct err *e, struct taken *taken)
{
    struct scheduler *s = arg;
    if (e) {
        pass_failed(s, e, "taking runs");
        return;
    }
    for (size_t i = 0; i < taken->n; i++) {
        runner_start(s->runner, &taken->runs[i]);
    }
    free(taken->runs);
    taken->runs = NULL;
    if (s->is_draining) {
        runner_drain(s->runner);
    }
    look_for_overdue(s, taken->next_wake_ms);
}

static void take(struct scheduler *s)
{
    if (s->is_draining) {
        end_pass(s, PORT_NEVER);
        return;
    }
    size_t active = runner_active(s->runner);
    size_t room = s->o.max_runs > active ? s->o.max_runs - active : 0;
    s->o.store->take(s->o.store->self, clock_wall_ms(s->o.clock), room, MAX_CATCH_UP, on_taken, s);
}

/* ---- due and plan ---- */

static void look_for_due(struct scheduler *s);

static void free_batch(struct scheduler *s)
{
    for (size_t i = 0; i < s->n_jobs; i++) {
        slot_plan_finish(&s->plans[i]);
        job_finish(&s->jobs[i]);
    }
    free(s->plans);
    free(s->jobs);
    s->plans = NULL;
    s->jobs = NULL;
    s->n_jobs = 0;
}

static void on_planned(void *arg, const struct err *e)
{
    struct scheduler *s = arg;
    for (size_t i = 0; i < s->n_jobs && !e; i++) {
        if (s->plans[i].n_slots > 0) {
            s->overdue_at_ms = earlier(s->overdue_at_ms, s->plans[i].through_ms + OVERDUE_AFTER_MS);
            s->o.notifier->slots_decided(s->o.notifier->self, &s->jobs[i], s->plans[i].slots,
                                         s->plans[i].n_slots);
        }
    }
    free_batch(s);
    if (e) {
        pass_failed(s, e, "planning due jobs");
    } else if (s->is_batch_all_due && !s->is_draining) {
        look_for_due(s); /* every due slot is claimed before the first of them runs */
    } else {
        take(s);
    }
}

static bool is_due(const struct job *job, int64_t now_ms)
{
    return job->next_run_ms != RUN_NO_TIME && job->next_run_ms <= now_ms;
}

/* A job whose zone can not be read is looked at again in an hour; its slots are decided then. */
static struct slot_plan plan_later(struct scheduler *s, const struct job *job, int64_t now_ms, struct err *e)
{
    err_prefix(e, "job %lld (\"%s\")", (long long)job->id, job->name);
    s->o.notifier->trouble(s->o.notifier->self, e, "planning a job");
    return (struct slot_plan){
        .job_id = job->id,
        .user_id = job->user_id,
        .was_next_ms = job->next_run_ms,
        .was_through_ms = job->slots_through_ms,
        .next_ms = now_ms + MS_PER_HOUR,
        .through_ms = job->slots_through_ms != RUN_NO_TIME ? job->slots_through_ms
                      : is_due(job, now_ms)                ? job->next_run_ms - 1
                                                           : now_ms,
    };
}

static size_t count_late(const struct job *jobs, size_t n, int64_t now_ms)
{
    size_t n_late = 0;
    for (size_t i = 0; i < n; i++) {
        n_late += is_due(&jobs[i], now_ms - SLOT_LATE_MS);
    }
    return n_late;
}

static void on_due(void *arg, const struct err *e, struct job *jobs, size_t n)
{
    struct scheduler *s = arg;
    if (e) {
        pass_failed(s, e, "looking for due jobs");
        return;
    }
    if (n == 0) {
        free(jobs);
        take(s);
        return;
    }
    int64_t now_ms = clock_wall_ms(s->o.clock);
    bool is_storm = count_late(jobs, n, now_ms) > STORM_JOBS;
    s->jobs = jobs;
    s->n_jobs = n;
    s->plans = mem_calloc(n, sizeof *s->plans);
    for (size_t i = 0; i < n; i++) {
        const struct tz *zone;
        struct err trouble;
        s->plans[i] = tz_cache_get(s->o.zones, jobs[i].zone, &zone, &trouble) < 0
                          ? plan_later(s, &jobs[i], now_ms, &trouble)
                          : slots_decide(&jobs[i], zone, now_ms, is_storm);
    }
    s->is_batch_all_due = n == PLAN_BATCH && is_due(&jobs[n - 1], now_ms);
    s->wants_more = s->wants_more || n == PLAN_BATCH;
    s->o.store->plan(s->o.store->self, s->plans, n, on_planned, s);
}

static void look_for_due(struct scheduler *s)
{
    s->o.store->jobs_due(s->o.store->self, clock_wall_ms(s->o.clock), PLAN_BATCH, on_due, s);
}

/* ---- the clock ---- */

static void on_clock_followed(void *arg, const struct err *e)
{
    struct scheduler *s = arg;
    if (e) {
        pass_failed(s, e, "following the clock back");
        return;
    }
    s->is_clock_back = false;
    s->overdue_at_ms = 0;
    look_for_due(s);
}

static void clock_went_back(struct scheduler *s, int64_t by_ms)
{
    s->is_clock_back = true; /* until the store has followed */
    s->o.notifier->clock_stepped(s->o.notifier->self, CLOCK_BACK, by_ms);
}

/* It was set back while nobody was there, or the database comes from a machine that is ahead. */
static void compare_with_store(struct scheduler *s)
{
    int64_t now_ms = clock_wall_ms(s->o.clock);
    if (!s->is_clock_back && s->clock_high_ms > now_ms + CLOCK_WATCH_STEP_MS) {
        clock_went_back(s, s->clock_high_ms - now_ms);
    }
    s->clock_high_ms = RUN_NO_TIME;
}

static void look_behind_clock(struct scheduler *s)
{
    s->is_clock_unset = false;
    compare_with_store(s);
    if (s->is_clock_back) {
        s->o.store->clock_went_back(s->o.store->self, clock_wall_ms(s->o.clock), on_clock_followed, s);
    } else {
        look_for_due(s);
    }
}

/* While the clock is unset nothing is decided; the timer fires when it is set. */
static void wait_for_clock(struct scheduler *s)
{
    if (!s->is_clock_unset) {
        s->o.notifier->clock_stepped(s->o.notifier->self, CLOCK_UNSET, 0);
    }
    s->is_clock_unset = true;
    end_pass(s, PORT_NEVER);
}

static void look_at_clock(struct scheduler *s)
{
    int64_t by_ms;
    enum clock_event what =
        clock_watch_look(&s->watch, clock_wall_ms(s->o.clock), clock_mono_ms(s->o.clock), &by_ms);
    switch (what) {
    case CLOCK_UNSET: wait_for_clock(s); return;
    case CLOCK_BACK: clock_went_back(s, by_ms); break;
    case CLOCK_FORWARD: s->o.notifier->clock_stepped(s->o.notifier->self, what, by_ms); break;
    case CLOCK_AS_EXPECTED: break;
    }
    look_behind_clock(s);
}

/* ---- the beginning ---- */

static void on_started(void *arg, const struct err *e, const struct store_start *start)
{
    struct scheduler *s = arg;
    if (e) {
        pass_failed(s, e, "reading what was left at the last stop");
        return;
    }
    s->has_started = true;
    s->clock_high_ms = start->clock_high_ms;
    s->o.notifier->started(s->o.notifier->self, start, s->watch.has_sample, clock_wall_ms(s->o.clock));
    look_at_clock(s);
}

static void begin_pass(struct scheduler *s)
{
    s->is_passing = true;
    s->wants_more = false;
    runner_retry_stuck(s->runner);
    if (s->has_started) {
        look_at_clock(s);
    } else {
        s->o.store->start(s->o.store->self, tz_cache_version(s->o.zones), on_started, s);
    }
}

void scheduler_tick(void *scheduler)
{
    struct scheduler *s = scheduler;
    if (s->is_passing || s->is_draining) {
        s->wants_more = true;
        return;
    }
    begin_pass(s);
}

void scheduler_zones_changed(struct scheduler *s)
{
    s->has_started = false;
    scheduler_tick(s);
}

/* ---- signals ---- */

static void on_wished(void *arg)
{
    struct scheduler *s = arg;
    s->n_triggers--;
    scheduler_tick(s);
    check_drained(s);
}

void scheduler_trigger(struct scheduler *s, int64_t job_id, struct run_asker asker)
{
    struct wishes_ports ports = {s->o.store, s->o.notifier, s->o.clock, s->o.zones};
    if (clock_wall_ms(s->o.clock) < CLOCK_WATCH_EARLIEST_MS) {
        struct err e;
        err_set(&e, ERR_INVALID, 0,
                "the clock is not set, so that nobody knows which days to archive; send the "
                "signal again once it is");
        s->o.notifier->trouble(s->o.notifier->self, &e, "running a job on a signal");
        return;
    }
    s->n_triggers++;
    wishes_queue(&ports, job_id, asker, on_wished, s);
}

void scheduler_drain(struct scheduler *s, void (*drained)(void *arg), void *arg)
{
    s->is_draining = true;
    s->drained = drained;
    s->drained_arg = arg;
    s->o.timer->arm(s->o.timer->self, PORT_NEVER);
    runner_drain(s->runner);
    check_drained(s);
}
