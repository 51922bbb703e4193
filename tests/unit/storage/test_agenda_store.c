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
        {"paused", "UPDATE job_configurations SET paused_at = 'x'", false, false},
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
        OK(agenda_jobs_named(f->db, 0, &all, &n_all, e));
        OK(agenda_jobs_named(f->db, 1, &one, &n_one, e));
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
                   "schedule_minute = 5, archive_window_days = 14, paused_at = 'x'");
    fixture_sql(f, "UPDATE job_configurations SET next_run_at = '" NOW "'");
    OK(agenda_jobs_named(f->db, 1, &jobs, &n, e));
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
    assert_string_equal(jobs[0].name, "config 1");
    assert_string_equal(jobs[0].zone, "Europe/Berlin");
    agenda_jobs_free(jobs, n);
    assert_int_equal(agenda_jobs_named(f->db, 99, &jobs, &n, &why), ERR_NOT_FOUND);
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
    assert_int_equal(jobs[4].id, 5); /* those without a time first */
    assert_int_equal(jobs[4].next_run_ms, RUN_NO_TIME);
    assert_int_equal(jobs[5].next_run_ms, f->clock.now_ms);
    agenda_jobs_free(jobs, n);
    OK(agenda_jobs_due(f->db, f->clock.now_ms, 100, &jobs, &n, e));
    assert_int_equal(n, 20);
    agenda_jobs_free(jobs, n);
}

/* ---- planning ---- */

static struct agenda_plan plan_at(const char *slot)
{
    return (struct agenda_plan){
        .job_id = 1,
        .next_run_ms = utc("2026-04-02 02:00"),
        .queue = true,
        .slot_ms = utc(slot),
        .from_day = date("2026-03-01"),
        .to_day = date("2026-04-01"),
    };
}

static const struct agenda_asker by_schedule = {TRIGGER_SCHEDULE, 0, -1};
static const struct agenda_asker by_signal = {TRIGGER_SIGNAL, 42, 1000};

static void test_plan(void **state)
{
    struct fixture *f = *state;
    struct agenda_plan plans[] = {plan_at("2026-04-01 01:00"), plan_at("2026-04-01 01:00"),
                                  plan_at("2026-03-31 01:00")};
    TX(f, agenda_plan_write(f->db, plans, 3, by_schedule, e));
    TX(f, agenda_plan_write(f->db, plans, 3, by_schedule, e));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"),
                     2); /* a slot is one row, however often */
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE state = 'queued' AND run_trigger = 'schedule' "
                       "AND slot_at = '2026-04-01 01:00:00.000000' AND from_date = '2026-03-01' AND "
                       "to_date = '2026-04-01' AND asked_pid IS NULL AND asked_uid IS NULL AND user_id = 1 "
                       "AND length(correlation_id) = 36 AND created_at = '" NOW "'"),
        1);
    assert_int_equal(
        fixture_int(
            f, "SELECT count(*) FROM job_configurations WHERE next_run_at = '2026-04-02 02:00:00.000000'"),
        1);
    assert_int_equal(fixture_int(f, "SELECT count(DISTINCT correlation_id) FROM job_runs"), 2);
}

static void test_plan_without_run(void **state)
{
    struct fixture *f = *state;
    struct agenda_plan never = {.job_id = 1, .next_run_ms = AGENDA_NEVER};
    struct agenda_plan keep = {.job_id = 1, .next_run_ms = -1};
    struct job *jobs;
    size_t n;
    struct agenda_taken taken;
    struct agenda_taker taker = {.instance_id = f->instance_id};
    TX(f, agenda_plan_write(f->db, &never, 1, by_schedule, e));
    TX(f, agenda_plan_write(f->db, &keep, 1, by_schedule, e));
    OK(agenda_jobs_due(f->db, utc("2099-01-01 00:00"), 10, &jobs, &n, e));
    assert_int_equal(n, 0); /* a manual job is planned: it is never due */
    agenda_jobs_free(jobs, n);
    TX(f, agenda_take(f->db, f->clock.now_ms, 5, &taker, &taken, e));
    assert_true(taken.next_wake_ms == AGENDA_NEVER);
    free(taken.runs);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"), 0);
}

static void test_signals_wait_in_line_once(void **state)
{
    struct fixture *f = *state;
    struct agenda_plan first = plan_at("2026-04-01 01:00"), second = plan_at("2026-04-01 01:01"),
                       third = plan_at("2026-04-01 01:02");
    struct run run;
    first.next_run_ms = second.next_run_ms = third.next_run_ms = -1;
    TX(f, agenda_plan_write(f->db, &first, 1, by_signal, e));
    TX(f, agenda_plan_write(f->db, &second, 1, by_signal, e));
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE asked_pid = 42 AND asked_uid = 1000"), 1);
    scene_take(f, &run); /* under way: the next one waits behind it */
    TX(f, agenda_plan_write(f->db, &second, 1, by_signal, e));
    TX(f, agenda_plan_write(f->db, &third, 1, by_signal, e));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"), 2);
    run_finish(&run);
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
        struct agenda_request request = {
            rows[i].job_id, date(rows[i].from), date(rows[i].to), true, 77, 1000};
        int r = agenda_request_run(f->db, &request, &id, &why);
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

static void test_two_requests_in_one_millisecond(void **state)
{
    struct fixture *f = *state;
    int64_t a = scene_ask(f, &(struct scene){.n = 0});
    int64_t b = scene_ask(f, &(struct scene){.n = 0});
    assert_int_equal(a, 1);
    assert_int_equal(b, 2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs"), 2);
}

/* ---- taking ---- */

static struct agenda_taken take(struct fixture *f, size_t max)
{
    struct agenda_taker taker = {.instance_id = f->instance_id};
    struct agenda_taken taken = {0};
    TX(f, agenda_take(f->db, f->clock.now_ms, max, &taker, &taken, e));
    return taken;
}

static void give_back(struct agenda_taken *taken)
{
    for (size_t i = 0; i < taken->n; i++) {
        run_finish(&taken->runs[i]);
    }
    free(taken->runs);
}

static void test_take_opens_the_parent(void **state)
{
    struct fixture *f = *state;
    scene_ask(f, &(struct scene){.n = 0, .is_dry = true});
    struct agenda_taken taken = take(f, 4);
    assert_int_equal(taken.n, 1);
    assert_false(taken.has_more);
    assert_int_equal(taken.runs[0].state, RUN_RUNNING);
    assert_true(taken.runs[0].parent_audit_id > 0);
    assert_true(taken.runs[0].is_dry);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs r JOIN audit_log p ON p.id = r.parent_audit_id AND "
                       "p.correlation_id = r.correlation_id WHERE r.state = 'running' AND r.instance_id = 1 "
                       "AND r.started_at = '" NOW "' AND p.status = 'started' AND "
                       "p.action_type = 'archive' AND p.operation = 'calendar_archive' AND "
                       "p.resource_type = 'calendar' AND "
                       "p.resource_id = 'msgraph://u1@example.com/calendars/primary' AND p.user_id = 1"),
        1);
    char *data = fixture_text(f, "SELECT request_data FROM audit_log");
    static const char *const members[] = {
        "\"archive_purpose\":\"general\"",
        "\"from_date\":\"2026-03-01\"",
        "\"to_date\":\"2026-04-01\"",
        "\"trigger\":\"request\"",
        "\"is_dry\":true",
        "\"asked_pid\":77",
        "\"asked_uid\":1000",
        "\"job_id\":1",
        "\"run_id\":1",
        "\"destination_calendar_uri\":\"local://u1@example.com/calendars/archive\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (!strstr(data, members[i])) {
            fail_msg("no %s in %s", members[i], data);
        }
    }
    free(data);
    give_back(&taken);
    taken = take(f, 4); /* it is ours already */
    assert_int_equal(taken.n, 0);
    give_back(&taken);
}

static void test_never_two_of_one_job(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        scene_ask(f, &(struct scene){.n = 0});
    }
    for (int64_t id = 1; id <= 3; id++) {
        struct agenda_taken taken = take(f, 8);
        assert_int_equal(taken.n, 1);
        assert_int_equal(taken.runs[0].id, id);
        assert_false(taken.has_more); /* the others are not ready */
        struct agenda_taken none = take(f, 8);
        assert_int_equal(none.n, 0);
        give_back(&none);
        TX(f, run_store_close(f->db, &taken.runs[0], f->instance_id, OUTCOME_SUCCESS, NULL, NULL, e));
        give_back(&taken);
    }
}

static void test_max(void **state)
{
    struct fixture *f = *state;
    for (int i = 2; i <= 5; i++) {
        fixture_add_user(f, i);
    }
    for (int64_t i = 5; i >= 1; i--) {
        scene_ask(f, &(struct scene){.n = 0, .job_id = i});
    }
    struct agenda_taken none = take(f, 0);
    assert_int_equal(none.n, 0);
    assert_true(none.has_more);
    struct agenda_taken some = take(f, 3);
    assert_int_equal(some.n, 3);
    assert_true(some.has_more);
    assert_int_equal(some.runs[0].job_id, 5); /* in the order of asking */
    assert_int_equal(some.runs[2].job_id, 3);
    struct agenda_taken rest = take(f, 2);
    assert_int_equal(rest.n, 2);
    assert_false(rest.has_more);
    give_back(&none);
    give_back(&some);
    give_back(&rest);
}

static void test_waiting(void **state)
{
    struct fixture *f = *state;
    struct run run;
    scene_ask(f, &(struct scene){.n = 0});
    scene_take(f, &run);
    TX(f, run_store_suspend(f->db, &run, f->instance_id, f->clock.now_ms + 1000, NULL, e));
    struct agenda_taken early = take(f, 4);
    assert_int_equal(early.n, 0);
    assert_int_equal(early.next_wake_ms, f->clock.now_ms + 1000);
    f->clock.now_ms += 1000;
    struct agenda_taken then = take(f, 4);
    assert_int_equal(then.n, 1);
    assert_true(then.next_wake_ms == AGENDA_NEVER);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE not_before IS NULL AND started_at = '" NOW "'"),
        1);
    give_back(&early);
    give_back(&then);
    run_finish(&run);
}

/* What an older run has read must not be stored after what a newer one read; somebody who asks need not wait.
 */
static void test_nobody_passes_a_waiting_run(void **state)
{
    struct fixture *f = *state;
    struct run run;
    struct agenda_plan plan = {.job_id = 1,
                               .next_run_ms = -1,
                               .queue = true,
                               .slot_ms = f->clock.now_ms,
                               .from_day = 1,
                               .to_day = 2};
    scene_ask(f, &(struct scene){.n = 0});
    scene_take(f, &run);
    TX(f, run_store_suspend(f->db, &run, f->instance_id, f->clock.now_ms + 3600000, NULL, e));
    TX(f, agenda_plan_write(f->db, &plan, 1, (struct agenda_asker){TRIGGER_SCHEDULE, 0, -1}, e));
    struct agenda_taken none = take(f, 4);
    assert_int_equal(none.n, 0); /* the slot waits in line */
    plan.slot_ms++;
    TX(f, agenda_plan_write(f->db, &plan, 1, (struct agenda_asker){TRIGGER_SIGNAL, 1, 0}, e));
    struct agenda_taken old = take(f, 4);
    assert_int_equal(old.n, 1);
    assert_int_equal(old.runs[0].id, run.id);
    give_back(&none);
    give_back(&old);
    run_finish(&run);
}

static void test_next_wake(void **state)
{
    (void)state;
    static const struct {
        const char *name, *act, *wake; /* NULL: never */
    } rows[] = {
        {"nothing is planned", "", NULL},
        {"a job is due", "UPDATE job_configurations SET next_run_at = '2026-04-01 03:00:00.000000'",
         "2026-04-01 03:00"},
        {"it was due already", "UPDATE job_configurations SET next_run_at = '2026-03-01 03:00:00.000000'",
         "2026-03-01 03:00"},
        {"the earlier of two",
         "UPDATE job_configurations SET next_run_at = '2026-04-0' || (5 - id) || ' 03:00:00.000000'",
         "2026-04-03 03:00"},
        {"paused",
         "UPDATE job_configurations SET paused_at = 'x'; "
         "UPDATE job_configurations SET next_run_at = '2026-04-01 03:00:00.000000'",
         NULL},
        {"the user is inactive",
         "UPDATE users SET is_active = 0; UPDATE job_configurations SET next_run_at = '2026-04-01 "
         "03:00:00.000000'",
         NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        fixture_set_up(&own);
        struct fixture *f = own;
        fixture_add_user(f, 2);
        fixture_sql(f, rows[i].act);
        struct agenda_taken taken = take(f, 4);
        int64_t want = rows[i].wake ? utc(rows[i].wake) : AGENDA_NEVER;
        if (taken.next_wake_ms != want) {
            fail_msg("%s: %lld instead of %lld", rows[i].name, (long long)taken.next_wake_ms,
                     (long long)want);
        }
        give_back(&taken);
        fixture_tear_down(&own);
    }
}

static void test_left_by_the_dead(void **state)
{
    struct fixture *f = *state;
    struct run run;
    struct agenda_taken taken;
    scene_ask(f, &(struct scene){.n = 0});
    scene_take(f, &run);
    scene_ask(f, &(struct scene){.n = 0}); /* of the same job, in line */
    int64_t first = f->instance_id;
    fixture_new_instance(f);
    struct agenda_taker careful = {f->instance_id, &first, 1};
    TX(f, agenda_take(f->db, f->clock.now_ms, 4, &careful, &taken, e));
    assert_int_equal(taken.n, 0); /* its owner lives */
    give_back(&taken);
    taken = take(f, 4);
    assert_int_equal(taken.n, 1);
    assert_int_equal(taken.runs[0].id, run.id);
    assert_int_equal(taken.runs[0].attempt, run.attempt + 1); /* one that kills its daemon ends some day */
    assert_int_equal(taken.runs[0].parent_audit_id, run.parent_audit_id);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE operation = 'interrupted' AND "
                                    "parent_audit_id = (SELECT parent_audit_id FROM job_runs WHERE id = 1)"),
                     1);
    give_back(&taken);
    run_finish(&run);
}

static void test_not_while_paused(void **state)
{
    struct fixture *f = *state;
    scene_ask(f, &(struct scene){.n = 0});
    fixture_sql(f, "UPDATE job_configurations SET paused_at = 'x'");
    struct agenda_taken none = take(f, 4);
    assert_int_equal(none.n, 0);
    assert_false(none.has_more);
    fixture_sql(f, "UPDATE job_configurations SET paused_at = NULL");
    struct agenda_taken one = take(f, 4);
    assert_int_equal(one.n, 1);
    give_back(&none);
    give_back(&one);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs_due),
        TEST(test_job_columns),
        TEST(test_jobs_due_limit),
        TEST(test_plan),
        TEST(test_plan_without_run),
        TEST(test_signals_wait_in_line_once),
        cmocka_unit_test(test_request),
        TEST(test_two_requests_in_one_millisecond),
        TEST(test_take_opens_the_parent),
        TEST(test_never_two_of_one_job),
        TEST(test_max),
        TEST(test_waiting),
        TEST(test_nobody_passes_a_waiting_run),
        cmocka_unit_test(test_next_wake),
        TEST(test_left_by_the_dead),
        TEST(test_not_while_paused),
    };
    return cmocka_run_group_tests_name("storage/agenda_store", tests, NULL, NULL);
}
