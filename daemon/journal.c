#include "daemon/journal.h"

#include <stdio.h>

#include "base/civil.h"
#include "base/log.h"
#include "daemon/messages.h"
#include "scheduler/closing.h"

/* The fields every line about a run carries; the caller's outcome and error may be NULL. */
struct run_fields {
    struct log_field f[9];
};

static struct run_fields fields_of(const struct run *run, const char *outcome, const struct err *why)
{
    struct run_fields fields = {{
        {.name = "AA_JOB", .number = run->job_id},
        {.name = "AA_RUN", .number = run->id},
        {.name = "AA_USER", .number = run->user_id},
        {.name = "AA_CORRELATION", .text = run->correlation_id},
        {.name = "AA_STEP", .text = run->step[0] ? run->step : "start"},
        {.name = outcome ? "AA_OUTCOME" : NULL, .text = outcome},
        {.name = outcome && why ? "AA_ERROR" : NULL, .text = why ? err_name(why->code) : NULL},
    }};
    return fields;
}

static void window_text(const struct run *run, char ret_text[2 * CIVIL_DATE_LEN + 8])
{
    char from[CIVIL_DATE_LEN + 1], to[CIVIL_DATE_LEN + 1];
    civil_format_date(run->from_day, from);
    civil_format_date(run->to_day - 1, to);
    snprintf(ret_text, 2 * CIVIL_DATE_LEN + 8, "%s to %s", from, to);
}

static void run_started(void *self, const struct run *run)
{
    (void)self;
    if (!log_is_on(LOG_LEVEL_DEBUG)) {
        return;
    }
    struct run_fields fields = fields_of(run, NULL, NULL);
    char window[2 * CIVIL_DATE_LEN + 8];
    window_text(run, window);
    log_write(LOG_LEVEL_DEBUG, NULL, fields.f, "job %lld \"%s\": run %lld begins at step %s, %s",
              (long long)run->job_id, run->name, (long long)run->id, run->step[0] ? run->step : "resolve",
              window);
}

#define SPAN_MAX 24

/* "17 ms", "4.2 s", "12 min". */
static void span_text(int64_t ms, char ret_text[SPAN_MAX])
{
    if (ms < 1000) {
        snprintf(ret_text, SPAN_MAX, "%lld ms", (long long)ms);
    } else if (ms < 120000) {
        snprintf(ret_text, SPAN_MAX, "%.1f s", (double)ms / 1000.0);
    } else {
        snprintf(ret_text, SPAN_MAX, "%lld min", (long long)(ms / 60000));
    }
}

static void log_failure(const struct run *run, const struct err *why, int64_t duration_ms)
{
    struct run_fields fields = fields_of(run, "failure", why);
    const char *id = why && why->code == ERR_LOGIN ? MESSAGE_LOGIN : MESSAGE_RUN_FAIL;
    char span[SPAN_MAX];
    span_text(duration_ms, span);
    log_write(LOG_LEVEL_ERR, id, fields.f, "job %lld \"%s\": run %lld failed after %s in step %s, %s: %s",
              (long long)run->job_id, run->name, (long long)run->id, span, run->step[0] ? run->step : "start",
              run_counts_written(&run->counts) ? "the archive was written" : "nothing written",
              why ? why->msg : "no reason given");
}

static void run_closed(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                       int64_t duration_ms)
{
    struct journal *j = self;
    char counts[CLOSING_TEXT_MAX], window[2 * CIVIL_DATE_LEN + 8], span[SPAN_MAX];
    bool is_whole = outcome == OUTCOME_SUCCESS;
    j->runs_closed++;
    if (outcome == OUTCOME_FAILURE) {
        j->runs_failed++;
        log_failure(run, why, duration_ms);
        return;
    }
    if (is_whole) {
        j->last_success_ms = clock_wall_ms(j->clock);
    }
    struct run_fields fields = fields_of(run, run_outcome_name(outcome), why);
    closing_counts_text(&run->counts, counts);
    window_text(run, window);
    span_text(duration_ms, span);
    log_write(is_whole ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, is_whole ? MESSAGE_RUN_OK : MESSAGE_RUN_PART,
              fields.f, "job %lld \"%s\": %s%s archived in %s%s: %s", (long long)run->job_id, run->name,
              run->is_dry ? "dry run, " : "", window, span, is_whole ? "" : ", not whole", counts);
}

static void run_waiting(void *self, const struct run *run, const struct err *why, int64_t delay_ms)
{
    (void)self;
    struct run_fields fields = fields_of(run, "waiting", why);
    log_write(LOG_LEVEL_NOTICE, MESSAGE_RUN_WAIT, fields.f,
              "job %lld \"%s\": run %lld, %s in step %s, retrying in %lld s (attempt %d): %s",
              (long long)run->job_id, run->name, (long long)run->id, err_text(why->code),
              run->step[0] ? run->step : "start", (long long)((delay_ms + 999) / 1000), run->attempt,
              why->msg);
}

static void trouble(void *self, const struct err *why, const char *doing)
{
    (void)self;
    struct log_field fields[] = {{.name = "AA_ERROR", .text = err_name(why->code)}, {.name = NULL}};
    log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, fields, "%s: %s", doing, why->msg);
}

static void stop(void *self, const struct err *why)
{
    struct journal *j = self;
    j->stop(j->stop_arg, why);
}

void journal_init(struct journal *j, const struct clock *clock,
                  void (*on_stop)(void *arg, const struct err *why), void *arg)
{
    *j = (struct journal){
        .port = {.self = j,
                 .run_started = run_started,
                 .run_closed = run_closed,
                 .run_waiting = run_waiting,
                 .trouble = trouble,
                 .stop = stop},
        .clock = clock,
        .stop = on_stop,
        .stop_arg = arg,
    };
}
