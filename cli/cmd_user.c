#include "cli/cmd_user.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "cli/print.h"
#include "storage/user_store.h"

int cmd_user_add(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int64_t id;
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r < 0) {
        return r;
    }
    r = user_add(db, args_text(a, "EMAIL"), args_text(a, "--username"), args_text(a, "--name"), &id, e);
    if (r < 0) {
        return r;
    }
    session_print_id(s, id);
    return 0;
}

static const struct column user_columns[] = {
    {"id", "ID", COLUMN_INT, 0},
    {"email", "E-MAIL", COLUMN_TEXT, 40},
    {"username", "USERNAME", COLUMN_TEXT, 24},
    {"name", "NAME", COLUMN_TEXT, 30},
    {"is_active", "ACTIVE", COLUMN_BOOL, 0},
    {"auth_state", "SIGN-IN", COLUMN_TEXT, 0},
    {"auth_reason", "REASON", COLUMN_TEXT, 60},
    {"has_refresh_token", NULL, COLUMN_BOOL, 0},
    {"token_expires_at", NULL, COLUMN_TIME, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_row(void *arg, const struct user *user)
{
    struct listing *l = arg;
    listing_int(l, user->id);
    listing_text(l, user->email);
    listing_text(l, user->username);
    listing_text(l, user->name);
    listing_bool(l, user->is_active);
    listing_text(l, user_auth_name(user->auth_state));
    listing_text(l, user->auth_reason);
    listing_bool(l, user->has_refresh_token);
    listing_time(l, user->token_expires_ms);
    listing_end_row(l);
}

int cmd_user_list(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_READ, &db, e);
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(user_columns, session_is_json(s), stdout);
    r = user_list(db, add_row, l, e);
    return listing_close(l, r, "no users; add one with: admin-assistant user add EMAIL");
}

int cmd_user_deactivate(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(user_finish) struct user user = {0};
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r < 0) {
        return r;
    }
    r = user_find(db, args_text(a, "USER"), &user, e);
    return r < 0 ? r : user_deactivate(db, user.id, e);
}
