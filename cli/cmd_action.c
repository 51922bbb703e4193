#include "cli/cmd_action.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "cli/action_about.h"
#include "cli/print.h"
#include "storage/query_store.h"
#include "storage/ruling_store.h"

static const struct column list_columns[] = {
    {"id", "ID", COLUMN_INT, 0},
    {"user_id", NULL, COLUMN_INT, 0},
    {"user_email", "USER", COLUMN_TEXT, 32},
    {"event_type", "TYPE", COLUMN_TEXT, 20},
    {"state", "STATE", COLUMN_TEXT, 0},
    {"created_at", "SINCE (UTC)", COLUMN_TIME, 0},
    {"updated_at", NULL, COLUMN_TIME, 0},
    {"description", "DESCRIPTION", COLUMN_TEXT, 100},
    {"details", NULL, COLUMN_TEXT, 0},
    {"recommendations", NULL, COLUMN_TEXT, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

/* The same, in words and whole. */
static const struct column show_columns[] = {
    {"id", "id", COLUMN_INT, 0},
    {"user_id", NULL, COLUMN_INT, 0},
    {"user_email", "user", COLUMN_TEXT, 254},
    {"event_type", "type", COLUMN_TEXT, 0},
    {"state", "state", COLUMN_TEXT, 0},
    {"created_at", "since (UTC)", COLUMN_TIME, 0},
    {"updated_at", "updated (UTC)", COLUMN_TIME, 0},
    {"description", "description", COLUMN_TEXT, 2000},
    {"details", "details", COLUMN_TEXT, 4000},
    {"recommendations", "what to do", COLUMN_TEXT, 4000},
    {"appointments", NULL, COLUMN_JSON, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_cells(struct listing *l, const struct action_row *row)
{
    listing_int(l, row->id);
    listing_int(l, row->user_id);
    listing_text(l, row->user_email);
    listing_text(l, row->event_type);
    listing_text(l, row->state);
    listing_stamp(l, row->created_at);
    listing_stamp(l, row->updated_at);
    listing_text(l, row->description);
    listing_text(l, row->details);
    listing_text(l, row->recommendations);
}

static void add_row(void *arg, const struct action_row *row)
{
    add_cells(arg, row);
    listing_end_row(arg);
}

int cmd_action_list(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_READ, &db, e);
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(list_columns, session_is_json(s), stdout);
    r = query_actions(db, args_has(a, "--all"), add_row, l, e);
    return listing_close(l, r, "nothing waits for a person");
}

/* ---- show ---- */

struct show {
    const struct session *session;
    const char *appointments; /* JSON */
};

/* The record is printed from the callback, so that nothing is printed where there is none. */
static void print_record(void *arg, const struct action_row *row)
{
    const struct show *show = arg;
    struct listing *l = listing_begin(show_columns, session_is_json(show->session), stdout);
    add_cells(l, row);
    listing_text(l, show->appointments);
    listing_finish_record(l);
}

static void about_destroy(struct action_about **about)
{
    action_about_destroy(*about);
}

int cmd_action_show(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(about_destroy) struct action_about *about = NULL;
    CLEANUP_FREE char *appointments = NULL;
    int64_t id = args_number(a, "ID", 0);
    int r = session_db(s, SESSION_READ, &db, e);
    r = r < 0 ? r : action_about_load(s, db, id, &about, e);
    r = r < 0 ? r : action_about_json(about, &appointments, e);
    if (r < 0) {
        return r;
    }
    struct show show = {s, appointments};
    r = query_action(db, id, print_record, &show, e);
    if (r == 0 && !session_is_json(s)) {
        action_about_print(about);
    }
    return r;
}

/* ---- resolve ---- */

static int say_resolved(const struct session *s, int64_t id, int64_t kept, int64_t n_losers)
{
    if (session_is_json(s)) {
        session_print_id(s, id);
    } else if (kept) {
        printf("task %lld is resolved: appointment %lld gets the minutes that it shares with %lld other%s.\n"
               "It counts in what is composed from now on; a timesheet that is issued: timesheet issue "
               "--revise\n",
               (long long)id, (long long)kept, (long long)n_losers, n_losers == 1 ? "" : "s");
    } else {
        printf("task %lld is resolved\n", (long long)id);
    }
    return 0;
}

int cmd_action_resolve(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int64_t id = args_number(a, "ID", 0), keep = args_number(a, "--keep", 0), n_losers = 0;
    const char *note = args_text(a, "--note");
    if (!keep && !note) {
        return session_wrong_usage(
            "say what is decided (--keep APPOINTMENT) or what was done (--note TEXT); action show "
            "%lld shows what it is about",
            (long long)id);
    }
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r < 0) {
        return r;
    }
    r = keep ? ruling_keep(db, id, keep, note, &n_losers, e) : ruling_close(db, id, note, e);
    return r < 0 ? r : say_resolved(s, id, keep, n_losers);
}
