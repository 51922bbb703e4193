#include "tests/lib/fake_world_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"

static struct world *of_clock(const struct clock *c)
{
    return CONTAINER_OF((struct clock *)(uintptr_t)c, struct world, clock);
}

static int64_t fake_now(const struct clock *c)
{
    return of_clock(c)->now_ms;
}

static int64_t fake_mono(const struct clock *c)
{
    return of_clock(c)->now_ms - of_clock(c)->stepped_ms;
}

static void fake_random(const struct clock *c UNUSED, void *out, size_t len)
{
    memset(out, 0x5a, len);
}

struct world_run *world_row(struct world *w, const struct run *run)
{
    return &w->runs[run->id - 1];
}

struct call *world_enqueue(struct world *w, enum call_kind kind, const struct run *run, void *arg)
{
    struct call *c = mem_calloc(1, sizeof *c);
    c->kind = kind;
    c->arg = arg;
    w->calls++;
    if (run) {
        c->run = (size_t)run->id;
        w->two_at_once = w->two_at_once || ++w->outstanding[run->id - 1] > 1;
    }
    if (w->fail_call && w->calls >= w->fail_call &&
        w->calls < w->fail_call + (w->n_failing ? w->n_failing : 1)) {
        c->failed = true;
        err_set(&c->e, w->fail_code, 0, "fault in call %d", w->calls);
    }
    list_append(&w->queue, &c->link);
    return c;
}

/* ---- calendar ---- */

static void resolve(void *self, const struct run *run, port_calendar_done done, void *arg)
{
    struct call *c = world_enqueue(self, CALL_RESOLVED, run, arg);
    c->fn.resolved = done;
}

static struct event_page *make_page(const struct world *w, int first)
{
    struct event_page *page = mem_calloc(1, sizeof *page);
    int last = first + w->page_size < w->n_events ? first + w->page_size : w->n_events;
    page->n_events = (size_t)(last - first);
    page->events = page->storage = mem_calloc(page->n_events, sizeof *page->events);
    page->free_storage = free;
    for (int i = first; i < last; i++) {
        page->events[i - first].original_start_ms = i;
    }
    page->next_cursor = last < w->n_events ? mem_printf("%d", last) : NULL;
    return page;
}

static void fetch(void *self, const struct run *run, const struct window *window UNUSED, port_page_done done,
                  void *arg)
{
    struct world *w = self;
    struct call *c = world_enqueue(w, CALL_PAGE, run, arg);
    c->fn.page = done;
    if (w->fetch_code) {
        c->failed = true;
        err_set(&c->e, w->fetch_code, 0, "the service is down");
    }
    if (!c->failed) {
        c->event_page = make_page(w, run->cursor ? (int)strtol(run->cursor, NULL, 10) : 0);
    }
}

static void account(void *self UNUSED, int64_t run_id UNUSED, bool is_over UNUSED, int64_t *ret_requests,
                    int64_t *ret_throttled)
{
    *ret_requests = *ret_throttled = 0;
}

void world_cancel(struct world *w, int64_t run_id, enum call_kind one, enum call_kind other)
{
    LIST_FOREACH (link, &w->queue) {
        struct call *c = CONTAINER_OF(link, struct call, link);
        if (c->run == (size_t)run_id && !c->failed && (c->kind == one || c->kind == other)) {
            c->failed = true;
            w->cancels++;
            err_set(&c->e, ERR_CANCELLED, 0, "given up");
        }
    }
}

/* What waits for the network comes back cancelled. */
static void cancel(void *self, int64_t run_id)
{
    world_cancel(self, run_id, CALL_PAGE, CALL_RESOLVED);
}

/* ---- notifier, timer ---- */

static void run_started(void *self UNUSED, const struct run *run UNUSED)
{
}

static void run_closed(void *self, const struct run *run UNUSED, enum run_outcome outcome UNUSED,
                       const struct err *why UNUSED, int64_t duration_ms UNUSED)
{
    ((struct world *)self)->closed++;
}

static void slots_decided(void *self UNUSED, const struct job *job UNUSED, const struct slot *slots UNUSED,
                          size_t n UNUSED)
{
}

static void wish_queued(void *self UNUSED, const struct wish *wish_ UNUSED, struct run_asker asker UNUSED)
{
}

static void run_overdue(void *self UNUSED, const struct overdue *run UNUSED)
{
}

static void clock_stepped(void *self, enum clock_event what, int64_t by_ms UNUSED)
{
    ((struct world *)self)->clock_events[what]++;
}

static void started(void *self UNUSED, const struct store_start *start_ UNUSED, bool is_again UNUSED,
                    int64_t now_ms UNUSED)
{
}

static void run_waiting(void *self, const struct run *run UNUSED, const struct err *why UNUSED,
                        int64_t delay_ms UNUSED)
{
    ((struct world *)self)->waiting++;
}

static void trouble(void *self, const struct err *why UNUSED, const char *doing UNUSED)
{
    ((struct world *)self)->troubles++;
}

static void stop(void *self, const struct err *why UNUSED)
{
    ((struct world *)self)->stops++;
}

static void arm(void *self, int64_t wall_ms)
{
    ((struct world *)self)->timer_ms = wall_ms;
}

/* ---- the world ---- */

void world_init(struct world *w, int n_jobs, int n_events, int page_size)
{
    *w = (struct world){.n_jobs = (size_t)n_jobs, .n_events = n_events, .page_size = page_size};
    w->clock = (struct clock){fake_now, fake_mono, fake_random};
    w->now_ms = civil_to_day((struct civil_date){2026, 3, 10}) * MS_PER_DAY;
    w->clock_high_ms = RUN_NO_TIME;
    w->zones = tz_cache_create(NULL);
    for (int i = 0; i < n_jobs; i++) {
        w->jobs[i] = (struct job){.id = i + 1,
                                  .schedule = {.type = SCHEDULE_DAILY, .hour = 23, .minute = 59},
                                  .window_days = 7,
                                  .is_active = true,
                                  .next_run_ms = RUN_NO_TIME,
                                  .slots_through_ms = RUN_NO_TIME,
                                  .owed_day = RUN_NO_DAY,
                                  .catch_up = CATCH_UP_ONCE,
                                  .name = (char *)(uintptr_t) "sim",
                                  .zone = (char *)(uintptr_t) "Europe/Berlin"};
    }
    world_store_init(w);
    world_sheets_init(w);
    w->calendar = (struct calendar_port){w, resolve, fetch, account, cancel};
    w->notifier = (struct notifier){
        .self = w,
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
    w->timer = (struct timer_port){w, arm};
    list_init(&w->queue);
}

void world_start(struct world *w)
{
    struct scheduler_options options = {.store = &w->store,
                                        .calendar = &w->calendar,
                                        .sheets = &w->sheets,
                                        .notifier = &w->notifier,
                                        .timer = &w->timer,
                                        .clock = &w->clock,
                                        .zones = w->zones,
                                        .max_runs = 4};
    w->generation++;
    w->timer_ms = PORT_NEVER;
    memset(w->outstanding, 0, sizeof w->outstanding);
    w->scheduler = scheduler_create(&options);
    scheduler_tick(w->scheduler);
}

static void free_call(struct call *c)
{
    for (size_t i = 0; i < c->taken.n; i++) {
        run_finish(&c->taken.runs[i]);
    }
    free(c->taken.runs);
    for (size_t i = 0; i < c->n_jobs; i++) {
        job_finish(&c->job_rows[i]);
    }
    free(c->job_rows);
    event_page_destroy(c->event_page);
    free(c);
}

static void perform(struct world *w, struct call *c)
{
    const struct err *e = c->failed ? &c->e : NULL;
    if (c->run) {
        w->outstanding[c->run - 1]--;
    }
    switch (c->kind) {
    case CALL_STARTED:
        c->fn.started(c->arg, e, &(struct store_start){.clock_high_ms = w->clock_high_ms});
        break;
    case CALL_JOBS: {
        struct job *rows = c->job_rows;
        size_t n = c->n_jobs;
        c->job_rows = NULL;
        c->n_jobs = 0;
        c->fn.jobs(c->arg, e, rows, n);
        break;
    }
    case CALL_OVERDUE: c->fn.overdue(c->arg, e, NULL, 0, PORT_NEVER); break;
    case CALL_DONE: c->fn.done(c->arg, e); break;
    case CALL_TAKEN:
        c->fn.taken(c->arg, e, &c->taken);
        if (!e) {
            c->taken = (struct taken){0};
        }
        break;
    case CALL_COUNTS: c->fn.counts(c->arg, e, &c->run_counts); break;
    case CALL_LOOKED: c->fn.looked(c->arg, e, w->is_covered); break;
    case CALL_SHEET: c->fn.sheet(c->arg, e, e ? NULL : &c->sheet); break;
    case CALL_RESOLVED: c->fn.resolved(c->arg, e, "cal"); break;
    case CALL_PAGE: {
        struct event_page *page = e ? NULL : c->event_page;
        if (!e) {
            c->event_page = NULL;
        }
        c->fn.page(c->arg, e, page);
        break;
    }
    }
    free_call(c);
}

bool world_step(struct world *w, int64_t until_ms)
{
    struct list *link = list_pop(&w->queue);
    if (link) {
        perform(w, CONTAINER_OF(link, struct call, link));
        return true;
    }
    if (w->timer_ms > until_ms) {
        return false;
    }
    w->now_ms = w->timer_ms > w->now_ms ? w->timer_ms : w->now_ms;
    w->timer_ms = PORT_NEVER;
    scheduler_tick(w->scheduler);
    return true;
}

void world_run_until(struct world *w, int64_t until_ms)
{
    while (world_step(w, until_ms)) {
    }
    w->now_ms = until_ms > w->now_ms ? until_ms : w->now_ms;
}

void world_trigger(struct world *w, int64_t job_id)
{
    scheduler_trigger(w->scheduler, job_id, (struct run_asker){TRIGGER_SIGNAL, 4711, 0});
}

void world_step_clock(struct world *w, int64_t by_ms)
{
    w->now_ms += by_ms;
    w->stepped_ms += by_ms;
    scheduler_tick(w->scheduler);
}

/* The process is gone: its memory is given back here so that leaks of the real code still show, by letting
 * every outstanding call fail while draining, with a store that no longer takes anything. */
void world_crash(struct world *w)
{
    static struct world_run before[WORLD_RUNS];
    static int archive[WORLD_JOBS + 1][WORLD_EVENTS];
    static struct world_sheet sheets[WORLD_RUNS];
    struct job jobs[WORLD_JOBS];
    size_t n_runs = w->n_runs, n_sheets = w->n_sheets;
    memcpy(sheets, w->sheets_made, sizeof sheets);
    memcpy(before, w->runs, sizeof before);
    memcpy(archive, w->archive, sizeof archive);
    memcpy(jobs, w->jobs, sizeof jobs);
    world_drain(w);
    memcpy(w->runs, before, sizeof before);
    memcpy(w->archive, archive, sizeof archive);
    memcpy(w->jobs, jobs, sizeof jobs);
    memcpy(w->sheets_made, sheets, sizeof sheets);
    w->n_runs = n_runs;
    w->n_sheets = n_sheets;
}

/* As the daemon does it: from here on nothing may come to the scheduler any more. */
static void on_drained(void *arg)
{
    struct world *w = arg;
    scheduler_destroy(w->scheduler);
    w->scheduler = NULL;
}

void world_drain(struct world *w)
{
    int fail_call = w->fail_call;
    w->fail_call = 0;
    scheduler_drain(w->scheduler, on_drained, w);
    for (struct list *link; w->scheduler && (link = list_pop(&w->queue));) {
        perform(w, CONTAINER_OF(link, struct call, link));
    }
    if (w->scheduler) {
        fprintf(stderr, "the drain did not come to its end\n");
        abort();
    }
    for (struct list *link; (link = list_pop(&w->queue));) {
        perform(w, CONTAINER_OF(link, struct call, link));
    }
    w->fail_call = fail_call;
}

void world_finish(struct world *w)
{
    if (w->scheduler) {
        world_drain(w);
    }
    tz_cache_destroy(w->zones);
}

bool world_is_archived(const struct world *w, int64_t job_id)
{
    for (int i = 0; i < WORLD_EVENTS; i++) {
        if (w->archive[job_id][i] != (i < w->n_events ? 1 : 0)) {
            return false;
        }
    }
    return true;
}
