/* Claiming runs: whose turn it is, and whose not. */
#include "tests/lib/archive_fixture.h"

#define NOW "2026-04-01 02:00:00.000000" /* the fixture's clock */

static struct taken_runs take(struct fixture *f, size_t max)
{
    struct taker taker = {.instance_id = f->instance_id, .max_catch_up = 2};
    struct taken_runs taken = {0};
    TX(f, take_runs(f->db, f->clock.now_ms, max, &taker, &taken, e));
    return taken;
}

static void give_back(struct taken_runs *taken)
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
    struct taken_runs taken = take(f, 4);
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
        scene_ask(f, &(struct scene){.n = 0, .is_dry = i == 1, .from = i == 2 ? "2026-03-02" : NULL});
    }
    for (int64_t id = 1; id <= 3; id++) {
        struct taken_runs taken = take(f, 8);
        assert_int_equal(taken.n, 1);
        assert_int_equal(taken.runs[0].id, id);
        assert_false(taken.has_more); /* the others are not ready */
        struct taken_runs none = take(f, 8);
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
    struct taken_runs none = take(f, 0);
    assert_int_equal(none.n, 0);
    assert_true(none.has_more);
    struct taken_runs some = take(f, 3);
    assert_int_equal(some.n, 3);
    assert_true(some.has_more);
    assert_int_equal(some.runs[0].job_id, 5); /* in the order of asking */
    assert_int_equal(some.runs[2].job_id, 3);
    struct taken_runs rest = take(f, 2);
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
    struct taken_runs early = take(f, 4);
    assert_int_equal(early.n, 0);
    assert_int_equal(early.next_wake_ms, f->clock.now_ms + 1000);
    f->clock.now_ms += 1000;
    struct taken_runs then = take(f, 4);
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
    struct queue_answer answer;
    scene_ask(f, &(struct scene){.n = 0});
    scene_take(f, &run);
    TX(f, run_store_suspend(f->db, &run, f->instance_id, f->clock.now_ms + 3600000, NULL, e));
    queue_slot_at(f, "2026-04-01 01:00");
    struct taken_runs none = take(f, 4);
    assert_int_equal(none.n, 0); /* the slot waits in line */
    struct queue_wish wish = {1, f->clock.now_ms, 1, 2, {TRIGGER_SIGNAL, 1, 0}};
    TX(f, queue_wish(f->db, &wish, &answer, e));
    struct taken_runs old = take(f, 4);
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
        {"paused: its slot gets a verdict",
         "UPDATE job_configurations SET paused_at = 'x'; "
         "UPDATE job_configurations SET next_run_at = '2026-04-01 03:00:00.000000'",
         "2026-04-01 03:00"},
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
        struct taken_runs taken = take(f, 4);
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
    struct taken_runs taken;
    scene_ask(f, &(struct scene){.n = 0});
    scene_take(f, &run);
    scene_ask(f, &(struct scene){.n = 0}); /* of the same job, in line */
    int64_t first = f->instance_id;
    fixture_new_instance(f);
    struct taker careful = {f->instance_id, &first, 1, 2};
    TX(f, take_runs(f->db, f->clock.now_ms, 4, &careful, &taken, e));
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
    struct taken_runs none = take(f, 4);
    assert_int_equal(none.n, 0);
    assert_false(none.has_more);
    fixture_sql(f, "UPDATE job_configurations SET paused_at = NULL");
    struct taken_runs one = take(f, 4);
    assert_int_equal(one.n, 1);
    give_back(&none);
    give_back(&one);
}

/* A user who must sign in again keeps nobody else from running, and runs again when they have. */
static void test_not_while_sign_in_is_needed(void **state)
{
    struct fixture *f = *state;
    fixture_add_user(f, 2);
    scene_ask(f, &(struct scene){.n = 0, .job_id = 1});
    scene_ask(f, &(struct scene){.n = 0, .job_id = 2});
    fixture_sql(f, "UPDATE users SET ms_auth_state = 'reauth_needed' WHERE id = 1");
    struct taken_runs other = take(f, 4);
    assert_int_equal(other.n, 1);
    assert_int_equal(other.runs[0].job_id, 2);
    fixture_sql(f, "UPDATE users SET ms_auth_state = 'ok' WHERE id = 1");
    struct taken_runs one = take(f, 4);
    assert_int_equal(one.n, 1);
    assert_int_equal(one.runs[0].job_id, 1);
    give_back(&other);
    give_back(&one);
}

/* Late slots are caught up a few at a time, and keep nobody waiting who is on time. */
static void test_few_catch_up_at_once(void **state)
{
    struct fixture *f = *state;
    for (int i = 2; i <= 5; i++) {
        fixture_add_user(f, i);
    }
    for (int64_t i = 1; i <= 5; i++) {
        scene_ask(f, &(struct scene){.n = 0, .job_id = i});
    }
    fixture_sql(f, "UPDATE job_runs SET is_catch_up = 1 WHERE job_id < 5");
    struct taken_runs first = take(f, 8);
    assert_int_equal(first.n, 3);
    assert_int_equal(first.runs[2].job_id, 5);
    assert_true(first.runs[0].is_catch_up && !first.runs[2].is_catch_up);
    struct taken_runs none = take(f, 8);
    assert_int_equal(none.n, 0);
    TX(f, run_store_close(f->db, &first.runs[0], f->instance_id, OUTCOME_SUCCESS, NULL, NULL, e));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs WHERE verdict = 'late'"), 1);
    struct taken_runs next = take(f, 8);
    assert_int_equal(next.n, 1);
    give_back(&first);
    give_back(&none);
    give_back(&next);
}

static void test_spread_runs_wait_for_their_time(void **state)
{
    struct fixture *f = *state;
    scene_ask(f, &(struct scene){.n = 0});
    fixture_sql(f, "UPDATE job_runs SET not_before = '2026-04-01 02:03:00.000000'");
    struct taken_runs early = take(f, 4);
    assert_int_equal(early.n, 0);
    assert_int_equal(early.next_wake_ms, utc("2026-04-01 02:03"));
    f->clock.now_ms = utc("2026-04-01 02:03");
    struct taken_runs then = take(f, 4);
    assert_int_equal(then.n, 1);
    give_back(&early);
    give_back(&then);
}

/* A run that a signal asked for while the clock was ahead, and nothing was planned: the next start has to
 * know. */
static void test_taking_notes_the_clock(void **state)
{
    struct fixture *f = *state;
    struct taken_runs none = take(f, 4);
    assert_int_equal(fixture_int(f, "SELECT clock_high_at IS NULL FROM service_totals"),
                     1); /* nor is it written */
    scene_ask(f, &(struct scene){.n = 0});
    struct taken_runs taken = take(f, 4);
    assert_int_equal(taken.n, 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM service_totals WHERE clock_high_at = '" NOW "'"),
                     1);
    give_back(&none);
    give_back(&taken);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_take_opens_the_parent),
        TEST(test_never_two_of_one_job),
        TEST(test_max),
        TEST(test_waiting),
        TEST(test_nobody_passes_a_waiting_run),
        cmocka_unit_test(test_next_wake),
        TEST(test_left_by_the_dead),
        TEST(test_not_while_paused),
        TEST(test_not_while_sign_in_is_needed),
        TEST(test_few_catch_up_at_once),
        TEST(test_spread_runs_wait_for_their_time),
        TEST(test_taking_notes_the_clock),
    };
    return cmocka_run_group_tests_name("storage/take_store", tests, NULL, NULL);
}
