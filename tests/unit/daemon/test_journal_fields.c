/* The lines about runs: what they carry beside their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/log.h"
#include "daemon/journal.h"
#include "daemon/messages.h"

/* The last line, and its fields as NAME=VALUE with a space behind each. */
struct line {
    enum log_level level;
    char message_id[40];
    char fields[512];
};

static void keep_line(void *arg, enum log_level level, const char *message_id, const struct log_field *fields,
                      const char *text UNUSED)
{
    struct line *line = arg;
    size_t used = 0;
    *line = (struct line){.level = level};
    snprintf(line->message_id, sizeof line->message_id, "%s", message_id ? message_id : "");
    for (; fields && fields->name && used < sizeof line->fields; fields++) {
        used += (size_t)(fields->text ? snprintf(line->fields + used, sizeof line->fields - used, "%s=%s ",
                                                 fields->name, fields->text)
                                      : snprintf(line->fields + used, sizeof line->fields - used, "%s=%lld ",
                                                 fields->name, (long long)fields->number));
    }
}

static void a_closed_run(void **state UNUSED)
{
    static const struct {
        const char *name;
        enum run_outcome outcome;
        struct err why;
        enum log_level level;
        const char *message_id, *fields;
    } rows[] = {
        {"whole", OUTCOME_SUCCESS, {0}, LOG_LEVEL_INFO, MESSAGE_RUN_OK, "AA_OUTCOME=success "},
        {"in part", OUTCOME_PARTIAL, {0}, LOG_LEVEL_WARNING, MESSAGE_RUN_PART, "AA_OUTCOME=partial "},
        {"an answer that has a name",
         OUTCOME_FAILURE,
         {.code = ERR_REQUEST, .msg = "no", .request_id = "0f5b-77"},
         LOG_LEVEL_ERR,
         MESSAGE_RUN_FAIL,
         "AA_OUTCOME=failure AA_ERROR=REQUEST AA_GRAPH_REQUEST_ID=0f5b-77 "},
        {"no answer",
         OUTCOME_FAILURE,
         {.code = ERR_NET, .msg = "no"},
         LOG_LEVEL_ERR,
         MESSAGE_RUN_FAIL,
         "AA_OUTCOME=failure AA_ERROR=NET "},
        {"who must sign in",
         OUTCOME_FAILURE,
         {.code = ERR_LOGIN, .msg = "no"},
         LOG_LEVEL_ERR,
         MESSAGE_LOGIN,
         "AA_OUTCOME=failure AA_ERROR=LOGIN "},
    };
    static const char always[] = "AA_JOB=3 AA_RUN=7 AA_USER=5 AA_CORRELATION=c0 AA_STEP=fetch ";
    struct run run = {.id = 7, .job_id = 3, .user_id = 5, .step = "fetch", .correlation_id = "c0"};
    char work[] = "Work";
    struct journal j;
    run.name = work;
    journal_init(&j, &clock_real, NULL, NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct line line;
        char expected[512];
        log_set_sink(keep_line, &line);
        j.port.run_closed(j.port.self, &run, rows[i].outcome, rows[i].why.code ? &rows[i].why : NULL, 17);
        log_set_sink(NULL, NULL);
        snprintf(expected, sizeof expected, "%s%s", always, rows[i].fields);
        if (line.level != rows[i].level || strcmp(line.message_id, rows[i].message_id) != 0 ||
            strcmp(line.fields, expected) != 0) {
            fail_msg("%s: <%d> %s %s", rows[i].name, (int)line.level, line.message_id, line.fields);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
