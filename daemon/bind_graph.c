#include "daemon/bind_graph.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"
#include "graph/calendars.h"
#include "graph/later.h"
#include "graph/origin.h"
#include "graph/view.h"
#include "model/uri.h"

struct bind_graph {
    struct calendar_port port;
    struct tz_cache *zones;
    struct later *later;
    struct list sessions;
    struct source *current; /* NULL from bind_graph_close on */
    int n_old;              /* sources that were replaced and are not closed yet */
    void (*closed)(void *arg);
    void *closed_arg;
};

/* A graph and how many use it: sessions, and readers that are being closed. */
struct source {
    struct bind_graph *bind;
    struct graph *graph;
    int n_users;
};

/* What one run has under way or holds in graph/. */
struct session {
    struct list link;
    struct source *source;
    int64_t run_id;
    struct calendars_query *query;
    struct calendar_uri uri;
    struct view_reader *reader;
    int64_t requests;
    int64_t throttled;
    port_calendar_done resolved;
    port_page_done fetched;
    void *arg;
    struct later_task refusal; /* an answer that is known at once must still come later */
    struct later_task stale;
    struct err why;
};

/* ---- which graph ---- */

static struct source *open_source(struct bind_graph *b, struct graph *graph)
{
    struct source *source = mem_calloc(1, sizeof *source);
    source->bind = b;
    source->graph = graph;
    return source;
}

static void on_graph_closed(void *arg)
{
    struct source *source = arg;
    struct bind_graph *b = source->bind;
    free(source);
    b->n_old--;
    if (b->n_old == 0 && b->closed) {
        b->closed(b->closed_arg);
        free(b);
    }
}

static void close_if_unused(struct source *source)
{
    if (source->n_users == 0 && source != source->bind->current) {
        graph_close(source->graph, on_graph_closed, source);
    }
}

static void leave_source(void *arg)
{
    struct source *source = arg;
    source->n_users--;
    close_if_unused(source);
}

/* From here on the current source is an old one. */
static void retire_current(struct bind_graph *b, struct source *successor)
{
    struct source *old = b->current;
    b->current = successor;
    b->n_old++;
    close_if_unused(old);
}

/* ---- sessions ---- */

static struct session *session_of(struct bind_graph *b, int64_t run_id)
{
    LIST_FOREACH (link, &b->sessions) {
        struct session *s = CONTAINER_OF(link, struct session, link);
        if (s->run_id == run_id) {
            return s;
        }
    }
    return NULL;
}

static void on_refused(void *arg);
static void on_stale(void *arg);

static struct session *open_session(struct bind_graph *b, int64_t run_id)
{
    struct session *s = session_of(b, run_id);
    if (!s) {
        s = mem_calloc(1, sizeof *s);
        s->source = b->current;
        s->source->n_users++;
        s->run_id = run_id;
        later_task_init(&s->refusal, on_refused, s);
        later_task_init(&s->stale, on_stale, s);
        list_append(&b->sessions, &s->link);
    }
    return s;
}

static void close_session(struct session *s)
{
    struct source *source = s->source;
    struct view_reader *reader = s->reader;
    calendar_uri_finish(&s->uri);
    later_drop(&s->refusal);
    later_drop(&s->stale);
    list_remove(&s->link);
    free(s);
    if (reader) {
        view_close(reader, leave_source, source);
    } else {
        leave_source(source);
    }
}

static void add_cost(struct session *s, struct client_cost cost)
{
    s->requests += cost.requests;
    s->throttled += cost.throttled;
}

/* ---- resolve ---- */

static void on_resolved(void *arg, const struct err *e, const char *id, const char *name UNUSED,
                        const struct client_cost *cost)
{
    struct session *s = arg;
    s->query = NULL;
    if (cost) {
        add_cost(s, *cost);
    }
    s->resolved(s->arg, e, id);
}

static void on_refused(void *arg)
{
    struct session *s = arg;
    s->resolved(s->arg, &s->why, NULL);
}

/* The account check is final: a URI that names somebody else's account is never read with this user's token.
 */
static int read_source(const struct run *run, struct calendar_uri *ret_uri, struct err *e)
{
    int r = calendar_uri_parse(run->source_uri, ret_uri, e);
    if (r < 0) {
        return r;
    }
    if (ret_uri->scheme != URI_MSGRAPH) {
        r = err_set(e, ERR_INVALID, 0,
                    "source %s of \"%s\" is not a calendar in Microsoft Graph (msgraph://…)", run->source_uri,
                    run->name);
    } else if (!calendar_uri_is_for(ret_uri, run->account, run->username, run->user_id)) {
        r = err_set(e, ERR_DENIED, 0, "source %s of \"%s\" names another account than its user %s",
                    run->source_uri, run->name, run->account);
    }
    if (r < 0) {
        calendar_uri_finish(ret_uri);
    }
    return r;
}

static void resolve(void *self, const struct run *run, port_calendar_done done, void *arg)
{
    struct bind_graph *b = self;
    struct session *s = open_session(b, run->id);
    struct graph_client *client = graph_client_of(s->source->graph);
    s->resolved = done;
    s->arg = arg;
    calendar_uri_finish(&s->uri);
    if (read_source(run, &s->uri, &s->why) < 0) {
        later_call(b->later, &s->refusal);
        return;
    }
    s->query = calendars_resolve(client, run->account, &s->uri, on_resolved, s);
}

/* ---- fetch ---- */

static void on_page(void *arg, const struct err *e, struct event_page *page)
{
    struct session *s = arg;
    s->fetched(s->arg, e, page);
}

static void on_stale(void *arg)
{
    struct session *s = arg;
    s->fetched(s->arg, &s->why, NULL);
}

static struct view_reader *open_reader(struct session *s, const struct run *run, const struct window *window)
{
    struct tz_cache *zones = s->source->bind->zones;
    const struct tz *zone = NULL; /* known: the runner made the window with it */
    (void)!tz_cache_get(zones, run->zone, &zone, NULL);
    struct view_config config = {
        .account = run->account,
        .calendar_id = run->calendar_id,
        .window = *window,
        .assumed_zone = zone,
        .zones = zones,
    };
    return view_create(graph_client_of(s->source->graph), &config);
}

/* A cursor that an earlier session left is the URL of a page.  When Graph's address was changed since, it
 * leads to the old one, where no token may go: the run reads its window anew instead of failing. */
static int check_cursor(const struct session *s, const struct run *run, struct err *e)
{
    const struct origin *origin = client_origin(graph_client_of(s->source->graph));
    if (!run->cursor || origin_check(origin, run->cursor, NULL) == 0) {
        return 0;
    }
    return err_set(e, ERR_GONE, 0,
                   "the pages read before are at another address than graph.base_url says now");
}

static void fetch(void *self, const struct run *run, const struct window *window, port_page_done done,
                  void *arg)
{
    struct bind_graph *b = self;
    struct session *s = open_session(b, run->id);
    s->fetched = done;
    s->arg = arg;
    if (!s->reader) {
        if (check_cursor(s, run, &s->why) < 0) {
            later_call(b->later, &s->stale);
            return;
        }
        s->reader = open_reader(s, run, window);
    }
    view_fetch(s->reader, run->cursor, on_page, s);
}

static void account(void *self, int64_t run_id, bool is_over, int64_t *ret_requests, int64_t *ret_throttled)
{
    struct session *s = session_of(self, run_id);
    *ret_requests = *ret_throttled = 0;
    if (!s) {
        return;
    }
    if (s->reader) {
        add_cost(s, view_take_cost(s->reader));
    }
    *ret_requests = s->requests;
    *ret_throttled = s->throttled;
    s->requests = s->throttled = 0;
    if (is_over) {
        close_session(s);
    }
}

static void cancel(void *self, int64_t run_id)
{
    struct session *s = session_of(self, run_id);
    if (s && s->query) {
        calendars_cancel(s->query);
    }
    if (s && s->reader) {
        view_cancel(s->reader);
    }
}

struct bind_graph *bind_graph_create(uv_loop_t *loop, struct graph *graph, struct tz_cache *zones)
{
    struct bind_graph *b = mem_calloc(1, sizeof *b);
    b->zones = zones;
    b->later = later_create(loop);
    list_init(&b->sessions);
    b->current = open_source(b, graph);
    b->port = (struct calendar_port){
        .self = b, .resolve = resolve, .fetch = fetch, .account = account, .cancel = cancel};
    return b;
}

int bind_graph_replace(struct bind_graph *b, struct graph *graph, struct err *e)
{
    if (b->n_old >= BIND_GRAPH_OLD_MAX) {
        return err_set(e, ERR_BUSY, 0,
                       "runs still use the [graph] settings of %d earlier reloads; try again later",
                       b->n_old);
    }
    retire_current(b, open_source(b, graph));
    return 0;
}

void bind_graph_close(struct bind_graph *b, void (*closed)(void *arg), void *arg)
{
    b->closed = closed;
    b->closed_arg = arg;
    LIST_FOREACH (link, &b->sessions) {
        close_session(CONTAINER_OF(link, struct session, link));
    }
    later_destroy(b->later);
    retire_current(b, NULL);
}

const struct calendar_port *bind_graph_port(struct bind_graph *b)
{
    return &b->port;
}

struct graph *bind_graph_current(const struct bind_graph *b)
{
    return b->current->graph;
}
