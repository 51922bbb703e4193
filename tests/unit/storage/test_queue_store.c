/* Queueing runs: slots and their verdicts, signals, requests. */
#include "tests/lib/archive_fixture.h"

#define NOW "2026-04-01 02:00:00.000000" /* the fixture's clock */

/* ---- slots ---- */

static void test_a_slot_is_claimed_once(void **state)
{
    struct fixture *f = *state;
    struct slot first = queue_slot_at(f, "2026-04-01 01:00");
    assert_true(first.is_new);
    assert_int_equal(first.run_id, 1);
    fixture_sql(f, "UPDATE job_runs SET state = 'done', verdict = 'ran'");
    struct slot again = queue_slot_at(f, "2026-04-01 01:00");
    assert_false(again.is_new); /* it has its verdict */
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"), 1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE run_trigger = 'schedule' "
                       "AND slot_at = '2026-04-01 01:00:00.000000' AND from_date = '2026-03-01' AND "
                       "to_date = '2026-04-01' AND asked_pid IS NULL AND asked_uid IS NULL AND user_id = 1 "
                       "AND length(correlation_id) = 36 AND created_at = '" NOW "'"),
        1);
    assert_int_equal(
        fixture_int(
            f, "SELECT count(*) FROM job_configurations WHERE next_run_at = '2026-04-02 02:00:00.000000' "
               "AND slots_through = '2026-04-01 01:00:00.000000' AND due_through = '2026-04-01'"),
        1);
}

/* Two daemons have read the same job: the one that writes second finds it changed and writes nothing. */
static void test_an_old_plan_is_not_written(void **state)
{
    (void)state;
    static const struct {
        const char *name, *act;
    } rows[] = {
        {"another daemon decided",
         "UPDATE job_configurations SET slots_through = '2026-04-01 01:00:00.000000'"},
        {"the rule changed", "UPDATE job_configurations SET schedule_hour = 5"},
        {"paused", "UPDATE job_configurations SET paused_at = 'x'"},
        {"deactivated", "UPDATE job_configurations SET is_active = 0"},
        {"zone changed", "UPDATE archive_configurations SET timezone = 'UTC'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        struct slot slot;
        fixture_set_up(&own);
        struct fixture *f = own;
        fixture_sql(
            f, "UPDATE job_configurations SET next_run_at = '2026-04-01 01:00:00.000000', slots_through = "
               "'2026-03-31 01:00:00.000000'");
        struct slot_plan plan = one_slot(f, &slot, "2026-04-01 01:00");
        fixture_sql(f, rows[i].act);
        TX(f, queue_slots(f->db, &plan, e));
        if (slot.is_new || fixture_int(f, "SELECT count(*) FROM job_runs") != 0) {
            fail_msg("%s: the plan was written", rows[i].name);
        }
        fixture_tear_down(&own);
    }
}

static void test_verdicts_without_a_run(void **state)
{
    struct fixture *f = *state;
    struct slot slots[] = {
        {.at_ms = utc("2026-03-29 01:00"), .verdict = SLOT_MISSED, .reason = "m", .from_day = 1, .to_day = 2},
        {.at_ms = utc("2026-03-30 01:00"),
         .verdict = SLOT_SKIPPED,
         .reason = "s",
         .from_day = 1,
         .to_day = 2},
        {.at_ms = utc("2026-03-31 01:00"),
         .verdict = SLOT_COALESCED,
         .reason = "c",
         .covered_by_ms = utc("2026-04-01 01:00"),
         .from_day = 1,
         .to_day = 2},
        {.at_ms = utc("2026-04-01 01:00"), .is_catch_up = true, .from_day = 1, .to_day = 2},
    };
    struct slot_plan plan = one_slot(f, &(struct slot){0}, "2026-04-01 01:00");
    plan.slots = slots;
    plan.n_slots = 4;
    TX(f, queue_slots(f->db, &plan, e));
    static const char *const found[] = {
        "verdict = 'missed' AND reason = 'm' AND state = 'done' AND finished_at = '" NOW "'",
        "verdict = 'skipped' AND reason = 's' AND state = 'done'",
        "verdict = 'coalesced' AND covered_by = '2026-04-01 01:00:00.000000' AND state = 'done'",
        "verdict = 'pending' AND reason IS NULL AND state = 'queued' AND is_catch_up = 1",
    };
    for (size_t i = 0; i < ARRAY_LEN(found); i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM job_runs WHERE id = %zu AND %s", i + 1, found[i]);
        assert_true(slots[i].is_new);
        assert_int_equal(slots[i].run_id, i + 1);
        if (fixture_int(f, sql) != 1) {
            fail_msg("not found: %s", sql);
        }
    }
    assert_int_equal(
        fixture_int(f, "SELECT slots_missed * 10 + slots_skipped FROM job_stats WHERE job_id = 1"), 11);
}

/* One run under way and one in line: a third slot is skipped, says who holds the job, and its days are taken
 * over by the one in line. */
static void test_overlap(void **state)
{
    struct fixture *f = *state;
    struct run run;
    queue_slot_at(f, "2026-03-30 01:00");
    scene_take(f, &run);
    struct slot second = queue_slot_at(f, "2026-03-31 01:00");
    assert_true(second.is_new && second.verdict == SLOT_PENDING);
    fixture_sql(f, "UPDATE job_runs SET from_date = '2026-03-10', to_date = '2026-03-31' WHERE id = 2");
    struct slot third = queue_slot_at(f, "2026-04-01 01:00");
    assert_true(third.is_new && third.verdict == SLOT_SKIPPED);
    assert_string_equal(third.reason,
                        "overlap: run 1 has not ended and run 2 waits in line already; it archives "
                        "these days, too");
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs WHERE id = 3 AND verdict = 'skipped' AND "
                                    "state = 'done' AND outcome = 'none'"),
                     1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE id = 2 AND from_date = '2026-03-01' AND "
                       "to_date = '2026-04-01'"),
        1);
    free(third.reason);
    run_finish(&run);
}

/* ---- signals ---- */

static const struct queue_asker by_signal = {TRIGGER_SIGNAL, 42, 1000};

static struct queue_answer wish_at(struct fixture *f, const char *at)
{
    struct queue_wish wish = {1, utc(at), date("2026-03-01"), date("2026-04-01"), by_signal};
    struct queue_answer answer;
    TX(f, queue_wish(f->db, &wish, &answer, e));
    return answer;
}

static void test_signals_wait_in_line_once(void **state)
{
    struct fixture *f = *state;
    struct run run;
    struct queue_answer first = wish_at(f, "2026-04-01 01:00"), second = wish_at(f, "2026-04-01 01:01");
    assert_true(first.is_new && !second.is_new);
    assert_int_equal(second.run_id, first.run_id);
    assert_int_equal(second.holder_id, 0);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE asked_pid = 42 AND asked_uid = 1000"), 1);
    scene_take(f, &run); /* under way: the next one waits behind it */
    struct queue_answer third = wish_at(f, "2026-04-01 01:01"), fourth = wish_at(f, "2026-04-01 01:02");
    assert_true(third.is_new && !fourth.is_new);
    assert_int_equal(third.holder_id, first.run_id);
    assert_int_equal(fourth.run_id, third.run_id);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"), 2);
    run_finish(&run);
}

/* The command puts a request there and rings with the same signal that asks for a run. */
static void test_the_bell_of_a_request_is_no_wish(void **state)
{
    struct fixture *f = *state;
    struct queue_request request = {1, date("2026-03-01"), date("2026-03-02"), false, 42, 1000};
    struct queue_answer asked;
    TX(f, queue_request(f->db, &request, &asked, e));
    struct queue_answer bell = wish_at(f, "2026-04-01 01:00");
    assert_true(bell.is_bell && !bell.is_new);
    assert_int_equal(bell.run_id, asked.run_id);
    f->clock.now_ms += 120000;
    assert_true(wish_at(f, "2026-04-01 02:02").is_new); /* the pid has been given to somebody else */
}

/* ---- requests ---- */

static void test_request(void **state)
{
    (void)state;
    static const struct {
        const char *name, *act;
        int64_t job_id;
        const char *from, *to;
        int r;
        const char *says;
    } rows[] = {
        {"a day", "", 1, "2026-03-01", "2026-03-02", 0, ""},
        {"unknown", "", 9, "2026-03-01", "2026-03-02", ERR_NOT_FOUND, "there is no job 9"},
        {"none", "", 0, "2026-03-01", "2026-03-02", ERR_NOT_FOUND, "there is no job 0"},
        {"paused", "UPDATE job_configurations SET paused_at = 'x'", 1, "2026-03-01", "2026-03-02",
         ERR_INVALID, "job 1 (\"config 1\") is paused; resume it with \"job resume 1\""},
        {"inactive", "UPDATE job_configurations SET is_active = 0", 1, "2026-03-01", "2026-03-02",
         ERR_INVALID,
         "job 1 (\"config 1\") is not active: the job, its archive configuration or its user was "
         "deactivated"},
        {"user inactive", "UPDATE users SET is_active = 0", 1, "2026-03-01", "2026-03-02", ERR_INVALID,
         "job 1 (\"config 1\") is not active: the job, its archive configuration or its user was "
         "deactivated"},
        {"sign-in needed", "UPDATE users SET ms_auth_state = 'reauth_needed'", 1, "2026-03-01", "2026-03-02",
         ERR_LOGIN, "job 1 (\"config 1\") waits until its user has signed in again: admin-assistant login 1"},
        {"reversed", "", 1, "2026-03-03", "2026-03-02", ERR_INVALID,
         "the period from 2026-03-03 to 2026-03-01 ends before it begins"},
        {"empty", "", 1, "2026-03-02", "2026-03-02", ERR_INVALID,
         "the period from 2026-03-02 to 2026-03-01 ends before it begins"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        struct err why = {0};
        int64_t id = -1;
        fixture_set_up(&own);
        struct fixture *f = own;
        fixture_sql(f, rows[i].act);
        struct queue_request request = {rows[i].job_id, date(rows[i].from), date(rows[i].to), true, 77, 1000};
        struct queue_answer answer = {.run_id = -1};
        int r = queue_request(f->db, &request, &answer, &why);
        id = answer.run_id;
        if (r != rows[i].r || strcmp(why.msg, rows[i].says) != 0 || (id == 1) != (r == 0)) {
            fail_msg("%s: %s, %s", rows[i].name, err_name(r), why.msg);
        }
        assert_int_equal(
            fixture_int(f, "SELECT count(*) FROM job_runs WHERE state = 'queued' AND is_dry = 1 AND "
                           "run_trigger = 'request' AND asked_pid = 77 AND asked_uid = 1000"),
            r == 0);
        fixture_tear_down(&own);
    }
}

/* Different ones are different, even in one millisecond; the same one is not queued twice while it waits. */
static void test_requests_wait_in_line(void **state)
{
    struct fixture *f = *state;
    struct run run;
    int64_t a = scene_ask(f, &(struct scene){.n = 0});
    int64_t b = scene_ask(f, &(struct scene){.n = 0, .from = "2026-03-02"});
    int64_t dry = scene_ask(f, &(struct scene){.n = 0, .is_dry = true});
    assert_int_equal(a, 1);
    assert_int_equal(b, 2);
    assert_int_equal(dry, 3);
    assert_int_equal(scene_ask(f, &(struct scene){.n = 0}), a);
    scene_take(f, &run);
    assert_int_equal(run.id, a);
    assert_int_equal(scene_ask(f, &(struct scene){.n = 0}), 4); /* the first has begun */
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"), 4);
    run_finish(&run);
}

/* ---- after a sign-in ---- */

static void test_catch_up_after_sign_in(void **state)
{
    struct fixture *f = *state;
    int n = -1;
    fixture_add_user(f, 2);
    TX(f, queue_catch_up(f->db, 1, 77, 1000, &n, e));
    assert_int_equal(n, 0); /* nothing was due yet */
    fixture_sql(f,
                "UPDATE job_configurations SET archived_through = '2026-02-01', due_through = '2026-04-01'");
    TX(f, queue_catch_up(f->db, 1, 77, 1000, &n, e));
    assert_int_equal(n, 1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE job_id = 1 AND run_trigger = 'request' AND "
                       "from_date = '2026-02-01' AND to_date = '2026-04-01' AND asked_pid = 77"),
        1);
    TX(f, queue_catch_up(f->db, 1, 77, 1000, &n, e));
    assert_int_equal(n, 0); /* it waits already */
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"), 1);
}

/* Of timesheets each period by itself: none stands for another. */
static void test_sheets_after_sign_in(void **state)
{
    struct fixture *f = *state;
    int n = -1;
    fixture_sql(f, "UPDATE job_configurations SET job_type = 'timesheet', due_through = '2026-03-23'");
    fixture_sql(f,
                "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, "
                "correlation_id, created_at, verdict, outcome) VALUES "
                "(1, 1, '1', 'schedule', 'done', '2026-03-02', '2026-03-09', 'a', 't', 'ran', 'success'), "
                "(1, 1, '2', 'schedule', 'done', '2026-03-09', '2026-03-16', 'b', 't', 'skipped', 'none'), "
                "(1, 1, '3', 'schedule', 'done', '2026-03-16', '2026-03-23', 'c', 't', 'failed', 'failure')");
    TX(f, queue_catch_up(f->db, 1, 77, 1000, &n, e));
    assert_int_equal(n, 2);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE run_trigger = 'request' AND (from_date = "
                       "'2026-03-09' AND to_date = '2026-03-16' OR from_date = '2026-03-16' AND "
                       "to_date = '2026-03-23')"),
        2);
    TX(f, queue_catch_up(f->db, 1, 77, 1000, &n, e));
    assert_int_equal(n, 0);
}

/* Three weeks that nobody was there for are three runs, and none widens another. */
static void test_slots_with_days_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct slot slots[3], again;
    struct slot_plan plan = one_slot(f, &slots[0], "2026-03-09 05:00");
    plan.is_each = true;
    plan.slots = slots;
    plan.n_slots = 3;
    for (int i = 0; i < 3; i++) {
        slots[i] = slots[0];
        slots[i].at_ms += i * 7 * MS_PER_DAY;
        slots[i].from_day = date("2026-03-02") + 7 * i;
        slots[i].to_day = slots[i].from_day + 7;
    }
    plan.through_ms = slots[2].at_ms;
    TX(f, queue_slots(f->db, &plan, e));
    plan = one_slot(f, &again, "2026-03-30 05:00");
    plan.is_each = true;
    TX(f, queue_slots(f->db, &plan, e));
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE state = 'queued' AND run_trigger = 'schedule'"),
        4);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE julianday(to_date) - julianday(from_date) = 7"),
        3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_slot_is_claimed_once),       cmocka_unit_test(test_an_old_plan_is_not_written),
        TEST(test_verdicts_without_a_run),       TEST(test_overlap),
        TEST(test_signals_wait_in_line_once),    TEST(test_the_bell_of_a_request_is_no_wish),
        cmocka_unit_test(test_request),          TEST(test_requests_wait_in_line),
        TEST(test_catch_up_after_sign_in),       TEST(test_sheets_after_sign_in),
        TEST(test_slots_with_days_of_their_own),
    };
    return cmocka_run_group_tests_name("storage/queue_store", tests, NULL, NULL);
}
