/* The store of the fake world: jobs, runs, staging and archive as arrays. */
#include "tests/lib/fake_world_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void start(void *self, const char *zone_version UNUSED, port_started_done done, void *arg)
{
    world_enqueue(self, CALL_STARTED, NULL, arg)->fn.started = done;
}

static void clock_went_back(void *self, int64_t now_ms, port_done done, void *arg)
{
    struct world *w = self;
    struct call *c = world_enqueue(w, CALL_DONE, NULL, arg);
    c->fn.done = done;
    if (!c->failed) {
        w->clock_backs++;
        w->clock_high_ms = now_ms;
    }
}

/* A row as the scheduler gets it: the text is its own. */
static void add_job(struct call *c, const struct job *job)
{
    c->job_rows = mem_realloc(c->job_rows, c->n_jobs + 1, sizeof *c->job_rows);
    struct job *row = &c->job_rows[c->n_jobs++];
    *row = *job;
    row->name = mem_strdup(job->name);
    row->zone = mem_strdup(job->zone);
}

static void jobs_due(void *self, int64_t now_ms, size_t max UNUSED, port_jobs_done done, void *arg)
{
    struct world *w = self;
    struct call *c = world_enqueue(w, CALL_JOBS, NULL, arg);
    c->fn.jobs = done;
    for (size_t i = 0; i < w->n_jobs && !c->failed; i++) {
        if (w->jobs[i].next_run_ms == RUN_NO_TIME || w->jobs[i].next_run_ms <= now_ms) {
            add_job(c, &w->jobs[i]);
        }
    }
}

static void job(void *self, int64_t job_id, port_jobs_done done, void *arg)
{
    struct world *w = self;
    struct call *c = world_enqueue(w, CALL_JOBS, NULL, arg);
    c->fn.jobs = done;
    if (!c->failed) {
        add_job(c, &w->jobs[job_id - 1]);
    }
}

static void jobs(void *self, int64_t after_id, size_t max UNUSED, port_jobs_done done, void *arg)
{
    struct world *w = self;
    struct call *c = world_enqueue(w, CALL_JOBS, NULL, arg);
    c->fn.jobs = done;
    for (size_t i = (size_t)after_id; i < w->n_jobs && !c->failed; i++) {
        add_job(c, &w->jobs[i]);
    }
}

static struct world_run *find_slot(struct world *w, int64_t job_id, int64_t slot_ms, enum run_trigger trigger)
{
    for (size_t i = 0; i < w->n_runs; i++) {
        const struct run *r = &w->runs[i].row;
        if (r->job_id == job_id && r->slot_ms == slot_ms && r->trigger == trigger) {
            return &w->runs[i];
        }
    }
    return NULL;
}

static struct world_run *add_run(struct world *w, const struct run *row)
{
    if (w->n_runs == WORLD_RUNS) {
        fprintf(stderr, "the world has room for %d runs\n", WORLD_RUNS);
        abort();
    }
    struct world_run *r = &w->runs[w->n_runs++];
    *r = (struct world_run){.row = *row};
    r->row.id = (int64_t)w->n_runs;
    r->row.type = w->jobs[row->job_id - 1].type;
    r->row.attempt = 1;
    return r;
}

static void write_slot(struct world *w, int64_t job_id, struct slot *slot)
{
    if (find_slot(w, job_id, slot->at_ms, TRIGGER_SCHEDULE)) {
        return;
    }
    struct world_run *r = add_run(w, &(struct run){.job_id = job_id,
                                                   .trigger = TRIGGER_SCHEDULE,
                                                   .slot_ms = slot->at_ms,
                                                   .is_catch_up = slot->is_catch_up,
                                                   .from_day = slot->from_day,
                                                   .to_day = slot->to_day});
    r->verdict = slot->verdict;
    r->not_before_ms = slot->not_before_ms;
    r->outcome = slot->verdict == SLOT_PENDING ? OUTCOME_NONE : OUTCOME_SUCCESS;
    slot->is_new = true;
    slot->run_id = r->row.id;
}

static void plan(void *self, struct slot_plan *plans, size_t n, port_done done, void *arg)
{
    struct world *w = self;
    struct call *c = world_enqueue(w, CALL_DONE, NULL, arg);
    c->fn.done = done;
    if (!c->failed && w->clock_high_ms < w->now_ms) {
        w->clock_high_ms = w->now_ms;
    }
    for (size_t i = 0; i < n && !c->failed; i++) {
        struct slot_plan *p = &plans[i];
        struct job *j = &w->jobs[p->job_id - 1];
        if (j->next_run_ms != p->was_next_ms || j->slots_through_ms != p->was_through_ms) {
            continue;
        }
        j->next_run_ms = p->next_ms;
        j->slots_through_ms = p->through_ms;
        for (size_t k = 0; k < p->n_slots; k++) {
            write_slot(w, p->job_id, &p->slots[k]);
        }
    }
}

static void wish(void *self, struct wish *wishes, size_t n, struct run_asker asker, port_done done, void *arg)
{
    struct world *w = self;
    struct call *c = world_enqueue(w, CALL_DONE, NULL, arg);
    c->fn.done = done;
    for (size_t i = 0; i < n && !c->failed; i++) {
        struct wish *p = &wishes[i];
        p->is_new = !find_slot(w, p->job_id, p->at_ms, asker.trigger);
        if (p->is_new) {
            p->run_id = add_run(w, &(struct run){.job_id = p->job_id,
                                                 .trigger = asker.trigger,
                                                 .slot_ms = p->at_ms,
                                                 .from_day = p->from_day,
                                                 .to_day = p->to_day})
                            ->row.id;
        }
    }
}

static void overdue(void *self, int64_t due_ms UNUSED, port_overdue_done done, void *arg)
{
    world_enqueue(self, CALL_OVERDUE, NULL, arg)->fn.overdue = done;
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

static void take(void *self, int64_t now_ms, size_t max, size_t max_catch_up UNUSED, port_taken_done done,
                 void *arg)
{
    struct world *w = self;
    struct call *c = world_enqueue(w, CALL_TAKEN, NULL, arg);
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
    struct call *c = world_enqueue(w, CALL_DONE, run, arg);
    c->fn.done = done;
    if (!c->failed) {
        save(world_row(w, run), run);
    }
}

static void stage(void *self, const struct run *run, struct event_page *page, port_counts_done done,
                  void *arg)
{
    struct world *w = self;
    struct world_run *r = world_row(w, run);
    struct call *c = world_enqueue(w, CALL_COUNTS, run, arg);
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
    struct call *c = world_enqueue(w, CALL_COUNTS, run, arg);
    c->fn.counts = done;
    c->run_counts = run->counts;
    if (!c->failed && rules) {
        save(world_row(w, run), run);
    }
}

static void store_window(void *self, const struct run *run, const struct window *window UNUSED,
                         port_counts_done done, void *arg)
{
    struct world *w = self;
    struct world_run *r = world_row(w, run);
    struct call *c = world_enqueue(w, CALL_COUNTS, run, arg);
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
    struct world_run *r = world_row(w, run);
    struct call *c = world_enqueue(w, CALL_DONE, run, arg);
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
    struct world_run *r = world_row(w, run);
    struct call *c = world_enqueue(w, CALL_DONE, run, arg);
    c->fn.done = done;
    if (!c->failed) {
        save(r, run);
        r->outcome = outcome;
        r->error_code = why ? why->code : 0;
        r->owner = 0;
    }
}

void world_store_init(struct world *w)
{
    w->store = (struct store_port){
        .self = w,
        .start = start,
        .clock_went_back = clock_went_back,
        .jobs_due = jobs_due,
        .job = job,
        .jobs = jobs,
        .plan = plan,
        .wish = wish,
        .overdue = overdue,
        .take = take,
        .advance = advance,
        .stage = stage,
        .transform = transform,
        .store = store_window,
        .suspend = suspend,
        .close = close_run,
    };
}
