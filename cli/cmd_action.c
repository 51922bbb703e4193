#include "cli/cmd_action.h"

#include <stdio.h>

#include "cli/print.h"
#include "storage/query_store.h"

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

/* The record is printed from the callback, so that nothing is printed where there is none. */
static void print_record(void *arg, const struct action_row *row)
{
    struct session *s = arg;
    struct listing *l = listing_begin(show_columns, session_is_json(s), stdout);
    add_cells(l, row);
    listing_finish_record(l);
}

int cmd_action_show(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_READ, &db, e);
    return r < 0 ? r : query_action(db, args_number(a, "ID", 0), print_record, s, e);
}
