/* Timesheets go where they are wanted, whatever else happens: the real outbox and the real clients against
 * the stand-in server, a clock and a timer turned by hand. */
#include "tests/unit/daemon/deliverer_bench.h"

static void nothing_to_do_wakes_nobody(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    open_deliverer(b);
    deliverer_look(b->deliverer); /* not started: nothing */
    uv_run(&b->loop, UV_RUN_NOWAIT);
    assert_int_equal(b->n_armed, 0);
    start(b);
    assert_true(b->armed_ms == PORT_NEVER);
    assert_int_equal(graphsim_count(b->sim, ""), 0);
}

static void all_documents_of_all_users(void **state)
{
    enum { USERS = 7, SHEETS = 3 };
    struct bench *b = *state;
    add_users(b, USERS);
    for (int i = 0; i < USERS * SHEETS; i++) {
        add_sheet(b, i % USERS + 1, 2);
    }
    open_deliverer(b);
    start(b);
    settle_all(b);
    assert_int_equal(count(b, "state = 'done'"), USERS * SHEETS * 2);
    assert_int_equal(fixture_query(b->f, "SELECT sum(uploaded_to_onedrive) FROM timesheets"), USERS * SHEETS);
    for (int i = 1; i <= USERS; i++) { /* one after another for each */
        char email[48];
        snprintf(email, sizeof email, "u%d@example.com", i);
        assert_int_equal(graphsim_peak_in_flight(b->sim, email), 1);
    }
    assert_int_equal(graphsim_count(b->sim, ":/content"), USERS * SHEETS * 2);
    assert_int_equal(b->lines[LOG_LEVEL_INFO], USERS * SHEETS * 2);
    assert_string_equal(b->told_id, MESSAGE_UPLOADED);
    assert_true(b->armed_ms == PORT_NEVER);
}

static void a_few_at_a_time(void **state)
{
    struct bench *b = *state;
    add_users(b, 8);
    for (int i = 1; i <= 8; i++) {
        add_sheet(b, i, 2);
    }
    fault(b, "{\"match\":\"/drive/\",\"action\":{\"never\":true}}");
    open_deliverer(b);
    deliverer_start(b->deliverer);
    while (graphsim_count(b->sim, "/drive/") < DELIVERER_AT_ONCE) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 200; i++) { /* neither a turn of the loop nor news bring a fifth */
        deliverer_look(b->deliverer);
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(graphsim_count(b->sim, "/drive/"), DELIVERER_AT_ONCE);
    close_deliverer(b); /* while they are on their way */
    assert_true(b->armed_ms == PORT_NEVER);
    assert_int_equal(fixture_query(b->f, "SELECT sum(attempts) FROM outbox"), 0);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING] + b->lines[LOG_LEVEL_NOTICE], 0);
}

static void passing_fault_backs_off(void **state)
{
    struct bench *b = *state;
    int64_t last_ms = 0;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"action\":{\"status\":503}}");
    open_deliverer(b);
    start(b);
    settle_all(b);
    for (int i = 0; i < 12; i++) {
        int64_t wait_ms = b->armed_ms - b->f->time.wall_ms;
        assert_in_range(wait_ms, RETRY_FIRST_MS / 2, RETRY_LONGEST_MS);
        assert_true(wait_ms > last_ms || wait_ms >= RETRY_LONGEST_MS / 2);
        last_ms = wait_ms;
        wake(b);
    }
    assert_int_equal(count(b, "state = 'intended' AND attempts = 13 AND error_code = 'SERVER'"), 1);
    assert_int_equal(b->lines[LOG_LEVEL_NOTICE], 1); /* told once */
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 0);
    graphsim_clear_faults(b->sim);
    wake(b);
    assert_int_equal(count(b, "state = 'done'"), 1);
    assert_string_equal(b->told_id, MESSAGE_UPLOADED);
    assert_true(b->armed_ms == PORT_NEVER);
}

static void time_that_was_named_is_kept(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/"
             "\",\"times\":1,\"action\":{\"status\":429,\"headers\":{\"Retry-After\":\"540\"}}}");
    open_deliverer(b);
    start(b);
    settle_all(b);
    assert_true(b->armed_ms - b->f->time.wall_ms >= 540000);
    graph_close(b->graph, on_done, b); /* its own clock is a real one, and it keeps that time, too */
    run_until_done(b);
    open_graph(b);
    wake(b);
    assert_int_equal(count(b, "state = 'done'"), 1);
}

static void person_is_told_once_and_a_day_later_it_is_tried(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"action\":{\"status\":403}}");
    open_deliverer(b);
    start(b);
    settle_all(b);
    assert_true(b->armed_ms == b->f->time.wall_ms + DELIVERER_HUMAN_MS);
    assert_string_equal(b->told_id, MESSAGE_UPLOAD_FAILED);
    assert_non_null(strstr(b->told, "Files.ReadWrite"));
    wake(b);
    wake(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM action_log WHERE state = 'open'"), 1);
    graphsim_clear_faults(b->sim);
    deliverer_start(b->deliverer); /* a reload: perhaps it was mended */
    while (count(b, "state = 'done'") == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    assert_int_equal(fixture_query(b->f, "SELECT count(*) FROM action_log WHERE state = 'open'"), 0);
}

static void dead_sign_in_is_a_persons(void **state)
{
    struct bench *b = *state;
    add_users(b, 2);
    add_sheet(b, 1, 1);
    add_sheet(b, 2, 1);
    graphsim_expire_tokens(b->sim, "u1@example.com", true);
    open_deliverer(b);
    start(b);
    settle_all(b);
    assert_int_equal(
        count(b, "user_id = 1 AND state = 'intended' AND is_for_human = 1 AND error_code = 'LOGIN'"), 1);
    assert_int_equal(count(b, "user_id = 2 AND state = 'done'"), 1); /* nobody else is held up */
}

static void file_that_is_not_what_was_made(void **state)
{
    struct bench *b = *state;
    char path[128];
    add_users(b, 1);
    add_sheet(b, 1, 2);
    snprintf(path, sizeof path, "%s/sheet-1.pdf", b->f->dir);
    assert_int_equal(fixture_write_file(path, "tampered", 8, 0600), 0);
    snprintf(path, sizeof path, "%s/sheet-1.csv", b->f->dir);
    assert_int_equal(unlink(path), 0);
    open_deliverer(b);
    start(b);
    while (count(b, "state = 'intended' AND is_for_human = 1") < 2) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    settle_all(b);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 2);
    assert_int_equal(graphsim_count(b->sim, "/drive/"), 0);
    assert_true(b->armed_ms == b->f->time.wall_ms + DELIVERER_HUMAN_MS);
    assert_int_equal(fixture_write_file(path, "document 1 csv", 14, 0600), 0);
    deliverer_wake(b->deliverer); /* somebody asks for a reload */
    while (count(b, "state = 'done'") < 1) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
}

static void what_never_works_is_given_up(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"method\":\"PUT\",\"action\":{\"status\":400}}");
    open_deliverer(b);
    start(b);
    while (b->lines[LOG_LEVEL_WARNING] == 0) { /* it is told when it is stored */
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    while (b->armed_ms != PORT_NEVER) {
        settle(b);
    }
    assert_int_equal(count(b, "state = 'failed'"), 1);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1);
    assert_string_equal(b->told_id, MESSAGE_UPLOAD_FAILED);
    assert_int_equal(graphsim_count(b->sim, ":/content"), 1);
}

/* A reload in the middle: another graph, and what was under way begins again, as if it had not begun. */
static void reload_begins_again(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"times\":1,\"action\":{\"never\":true}}");
    open_deliverer(b);
    deliverer_start(b->deliverer);
    while (graphsim_count(b->sim, "/drive/") == 0) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    struct graph *old = b->graph;
    open_graph(b);
    graph_close(old, on_done, b);
    deliverer_start(b->deliverer);
    run_until_done(b);
    while (count(b, "state = 'done'") == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    assert_int_equal(count(b, "attempts = 0"), 1);
    assert_int_equal(graphsim_count(b->sim, ":/content"), 1);
    assert_int_equal(b->lines[LOG_LEVEL_WARNING] + b->lines[LOG_LEVEL_NOTICE], 0);
}

static void switched_off_waits(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    fault(b, "{\"match\":\"/drive/\",\"times\":1,\"action\":{\"status\":503}}");
    open_deliverer(b);
    start(b);
    settle_all(b);
    b->settings.onedrive_folder[0] = '\0'; /* as a reload may */
    start(b);
    while (b->armed_ms != PORT_NEVER) {
        settle(b);
    }
    b->f->time.wall_ms += DAY_MS;
    deliverer_look(b->deliverer);
    settle(b);
    assert_int_equal(count(b, "state = 'intended'"), 1);
    assert_true(b->armed_ms == PORT_NEVER);
}

static void trouble_with_the_database_rests(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    assert_int_equal(
        fixture_exec(b->f,
                     "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END"),
        SQLITE_OK);
    open_deliverer(b);
    start(b);
    for (int i = 0; i < 3; i++) {
        assert_in_range(b->armed_ms - b->f->time.wall_ms, 1, HOUR_MS);
        b->f->time.wall_ms = b->armed_ms;
        deliverer_look(b->deliverer);
        settle(b);
    }
    assert_int_equal(b->lines[LOG_LEVEL_WARNING], 1); /* told once */
    assert_int_equal(graphsim_count(b->sim, ""), 0);
    assert_int_equal(fixture_exec(b->f, "DROP TRIGGER full"), SQLITE_OK);
    b->f->time.wall_ms = b->armed_ms;
    deliverer_look(b->deliverer);
    while (count(b, "state = 'done'") == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
}

/* The reload comes while the database looks for what is due by the settings before it. */
static void switched_off_while_it_is_asked_for(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 0);
    assert_int_equal(
        fixture_exec(
            b->f,
            "INSERT INTO outbox (user_id, timesheet_id, kind, target, request_key, not_before, created_at, "
            "updated_at) VALUES (1, 1, 'xero', 'Acme', 'k', '2020-01-01 00:00:00.000000', "
            "'2020-01-01 00:00:00.000000', '2020-01-01 00:00:00.000000')"),
        SQLITE_OK);
    free(b->settings.xero_client_id);
    b->settings.xero_client_id = mem_strdup("x");
    open_deliverer(b);
    deliverer_start(b->deliverer);
    b->settings.xero_client_id[0] = '\0';
    start(b);
    assert_true(b->armed_ms == PORT_NEVER);
    assert_int_equal(count(b, "state = 'intended' AND attempts = 0"), 1);
}

/* What became of it can not be written: it is not sent again and again, and in the end it was sent once. */
static void outcome_that_can_not_be_stored(void **state)
{
    struct bench *b = *state;
    add_users(b, 1);
    add_sheet(b, 1, 1);
    assert_int_equal(
        fixture_exec(b->f,
                     "CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END"),
        SQLITE_OK);
    open_deliverer(b);
    start(b);
    while (b->lines[LOG_LEVEL_WARNING] == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    assert_in_range(b->armed_ms - b->f->time.wall_ms, 1, HOUR_MS);
    assert_int_equal(graphsim_count(b->sim, "/drive/"), 2); /* a look and the file */
    assert_int_equal(fixture_exec(b->f, "DROP TRIGGER full"), SQLITE_OK);
    wake(b);
    assert_int_equal(graphsim_count(b->sim, ":/content"), 1);
    assert_non_null(strstr(b->told, "was there already"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_to_do_wakes_nobody),
        TEST(all_documents_of_all_users),
        TEST(a_few_at_a_time),
        TEST(passing_fault_backs_off),
        TEST(time_that_was_named_is_kept),
        TEST(person_is_told_once_and_a_day_later_it_is_tried),
        TEST(dead_sign_in_is_a_persons),
        TEST(file_that_is_not_what_was_made),
        TEST(what_never_works_is_given_up),
        TEST(reload_begins_again),
        TEST(switched_off_waits),
        TEST(switched_off_while_it_is_asked_for),
        TEST(trouble_with_the_database_rests),
        TEST(outcome_that_can_not_be_stored),
    };
    signal(SIGPIPE, SIG_IGN);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
