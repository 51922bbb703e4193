#include "graph/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/civil.h"
#include "base/mem.h"
#include "graph/calendars.h"
#include "graph/escape.h"
#include "graph/later.h"
#include "graph/page.h"
#include "graph/url_set.h"

/* One page on its way: asked for, then parsed, then ready.  One that was given up lives on until the client
 * or the pool is done with it. */
struct fetch {
    struct view_reader *reader;
    char *url;
    bool is_ready;
    bool is_given_up;
    struct client_call *call;
    uv_work_t work;
    char *body;
    size_t len;
    char request_id[64];
    struct event_page *page;
    struct err err;
};

struct view_reader {
    struct graph_client *client;
    char *account;
    char *what;
    char *first_url;
    struct page_context context;
    struct err refusal;    /* code 0: the window can be asked for */
    struct fetch *current; /* the page that is wanted, or the one ahead; NULL: none */
    int n_fetches;         /* all that live */
    view_done done;        /* NULL: nobody waits */
    void *arg;
    struct err err;            /* told by `tell` when there is no fetch to tell of */
    struct alarm_clock *alarm; /* tell, from the loop */
    struct url_set seen;       /* the pages that were given out */
    int pages;
    struct client_cost cost;
    bool is_closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void free_if_closed(struct view_reader *r)
{
    if (!r->is_closing || r->n_fetches > 0 || r->done || r->alarm) {
        return;
    }
    void (*closed)(void *arg) = r->closed;
    void *arg = r->closed_arg;
    url_set_finish(&r->seen);
    free(r->account);
    free(r->first_url);
    free(r->what);
    free(r);
    if (closed) {
        closed(arg);
    }
}

static void fetch_destroy(struct fetch *f)
{
    f->reader->n_fetches--;
    event_page_destroy(f->page);
    free(f->body);
    free(f->url);
    free(f);
}

static void begin_fetch(struct view_reader *r, const char *url);

/* The current page is ready and wanted: hands it out, and asks for the next one. */
static void hand_out(struct view_reader *r)
{
    struct fetch *f = r->current;
    struct event_page *page = f->page;
    struct err err = f->err;
    view_done done = r->done;
    f->page = NULL;
    r->current = NULL;
    r->done = NULL;
    if (page) {
        url_set_add(&r->seen, f->url);
        r->pages++;
    }
    fetch_destroy(f);
    if (page && page->next_cursor) {
        begin_fetch(r, page->next_cursor);
    }
    done(r->arg, page ? NULL : &err, page);
}

/* Whether the page may be followed; f->err says why not. */
static int check_next(struct fetch *f)
{
    struct view_reader *r = f->reader;
    const char *next = f->page->next_cursor;
    if (!next) {
        return 0;
    }
    if (origin_check(client_origin(r->client), next, &f->err) < 0) {
        return err_prefix(&f->err, "%s, next page", r->what);
    }
    if (strcmp(next, f->url) == 0 || url_set_has(&r->seen, next)) {
        return err_set(&f->err, ERR_LOOP, 0, "%s: after %d pages the next one is one that was read already",
                       r->what, r->pages + 1);
    }
    if (r->pages + 1 >= client_limits(r->client)->max_pages) {
        return err_set(&f->err, ERR_LOOP, 0, "%s: more than %d pages", r->what,
                       client_limits(r->client)->max_pages);
    }
    return 0;
}

static void fetch_ready(struct fetch *f)
{
    struct view_reader *r = f->reader;
    if (f->is_given_up) {
        fetch_destroy(f);
        free_if_closed(r);
        return;
    }
    if (f->page && check_next(f) < 0) {
        event_page_destroy(f->page);
        f->page = NULL;
    }
    f->is_ready = true;
    if (r->done) {
        hand_out(r);
    }
}

static void parse(uv_work_t *work)
{
    struct fetch *f = CONTAINER_OF(work, struct fetch, work);
    char *body = f->body;
    f->body = NULL;
    if (page_parse(body, f->len, &f->reader->context, &f->page, &f->err) < 0) {
        f->page = NULL;
    }
}

static void on_parsed(uv_work_t *work, int status)
{
    struct fetch *f = CONTAINER_OF(work, struct fetch, work);
    if (status < 0) {
        err_set(&f->err, ERR_CANCELLED, 0, "%s: given up", f->reader->what);
    } else if (f->page) {
        snprintf(f->page->request_id, sizeof f->page->request_id, "%s", f->request_id);
    } else {
        (void)err_prefix(&f->err, "%s%s%s", f->reader->what, *f->request_id ? ", request-id " : "",
                         f->request_id);
        snprintf(f->err.request_id, sizeof f->err.request_id, "%s", f->request_id);
    }
    fetch_ready(f);
}

static void on_body(void *arg, const struct err *e, struct http_reply *reply, const struct client_cost *cost)
{
    struct fetch *f = arg;
    struct view_reader *r = f->reader;
    f->call = NULL;
    r->cost.requests += cost->requests;
    r->cost.throttled += cost->throttled;
    if (e || f->is_given_up) {
        f->err = e ? *e : f->err;
        fetch_ready(f);
        return;
    }
    snprintf(f->request_id, sizeof f->request_id, "%s", reply->request_id);
    f->body = buf_steal(&reply->body, &f->len);
    if (uv_queue_work(client_loop(r->client), &f->work, parse, on_parsed) < 0) {
        err_set(&f->err, ERR_BUG, 0, "%s: the thread pool takes no work", r->what);
        fetch_ready(f);
    }
}

static void begin_fetch(struct view_reader *r, const char *url)
{
    struct fetch *f = mem_calloc(1, sizeof *f);
    f->reader = r;
    f->url = mem_strdup(url);
    r->n_fetches++;
    r->current = f;
    struct client_request request = {
        .account = r->account, .url = url, .what = r->what, .max_body = client_limits(r->client)->page_bytes};
    f->call = client_get(r->client, &request, on_body, f);
}

static void give_up(struct view_reader *r)
{
    struct fetch *f = r->current;
    r->current = NULL;
    if (!f) {
        return;
    }
    f->is_given_up = true;
    if (f->call) {
        client_cancel(f->call);
    } else if (f->is_ready) {
        fetch_destroy(f);
    } else {
        (void)uv_cancel((uv_req_t *)&f->work); /* if it runs already, on_parsed comes all the same */
    }
}

/* Tells from the loop what was known when it was asked for. */
static void tell(void *arg)
{
    struct view_reader *r = arg;
    r->alarm = NULL;
    if (r->done && r->err.code != 0) {
        view_done done = r->done;
        struct err err = r->err;
        r->done = NULL;
        r->err = (struct err){0};
        done(r->arg, &err, NULL);
    } else if (r->done && r->current && r->current->is_ready) {
        hand_out(r);
    }
    free_if_closed(r);
}

static void tell_later(struct view_reader *r)
{
    if (!r->alarm) {
        r->alarm = alarm_start(client_loop(r->client), 0, tell, r);
    }
}

static void format_utc(int64_t utc_ms, char ret_text[CIVIL_TIME_LEN + 1])
{
    civil_format_time(utc_ms, ret_text);
    ret_text[10] = 'T';
    ret_text[19] = 'Z'; /* in place of the fraction */
    ret_text[20] = '\0';
}

/* A day more on each side than the window has: all-day events are matched as if they were UTC days (graph.md
 * §2), and the filter is ours.  No $select: it would leave out the times of creation and change. */
static char *make_first_url(const struct graph_client *client, const struct view_config *config)
{
    char from[CIVIL_TIME_LEN + 1], to[CIVIL_TIME_LEN + 1];
    format_utc(config->window.from_ms - MS_PER_DAY, from);
    format_utc(config->window.to_ms + MS_PER_DAY, to);
    char *id = escape_text(config->calendar_id);
    bool is_primary = strcmp(config->calendar_id, calendars_primary) == 0;
    char *rest =
        mem_printf("/calendar%s%s/calendarView?startDateTime=%s&endDateTime=%s&$top=%d"
                   "&$orderby=start/dateTime",
                   is_primary ? "" : "s/", is_primary ? "" : id, from, to, client_limits(client)->page_size);
    char *path = client_user_path(config->account, rest);
    char *url = mem_printf("%s%s", client_base_url(client), path);
    free(path);
    free(rest);
    free(id);
    return url;
}

struct view_reader *view_create(struct graph_client *client, const struct view_config *config)
{
    struct view_reader *r = mem_calloc(1, sizeof *r);
    int64_t span_ms = config->window.to_ms - config->window.from_ms + 2 * MS_PER_DAY;
    int max_days = client_limits(client)->max_window_days;
    r->client = client;
    r->account = mem_strdup(config->account);
    r->what = mem_printf("calendar view of %s", config->account);
    r->first_url = make_first_url(client, config);
    r->context = (struct page_context){config->assumed_zone, config->zones};
    if (span_ms > max_days * MS_PER_DAY) {
        err_set(&r->refusal, ERR_INVALID, 0, "%s: a window of %lld days is more than Graph takes; at most %d",
                r->what, (long long)(span_ms / MS_PER_DAY - 2), max_days - 2);
    }
    return r;
}

void view_fetch(struct view_reader *r, const char *cursor, view_done done, void *arg)
{
    const char *url = cursor ? cursor : r->first_url;
    r->done = done;
    r->arg = arg;
    if (r->refusal.code != 0) {
        r->err = r->refusal;
        tell_later(r);
        return;
    }
    if (!cursor) {
        r->pages = 0;
    }
    if (!cursor ||
        url_set_has(&r->seen, cursor)) { /* the caller begins again, or goes back: no circle of Graph's */
        url_set_finish(&r->seen);
    }
    if (r->current && strcmp(r->current->url, url) == 0) {
        if (r->current->is_ready) {
            tell_later(r);
        }
        return;
    }
    give_up(r);
    begin_fetch(r, url);
}

void view_cancel(struct view_reader *r)
{
    give_up(r);
    if (r->done) {
        err_set(&r->err, ERR_CANCELLED, 0, "%s: given up", r->what);
        tell_later(r);
    }
}

void view_close(struct view_reader *r, void (*closed)(void *arg), void *arg)
{
    r->closed = closed;
    r->closed_arg = arg;
    r->is_closing = true;
    view_cancel(r);
    tell_later(r);
}

struct client_cost view_take_cost(struct view_reader *r)
{
    struct client_cost cost = r->cost;
    r->cost = (struct client_cost){0};
    return cost;
}
