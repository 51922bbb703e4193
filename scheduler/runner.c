#include "scheduler/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/list.h"
#include "base/mem.h"
#include "scheduler/closing.h"
#include "scheduler/retry.h"

/* More actions of one run in a second than any honest run has: our bug, and no reason to flood a server. */
#define FLOOD_ACTIONS 5000

/* After a longer wait the calendar may have moved under the paging, which counts events: the fetch begins
 * anew. */
#define STALE_MS (5 * MS_PER_MINUTE)

struct runner {
    struct runner_ports ports;
    void (*left)(void *arg);
    void (*stuck)(void *arg);
    void *left_arg;
    struct list active;
    size_t n_active;
    bool is_draining;
};

/* One run under way. */
struct active {
    struct list link;
    struct runner *runner;
    struct run run;
    const struct job_kind *kind;
    const struct step *step;
    const struct tz *zone;
    struct window window;
    struct action action;    /* the one outstanding */
    struct event_page *page; /* fetched, not yet handed to staging */
    char *next_cursor;       /* of the page that is being staged */
    int64_t begun_mono_ms;
    int64_t second_mono_ms; /* flood guard */
    int actions_this_second;
    bool is_stuck; /* its suspension failed; see runner_retry_stuck */
    int64_t stuck_until_ms;
    struct err why; /* of a suspension or a failure */
    enum run_outcome outcome;
};

static void step_run(struct active *a, struct step_event ev);
static void fail_run(struct active *a, const struct err *e);

struct runner *runner_create(const struct runner_ports *ports, void (*left)(void *arg),
                             void (*stuck)(void *arg), void *arg)
{
    struct runner *r = mem_calloc(1, sizeof *r);
    r->ports = *ports;
    r->left = left;
    r->stuck = stuck;
    r->left_arg = arg;
    list_init(&r->active);
    return r;
}

void runner_destroy(struct runner *runner)
{
    free(runner);
}

size_t runner_active(const struct runner *runner)
{
    return runner->n_active;
}

static void free_active(struct active *a)
{
    event_page_destroy(a->page);
    free(a->next_cursor);
    run_finish(&a->run);
    free(a);
}

/* The run is no longer ours: its row says what comes next. */
static void let_go(struct active *a)
{
    struct runner *r = a->runner;
    int64_t requests, throttled;
    r->ports.calendar->account(r->ports.calendar->self, a->run.id, true, &requests, &throttled);
    list_remove(&a->link);
    r->n_active--;
    free_active(a);
    r->left(r->left_arg);
}

static void count_requests(struct active *a)
{
    const struct calendar_port *calendar = a->runner->ports.calendar;
    int64_t requests, throttled;
    calendar->account(calendar->self, a->run.id, false, &requests, &throttled);
    a->run.counts.requests += requests;
    a->run.counts.throttled += throttled;
}

/* ---- suspending and closing ---- */

/* The row shall say the step that is under way, whatever an action that failed was to make of it. */
static void name_step(struct active *a)
{
    snprintf(a->run.step, sizeof a->run.step, "%s", a->step ? a->step->name : "");
}

static void on_suspended(void *arg, const struct err *e)
{
    struct active *a = arg;
    if (e && e->code != ERR_CANCELLED) {
        a->runner->ports.notifier->trouble(a->runner->ports.notifier->self, e, "suspending a run");
        a->is_stuck = !a->runner->is_draining; /* at the end of the process its row says enough */
        if (a->is_stuck) {
            a->runner->stuck(a->runner->left_arg);
            return;
        }
    }
    let_go(a);
}

static void suspend_run(struct active *a, int64_t not_before_ms)
{
    const struct store_port *store = a->runner->ports.store;
    a->is_stuck = false;
    a->stuck_until_ms = not_before_ms;
    store->suspend(store->self, &a->run, not_before_ms, a->why.code ? &a->why : NULL, on_suspended, a);
}

static void park_run(struct active *a)
{
    name_step(a);
    count_requests(a);
    a->why = (struct err){0};
    suspend_run(a, 0);
}

static void on_closed(void *arg, const struct err *e)
{
    struct active *a = arg;
    struct runner *r = a->runner;
    if (e && e->code != ERR_CANCELLED) {
        /* The verdict is not stored: the run must not be reported.  Its row still says "running" in this
         * step; go through retry like any other failed action. */
        fail_run(a, e);
        return;
    }
    if (!e) {
        int64_t duration_ms = clock_mono_ms(r->ports.clock) - a->begun_mono_ms;
        r->ports.notifier->run_closed(r->ports.notifier->self, &a->run, a->outcome,
                                      a->why.code ? &a->why : NULL, duration_ms);
    }
    let_go(a);
}

/* When it began to read, on whichever clock is behind: the wall may have been ahead then and is right now,
 * and the monotonic one does not know of sleep. */
static int32_t over_day(const struct active *a, int64_t duration_ms)
{
    int64_t begun_ms = clock_wall_ms(a->runner->ports.clock) - duration_ms;
    if (a->run.started_ms != RUN_NO_TIME && a->run.started_ms < begun_ms) {
        begun_ms = a->run.started_ms;
    }
    return a->zone ? civil_day_of(tz_to_wall(a->zone, begun_ms)) : RUN_NO_DAY;
}

static void close_run(struct active *a, enum run_outcome outcome)
{
    const struct store_port *store = a->runner->ports.store;
    int64_t duration_ms = clock_mono_ms(a->runner->ports.clock) - a->begun_mono_ms;
    a->outcome = outcome;
    a->run.over_day = over_day(a, duration_ms);
    a->action.kind = ACT_FINISH;
    struct closing closing;
    closing_make(&closing, &a->run, outcome, a->why.code ? &a->why : NULL, duration_ms);
    store->close(store->self, &a->run, outcome, a->why.code ? &a->why : NULL, &closing.entry, on_closed, a);
}

/* Nothing of what was fetched is used; a step before the fetch stays where it is, one behind it goes back,
 * unless what it fetched is in the archive by then. */
static void fetch_anew(struct active *a)
{
    const struct step *fetch = job_kind_step(a->kind, a->kind->fetch_step);
    const struct step *stored = job_kind_step(a->kind, a->kind->stored_step);
    free(a->run.cursor);
    a->run.cursor = NULL;
    if (a->step > fetch && a->step < stored) {
        a->step = fetch;
        name_step(a);
    }
}

static void fail_run(struct active *a, const struct err *e)
{
    struct runner *r = a->runner;
    name_step(a);
    if (r->is_draining) {
        park_run(a);
        return;
    }
    count_requests(a); /* what failed has cost, too */
    struct retry decision = retry_decide(e, a->run.job_id, a->run.attempt);
    bool is_close = a->action.kind == ACT_FINISH; /* what failed was writing the verdict itself */
    a->why = *e;
    if (decision.again || is_close) {
        int64_t delay_ms = decision.again ? decision.delay_ms : RETRY_LONGEST_MS;
        if (!is_close && (decision.from_start || decision.delay_ms > STALE_MS)) {
            fetch_anew(a);
        }
        a->run.attempt++;
        r->ports.notifier->run_waiting(r->ports.notifier->self, &a->run, e, delay_ms);
        suspend_run(a, clock_wall_ms(r->ports.clock) + delay_ms);
    } else {
        close_run(a, OUTCOME_FAILURE);
    }
    if (decision.stop_process) {
        r->ports.notifier->stop(r->ports.notifier->self, e);
    }
}

/* ---- actions ---- */

/* The step the run's row shall say once the outstanding action is stored. */
static void name_step_after(struct active *a)
{
    const struct step *after = a->action.ends_step ? job_kind_next(a->kind, a->step, a->action.to) : a->step;
    snprintf(a->run.step, sizeof a->run.step, "%s", after ? after->name : a->step->name);
}

static void action_done(struct active *a, enum step_event_kind kind)
{
    if (a->action.ends_step) {
        a->step = job_kind_next(a->kind, a->step, a->action.to);
        kind = EV_ENTER;
    }
    step_run(a, (struct step_event){.kind = kind});
}

static void on_stored_step(void *arg, const struct err *e)
{
    struct active *a = arg;
    if (e) {
        fail_run(a, e);
        return;
    }
    action_done(a, EV_ENTER);
}

static void on_resolved(void *arg, const struct err *e, const char *calendar_id)
{
    struct active *a = arg;
    const struct store_port *store = a->runner->ports.store;
    if (e) {
        fail_run(a, e);
        return;
    }
    free(a->run.calendar_id);
    a->run.calendar_id = mem_strdup(calendar_id);
    name_step_after(a);
    struct audit_entry child = closing_child(&a->run, "resolve", "calendar found");
    store->advance(store->self, &a->run, &child, on_stored_step, a);
}

static void on_page(void *arg, const struct err *e, struct event_page *page)
{
    struct active *a = arg;
    if (e) {
        fail_run(a, e);
        return;
    }
    a->page = page;
    step_run(a, (struct step_event){.kind = EV_PAGE, .is_last_page = page->next_cursor == NULL});
}

static void on_staged(void *arg, const struct err *e, const struct run_counts *counts)
{
    struct active *a = arg;
    if (e) {
        fail_run(a, e);
        return;
    }
    a->run.counts = *counts;
    free(a->run.cursor);
    a->run.cursor = a->next_cursor;
    a->next_cursor = NULL;
    action_done(a, EV_STAGED);
}

static void on_counted(void *arg, const struct err *e, const struct run_counts *counts)
{
    struct active *a = arg;
    if (!e) {
        a->run.counts = *counts;
    }
    on_stored_step(a, e);
}

static void stage_page(struct active *a)
{
    const struct store_port *store = a->runner->ports.store;
    struct event_page *page = a->page;
    a->page = NULL;
    free(a->next_cursor);
    a->next_cursor = mem_strdup(page->next_cursor);
    name_step_after(a);
    store->stage(store->self, &a->run, page, on_staged, a);
}

/* ---- timesheets ---- */

static void on_looked(void *arg, const struct err *e, bool is_covered)
{
    struct active *a = arg;
    if (e) {
        fail_run(a, e);
        return;
    }
    step_run(a, (struct step_event){.kind = EV_LOOKED, .is_covered = is_covered});
}

static void on_sheet(void *arg, const struct err *e, const struct sheet_result *result)
{
    struct active *a = arg;
    if (!e) {
        a->run.counts = result->counts;
        a->run.sheet_id = result->sheet_id;
        memcpy(a->run.sheet_number, result->number, sizeof a->run.sheet_number);
    }
    on_stored_step(a, e);
}

static void go_on(struct active *a, const char *operation, const char *message)
{
    const struct store_port *store = a->runner->ports.store;
    name_step_after(a);
    struct audit_entry child = closing_child(&a->run, operation, message);
    store->advance(store->self, &a->run, operation ? &child : NULL, on_stored_step, a);
}

static void perform_sheet(struct active *a)
{
    const struct sheet_port *sheets = a->runner->ports.sheets;
    switch (a->action.kind) {
    case ACT_LOOK: sheets->look(sheets->self, &a->run, a->zone, on_looked, a); break;
    case ACT_ISSUE:
        name_step_after(a);
        sheets->issue(sheets->self, &a->run, a->zone, on_sheet, a);
        break;
    case ACT_RENDER:
        name_step_after(a);
        sheets->render(sheets->self, &a->run, on_sheet, a);
        break;
    case ACT_UPLOAD:
        sheets->upload(sheets->self, &a->run);
        go_on(a, "upload", "documents handed over");
        break;
    case ACT_GO: go_on(a, a->action.to ? "archive" : NULL, "the archive has these days already"); break;
    case ACT_RESOLVE:
    case ACT_FETCH:
    case ACT_STAGE:
    case ACT_TRANSFORM:
    case ACT_STORE:
    case ACT_FINISH: break;
    }
}

static void perform(struct active *a)
{
    const struct runner_ports *ports = &a->runner->ports;
    count_requests(a);
    switch (a->action.kind) {
    case ACT_LOOK:
    case ACT_GO:
    case ACT_ISSUE:
    case ACT_RENDER:
    case ACT_UPLOAD: perform_sheet(a); break;
    case ACT_RESOLVE: ports->calendar->resolve(ports->calendar->self, &a->run, on_resolved, a); break;
    case ACT_FETCH: ports->calendar->fetch(ports->calendar->self, &a->run, &a->window, on_page, a); break;
    case ACT_STAGE: stage_page(a); break;
    case ACT_TRANSFORM:
        name_step_after(a);
        ports->store->transform(ports->store->self, &a->run, &a->window, a->action.rules, on_counted, a);
        break;
    case ACT_STORE:
        name_step_after(a);
        ports->store->store(ports->store->self, &a->run, &a->window, on_counted, a);
        break;
    case ACT_FINISH:
        a->why = (struct err){0};
        close_run(a, a->action.outcome);
        break;
    }
}

static bool is_flood(struct active *a)
{
    int64_t now_ms = clock_mono_ms(a->runner->ports.clock);
    if (now_ms - a->second_mono_ms >= 1000) {
        a->second_mono_ms = now_ms;
        a->actions_this_second = 0;
    }
    return ++a->actions_this_second > FLOOD_ACTIONS;
}

static void step_run(struct active *a, struct step_event ev)
{
    struct err e;
    if (a->runner->is_draining) {
        park_run(a);
        return;
    }
    if (is_flood(a)) {
        err_set(&e, ERR_BUG, 0, "run %lld made more than %d steps in a second", (long long)a->run.id,
                FLOOD_ACTIONS);
        fail_run(a, &e);
        return;
    }
    a->action = a->step->act(&a->run, &ev);
    perform(a);
}

/* ---- starting ---- */

static int prepare(struct active *a, struct err *e)
{
    a->kind = job_kind_of(a->run.type);
    a->step = a->kind ? job_kind_step(a->kind, a->run.step) : NULL;
    if (!a->kind) {
        return err_set(e, ERR_INVALID, 0, "job %lld is of type %s, which this version can not run",
                       (long long)a->run.job_id, job_type_name(a->run.type));
    }
    if (!a->step) {
        return err_set(e, ERR_BUG, 0, "run %lld is in step \"%s\", which %s has not", (long long)a->run.id,
                       a->run.step, job_type_name(a->run.type));
    }
    if (a->run.attempt > RETRY_ATTEMPTS) {
        return err_set(e, ERR_INVALID, 0,
                       "run %lld was interrupted or failed %d times; see what the journal says of it",
                       (long long)a->run.id, a->run.attempt - 1);
    }
    int r = tz_cache_get(a->runner->ports.zones, a->run.zone, &a->zone, e);
    if (r < 0) {
        err_prefix(e, "archive configuration \"%s\"", a->run.name);
        return r;
    }
    a->window = window_make(a->zone, a->run.from_day, a->run.to_day);
    return 0;
}

void runner_start(struct runner *runner, struct run *run)
{
    struct active *a = mem_calloc(1, sizeof *a);
    struct err e;
    a->runner = runner;
    a->run = *run;
    *run = (struct run){0};
    a->begun_mono_ms = clock_mono_ms(runner->ports.clock);
    list_append(&runner->active, &a->link);
    runner->n_active++;
    runner->ports.notifier->run_started(runner->ports.notifier->self, &a->run);
    if (prepare(a, &e) < 0) {
        fail_run(a, &e);
        return;
    }
    step_run(a, (struct step_event){.kind = EV_ENTER});
}

/* ---- all of them ---- */

void runner_retry_stuck(struct runner *runner)
{
    LIST_FOREACH (link, &runner->active) {
        struct active *a = CONTAINER_OF(link, struct active, link);
        if (a->is_stuck) {
            suspend_run(a, a->stuck_until_ms);
        }
    }
}

bool runner_has_stuck(const struct runner *runner)
{
    LIST_FOREACH (link, &runner->active) {
        if (CONTAINER_OF(link, struct active, link)->is_stuck) {
            return true;
        }
    }
    return false;
}

void runner_drain(struct runner *runner)
{
    runner->is_draining = true;
    LIST_FOREACH (link, &runner->active) {
        struct active *a = CONTAINER_OF(link, struct active, link);
        if (a->is_stuck) {
            suspend_run(a, a->stuck_until_ms);
        } else {
            runner->ports.calendar->cancel(runner->ports.calendar->self, a->run.id);
            if (a->run.type == JOB_TIMESHEET) {
                runner->ports.sheets->cancel(runner->ports.sheets->self, a->run.id);
            }
        }
    }
}
