#include "tests/lib/archive_fixture.h"

#include "storage/figures_store.h"

static void test_service(void **state)
{
    struct fixture *f = *state;
    for (int n = 2; n <= 6; n++) {
        fixture_add_user(f, n);
    }
    fixture_sql(f, "UPDATE users SET ms_auth_state = 'ok' WHERE id IN (1, 2, 6);"
                   "UPDATE users SET ms_auth_state = 'reauth_needed' WHERE id = 3;"
                   "UPDATE users SET is_active = 0 WHERE id = 6;"
                   "UPDATE job_configurations SET paused_at = '2026-01-01 00:00:00.000000' WHERE id = 4");
    struct figures figures;
    OK(figures_read(f->db, &figures, e));
    assert_int_equal(figures.read_ms, f->clock.now_ms);
    assert_int_equal(figures.users_signed_in, 2);
    assert_int_equal(figures.status.users_needing_sign_in, 1);
    assert_int_equal(figures.users_never_signed_in, 2);
    assert_int_equal(figures.status.active_jobs, 4);
    assert_int_equal(figures.status.paused_jobs, 1);
    assert_int_equal(figures.n_jobs, 5); /* enabled; paused is not gone */
    assert_int_equal(figures.left_out_jobs, 0);
    figures_finish(&figures);
}

static void test_jobs(void **state)
{
    struct fixture *f = *state;
    fixture_add_user(f, 2);
    fixture_sql(f, "INSERT INTO job_stats VALUES (2, 2, '2026-01-02 00:00:00.000000', "
                   "'2026-01-01 00:00:00.000000', 17, 3, 4, 5, 6, 7, 8, 9)");
    struct figures figures;
    OK(figures_read(f->db, &figures, e));
    assert_int_equal(figures.n_jobs, 2);
    const struct job_figures *never = &figures.jobs[0], *job = &figures.jobs[1];
    assert_int_equal(never->job_id, 1);
    assert_string_equal(never->name, "config 1");
    assert_true(never->last_success_ms == INT64_MIN && never->last_failure_ms == INT64_MIN);
    assert_true(never->last_duration_ms == -1 && never->last_rows == -1);
    assert_int_equal(never->runs_succeeded, 0);
    assert_int_equal(job->last_success_ms, utc("2026-01-02 00:00"));
    assert_int_equal(job->last_failure_ms, utc("2026-01-01 00:00"));
    const int64_t numbers[] = {job->last_duration_ms, job->last_rows,    job->runs_succeeded,
                               job->runs_failed,      job->rows_written, job->throttled,
                               job->slots_missed,     job->slots_skipped};
    const int64_t expected[] = {17, 3, 4, 5, 6, 7, 8, 9};
    assert_memory_equal(numbers, expected, sizeof expected);
    figures_finish(&figures);
}

static void test_too_many_jobs(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "BEGIN");
    for (int n = 2; n <= FIGURES_MAX_JOBS + 7; n++) {
        fixture_add_user(f, n);
    }
    fixture_sql(f, "UPDATE job_configurations SET is_active = 0 WHERE id = 3; COMMIT");
    struct figures figures;
    OK(figures_read(f->db, &figures, e));
    assert_int_equal(figures.n_jobs, FIGURES_MAX_JOBS);
    assert_int_equal(figures.left_out_jobs, 6);
    assert_int_equal(figures.jobs[2].job_id, 4);
    figures_finish(&figures);
}

/* However many users and runs there are, no table is read from end to end for a sum. */
static void test_indexes(void **state)
{
    struct fixture *f = *state;
    struct stmt *s = db_stmt(f->db, "EXPLAIN QUERY PLAN SELECT count(*) FROM users WHERE ms_auth_state = $1 "
                                    "AND is_active = 1");
    assert_int_equal(stmt_step(s, NULL), 1);
    assert_non_null(strstr(stmt_col_text(s, 3), "COVERING INDEX idx_users_sign_in"));
    stmt_reset(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {TEST(test_service), TEST(test_jobs), TEST(test_too_many_jobs),
                                       TEST(test_indexes)};
    return cmocka_run_group_tests_name("storage/figures_store", tests, NULL, NULL);
}
