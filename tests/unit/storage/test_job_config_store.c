/* Jobs: adding, changing and pausing them. */
#include "tests/unit/storage/store_fixture.h"

#include "base/civil.h"
#include "storage/audit_store.h"
#include "storage/config_store.h"
#include "storage/job_config_store.h"
#include "storage/job_pause_store.h"
#include "storage/user_store.h"

#define PING "https://hc-ping.com/0d3f-secret"

/* anna is 1, configuration 1 is hers. */
static int setup(void **state)
{
    int64_t id;
    if (fixture_setup(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    struct archive_config_new config = {.user_id = 1,
                                        .name = "Work",
                                        .source_uri = "msgraph://anna@example.com/calendars/primary",
                                        .destination_uri = "local://anna/calendars/archive",
                                        .zone = "Europe/Berlin"};
    if (user_add(f->db, "anna@example.com", "anna", NULL, &id, &f->e) != 0 ||
        archive_config_add(f->db, &config, &id, &f->e) != 0) {
        print_error("%s\n", f->e.msg);
        return -1;
    }
    return id == 1 ? 0 : -1;
}

static int64_t count_audit(const struct fixture *f, const char *operation)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM audit_log WHERE operation = '%s'", operation);
    return fixture_query(f, sql);
}

static void jobs_are_checked(void **state)
{
    static const struct {
        const char *name;
        struct job_config_new job;
        int expected;
    } rows[] = {
        {"weekly without a day",
         {1, JOB_CALENDAR_ARCHIVE, {SCHEDULE_WEEKLY, 1, 2, -1, 0}, CATCH_UP_ONCE, 0, NULL},
         ERR_INVALID},
        {"monthly without a day",
         {1, JOB_CALENDAR_ARCHIVE, {SCHEDULE_MONTHLY, 1, 2, 0, 0}, CATCH_UP_ONCE, 0, NULL},
         ERR_INVALID},
        {"hour",
         {1, JOB_CALENDAR_ARCHIVE, {SCHEDULE_DAILY, 24, 0, 0, 0}, CATCH_UP_ONCE, 0, NULL},
         ERR_INVALID},
        {"minute",
         {1, JOB_CALENDAR_ARCHIVE, {SCHEDULE_DAILY, 0, 60, 0, 0}, CATCH_UP_ONCE, 0, NULL},
         ERR_INVALID},
        {"window",
         {1, JOB_CALENDAR_ARCHIVE, {SCHEDULE_DAILY, 0, 0, 0, 0}, CATCH_UP_ONCE, 4000, NULL},
         ERR_INVALID},
        {"no such configuration",
         {7, JOB_CALENDAR_ARCHIVE, {SCHEDULE_DAILY, 0, 0, 0, 0}, CATCH_UP_ONCE, 0, NULL},
         ERR_NOT_FOUND},
        {"monthly", {1, JOB_CALENDAR_ARCHIVE, {SCHEDULE_MONTHLY, 1, 2, 0, 31}, CATCH_UP_ALL, 40, NULL}, 0},
        {"second one of the type",
         {1, JOB_CALENDAR_ARCHIVE, {SCHEDULE_DAILY, 0, 0, 0, 0}, CATCH_UP_ONCE, 0, NULL},
         ERR_EXISTS},
        {"another type", {1, JOB_TIMESHEET, {SCHEDULE_MANUAL, 23, 59, 0, 0}, CATCH_UP_SKIP, 0, NULL}, 0},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t id = -1;
        int r = job_config_add(f->db, &rows[i].job, &id, &f->e);
        if (r != rows[i].expected || (r < 0) != (id == -1)) {
            fail_msg("%s: %s (%s)", rows[i].name, err_name(r), f->e.msg);
        }
    }
    assert_int_equal(count_audit(f, "job_add"), 2);
    struct job_config j;
    assert_ok(job_config_get(f->db, 1, &j, &f->e), f->e);
    assert_int_equal(j.user_id, 1);
    assert_string_equal(j.name, "Work");
    assert_string_equal(j.zone, "Europe/Berlin");
    assert_string_equal(j.user_email, "anna@example.com");
    assert_int_equal(j.type, JOB_CALENDAR_ARCHIVE);
    assert_int_equal(j.schedule.type, SCHEDULE_MONTHLY);
    assert_int_equal(j.schedule.hour, 1);
    assert_int_equal(j.schedule.minute, 2);
    assert_int_equal(j.schedule.day_of_month, 31);
    assert_int_equal(j.catch_up, CATCH_UP_ALL);
    assert_int_equal(j.window_days, 40);
    assert_true(j.is_active && !j.is_paused);
    assert_true(j.next_run_ms == INT64_MIN && j.archived_through == INT32_MIN && j.paused_ms == INT64_MIN);
    job_config_finish(&j);
    assert_code(job_config_get(f->db, 44, &j, &f->e), ERR_NOT_FOUND, f->e);
    assert_non_null(strstr(f->e.msg, "job 44"));
}

static void note_job(void *arg, const struct job_config *job)
{
    *(int64_t *)arg = *(int64_t *)arg * 10 + (job->is_paused ? 2 : 1);
}

static void job_is_paused_and_resumed(void **state)
{
    struct fixture *f = *state;
    struct job_config_new job = {
        .archive_configuration_id = 1, .schedule = {.hour = 4}, .catch_up = CATCH_UP_ONCE};
    struct job_config j;
    int64_t id, seen = 0;
    assert_ok(job_config_add(f->db, &job, &id, &f->e), f->e);
    assert_int_equal(
        fixture_exec(f, "UPDATE job_configurations SET next_run_at = '2026-01-02 03:00:00.000000'"),
        SQLITE_OK);
    assert_ok(job_config_get(f->db, id, &j, &f->e), f->e);
    assert_true(j.next_run_ms == FIXTURE_START_MS + 27 * 3600000);
    assert_int_equal(j.window_days, 30);
    job_config_finish(&j);
    assert_code(job_config_resume(f->db, id, &f->e), ERR_INVALID, f->e);
    assert_code(job_config_pause(f->db, id, "anna", " ", &f->e), ERR_INVALID, f->e);
    assert_code(job_config_pause(f->db, 5, "anna", "holidays", &f->e), ERR_NOT_FOUND, f->e);
    assert_ok(job_config_pause(f->db, id, "anna", "holidays", &f->e), f->e);
    assert_code(job_config_pause(f->db, id, "ben", "me too", &f->e), ERR_EXISTS, f->e);
    assert_non_null(strstr(f->e.msg, "anna: holidays"));
    assert_ok(job_config_get(f->db, id, &j, &f->e), f->e);
    assert_true(j.is_paused && j.paused_ms == FIXTURE_START_MS && j.next_run_ms == INT64_MIN);
    assert_string_equal(j.paused_by, "anna");
    assert_string_equal(j.paused_reason, "holidays");
    job_config_finish(&j);
    assert_ok(job_config_list(f->db, note_job, &seen, &f->e), f->e);
    assert_int_equal(seen, 2);
    assert_ok(job_config_resume(f->db, id, &f->e), f->e);
    assert_ok(job_config_get(f->db, id, &j, &f->e), f->e);
    assert_true(!j.is_paused && !j.paused_by && !j.paused_reason);
    job_config_finish(&j);
    assert_int_equal(count_audit(f, "job_pause"), 1);
    assert_int_equal(count_audit(f, "job_resume"), 1);
    int64_t links;
    assert_ok(audit_verify(f->db, &links, &f->e), f->e);
}

static void job_of_a_deactivated_user_is_inactive(void **state)
{
    struct fixture *f = *state;
    struct job_config_new job = {.archive_configuration_id = 1};
    struct job_config j;
    int64_t id;
    assert_ok(job_config_add(f->db, &job, &id, &f->e), f->e);
    assert_ok(user_deactivate(f->db, 1, &f->e), f->e);
    assert_ok(job_config_get(f->db, id, &j, &f->e), f->e);
    assert_false(j.is_active);
    job_config_finish(&j);
}

static void names_of_catch_up_go_both_ways(void **state)
{
    enum catch_up got;
    (void)state;
    for (int i = CATCH_UP_SKIP; i <= CATCH_UP_ALL; i++) {
        assert_int_equal(catch_up_from(catch_up_name((enum catch_up)i), &got), 0);
        assert_int_equal(got, i);
    }
    assert_int_equal(catch_up_from("never", &got), ERR_INVALID);
}

static void ping_urls_are_checked(void **state)
{
    static const struct {
        const char *url;
        int expected;
    } rows[] = {
        {PING, 0},
        {"https://example.com", 0},
        {"http://127.0.0.1:8000/ping/x", 0},
        {"http://[::1]/x", 0},
        {"https://example.com/x?y=1", ERR_INVALID}, /* /start and /fail go behind it */
        {"http://localhost/x", 0},
        {"http://localhost.example.com/x", ERR_INVALID},
        {"http://127.0.0.1.example.com/x", ERR_INVALID},
        {"http://hc-ping.com/x", ERR_INVALID},
        {"https:///x", ERR_INVALID},
        {"https://", ERR_INVALID},
        {"ftp://example.com/x", ERR_INVALID},
        {"https://user:password@example.com/x", ERR_INVALID},
        {"https://example.com/a b", ERR_INVALID},
        {"https://example.com/\nx", ERR_INVALID},
        {"example.com", ERR_INVALID},
    };
    struct fixture *f = *state;
    struct job_config_new job = {.archive_configuration_id = 1, .catch_up = CATCH_UP_ONCE};
    int64_t id;
    assert_ok(job_config_add(f->db, &job, &id, &f->e), f->e);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct job_config_change change = JOB_CONFIG_UNCHANGED;
        change.ping_url = rows[i].url;
        int r = job_config_set(f->db, id, &change, &f->e);
        if (r != rows[i].expected || (r < 0 && strstr(f->e.msg, "password"))) {
            fail_msg("%s: %s (%s)", rows[i].url, err_name(r), f->e.msg);
        }
    }
    job.type = JOB_TIMESHEET;
    job.ping_url = "http://example.com/x";
    assert_code(job_config_add(f->db, &job, &id, &f->e), ERR_INVALID, f->e);
    job.ping_url = PING;
    assert_ok(job_config_add(f->db, &job, &id, &f->e), f->e);
    struct job_config j;
    assert_ok(job_config_get(f->db, id, &j, &f->e), f->e);
    assert_string_equal(j.ping_url, PING);
    job_config_finish(&j);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM audit_log WHERE details LIKE '%secret%'"), 0);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM audit_log WHERE operation = 'job_add' AND "
                                      "json_extract(details, '$.ping') = 'https://hc-ping.com'"),
                     1);
}

/* Rows change one job in turn, each building on those before; "is" is the schedule, window and catch-up then.
 */
static void job_is_changed_as_a_whole(void **state)
{
    static const struct {
        const char *name;
        struct job_config_change change;
        int expected;
        const char *says, *is;
    } rows[] = {
        {"nothing", {-1, -1, -1, -1, -1, -1, NULL}, 0, "", "daily 4:00 -1 -1 30 once"},
        {"time", {-1, 1339, -1, -1, -1, -1, NULL}, 0, "", "daily 22:19 -1 -1 30 once"},
        {"weekly needs a day",
         {SCHEDULE_WEEKLY, -1, -1, -1, -1, -1, NULL},
         ERR_INVALID,
         "day of the week",
         "daily 22:19 -1 -1 30 once"},
        {"a day of the month is none of the week",
         {SCHEDULE_WEEKLY, -1, -1, 3, -1, -1, NULL},
         ERR_INVALID,
         "job 1 would be weekly",
         "daily 22:19 -1 -1 30 once"},
        {"daily has no day",
         {-1, -1, 2, -1, -1, -1, NULL},
         ERR_INVALID,
         "no day",
         "daily 22:19 -1 -1 30 once"},
        {"weekly on monday", {SCHEDULE_WEEKLY, -1, 0, -1, -1, -1, NULL}, 0, "", "weekly 22:19 0 -1 30 once"},
        {"weekly still", {SCHEDULE_WEEKLY, 0, -1, -1, -1, -1, NULL}, 0, "", "weekly 0:00 0 -1 30 once"},
        {"another day", {-1, -1, 6, -1, -1, -1, NULL}, 0, "", "weekly 0:00 6 -1 30 once"},
        {"the week's day is none of the month",
         {SCHEDULE_MONTHLY, -1, -1, -1, -1, -1, NULL},
         ERR_INVALID,
         "day of the month",
         "weekly 0:00 6 -1 30 once"},
        {"monthly", {SCHEDULE_MONTHLY, -1, -1, 31, 7, CATCH_UP_ALL, NULL}, 0, "", "monthly 0:00 -1 31 7 all"},
        {"no 32nd", {-1, -1, -1, 32, -1, -1, NULL}, ERR_INVALID, "1 to 31", "monthly 0:00 -1 31 7 all"},
        {"window", {-1, -1, -1, -1, 4000, -1, NULL}, ERR_INVALID, "4000", "monthly 0:00 -1 31 7 all"},
        {"no hour", {-1, 1440, -1, -1, -1, -1, NULL}, ERR_INVALID, "23:59", "monthly 0:00 -1 31 7 all"},
        {"a manual job has no time",
         {SCHEDULE_MANUAL, 60, -1, -1, -1, -1, NULL},
         ERR_INVALID,
         "manual",
         "monthly 0:00 -1 31 7 all"},
        {"manual", {SCHEDULE_MANUAL, -1, -1, -1, -1, CATCH_UP_SKIP, NULL}, 0, "", "manual 0:00 -1 -1 7 skip"},
    };
    struct fixture *f = *state;
    struct job_config_new job = {
        .archive_configuration_id = 1, .schedule = {.hour = 4}, .catch_up = CATCH_UP_ONCE};
    int64_t id;
    assert_ok(job_config_add(f->db, &job, &id, &f->e), f->e);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char is[80];
        f->e = (struct err){0};
        int r = job_config_set(f->db, id, &rows[i].change, &f->e);
        struct stmt *s = db_stmt(
            f->db,
            "SELECT schedule_type || ' ' || schedule_hour || ':' || printf('%02d', schedule_minute) || ' ' "
            "|| coalesce(schedule_day_of_week, -1) || ' ' || coalesce(schedule_day_of_month, -1) || ' ' "
            "|| archive_window_days || ' ' || catch_up FROM job_configurations");
        assert_int_equal(stmt_step(s, NULL), 1);
        snprintf(is, sizeof is, "%s", stmt_col_text(s, 0));
        stmt_reset(s);
        if (r != rows[i].expected || !strstr(f->e.msg, rows[i].says) || strcmp(is, rows[i].is) != 0) {
            fail_msg("%s: %s (%s), %s", rows[i].name, err_name(r), f->e.msg, is);
        }
    }
    assert_int_equal(count_audit(f, "job_set"), 6);
    struct job_config_change change = JOB_CONFIG_UNCHANGED;
    assert_code(job_config_set(f->db, 9, &change, &f->e), ERR_NOT_FOUND, f->e);
}

static void change_is_audited_with_old_and_new(void **state)
{
    struct fixture *f = *state;
    struct job_config_new job = {.archive_configuration_id = 1,
                                 .schedule = {.type = SCHEDULE_WEEKLY, .hour = 4, .day_of_week = 6},
                                 .catch_up = CATCH_UP_ONCE,
                                 .ping_url = PING};
    struct job_config_change change = JOB_CONFIG_UNCHANGED;
    int64_t id, links;
    assert_ok(job_config_add(f->db, &job, &id, &f->e), f->e);
    change.schedule_type = SCHEDULE_DAILY;
    change.minute_of_day = 4 * 60 + 30;
    change.window_days = 7;
    change.ping_url = "";
    assert_int_equal(
        fixture_exec(f, "UPDATE job_configurations SET next_run_at = '2026-01-02 03:00:00.000000'"),
        SQLITE_OK);
    assert_ok(job_config_set(f->db, id, &change, &f->e), f->e);
    assert_int_equal(
        fixture_query(f, "SELECT details = '{\"schedule\":{\"old\":\"weekly\",\"new\":\"daily\"},"
                         "\"minute\":{\"old\":0,\"new\":30},\"day_of_week\":{\"old\":6,\"new\":null},"
                         "\"window_days\":{\"old\":30,\"new\":7},\"ping\":{\"old\":\"https://hc-ping.com\","
                         "\"new\":null}}' FROM audit_log WHERE operation = 'job_set' AND user_id = 1"),
        1);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM job_configurations WHERE next_run_at IS NULL AND "
                                      "ping_url IS NULL"),
                     1);
    assert_ok(audit_verify(f->db, &links, &f->e), f->e);
    assert_ok(job_config_set(f->db, id, &change, &f->e), f->e); /* it is so already */
    assert_int_equal(count_audit(f, "job_set"), 1);
}

static void job_knows_how_far_it_is(void **state)
{
    static const struct {
        const char *name, *sql;
        bool is_behind, needs_sign_in;
    } rows[] = {
        {"nothing came due", "UPDATE job_configurations SET archived_through = NULL", false, false},
        {"nothing is archived", "UPDATE job_configurations SET due_through = '2026-01-05'", true, false},
        {"a day is missing", "UPDATE job_configurations SET archived_through = '2026-01-04'", true, false},
        {"all is archived", "UPDATE job_configurations SET archived_through = '2026-01-05'", false, false},
        {"sign-in", "UPDATE users SET ms_auth_state = 'reauth_needed', ms_auth_reason = 'revoked'", false,
         true},
        {"further behind", "UPDATE job_configurations SET due_through = '2026-01-06'", true, true},
        {"paused", "UPDATE job_configurations SET paused_at = '2026-01-06 00:00:00.000000'", false, true},
    };
    struct fixture *f = *state;
    struct job_config_new job = {.archive_configuration_id = 1, .catch_up = CATCH_UP_ONCE};
    int64_t id;
    assert_ok(job_config_add(f->db, &job, &id, &f->e), f->e);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct job_config j;
        assert_int_equal(fixture_exec(f, rows[i].sql), SQLITE_OK);
        assert_ok(job_config_get(f->db, id, &j, &f->e), f->e);
        if (job_config_is_behind(&j) != rows[i].is_behind || j.needs_sign_in != rows[i].needs_sign_in ||
            (j.sign_in_reason != NULL) != rows[i].needs_sign_in || j.created_ms != FIXTURE_START_MS) {
            fail_msg("%s", rows[i].name);
        }
        job_config_finish(&j);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(jobs_are_checked),
        T(job_is_paused_and_resumed),
        T(job_of_a_deactivated_user_is_inactive),
        cmocka_unit_test(names_of_catch_up_go_both_ways),
        T(ping_urls_are_checked),
        T(job_is_changed_as_a_whole),
        T(change_is_audited_with_old_and_new),
        T(job_knows_how_far_it_is),
    };
    return cmocka_run_group_tests_name("storage_job_config_store", tests, NULL, NULL);
}
