#include "tests/lib/archive_fixture.h"

/* ---- counts as text ---- */

static void test_counts_round_trip(void **state)
{
    (void)state;
    struct run_counts counts = {.lines = 21,
                                .held = 22,
                                .unmade = 23,
                                .left_out = {[SHEET_LEFT_CANCELLED] = 24},
                                .pages = 1,
                                .fetched = 2,
                                .verdicts = {3, 4, 5, 6, 7, 8},
                                .quarantined = 9,
                                .inserted = 10,
                                .changed = 11,
                                .restored = 12,
                                .vanished = 13,
                                .unchanged = 14,
                                .requests = 15,
                                .throttled = INT64_MAX};
    struct run_counts back;
    struct buf text = {.max = 4096};
    assert_int_equal(run_counts_write(&counts, &text), 0);
    assert_int_equal(run_counts_read(buf_str(&text), &back), 0);
    assert_memory_equal(&counts, &back, sizeof counts);
    buf_finish(&text);
}

static void test_counts_text(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        int r;
        int64_t pages, keep;
    } rows[] = {
        {"empty", "{}", 0, 0, 0},
        {"spaces", " { \"pages\" : 3 , \"keep\" : 4 } ", 0, 3, 4},
        {"unknown member", "{\"new\":9,\"pages\":3}", 0, 3, 0},
        {"negative", "{\"pages\":-3}", 0, -3, 0},
        {"no object", "[]", ERR_INVALID, 0, 0},
        {"nothing", "", ERR_INVALID, 0, 0},
        {"not closed", "{\"pages\":3", ERR_INVALID, 0, 0},
        {"no number", "{\"pages\":\"3\"}", ERR_INVALID, 0, 0},
        {"nested", "{\"pages\":{}}", ERR_INVALID, 0, 0},
        {"too big", "{\"pages\":99999999999999999999}", ERR_INVALID, 0, 0},
        {"no colon", "{\"pages\" 3}", ERR_INVALID, 0, 0},
        {"name not closed", "{\"pages", ERR_INVALID, 0, 0},
        {"behind the end", "{} x", ERR_INVALID, 0, 0},
        {"fraction", "{\"pages\":1.5}", ERR_INVALID, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run_counts counts = {0};
        int r = run_counts_read(rows[i].text, &counts);
        if (r != rows[i].r || counts.pages != rows[i].pages ||
            counts.verdicts[VERDICT_KEEP] != rows[i].keep) {
            fail_msg("%s: %d, %lld pages, %lld kept", rows[i].name, r, (long long)counts.pages,
                     (long long)counts.verdicts[VERDICT_KEEP]);
        }
    }
}

/* ---- loading ---- */

static void begin(struct fixture *f, struct run *run)
{
    scene_ask(f, &(struct scene){.n = 0});
    scene_take(f, run);
}

static void test_load(void **state)
{
    struct fixture *f = *state;
    struct run run, loaded;
    struct err why = {0};
    fixture_sql(f, "UPDATE job_configurations SET ping_url = 'https://hc.example.com/u1'");
    begin(f, &run);
    OK(run_store_load(f->db, run.id, &loaded, e));
    assert_int_equal(loaded.state, RUN_RUNNING);
    assert_int_equal(loaded.trigger, TRIGGER_REQUEST);
    assert_int_equal(loaded.type, JOB_CALENDAR_ARCHIVE);
    assert_int_equal(loaded.from_day, date("2026-03-01"));
    assert_int_equal(loaded.to_day, date("2026-04-01"));
    assert_int_equal(loaded.slot_ms, f->clock.now_ms);
    assert_int_equal(loaded.archive_configuration_id, 1);
    assert_int_equal(loaded.attempt, 1);
    assert_string_equal(loaded.name, "config 1");
    assert_string_equal(loaded.account, "u1@example.com");
    assert_string_equal(loaded.username, "u1");
    assert_string_equal(loaded.source_uri, "msgraph://u1@example.com/calendars/primary");
    assert_string_equal(loaded.destination_uri, "local://u1@example.com/calendars/archive");
    assert_string_equal(loaded.zone, "Europe/Berlin");
    assert_true(loaded.skip_cancelled);
    assert_false(loaded.keep_declined);
    assert_null(loaded.cursor);
    assert_null(loaded.calendar_id);
    assert_string_equal(loaded.ping_url, "https://hc.example.com/u1");
    assert_int_equal(run_store_load(f->db, 99, &loaded, &why), ERR_NOT_FOUND);
    assert_string_equal(why.msg, "there is no run 99");
    run_finish(&loaded);
    run_finish(&run);
}

/* ---- moving on ---- */

static void test_advance(void **state)
{
    struct fixture *f = *state;
    struct run run, loaded;
    begin(f, &run);
    snprintf(run.step, sizeof run.step, "fetch");
    run.calendar_id = mem_strdup("cal-1");
    run.cursor = mem_strdup("page-2");
    run.counts.requests = 4;
    struct audit_entry child = {
        .action_type = "archive", .operation = "resolve", .status = "success", .duration_ms = -1};
    TX(f, run_store_advance(f->db, &run, f->instance_id, &child, e));
    OK(run_store_load(f->db, run.id, &loaded, e));
    assert_string_equal(loaded.step, "fetch");
    assert_string_equal(loaded.calendar_id, "cal-1");
    assert_string_equal(loaded.cursor, "page-2");
    assert_int_equal(loaded.counts.requests, 4);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log c JOIN job_runs r ON r.parent_audit_id = "
                       "c.parent_audit_id AND r.correlation_id = c.correlation_id AND r.user_id = c.user_id "
                       "WHERE c.operation = 'resolve'"),
        1);
    run_finish(&loaded);
    run_finish(&run);
}

/* Every function that changes a run refuses one that is not the caller's. */
static void test_not_ours(void **state)
{
    struct fixture *f = *state;
    static const char *const acts[] = {
        "UPDATE job_runs SET instance_id = instance_id + 1",
        "UPDATE job_runs SET instance_id = NULL",
        "UPDATE job_runs SET state = 'waiting'",
        "UPDATE job_runs SET state = 'done'",
    };
    struct run run;
    begin(f, &run);
    fixture_new_instance(f);
    int64_t ours = f->instance_id - 1;
    for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
        struct err why = {0};
        struct run_counts counts;
        struct event_page page = {0};
        fixture_sql(f, "BEGIN; SAVEPOINT act");
        fixture_sql(f, acts[i]);
        assert_int_equal(run_store_check_owner(f->db, run.id, ours, &why), ERR_CANCELLED);
        assert_int_equal(run_store_advance(f->db, &run, ours, NULL, &why), ERR_CANCELLED);
        assert_int_equal(run_store_suspend(f->db, &run, ours, 0, NULL, &why), ERR_CANCELLED);
        assert_int_equal(run_store_close(f->db, &run, ours, OUTCOME_SUCCESS, NULL, NULL, &why),
                         ERR_CANCELLED);
        assert_int_equal(stage_store_page(f->db, &run, ours, &page, &counts, &why), ERR_CANCELLED);
        assert_non_null(strstr(why.msg, "run 1 "));
        fixture_sql(f, "ROLLBACK");
    }
    OK(run_store_check_owner(f->db, run.id, ours, e));
    run_finish(&run);
}

/* ---- waiting ---- */

static void test_suspend(void **state)
{
    struct fixture *f = *state;
    struct run run;
    struct err why = {.code = ERR_THROTTLED, .msg = "asked to wait"};
    begin(f, &run);
    snprintf(run.step, sizeof run.step, "fetch");
    run.cursor = mem_strdup("page-2");
    run.attempt = 2;
    TX(f, run_store_suspend(f->db, &run, f->instance_id, f->clock.now_ms + 40000, &why, e));
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE state = 'waiting' AND instance_id IS NULL AND "
                       "not_before = '2026-04-01 02:00:40.000000' AND error_code = 'THROTTLED' AND "
                       "error_message = 'asked to wait' AND step = 'fetch' AND next_page = 'page-2' AND "
                       "attempt = 2"),
        1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log WHERE operation = 'retry' AND status = 'failure' AND "
                       "message = 'throttled in step fetch: asked to wait' AND parent_audit_id IS NOT NULL"),
        1);
    run_finish(&run);

    f->clock.now_ms += 40000;
    scene_take(f, &run);
    assert_string_equal(run.step, "fetch");
    assert_string_equal(run.cursor, "page-2");
    assert_int_equal(run.attempt, 2);
    TX(f, run_store_suspend(f->db, &run, f->instance_id, 0, NULL, e)); /* parked */
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE state = 'waiting' AND error_code IS NULL"), 1);
    run_finish(&run);
    scene_take(f, &run); /* ready at once */
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE status = 'started'"), 1);
    run_finish(&run);
}

/* ---- closing ---- */

static void test_close_success(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {{.id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00"}};
    struct scene scene = {.evs = evs, .n = 1};
    struct run run;
    struct err why = {0};
    begin(f, &run);
    TX(f, scene_stage(f, &scene, &run, e));
    run.counts.requests = 3;
    struct audit_entry closing = {
        .status = "success", .message = "done", .details_json = "{\"note\":1}", .duration_ms = 1234};
    TX(f, run_store_close(f->db, &run, f->instance_id, OUTCOME_SUCCESS, NULL, &closing, e));
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE state = 'done' AND outcome = 'success' AND "
                       "finished_at = '2026-04-01 02:00:00.000000' AND error_code IS NULL AND "
                       "counts LIKE '%\"requests\":3%'"),
        1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log WHERE status = 'success' AND message = 'done' AND "
                       "duration_ms = 1234 AND details LIKE '{\"counts\":{\"pages\":1,%},\"note\":1}'"),
        1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_events"), 0);
    TX_FAILS(f, ERR_CANCELLED, &why,
             run_store_close(f->db, &run, f->instance_id, OUTCOME_SUCCESS, NULL, NULL, &why));
    run_finish(&run);
}

static void test_close_failure(void **state)
{
    struct fixture *f = *state;
    struct run run;
    struct err why = {.code = ERR_LOGIN, .msg = "sign in again"};
    begin(f, &run);
    f->clock.now_ms += 5000;
    TX(f, run_store_close(f->db, &run, f->instance_id, OUTCOME_FAILURE, &why, NULL, e));
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_runs WHERE state = 'done' AND outcome = 'failure' AND "
                       "error_code = 'LOGIN' AND error_message = 'sign in again'"),
        1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log WHERE status = 'failure' AND duration_ms = 5000 AND "
                       "message = 'sign in again' AND details LIKE '{\"counts\":{%}}'"),
        1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_configurations WHERE archived_through IS NULL"),
                     1);
    run_finish(&run);
}

static void test_high_water(void **state)
{
    (void)state;
    static const struct {
        const char *name, *before, *from, *to, *after;
        enum run_trigger trigger;
        enum run_outcome outcome;
        bool is_dry;
    } rows[] = {
        {"the first", NULL, "2026-03-01", "2026-03-31", "2026-03-31", TRIGGER_SCHEDULE, OUTCOME_SUCCESS,
         false},
        {"the first, by a signal", NULL, "2026-03-01", "2026-03-31", "2026-03-31", TRIGGER_SIGNAL,
         OUTCOME_SUCCESS, false},
        {"any old period", NULL, "2020-03-01", "2020-03-31", NULL, TRIGGER_REQUEST, OUTCOME_SUCCESS, false},
        {"further", "2026-03-30", "2026-03-01", "2026-03-31", "2026-03-31", TRIGGER_SCHEDULE, OUTCOME_SUCCESS,
         false},
        {"further, by a request", "2026-03-30", "2026-03-01", "2026-03-31", "2026-03-31", TRIGGER_REQUEST,
         OUTCOME_SUCCESS, false},
        {"right behind", "2026-03-01", "2026-03-01", "2026-03-31", "2026-03-31", TRIGGER_SCHEDULE,
         OUTCOME_SUCCESS, false},
        {"never back", "2026-03-30", "2026-03-01", "2026-03-05", "2026-03-30", TRIGGER_SCHEDULE,
         OUTCOME_SUCCESS, false},
        {"not across a gap", "2026-02-01", "2026-03-01", "2026-03-31", "2026-02-01", TRIGGER_SCHEDULE,
         OUTCOME_SUCCESS, false},
        {"partial", "2026-03-30", "2026-03-01", "2026-03-31", "2026-03-31", TRIGGER_SCHEDULE, OUTCOME_PARTIAL,
         false},
        {"partial and dry", "2026-03-30", "2026-03-01", "2026-03-31", "2026-03-30", TRIGGER_REQUEST,
         OUTCOME_PARTIAL, true},
        {"failure", "2026-03-30", "2026-03-01", "2026-03-31", "2026-03-30", TRIGGER_SCHEDULE, OUTCOME_FAILURE,
         false},
        {"dry", "2026-03-30", "2026-03-01", "2026-03-31", "2026-03-30", TRIGGER_REQUEST, OUTCOME_SUCCESS,
         true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        struct run run;
        fixture_set_up(&own);
        struct fixture *f = own;
        begin(f, &run);
        struct stmt *s = db_stmt(f->db, "UPDATE job_configurations SET archived_through = $1");
        stmt_text(s, 1, rows[i].before);
        OK(stmt_run(s, e));
        run.from_day = date(rows[i].from);
        run.to_day = date(rows[i].to);
        run.trigger = rows[i].trigger;
        run.is_dry = rows[i].is_dry;
        TX(f, run_store_close(f->db, &run, f->instance_id, rows[i].outcome, NULL, NULL, e));
        char *after = fixture_text(f, "SELECT archived_through FROM job_configurations");
        if (after ? !rows[i].after || strcmp(after, rows[i].after) != 0 : rows[i].after != NULL) {
            fail_msg("%s: %s", rows[i].name, after ? after : "none");
        }
        free(after);
        run_finish(&run);
        fixture_tear_down(&own);
    }
}

/* The slots before the first sign-in came to nothing; the request that archives what they owed begins where
 * the first of them began.  One that begins later leaves days out. */
static void test_high_water_of_a_catch_up(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *after;
    } rows[] = {
        {"from the first slot's first day", "2026-03-01", "2026-03-31"},
        {"from before it", "2026-02-01", "2026-03-31"},
        {"from a day later", "2026-03-02", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        struct run run;
        fixture_set_up(&own);
        struct fixture *f = own;
        queue_slot_at(f, "2026-03-31 01:00");
        char *first = fixture_text(f, "SELECT min(from_date) FROM job_runs WHERE run_trigger = 'schedule'");
        assert_string_equal(first, "2026-03-01");
        free(first);
        fixture_sql(f, "UPDATE job_runs SET state = 'done', outcome = 'failure'");
        begin(f, &run);
        run.from_day = date(rows[i].from);
        run.to_day = date("2026-03-31");
        run.trigger = TRIGGER_REQUEST;
        TX(f, run_store_close(f->db, &run, f->instance_id, OUTCOME_SUCCESS, NULL, NULL, e));
        char *after = fixture_text(f, "SELECT archived_through FROM job_configurations");
        if (after ? !rows[i].after || strcmp(after, rows[i].after) != 0 : rows[i].after != NULL) {
            fail_msg("%s: %s", rows[i].name, after ? after : "none");
        }
        free(after);
        run_finish(&run);
        fixture_tear_down(&own);
    }
}

/* Of a timesheet job the mark goes as far as its periods follow one another, whatever order they were made
 * in. */
static void test_mark_of_timesheets(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *from, *to, *after;
        enum run_outcome outcome;
    } rows[] = {
        {"the first slot's week", "2026-03-02", "2026-03-09", "2026-03-09", OUTCOME_SUCCESS},
        {"a week later fails", "2026-03-09", "2026-03-16", "2026-03-09", OUTCOME_FAILURE},
        {"the one behind it does not stand for it", "2026-03-16", "2026-03-23", "2026-03-09",
         OUTCOME_SUCCESS},
        {"made good: both count", "2026-03-09", "2026-03-16", "2026-03-23", OUTCOME_PARTIAL},
        {"an old period again", "2026-03-02", "2026-03-09", "2026-03-23", OUTCOME_SUCCESS},
    };
    fixture_sql(f, "UPDATE job_configurations SET job_type = 'timesheet'");
    fixture_sql(f,
                "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, "
                "correlation_id, created_at, outcome) VALUES (1, 1, '1', 'schedule', 'done', '2026-03-02', "
                "'2026-03-09', 'first', 't', 'none')");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct scene scene = {.from = rows[i].from, .to = rows[i].to};
        struct run run;
        f->clock.now_ms += 1000;
        scene_ask(f, &scene);
        scene_take(f, &run);
        assert_int_equal(run.type, JOB_TIMESHEET);
        TX(f, run_store_close(f->db, &run, f->instance_id, rows[i].outcome, NULL, NULL, e));
        char *after = fixture_text(f, "SELECT archived_through FROM job_configurations");
        if (!after || strcmp(after, rows[i].after) != 0) {
            fail_msg("%s: %s", rows[i].name, after ? after : "none");
        }
        free(after);
        run_finish(&run);
    }
}

/* A run has read days that were not over, by a wrong clock or by request, or in a zone that is not the job's
 * any more. */
static void test_high_water_stays_behind(void **state)
{
    (void)state;
    static const struct {
        const char *name, *before, *over, *act, *after;
    } rows[] = {
        {"days that are not over", "2026-03-20", "2026-03-25", "SELECT 1", "2026-03-25"},
        {"none that is new is over", "2026-03-20", "2026-03-10", "SELECT 1", "2026-03-20"},
        {"none is, and it is the first run", NULL, "2026-03-01", "SELECT 1", NULL},
        {"another zone: its days are read again", "2026-03-20", "2026-04-01",
         "UPDATE archive_configurations SET timezone = 'America/New_York'", "2026-03-18"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        struct run run;
        fixture_set_up(&own);
        struct fixture *f = own;
        begin(f, &run);
        assert_int_equal(run.over_day, RUN_NO_DAY);
        struct stmt *s = db_stmt(f->db, "UPDATE job_configurations SET archived_through = $1");
        stmt_text(s, 1, rows[i].before);
        OK(stmt_run(s, e));
        fixture_sql(f, rows[i].act);
        run.trigger = TRIGGER_SCHEDULE;
        run.from_day = date("2026-03-01");
        run.to_day = date("2026-03-31");
        run.over_day = date(rows[i].over);
        TX(f, run_store_close(f->db, &run, f->instance_id, OUTCOME_SUCCESS, NULL, NULL, e));
        char *after = fixture_text(f, "SELECT archived_through FROM job_configurations");
        if (after ? !rows[i].after || strcmp(after, rows[i].after) != 0 : rows[i].after != NULL) {
            fail_msg("%s: %s", rows[i].name, after ? after : "none");
        }
        free(after);
        run_finish(&run);
        fixture_tear_down(&own);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_round_trip),
        cmocka_unit_test(test_counts_text),
        TEST(test_load),
        TEST(test_advance),
        TEST(test_not_ours),
        TEST(test_suspend),
        TEST(test_close_success),
        TEST(test_close_failure),
        cmocka_unit_test(test_high_water),
        cmocka_unit_test(test_high_water_of_a_catch_up),
        TEST(test_mark_of_timesheets),
        cmocka_unit_test(test_high_water_stays_behind),
    };
    return cmocka_run_group_tests_name("storage/run_store", tests, NULL, NULL);
}
