#include "scheduler/closing.h"

#include <stdio.h>
#include <string.h>

/* Adds "<separator><n> <what>". */
static void add_part(char text[CLOSING_TEXT_MAX], const char *separator, int64_t n, const char *what)
{
    size_t used = strlen(text);
    snprintf(text + used, CLOSING_TEXT_MAX - used, "%s%lld %s", separator, (long long)n, what);
}

void closing_counts_text(const struct run_counts *c, char ret_text[CLOSING_TEXT_MAX])
{
    const char *separator = "; left out: ";
    snprintf(
        ret_text, CLOSING_TEXT_MAX,
        "%lld rows written (%lld new, %lld changed, %lld restored, %lld vanished), %lld unchanged, of %lld "
        "events in %lld pages",
        (long long)run_counts_written(c), (long long)c->inserted, (long long)c->changed,
        (long long)c->restored, (long long)c->vanished, (long long)c->unchanged, (long long)c->fetched,
        (long long)c->pages);
    for (int v = VERDICT_KEEP + 1; v < VERDICT_COUNT; v++) {
        if (c->verdicts[v] > 0) {
            add_part(ret_text, separator, c->verdicts[v], event_verdict_name((enum event_verdict)v));
            separator = ", ";
        }
    }
    if (c->quarantined > 0) {
        add_part(ret_text, "; ", c->quarantined, "in quarantine");
    }
}

void closing_make(struct closing *ret_closing, const struct run *run, enum run_outcome outcome,
                  const struct err *why, int64_t duration_ms)
{
    char counts[CLOSING_TEXT_MAX];
    *ret_closing = (struct closing){0};
    closing_counts_text(&run->counts, counts);
    if (why) {
        snprintf(ret_closing->message, sizeof ret_closing->message, "%s in step %s: %s", err_text(why->code),
                 run->step[0] ? run->step : "start", why->msg);
    } else {
        snprintf(ret_closing->message, sizeof ret_closing->message, "%s%s", run->is_dry ? "dry run: " : "",
                 counts);
    }
    ret_closing->entry = (struct audit_entry){
        .user_id = run->user_id,
        .action_type = run->type == JOB_TIMESHEET ? "timesheet" : "archive",
        .operation = job_type_name(run->type),
        .status = run_outcome_name(outcome),
        .message = ret_closing->message,
        .duration_ms = duration_ms,
        .correlation_id = run->correlation_id,
    };
}

struct audit_entry closing_child(const struct run *run, const char *operation, const char *message)
{
    return (struct audit_entry){
        .user_id = run->user_id,
        .action_type = run->type == JOB_TIMESHEET ? "timesheet" : "archive",
        .operation = operation,
        .resource_type = "calendar",
        .resource_id = run->source_uri,
        .status = "success",
        .message = message,
        .duration_ms = -1,
        .correlation_id = run->correlation_id,
        .parent_audit_id = run->parent_audit_id,
    };
}
