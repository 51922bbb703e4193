#include "storage/user_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/audit_note.h"
#include "storage/text_check.h"
#include "storage/unit.h"

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

/* The database lets no other names in. */
static enum user_auth auth_from(const char *name)
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
        .auth_state = auth_from(stmt_col_text(s, 5)),
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

static int note_user(struct db *db, const char *action_type, const char *operation, int64_t id,
                     const char *field, const char *value, struct err *e)
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
        r = note_user(db, "configuration", "user_add", id, "email", email, e);
    }
    r = unit_end(&unit, r, e);
    if (r == 0) {
        *ret_id = id;
    }
    return r;
}

static int fail_no_user(int64_t id, struct err *e)
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
    return r == 0 && n == 0 ? fail_no_user(id, e) : r;
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
    return r < 0 ? r : note_user(db, "configuration", "user_deactivate", id, NULL, NULL, e);
}

int user_deactivate(struct db *db, int64_t id, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, deactivate(db, id, e), e);
}

/* ---- tokens ---- */

void user_tokens_finish(struct user_tokens *tokens)
{
    secret_destroy(tokens->access);
    secret_destroy(tokens->refresh);
    *tokens = (struct user_tokens){.expires_ms = INT64_MIN};
}

static int check_keys(const struct db *db, struct err *e)
{
    return db_keyring(db) ? 0
                          : err_set(e, ERR_KEY, 0,
                                    "no encryption key is loaded, and tokens are never stored without; see "
                                    "\"admin-assistant key generate\"");
}

static char *place_of(const char *column, int64_t id)
{
    return mem_printf("users/%s/%lld", column, (long long)id);
}

/* NULL seals to NULL. */
static int seal(const struct db *db, const char *column, int64_t id, const struct secret *plain,
                char **ret_envelope, struct err *e)
{
    CLEANUP_FREE char *place = place_of(column, id);
    *ret_envelope = NULL;
    int r = plain ? keyring_seal(db_keyring(db), db_clock(db), place, plain, ret_envelope) : 0;
    return r < 0 ? err_set(e, r, 0, "%s can not be sealed: %s", place, err_text(r)) : 0;
}

static int unseal(const struct db *db, const char *column, int64_t id, const char *envelope,
                  struct secret **ret_plain, struct err *e)
{
    CLEANUP_FREE char *place = place_of(column, id);
    *ret_plain = NULL;
    return envelope ? keyring_unseal(db_keyring(db), place, envelope, ret_plain, e) : 0;
}

int user_tokens_load(struct db *db, int64_t user_id, struct user_tokens *ret_tokens, struct err *e)
{
    struct user_tokens tokens = {0};
    int r = check_keys(db, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s =
        db_stmt(db, "SELECT ms_access_token, ms_refresh_token, ms_token_expires_at, ms_auth_state "
                    "FROM users WHERE id = $1");
    stmt_int(s, 1, user_id);
    r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r : fail_no_user(user_id, e);
    }
    tokens.expires_ms = stmt_col_time(s, 2);
    tokens.state = auth_from(stmt_col_text(s, 3));
    r = unseal(db, "ms_access_token", user_id, stmt_col_text(s, 0), &tokens.access, e);
    if (r == 0) {
        r = unseal(db, "ms_refresh_token", user_id, stmt_col_text(s, 1), &tokens.refresh, e);
    }
    stmt_reset(s);
    if (r < 0) {
        user_tokens_finish(&tokens);
        return r;
    }
    *ret_tokens = tokens;
    return 0;
}

static int resolve_sign_in(struct db *db, int64_t user_id, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE action_log SET state = 'resolved', updated_at = $2 "
                                 "WHERE user_id = $1 AND event_type = 'sign_in' AND state = 'open'");
    stmt_int(s, 1, user_id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

static int store_envelopes(struct db *db, int64_t user_id, const char *access, const char *refresh,
                           int64_t expires_ms, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "UPDATE users SET ms_access_token = $2, ms_refresh_token = coalesce($3, ms_refresh_token), "
            "ms_token_expires_at = $4, ms_auth_state = 'ok', ms_auth_reason = NULL, updated_at = $5 "
            "WHERE id = $1");
    stmt_int(s, 1, user_id);
    stmt_text(s, 2, access);
    stmt_text(s, 3, refresh);
    if (access && expires_ms != INT64_MIN) {
        stmt_time(s, 4, expires_ms);
    }
    stmt_time(s, 5, db_now_ms(db));
    int r = stmt_run(s, e);
    return r == 0 && db_changes(db) == 0 ? fail_no_user(user_id, e) : r;
}

/* method NULL: no audit entry. */
static int save(struct db *db, int64_t user_id, const struct user_tokens *tokens, const char *method,
                struct err *e)
{
    CLEANUP_FREE char *access = NULL;
    CLEANUP_FREE char *refresh = NULL;
    int r = seal(db, "ms_access_token", user_id, tokens->access, &access, e);
    if (r == 0) {
        r = seal(db, "ms_refresh_token", user_id, tokens->refresh, &refresh, e);
    }
    if (r == 0) {
        r = store_envelopes(db, user_id, access, refresh, tokens->expires_ms, e);
    }
    if (r == 0) {
        r = resolve_sign_in(db, user_id, e);
    }
    if (r == 0 && method) {
        r = note_user(db, "sign_in", "login", user_id, "method", method, e);
    }
    return r;
}

int user_login(struct db *db, int64_t user_id, const struct user_tokens *tokens, const char *method,
               struct err *e)
{
    struct unit unit;
    int r = check_keys(db, e);
    if (r < 0) {
        return r;
    }
    r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, save(db, user_id, tokens, method, e), e);
}

int user_tokens_save(struct db *db, int64_t user_id, const struct user_tokens *tokens, struct err *e)
{
    return user_login(db, user_id, tokens, NULL, e);
}

static int clear(struct db *db, int64_t user_id, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "UPDATE users SET ms_access_token = NULL, ms_refresh_token = NULL, ms_token_cache = NULL, "
            "ms_token_expires_at = NULL, ms_auth_state = 'none', ms_auth_reason = NULL, "
            "updated_at = $2 WHERE id = $1");
    stmt_int(s, 1, user_id);
    stmt_time(s, 2, db_now_ms(db));
    int r = stmt_run(s, e);
    if (r == 0 && db_changes(db) == 0) {
        r = fail_no_user(user_id, e);
    }
    if (r == 0) {
        r = resolve_sign_in(db, user_id, e);
    }
    return r < 0 ? r : note_user(db, "sign_in", "logout", user_id, NULL, NULL, e);
}

int user_tokens_clear(struct db *db, int64_t user_id, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, clear(db, user_id, e), e);
}

/* ---- signing in again ---- */

/* *ret_is_new is false where the task is open already. */
static int open_sign_in_task(struct db *db, int64_t user_id, const char *reason, bool *ret_is_new,
                             struct err *e)
{
    struct user user = {0};
    int r = user_get(db, user_id, &user, e);
    if (r < 0) {
        return r;
    }
    CLEANUP_FREE char *description = mem_printf("%s must sign in again: %s", user.email, reason);
    CLEANUP_FREE char *advice = mem_printf("Run: admin-assistant login %s", user.email);
    user_finish(&user);
    struct stmt *s = db_stmt(
        db,
        "INSERT INTO action_log (user_id, event_type, description, recommendations, dedup_key, created_at, "
        "updated_at) VALUES ($1, 'sign_in', $2, $3, 'sign_in', $4, $4) "
        "ON CONFLICT (user_id, event_type, dedup_key) WHERE state = 'open' DO NOTHING");
    stmt_int(s, 1, user_id);
    stmt_text(s, 2, description);
    stmt_text(s, 3, advice);
    stmt_time(s, 4, db_now_ms(db));
    r = stmt_run(s, e);
    if (r == 0) {
        *ret_is_new = db_changes(db) > 0;
    }
    return r;
}

static int set_reauth(struct db *db, int64_t user_id, const char *reason, struct err *e)
{
    bool is_new = false;
    int r = open_sign_in_task(db, user_id, reason, &is_new, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s =
        db_stmt(db, "UPDATE users SET ms_auth_state = 'reauth_needed', ms_auth_reason = $2, updated_at = $3 "
                    "WHERE id = $1");
    stmt_int(s, 1, user_id);
    stmt_text(s, 2, reason);
    stmt_time(s, 3, db_now_ms(db));
    r = stmt_run(s, e);
    if (r == 0 && is_new) {
        r = note_user(db, "sign_in", "reauth_needed", user_id, "reason", reason, e);
    }
    return r;
}

int user_set_reauth(struct db *db, int64_t user_id, const char *reason, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, set_reauth(db, user_id, reason, e), e);
}

/* ---- key rotation ---- */

/* The beginning of every envelope that the key sealed. */
static char *prefix_of(const char *key_id)
{
    return mem_printf("v1.%s.", key_id);
}

/* The next user behind `after` with a token that another key sealed; 0 when there is none. */
static int next_to_reseal(struct db *db, const char *prefix, int64_t after, int64_t *ret_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT coalesce(min(id), 0) FROM users WHERE id > $1 "
                    "AND (substr(ms_access_token, 1, $3) <> $2 OR substr(ms_refresh_token, 1, $3) <> $2 "
                    "OR substr(ms_token_cache, 1, $3) <> $2)");
    stmt_int(s, 1, after);
    stmt_text(s, 2, prefix);
    stmt_int(s, 3, (int64_t)strlen(prefix));
    return stmt_get_int(s, ret_id, e);
}

struct sealed_column {
    const char *name, *select, *update;
};

static const struct sealed_column sealed_columns[] = {
    {"ms_access_token", "SELECT ms_access_token FROM users WHERE id = $1",
     "UPDATE users SET ms_access_token = $2 WHERE id = $1"},
    {"ms_refresh_token", "SELECT ms_refresh_token FROM users WHERE id = $1",
     "UPDATE users SET ms_refresh_token = $2 WHERE id = $1"},
    {"ms_token_cache", "SELECT ms_token_cache FROM users WHERE id = $1",
     "UPDATE users SET ms_token_cache = $2 WHERE id = $1"},
};

static int reseal_column(struct db *db, const struct sealed_column *column, int64_t id, struct err *e)
{
    CLEANUP_FREE char *envelope = NULL;
    CLEANUP(secret_cleanup) struct secret *plain = NULL;
    struct stmt *s = db_stmt(db, column->select);
    stmt_int(s, 1, id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r;
    }
    r = unseal(db, column->name, id, stmt_col_text(s, 0), &plain, e);
    stmt_reset(s);
    if (r < 0 || !plain) {
        return r;
    }
    r = seal(db, column->name, id, plain, &envelope, e);
    if (r < 0) {
        return r;
    }
    s = db_stmt(db, column->update);
    stmt_int(s, 1, id);
    stmt_text(s, 2, envelope);
    return stmt_run(s, e);
}

static int reseal_user(struct db *db, int64_t id, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(sealed_columns); i++) {
        r = reseal_column(db, &sealed_columns[i], id, e);
    }
    if (r == 0) {
        r = note_user(db, "sign_in", "key_rotate", id, NULL, NULL, e);
    }
    return unit_end(&unit, r, e);
}

int user_tokens_reseal(struct db *db, int64_t *ret_n, struct err *e)
{
    int64_t id = 0, n = 0;
    int r = check_keys(db, e);
    if (r < 0) {
        return r;
    }
    const struct keyring *ring = db_keyring(db);
    CLEANUP_FREE char *prefix = prefix_of(keyring_id(ring, keyring_count(ring) - 1));
    while ((r = next_to_reseal(db, prefix, id, &id, e)) == 0 && id != 0) {
        r = reseal_user(db, id, e);
        if (r < 0) {
            return r;
        }
        n++;
    }
    if (r == 0) {
        *ret_n = n;
    }
    return r;
}

int user_tokens_count_key(struct db *db, const char *key_id, int64_t *ret_n, struct err *e)
{
    CLEANUP_FREE char *prefix = key_id ? prefix_of(key_id) : mem_strdup("v1.");
    struct stmt *s = db_stmt(db, "SELECT "
                                 "count(CASE WHEN substr(ms_access_token, 1, $2) = $1 THEN 1 END) + "
                                 "count(CASE WHEN substr(ms_refresh_token, 1, $2) = $1 THEN 1 END) + "
                                 "count(CASE WHEN substr(ms_token_cache, 1, $2) = $1 THEN 1 END) FROM users");
    stmt_text(s, 1, prefix);
    stmt_int(s, 2, (int64_t)strlen(prefix));
    return stmt_get_int(s, ret_n, e);
}
