/* Whose refresh token is renewed when. */
#include "tests/unit/storage/user_fixture.h"

#include "storage/renewal_store.h"

#define HOUR_MS ((int64_t)3600000)
#define DAY_MS  (24 * HOUR_MS)

/* Users 3 to n, all with a refresh token since FIXTURE_START_MS, like anna and ben. */
static void sign_in_all(struct fixture *f, int64_t n)
{
    assert_ok(db_begin(f->db, &f->e), f->e);
    for (int64_t id = 1; id <= n; id++) {
        char email[48];
        int64_t added = id;
        snprintf(email, sizeof email, "u%lld@example.com", (long long)id);
        if (id > 2) {
            assert_ok(user_add(f->db, email, NULL, NULL, &added, &f->e), f->e);
        }
        assert_int_equal(added, id);
        assert_ok(user_save(f, id, "access", "refresh"), f->e);
    }
    assert_ok(db_commit(f->db, &f->e), f->e);
}

static int64_t next_at(struct fixture *f, int64_t now_ms)
{
    int64_t due_ms = 0;
    assert_ok(renewal_next(f->db, now_ms, &due_ms, &f->e), f->e);
    return due_ms;
}

/* How many are due, in pages of three. */
static size_t count_due(struct fixture *f, int64_t now_ms)
{
    struct renewal due[3];
    struct renewal_place after = RENEWAL_FRONT;
    size_t total = 0, n = 0;
    do {
        assert_ok(renewal_list_due(f->db, now_ms, after, ARRAY_LEN(due), due, &n, &f->e), f->e);
        for (size_t i = 0; i < n; i++) {
            bool is_behind =
                due[i].place.renewed_ms > after.renewed_ms || due[i].place.user_id > after.user_id;
            bool has_email = strchr(due[i].email, '@');
            after = due[i].place;
            free(due[i].email);
            assert_true(is_behind && has_email);
        }
        total += n;
    } while (n == ARRAY_LEN(due));
    return total;
}

static void everybody_is_due_within_the_week_and_not_together(void **state)
{
    enum { N = 200 };
    struct fixture *f = *state;
    sign_in_all(f, N);
    const int64_t first_ms = FIXTURE_START_MS + 7 * DAY_MS - 12 * HOUR_MS;
    const int64_t last_ms = FIXTURE_START_MS + 7 * DAY_MS - HOUR_MS;
    int64_t due_ms = next_at(f, FIXTURE_START_MS);
    assert_in_range(due_ms, first_ms, first_ms + HOUR_MS / 2); /* the earliest of 200 */
    assert_true(next_at(f, FIXTURE_START_MS + DAY_MS) == due_ms);
    assert_int_equal(count_due(f, due_ms - 1), 0);
    assert_int_equal(count_due(f, due_ms), 1);
    assert_int_equal(count_due(f, last_ms), N);
    size_t half = count_due(f, (first_ms + last_ms) / 2);
    assert_in_range(half, N / 3, 2 * N / 3);
}

struct state_row {
    const char *name;
    const char *sql; /* done to anna, who was renewed at FIXTURE_START_MS */
    int64_t now_ms;
    bool is_due; /* now; otherwise never, or later */
    bool is_never;
};

static const struct state_row state_rows[] = {
    {"just renewed", "SELECT 1", FIXTURE_START_MS, false, false},
    {"six days ago", "SELECT 1", FIXTURE_START_MS + 6 * DAY_MS, false, false},
    {"a week ago", "SELECT 1", FIXTURE_START_MS + 7 * DAY_MS - HOUR_MS, true, false},
    {"a year ago", "SELECT 1", FIXTURE_START_MS + 365 * DAY_MS, true, false},
    {"never", "UPDATE users SET ms_token_renewed_at = NULL WHERE id = 1", FIXTURE_START_MS, true, false},
    {"a moment ahead", "SELECT 1", FIXTURE_START_MS - 1000, false, false},
    {"in the future", "SELECT 1", FIXTURE_START_MS - 2 * HOUR_MS, true, false},
    {"not active", "UPDATE users SET is_active = 0 WHERE id = 1", FIXTURE_START_MS + 9 * DAY_MS, false, true},
    {"lost", "UPDATE users SET ms_auth_state = 'reauth_needed' WHERE id = 1", FIXTURE_START_MS + 9 * DAY_MS,
     false, true},
    {"signed out", "UPDATE users SET ms_refresh_token = NULL, ms_auth_state = 'none' WHERE id = 1",
     FIXTURE_START_MS + 9 * DAY_MS, false, true},
    {"no refresh token", "UPDATE users SET ms_refresh_token = NULL WHERE id = 1",
     FIXTURE_START_MS + 9 * DAY_MS, false, true},
};

static void due_is_as_the_state_says(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(state_rows); i++) {
        const struct state_row *row = &state_rows[i];
        assert_int_equal(fixture_exec(f, "UPDATE users SET is_active = 1"), SQLITE_OK);
        assert_ok(user_save(f, 1, "access", "refresh"), f->e);
        assert_int_equal(fixture_exec(f, row->sql), SQLITE_OK);
        int64_t due_ms = next_at(f, row->now_ms);
        size_t n = count_due(f, row->now_ms);
        if (n != row->is_due || (due_ms <= row->now_ms) != row->is_due ||
            (due_ms == INT64_MAX) != row->is_never) {
            fail_msg("%s: %zu due, next in %lld min", row->name, n,
                     (long long)((due_ms - row->now_ms) / 60000));
        }
    }
}

static void longest_unrenewed_comes_first(void **state)
{
    struct fixture *f = *state;
    struct renewal due[4];
    size_t n = 0;
    sign_in_all(f, 4);
    assert_int_equal(fixture_exec(f, "UPDATE users SET ms_token_renewed_at = CASE id WHEN 4 THEN NULL ELSE "
                                     "'2025-06-0' || (5 - id) || ' 00:00:00.000000' END"),
                     SQLITE_OK);
    assert_ok(renewal_list_due(f->db, FIXTURE_START_MS, RENEWAL_FRONT, 4, due, &n, &f->e), f->e);
    assert_int_equal(n, 4);
    int64_t order = 0;
    for (size_t i = 0; i < n; i++) {
        order = order * 10 + due[i].place.user_id;
        free(due[i].email);
    }
    assert_int_equal(order, 4321);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, user_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(everybody_is_due_within_the_week_and_not_together),
        T(due_is_as_the_state_says),
        T(longest_unrenewed_comes_first),
    };
    return cmocka_run_group_tests_name("storage_renewal_store", tests, NULL, NULL);
}
