#include "daemon/journal.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/tz.h"
#include "daemon/messages.h"
#include "daemon/span.h"
#include "scheduler/closing.h"

#define TAG_WAIT    "wait"
#define TAG_TROUBLE "trouble"

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
        {.name = outcome && why && *why->request_id ? "AA_GRAPH_REQUEST_ID" : NULL,
         .text = why ? why->request_id : NULL},
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
    struct journal *j = self;
    if (j->watcher) {
        j->watcher->run_started(j->watcher->self, run);
    }
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

static void log_failure(const struct run *run, const struct err *why, int64_t duration_ms)
{
    struct run_fields fields = fields_of(run, "failure", why);
    const char *id = why && why->code == ERR_LOGIN ? MESSAGE_LOGIN : MESSAGE_RUN_FAIL;
    char span[SPAN_MAX];
    span_text(duration_ms, span);
    log_write(LOG_LEVEL_ERR, id, fields.f, "job %lld \"%s\": run %lld failed after %s in step %s, %s: %s",
              (long long)run->job_id, run->name, (long long)run->id, span, run->step[0] ? run->step : "start",
              run->sheet_id                      ? "the timesheet is issued"
              : run_counts_written(&run->counts) ? "the archive was written"
                                                 : "nothing written",
              why ? why->msg : "no reason given");
}

/* What the fold kept quiet. */
static void tell_quiet(void *arg, const struct fold_kind *kind)
{
    (void)arg;
    log_write(LOG_LEVEL_NOTICE, MESSAGE_RUN_WAIT, NULL, "this came %lld times more, and has passed: %s",
              (long long)kind->n_quiet, kind->text);
}

static void run_closed(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                       int64_t duration_ms)
{
    struct journal *j = self;
    char counts[CLOSING_TEXT_MAX], window[2 * CIVIL_DATE_LEN + 8], span[SPAN_MAX];
    bool is_whole = outcome == OUTCOME_SUCCESS;
    j->runs_closed++;
    j->round_closed++;
    j->round_rows += run_counts_written(&run->counts);
    if (j->watcher) {
        j->watcher->run_closed(j->watcher->self, run, outcome, why, duration_ms);
    }
    if (outcome == OUTCOME_FAILURE) {
        j->runs_failed++;
        j->round_failed++;
        log_failure(run, why, duration_ms);
        return;
    }
    fold_over(&j->fold, TAG_WAIT, tell_quiet, NULL);
    if (is_whole) {
        j->last_success_ms = clock_wall_ms(j->clock);
    }
    struct run_fields fields = fields_of(run, run_outcome_name(outcome), why);
    closing_counts_text(run, counts);
    window_text(run, window);
    span_text(duration_ms, span);
    log_write(is_whole ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, is_whole ? MESSAGE_RUN_OK : MESSAGE_RUN_PART,
              fields.f, "job %lld \"%s\": %s%s%s in %s%s: %s", (long long)run->job_id, run->name,
              run->is_dry ? "dry run, " : "", window,
              run->type == JOB_TIMESHEET ? ", timesheet made" : " archived", span,
              is_whole                     ? ""
              : run->type == JOB_TIMESHEET ? ", to be looked at"
                                           : ", not whole",
              counts);
}

#define AGAIN_MAX 48

/* ", and 12 times more since it was last said", or nothing. */
static const char *again_text(int64_t n_quiet, char text[AGAIN_MAX])
{
    text[0] = '\0';
    if (n_quiet > 0) {
        snprintf(text, AGAIN_MAX, " (%lld times more in the last hour)", (long long)n_quiet);
    }
    return text;
}

static void run_waiting(void *self, const struct run *run, const struct err *why, int64_t delay_ms)
{
    struct journal *j = self;
    int64_t n_quiet;
    char again[AGAIN_MAX];
    struct run_fields fields = fields_of(run, "waiting", why);
    bool is_new = fold_say(&j->fold, TAG_WAIT, why->msg, clock_wall_ms(j->clock), &n_quiet);
    log_write(is_new ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG, MESSAGE_RUN_WAIT, fields.f,
              "job %lld \"%s\": run %lld, %s in step %s, retrying in %lld s (attempt %d): %s%s",
              (long long)run->job_id, run->name, (long long)run->id, err_text(why->code),
              run->step[0] ? run->step : "start", (long long)((delay_ms + 999) / 1000), run->attempt,
              why->msg, is_new ? again_text(n_quiet, again) : "");
}

/* What passes by itself needs nobody, until it has come again after an hour. */
static enum log_level trouble_level(const struct err *why, int64_t n_quiet)
{
    enum err_class class = err_class(why->code);
    bool passes = class == ERR_CLASS_RETRY || class == ERR_CLASS_WAIT;
    return passes && n_quiet == 0 ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING;
}

static void trouble(void *self, const struct err *why, const char *doing)
{
    struct journal *j = self;
    int64_t n_quiet;
    char again[AGAIN_MAX];
    struct log_field fields[] = {
        {.name = "AA_ERROR", .text = err_name(why->code)},
        {.name = *why->request_id ? "AA_GRAPH_REQUEST_ID" : NULL, .text = why->request_id},
        {.name = NULL}};
    if (fold_say(&j->fold, TAG_TROUBLE, why->msg, clock_wall_ms(j->clock), &n_quiet)) {
        log_write(trouble_level(why, n_quiet), MESSAGE_TROUBLE, fields, "%s: %s%s", doing, why->msg,
                  again_text(n_quiet, again));
    }
}

/* ---- slots ---- */

#define AT_MAX 96

/* "2026-11-25 23:59 Europe/Berlin", or in UTC where the zone can not be read. */
static const char *at_text(const struct journal *j, int64_t utc_ms, const char *zone_name, char text[AT_MAX])
{
    const struct tz *zone;
    char whole[CIVIL_TIME_LEN + 1];
    bool has_zone = zone_name && tz_cache_get(j->zones, zone_name, &zone, NULL) == 0;
    civil_format_time(has_zone ? tz_to_wall(zone, utc_ms) : utc_ms, whole);
    snprintf(text, AT_MAX, "%.16s %s", whole, has_zone ? zone_name : "UTC");
    return text;
}

/* The newest of a verdict, and how many there are. */
static const struct slot *newest(const struct slot *slots, size_t n, enum slot_verdict verdict, size_t *ret_n)
{
    const struct slot *found = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (slots[i].is_new && slots[i].verdict == verdict) {
            found = &slots[i];
            (*ret_n)++;
        }
    }
    return found;
}

struct slot_fields {
    struct log_field f[6];
};

static struct slot_fields slot_fields(const struct job *job, const struct slot *slot, const char *at)
{
    struct slot_fields fields = {{
        {.name = "AA_JOB", .number = job->id},
        {.name = "AA_USER", .number = job->user_id},
        {.name = "AA_RUN", .number = slot->run_id},
        {.name = "AA_SLOT", .text = at},
        {.name = "AA_OUTCOME", .text = slot_verdict_name(slot->verdict)},
    }};
    return fields;
}

static void tell_decided(const struct journal *j, const struct job *job, const struct slot *slots, size_t n,
                         enum slot_verdict verdict, enum log_level level, const char *message_id)
{
    size_t n_such;
    char at[AT_MAX], more[48] = "";
    const struct slot *slot = newest(slots, n, verdict, &n_such);
    if (!slot) {
        return;
    }
    if (n_such > 1) {
        snprintf(more, sizeof more, " and %zu before it", n_such - 1);
    }
    at_text(j, slot->at_ms, job->zone, at);
    struct slot_fields fields = slot_fields(job, slot, at);
    log_write(level, message_id, fields.f, "job %lld \"%s\": the slot of %s%s %s: %s", (long long)job->id,
              job->name, at, more, verdict == SLOT_MISSED ? "was missed" : "is skipped", slot->reason);
}

static void tell_late(const struct journal *j, const struct job *job, const struct slot *slots, size_t n)
{
    size_t n_pending, n_coalesced;
    char at[AT_MAX], late[SPAN_MAX], more[64] = "";
    const struct slot *slot = newest(slots, n, SLOT_PENDING, &n_pending);
    (void)newest(slots, n, SLOT_COALESCED, &n_coalesced);
    if (!slot || (!slot->is_catch_up && n_pending + n_coalesced == 1)) {
        return;
    }
    if (n_pending + n_coalesced > 1) {
        snprintf(more, sizeof more, "; of %zu before it %zu run, too, the others are in it",
                 n_pending + n_coalesced - 1, n_pending - 1);
    }
    at_text(j, slot->at_ms, job->zone, at);
    span_text(clock_wall_ms(j->clock) - slot->at_ms, late);
    struct slot_fields fields = slot_fields(job, slot, at);
    log_write(LOG_LEVEL_INFO, MESSAGE_LATE, fields.f,
              "job %lld \"%s\": nobody was there at %s, it runs %s late%s", (long long)job->id, job->name, at,
              late, more);
}

static void slots_decided(void *self, const struct job *job, const struct slot *slots, size_t n)
{
    struct journal *j = self;
    size_t n_skipped;
    const struct slot *skipped = newest(slots, n, SLOT_SKIPPED, &n_skipped);
    bool is_meant = skipped && (job->is_paused || job->needs_sign_in); /* and was said when it began */
    tell_decided(j, job, slots, n, SLOT_MISSED, LOG_LEVEL_WARNING, MESSAGE_MISSED);
    tell_decided(j, job, slots, n, SLOT_SKIPPED, is_meant ? LOG_LEVEL_INFO : LOG_LEVEL_NOTICE,
                 MESSAGE_SKIPPED);
    tell_late(j, job, slots, n);
}

static void wish_queued(void *self, const struct wish *wish, struct run_asker asker)
{
    (void)self;
    char behind[48] = "";
    struct log_field fields[] = {{.name = "AA_JOB", .number = wish->job_id},
                                 {.name = "AA_RUN", .number = wish->run_id},
                                 {.name = NULL}};
    if (wish->holder_id) {
        snprintf(behind, sizeof behind, "; run %lld holds the job", (long long)wish->holder_id);
    }
    if (!wish->is_bell && (wish->holder_id || !wish->is_new)) {
        log_write(LOG_LEVEL_INFO, MESSAGE_LINE, fields,
                  "job %lld: run %lld waits in line%s%s (signal from pid %lld)", (long long)wish->job_id,
                  (long long)wish->run_id, wish->is_new ? "" : " already", behind, (long long)asker.pid);
    }
}

static void run_overdue(void *self, const struct overdue *run)
{
    struct journal *j = self;
    char at[AT_MAX];
    struct log_field fields[] = {
        {.name = "AA_JOB", .number = run->job_id}, {.name = "AA_RUN", .number = run->run_id}, {.name = NULL}};
    log_write(
        LOG_LEVEL_WARNING, MESSAGE_OVERDUE, fields,
        "job %lld \"%s\": run %lld of the slot of %s is still %s; \"admin-assistant job why %lld\" says why",
        (long long)run->job_id, run->name, (long long)run->run_id, at_text(j, run->slot_ms, NULL, at),
        run->state, (long long)run->run_id);
}

/* ---- the clock ---- */

static void clock_stepped(void *self, enum clock_event what, int64_t by_ms)
{
    (void)self;
    char span[SPAN_MAX];
    span_text(by_ms, span);
    switch (what) {
    case CLOCK_FORWARD:
        log_write(
            LOG_LEVEL_NOTICE, MESSAGE_CLOCK, NULL,
            "the clock jumped forward by %s (it was set, or the machine slept); what came due is caught up",
            span);
        return;
    case CLOCK_BACK:
        log_write(
            LOG_LEVEL_NOTICE, MESSAGE_CLOCK, NULL,
            "the clock went back by %s; no slot runs twice, and marks of what is archived stay behind it",
            span);
        return;
    case CLOCK_UNSET:
        log_write(LOG_LEVEL_WARNING, MESSAGE_CLOCK, NULL,
                  "the clock shows a time before 2026: nothing is run until it is set");
        return;
    case CLOCK_AS_EXPECTED: return;
    }
}

static void started(void *self, const struct store_start *start, bool is_again, int64_t now_ms)
{
    (void)self;
    char span[SPAN_MAX];
    if (start->has_new_zones) {
        log_write(LOG_LEVEL_INFO, MESSAGE_ZONES, NULL,
                  "the time zone database has changed: all due times are computed anew");
    }
    if (is_again || start->clock_high_ms == RUN_NO_TIME || start->clock_high_ms > now_ms) {
        return;
    }
    span_text(now_ms - start->clock_high_ms, span);
    log_write(start->n_left > 0 ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO, MESSAGE_STARTED, NULL,
              "last at work %s ago; runs left under way: %zu", span, start->n_left);
}

/* ---- at rest ---- */

void journal_rest(struct journal *j, int64_t n_behind)
{
    char behind[80];
    snprintf(behind, sizeof behind,
             n_behind == 0   ? "every job's archive is complete"
             : n_behind == 1 ? "1 job is behind"
                             : "%lld jobs are behind",
             (long long)n_behind);
    if (j->round_closed > 1) {
        log_write(n_behind ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, MESSAGE_ROUND, NULL,
                  "at rest: %lld runs ended, %lld of them failed, %lld rows written; %s",
                  (long long)j->round_closed, (long long)j->round_failed, (long long)j->round_rows, behind);
    }
    j->round_closed = j->round_failed = j->round_rows = 0;
}

static void stop(void *self, const struct err *why)
{
    struct journal *j = self;
    j->stop(j->stop_arg, why);
}

void journal_init(struct journal *j, const struct clock *clock, struct tz_cache *zones,
                  void (*on_stop)(void *arg, const struct err *why), void *arg)
{
    *j = (struct journal){
        .port = {.self = j,
                 .run_started = run_started,
                 .run_closed = run_closed,
                 .run_waiting = run_waiting,
                 .slots_decided = slots_decided,
                 .wish_queued = wish_queued,
                 .run_overdue = run_overdue,
                 .clock_stepped = clock_stepped,
                 .started = started,
                 .trouble = trouble,
                 .stop = stop},
        .clock = clock,
        .zones = zones,
        .stop = on_stop,
        .stop_arg = arg,
    };
}
