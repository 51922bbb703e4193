/* Two daemons on one database: every slot is run once, by one of them, whatever becomes of the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/civil.h"
#include "tests/lib/rng.h"
#include "tests/lib/sim.h"

#define JOBS   1000
#define ROUNDS 1

static struct rng rng;

static struct sim_answer answer(void *arg UNUSED, const struct run *run UNUSED)
{
    return (struct sim_answer){.delay_ms = (int64_t)rng_below(&rng, 4) * 500};
}

/* All of them are due at noon. */
static void set_up_jobs(struct sim *sim, int n)
{
    sim_sql(sim, "BEGIN; INSERT INTO users (id, email, created_at, updated_at) VALUES (1, 'u@example.com', "
                 "'2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')");
    for (int i = 1; i <= n; i++) {
        sim_sql(sim,
                "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, "
                "destination_calendar_uri, timezone, created_at, updated_at) VALUES (%d, 1, 'c%d', "
                "'msgraph://u@example.com/calendars/c%d', 'local://u@example.com/calendars/c%d', 'UTC', "
                "'2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'); "
                "INSERT INTO job_configurations (id, user_id, archive_configuration_id, schedule_hour, "
                "schedule_minute, archive_window_days, created_at, updated_at) VALUES (%d, 1, %d, 12, 0, 1, "
                "'2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')",
                i, i, i, i, i, i);
    }
    sim_sql(sim, "COMMIT");
}

static void begin_day(struct sim *sim, int n_jobs)
{
    int64_t midnight_ms = civil_to_day((struct civil_date){2027, 3, 1}) * MS_PER_DAY;
    sim_init(sim, midnight_ms, answer, NULL);
    set_up_jobs(sim, n_jobs);
    sim_start(sim, 0);
    sim_start(sim, 1);
    sim_pass(sim, 12 * MS_PER_HOUR - 1, NULL, NULL);
    assert_int_equal(sim_int(sim, "SELECT count(*) FROM job_runs"), 0);
}

/* One row for each slot of each job, with the verdict of a run, and nothing else. */
static void check_runs(struct sim *sim, int64_t n)
{
    assert_false(sim->two_at_once);
    assert_int_equal(sim_int(sim, "SELECT count(*) FROM job_runs"), n);
    assert_int_equal(sim_int(sim,
                             "SELECT count(DISTINCT job_id * 1000 + substr(slot_at, 9, 2)) FROM job_runs "
                             "WHERE slot_at LIKE '2027-03-__ 12:00:00.000000'"),
                     n);
    assert_int_equal(sim_int(sim,
                             "SELECT count(*) FROM job_runs WHERE state = 'done' AND outcome = 'success' "
                             "AND verdict = 'ran' AND run_trigger = 'schedule'"),
                     n);
}

static void test_each_slot_runs_once(void **state)
{
    (void)state;
    struct sim sim;
    begin_day(&sim, JOBS);
    sim_pass(&sim, ROUNDS * MS_PER_DAY, NULL, NULL);
    sim_settle(&sim);
    check_runs(&sim, JOBS * ROUNDS);
    for (int64_t id = 1; id <= JOBS * ROUNDS; id++) {
        assert_int_equal(sim_reading(&sim, id)->n_started, 1);
        assert_int_equal(sim_reading(&sim, id)->n_closed, 1);
        assert_true(sim_reading(&sim, id)->is_whole);
    }
    print_message("%d and %d runs\n", sim.daemons[0].n_closed, sim.daemons[1].n_closed);
    for (int i = 0; i < SIM_DAEMONS; i++) {
        assert_true(sim.daemons[i].n_closed > 0);
        assert_int_equal(sim.daemons[i].n_troubles + sim.daemons[i].n_stops, 0);
        sim_drain(&sim.daemons[i]);
    }
    sim_finish(&sim);
}

/* What the dead one had begun is begun again by the other, and what it had not is run by the other. */
static void test_one_is_killed(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct sim sim;
        int64_t n_jobs = 50;
        begin_day(&sim, (int)n_jobs);
        for (uint64_t n = 1 + rng_below(&rng, 30); n > 0 && sim_next_event(&sim, MS_PER_HOUR); n--) {
            sim_turns(&sim, (unsigned)rng_below(&rng, 40));
        }
        sim_kill(&sim.daemons[1]);
        sim_pass(&sim, MS_PER_DAY + MS_PER_HOUR, NULL, NULL);
        sim_settle(&sim);
        check_runs(&sim, 2 * n_jobs);
        assert_int_equal(sim.daemons[0].n_troubles, 0);
        assert_int_equal(sim_int(&sim, "SELECT count(*) FROM job_runs WHERE attempt > 2"), 0);
        sim_drain(&sim.daemons[0]);
        sim_finish(&sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_slot_runs_once),
        cmocka_unit_test(test_one_is_killed),
    };
    rng = rng_start();
    return cmocka_run_group_tests_name("two_daemons", tests, NULL, NULL);
}
