/* The steps of the archive job: every action, in order, also when a step is entered a second time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/calendar_archive.h"

struct step_case {
    const char *step;
    struct step_event event;
    int64_t quarantined;
    enum action_kind want;
    bool ends_step;
    enum run_outcome outcome;
};

static void test_steps(void **state)
{
    (void)state;
    const struct step_case cases[] = {
        {"resolve", {EV_ENTER, false, false}, 0, ACT_RESOLVE, true, OUTCOME_NONE},
        {"fetch", {EV_ENTER, false, false}, 0, ACT_FETCH, false, OUTCOME_NONE},
        {"fetch", {EV_PAGE, false, false}, 0, ACT_STAGE, false, OUTCOME_NONE},
        {"fetch", {EV_STAGED, false, false}, 0, ACT_FETCH, false, OUTCOME_NONE},
        {"fetch", {EV_PAGE, true, false}, 0, ACT_STAGE, true, OUTCOME_NONE},
        {"transform", {EV_ENTER, false, false}, 0, ACT_TRANSFORM, true, OUTCOME_NONE},
        {"store", {EV_ENTER, false, false}, 0, ACT_STORE, true, OUTCOME_NONE},
        {"finish", {EV_ENTER, false, false}, 0, ACT_FINISH, false, OUTCOME_SUCCESS},
        {"finish", {EV_ENTER, false, false}, 1, ACT_FINISH, false, OUTCOME_PARTIAL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct run run = {.counts = {.quarantined = cases[i].quarantined}};
        const struct step *step = job_kind_step(&calendar_archive_kind, cases[i].step);
        assert_non_null(step);
        for (int twice = 0; twice < 2; twice++) {
            struct action action = step->act(&run, &cases[i].event);
            assert_int_equal(action.kind, cases[i].want);
            assert_int_equal(action.ends_step, cases[i].ends_step);
            assert_int_equal(action.outcome, cases[i].outcome);
            assert_int_equal(action.rules != NULL, action.kind == ACT_TRANSFORM);
        }
    }
}

static void test_table(void **state)
{
    (void)state;
    const char *order[] = {"resolve", "fetch", "transform", "store", "finish"};
    const struct step *step = job_kind_step(&calendar_archive_kind, "");
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        assert_non_null(step);
        assert_string_equal(step->name, order[i]);
        step = job_kind_next(&calendar_archive_kind, step, NULL);
    }
    assert_null(step);
    assert_null(job_kind_step(&calendar_archive_kind, "unknown"));
    assert_ptr_equal(job_kind_of(JOB_CALENDAR_ARCHIVE), &calendar_archive_kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests_name("calendar_archive", tests, NULL, NULL);
}
