/* Timesheet runs in a simulated world: every fault, every crash point, every stop; one sheet for each period.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/civil.h"
#include "tests/lib/fake_world.h"

#define EVENTS 10
#define PAGE   3
#define SOON   (MS_PER_HOUR)

static struct world world;

static void begin(bool is_covered)
{
    world_init(&world, 1, EVENTS, PAGE);
    world.jobs[0].type = JOB_TIMESHEET;
    world.jobs[0].schedule = (struct schedule){.type = SCHEDULE_WEEKLY, .hour = 6, .day_of_week = 0};
    world.is_covered = is_covered;
}

static void trigger(void)
{
    world_start(&world);
    world_run_until(&world, world.now_ms);
    world_trigger(&world, 1);
}

static void check_one_sheet(bool is_covered)
{
    assert_int_equal(world.n_sheets, 1);
    assert_true(world.sheets_made[0].is_rendered);
    assert_true(world.sheets_made[0].n_uploads >= 1);
    assert_int_equal(world.runs[0].outcome, OUTCOME_SUCCESS);
    assert_int_equal(world.runs[0].row.sheet_id, 1);
    assert_int_equal(world.runs[0].row.counts.lines, 3);
    assert_int_equal(world.runs[0].row.counts.documents, 5);
    assert_false(world.two_at_once);
    assert_int_equal(world_is_archived(&world, 1), !is_covered);
    assert_int_equal(world.runs[0].row.counts.pages > 0, !is_covered);
}

/* The ISO week before; what the archive covers is not read again. */
static void test_plain(void **state)
{
    (void)state;
    for (int is_covered = 0; is_covered < 2; is_covered++) {
        begin(is_covered);
        trigger();
        world_run_until(&world, world.now_ms + SOON);
        check_one_sheet(is_covered);
        assert_int_equal(world.sheets_made[0].from_day, civil_to_day((struct civil_date){2026, 3, 2}));
        assert_int_equal(world.sheets_made[0].to_day, civil_to_day((struct civil_date){2026, 3, 9}));
        world_finish(&world);
    }
}

/* Nobody was there for five Mondays: five sheets, oldest first, although the policy says "once". */
static void test_missed_weeks(void **state)
{
    (void)state;
    begin(true);
    world_start(&world);
    world_run_until(&world, world.now_ms + SOON);
    world_crash(&world);
    world.now_ms += 35 * MS_PER_DAY;
    world_start(&world);
    world_run_until(&world, world.now_ms + SOON);
    assert_int_equal(world.n_sheets, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(world.sheets_made[i].from_day,
                         civil_to_day((struct civil_date){2026, 3, 9}) + 7 * i);
        assert_int_equal(world.sheets_made[i].to_day - world.sheets_made[i].from_day, 7);
        assert_true(world.sheets_made[i].is_rendered);
    }
    world_finish(&world);
}

static void test_every_fault(void **state)
{
    (void)state;
    const int codes[] = {ERR_NET, ERR_DB_BUSY, ERR_GONE, ERR_THROTTLED, ERR_IO};
    for (size_t i = 0; i < 2 * ARRAY_LEN(codes); i++) {
        int calls = 0;
        for (int call = 1; call <= calls + 1; call++) {
            begin(i % 2);
            world.fail_call = call;
            world.fail_code = codes[i / 2];
            trigger();
            world_run_until(&world, world.now_ms + 12 * SOON);
            if (world.n_runs == 0) { /* the trigger itself failed */
                world_trigger(&world, 1);
                world_run_until(&world, world.now_ms + 12 * SOON);
            }
            check_one_sheet(i % 2);
            calls = world.calls;
            world_finish(&world);
        }
        assert_true(calls > 10);
    }
}

static int run_steps(bool is_covered, int steps)
{
    begin(is_covered);
    trigger();
    while (steps > 0 && world_step(&world, world.now_ms)) {
        steps--;
    }
    return steps;
}

static void every_end(void (*end)(struct world *))
{
    for (int is_covered = 0; is_covered < 2; is_covered++) {
        int left = 0;
        int steps = 0;
        for (; left == 0; steps++) {
            left = run_steps(is_covered, steps);
            end(&world);
            world_start(&world);
            world_run_until(&world, world.now_ms + SOON);
            if (world.n_runs == 0) {
                world_trigger(&world, 1);
                world_run_until(&world, world.now_ms + SOON);
            }
            check_one_sheet(is_covered);
            world_finish(&world);
        }
        assert_true(steps > 8);
    }
}

static void test_every_crash(void **state)
{
    (void)state;
    every_end(world_crash);
}

static void test_every_stop(void **state)
{
    (void)state;
    every_end(world_drain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),       cmocka_unit_test(test_missed_weeks),
        cmocka_unit_test(test_every_fault), cmocka_unit_test(test_every_crash),
        cmocka_unit_test(test_every_stop),
    };
    return cmocka_run_group_tests_name("sheets", tests, NULL, NULL);
}
