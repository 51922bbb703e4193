/* Users. */
#include "tests/unit/storage/user_fixture.h"

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
    assert_int_equal(user_count_audit(f, "user_add"), 2);
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
        {"an Irish name", "o'brien@example.com", NULL, 0},
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
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM users"), 4);
    assert_int_equal(user_count_audit(f, "user_add"), 4);
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
    assert_int_equal(user_count_audit(f, "user_deactivate"), 1);
    assert_ok(user_get(f->db, 2, &user, &f->e), f->e);
    assert_false(user.is_active);
    user_finish(&user);
    assert_ok(user_list(f->db, count_user, &ids, &f->e), f->e);
    assert_int_equal(ids, 12);
}

static void works_inside_the_callers_transaction(void **state)
{
    struct fixture *f = *state;
    int64_t id;
    assert_ok(db_begin(f->db, &f->e), f->e);
    assert_code(user_add(f->db, "ben@example.com", NULL, NULL, &id, &f->e), ERR_EXISTS, f->e);
    assert_ok(user_add(f->db, "c@example.com", NULL, NULL, &id, &f->e), f->e);
    assert_ok(user_save(f, id, "a", "b"), f->e);
    assert_true(db_in_transaction(f->db));
    db_rollback(f->db);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM users"), 2);
    assert_ok(db_begin(f->db, &f->e), f->e);
    assert_ok(user_add(f->db, "c@example.com", NULL, NULL, &id, &f->e), f->e);
    assert_ok(db_commit(f->db, &f->e), f->e);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM users"), 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, user_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(user_is_found_by_id_address_and_name), T(user_is_as_added),
        T(bad_and_double_users_are_refused),     T(deactivated_user_stays_listed),
        T(works_inside_the_callers_transaction),
    };
    return cmocka_run_group_tests_name("storage_user_store", tests, NULL, NULL);
}
