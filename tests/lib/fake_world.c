#include "tests/lib/fake_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"

enum call_kind { CALL_JOBS, CALL_DONE, CALL_TAKEN, CALL_COUNTS, CALL_RESOLVED, CALL_PAGE };

/* A completion in the queue. */
struct call {
    struct list link;
    enum call_kind kind;
    union {
        port_jobs_done jobs;
        port_done done;
        port_taken_done taken;
        port_counts_done counts;
        port_calendar_done resolved;
        port_page_done page;
    } fn;
    void *arg;
    struct err e;
    bool failed;
    size_t run; /* index + 1 of the run it belongs to; 0 = none */
    struct job job_rows[WORLD_JOBS];
    size_t n_jobs;
    struct taken taken;
    struct run_counts run_counts;
    struct event_page *event_page;
};

static struct world *of_clock(const struct clock *c)
{
    return CONTAINER_OF((struct clock *)(uintptr_t)c, struct world, clock);
}

static int64_t fake_now(const struct clock *c)
{
    return of_clock(c)->now_ms;
}

static void fake_random(const struct clock *c UNUSED, void *out, size_t len)
{
    memset(out, 0x5a, len);
}

static struct world_run *row_of(struct world *w, const struct run *run)
{
    return &w->runs[run->id - 1];
}

static struct call *enqueue(struct world *w, enum call_kind kind, const struct run *run, void *arg)
{
    struct call *c = mem_calloc(1, sizeof *c);
    c->kind = kind;
    c->arg = arg;
    w->calls++;
    if (run) {
        c->run = (size_t)run->id;
        w->two_at_once = w->two_at_once || ++w->outstanding[run->id - 1] > 1;
    }
    if (w->calls == w->fail_call) {
        c->failed = true;
        err_set(&c->e, w->fail_code, 0, "fault in call %d", w->calls);
    }
    list_append(&w->queue, &c->link);
    return c;
}

/* ---- store ---- */

static void jobs_due(void *self, int64_t now_ms, size_t max UNUSED, port_jobs_done done, void *arg)
{
    struct world *w = self;
    struct call *c = enqueue(w, CALL_JOBS, NULL, arg);
    c->fn.jobs = done;
    for (size_t i = 0; i < w->n_jobs; i++) {
        if (w->jobs[i].next_run_ms == RUN_NO_TIME || w->jobs[i].next_run_ms <= now_ms) {
            c->job_rows[c->n_jobs++] = w->jobs[i];
        }
    }
}

static void jobs_named(void *self, int64_t job_id, port_jobs_done done, void *arg)
{
    struct world *w = self;
    struct call *c = enqueue(w, CALL_JOBS, NULL, arg);
    c->fn.jobs = done;
    for (size_t i = 0; i < w->n_jobs; i++) {
        if (job_id == 0 || w->jobs[i].id == job_id) {
            c->job_rows[c->n_jobs++] = w->jobs[i];
        }
    }
}

static bool has_slot(const struct world *w, const struct plan *p, enum run_trigger trigger)
{
    for (size_t i = 0; i < w->n_runs; i++) {
        const struct run *r = &w->runs[i].row;
        if (r->job_id == p->job_id && r->slot_ms == p->slot_ms && r->trigger == trigger) {
            return true;
        }
    }
    return false;
}

static void plan(void *self, const struct plan *plans, size_t n, struct run_asker asker, port_done done,
                 void *arg)
{
    struct world *w = self;
    struct call *c = enqueue(w, CALL_DONE, NULL, arg);
    c->fn.done = done;
    for (size_t i = 0; i < n && !c->failed; i++) {
        const struct plan *p = &plans[i];
        if (p->next_run_ms != -1) {
            w->jobs[p->job_id - 1].next_run_ms = p->next_run_ms;
        }
        if (p->queue && !has_slot(w, p, asker.trigger) && w->n_runs < WORLD_RUNS) {
            struct world_run *r = &w->runs[w->n_runs++];
            *r = (struct world_run){0};
            r->row = (struct run){.id = (int64_t)w->n_runs,
                                  .job_id = p->job_id,
                                  .trigger = asker.trigger,
                                  .slot_ms = p->slot_ms,
                                  .attempt = 1,
                                  .from_day = p->from_day,
                                  .to_day = p->to_day};
        }
    }
}

static bool is_job_running(const struct world *w, int64_t job_id)
{
    for (size_t i = 0; i < w->n_runs; i++) {
        if (w->runs[i].row.job_id == job_id && w->runs[i].owner == w->generation) {
            return true;
        }
    }
    return false;
}

static struct run copy_row(struct world_run *r)
{
    struct run run = r->row;
    run.cursor = r->cursor[0] ? mem_strdup(r->cursor) : NULL;
    run.name = mem_strdup("sim");
    run.account = mem_strdup("sim@example.com");
    run.source_uri = mem_strdup("msgraph://sim@example.com/calendars/primary");
    run.zone = mem_strdup("Europe/Berlin");
    return run;
}

static void take(void *self, int64_t now_ms, size_t max, port_taken_done done, void *arg)
{
    struct world *w = self;
    struct call *c = enqueue(w, CALL_TAKEN, NULL, arg);
    c->fn.taken = done;
    c->taken.next_wake_ms = PORT_NEVER;
    c->taken.runs = mem_calloc(max, sizeof *c->taken.runs);
    for (size_t i = 0; i < w->n_runs && !c->failed; i++) {
        struct world_run *r = &w->runs[i];
        bool is_open = r->outcome == OUTCOME_NONE && r->owner != w->generation;
        if (is_open && r->not_before_ms > now_ms) {
            c->taken.next_wake_ms =
                r->not_before_ms < c->taken.next_wake_ms ? r->not_before_ms : c->taken.next_wake_ms;
        } else if (is_open && c->taken.n < max && !is_job_running(w, r->row.job_id)) {
            r->owner = w->generation;
            c->taken.runs[c->taken.n++] = copy_row(r);
        }
    }
    for (size_t i = 0; i < w->n_jobs; i++) {
        int64_t next = w->jobs[i].next_run_ms;
        if (next != RUN_NO_TIME && next < c->taken.next_wake_ms) {
            c->taken.next_wake_ms = next;
        }
    }
}

static void save(struct world_run *r, const struct run *run)
{
    memcpy(r->row.step, run->step, sizeof r->row.step);
    r->row.counts = run->counts;
    r->row.attempt = run->attempt;
}

static void advance(void *self, const struct run *run, const struct audit_entry *child UNUSED, port_done done,
                    void *arg)
{
    struct world *w = self;
    struct call *c = enqueue(w, CALL_DONE, run, arg);
    c->fn.done = done;
    if (!c->failed) {
        save(row_of(w, run), run);
    }
}

static void stage(void *self, const struct run *run, struct event_page *page, port_counts_done done,
                  void *arg)
{
    struct world *w = self;
    struct world_run *r = row_of(w, run);
    struct call *c = enqueue(w, CALL_COUNTS, run, arg);
    c->fn.counts = done;
    c->run_counts = run->counts;
    if (!c->failed) {
        if (!run->cursor) {
            memset(r->staged, 0, sizeof r->staged);
            c->run_counts.pages = 0;
        }
        for (size_t i = 0; i < page->n_events; i++) {
            r->staged[page->events[i].original_start_ms] = true;
        }
        c->run_counts.pages++;
        save(r, run);
        r->row.counts = c->run_counts;
        snprintf(r->cursor, sizeof r->cursor, "%s", page->next_cursor ? page->next_cursor : "");
    }
    event_page_destroy(page);
}

static void transform(void *self, const struct run *run, const struct window *window UNUSED,
                      staged_rules rules, port_counts_done done, void *arg)
{
    struct world *w = self;
    struct call *c = enqueue(w, CALL_COUNTS, run, arg);
    c->fn.counts = done;
    c->run_counts = run->counts;
    if (!c->failed && rules) {
        save(row_of(w, run), run);
    }
}

static void store_window(void *self, const struct run *run, const struct window *window UNUSED,
                         port_counts_done done, void *arg)
{
    struct world *w = self;
    struct world_run *r = row_of(w, run);
    struct call *c = enqueue(w, CALL_COUNTS, run, arg);
    c->fn.counts = done;
    c->run_counts = run->counts;
    if (c->failed) {
        if (w->fail_code == ERR_GONE) { /* the archive changed: what is staged is worth nothing */
            memset(r->staged, 0, sizeof r->staged);
        }
        return;
    }
    for (int i = 0; i < WORLD_EVENTS; i++) {
        int *stored = &w->archive[run->job_id][i];
        if (r->staged[i] && !*stored) {
            (*stored)++;
            c->run_counts.inserted++;
        } else if (!r->staged[i] && *stored) {
            (*stored)--; /* an incomplete staging would tombstone what is there */
        }
    }
    memset(r->staged, 0, sizeof r->staged);
    save(r, run);
    r->row.counts = c->run_counts;
}

static void suspend(void *self, const struct run *run, int64_t not_before_ms, const struct err *why UNUSED,
                    port_done done, void *arg)
{
    struct world *w = self;
    struct world_run *r = row_of(w, run);
    struct call *c = enqueue(w, CALL_DONE, run, arg);
    c->fn.done = done;
    if (!c->failed) {
        save(r, run);
        snprintf(r->cursor, sizeof r->cursor, "%s", run->cursor ? run->cursor : "");
        r->not_before_ms = not_before_ms;
        r->owner = 0;
    }
}

static void close_run(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                      const struct audit_entry *closing UNUSED, port_done done, void *arg)
{
    struct world *w = self;
    struct world_run *r = row_of(w, run);
    struct call *c = enqueue(w, CALL_DONE, run, arg);
    c->fn.done = done;
    if (!c->failed) {
        save(r, run);
        r->outcome = outcome;
        r->error_code = why ? why->code : 0;
        r->owner = 0;
    }
}

/* ---- calendar ---- */

static void resolve(void *self, const struct run *run, port_calendar_done done, void *arg)
{
    struct call *c = enqueue(self, CALL_RESOLVED, run, arg);
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
    struct call *c = enqueue(w, CALL_PAGE, run, arg);
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

/* What waits for the network comes back cancelled. */
static void cancel(void *self, int64_t run_id)
{
    struct world *w = self;
    LIST_FOREACH (link, &w->queue) {
        struct call *c = CONTAINER_OF(link, struct call, link);
        if (c->run == (size_t)run_id && !c->failed && (c->kind == CALL_PAGE || c->kind == CALL_RESOLVED)) {
            c->failed = true;
            w->cancels++;
            err_set(&c->e, ERR_CANCELLED, 0, "given up");
        }
    }
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
    w->clock = (struct clock){fake_now, fake_now, fake_random};
    w->now_ms = civil_to_day((struct civil_date){2026, 3, 10}) * MS_PER_DAY;
    w->zones = tz_cache_create(NULL);
    for (int i = 0; i < n_jobs; i++) {
        w->jobs[i] = (struct job){.id = i + 1,
                                  .schedule = {.type = SCHEDULE_DAILY, .hour = 23, .minute = 59},
                                  .window_days = 7,
                                  .is_active = true,
                                  .next_run_ms = RUN_NO_TIME,
                                  .name = (char *)(uintptr_t) "sim",
                                  .zone = (char *)(uintptr_t) "Europe/Berlin"};
    }
    w->store = (struct store_port){w,     jobs_due,  jobs_named,   plan,    take,     advance,
                                   stage, transform, store_window, suspend, close_run};
    w->calendar = (struct calendar_port){w, resolve, fetch, account, cancel};
    w->notifier = (struct notifier){w, run_started, run_closed, run_waiting, trouble, stop};
    w->timer = (struct timer_port){w, arm};
    list_init(&w->queue);
}

void world_start(struct world *w)
{
    struct scheduler_options options = {.store = &w->store,
                                        .calendar = &w->calendar,
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
    case CALL_JOBS: c->fn.jobs(c->arg, e, c->job_rows, c->n_jobs); break;
    case CALL_DONE: c->fn.done(c->arg, e); break;
    case CALL_TAKEN:
        c->fn.taken(c->arg, e, &c->taken);
        if (!e) {
            c->taken = (struct taken){0};
        }
        break;
    case CALL_COUNTS: c->fn.counts(c->arg, e, &c->run_counts); break;
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

/* The process is gone: its memory is given back here so that leaks of the real code still show, by letting
 * every outstanding call fail while draining, with a store that no longer takes anything. */
void world_crash(struct world *w)
{
    static struct world_run before[WORLD_RUNS];
    static int archive[WORLD_JOBS + 1][WORLD_EVENTS];
    struct job jobs[WORLD_JOBS];
    size_t n_runs = w->n_runs;
    memcpy(before, w->runs, sizeof before);
    memcpy(archive, w->archive, sizeof archive);
    memcpy(jobs, w->jobs, sizeof jobs);
    world_drain(w);
    memcpy(w->runs, before, sizeof before);
    memcpy(w->archive, archive, sizeof archive);
    memcpy(w->jobs, jobs, sizeof jobs);
    w->n_runs = n_runs;
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
