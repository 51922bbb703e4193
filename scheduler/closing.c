#include "scheduler/closing.h"

#include <stdio.h>
#include <string.h>

/* Adds "<separator><n> <what>". */
static void add_part(char text[CLOSING_TEXT_MAX], const char *separator, int64_t n, const char *what)
{
    size_t used = strlen(text);
    snprintf(text + used, CLOSING_TEXT_MAX - used, "%s%lld %s", separator, (long long)n, what);
}

static void add_if_any(char text[CLOSING_TEXT_MAX], int64_t n, const char *what)
{
    if (n > 0) {
        add_part(text, "; ", n, what);
    }
}

static void sheet_text(const struct run *run, char ret_text[CLOSING_TEXT_MAX])
{
    const struct run_counts *c = &run->counts;
    char worked[SHEET_HOURS_LEN + 1], billed[SHEET_HOURS_LEN + 1], held[SHEET_HOURS_LEN + 1];
    const char *separator = "; left out: ";
    sheet_format_hours(c->worked, worked);
    sheet_format_hours(c->billed, billed);
    sheet_format_hours(c->held, held);
    if (c->lines == 0) {
        snprintf(ret_text, CLOSING_TEXT_MAX, "no appointment counts, no timesheet");
    } else {
        snprintf(ret_text, CLOSING_TEXT_MAX, "%s, %lld lines: worked %s, billed %s%s%s",
                 run->sheet_number[0] ? run->sheet_number : "not issued", (long long)c->lines, worked, billed,
                 c->held ? ", open " : "", c->held ? held : "");
    }
    add_if_any(ret_text, c->late, "found late");
    add_if_any(ret_text, c->conflicts, "overlaps that nobody decided about");
    add_if_any(ret_text, c->errors - c->conflicts, "errors in the check");
    add_if_any(ret_text, c->warnings, c->warnings == 1 ? "warning" : "warnings");
    add_if_any(ret_text, c->documents, "documents made");
    add_if_any(ret_text, c->unmade, "documents not made");
    add_if_any(ret_text, c->quarantined, "events in quarantine");
    for (int i = 0; i < SHEET_REASON_COUNT; i++) {
        if (c->left_out[i] > 0) {
            add_part(ret_text, separator, c->left_out[i], sheet_reason_name((enum sheet_reason)i));
            separator = ", ";
        }
    }
}

static void archive_text(const struct run_counts *c, char ret_text[CLOSING_TEXT_MAX])
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

void closing_counts_text(const struct run *run, char ret_text[CLOSING_TEXT_MAX])
{
    switch (run->type) {
    case JOB_CALENDAR_ARCHIVE: archive_text(&run->counts, ret_text); return;
    case JOB_TIMESHEET: sheet_text(run, ret_text); return;
    }
    ret_text[0] = '\0';
}

void closing_make(struct closing *ret_closing, const struct run *run, enum run_outcome outcome,
                  const struct err *why, int64_t duration_ms)
{
    char counts[CLOSING_TEXT_MAX];
    *ret_closing = (struct closing){0};
    closing_counts_text(run, counts);
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
