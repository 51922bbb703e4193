#include "storage/user_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/audit_note.h"
#include "storage/text_check.h"
#include "storage/unit.h"
#include "storage/user_private.h"

/* ---- reading ---- */

static const char *const auth_names[] = {
    [USER_AUTH_NONE] = "none",
    [USER_AUTH_OK] = "ok",
    [USER_AUTH_REAUTH_NEEDED] = "reauth_needed",
};

const char *user_auth_name(enum user_auth auth)
{
    return auth_names[auth];
}

enum user_auth user_auth_from(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(auth_names); i++) {
        if (strcmp(auth_names[i], name) == 0) {
            return (enum user_auth)i;
        }
    }
    return USER_AUTH_NONE;
}

void user_finish(struct user *user)
{
    free(user->email);
    free(user->username);
    free(user->name);
    free(user->auth_reason);
    *user = (struct user){0};
}

#define USER_COLUMNS                                                                                         \
    "SELECT id, email, username, name, is_active, ms_auth_state, ms_auth_reason, ms_refresh_token IS NOT "   \
    "NULL, "                                                                                                 \
    "ms_token_expires_at FROM users "

static struct user read_row(const struct stmt *s)
{
    return (struct user){
        .id = stmt_col_int(s, 0),
        .email = stmt_col_dup(s, 1),
        .username = stmt_col_dup(s, 2),
        .name = stmt_col_dup(s, 3),
        .is_active = stmt_col_int(s, 4) != 0,
        .auth_state = user_auth_from(stmt_col_text(s, 5)),
        .auth_reason = stmt_col_dup(s, 6),
        .has_refresh_token = stmt_col_int(s, 7) != 0,
        .token_expires_ms = stmt_col_time(s, 8),
    };
}

static int read_one(struct stmt *s, const char *who, struct user *ret_user, struct err *e)
{
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    if (r == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "there is no user \"%.100s\"; see \"admin-assistant user list\"",
                       who);
    }
    *ret_user = read_row(s);
    stmt_reset(s);
    return 0;
}

int user_get(struct db *db, int64_t id, struct user *ret_user, struct err *e)
{
    struct stmt *s = db_stmt(db, USER_COLUMNS "WHERE id = $1");
    CLEANUP_FREE char *who = mem_printf("%lld", (long long)id);
    stmt_int(s, 1, id);
    return read_one(s, who, ret_user, e);
}

int user_find_by_email(struct db *db, const char *email, struct user *ret_user, struct err *e)
{
    struct stmt *s = db_stmt(db, USER_COLUMNS "WHERE lower(email) = lower($1)");
    stmt_text(s, 1, email);
    return read_one(s, email, ret_user, e);
}

int user_find(struct db *db, const char *who, struct user *ret_user, struct err *e)
{
    int64_t id;
    int r = text_to_id(who, &id) ? user_get(db, id, ret_user, e) : ERR_NOT_FOUND;
    if (r == ERR_NOT_FOUND) {
        r = user_find_by_email(db, who, ret_user, e);
    }
    if (r == ERR_NOT_FOUND) {
        struct stmt *s = db_stmt(db, USER_COLUMNS "WHERE username = $1");
        stmt_text(s, 1, who);
        r = read_one(s, who, ret_user, e);
    }
    return r;
}

int user_list(struct db *db, user_each each, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(db, USER_COLUMNS "ORDER BY id");
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        struct user user = read_row(s);
        each(arg, &user);
        user_finish(&user);
    }
    return r;
}

/* ---- adding, deactivating ---- */

static int check_new(const char *email, const char *username, const char *name, struct err *e)
{
    int64_t id;
    if (!text_is_email(email)) {
        return err_set(e, ERR_INVALID, 0, "\"%.100s\" is not an e-mail address", email);
    }
    if (username && (!text_is_clean(username, 100) || strpbrk(username, "@ ") || text_to_id(username, &id))) {
        return err_set(e, ERR_INVALID, 0,
                       "user name \"%.100s\": at most 100 bytes without spaces and @, and not just digits",
                       username);
    }
    if (name && !text_is_clean(name, 200)) {
        return err_set(e, ERR_INVALID, 0,
                       "the name of the user must be 1 to 200 bytes without control characters");
    }
    return 0;
}

/* Names who has the address or the user name, instead of the index that refuses it. */
static int check_free(struct db *db, const char *email, const char *username, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT id, email, is_active FROM users WHERE lower(email) = lower($1) OR username = $2 LIMIT 1");
    stmt_text(s, 1, email);
    stmt_text(s, 2, username);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r;
    }
    r = err_set(e, ERR_EXISTS, 0, "user %s%s%s exists already: id %lld, %s%s", email, username ? " or " : "",
                username ? username : "", (long long)stmt_col_int(s, 0), stmt_col_text(s, 1),
                stmt_col_int(s, 2) ? "" : " (deactivated)");
    stmt_reset(s);
    return r;
}

static int insert_user(struct db *db, const char *email, const char *username, const char *name,
                       int64_t *ret_id, struct err *e)
{
    struct stmt *s = db_stmt(db, "INSERT INTO users (email, username, name, created_at, updated_at) "
                                 "VALUES ($1, $2, $3, $4, $4) RETURNING id");
    stmt_text(s, 1, email);
    stmt_text(s, 2, username);
    stmt_text(s, 3, name);
    stmt_time(s, 4, db_now_ms(db));
    return stmt_get_int(s, ret_id, e);
}

int user_note(struct db *db, const char *action_type, const char *operation, int64_t id, const char *field,
              const char *value, struct err *e)
{
    struct audit_note note = {
        .action_type = action_type,
        .operation = operation,
        .user_id = id,
        .resource_type = "user",
        .resource_id = id,
    };
    if (field) {
        audit_note_begin_details(&note);
        json_text(&note.json, field, value);
    }
    return audit_note_write(db, &note, e);
}

int user_add(struct db *db, const char *email, const char *username, const char *name, int64_t *ret_id,
             struct err *e)
{
    struct unit unit;
    int64_t id = 0;
    int r = check_new(email, username, name, e);
    if (r < 0) {
        return r;
    }
    r = unit_begin(&unit, db, e);
    if (r < 0) {
        return r;
    }
    r = check_free(db, email, username, e);
    if (r == 0) {
        r = insert_user(db, email, username, name, &id, e);
    }
    if (r == 0) {
        r = user_note(db, "configuration", "user_add", id, "email", email, e);
    }
    r = unit_end(&unit, r, e);
    if (r == 0) {
        *ret_id = id;
    }
    return r;
}

int user_missing(int64_t id, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, 0, "there is no user %lld; see \"admin-assistant user list\"",
                   (long long)id);
}

static int check_user(struct db *db, int64_t id, struct err *e)
{
    int64_t n;
    struct stmt *s = db_stmt(db, "SELECT count(*) FROM users WHERE id = $1");
    stmt_int(s, 1, id);
    int r = stmt_get_int(s, &n, e);
    return r == 0 && n == 0 ? user_missing(id, e) : r;
}

static int deactivate(struct db *db, int64_t id, struct err *e)
{
    int r = check_user(db, id, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s =
        db_stmt(db, "UPDATE users SET is_active = 0, updated_at = $2 WHERE id = $1 AND is_active = 1");
    stmt_int(s, 1, id);
    stmt_time(s, 2, db_now_ms(db));
    r = stmt_run(s, e);
    if (r < 0 || db_changes(db) == 0) {
        return r;
    }
    s = db_stmt(db, "UPDATE job_configurations SET next_run_at = NULL WHERE user_id = $1");
    stmt_int(s, 1, id);
    r = stmt_run(s, e);
    return r < 0 ? r : user_note(db, "configuration", "user_deactivate", id, NULL, NULL, e);
}

int user_deactivate(struct db *db, int64_t id, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, deactivate(db, id, e), e);
}
