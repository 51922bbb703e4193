#include "storage/token_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/outbox_store.h"
#include "storage/unit.h"
#include "storage/user_private.h"

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
        return r < 0 ? r : user_missing(user_id, e);
    }
    tokens.expires_ms = stmt_col_time(s, 2);
    tokens.state = user_auth_from(stmt_col_text(s, 3));
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
            "ms_token_expires_at = $4, ms_auth_state = 'ok', ms_auth_reason = NULL, updated_at = $5, "
            "ms_token_renewed_at = CASE WHEN $3 IS NULL THEN ms_token_renewed_at ELSE $5 END "
            "WHERE id = $1");
    stmt_int(s, 1, user_id);
    stmt_text(s, 2, access);
    stmt_text(s, 3, refresh);
    if (access && expires_ms != INT64_MIN) {
        stmt_time(s, 4, expires_ms);
    }
    stmt_time(s, 5, db_now_ms(db));
    int r = stmt_run(s, e);
    return r == 0 && db_changes(db) == 0 ? user_missing(user_id, e) : r;
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
        r = user_note(db, "sign_in", "login", user_id, "method", method, e);
    }
    if (r == 0 && method) { /* it may have been what uploads wait for */
        r = outbox_wake(db, user_id, e);
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
    if (r < 0) {
        return r;
    }
    return unit_end(&unit, save(db, user_id, tokens, method, e), e);
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
            "ms_token_renewed_at = NULL, updated_at = $2 WHERE id = $1");
    stmt_int(s, 1, user_id);
    stmt_time(s, 2, db_now_ms(db));
    int r = stmt_run(s, e);
    if (r == 0 && db_changes(db) == 0) {
        r = user_missing(user_id, e);
    }
    if (r == 0) {
        r = resolve_sign_in(db, user_id, e);
    }
    return r < 0 ? r : user_note(db, "sign_in", "logout", user_id, NULL, NULL, e);
}

int user_tokens_clear(struct db *db, int64_t user_id, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, clear(db, user_id, e), e);
}

/* ---- signing in again ---- */

/* "EMAIL TROUBLE", and what to do: "ADVICE: admin-assistant login EMAIL".  *ret_is_new is false where the
 * task is open already. */
static int open_task(struct db *db, int64_t user_id, const char *key, const char *trouble, const char *advice,
                     bool *ret_is_new, struct err *e)
{
    struct user user = {0};
    int r = user_get(db, user_id, &user, e);
    if (r < 0) {
        return r;
    }
    CLEANUP_FREE char *description = mem_printf("%s %s", user.email, trouble);
    CLEANUP_FREE char *recommendations = mem_printf("%s: admin-assistant login %s", advice, user.email);
    user_finish(&user);
    struct stmt *s = db_stmt(
        db,
        "INSERT INTO action_log (user_id, event_type, description, recommendations, dedup_key, created_at, "
        "updated_at) VALUES ($1, 'sign_in', $2, $3, $4, $5, $5) "
        "ON CONFLICT (user_id, event_type, dedup_key) WHERE state = 'open' DO NOTHING");
    stmt_int(s, 1, user_id);
    stmt_text(s, 2, description);
    stmt_text(s, 3, recommendations);
    stmt_text(s, 4, key);
    stmt_time(s, 5, db_now_ms(db));
    r = stmt_run(s, e);
    if (r == 0) {
        *ret_is_new = db_changes(db) > 0;
    }
    return r;
}

static int set_reauth(struct db *db, int64_t user_id, const char *reason, struct err *e)
{
    bool is_new = false;
    CLEANUP_FREE char *trouble = mem_printf("must sign in again: %s", reason);
    int r = open_task(db, user_id, "sign_in", trouble, "Run", &is_new, e);
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
        r = user_note(db, "sign_in", "reauth_needed", user_id, "reason", reason, e);
    }
    return r;
}

int user_set_reauth(struct db *db, int64_t user_id, const char *reason, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, set_reauth(db, user_id, reason, e), e);
}

/* ---- tokens that no loaded key opens ---- */

static int set_unreadable(struct db *db, int64_t user_id, const char *reason, bool *ret_is_new, struct err *e)
{
    CLEANUP_FREE char *trouble = mem_printf("has a stored sign-in that does not open: %s", reason);
    int r = open_task(db, user_id, "unreadable", trouble,
                      "Put the missing key file back into [keys] directory and restart the service, or run",
                      ret_is_new, e);
    return r == 0 && *ret_is_new ? user_note(db, "sign_in", "token_unreadable", user_id, "reason", reason, e)
                                 : r;
}

int user_set_unreadable(struct db *db, int64_t user_id, const char *reason, bool *ret_is_new, struct err *e)
{
    struct unit unit;
    bool is_new = false;
    int r = unit_begin(&unit, db, e);
    if (r < 0) {
        return r;
    }
    r = unit_end(&unit, set_unreadable(db, user_id, reason, &is_new, e), e);
    if (r == 0) {
        *ret_is_new = is_new;
    }
    return r;
}

static bool is_loaded(const struct keyring *ring, const char *key_id)
{
    for (size_t i = 0; i < keyring_count(ring); i++) {
        if (strcmp(keyring_id(ring, i), key_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the envelope's key is loaded; if not, reason says what is amiss. */
static bool may_open(const struct keyring *ring, const char *envelope, char **ret_reason)
{
    char key_id[KEYRING_ID_MAX + 1];
    if (keyring_envelope_key(envelope, key_id) < 0) {
        *ret_reason = mem_strdup("it is damaged");
        return false;
    }
    if (!is_loaded(ring, key_id)) {
        *ret_reason = mem_printf("it was sealed with key %s, which is not loaded", key_id);
        return false;
    }
    return true;
}

static int note_missing(struct db *db, struct user_tokens_missing *missing, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT id, ms_refresh_token FROM users "
                                 "WHERE ms_refresh_token IS NOT NULL AND is_active = 1 ORDER BY id");
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        CLEANUP_FREE char *reason = NULL;
        bool is_new;
        int64_t user_id = stmt_col_int(s, 0);
        if (may_open(db_keyring(db), stmt_col_text(s, 1), &reason)) {
            continue;
        }
        r = set_unreadable(db, user_id, reason, &is_new, e);
        if (r < 0) {
            stmt_reset(s);
            return r;
        }
        if (missing->n_users++ == 0) {
            missing->first_user_id = user_id;
            snprintf(missing->reason, sizeof missing->reason, "%s", reason);
        }
    }
    return r;
}

int user_tokens_check_keys(struct db *db, struct user_tokens_missing *ret_missing, struct err *e)
{
    struct unit unit;
    struct user_tokens_missing missing = {0};
    int r = check_keys(db, e);
    if (r < 0) {
        return r;
    }
    r = unit_begin(&unit, db, e);
    if (r < 0) {
        return r;
    }
    r = unit_end(&unit, note_missing(db, &missing, e), e);
    if (r == 0) {
        *ret_missing = missing;
    }
    return r;
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
        r = user_note(db, "sign_in", "key_rotate", id, NULL, NULL, e);
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
