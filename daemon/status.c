#include "daemon/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tz.h"
#include "daemon/messages.h"
#include "daemon/span.h"
#include "daemon/notify.h"
#include "storage/status_store.h"

#define LINE_MAX_BYTES 512

struct status {
    struct writer *writer;
    struct journal *journal;
    const struct loop_meter *meter;
    const struct clock *clock;
    struct tz_cache *zones;
    bool is_armed;   /* the first pass of the scheduler is over: READY may be said */
    bool is_ready;   /* and was */
    bool is_resting; /* the summary that is asked for closes a round */
    bool has_summary;
    bool is_refreshing;   /* a line that has not changed need not be told */
    bool is_asking;       /* one question at a time: the next armed pass asks anew anyway */
    bool wants_log;       /* the owner asked: write it out */
    char *reload_failure; /* NULL: the last reload was good */
    struct status_summary summary;
    char told[2 * LINE_MAX_BYTES]; /* the line that the service manager knows */
};

struct status *status_create(struct writer *writer, struct journal *journal, const struct loop_meter *meter,
                             const struct clock *clock, struct tz_cache *zones)
{
    struct status *s = mem_calloc(1, sizeof *s);
    *s =
        (struct status){.writer = writer, .journal = journal, .meter = meter, .clock = clock, .zones = zones};
    return s;
}

void status_destroy(struct status *s)
{
    if (s) {
        status_summary_finish(&s->summary);
        free(s->reload_failure);
        free(s);
    }
}

/* ---- text ---- */

/* ", next "Acme" 23:59 Europe/Berlin in 2 h", or nothing. */
static void next_text(const struct status *s, int64_t now_ms, char ret_text[LINE_MAX_BYTES])
{
    const struct status_summary *sum = &s->summary;
    const struct tz *zone;
    char span[SPAN_MAX];
    ret_text[0] = '\0';
    if (sum->next_job_id == 0 || tz_cache_get(s->zones, sum->next_zone, &zone, NULL) < 0) {
        return;
    }
    int64_t minute =
        (tz_to_wall(zone, sum->next_due_ms) % MS_PER_DAY + MS_PER_DAY) % MS_PER_DAY / MS_PER_MINUTE;
    span_text(sum->next_due_ms - now_ms, span);
    snprintf(ret_text, LINE_MAX_BYTES, ", next \"%s\" %02d:%02d %s in %s", sum->next_name, (int)(minute / 60),
             (int)(minute % 60), sum->next_zone, span);
}

#define DONE_MAX 200

/* "every archive complete", or how many jobs are not and the first of them.  What is under way is no news. */
static void done_text(const struct status_summary *sum, char ret_text[DONE_MAX])
{
    char day[CIVIL_DATE_LEN + 1];
    int64_t n_open = sum->running_runs + sum->waiting_runs + sum->queued_runs;
    int64_t n_behind = sum->behind_jobs > n_open ? sum->behind_jobs - n_open : sum->behind_job_id != 0;
    if (sum->behind_job_id == 0) {
        snprintf(ret_text, DONE_MAX,
                 sum->last_success_ms == INT64_MIN || n_open > 0 ? "" : "; every archive complete");
        return;
    }
    civil_format_date(sum->behind_from_day, day);
    snprintf(ret_text, DONE_MAX, "; NOT COMPLETE: %lld job%s, job %lld \"%.60s\" %s%s", (long long)n_behind,
             n_behind == 1 ? "" : "s", (long long)sum->behind_job_id, sum->behind_name,
             sum->behind_from_day == INT32_MIN ? "has archived nothing yet" : "from ",
             sum->behind_from_day == INT32_MIN ? "" : day);
}

/* "; 2 running; 1 login needed": what there is of it. */
static void counts_text(const struct status_summary *sum, char *text, size_t size)
{
    const struct {
        int64_t n;
        const char *what;
    } parts[] = {
        {sum->running_runs, "running"},
        {sum->queued_runs, "in line"},
        {sum->waiting_runs, "waiting to retry"},
        {sum->users_needing_sign_in, "login needed"},
        {sum->quarantined_events, "events in quarantine"},
        {sum->paused_jobs, "paused"},
    };
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(parts) && used < size; i++) {
        if (parts[i].n > 0) {
            used +=
                (size_t)snprintf(text + used, size - used, "; %lld %s", (long long)parts[i].n, parts[i].what);
        }
    }
}

/* "3 jobs, next "Acme" 23:59 Europe/Berlin in 2 h; last ok 14 h ago; every archive complete; 1 login needed".
 */
static void line_text(const struct status *s, char ret_text[LINE_MAX_BYTES])
{
    const struct status_summary *sum = &s->summary;
    int64_t now_ms = clock_wall_ms(s->clock);
    char next[LINE_MAX_BYTES], span[SPAN_MAX], ok[SPAN_MAX + 16], done[DONE_MAX], more[160];
    next_text(s, now_ms, next);
    snprintf(ok, sizeof ok, "no run has succeeded yet");
    if (sum->last_success_ms != INT64_MIN) {
        snprintf(ok, sizeof ok, "last ok %s ago", span_text(now_ms - sum->last_success_ms, span));
    }
    done_text(sum, done);
    counts_text(sum, more, sizeof more);
    snprintf(ret_text, LINE_MAX_BYTES, "%lld job%s%s; %s%s%s", (long long)sum->active_jobs,
             sum->active_jobs == 1 ? "" : "s", next, ok, done, more);
}

/* ---- asking ---- */

static void tell(struct status *s)
{
    char summary[LINE_MAX_BYTES], line[2 * LINE_MAX_BYTES];
    line_text(s, summary);
    bool has_failure = s->reload_failure != NULL;
    snprintf(line, sizeof line, "%s%s%s%s", summary, has_failure ? "; RELOAD FAILED: " : "",
             has_failure ? s->reload_failure : "", has_failure ? " (old configuration stays)" : "");
    if (strcmp(line, s->told) != 0 || !s->is_refreshing) {
        snprintf(s->told, sizeof s->told, "%s", line);
        notify_status(line);
    }
    if (s->is_armed && !s->is_ready) {
        s->is_ready = true;
        notify_ready();
    }
    if (!s->wants_log) {
        return;
    }
    s->wants_log = false;
    log_write(LOG_LEVEL_INFO, MESSAGE_STATUS, NULL,
              "status: %s; since the start %lld runs, %lld of them failed; longest turn of the loop %.2f ms, "
              "p99.9 %.2f ms",
              line, (long long)s->journal->runs_closed, (long long)s->journal->runs_failed,
              (double)s->meter->longest_us / 1000.0, (double)loop_meter_percentile(s->meter, 0.999) / 1000.0);
}

static int work_summary(struct db *db, void *arg, struct err *e)
{
    struct status *s = arg;
    status_summary_finish(&s->summary);
    return status_read(db, &s->summary, e);
}

static void on_summary(void *arg, const struct err *e)
{
    struct status *s = arg;
    s->is_asking = false;
    if (e) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL, "reading the status: %s", e->msg);
        return;
    }
    s->has_summary = true;
    tell(s);
    if (s->is_resting) {
        s->is_resting = false;
        journal_rest(s->journal, s->summary.behind_jobs);
    }
}

static void ask(struct status *s)
{
    if (!s->is_asking) {
        s->is_asking = true;
        writer_submit(s->writer, work_summary, on_summary, s);
    }
}

void status_armed(struct status *s, bool is_resting)
{
    s->is_armed = true;
    s->is_resting = is_resting;
    ask(s);
}

void status_refresh(struct status *s)
{
    if (s->has_summary && !s->is_asking) {
        s->is_refreshing = true;
        tell(s);
        s->is_refreshing = false;
    }
}

bool status_is_ready(const struct status *s)
{
    return s->is_ready;
}

void status_set_reload_failure(struct status *s, const char *why)
{
    free(s->reload_failure);
    s->reload_failure = mem_strdup(why);
    ask(s);
}

void status_log(struct status *s)
{
    s->wants_log = true;
    ask(s);
}
