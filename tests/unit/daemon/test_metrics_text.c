/* The text itself: what stands in it, how names are written.  That a strict reader takes it is shown by
 * tests/e2e/metrics.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "daemon/metrics_text.h"

#define NEVER INT64_MIN

static char *text_of(const struct figures *figures)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    metrics_text_write(out, figures, "1.2.3");
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Whether the line stands there once, as a whole. */
static bool has_line(const char *text, const char *line)
{
    char *wanted = NULL;
    if (asprintf(&wanted, "\n%s\n", line) < 0) {
        abort();
    }
    const char *at = strstr(text, wanted);
    bool has = at && !strstr(at + 1, wanted);
    free(wanted);
    return has;
}

static void assert_lines(const char *text, const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!has_line(text, lines[i])) {
            fail_msg("this line is not there once: %s\n%s", lines[i], text);
        }
    }
}

static void test_service(void **state)
{
    static const char *const lines[] = {
        "admin_assistant_build_info{version=\"1.2.3\"} 1",
        "# TYPE admin_assistant_jobs gauge",
        "# HELP admin_assistant_jobs Enabled jobs.",
        "admin_assistant_jobs{state=\"active\"} 1",
        "admin_assistant_jobs{state=\"paused\"} 2",
        "admin_assistant_jobs_behind 3",
        "admin_assistant_jobs_left_out 4",
        "admin_assistant_runs_open{state=\"queued\"} 5",
        "admin_assistant_runs_open{state=\"running\"} 6",
        "admin_assistant_runs_open{state=\"waiting\"} 7",
        "admin_assistant_users{sign_in=\"ok\"} 8",
        "admin_assistant_users{sign_in=\"needed\"} 9",
        "admin_assistant_users{sign_in=\"none\"} 10",
        "admin_assistant_actions_open 11",
        "admin_assistant_quarantined_events_open 12",
        "# TYPE admin_assistant_last_success_timestamp_seconds gauge",
        "# UNIT admin_assistant_last_success_timestamp_seconds seconds",
        "admin_assistant_last_success_timestamp_seconds 1767225600.005",
        "admin_assistant_metrics_timestamp_seconds 1767225660.000",
    };
    (void)state;
    struct figures figures = {
        .read_ms = 1767225660000,
        .status = {.active_jobs = 1,
                   .paused_jobs = 2,
                   .behind_jobs = 3,
                   .queued_runs = 5,
                   .running_runs = 6,
                   .waiting_runs = 7,
                   .users_needing_sign_in = 9,
                   .open_actions = 11,
                   .quarantined_events = 12,
                   .last_success_ms = 1767225600005},
        .left_out_jobs = 4,
        .users_signed_in = 8,
        .users_never_signed_in = 10,
    };
    char *text = text_of(&figures);
    assert_lines(text, lines, ARRAY_LEN(lines));
    assert_string_equal(text + strlen(text) - 7, "\n# EOF\n");
    free(text);
}

static void test_jobs(void **state)
{
#define ONE "{job=\"1\",name=\"Acme\"}"
#define TWO "{job=\"20\",name=\"Other\"}"
    static const char *const lines[] = {
        "admin_assistant_job_last_success_timestamp_seconds" ONE " 1.500",
        "admin_assistant_job_last_success_timestamp_seconds" TWO " 0.000",
        "admin_assistant_job_last_failure_timestamp_seconds" ONE " 2.000",
        "admin_assistant_job_last_failure_timestamp_seconds" TWO " 0.000",
        "# UNIT admin_assistant_job_last_duration_seconds seconds",
        "admin_assistant_job_last_duration_seconds" ONE " 0.017",
        "admin_assistant_job_last_rows" ONE " 3",
        "# TYPE admin_assistant_job_runs counter",
        "admin_assistant_job_runs_total{job=\"1\",name=\"Acme\",outcome=\"success\"} 4",
        "admin_assistant_job_runs_total{job=\"1\",name=\"Acme\",outcome=\"failure\"} 5",
        "admin_assistant_job_runs_total{job=\"20\",name=\"Other\",outcome=\"failure\"} 0",
        "admin_assistant_job_rows_written_total" ONE " 6",
        "admin_assistant_job_throttled_total" ONE " 7",
        "admin_assistant_job_slots_missed_total" ONE " 8",
        "admin_assistant_job_slots_skipped_total" ONE " 9",
        "admin_assistant_job_slots_skipped_total" TWO " 0",
        "admin_assistant_last_success_timestamp_seconds 0.000",
    };
    (void)state;
    struct job_figures jobs[] = {
        {1, (char[]){"Acme"}, 1500, 2000, 17, 3, 4, 5, 6, 7, 8, 9},
        {20, (char[]){"Other"}, NEVER, NEVER, -1, -1, 0, 0, 0, 0, 0, 0},
    };
    struct figures figures = {.jobs = jobs, .n_jobs = 2, .status = {.last_success_ms = NEVER}};
    char *text = text_of(&figures);
    assert_lines(text, lines, ARRAY_LEN(lines));
    assert_null(strstr(text, "duration_seconds" TWO)); /* nothing is said of what there was not */
    assert_null(strstr(text, "last_rows" TWO));
    free(text);
}

static void test_names(void **state)
{
    static const struct {
        const char *name, *written;
    } rows[] = {
        {"plain", "plain"},
        {"", ""},
        {"with \"quotes\"", "with \\\"quotes\\\""},
        {"back\\slash", "back\\\\slash"},
        {"two\nlines", "two\\nlines"},
        {"B\xc3\xbcro \xe2\x82\xac \xf0\x9f\x93\x85", "B\xc3\xbcro \xe2\x82\xac \xf0\x9f\x93\x85"},
        {"tab\tand\rreturn\x7f", "tab?and?return?"},
        {"not \xff utf-8 \xc3", "not ? utf-8 ?"},
        {"{job=\"2\"} 1 # EOF", "{job=\\\"2\\\"} 1 # EOF"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct job_figures job = {.job_id = 1, .name = (char *)(uintptr_t)rows[i].name};
        struct figures figures = {.jobs = &job, .n_jobs = 1};
        char line[200];
        snprintf(line, sizeof line, "admin_assistant_job_last_rows{job=\"1\",name=\"%s\"} 0",
                 rows[i].written);
        char *text = text_of(&figures);
        assert_lines(text, &(const char *){line}, 1);
        free(text);
    }
}

/* All samples of a metric stand together, behind its TYPE, or a reader refuses the file. */
static void test_metrics_stand_together(void **state)
{
    (void)state;
    struct job_figures jobs[3] = {{.job_id = 1, .name = (char[]){"a"}},
                                  {.job_id = 2, .name = (char[]){"b"}},
                                  {.job_id = 3, .name = (char[]){"c"}}};
    struct figures figures = {.jobs = jobs, .n_jobs = 3};
    char *text = text_of(&figures);
    char current[128] = "";
    for (char *rest, *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "# TYPE ", 7) == 0) {
            snprintf(current, sizeof current, "%.*s", (int)strcspn(line + 7, " "), line + 7);
        } else if (line[0] != '#' && strncmp(line, current, strlen(current)) != 0) {
            fail_msg("%s is not of %s", line, current);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_metrics_stand_together),
    };
    return cmocka_run_group_tests_name("daemon/metrics_text", tests, NULL, NULL);
}
