#include "cli/cmd_calendar.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "graph/calendars.h"
#include "storage/query_store.h"
#include "storage/user_store.h"

/* ---- known here ---- */

static const struct column local_columns[] = {
    {"id", "ID", COLUMN_INT, 0},
    {"name", "NAME", COLUMN_TEXT, 40},
    {"uri", "URI", COLUMN_TEXT, 80},
    {"calendar_type", "TYPE", COLUMN_TEXT, 0},
    {"ms_calendar_id", NULL, COLUMN_TEXT, 0},
    {"is_active", "ACTIVE", COLUMN_BOOL, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_local(void *arg, const struct calendar_row *row)
{
    struct listing *l = arg;
    listing_int(l, row->id);
    listing_text(l, row->name);
    listing_text(l, row->uri);
    listing_text(l, row->calendar_type);
    listing_text(l, row->ms_calendar_id);
    listing_bool(l, row->is_active);
    listing_end_row(l);
}

static int list_local(struct session *s, struct db *db, const struct user *user, struct err *e)
{
    struct listing *l = listing_begin(local_columns, session_is_json(s), stdout);
    int r = query_calendars(db, user->id, add_local, l, e);
    return listing_close(l, r, "no calendars are known here; --remote asks Graph");
}

/* ---- in Graph ---- */

static const struct column remote_columns[] = {
    {"name", "NAME", COLUMN_TEXT, 40},
    {"uri", "URI", COLUMN_TEXT, 100},
    {"is_default", "DEFAULT", COLUMN_BOOL, 0},
    {"can_edit", "EDITABLE", COLUMN_BOOL, 0},
    {"owner", "OWNER", COLUMN_TEXT, 40},
    {"id", NULL, COLUMN_TEXT, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

struct question {
    struct remote *remote;
    struct calendars_query *query;
    const struct user *user;
    struct listing *listing;
    struct err err;
};

static void add_remote(struct question *q, const struct remote_calendar *calendar)
{
    struct calendar_uri uri = {.scheme = URI_MSGRAPH,
                               .account = q->user->email,
                               .identifier = calendar->is_default ? NULL : calendar->name};
    char primary[] = "primary";
    uri.identifier = uri.identifier ? uri.identifier : primary;
    CLEANUP_FREE char *text = calendar_uri_format(&uri);
    listing_text(q->listing, calendar->name);
    listing_text(q->listing, text);
    listing_bool(q->listing, calendar->is_default);
    listing_bool(q->listing, calendar->can_edit);
    listing_text(q->listing, calendar->owner);
    listing_text(q->listing, calendar->id);
    listing_end_row(q->listing);
}

static void on_listed(void *arg, const struct err *e, const struct remote_calendar *calendars, size_t n,
                      const struct client_cost *cost UNUSED)
{
    struct question *q = arg;
    q->query = NULL;
    if (e) {
        q->err = *e;
    }
    for (size_t i = 0; !e && i < n; i++) {
        add_remote(q, &calendars[i]);
    }
    remote_leave(q->remote);
}

static void give_up(void *arg)
{
    struct question *q = arg;
    calendars_cancel(q->query);
}

static int list_remote(struct session *s, struct db *db, const struct user *user, struct err *e)
{
    const struct settings *settings;
    struct question q = {.user = user};
    int r = session_settings(s, &settings, e);
    if (r == 0) {
        r = remote_open(settings, db, user->id, NULL, &q.remote, e);
    }
    if (r < 0) {
        return r;
    }
    q.listing = listing_begin(remote_columns, session_is_json(s), stdout);
    remote_on_interrupt(q.remote, give_up, &q);
    q.query = calendars_list(graph_client_of(remote_graph(q.remote)), user->email, on_listed, &q);
    remote_run(q.remote);
    remote_close(q.remote);
    if (q.err.code) {
        listing_drop(q.listing);
        *e = q.err;
        return q.err.code;
    }
    listing_finish(q.listing, "the mailbox has no calendars");
    return 0;
}

int cmd_calendar_list(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(user_finish) struct user user = {0};
    bool remote = args_has(a, "--remote");
    /* A visit to Graph may rotate the stored tokens. */
    int r = session_db(s, remote ? SESSION_WRITE : SESSION_READ, &db, e);
    if (r == 0) {
        r = user_find(db, args_text(a, "USER"), &user, e);
    }
    if (r < 0) {
        return r;
    }
    return remote ? list_remote(s, db, &user, e) : list_local(s, db, &user, e);
}
