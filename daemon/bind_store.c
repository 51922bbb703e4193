#include "daemon/bind_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "storage/agenda_store.h"
#include "storage/archive_store.h"
#include "storage/instance_store.h"
#include "storage/queue_store.h"
#include "storage/run_store.h"
#include "storage/stage_store.h"
#include "storage/take_store.h"

struct bind_store {
    struct writer *writer;
    int64_t instance_id;
    struct store_port port;
};

/* One call under way: what was asked (copied, but for the run's text and the rules), what came out, and whom
 * to tell.  Made on the loop thread, worked on by the storage thread, freed on the loop thread after done. */
struct call {
    struct bind_store *store;
    struct run run; /* its text is borrowed */
    int64_t now_ms; /* or a job's id, or not_before_ms */
    size_t max, max_catch_up;
    char *zone_version;
    struct slot_plan *plans; /* the caller's */
    size_t n_plans;
    struct wish *wishes; /* the caller's */
    size_t n_wishes;
    struct queue_asker asker;
    struct audit_entry entry; /* its text is ours */
    bool has_entry;
    struct event_page *page;
    struct window window;
    staged_rules rules;
    enum run_outcome outcome;
    struct err why; /* code 0: none */

    struct job *jobs;
    size_t n_jobs;
    struct taken_runs taken;
    struct agenda_start start;
    struct agenda_overdue *overdue;
    size_t n_overdue;
    int64_t next_ms;
    struct run_counts counts;

    port_done done;
    port_started_done started_done;
    port_jobs_done jobs_done;
    port_overdue_done overdue_done;
    port_taken_done taken_done;
    port_counts_done counts_done;
    void *arg;
};

static struct call *call_create(void *self, const struct run *run, void *arg)
{
    struct call *c = mem_calloc(1, sizeof *c);
    c->store = self;
    if (run) {
        c->run = *run;
    }
    c->arg = arg;
    return c;
}

/* The members of an entry that are text. */
static const char **entry_text(struct audit_entry *entry, size_t i)
{
    const char **const text[] = {
        &entry->action_type,
        &entry->operation,
        &entry->resource_type,
        &entry->resource_id,
        &entry->status,
        &entry->message,
        &entry->details_json,
        &entry->request_data_json,
        &entry->response_data_json,
        &entry->correlation_id,
    };
    return i < ARRAY_LEN(text) ? text[i] : NULL;
}

/* Callers build entries on their stack. */
static void copy_entry(struct call *c, const struct audit_entry *entry)
{
    const char **text;
    if (!entry) {
        return;
    }
    c->entry = *entry;
    c->has_entry = true;
    for (size_t i = 0; (text = entry_text(&c->entry, i)); i++) {
        *text = mem_strdup(*text);
    }
}

static void free_entry(struct call *c)
{
    const char **text;
    for (size_t i = 0; (text = entry_text(&c->entry, i)); i++) {
        free((char *)(uintptr_t)*text);
    }
}

static void call_destroy(struct call *c)
{
    free_entry(c);
    event_page_destroy(c->page);
    free(c->zone_version);
    free(c->overdue);
    free(c);
}

static void submit(struct call *c, writer_work work, writer_done done)
{
    writer_submit(c->store->writer, work, done, c);
}

static const struct err *why_of(const struct call *c)
{
    return c->why.code ? &c->why : NULL;
}

static const struct audit_entry *entry_of(const struct call *c)
{
    return c->has_entry ? &c->entry : NULL;
}

/* ---- answers ---- */

static void answer(void *arg, const struct err *e)
{
    struct call *c = arg;
    c->done(c->arg, e);
    call_destroy(c);
}

static void answer_counts(void *arg, const struct err *e)
{
    struct call *c = arg;
    c->counts_done(c->arg, e, e ? NULL : &c->counts);
    call_destroy(c);
}

static void answer_started(void *arg, const struct err *e)
{
    struct call *c = arg;
    struct store_start start = {c->start.clock_high_ms, c->start.has_new_zones, c->start.n_left};
    c->started_done(c->arg, e, e ? NULL : &start);
    call_destroy(c);
}

static void answer_jobs(void *arg, const struct err *e)
{
    struct call *c = arg;
    if (e) {
        agenda_jobs_free(c->jobs, c->n_jobs); /* the work was done, but its commit failed */
        c->jobs_done(c->arg, e, NULL, 0);
    } else {
        c->jobs_done(c->arg, NULL, c->jobs, c->n_jobs);
    }
    call_destroy(c);
}

static void answer_overdue(void *arg, const struct err *e)
{
    struct call *c = arg;
    struct overdue *runs = mem_calloc(c->n_overdue + 1, sizeof *runs);
    for (size_t i = 0; i < c->n_overdue; i++) {
        const struct agenda_overdue *from = &c->overdue[i];
        runs[i] = (struct overdue){.job_id = from->job_id, .run_id = from->run_id, .slot_ms = from->slot_ms};
        memcpy(runs[i].name, from->name, sizeof runs[i].name);
        memcpy(runs[i].state, from->state, sizeof runs[i].state);
    }
    c->overdue_done(c->arg, e, runs, c->n_overdue, c->next_ms);
    free(runs);
    call_destroy(c);
}
_Static_assert(sizeof((struct overdue *)0)->name == sizeof((struct agenda_overdue *)0)->name &&
                   sizeof((struct overdue *)0)->state == sizeof((struct agenda_overdue *)0)->state,
               "names are copied as they are");

static void free_taken(struct taken_runs *taken)
{
    for (size_t i = 0; i < taken->n; i++) {
        run_finish(&taken->runs[i]);
    }
    free(taken->runs);
}

static void answer_taken(void *arg, const struct err *e)
{
    struct call *c = arg;
    if (e) {
        free_taken(&c->taken); /* the work was done, but its commit failed */
        c->taken_done(c->arg, e, NULL);
    } else {
        struct taken taken = {c->taken.runs, c->taken.n, c->taken.next_wake_ms, c->taken.has_more};
        c->taken_done(c->arg, NULL, &taken);
    }
    call_destroy(c);
}

/* ---- the agenda ---- */

static int work_start(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return agenda_start(db, c->zone_version, &c->start, e);
}

static void start(void *self, const char *zone_version, port_started_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->zone_version = mem_strdup(zone_version);
    c->started_done = done;
    submit(c, work_start, answer_started);
}

static int work_clock_back(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return agenda_clock_went_back(db, c->now_ms, e);
}

static void clock_went_back(void *self, int64_t now_ms, port_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->now_ms = now_ms;
    c->done = done;
    submit(c, work_clock_back, answer);
}

static int work_jobs_due(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return agenda_jobs_due(db, c->now_ms, c->max, &c->jobs, &c->n_jobs, e);
}

static void jobs_due(void *self, int64_t now_ms, size_t max, port_jobs_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->now_ms = now_ms;
    c->max = max;
    c->jobs_done = done;
    submit(c, work_jobs_due, answer_jobs);
}

static int work_job(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return agenda_job(db, c->now_ms, &c->jobs, &c->n_jobs, e);
}

static void job(void *self, int64_t job_id, port_jobs_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->now_ms = job_id;
    c->jobs_done = done;
    submit(c, work_job, answer_jobs);
}

static int work_jobs(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return agenda_jobs(db, c->now_ms, c->max, &c->jobs, &c->n_jobs, e);
}

static void jobs(void *self, int64_t after_id, size_t max, port_jobs_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->now_ms = after_id;
    c->max = max;
    c->jobs_done = done;
    submit(c, work_jobs, answer_jobs);
}

static int work_plan(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    int r = 0;
    for (size_t i = 0; i < c->n_plans && r == 0; i++) {
        r = queue_slots(db, &c->plans[i], e);
    }
    return r < 0 ? r : agenda_note_clock(db, db_now_ms(db), e);
}

static void plan(void *self, struct slot_plan *plans, size_t n, port_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->plans = plans;
    c->n_plans = n;
    c->done = done;
    submit(c, work_plan, answer);
}

static int work_wish(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    int r = 0;
    for (size_t i = 0; i < c->n_wishes && r == 0; i++) {
        struct wish *w = &c->wishes[i];
        struct queue_wish wish = {w->job_id, w->at_ms, w->from_day, w->to_day, c->asker};
        struct queue_answer answer;
        r = queue_wish(db, &wish, &answer, e);
        if (r == 0) {
            w->is_new = answer.is_new;
            w->run_id = answer.run_id;
            w->holder_id = answer.holder_id;
            w->is_bell = answer.is_bell;
        }
    }
    return r;
}

static void wish(void *self, struct wish *wishes, size_t n, struct run_asker asker, port_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->wishes = wishes;
    c->n_wishes = n;
    c->asker = (struct queue_asker){asker.trigger, asker.pid, asker.uid};
    c->done = done;
    submit(c, work_wish, answer);
}

static int work_overdue(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return agenda_overdue(db, c->now_ms, &c->overdue, &c->n_overdue, &c->next_ms, e);
}

static void overdue(void *self, int64_t due_ms, port_overdue_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->now_ms = due_ms;
    c->next_ms = PORT_NEVER;
    c->overdue_done = done;
    submit(c, work_overdue, answer_overdue);
}
_Static_assert(PORT_NEVER == AGENDA_NEVER, "times are copied as they are");

static int work_take(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    int64_t *live = NULL;
    struct taker taker = {.instance_id = c->store->instance_id, .max_catch_up = c->max_catch_up};
    int r = instance_list_live(db, &live, &taker.n_live, e);
    taker.live = live;
    r = r < 0 ? r : take_runs(db, c->now_ms, c->max, &taker, &c->taken, e);
    free(live);
    return r;
}

static void take(void *self, int64_t now_ms, size_t max, size_t max_catch_up, port_taken_done done, void *arg)
{
    struct call *c = call_create(self, NULL, arg);
    c->now_ms = now_ms;
    c->max = max;
    c->max_catch_up = max_catch_up;
    c->taken_done = done;
    submit(c, work_take, answer_taken);
}

/* ---- one run ---- */

static int work_advance(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return run_store_advance(db, &c->run, c->store->instance_id, entry_of(c), e);
}

static void advance(void *self, const struct run *run, const struct audit_entry *child, port_done done,
                    void *arg)
{
    struct call *c = call_create(self, run, arg);
    copy_entry(c, child);
    c->done = done;
    submit(c, work_advance, answer);
}

static int work_stage(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    int r = stage_store_page(db, &c->run, c->store->instance_id, c->page, &c->counts, e);
    event_page_destroy(c->page); /* here, where freeing megabytes keeps nobody waiting */
    c->page = NULL;
    return r;
}

static void stage(void *self, const struct run *run, struct event_page *page, port_counts_done done,
                  void *arg)
{
    struct call *c = call_create(self, run, arg);
    c->page = page;
    c->counts_done = done;
    submit(c, work_stage, answer_counts);
}

static int work_transform(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return archive_store_transform(db, &c->run, c->store->instance_id, &c->window, c->rules, &c->counts, e);
}

static void transform(void *self, const struct run *run, const struct window *window, staged_rules rules,
                      port_counts_done done, void *arg)
{
    struct call *c = call_create(self, run, arg);
    c->window = *window;
    c->rules = rules;
    c->counts_done = done;
    submit(c, work_transform, answer_counts);
}

static int work_store(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return archive_store_window(db, &c->run, c->store->instance_id, &c->window, &c->counts, e);
}

static void store(void *self, const struct run *run, const struct window *window, port_counts_done done,
                  void *arg)
{
    struct call *c = call_create(self, run, arg);
    c->window = *window;
    c->counts_done = done;
    submit(c, work_store, answer_counts);
}

static int work_suspend(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return run_store_suspend(db, &c->run, c->store->instance_id, c->now_ms, why_of(c), e);
}

static void suspend(void *self, const struct run *run, int64_t not_before_ms, const struct err *why,
                    port_done done, void *arg)
{
    struct call *c = call_create(self, run, arg);
    c->now_ms = not_before_ms;
    c->why = why ? *why : (struct err){0};
    c->done = done;
    submit(c, work_suspend, answer);
}

static int work_close(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return run_store_close(db, &c->run, c->store->instance_id, c->outcome, why_of(c), entry_of(c), e);
}

static void close_run(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                      const struct audit_entry *closing, port_done done, void *arg)
{
    struct call *c = call_create(self, run, arg);
    c->outcome = outcome;
    c->why = why ? *why : (struct err){0};
    copy_entry(c, closing);
    c->done = done;
    submit(c, work_close, answer);
}

/* ---- life ---- */

struct bind_store *bind_store_create(struct writer *writer, int64_t instance_id)
{
    struct bind_store *b = mem_calloc(1, sizeof *b);
    b->writer = writer;
    b->instance_id = instance_id;
    b->port = (struct store_port){
        .self = b,
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
        .store = store,
        .suspend = suspend,
        .close = close_run,
    };
    return b;
}

void bind_store_destroy(struct bind_store *b)
{
    free(b);
}

const struct store_port *bind_store_port(const struct bind_store *b)
{
    return &b->port;
}
