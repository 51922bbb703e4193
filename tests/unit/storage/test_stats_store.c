#include "tests/lib/archive_fixture.h"

#include "storage/stats_store.h"

/* A run of job 1 from asking to closing; the clock goes on by `ms` in between. */
static int64_t close_run(struct fixture *f, const struct run_counts *counts, enum run_outcome outcome,
                         bool is_dry, int64_t ms)
{
    struct run run;
    int64_t id = scene_ask(f, &(struct scene){.is_dry = is_dry});
    scene_take(f, &run);
    run.counts = *counts;
    f->clock.now_ms += ms;
    TX(f, run_store_close(f->db, &run, f->instance_id, outcome, NULL, NULL, e));
    run_finish(&run);
    return id;
}

static const char stats_sql[] =
    "SELECT coalesce(substr(last_success_at, 12, 8), '-') || ' ' || coalesce(substr(last_failure_at, 12, 8), "
    "'-') || ' ' || last_duration_ms || ' ' || last_rows || ' ' || runs_succeeded || ' ' || runs_failed || ' "
    "' "
    "|| rows_written || ' ' || throttled FROM job_stats WHERE job_id = 1 AND user_id = 1";

/* Each row is a run behind the ones before it. */
static void test_runs(void **state)
{
    static const struct {
        const char *name;
        enum run_outcome outcome;
        bool is_dry;
        int64_t ms;
        struct run_counts counts;
        const char
            *stats; /* last success, last failure, duration, rows, succeeded, failed, rows, throttled */
        const char *last_success;
    } rows[] = {
        {"dry leaves nothing", OUTCOME_SUCCESS, true, 1000, {.inserted = 9}, NULL, NULL},
        {"failure", OUTCOME_FAILURE, false, 1000, {.throttled = 2}, "- 02:00:02 1000 0 0 1 0 2", NULL},
        {"success",
         OUTCOME_SUCCESS,
         false,
         2000,
         {.inserted = 1, .changed = 2, .restored = 4, .vanished = 8, .unchanged = 16, .throttled = 1},
         "02:00:04 02:00:02 2000 15 1 1 15 3",
         "02:00:04"},
        {"partial counts as success",
         OUTCOME_PARTIAL,
         false,
         3000,
         {.inserted = 5},
         "02:00:07 02:00:02 3000 5 2 1 20 3",
         "02:00:07"},
        {"failure keeps the last success",
         OUTCOME_FAILURE,
         false,
         1,
         {.inserted = 0},
         "02:00:07 02:00:07 1 0 2 2 20 3",
         "02:00:07"},
        {"dry again",
         OUTCOME_FAILURE,
         true,
         1000,
         {.inserted = 9},
         "02:00:07 02:00:07 1 0 2 2 20 3",
         "02:00:07"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t id = close_run(f, &rows[i].counts, rows[i].outcome, rows[i].is_dry, rows[i].ms);
        char *stats = fixture_text(f, stats_sql);
        char *last = fixture_text(f, "SELECT substr(last_success_at, 12, 8) FROM service_totals");
        if ((stats ? !rows[i].stats || strcmp(stats, rows[i].stats) != 0 : rows[i].stats != NULL) ||
            (last ? !rows[i].last_success || strcmp(last, rows[i].last_success) != 0
                  : rows[i].last_success != NULL) ||
            fixture_int(f, "SELECT last_run_id FROM service_totals") != id) {
            fail_msg("%s: %s; last success %s", rows[i].name, stats ? stats : "none", last ? last : "none");
        }
        free(stats);
        free(last);
    }
}

static void test_slots(void **state)
{
    struct fixture *f = *state;
    fixture_add_user(f, 2);
    TX(f, stats_slots(f->db, 2, 2, 0, 0, e));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_stats"), 0);
    TX(f, stats_slots(f->db, 2, 2, 3, 0, e));
    TX(f, stats_slots(f->db, 2, 2, 1, 5, e));
    TX(f, stats_slots(f->db, 1, 1, 0, 1, e));
    close_run(f, &(struct run_counts){.inserted = 7}, OUTCOME_SUCCESS, false, 1);
    assert_int_equal(
        fixture_int(f, "SELECT slots_missed * 10 + slots_skipped FROM job_stats WHERE job_id = 2"), 45);
    assert_int_equal(
        fixture_int(f, "SELECT slots_skipped * 10 + runs_succeeded FROM job_stats WHERE job_id = 1"), 11);
}

/* The database keeps users apart whatever the code does. */
static void test_not_of_another_user(void **state)
{
    struct fixture *f = *state;
    struct err why = {0};
    fixture_add_user(f, 2);
    TX_FAILS(f, ERR_DB_CONSTRAINT, &why, stats_slots(f->db, 1, 2, 1, 0, &why));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {TEST(test_runs), TEST(test_slots), TEST(test_not_of_another_user)};
    return cmocka_run_group_tests_name("storage/stats_store", tests, NULL, NULL);
}
