#include "scheduler/scheduler.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "model/schedule.h"
#include "scheduler/runner.h"

#define PLAN_BATCH      512           /* jobs planned in one transaction */
#define TROUBLE_WAIT_MS MS_PER_MINUTE /* after the store failed, before the next pass */

struct scheduler {
    struct scheduler_options o;
    struct runner *runner;
    bool is_passing;   /* a pass is under way */
    bool wants_more;   /* another pass is wanted after it */
    size_t n_triggers; /* under way; their answers come to this struct */
    bool is_draining;
    void (*drained)(void *arg);
    void *drained_arg;
    struct plan *plans; /* of the transaction under way */
};

/* A signal's wish, until the jobs it names are loaded. */
struct trigger {
    struct scheduler *scheduler;
    int64_t job_id;
    struct run_asker asker;
    struct plan *plans;
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

struct scheduler *scheduler_create(const struct scheduler_options *options)
{
    struct scheduler *s = mem_calloc(1, sizeof *s);
    s->o = *options;
    struct runner_ports ports = {
        .store = options->store,
        .calendar = options->calendar,
        .notifier = options->notifier,
        .clock = options->clock,
        .zones = options->zones,
    };
    s->runner = runner_create(&ports, on_run_left, s);
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

/* ---- the pass: due → plan → take → arm ---- */

static void end_pass(struct scheduler *s, int64_t wake_ms)
{
    s->is_passing = false;
    if (s->is_draining) {
        check_drained(s);
        return;
    }
    if (s->wants_more) {
        begin_pass(s);
        return;
    }
    if (runner_has_stuck(s->runner)) {
        int64_t soon_ms = clock_wall_ms(s->o.clock) + TROUBLE_WAIT_MS;
        wake_ms = wake_ms < soon_ms ? wake_ms : soon_ms;
    }
    s->o.timer->arm(s->o.timer->self, wake_ms);
    if (s->o.armed) {
        s->o.armed(s->o.armed_arg, wake_ms);
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
    end_pass(s, taken->next_wake_ms);
}

static void take(struct scheduler *s)
{
    size_t active = runner_active(s->runner);
    size_t room = s->o.max_runs > active ? s->o.max_runs - active : 0;
    s->o.store->take(s->o.store->self, clock_wall_ms(s->o.clock), room, on_taken, s);
}

static void on_planned(void *arg, const struct err *e)
{
    struct scheduler *s = arg;
    free(s->plans);
    s->plans = NULL;
    if (e) {
        pass_failed(s, e, "planning due jobs");
        return;
    }
    take(s);
}

/* One job's plan as of now.  A job whose zone can not be read is looked at again in an hour. */
static struct plan plan_job(struct scheduler *s, const struct job *job, int64_t now_ms)
{
    struct plan plan = {.job_id = job->id, .next_run_ms = now_ms + MS_PER_HOUR};
    const struct tz *zone;
    struct err e;
    if (tz_cache_get(s->o.zones, job->zone, &zone, &e) < 0) {
        err_prefix(&e, "job %lld (\"%s\")", (long long)job->id, job->name);
        s->o.notifier->trouble(s->o.notifier->self, &e, "planning a job");
        return plan;
    }
    plan.next_run_ms = schedule_next(&job->schedule, zone, now_ms);
    if (job->next_run_ms != RUN_NO_TIME && job->next_run_ms <= now_ms) {
        plan.queue = true;
        plan.slot_ms = job->next_run_ms;
        schedule_window(zone, plan.slot_ms, job->window_days, &plan.from_day, &plan.to_day);
        if (schedule_next(&job->schedule, zone, plan.slot_ms) <= now_ms) {
            /* Later slots were missed, too, and get no run of their own: this one archives their days. */
            int32_t from_day;
            schedule_window(zone, now_ms, job->window_days, &from_day, &plan.to_day);
        }
    }
    return plan;
}

static void on_due(void *arg, const struct err *e, struct job *jobs, size_t n)
{
    struct scheduler *s = arg;
    if (e) {
        pass_failed(s, e, "looking for due jobs");
        return;
    }
    if (n == 0) {
        take(s);
        return;
    }
    int64_t now_ms = clock_wall_ms(s->o.clock);
    s->plans = mem_calloc(n, sizeof *s->plans);
    for (size_t i = 0; i < n; i++) {
        s->plans[i] = plan_job(s, &jobs[i], now_ms);
    }
    s->wants_more = s->wants_more || n == PLAN_BATCH;
    s->o.store->plan(s->o.store->self, s->plans, n, (struct run_asker){TRIGGER_SCHEDULE, 0, -1}, on_planned,
                     s);
}

static void begin_pass(struct scheduler *s)
{
    s->is_passing = true;
    s->wants_more = false;
    runner_retry_stuck(s->runner);
    s->o.store->jobs_due(s->o.store->self, clock_wall_ms(s->o.clock), PLAN_BATCH, on_due, s);
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

/* ---- signals ---- */

static void on_triggered(void *arg, const struct err *e)
{
    struct trigger *t = arg;
    struct scheduler *s = t->scheduler;
    if (e) {
        s->o.notifier->trouble(s->o.notifier->self, e, "queueing a run on a signal");
    }
    free(t->plans);
    free(t);
    s->n_triggers--;
    scheduler_tick(s);
    check_drained(s);
}

static void on_named(void *arg, const struct err *e, struct job *jobs, size_t n)
{
    struct trigger *t = arg;
    struct scheduler *s = t->scheduler;
    int64_t now_ms = clock_wall_ms(s->o.clock);
    size_t n_plans = 0;
    struct err trouble;
    if (e) {
        on_triggered(t, e);
        return;
    }
    t->plans = mem_calloc(n, sizeof *t->plans);
    for (size_t i = 0; i < n; i++) {
        const struct tz *zone;
        struct plan *plan = &t->plans[n_plans];
        if (!jobs[i].is_active || jobs[i].is_paused) {
            err_set(&trouble, ERR_INVALID, 0, "job %lld (\"%s\") is %s", (long long)jobs[i].id, jobs[i].name,
                    jobs[i].is_active ? "paused" : "not active");
            s->o.notifier->trouble(s->o.notifier->self, &trouble, "running a job on a signal");
        } else if (tz_cache_get(s->o.zones, jobs[i].zone, &zone, &trouble) < 0) {
            s->o.notifier->trouble(s->o.notifier->self, &trouble, "running a job on a signal");
        } else {
            *plan = (struct plan){.job_id = jobs[i].id, .next_run_ms = -1, .queue = true, .slot_ms = now_ms};
            schedule_window(zone, now_ms, jobs[i].window_days, &plan->from_day, &plan->to_day);
            n_plans++;
        }
    }
    s->o.store->plan(s->o.store->self, t->plans, n_plans, t->asker, on_triggered, t);
}

void scheduler_trigger(struct scheduler *s, int64_t job_id, struct run_asker asker)
{
    struct trigger *t = mem_calloc(1, sizeof *t);
    *t = (struct trigger){.scheduler = s, .job_id = job_id, .asker = asker};
    s->n_triggers++;
    s->o.store->jobs_named(s->o.store->self, job_id, on_named, t);
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
