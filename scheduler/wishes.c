#include "scheduler/wishes.h"

#include <stdlib.h>

#include "base/mem.h"
#include "scheduler/slots.h"

#define BATCH 512

struct wishes {
    struct wishes_ports ports;
    struct run_asker asker;
    struct wish *wishes; /* of the batch that is being stored */
    size_t n;
    int64_t after_id; /* the next batch begins behind it; 0: there is none */
    void (*done)(void *arg);
    void *arg;
};

static void finish(struct wishes *w)
{
    void (*done)(void *) = w->done;
    void *arg = w->arg;
    free(w->wishes);
    free(w);
    done(arg);
}

static void report(struct wishes *w, const struct err *e)
{
    w->ports.notifier->trouble(w->ports.notifier->self, e, "running a job on a signal");
}

static void on_jobs(void *arg, const struct err *e, struct job *jobs, size_t n);

static void on_stored(void *arg, const struct err *e)
{
    struct wishes *w = arg;
    const struct notifier *notifier = w->ports.notifier;
    for (size_t i = 0; i < w->n && !e; i++) {
        notifier->wish_queued(notifier->self, &w->wishes[i], w->asker);
    }
    if (e) {
        report(w, e);
    }
    free(w->wishes);
    w->wishes = NULL;
    if (e || w->after_id == 0) {
        finish(w);
        return;
    }
    w->ports.store->jobs(w->ports.store->self, w->after_id, BATCH, on_jobs, w);
}

/* 0, or why the job can not run now. */
static int check(const struct wishes *w, const struct job *job, const struct tz **ret_zone, struct err *e)
{
    if (!job->is_active || job->is_paused) {
        return err_set(e, ERR_INVALID, 0, "job %lld (\"%s\") is %s", (long long)job->id, job->name,
                       job->is_active ? "paused" : "not active");
    }
    if (job->needs_sign_in) {
        return err_set(e, ERR_LOGIN, 0, "job %lld (\"%s\") waits until its user has signed in again",
                       (long long)job->id, job->name);
    }
    return tz_cache_get(w->ports.zones, job->zone, ret_zone, e);
}

static void add(struct wishes *w, const struct job *job, int64_t now_ms)
{
    const struct tz *zone;
    struct err e;
    if (check(w, job, &zone, &e) < 0) {
        report(w, &e);
        return;
    }
    struct wish *wish = &w->wishes[w->n++];
    *wish = (struct wish){.job_id = job->id, .at_ms = now_ms};
    slots_window(job, zone, now_ms, &wish->from_day, &wish->to_day);
}

static void on_jobs(void *arg, const struct err *e, struct job *jobs, size_t n)
{
    struct wishes *w = arg;
    if (e) {
        report(w, e);
        finish(w);
        return;
    }
    int64_t now_ms = clock_wall_ms(w->ports.clock);
    w->n = 0;
    w->wishes = mem_calloc(n + 1, sizeof *w->wishes);
    for (size_t i = 0; i < n; i++) {
        add(w, &jobs[i], now_ms);
        w->after_id = n == BATCH ? jobs[i].id : 0;
        job_finish(&jobs[i]);
    }
    free(jobs);
    w->ports.store->wish(w->ports.store->self, w->wishes, w->n, w->asker, on_stored, w);
}

void wishes_queue(const struct wishes_ports *ports, int64_t job_id, struct run_asker asker,
                  void (*done)(void *arg), void *arg)
{
    struct wishes *w = mem_calloc(1, sizeof *w);
    *w = (struct wishes){.ports = *ports, .asker = asker, .done = done, .arg = arg};
    if (job_id != 0) {
        ports->store->job(ports->store->self, job_id, on_jobs, w);
    } else {
        ports->store->jobs(ports->store->self, 0, BATCH, on_jobs, w);
    }
}
