#include "graph/calendars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "graph/calendar_name.h"
#include "graph/later.h"

const char calendars_primary[] = "primary";

struct calendars_query {
    struct graph_client *client;
    char *account;
    char *what;
    char *identifier; /* NULL: a list is wanted */
    calendars_listed listed;
    calendars_resolved resolved;
    void *arg;
    struct remote_calendar *calendars;
    size_t n;
    int pages;
    char *next;
    struct client_call *call;
    struct client_cost cost;
    struct err err;
    bool is_primary;
};

static void query_destroy(struct calendars_query *q)
{
    remote_calendars_free(q->calendars, q->n);
    free(q->next);
    free(q->account);
    free(q->what);
    free(q->identifier);
    free(q);
}

static int not_found(struct err *e, const char *account, const char *identifier)
{
    return err_set(e, ERR_NOT_FOUND, 0,
                   "%.80s has no calendar named \"%.80s\"; see: admin-assistant calendar list %.80s --remote",
                   account, identifier, account);
}

/* Ids are long and differ at their end. */
static int ambiguous(struct err *e, const char *account, const char *identifier,
                     const struct remote_calendar **found, size_t n)
{
    char list[128] = "";
    size_t at = 0;
    for (size_t i = 0; i < n && i < 4; i++) {
        size_t len = strlen(found[i]->id);
        const char *tail = found[i]->id + (len > 12 ? len - 12 : 0);
        int w = snprintf(list + at, sizeof list - at, "%s%s%s", i ? ", " : "", len > 12 ? "…" : "", tail);
        at += w > 0 && (size_t)w < sizeof list - at ? (size_t)w : 0;
    }
    return err_set(
        e, ERR_AMBIGUOUS, 0,
        "%.60s has %zu calendars that \"%.60s\" may mean (ids %s%s); name one by its id or rename one",
        account, n, identifier, list, n > 4 ? ", …" : "");
}

enum match_kind { MATCH_NAME, MATCH_ID, MATCH_FOLDED };

static bool is_match(const struct remote_calendar *c, enum match_kind kind, const char *identifier)
{
    switch (kind) {
    case MATCH_NAME: return strcmp(c->name, identifier) == 0;
    case MATCH_ID: return strcmp(c->id, identifier) == 0; /* ids are case-sensitive */
    case MATCH_FOLDED: break;
    }
    char *a = calendar_name_fold(c->name);
    char *b = calendar_name_fold(identifier);
    bool same = *a && strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

int calendars_match(const struct remote_calendar *calendars, size_t n, const char *account,
                    const char *identifier, const struct remote_calendar **ret_calendar, struct err *e)
{
    static const enum match_kind kinds[] = {MATCH_NAME, MATCH_ID, MATCH_FOLDED};
    const struct remote_calendar **found = mem_calloc(n, sizeof(struct remote_calendar *));
    size_t n_found = 0;
    for (size_t k = 0; k < ARRAY_LEN(kinds) && n_found == 0; k++) {
        for (size_t i = 0; i < n; i++) {
            if (is_match(&calendars[i], kinds[k], identifier)) {
                found[n_found++] = &calendars[i];
            }
        }
    }
    int r = n_found == 1   ? 0
            : n_found == 0 ? not_found(e, account, identifier)
                           : ambiguous(e, account, identifier, found, n_found);
    if (r == 0) {
        *ret_calendar = found[0];
    }
    free(found);
    return r;
}

static void end_resolved(struct calendars_query *q)
{
    const struct remote_calendar *found = NULL;
    int r = q->err.code;
    if (r == 0 && !q->is_primary) {
        r = calendars_match(q->calendars, q->n, q->account, q->identifier, &found, &q->err);
    }
    if (r != 0) {
        q->resolved(q->arg, &q->err, NULL, NULL, &q->cost);
    } else if (q->is_primary) {
        q->resolved(q->arg, NULL, calendars_primary, calendars_primary, &q->cost);
    } else {
        q->resolved(q->arg, NULL, found->id, found->name, &q->cost);
    }
}

/* q->err says how it went. */
static void end(void *arg)
{
    struct calendars_query *q = arg;
    if (q->resolved) {
        end_resolved(q);
    } else if (q->err.code != 0) {
        q->listed(q->arg, &q->err, NULL, 0, &q->cost);
    } else {
        q->listed(q->arg, NULL, q->calendars, q->n, &q->cost);
    }
    query_destroy(q);
}

static void add_page(struct calendars_query *q, struct remote_calendar *page, size_t n)
{
    q->calendars = mem_realloc(q->calendars, q->n + n, sizeof *q->calendars);
    if (n > 0) {
        memcpy(q->calendars + q->n, page, n * sizeof *page);
    }
    q->n += n;
    free(page); /* the strings have moved */
}

static void ask(struct calendars_query *q, const char *url);

static void on_page(void *arg, const struct err *e, struct http_reply *reply, const struct client_cost *cost)
{
    struct calendars_query *q = arg;
    struct remote_calendar *page = NULL;
    char *next = NULL;
    size_t n = 0;
    q->call = NULL;
    q->cost.requests += cost->requests;
    q->cost.throttled += cost->throttled;
    if (e) {
        q->err = *e;
    } else if (page_parse_calendars(buf_str(&reply->body), reply->body.len, &page, &n, &next, &q->err) < 0) {
        (void)err_prefix(&q->err, "%s", q->what);
    } else {
        add_page(q, page, n);
        if (next && ((q->next && strcmp(next, q->next) == 0) ||
                     ++q->pages >= client_limits(q->client)->max_list_pages)) {
            err_set(&q->err, ERR_LOOP, 0, "%s: the pages do not end", q->what);
        }
    }
    free(q->next);
    q->next = next;
    if (q->err.code == 0 && next) {
        ask(q, next);
    } else {
        end(q);
    }
}

static void ask(struct calendars_query *q, const char *url)
{
    struct client_request request = {.account = q->account, .url = url, .what = q->what};
    q->call = client_get(q->client, &request, on_page, q);
}

static struct calendars_query *query_create(struct graph_client *client, const char *account, void *arg)
{
    struct calendars_query *q = mem_calloc(1, sizeof *q);
    q->client = client;
    q->account = mem_strdup(account);
    q->what = mem_printf("calendars of %s", account);
    q->arg = arg;
    return q;
}

/* Nothing is promised about the most a page may hold; 100 is a size seen to work, and every next link is
 * followed. */
static void ask_first(struct calendars_query *q)
{
    char *path = client_user_path(q->account, "/calendars?$top=100");
    ask(q, path);
    free(path);
}

struct calendars_query *calendars_list(struct graph_client *client, const char *account,
                                       calendars_listed done, void *arg)
{
    struct calendars_query *q = query_create(client, account, arg);
    q->listed = done;
    ask_first(q);
    return q;
}

struct calendars_query *calendars_resolve(struct graph_client *client, const char *account,
                                          const struct calendar_uri *uri, calendars_resolved done, void *arg)
{
    struct calendars_query *q = query_create(client, account, arg);
    q->resolved = done;
    q->identifier = mem_strdup(uri->identifier);
    q->is_primary = calendar_uri_is_primary(uri);
    if (q->is_primary) {
        (void)alarm_start(client_loop(client), 0, end, q);
    } else {
        ask_first(q);
    }
    return q;
}

void calendars_cancel(struct calendars_query *q)
{
    if (q->call) {
        client_cancel(q->call);
    } else {
        err_set(&q->err, ERR_CANCELLED, 0, "%s: given up", q->what);
    }
}
