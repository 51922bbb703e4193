#include "daemon/pinger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "graph/http.h"
#include "graph/later.h"
#include "graph/origin.h"
#include "scheduler/closing.h"

#define REPLY_MAX     (256u << 10) /* bytes; nobody reads them */
#define COMPLAINT_MAX 1024         /* jobs whose failure is remembered */

const struct pinger_limits pinger_limits_default = {.in_flight = 8, .waiting = 256, .timeout_ms = 5000};

struct ping {
    struct list link;
    struct pinger *pinger;
    int64_t job_id;
    char *name;
    char *url;
    char *body;
};

/* What was said of a job's pings last, as long as none has arrived since. */
struct complaint {
    struct list link;
    int64_t job_id;
    int code;
    int native;
};

struct pinger {
    uv_loop_t *loop;
    struct pinger_limits limits;
    struct run_watcher watcher;
    struct http *http;
    struct list waiting;
    struct list in_flight;
    size_t n_waiting;
    size_t n_in_flight;
    struct list complaints; /* the oldest first */
    size_t n_complaints;
    struct pinger_counts counts;
    int64_t dropped_untold;
    bool is_closing;              /* nothing new comes */
    bool is_ending;               /* nothing more goes out */
    struct alarm_clock *deadline; /* of the closing */
    void (*closed)(void *arg);
    void *closed_arg;
};

static void ping_destroy(struct ping *ping)
{
    free(ping->name);
    free(ping->url);
    free(ping->body);
    free(ping);
}

/* ---- what is said in the journal ---- */

static struct complaint *find_complaint(struct pinger *p, int64_t job_id)
{
    LIST_FOREACH (link, &p->complaints) {
        struct complaint *c = CONTAINER_OF(link, struct complaint, link);
        if (c->job_id == job_id) {
            return c;
        }
    }
    return NULL;
}

static void forget_complaint(struct pinger *p, struct complaint *c)
{
    if (c) {
        list_remove(&c->link);
        p->n_complaints--;
        free(c);
    }
}

static void remember_complaint(struct pinger *p, int64_t job_id, const struct err *e)
{
    if (p->n_complaints == COMPLAINT_MAX) {
        forget_complaint(p, CONTAINER_OF(p->complaints.next, struct complaint, link));
    }
    struct complaint *c = mem_calloc(1, sizeof *c);
    *c = (struct complaint){.job_id = job_id, .code = e->code, .native = e->native};
    list_append(&p->complaints, &c->link);
    p->n_complaints++;
}

static void complain(struct pinger *p, const struct ping *ping, const struct err *e)
{
    struct complaint *old = find_complaint(p, ping->job_id);
    if (old && old->code == e->code && old->native == e->native) {
        return;
    }
    forget_complaint(p, old);
    remember_complaint(p, ping->job_id, e);
    struct log_field fields[] = {{.name = "AA_JOB", .number = ping->job_id},
                                 {.name = "AA_ERROR", .text = err_name(e->code)},
                                 {.name = NULL}};
    log_write(LOG_LEVEL_NOTICE, NULL, fields,
              "job %lld \"%s\": a ping did not arrive, %s; not said again until this changes",
              (long long)ping->job_id, ping->name, e->msg);
}

static void tell_dropped(struct pinger *p)
{
    if (p->dropped_untold > 0) {
        log_write(LOG_LEVEL_NOTICE, NULL, NULL, "%lld pings were dropped: more than could be sent in time",
                  (long long)p->dropped_untold);
        p->dropped_untold = 0;
    }
}

static void drop(struct pinger *p, struct ping *ping)
{
    p->counts.dropped++;
    p->dropped_untold++;
    ping_destroy(ping);
}

/* ---- sending ---- */

static void pump(struct pinger *p);

static bool is_in_flight(const struct pinger *p, int64_t job_id)
{
    LIST_FOREACH (link, &p->in_flight) {
        if (CONTAINER_OF(link, struct ping, link)->job_id == job_id) {
            return true;
        }
    }
    return false;
}

/* The oldest that need not wait for one of the same job: "success" must not overtake "start". */
static struct ping *take_ready(struct pinger *p)
{
    LIST_FOREACH (link, &p->waiting) {
        struct ping *ping = CONTAINER_OF(link, struct ping, link);
        if (!is_in_flight(p, ping->job_id)) {
            list_remove(link);
            p->n_waiting--;
            return ping;
        }
    }
    return NULL;
}

/* An answer that says no is an error like the others; code 0: it says yes. */
static struct err judge(const struct ping *ping, const struct http_reply *reply)
{
    struct err e = {0};
    char host[ORIGIN_HOST_MAX];
    if (reply->status < 200 || reply->status > 299) {
        origin_host_of(ping->url, host);
        err_set(&e, reply->status < 500 ? ERR_REQUEST : ERR_SERVER, reply->status, "host %s: answered %d%s",
                host, reply->status, reply->status / 100 == 3 ? " (redirects are not followed)" : "");
    }
    return e;
}

static void end_if_idle(struct pinger *p);

static void on_done(void *arg, const struct err *e, struct http_reply *reply)
{
    struct ping *ping = arg;
    struct pinger *p = ping->pinger;
    list_remove(&ping->link);
    p->n_in_flight--;
    if (p->is_ending) {
        drop(p, ping);
        return;
    }
    struct err why = e ? *e : judge(ping, reply);
    if (why.code) {
        p->counts.failed++;
        complain(p, ping, &why);
    } else {
        p->counts.arrived++;
        forget_complaint(p, find_complaint(p, ping->job_id));
    }
    ping_destroy(ping);
    pump(p);
    end_if_idle(p);
}

static void pump(struct pinger *p)
{
    struct ping *ping;
    while (p->n_in_flight < p->limits.in_flight && (ping = take_ready(p))) {
        struct http_request request = {.url = ping->url,
                                       .body = ping->body,
                                       .content_type = "text/plain; charset=utf-8",
                                       .max_body = REPLY_MAX,
                                       .timeout_ms = p->limits.timeout_ms};
        list_append(&p->in_flight, &ping->link);
        p->n_in_flight++;
        (void)http_start(p->http, &request, on_done, ping);
    }
    if (p->n_waiting == 0) {
        tell_dropped(p);
    }
}

static void add(struct pinger *p, const struct run *run, const char *suffix, char *body)
{
    struct ping *ping = mem_calloc(1, sizeof *ping);
    size_t len = strlen(run->ping_url);
    while (len > 0 && run->ping_url[len - 1] == '/') {
        len--;
    }
    *ping = (struct ping){.pinger = p,
                          .job_id = run->job_id,
                          .name = mem_strdup(run->name),
                          .url = mem_printf("%.*s%s", (int)len, run->ping_url, suffix),
                          .body = body};
    if (p->n_waiting == p->limits.waiting) {
        drop(p, CONTAINER_OF(list_pop(&p->waiting), struct ping, link));
        p->n_waiting--;
    }
    list_append(&p->waiting, &ping->link);
    p->n_waiting++;
    pump(p);
}

/* ---- what is told ---- */

/* "job 3 "Acme", run 17, 2026-03-01 to 2026-03-31: <what>", a line; `more` follows it. */
static char *make_body(const struct run *run, const char *what, const char *more)
{
    char from[CIVIL_DATE_LEN + 1], to[CIVIL_DATE_LEN + 1];
    civil_format_date(run->from_day, from);
    civil_format_date(run->to_day - 1, to);
    return mem_printf("job %lld \"%s\", run %lld, %s to %s: %s\n%s", (long long)run->job_id, run->name,
                      (long long)run->id, from, to, what, more);
}

static bool is_told_of(const struct pinger *p, const struct run *run)
{
    return run->ping_url && !run->is_dry && !p->is_closing;
}

static void run_started(void *self, const struct run *run)
{
    struct pinger *p = self;
    if (is_told_of(p, run) && run->attempt == 1 && !run->step[0]) {
        add(p, run, "/start", make_body(run, "begins", ""));
    }
}

static void run_closed(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                       int64_t duration_ms UNUSED)
{
    struct pinger *p = self;
    if (is_told_of(p, run)) {
        char counts[CLOSING_TEXT_MAX];
        closing_counts_text(run, counts);
        char *more = why ? mem_printf("%s\n%s in step %s: %s\n", counts, err_text(why->code),
                                      run->step[0] ? run->step : "start", why->msg)
                         : mem_printf("%s\n", counts);
        add(p, run, outcome == OUTCOME_FAILURE ? "/fail" : "",
            make_body(run, run_outcome_name(outcome), more));
        free(more);
    }
}

/* ---- up and down ---- */

int pinger_create(uv_loop_t *loop, const char *ca_file, const struct pinger_limits *limits,
                  struct pinger **ret_pinger, struct err *e)
{
    struct pinger *p = mem_calloc(1, sizeof *p);
    p->loop = loop;
    p->limits = limits ? *limits : pinger_limits_default;
    p->watcher = (struct run_watcher){.self = p, .run_started = run_started, .run_closed = run_closed};
    list_init(&p->waiting);
    list_init(&p->in_flight);
    list_init(&p->complaints);
    struct graph_limits http_limits = graph_limits_default;
    http_limits.connect_ms = p->limits.timeout_ms;
    http_limits.max_requests = (int)p->limits.in_flight;
    int r = http_create(loop, ca_file, &http_limits, &p->http, e);
    if (r < 0) {
        free(p);
        return r;
    }
    *ret_pinger = p;
    return 0;
}

const struct run_watcher *pinger_watcher(const struct pinger *p)
{
    return &p->watcher;
}

struct pinger_counts pinger_counts(const struct pinger *p)
{
    return p->counts;
}

static void on_http_closed(void *arg)
{
    struct pinger *p = arg;
    void (*closed)(void *arg) = p->closed;
    void *closed_arg = p->closed_arg;
    tell_dropped(p);
    while (p->n_complaints > 0) {
        forget_complaint(p, CONTAINER_OF(p->complaints.next, struct complaint, link));
    }
    free(p);
    closed(closed_arg);
}

static void end(struct pinger *p)
{
    p->is_ending = true;
    http_close(p->http, on_http_closed, p);
}

static void end_if_idle(struct pinger *p)
{
    if (p->is_closing && !p->is_ending && p->n_in_flight == 0 && p->n_waiting == 0) {
        alarm_stop(p->deadline);
        end(p);
    }
}

static void on_deadline(void *arg)
{
    struct pinger *p = arg;
    for (struct list *link; (link = list_pop(&p->waiting));) {
        p->n_waiting--;
        drop(p, CONTAINER_OF(link, struct ping, link));
    }
    end(p);
}

void pinger_close(struct pinger *p, void (*closed)(void *arg), void *arg)
{
    p->closed = closed;
    p->closed_arg = arg;
    p->is_closing = true;
    p->deadline = alarm_start(p->loop, p->limits.timeout_ms, on_deadline, p);
    end_if_idle(p);
}
