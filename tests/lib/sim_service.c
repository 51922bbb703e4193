/* The calendar service of the simulated world: each request is answered when its time has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/window.h"
#include "tests/lib/sim.h"

#define PAGES_MAX 3 /* run n has 1 + n % PAGES_MAX pages */

struct request {
    struct list link;
    struct sim_daemon *daemon;
    int64_t run_id, job_id;
    int64_t due_ms; /* on the monotonic clock */
    int code;
    int page; /* -1: the calendar is looked for */
    union {
        port_calendar_done calendar;
        port_page_done page;
    } done;
    void *arg;
};

static struct request *request_of(struct list *link)
{
    return CONTAINER_OF(link, struct request, link);
}

struct sim_reading *sim_reading(struct sim *sim, int64_t run_id)
{
    size_t i = (size_t)run_id;
    if (i >= sim->n_readings) {
        size_t n = i * 2 + 64;
        sim->readings = mem_realloc(sim->readings, n, sizeof *sim->readings);
        for (size_t k = sim->n_readings; k < n; k++) {
            sim->readings[k] = (struct sim_reading){0};
        }
        sim->n_readings = n;
    }
    return &sim->readings[i];
}

static void check_alone(struct sim *sim, const struct request *q)
{
    LIST_FOREACH (link, &sim->requests) {
        const struct request *other = request_of(link);
        if (other->job_id == q->job_id) {
            sim->two_at_once = true;
        }
    }
}

/* Behind those that are due before it or at the same time. */
static void line_up(struct sim *sim, struct request *q)
{
    struct list *behind = sim->requests.prev;
    while (behind != &sim->requests && request_of(behind)->due_ms > q->due_ms) {
        behind = behind->prev;
    }
    q->link.prev = behind;
    q->link.next = behind->next;
    behind->next->prev = &q->link;
    behind->next = &q->link;
}

static struct request *ask(struct sim_daemon *d, const struct run *run, void *arg)
{
    struct sim *sim = d->sim;
    struct request *q = mem_calloc(1, sizeof *q);
    struct sim_answer answer = sim->answer(sim->answer_arg, run);
    *q = (struct request){
        .daemon = d, .run_id = run->id, .job_id = run->job_id, .code = answer.code, .arg = arg};
    q->due_ms = atomic_load(&sim->clock.mono_ms) + answer.delay_ms;
    check_alone(sim, q);
    line_up(sim, q);
    d->n_requests++;
    return q;
}

static void resolve(void *self, const struct run *run, port_calendar_done done, void *arg)
{
    struct request *q = ask(self, run, arg);
    q->page = -1;
    q->done.calendar = done;
}

static void fetch(void *self, const struct run *run, const struct window *window, port_page_done done,
                  void *arg)
{
    struct sim_daemon *d = self;
    struct request *q = ask(d, run, arg);
    q->page = run->cursor ? (int)strtol(run->cursor, NULL, 10) : 0;
    q->done.page = done;
    if (q->page == 0) {
        struct sim_reading *r = sim_reading(d->sim, run->id);
        r->job_id = run->job_id;
        r->from_ms = window->from_ms;
        r->to_ms = window->to_ms;
        r->begun_ms = d->sim->true_ms;
        r->is_whole = false;
    }
}

static void account(void *self, int64_t run_id UNUSED, bool is_over, int64_t *ret_requests,
                    int64_t *ret_throttled)
{
    struct sim_daemon *d = self;
    *ret_requests = *ret_throttled = 0;
    if (is_over) {
        d->is_idle = false; /* a run has left, and that is a pass */
    }
}

static void cancel(void *self UNUSED, int64_t run_id UNUSED)
{
    /* Runs are given up in a drain only, which ends with sim_service_cancel_all. */
}

static struct event_page *make_page(struct sim *sim, const struct request *q)
{
    struct event_page *page = mem_calloc(1, sizeof *page);
    if (q->page < q->run_id % PAGES_MAX) {
        page->next_cursor = mem_printf("%d", q->page + 1);
    } else {
        sim_reading(sim, q->run_id)->is_whole = true;
    }
    return page;
}

static void answer_request(struct sim *sim, struct request *q)
{
    struct err e = {0};
    if (q->code) {
        err_set(&e, q->code, 0, "the service says so");
    }
    list_remove(&q->link);
    q->daemon->n_requests--;
    if (q->page < 0) {
        q->done.calendar(q->arg, q->code ? &e : NULL, q->code ? NULL : "cal");
    } else {
        q->done.page(q->arg, q->code ? &e : NULL, q->code ? NULL : make_page(sim, q));
    }
    free(q);
}

int64_t sim_service_next_ms(const struct sim *sim)
{
    return list_is_empty(&sim->requests) ? PORT_NEVER : request_of(sim->requests.next)->due_ms;
}

void sim_service_answer_next(struct sim *sim)
{
    answer_request(sim, request_of(sim->requests.next));
}

void sim_service_cancel_all(struct sim_daemon *d)
{
    for (struct list *link = d->sim->requests.next, *next; link != &d->sim->requests; link = next) {
        next = link->next;
        if (request_of(link)->daemon == d) {
            request_of(link)->code = ERR_CANCELLED;
            answer_request(d->sim, request_of(link));
        }
    }
}

void sim_service_init(struct sim_daemon *d)
{
    d->calendar = (struct calendar_port){d, resolve, fetch, account, cancel};
}
