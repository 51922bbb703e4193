/* The tokens of users, and the state of their sign-in. */
#include "tests/unit/storage/user_fixture.h"

#include "storage/audit_store.h"

#define CANARY_ACCESS  "canary-access-5f1c9a7e"
#define CANARY_REFRESH "canary-refresh-0b7d2e44"

static void tokens_come_back_and_are_sealed(void **state)
{
    struct fixture *f = *state;
    user_assert_tokens(f, 1, NULL, NULL);
    assert_ok(user_save(f, 1, CANARY_ACCESS, CANARY_REFRESH), f->e);
    user_assert_tokens(f, 1, CANARY_ACCESS, CANARY_REFRESH);
    assert_int_equal(
        fixture_query(f, "SELECT ms_access_token LIKE 'v1.k1.%' AND ms_refresh_token LIKE 'v1.k1.%' "
                         "AND ms_auth_state = 'ok' AND ms_token_expires_at = '2026-01-01 01:00:00.000000' "
                         "FROM users WHERE id = 1"),
        1);
    struct user user;
    assert_ok(user_get(f->db, 1, &user, &f->e), f->e);
    assert_int_equal(user.auth_state, USER_AUTH_OK);
    assert_true(user.has_refresh_token);
    assert_true(user.token_expires_ms == FIXTURE_START_MS + 3600000);
    user_finish(&user);
    assert_code(user_save(f, 9, CANARY_ACCESS, CANARY_REFRESH), ERR_NOT_FOUND, f->e);
}

static bool file_holds(const char *path, const char *needle)
{
    struct buf b;
    buf_init(&b, 1 << 26);
    bool found =
        buf_read_file(&b, path) == 0 && b.len > 0 && memmem(b.data, b.len, needle, strlen(needle)) != NULL;
    buf_finish(&b);
    return found;
}

static void token_is_nowhere_in_the_files(void **state)
{
    struct fixture *f = *state;
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", f->path);
    struct user_tokens tokens = user_make_tokens(CANARY_ACCESS, CANARY_REFRESH);
    int r = user_login(f->db, 1, &tokens, "device_code", &f->e);
    user_tokens_finish(&tokens);
    assert_ok(r, f->e);
    assert_ok(user_set_reauth(f->db, 2, "password was changed", &f->e), f->e);
    assert_true(file_holds(wal, "ben@example.com")); /* what is written can be seen there */
    assert_false(file_holds(wal, CANARY_ACCESS));
    assert_false(file_holds(wal, CANARY_REFRESH));
    db_close(f->db);
    f->db = NULL;
    assert_true(file_holds(f->path, "ben@example.com"));
    assert_false(file_holds(f->path, CANARY_ACCESS));
    assert_false(file_holds(f->path, CANARY_REFRESH));
}

static void refresh_token_is_kept_unless_a_new_one_came(void **state)
{
    struct fixture *f = *state;
    assert_ok(user_save(f, 1, "access-1", "refresh-1"), f->e);
    assert_ok(user_save(f, 1, "access-2", NULL), f->e);
    user_assert_tokens(f, 1, "access-2", "refresh-1");
    assert_ok(user_save(f, 1, NULL, "refresh-2"), f->e);
    user_assert_tokens(f, 1, NULL, "refresh-2");
    assert_int_equal(fixture_query(f, "SELECT ms_token_expires_at IS NULL FROM users WHERE id = 1"), 1);
}

static void moved_token_does_not_open(void **state)
{
    struct fixture *f = *state;
    struct user_tokens tokens = {0};
    assert_ok(user_save(f, 1, "access-1", "refresh-1"), f->e);
    assert_int_equal(
        fixture_exec(f,
                     "UPDATE users SET ms_refresh_token = (SELECT ms_refresh_token FROM users WHERE id = 1) "
                     "WHERE id = 2"),
        SQLITE_OK);
    assert_code(user_tokens_load(f->db, 2, &tokens, &f->e), ERR_DECRYPT, f->e);
    assert_non_null(strstr(f->e.msg, "users/ms_refresh_token/2"));
    assert_null(strstr(f->e.msg, "refresh-1"));
    assert_int_equal(fixture_exec(f, "UPDATE users SET ms_access_token = ms_refresh_token WHERE id = 1"),
                     SQLITE_OK);
    assert_code(user_tokens_load(f->db, 1, &tokens, &f->e), ERR_DECRYPT, f->e);
    assert_non_null(strstr(f->e.msg, "users/ms_access_token/1"));
}

static void nothing_is_changed_without_a_key(void **state)
{
    struct fixture *f = *state;
    struct db_options options = {.mode = DB_READ_WRITE, .clock = &f->time.clock};
    struct db *db = f->db;
    struct user_tokens tokens = {0};
    int64_t id;
    assert_ok(db_open(f->path, &options, &f->db, &f->e), f->e);
    int codes[] = {
        user_add(f->db, "c@example.com", NULL, NULL, &id, &f->e),
        user_deactivate(f->db, 1, &f->e),
        user_save(f, 1, "access-1", "refresh-1"),
        user_tokens_clear(f->db, 1, &f->e),
        user_tokens_load(f->db, 1, &tokens, &f->e),
        user_set_reauth(f->db, 1, "r", &f->e),
    };
    db_close(f->db);
    f->db = db;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        assert_int_equal(codes[i], ERR_KEY);
    }
    assert_int_equal(
        fixture_query(f, "SELECT count(*) FROM users WHERE is_active = 1 AND ms_auth_state = 'none' "
                         "AND ms_refresh_token IS NULL"),
        2);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM action_log"), 0);
}

static void login_and_logout_are_audited(void **state)
{
    struct fixture *f = *state;
    struct user_tokens tokens = user_make_tokens(NULL, "refresh-1");
    int r = user_login(f->db, 1, &tokens, "refresh_token_file", &f->e);
    user_tokens_finish(&tokens);
    assert_ok(r, f->e);
    user_assert_tokens(f, 1, NULL, "refresh-1");
    assert_int_equal(
        fixture_query(f,
                      "SELECT count(*) FROM audit_log WHERE action_type = 'sign_in' AND operation = 'login' "
                      "AND user_id = 1 AND details = '{\"method\":\"refresh_token_file\"}'"),
        1);
    assert_ok(user_tokens_clear(f->db, 1, &f->e), f->e);
    user_assert_tokens(f, 1, NULL, NULL);
    assert_int_equal(fixture_query(f, "SELECT ms_auth_state = 'none' FROM users WHERE id = 1"), 1);
    assert_int_equal(user_count_audit(f, "logout"), 1);
    assert_ok(user_save(f, 1, "a", "b"), f->e);
    assert_int_equal(user_count_audit(f, "login"), 1); /* the service's own renewals are not logins */
    int64_t links;
    assert_ok(audit_verify(f->db, &links, &f->e), f->e);
    assert_int_equal(links, 4);
}

static int64_t tasks(const struct fixture *f, const char *state)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM action_log WHERE user_id = 1 AND event_type = 'sign_in' AND state = '%s'",
             state);
    return fixture_query(f, sql);
}

static void sign_in_is_asked_for_once_and_resolved_by_it(void **state)
{
    struct fixture *f = *state;
    struct user user;
    assert_ok(user_save(f, 1, "a", "b"), f->e);
    assert_ok(user_set_reauth(f->db, 1, "the refresh token was revoked", &f->e), f->e);
    assert_ok(user_set_reauth(f->db, 1, "still revoked", &f->e), f->e);
    assert_int_equal(tasks(f, "open"), 1);
    assert_int_equal(user_count_audit(f, "reauth_needed"), 1);
    assert_ok(user_get(f->db, 1, &user, &f->e), f->e);
    assert_int_equal(user.auth_state, USER_AUTH_REAUTH_NEEDED);
    assert_string_equal(user.auth_reason, "still revoked");
    user_finish(&user);
    assert_ok(user_save(f, 1, "c", "d"), f->e);
    assert_int_equal(tasks(f, "open"), 0);
    assert_int_equal(tasks(f, "resolved"), 1);
    assert_ok(user_set_reauth(f->db, 1, "revoked again", &f->e), f->e);
    assert_int_equal(tasks(f, "open"), 1);
    assert_code(user_set_reauth(f->db, 9, "r", &f->e), ERR_NOT_FOUND, f->e);
}

static void only_a_new_refresh_token_counts_as_renewed(void **state)
{
    static const char renewed[] = "SELECT coalesce(ms_token_renewed_at, '-') = '%s' FROM users WHERE id = 1";
    static const struct {
        const char *name, *access, *refresh, *expected;
        int64_t at_ms;
    } rows[] = {
        {"never", "access-1", NULL, "-", 0},
        {"a first one", "access-1", "refresh-1", "2026-01-01 00:01:00.000000", 60000},
        {"access token only", "access-2", NULL, "2026-01-01 00:01:00.000000", 120000},
        {"another", NULL, "refresh-2", "2026-01-01 00:03:00.000000", 180000},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char sql[160];
        f->time.wall_ms = FIXTURE_START_MS + rows[i].at_ms;
        assert_ok(user_save(f, 1, rows[i].access, rows[i].refresh), f->e);
        snprintf(sql, sizeof sql, renewed, rows[i].expected);
        if (fixture_query(f, sql) != 1) {
            fail_msg("%s", rows[i].name);
        }
    }
    assert_ok(user_tokens_clear(f->db, 1, &f->e), f->e);
    assert_int_equal(fixture_query(f, "SELECT ms_token_renewed_at IS NULL FROM users WHERE id = 1"), 1);
}

static int reopen_keys(struct fixture *f)
{
    db_close(f->db);
    f->db = NULL;
    int r = fixture_load_keys(f);
    return r < 0 ? r : fixture_open(f, DB_READ_WRITE, &f->db);
}

static void tokens_are_sealed_again_with_the_new_key(void **state)
{
    struct fixture *f = *state;
    int64_t n = -1;
    assert_ok(user_save(f, 1, "access-1", "refresh-1"), f->e);
    assert_ok(user_save(f, 2, NULL, "refresh-2"), f->e);
    assert_ok(user_tokens_reseal(f->db, &n, &f->e), f->e);
    assert_int_equal(n, 0);
    assert_int_equal(fixture_add_key(f, "k2", 'b'), 0);
    assert_ok(reopen_keys(f), f->e);
    assert_ok(user_tokens_count_key(f->db, "k1", &n, &f->e), f->e);
    assert_int_equal(n, 3);
    assert_ok(user_tokens_reseal(f->db, &n, &f->e), f->e);
    assert_int_equal(n, 2);
    assert_ok(user_tokens_count_key(f->db, "k1", &n, &f->e), f->e);
    assert_int_equal(n, 0);
    assert_ok(user_tokens_count_key(f->db, "k2", &n, &f->e), f->e);
    assert_int_equal(n, 3);
    assert_ok(user_tokens_reseal(f->db, &n, &f->e), f->e);
    assert_int_equal(n, 0);
    user_assert_tokens(f, 1, "access-1", "refresh-1");
    user_assert_tokens(f, 2, NULL, "refresh-2");
}

static void missing_key_is_told_once_and_heals(void **state)
{
    struct fixture *f = *state;
    struct user_tokens_missing missing = {.n_users = -1};
    char old[160], away[160];
    assert_ok(user_save(f, 1, "access-1", "refresh-1"), f->e);
    assert_ok(user_tokens_check_keys(f->db, &missing, &f->e), f->e);
    assert_int_equal(missing.n_users, 0);
    snprintf(old, sizeof old, "%s/k1.key", f->keys);
    snprintf(away, sizeof away, "%s/k1.away", f->keys);
    assert_int_equal(fixture_add_key(f, "k2", 'b') + rename(old, away), 0);
    assert_ok(reopen_keys(f), f->e);
    assert_ok(user_save(f, 2, "access-2", "refresh-2"), f->e); /* with the key that is there */
    for (int start = 0; start < 2; start++) {
        assert_ok(user_tokens_check_keys(f->db, &missing, &f->e), f->e);
        assert_int_equal(missing.n_users, 1);
        assert_int_equal(missing.first_user_id, 1);
        assert_non_null(strstr(missing.reason, "key k1, which is not loaded"));
    }
    assert_int_equal(tasks(f, "open"), 1);
    assert_int_equal(user_count_audit(f, "token_unreadable"), 1);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM action_log WHERE user_id = 1 AND description = "
                                      "'Anna@Example.com has a stored sign-in that does not open: it was "
                                      "sealed with key k1, which is not loaded' AND recommendations LIKE "
                                      "'%[keys] directory%: admin-assistant login Anna@Example.com'"),
                     1);
    /* Nothing is lost: with the key back it opens, and the next renewal resolves the task. */
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM users WHERE ms_auth_state = 'ok'"), 2);
    assert_int_equal(rename(away, old), 0);
    assert_ok(reopen_keys(f), f->e);
    assert_ok(user_tokens_check_keys(f->db, &missing, &f->e), f->e);
    assert_int_equal(missing.n_users, 0);
    user_assert_tokens(f, 1, "access-1", "refresh-1");
    assert_ok(user_save(f, 1, "access-3", "refresh-3"), f->e);
    assert_int_equal(tasks(f, "open"), 0);
}

static void damaged_token_of_an_active_user_is_told(void **state)
{
    struct fixture *f = *state;
    struct user_tokens_missing missing;
    bool is_new = false;
    assert_int_equal(fixture_exec(f, "UPDATE users SET ms_refresh_token = 'v1.x'"), SQLITE_OK);
    assert_ok(user_deactivate(f->db, 2, &f->e), f->e);
    assert_ok(user_tokens_check_keys(f->db, &missing, &f->e), f->e);
    assert_int_equal(missing.n_users, 1);
    assert_string_equal(missing.reason, "it is damaged");
    assert_ok(user_set_unreadable(f->db, 1, "again", &is_new, &f->e), f->e);
    assert_false(is_new);
    assert_ok(user_set_unreadable(f->db, 2, "once", &is_new, &f->e), f->e);
    assert_true(is_new);
    assert_code(user_set_unreadable(f->db, 9, "r", &is_new, &f->e), ERR_NOT_FOUND, f->e);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, user_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(tokens_come_back_and_are_sealed),
        T(token_is_nowhere_in_the_files),
        T(refresh_token_is_kept_unless_a_new_one_came),
        T(moved_token_does_not_open),
        T(nothing_is_changed_without_a_key),
        T(login_and_logout_are_audited),
        T(sign_in_is_asked_for_once_and_resolved_by_it),
        T(only_a_new_refresh_token_counts_as_renewed),
        T(tokens_are_sealed_again_with_the_new_key),
        T(missing_key_is_told_once_and_heals),
        T(damaged_token_of_an_active_user_is_told),
    };
    return cmocka_run_group_tests_name("storage_token_store", tests, NULL, NULL);
}
