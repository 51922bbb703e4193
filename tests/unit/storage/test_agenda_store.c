/* Which jobs are due, what a start must know, and what the clock may do. */
#include "tests/lib/archive_fixture.h"

#define NOW "2026-04-01 02:00:00.000000" /* the fixture's clock */

/* ---- jobs ---- */

static void test_jobs_due(void **state)
{
    (void)state;
    static const struct {
        const char *name, *act;
        bool is_due, is_named;
    } rows[] = {
        {"not planned yet", "UPDATE job_configurations SET next_run_at = NULL", true, true},
        {"due now", "UPDATE job_configurations SET next_run_at = '" NOW "'", true, true},
        {"due long ago", "UPDATE job_configurations SET next_run_at = '2026-01-01 00:00:00.000000'", true,
         true},
        {"due later", "UPDATE job_configurations SET next_run_at = '2026-04-01 02:00:00.001000'", false,
         true},
        {"paused: its slots get a verdict", "UPDATE job_configurations SET paused_at = 'x'", true, false},
        {"inactive", "UPDATE job_configurations SET is_active = 0", false, false},
        {"configuration inactive", "UPDATE archive_configurations SET is_active = 0", false, false},
        {"user inactive", "UPDATE users SET is_active = 0", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        struct job *due, *all, *one;
        size_t n_due, n_all, n_one;
        fixture_set_up(&own);
        struct fixture *f = own;
        fixture_sql(f, rows[i].act);
        OK(agenda_jobs_due(f->db, f->clock.now_ms, 10, &due, &n_due, e));
        OK(agenda_jobs(f->db, 0, 10, &all, &n_all, e));
        OK(agenda_job(f->db, 1, &one, &n_one, e));
        if (n_due != rows[i].is_due || n_all != rows[i].is_named || n_one != 1) {
            fail_msg("%s: %zu due, %zu active, %zu named", rows[i].name, n_due, n_all, n_one);
        }
        agenda_jobs_free(due, n_due);
        agenda_jobs_free(all, n_all);
        agenda_jobs_free(one, n_one);
        fixture_tear_down(&own);
    }
}

static void test_job_columns(void **state)
{
    struct fixture *f = *state;
    struct job *jobs;
    size_t n;
    struct err why = {0};
    fixture_sql(f, "UPDATE job_configurations SET schedule_type = 'weekly', schedule_day_of_week = 4, "
                   "schedule_hour = 7, "
                   "schedule_minute = 5, archive_window_days = 14, paused_at = '" NOW
                   "', paused_by = 'anna', paused_reason "
                   "= 'holiday', catch_up = 'all'");
    fixture_sql(f, "UPDATE job_configurations SET next_run_at = '" NOW "', slots_through = '2026-03-31 "
                   "02:00:00.000000'");
    OK(agenda_job(f->db, 1, &jobs, &n, e));
    assert_int_equal(jobs[0].user_id, 1);
    assert_int_equal(jobs[0].archive_configuration_id, 1);
    assert_int_equal(jobs[0].type, JOB_CALENDAR_ARCHIVE);
    assert_int_equal(jobs[0].schedule.type, SCHEDULE_WEEKLY);
    assert_int_equal(jobs[0].schedule.hour, 7);
    assert_int_equal(jobs[0].schedule.minute, 5);
    assert_int_equal(jobs[0].schedule.day_of_week, 4);
    assert_int_equal(jobs[0].window_days, 14);
    assert_int_equal(jobs[0].next_run_ms, f->clock.now_ms);
    assert_true(jobs[0].is_active);
    assert_true(jobs[0].is_paused);
    assert_int_equal(jobs[0].paused_ms, f->clock.now_ms);
    assert_string_equal(jobs[0].paused_by, "anna");
    assert_string_equal(jobs[0].paused_reason, "holiday");
    assert_int_equal(jobs[0].catch_up, CATCH_UP_ALL);
    assert_int_equal(jobs[0].slots_through_ms, utc("2026-03-31 02:00"));
    assert_int_equal(jobs[0].owed_day, RUN_NO_DAY);
    assert_false(jobs[0].needs_sign_in);
    assert_string_equal(jobs[0].name, "config 1");
    assert_string_equal(jobs[0].zone, "Europe/Berlin");
    agenda_jobs_free(jobs, n);
    assert_int_equal(agenda_job(f->db, 99, &jobs, &n, &why), ERR_NOT_FOUND);
    assert_string_equal(why.msg, "there is no job 99");
}

static void test_jobs_due_limit(void **state)
{
    struct fixture *f = *state;
    struct job *jobs;
    size_t n;
    for (int i = 2; i <= 20; i++) {
        fixture_add_user(f, i);
    }
    fixture_sql(f, "UPDATE job_configurations SET next_run_at = '" NOW "' WHERE id > 5");
    OK(agenda_jobs_due(f->db, f->clock.now_ms, 8, &jobs, &n, e));
    assert_int_equal(n, 8);
    assert_int_equal(jobs[0].next_run_ms, f->clock.now_ms); /* those that are due come first */
    assert_int_equal(jobs[7].next_run_ms, f->clock.now_ms);
    agenda_jobs_free(jobs, n);
    OK(agenda_jobs_due(f->db, f->clock.now_ms, 100, &jobs, &n, e));
    assert_int_equal(n, 20);
    assert_int_equal(jobs[19].next_run_ms, RUN_NO_TIME);
    agenda_jobs_free(jobs, n);
    OK(agenda_jobs(f->db, 7, 5, &jobs, &n, e));
    assert_int_equal(n, 5);
    assert_int_equal(jobs[0].id, 8);
    assert_int_equal(jobs[4].id, 12);
    agenda_jobs_free(jobs, n);
}

/* What no run has archived yet begins where the archive ends; before anything is archived, at the first slot.
 */
static void test_owed_day(void **state)
{
    struct fixture *f = *state;
    struct job *jobs;
    size_t n;
    queue_slot_at(f, "2026-03-31 01:00");
    fixture_sql(f, "UPDATE job_runs SET from_date = '2026-02-20', state = 'done', verdict = 'failed'");
    queue_slot_at(f, "2026-04-01 01:00");
    OK(agenda_job(f->db, 1, &jobs, &n, e));
    assert_int_equal(jobs[0].owed_day, date("2026-02-20"));
    agenda_jobs_free(jobs, n);
    fixture_sql(f, "UPDATE job_configurations SET archived_through = '2026-03-15'");
    fixture_sql(f, "UPDATE users SET ms_auth_state = 'reauth_needed'");
    OK(agenda_job(f->db, 1, &jobs, &n, e));
    assert_int_equal(jobs[0].owed_day, date("2026-03-15"));
    assert_true(jobs[0].needs_sign_in);
    agenda_jobs_free(jobs, n);
}

/* ---- start ---- */

static void test_start(void **state)
{
    struct fixture *f = *state;
    struct agenda_start start;
    fixture_sql(f, "UPDATE job_configurations SET next_run_at = '" NOW "'");
    TX(f, agenda_start(f->db, "2025b", &start, e));
    assert_true(start.clock_high_ms == INT64_MIN && !start.has_new_zones && start.n_left == 0);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_configurations WHERE next_run_at IS NULL"), 0);
    TX(f, agenda_note_clock(f->db, utc("2026-04-01 02:00"), e));
    TX(f, agenda_note_clock(f->db, utc("2026-04-01 01:00"), e)); /* the latest counts */
    TX(f, agenda_start(f->db, "2026a", &start, e));
    assert_true(start.has_new_zones);
    assert_int_equal(start.clock_high_ms, utc("2026-04-01 02:00"));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_configurations WHERE next_run_at IS NULL"), 1);
    TX(f, agenda_start(f->db, "2026a", &start, e));
    assert_false(start.has_new_zones);
}

/* ---- the clock ---- */

static void test_clock_back(void **state)
{
    (void)state;
    static const struct {
        const char *name, *set, *check;
    } rows[] = {
        {"a slot of the hour that comes again stays claimed",
         "UPDATE job_runs SET slot_at = '2026-04-01 03:00:00.000000'",
         "SELECT count(*) FROM job_runs WHERE slot_at = '2026-04-01 03:00:00.000000'"},
        {"one that was claimed for another day makes room",
         "UPDATE job_runs SET slot_at = '2026-04-03 03:00:00.000000'",
         "SELECT count(*) FROM job_runs WHERE slot_at = '2026-04-03 03:00:00.001000' AND reason IS NOT NULL"},
        {"a rule that was decided far ahead is decided again",
         "UPDATE job_configurations SET slots_through = '2030-01-01 00:00:00.000000', next_run_at = "
         "'2030-01-02 00:00:00.000000'",
         "SELECT count(*) FROM job_configurations WHERE slots_through = '" NOW "' AND next_run_at IS NULL"},
        {"one that was decided an hour ahead is not",
         "UPDATE job_configurations SET slots_through = '2026-04-01 03:00:00.000000'",
         "SELECT count(*) FROM job_configurations WHERE slots_through = '2026-04-01 03:00:00.000000'"},
        {"a mark in the future is pulled back",
         "UPDATE job_configurations SET archived_through = '2026-04-05'",
         "SELECT count(*) FROM job_configurations WHERE archived_through = '2026-03-31'"},
        {"one in the past stays", "UPDATE job_configurations SET archived_through = '2026-03-05'",
         "SELECT count(*) FROM job_configurations WHERE archived_through = '2026-03-05'"},
        {"nobody waits for years", "UPDATE job_runs SET not_before = '2030-01-01 00:00:00.000000'",
         "SELECT count(*) FROM job_runs WHERE not_before = '" NOW "'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        fixture_set_up(&own);
        struct fixture *f = own;
        queue_slot_at(f, "2026-04-01 01:00");
        fixture_sql(f, rows[i].set);
        TX(f, agenda_clock_went_back(f->db, f->clock.now_ms, e));
        if (fixture_int(f, rows[i].check) != 1) {
            fail_msg("%s", rows[i].name);
        }
        fixture_tear_down(&own);
    }
}

/* The clock is ahead over the same slot again and again: each claim for a time that had not come is kept, and
 * each makes room. */
static void test_clock_back_again(void **state)
{
    struct fixture *f = *state;
    for (int n = 1; n <= 3; n++) {
        struct slot slot = queue_slot_at(f, "2026-04-03 03:00");
        assert_true(slot.is_new);
        fixture_sql(f, "UPDATE job_runs SET state = 'done', verdict = 'ran'");
        TX(f, agenda_clock_went_back(f->db, f->clock.now_ms, e));
        assert_int_equal(
            fixture_int(f, "SELECT count(DISTINCT slot_at) FROM job_runs WHERE reason IS NOT NULL AND "
                           "slot_at > '2026-04-03 03:00:00.000000' AND slot_at < '2026-04-03 03:00:01'"),
            n);
    }
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"), 3);
}

/* ---- overdue ---- */

static void test_overdue(void **state)
{
    struct fixture *f = *state;
    struct agenda_overdue *runs = NULL;
    size_t n;
    int64_t next_ms;
    TX(f, agenda_overdue(f->db, f->clock.now_ms, &runs, &n, &next_ms, e));
    assert_true(n == 0 && next_ms == AGENDA_NEVER);
    free(runs);
    queue_slot_at(f, "2026-03-31 01:00");
    TX(f, agenda_overdue(f->db, utc("2026-03-31 00:59"), &runs, &n, &next_ms, e));
    assert_int_equal(n, 0);
    assert_int_equal(next_ms, utc("2026-03-31 01:00"));
    free(runs);
    TX(f, agenda_overdue(f->db, utc("2026-03-31 01:00"), &runs, &n, &next_ms, e));
    assert_int_equal(n, 1);
    assert_int_equal(runs[0].run_id, 1);
    assert_int_equal(runs[0].slot_ms, utc("2026-03-31 01:00"));
    assert_string_equal(runs[0].name, "config 1");
    assert_string_equal(runs[0].state, "queued");
    free(runs);
    TX(f, agenda_overdue(f->db, utc("2026-04-01 01:00"), &runs, &n, &next_ms, e));
    assert_true(n == 0 && next_ms == AGENDA_NEVER); /* once */
    free(runs);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs_due),
        TEST(test_job_columns),
        TEST(test_jobs_due_limit),
        TEST(test_owed_day),
        TEST(test_start),
        cmocka_unit_test(test_clock_back),
        TEST(test_clock_back_again),
        TEST(test_overdue),
    };
    return cmocka_run_group_tests_name("storage/agenda_store", tests, NULL, NULL);
}
