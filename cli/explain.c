#include "cli/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/job_text.h"
#include "cli/print.h"
#include "storage/instance_store.h"

#define SENTENCE_MAX 2048
#define JSON_MAX     ((size_t)1 << 20)

void explain_init(struct explain *x, struct db *db, const struct job_config *job, const struct tz *zone)
{
    int64_t instance_id;
    *x = (struct explain){.db = db, .job = job, .zone = zone, .now_ms = clock_wall_ms(&clock_real)};
    if (instance_find_live(db, &instance_id, &x->daemon_pid, NULL) < 0) {
        x->daemon_pid = 0;
    }
    buf_init(&x->slots, JSON_MAX);
    json_out_begin(&x->json, &x->slots);
    json_open(&x->json, NULL, '[');
}

void explain_finish(struct explain *x)
{
    for (size_t i = 0; i < x->n_sentences; i++) {
        free(x->sentences[i]);
    }
    free(x->sentences);
    buf_finish(&x->slots);
    *x = (struct explain){0};
}

void explain_say(struct explain *x, const char *fmt, ...)
{
    char text[SENTENCE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    x->sentences = mem_realloc(x->sentences, x->n_sentences + 1, sizeof *x->sentences);
    x->sentences[x->n_sentences++] = mem_strdup(text);
}

const char *explain_time(const struct explain *x, int64_t utc_ms, char text[EXPLAIN_TIME_LEN])
{
    char local[JOB_TEXT_LEN], utc[PRINT_TIME_LEN];
    job_text_local(x->zone, utc_ms, local);
    print_format_minute(utc_ms, utc);
    snprintf(text, EXPLAIN_TIME_LEN, "%.40s (%s UTC)", local, utc);
    return text;
}

bool explain_obstacles(struct explain *x)
{
    const struct job_config *job = x->job;
    char since[EXPLAIN_TIME_LEN];
    if (!job->is_active) {
        explain_say(x,
                    "Job %lld is not active: the job, its archive configuration or its user was deactivated.",
                    (long long)job->id);
    }
    if (job->is_paused) {
        explain_say(
            x, "Job %lld is paused by %s since %s: %s. To end the pause: admin-assistant job resume %lld",
            (long long)job->id, job->paused_by ? job->paused_by : "?", explain_time(x, job->paused_ms, since),
            job->paused_reason ? job->paused_reason : "?", (long long)job->id);
    }
    if (job->needs_sign_in) {
        explain_say(x, "%s must sign in again%s%s: admin-assistant login %s", job->user_email,
                    job->sign_in_reason ? ", because " : "", job->sign_in_reason ? job->sign_in_reason : "",
                    job->user_email);
    }
    return !job->is_active || job->is_paused || job->needs_sign_in;
}

static void print_text(const struct explain *x)
{
    for (size_t i = 0; i < x->n_sentences; i++) {
        char *clean = print_clean(x->sentences[i], 0);
        puts(clean);
        free(clean);
    }
}

int explain_print(struct explain *x, bool as_json, struct err *e)
{
    struct buf text;
    struct json_out j;
    char schedule[JOB_TEXT_LEN];
    if (!as_json) {
        print_text(x);
        return 0;
    }
    json_close(&x->json, ']');
    int r = json_out_end(&x->json);
    job_text_schedule(&x->job->schedule, schedule);
    buf_init(&text, JSON_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '{');
    json_int(&j, "job_id", x->job->id);
    json_int(&j, "user_id", x->job->user_id);
    json_text(&j, "user_email", x->job->user_email);
    json_text(&j, "name", x->job->name);
    json_text(&j, "job_type", job_type_name(x->job->type));
    json_text(&j, "schedule", schedule);
    json_text(&j, "timezone", x->job->zone);
    json_text(&j, "state", job_text_state(x->job));
    json_bool(&j, "needs_sign_in", x->job->needs_sign_in);
    json_open(&j, "explanation", '[');
    for (size_t i = 0; i < x->n_sentences; i++) {
        json_text(&j, NULL, x->sentences[i]);
    }
    json_close(&j, ']');
    json_raw(&j, "slots", buf_str(&x->slots));
    json_close(&j, '}');
    r = r < 0 ? r : json_out_end(&j);
    if (r == 0) {
        puts(buf_str(&text));
    }
    buf_finish(&text);
    return r < 0 ? err_set(e, r, 0, "the explanation is too long") : 0;
}
