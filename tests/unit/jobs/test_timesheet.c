/* The steps of a timesheet run: what each does, entered once or again, and where it leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "jobs/timesheet.h"

static void test_steps(void **state)
{
    (void)state;
    const struct step_event enter = {.kind = EV_ENTER};
    const struct {
        const char *name;
        const char *step;
        struct step_event event;
        struct run run;
        enum action_kind want;
        const char *then; /* NULL: it stays in the step, or the run ends */
        enum run_outcome outcome;
    } cases[] = {
        {"asks first", "archive", enter, {0}, ACT_LOOK, NULL, OUTCOME_NONE},
        {"not covered: reads", "archive", {.kind = EV_LOOKED}, {0}, ACT_GO, "resolve", OUTCOME_NONE},
        {"covered", "archive", {.kind = EV_LOOKED, .is_covered = true}, {0}, ACT_GO, "issue", OUTCOME_NONE},
        {"after storing", "store", enter, {0}, ACT_STORE, "issue", OUTCOME_NONE},
        {"issue", "issue", enter, {0}, ACT_ISSUE, "render", OUTCOME_NONE},
        {"render", "render", enter, {.sheet_id = 7}, ACT_RENDER, "upload", OUTCOME_NONE},
        {"nothing to render", "render", enter, {0}, ACT_GO, "upload", OUTCOME_NONE},
        {"upload", "upload", enter, {.sheet_id = 7}, ACT_UPLOAD, "finish", OUTCOME_NONE},
        {"nothing to upload", "upload", enter, {0}, ACT_GO, "finish", OUTCOME_NONE},
        {"good", "finish", enter, {0}, ACT_FINISH, NULL, OUTCOME_SUCCESS},
        {"quarantine", "finish", enter, {.counts = {.quarantined = 1}}, ACT_FINISH, NULL, OUTCOME_PARTIAL},
        {"a conflict", "finish", enter, {.counts = {.errors = 1}}, ACT_FINISH, NULL, OUTCOME_PARTIAL},
        {"warnings are no failure",
         "finish",
         enter,
         {.counts = {.warnings = 3}},
         ACT_FINISH,
         NULL,
         OUTCOME_SUCCESS},
        {"a document", "finish", enter, {.counts = {.unmade = 1}}, ACT_FINISH, NULL, OUTCOME_PARTIAL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct step *step = job_kind_step(&timesheet_kind, cases[i].step);
        assert_non_null(step);
        for (int twice = 0; twice < 2; twice++) {
            struct action action = step->act(&cases[i].run, &cases[i].event);
            const struct step *then =
                action.ends_step ? job_kind_next(&timesheet_kind, step, action.to) : NULL;
            if (action.kind != cases[i].want || action.outcome != cases[i].outcome ||
                !then != !cases[i].then || (then && strcmp(then->name, cases[i].then) != 0)) {
                fail_msg("%s: action %d, then %s", cases[i].name, action.kind, then ? then->name : "nothing");
            }
        }
    }
}

/* Every name that the table speaks of is in it. */
static void test_table(void **state)
{
    (void)state;
    assert_ptr_equal(job_kind_of(JOB_TIMESHEET), &timesheet_kind);
    assert_non_null(job_kind_step(&timesheet_kind, timesheet_kind.fetch_step));
    assert_non_null(job_kind_step(&timesheet_kind, timesheet_kind.stored_step));
    assert_string_equal(job_kind_step(&timesheet_kind, "")->name, "archive");
    assert_null(job_kind_next(&timesheet_kind, job_kind_step(&timesheet_kind, "finish"), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_table)};
    return cmocka_run_group_tests_name("timesheet", tests, NULL, NULL);
}
