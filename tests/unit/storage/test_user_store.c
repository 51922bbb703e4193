/* Users and their tokens. */
#include "tests/unit/storage/store_fixture.h"

#include "storage/audit_store.h"
#include "storage/user_store.h"

#define CANARY_ACCESS  "canary-access-5f1c9a7e"
#define CANARY_REFRESH "canary-refresh-0b7d2e44"

/* anna is 1 (with a user name), ben is 2. */
static int setup(void **state)
{
    int64_t anna, ben;
    if (fixture_setup(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    if (user_add(f->db, "Anna@Example.com", "anna", "Anna Beispiel", &anna, &f->e) != 0 ||
        user_add(f->db, "ben@example.com", NULL, NULL, &ben, &f->e) != 0) {
        print_error("%s\n", f->e.msg);
        return -1;
    }
    return anna == 1 && ben == 2 ? 0 : -1;
}

static struct user_tokens make_tokens(const char *access, const char *refresh)
{
    return (struct user_tokens){
        .access = access ? secret_copy(access, strlen(access)) : NULL,
        .refresh = refresh ? secret_copy(refresh, strlen(refresh)) : NULL,
        .expires_ms = FIXTURE_START_MS + 3600000,
    };
}

static int save(struct fixture *f, int64_t id, const char *access, const char *refresh)
{
    struct user_tokens tokens = make_tokens(access, refresh);
    int r = user_tokens_save(f->db, id, &tokens, &f->e);
    user_tokens_finish(&tokens);
    return r;
}

static void assert_tokens(struct fixture *f, int64_t id, const char *access, const char *refresh)
{
    struct user_tokens tokens;
    assert_ok(user_tokens_load(f->db, id, &tokens, &f->e), f->e);
    bool is_same =
        (access ? tokens.access && strcmp(secret_bytes(tokens.access), access) == 0 : !tokens.access) &&
        (refresh ? tokens.refresh && strcmp(secret_bytes(tokens.refresh), refresh) == 0 : !tokens.refresh);
    user_tokens_finish(&tokens);
    assert_true(is_same);
}

static int64_t count_audit(const struct fixture *f, const char *operation)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM audit_log WHERE operation = '%s' AND status = 'success'",
             operation);
    return fixture_query(f, sql);
}

static void user_is_found_by_id_address_and_name(void **state)
{
    static const struct {
        const char *who;
        int64_t id; /* 0: not found */
    } rows[] = {{"1", 1},
                {"2", 2},
                {"anna@example.com", 1},
                {"ANNA@EXAMPLE.COM", 1},
                {"anna", 1},
                {"Anna", 0},
                {"ben", 0},
                {"3", 0},
                {"", 0},
                {"1 ", 0},
                {"-1", 0},
                {"99999999999999999999", 0}};
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct user user = {0};
        int r = user_find(f->db, rows[i].who, &user, &f->e);
        int64_t id = user.id;
        user_finish(&user);
        if (r != (rows[i].id ? 0 : ERR_NOT_FOUND) || id != rows[i].id) {
            fail_msg("\"%s\": %s, id %lld", rows[i].who, err_name(r), (long long)id);
        }
    }
    struct user user = {0};
    assert_code(user_find(f->db, "carla", &user, &f->e), ERR_NOT_FOUND, f->e);
    assert_non_null(strstr(f->e.msg, "\"carla\""));
    assert_ok(user_find_by_email(f->db, "BEN@example.com", &user, &f->e), f->e);
    assert_int_equal(user.id, 2);
    user_finish(&user);
}

static void user_is_as_added(void **state)
{
    struct fixture *f = *state;
    struct user user;
    assert_ok(user_get(f->db, 1, &user, &f->e), f->e);
    assert_string_equal(user.email, "Anna@Example.com");
    assert_string_equal(user.username, "anna");
    assert_string_equal(user.name, "Anna Beispiel");
    assert_true(user.is_active);
    assert_int_equal(user.auth_state, USER_AUTH_NONE);
    assert_null(user.auth_reason);
    assert_false(user.has_refresh_token);
    assert_true(user.token_expires_ms == INT64_MIN);
    user_finish(&user);
    assert_int_equal(count_audit(f, "user_add"), 2);
    assert_int_equal(
        fixture_query(f, "SELECT count(*) FROM audit_log WHERE resource_type = 'user' AND resource_id = '2' "
                         "AND details = '{\"email\":\"ben@example.com\"}' AND user_id = 2"),
        1);
}

static void bad_and_double_users_are_refused(void **state)
{
    static const struct {
        const char *name, *email, *username;
        int expected;
    } rows[] = {
        {"no at sign", "anna", NULL, ERR_INVALID},
        {"nothing before it", "@example.com", NULL, ERR_INVALID},
        {"nothing behind it", "anna@", NULL, ERR_INVALID},
        {"two of them", "a@b@c", NULL, ERR_INVALID},
        {"space", "an na@example.com", NULL, ERR_INVALID},
        {"line end", "anna@example.com\n", NULL, ERR_INVALID},
        {"empty", "", NULL, ERR_INVALID},
        {"user name of digits", "c@example.com", "17", ERR_INVALID},
        {"user name like an address", "c@example.com", "c@d", ERR_INVALID},
        {"user name with a space", "c@example.com", "c d", ERR_INVALID},
        {"empty user name", "c@example.com", "", ERR_INVALID},
        {"same address", "ben@example.com", NULL, ERR_EXISTS},
        {"same address in another case", "BEN@example.com", NULL, ERR_EXISTS},
        {"same user name", "c@example.com", "anna", ERR_EXISTS},
        {"another one", "c@example.com", "Anna", 0},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t id = -1;
        int r = user_add(f->db, rows[i].email, rows[i].username, NULL, &id, &f->e);
        if (r != rows[i].expected || (r < 0 && id != -1)) {
            fail_msg("%s: %s (%s)", rows[i].name, err_name(r), f->e.msg);
        }
    }
    int64_t id;
    assert_code(user_add(f->db, "x@example.com", "anna", NULL, &id, &f->e), ERR_EXISTS, f->e);
    assert_non_null(strstr(f->e.msg, "id 1, Anna@Example.com"));
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM users"), 3);
    assert_int_equal(count_audit(f, "user_add"), 3);
}

static void count_user(void *arg, const struct user *user)
{
    *(int64_t *)arg = *(int64_t *)arg * 10 + user->id;
}

static void deactivated_user_stays_listed(void **state)
{
    struct fixture *f = *state;
    struct user user;
    int64_t ids = 0;
    assert_ok(user_deactivate(f->db, 2, &f->e), f->e);
    assert_ok(user_deactivate(f->db, 2, &f->e), f->e);
    assert_code(user_deactivate(f->db, 7, &f->e), ERR_NOT_FOUND, f->e);
    assert_int_equal(count_audit(f, "user_deactivate"), 1);
    assert_ok(user_get(f->db, 2, &user, &f->e), f->e);
    assert_false(user.is_active);
    user_finish(&user);
    assert_ok(user_list(f->db, count_user, &ids, &f->e), f->e);
    assert_int_equal(ids, 12);
}

static void tokens_come_back_and_are_sealed(void **state)
{
    struct fixture *f = *state;
    assert_tokens(f, 1, NULL, NULL);
    assert_ok(save(f, 1, CANARY_ACCESS, CANARY_REFRESH), f->e);
    assert_tokens(f, 1, CANARY_ACCESS, CANARY_REFRESH);
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
    assert_code(save(f, 9, CANARY_ACCESS, CANARY_REFRESH), ERR_NOT_FOUND, f->e);
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
    struct user_tokens tokens = make_tokens(CANARY_ACCESS, CANARY_REFRESH);
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
    assert_ok(save(f, 1, "access-1", "refresh-1"), f->e);
    assert_ok(save(f, 1, "access-2", NULL), f->e);
    assert_tokens(f, 1, "access-2", "refresh-1");
    assert_ok(save(f, 1, NULL, "refresh-2"), f->e);
    assert_tokens(f, 1, NULL, "refresh-2");
    assert_int_equal(fixture_query(f, "SELECT ms_token_expires_at IS NULL FROM users WHERE id = 1"), 1);
}

static void moved_token_does_not_open(void **state)
{
    struct fixture *f = *state;
    struct user_tokens tokens = {0};
    assert_ok(save(f, 1, "access-1", "refresh-1"), f->e);
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
        save(f, 1, "access-1", "refresh-1"),
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
    struct user_tokens tokens = make_tokens(NULL, "refresh-1");
    int r = user_login(f->db, 1, &tokens, "refresh_token_file", &f->e);
    user_tokens_finish(&tokens);
    assert_ok(r, f->e);
    assert_tokens(f, 1, NULL, "refresh-1");
    assert_int_equal(
        fixture_query(f,
                      "SELECT count(*) FROM audit_log WHERE action_type = 'sign_in' AND operation = 'login' "
                      "AND user_id = 1 AND details = '{\"method\":\"refresh_token_file\"}'"),
        1);
    assert_ok(user_tokens_clear(f->db, 1, &f->e), f->e);
    assert_tokens(f, 1, NULL, NULL);
    assert_int_equal(fixture_query(f, "SELECT ms_auth_state = 'none' FROM users WHERE id = 1"), 1);
    assert_int_equal(count_audit(f, "logout"), 1);
    assert_ok(save(f, 1, "a", "b"), f->e);
    assert_int_equal(count_audit(f, "login"), 1); /* the service's own renewals are not logins */
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
    assert_ok(save(f, 1, "a", "b"), f->e);
    assert_ok(user_set_reauth(f->db, 1, "the refresh token was revoked", &f->e), f->e);
    assert_ok(user_set_reauth(f->db, 1, "still revoked", &f->e), f->e);
    assert_int_equal(tasks(f, "open"), 1);
    assert_int_equal(count_audit(f, "reauth_needed"), 1);
    assert_ok(user_get(f->db, 1, &user, &f->e), f->e);
    assert_int_equal(user.auth_state, USER_AUTH_REAUTH_NEEDED);
    assert_string_equal(user.auth_reason, "still revoked");
    user_finish(&user);
    assert_ok(save(f, 1, "c", "d"), f->e);
    assert_int_equal(tasks(f, "open"), 0);
    assert_int_equal(tasks(f, "resolved"), 1);
    assert_ok(user_set_reauth(f->db, 1, "revoked again", &f->e), f->e);
    assert_int_equal(tasks(f, "open"), 1);
    assert_code(user_set_reauth(f->db, 9, "r", &f->e), ERR_NOT_FOUND, f->e);
}

static void works_inside_the_callers_transaction(void **state)
{
    struct fixture *f = *state;
    int64_t id;
    assert_ok(db_begin(f->db, &f->e), f->e);
    assert_code(user_add(f->db, "ben@example.com", NULL, NULL, &id, &f->e), ERR_EXISTS, f->e);
    assert_ok(user_add(f->db, "c@example.com", NULL, NULL, &id, &f->e), f->e);
    assert_ok(save(f, id, "a", "b"), f->e);
    assert_true(db_in_transaction(f->db));
    db_rollback(f->db);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM users"), 2);
    assert_ok(db_begin(f->db, &f->e), f->e);
    assert_ok(user_add(f->db, "c@example.com", NULL, NULL, &id, &f->e), f->e);
    assert_ok(db_commit(f->db, &f->e), f->e);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM users"), 3);
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
    assert_ok(save(f, 1, "access-1", "refresh-1"), f->e);
    assert_ok(save(f, 2, NULL, "refresh-2"), f->e);
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
    assert_tokens(f, 1, "access-1", "refresh-1");
    assert_tokens(f, 2, NULL, "refresh-2");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(user_is_found_by_id_address_and_name),
        T(user_is_as_added),
        T(bad_and_double_users_are_refused),
        T(deactivated_user_stays_listed),
        T(tokens_come_back_and_are_sealed),
        T(token_is_nowhere_in_the_files),
        T(refresh_token_is_kept_unless_a_new_one_came),
        T(moved_token_does_not_open),
        T(nothing_is_changed_without_a_key),
        T(login_and_logout_are_audited),
        T(sign_in_is_asked_for_once_and_resolved_by_it),
        T(works_inside_the_callers_transaction),
        T(tokens_are_sealed_again_with_the_new_key),
    };
    return cmocka_run_group_tests_name("storage_user_store", tests, NULL, NULL);
}
