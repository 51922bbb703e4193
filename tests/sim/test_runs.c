/* Runs in a simulated world: every fault, every crash point, every stop, and random mixtures of them. */
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

static int begin(void **state)
{
    world_init(&world, 1, EVENTS, PAGE);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    world_finish(*state);
    return 0;
}

/* A triggered run to its end, as far as it comes within a day. */
static void run_one(struct world *w)
{
    world_start(w);
    world_run_until(w, w->now_ms);
    world_trigger(w, 1);
    world_run_until(w, w->now_ms + 12 * SOON);
}

static void check_good(struct world *w)
{
    assert_true(world_is_archived(w, 1));
    assert_false(w->two_at_once);
    assert_int_equal(w->runs[0].outcome, OUTCOME_SUCCESS);
}

static void test_plain(void **state)
{
    struct world *w = *state;
    run_one(w);
    check_good(w);
    assert_int_equal(w->n_runs, 1);
    assert_int_equal(w->runs[0].row.counts.pages, 4);
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->waiting + w->troubles, 0);
    world_trigger(w, 1);
    world_run_until(w, w->now_ms + SOON);
    assert_int_equal(w->n_runs, 2);
    assert_int_equal(w->runs[1].row.counts.inserted, 0);
}

static void test_daily(void **state)
{
    struct world *w = *state;
    world_start(w);
    world_run_until(w, w->now_ms + 10 * MS_PER_DAY);
    assert_int_equal(w->n_runs, 10);
    for (size_t i = 1; i < w->n_runs; i++) {
        assert_int_equal(w->runs[i].row.to_day, w->runs[i - 1].row.to_day + 1);
        assert_int_equal(w->runs[i].outcome, OUTCOME_SUCCESS);
    }
}

/* Nobody ran for days: the newest slot runs late, the others are coalesced into it. */
static void test_missed_slots(void **state)
{
    struct world *w = *state;
    world_start(w);
    world_run_until(w, w->now_ms + SOON);
    world_crash(w);
    int64_t first_slot_ms = w->jobs[0].next_run_ms;
    w->now_ms += 5 * MS_PER_DAY;
    world_start(w);
    world_run_until(w, w->now_ms);
    assert_int_equal(w->n_runs, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(w->runs[i].row.slot_ms, first_slot_ms + i * MS_PER_DAY);
        assert_int_equal(w->runs[i].verdict, i < 4 ? SLOT_COALESCED : SLOT_PENDING);
    }
    assert_true(w->runs[4].row.is_catch_up);
    assert_int_equal(w->runs[4].outcome, OUTCOME_SUCCESS);
}

/* ---- the clock is set ---- */

static void check_clock_events(const struct world *w, int forward, int back, int unset)
{
    assert_int_equal(w->clock_events[CLOCK_FORWARD], forward);
    assert_int_equal(w->clock_events[CLOCK_BACK], back);
    assert_int_equal(w->clock_events[CLOCK_UNSET], unset);
    assert_int_equal(w->troubles, 0);
}

/* The machine slept over two slots: they are decided as it wakes, and it is said once. */
static void test_clock_forward(void **state)
{
    struct world *w = *state;
    world_start(w);
    world_run_until(w, w->now_ms + SOON);
    world_step_clock(w, 2 * MS_PER_DAY);
    world_run_until(w, w->now_ms + SOON);
    check_clock_events(w, 1, 0, 0);
    assert_int_equal(w->n_runs, 2);
    assert_int_equal(w->runs[0].verdict, SLOT_COALESCED);
    assert_true(w->runs[1].row.is_catch_up);
    assert_int_equal(w->runs[1].outcome, OUTCOME_SUCCESS);
    world_run_until(w, w->now_ms + MS_PER_DAY);
    check_clock_events(w, 1, 0, 0);
    assert_int_equal(w->n_runs, 3);
    assert_false(w->runs[2].row.is_catch_up);
}

/* Set back over a slot that ran: it does not run again when the time comes a second time. */
static void test_clock_back(void **state)
{
    struct world *w = *state;
    world_start(w);
    world_run_until(w, w->now_ms + MS_PER_DAY);
    assert_int_equal(w->n_runs, 1);
    world_step_clock(w, -3 * SOON);
    world_run_until(w, w->now_ms + 4 * SOON);
    check_clock_events(w, 0, 1, 0);
    assert_int_equal(w->clock_backs, 1);
    assert_int_equal(w->n_runs, 1);
    world_run_until(w, w->now_ms + MS_PER_DAY);
    check_clock_events(w, 0, 1, 0);
    assert_int_equal(w->n_runs, 2);
}

/* The store can not follow at once: nothing is decided before it has, and it is said once. */
static void test_clock_back_while_the_store_is_busy(void **state)
{
    struct world *w = *state;
    world_start(w);
    world_run_until(w, w->now_ms + SOON);
    w->fail_call = w->calls + 1;
    w->fail_code = ERR_DB_BUSY;
    world_step_clock(w, -2 * SOON);
    while (w->troubles == 0 && world_step(w, w->now_ms)) {
    }
    assert_int_equal(w->clock_backs, 0);
    world_run_until(w, w->now_ms + SOON);
    assert_int_equal(w->troubles, 1);
    assert_int_equal(w->clock_events[CLOCK_BACK], 1);
    assert_int_equal(w->clock_backs, 1);
}

/* A machine without a battery: nothing is planned in 1970, whatever comes, and all of it once the clock is
 * set.
 */
static void test_clock_unset(void **state)
{
    struct world *w = *state;
    int64_t today_ms = w->now_ms;
    w->now_ms = w->stepped_ms = MS_PER_HOUR;
    world_start(w);
    world_run_until(w, w->now_ms + MS_PER_DAY);
    world_trigger(w, 1);
    world_run_until(w, w->now_ms + MS_PER_DAY);
    assert_int_equal(w->clock_events[CLOCK_UNSET], 1);
    assert_int_equal(w->jobs[0].next_run_ms, RUN_NO_TIME);
    assert_int_equal(w->n_runs, 0);
    assert_int_equal(w->timer_ms, PORT_NEVER);
    world_step_clock(w, today_ms - w->now_ms);
    world_run_until(w, w->now_ms + MS_PER_DAY);
    assert_int_equal(w->clock_events[CLOCK_UNSET], 1);
    assert_int_equal(w->clock_events[CLOCK_FORWARD], 1);
    assert_int_equal(w->n_runs, 1);
    assert_int_equal(w->runs[0].outcome, OUTCOME_SUCCESS);
}

/* Ahead, then unset, then right: that it went back shows only against the time before it was unset. */
static void test_clock_back_through_unset(void **state)
{
    struct world *w = *state;
    world_start(w);
    world_run_until(w, w->now_ms + 3 * MS_PER_DAY);
    int64_t ahead_ms = w->now_ms;
    world_step_clock(w, MS_PER_HOUR - ahead_ms);
    world_run_until(w, w->now_ms + SOON);
    world_step_clock(w, ahead_ms - 2 * MS_PER_DAY - w->now_ms);
    world_run_until(w, w->now_ms + SOON);
    check_clock_events(w, 0, 1, 1);
    assert_int_equal(w->clock_backs, 1);
}

/* Set back while nobody was there, or a database of tomorrow: the store remembers when it was written to.  A
 * clock that is unset at the start is compared once it is set. */
static void test_clock_back_while_down(void **state)
{
    (void)state;
    for (int is_unset = 0; is_unset < 2; is_unset++) {
        struct world *w = &world;
        world_init(w, 1, EVENTS, PAGE);
        world_start(w);
        world_run_until(w, w->now_ms + 3 * MS_PER_DAY);
        world_drain(w);
        int64_t right_ms = w->now_ms - 2 * MS_PER_DAY;
        w->now_ms = is_unset ? MS_PER_HOUR : right_ms;
        world_start(w);
        world_run_until(w, w->now_ms + SOON);
        if (is_unset) {
            assert_int_equal(w->clock_backs, 0);
            world_step_clock(w, right_ms - w->now_ms);
            world_run_until(w, w->now_ms + SOON);
        }
        check_clock_events(w, is_unset, 1, is_unset);
        assert_int_equal(w->clock_backs, 1);
        world_finish(w);
    }
}

/* The pass that a stop has to wait for fails with an error that stops the process. */
static void test_stop_and_fatal_pass(void **state)
{
    struct world *w = *state;
    w->fail_call = 1;
    w->fail_code = ERR_DB_CORRUPT;
    world_start(w);
    world_drain(w);
    assert_int_equal(w->stops, 1);
}

/* An action finds the disk full, and so does the note that the run waits: nobody but the scheduler itself
 * will come back to it. */
static void test_full_disk(void **state)
{
    (void)state;
    for (int call = 1; call < 40; call++) {
        world_init(&world, 1, EVENTS, PAGE);
        world_start(&world);
        world_run_until(&world, world.now_ms + SOON);
        world.fail_call = world.calls + 3 + call; /* behind wish, due and take */
        world.n_failing = 3;
        world.fail_code = ERR_DB_FULL;
        world_trigger(&world, 1);
        world_run_until(&world, world.now_ms + 12 * SOON);
        check_good(&world);
        world_finish(&world);
    }
}

/* Each port call of a run fails once, with an error that passes: the run ends well and nothing is twice. */
static void test_every_fault(void **state)
{
    (void)state;
    const int codes[] = {ERR_NET, ERR_DB_BUSY, ERR_GONE, ERR_THROTTLED};
    for (size_t c = 0; c < ARRAY_LEN(codes); c++) {
        for (int call = 1;; call++) {
            world_init(&world, 1, EVENTS, PAGE);
            world.fail_call = call;
            world.fail_code = codes[c];
            run_one(&world);
            if (world.n_runs ==
                0) { /* the trigger itself failed, and was reported: the signal can be sent again */
                assert_int_equal(world.troubles, 1);
                world_trigger(&world, 1);
                world_run_until(&world, world.now_ms + 12 * SOON);
            }
            int calls = world.calls;
            check_good(&world);
            world_finish(&world);
            if (call > calls) {
                assert_true(call > 12); /* the loop did meet every call */
                break;
            }
        }
    }
}

/* A triggered run, stopped after so many completions; returns how many of them were not needed. */
static int run_steps(int steps)
{
    world_init(&world, 1, EVENTS, PAGE);
    world_start(&world);
    world_run_until(&world, world.now_ms);
    world_trigger(&world, 1);
    while (steps > 0 && world_step(&world, world.now_ms)) {
        steps--;
    }
    return steps;
}

/* The process dies after every single completion: the next one finishes the run, and the archive is the same.
 */
static void test_every_crash(void **state)
{
    (void)state;
    for (int steps = 0;; steps++) {
        int left = run_steps(steps);
        world_crash(&world);
        world_start(&world);
        world_run_until(&world, world.now_ms + SOON);
        if (world.n_runs == 0) { /* it died before the wish was stored */
            world_trigger(&world, 1);
            world_run_until(&world, world.now_ms + SOON);
        }
        check_good(&world);
        assert_int_equal(world.n_runs, 1);
        world_finish(&world);
        if (left > 0) {
            assert_true(steps > 12);
            break;
        }
    }
}

/* SIGTERM after every completion: the run is parked where it was, and goes on there. */
static void test_every_stop(void **state)
{
    (void)state;
    for (int steps = 0;; steps++) {
        int left = run_steps(steps);
        world_drain(&world);
        for (size_t i = 0; i < world.n_runs; i++) {
            assert_int_equal(world.runs[i].owner == world.generation, 0); /* nothing is left "running" */
        }
        world_start(&world);
        world_run_until(&world, world.now_ms + SOON);
        check_good(&world);
        world_finish(&world);
        if (left > 0) {
            break;
        }
    }
}

struct verdict_case {
    const char *name;
    int code;
    int stops;
};

/* An error that only a person can mend fails the run and writes nothing. */
static void test_failures(void **state)
{
    (void)state;
    const struct verdict_case cases[] = {
        {"sign-in needed", ERR_LOGIN, 0},         {"access denied", ERR_DENIED, 0},
        {"calendar not found", ERR_NOT_FOUND, 0}, {"foreign origin", ERR_ORIGIN, 0},
        {"paging in a circle", ERR_LOOP, 0},      {"database damaged", ERR_DB_CORRUPT, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int call = 1; call <= 5; call++) { /* resolve, advance, fetch, stage, fetch */
            world_init(&world, 1, EVENTS, PAGE);
            world_start(&world);
            world_run_until(&world, world.now_ms);
            world_trigger(&world, 1);
            world.fail_call = world.calls + 3 + call; /* behind wish, due and take */
            world.fail_code = cases[i].code;
            world_run_until(&world, world.now_ms + 12 * SOON);
            if (world.n_runs > 0 && world.runs[0].outcome != OUTCOME_FAILURE) {
                print_error("case \"%s\", call %d\n", cases[i].name, call);
            }
            assert_int_equal(world.runs[0].outcome, OUTCOME_FAILURE);
            assert_int_equal(world.runs[0].error_code, cases[i].code);
            assert_int_equal(world.archive[1][0], 0);
            assert_int_equal(world.stops, cases[i].stops);
            world_finish(&world);
        }
    }
}

/* Retries end: a server that is down for good fails the run after its last attempt, with nothing written. */
static void test_exhausted(void **state)
{
    struct world *w = *state;
    w->fetch_code = ERR_SERVER;
    run_one(w);
    assert_int_equal(w->runs[0].outcome, OUTCOME_FAILURE);
    assert_int_equal(w->runs[0].error_code, ERR_SERVER);
    assert_int_equal(w->runs[0].row.attempt, 8);
    assert_int_equal(w->waiting, 7);
    assert_int_equal(w->archive[1][0], 0);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A month of random faults, crashes and stops: every day's slot has its verdict, nothing is twice. */
static void test_random(void **state)
{
    (void)state;
    const char *given = getenv("AA_SEED");
    uint32_t first = given ? (uint32_t)strtoul(given, NULL, 10) : 20260301u;
    print_message("seeds %u to %u (AA_SEED sets the first)\n", first, first + 39);
    for (uint32_t s = first; s < first + 40; s++) {
        uint32_t seed = s;
        const int codes[] = {ERR_NET, ERR_DB_BUSY, ERR_GONE, ERR_SERVER, ERR_DB_FULL};
        world_init(&world, 3, EVENTS, PAGE);
        int64_t until = world.now_ms + 30 * MS_PER_DAY;
        world_start(&world);
        while (world.now_ms < until) {
            world.fail_call = world.calls + 1 + (int)(next_random(&seed) % 60);
            world.fail_code = codes[next_random(&seed) % ARRAY_LEN(codes)];
            for (unsigned n = next_random(&seed) % 80; n > 0 && world_step(&world, until); n--) {
            }
            if (list_is_empty(&world.queue) && world.timer_ms > until) {
                break;
            }
            if (next_random(&seed) % 4 == 0) {
                world_crash(&world);
                world_start(&world);
            } else if (next_random(&seed) % 6 == 0) {
                world_drain(&world);
                world_start(&world);
            }
        }
        world.fail_call = 0;
        world_run_until(&world, until + MS_PER_DAY);
        assert_false(world.two_at_once);
        for (size_t i = 0; i < world.n_runs; i++) {
            if (world.runs[i].outcome == OUTCOME_NONE) {
                print_error("seed %u: run %zu has no verdict\n", s, i + 1);
            }
            assert_int_not_equal(world.runs[i].outcome, OUTCOME_NONE);
        }
        for (int64_t job = 1; job <= 3; job++) {
            assert_true(world_is_archived(&world, job));
        }
        world_finish(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, begin, end),
        cmocka_unit_test_setup_teardown(test_daily, begin, end),
        cmocka_unit_test_setup_teardown(test_missed_slots, begin, end),
        cmocka_unit_test_setup_teardown(test_clock_forward, begin, end),
        cmocka_unit_test_setup_teardown(test_clock_back, begin, end),
        cmocka_unit_test_setup_teardown(test_clock_back_while_the_store_is_busy, begin, end),
        cmocka_unit_test_setup_teardown(test_clock_unset, begin, end),
        cmocka_unit_test_setup_teardown(test_clock_back_through_unset, begin, end),
        cmocka_unit_test(test_clock_back_while_down),
        cmocka_unit_test_setup_teardown(test_stop_and_fatal_pass, begin, end),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_every_fault),
        cmocka_unit_test(test_every_crash),
        cmocka_unit_test(test_every_stop),
        cmocka_unit_test(test_failures),
        cmocka_unit_test_setup_teardown(test_exhausted, begin, end),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
