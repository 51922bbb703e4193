/* The names of jobs and runs, both ways, and what a run counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "model/run.h"

enum kind { KIND_JOB, KIND_SCHEDULE, KIND_TRIGGER, KIND_STATE, KIND_OUTCOME };
#define KIND_COUNT (KIND_OUTCOME + 1)

struct name_row {
    const char *name;
    enum kind kind;
    int value;
};

static const char *name_of(enum kind kind, int value)
{
    switch (kind) {
    case KIND_JOB: return job_type_name((enum job_type)value);
    case KIND_SCHEDULE: return schedule_type_name((enum schedule_type)value);
    case KIND_TRIGGER: return run_trigger_name((enum run_trigger)value);
    case KIND_STATE: return run_state_name((enum run_state)value);
    case KIND_OUTCOME: return run_outcome_name((enum run_outcome)value);
    }
    return NULL;
}

/* *value keeps what it was where the name is refused. */
static int value_of(enum kind kind, const char *name, int *value)
{
    enum job_type job = (enum job_type) * value;
    enum schedule_type schedule = (enum schedule_type) * value;
    enum run_trigger trigger = (enum run_trigger) * value;
    enum run_state run = (enum run_state) * value;
    enum run_outcome outcome = (enum run_outcome) * value;
    int r = -1;
    switch (kind) {
    case KIND_JOB: r = job_type_from(name, &job), *value = (int)job; break;
    case KIND_SCHEDULE: r = schedule_type_from(name, &schedule), *value = (int)schedule; break;
    case KIND_TRIGGER: r = run_trigger_from(name, &trigger), *value = (int)trigger; break;
    case KIND_STATE: r = run_state_from(name, &run), *value = (int)run; break;
    case KIND_OUTCOME: r = run_outcome_from(name, &outcome), *value = (int)outcome; break;
    }
    return r;
}

/* The database checks the same words (migrations/sqlite). */
static const struct name_row names[] = {
    {"calendar_archive", KIND_JOB, JOB_CALENDAR_ARCHIVE},
    {"timesheet", KIND_JOB, JOB_TIMESHEET},
    {"daily", KIND_SCHEDULE, SCHEDULE_DAILY},
    {"weekly", KIND_SCHEDULE, SCHEDULE_WEEKLY},
    {"monthly", KIND_SCHEDULE, SCHEDULE_MONTHLY},
    {"manual", KIND_SCHEDULE, SCHEDULE_MANUAL},
    {"schedule", KIND_TRIGGER, TRIGGER_SCHEDULE},
    {"signal", KIND_TRIGGER, TRIGGER_SIGNAL},
    {"request", KIND_TRIGGER, TRIGGER_REQUEST},
    {"queued", KIND_STATE, RUN_QUEUED},
    {"running", KIND_STATE, RUN_RUNNING},
    {"waiting", KIND_STATE, RUN_WAITING},
    {"done", KIND_STATE, RUN_DONE},
    {"none", KIND_OUTCOME, OUTCOME_NONE},
    {"success", KIND_OUTCOME, OUTCOME_SUCCESS},
    {"partial", KIND_OUTCOME, OUTCOME_PARTIAL},
    {"failure", KIND_OUTCOME, OUTCOME_FAILURE},
};

static void test_names_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int value = -1;
        assert_string_equal(name_of(names[i].kind, names[i].value), names[i].name);
        assert_int_equal(value_of(names[i].kind, names[i].name, &value), 0);
        assert_int_equal(value, names[i].value);
    }
}

static void test_unknown_names_are_refused(void **state)
{
    static const char *const unknown[] = {NULL,   "",       "unknown", "Daily",
                                          "dail", "daily ", "QUEUED",  "nothing"};
    (void)state;
    for (enum kind kind = KIND_JOB; kind < KIND_COUNT; kind++) {
        for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
            int value = 1;
            assert_int_equal(value_of(kind, unknown[i], &value), ERR_INVALID);
            assert_int_equal(value, 1);
        }
        assert_string_equal(name_of(kind, 100), "unknown");
    }
}

static void test_counts_written(void **state)
{
    static const struct {
        const char *name;
        struct run_counts counts;
        int64_t written;
    } rows[] = {
        {"nothing", {0}, 0},
        {"only reading", {.pages = 3, .fetched = 200, .unchanged = 190, .quarantined = 2, .requests = 5}, 0},
        {"each of the four", {.inserted = 1, .changed = 20, .restored = 300, .vanished = 4000}, 4321},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (run_counts_written(&rows[i].counts) != rows[i].written) {
            fail_msg("%s: %lld", rows[i].name, (long long)run_counts_written(&rows[i].counts));
        }
    }
}

/* The sanitizer sees to it that every text is freed; finishing twice does no harm. */
static void test_finish(void **state)
{
    static const struct job zero_job;
    static const struct run zero_run;
    struct job job = {.id = 1, .name = mem_strdup("Acme"), .zone = mem_strdup("Europe/Berlin")};
    struct run run = {
        .id = 2,
        .cursor = mem_strdup("c"),
        .name = mem_strdup("n"),
        .account = mem_strdup("a"),
        .source_uri = mem_strdup("s"),
        .destination_uri = mem_strdup("d"),
        .zone = mem_strdup("z"),
        .calendar_id = mem_strdup("i"),
    };
    (void)state;
    for (int i = 0; i < 2; i++) {
        job_finish(&job);
        run_finish(&run);
        assert_memory_equal(&job, &zero_job, sizeof job);
        assert_memory_equal(&run, &zero_run, sizeof run);
    }
    job_finish(NULL);
    run_finish(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_both_ways),
        cmocka_unit_test(test_unknown_names_are_refused),
        cmocka_unit_test(test_counts_written),
        cmocka_unit_test(test_finish),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
