#include "daemon/metrics_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

#define PREFIX "admin_assistant_"

enum kind {
    GAUGE,
    TIME,    /* a gauge; milliseconds since 1970, negative: never */
    SPAN,    /* a gauge; milliseconds */
    COUNTER, /* its name is followed by _total */
};

/* A value of struct figures or of struct job_figures.  Rows of one metric stand together; the first one has
 * its help. */
struct row {
    const char *name;
    const char *labels; /* besides the job's; "" = none */
    enum kind kind;
    size_t offset;
    const char *help;
};

#define OF_ALL(member) offsetof(struct figures, member)
static const struct row service_rows[] = {
    {"jobs", "state=\"active\"", GAUGE, OF_ALL(status.active_jobs), "Enabled jobs"},
    {"jobs", "state=\"paused\"", GAUGE, OF_ALL(status.paused_jobs), NULL},
    {"jobs_behind", "", GAUGE, OF_ALL(status.behind_jobs),
     "Jobs whose archive does not reach as far as their latest slot"},
    {"jobs_left_out", "", GAUGE, OF_ALL(left_out_jobs), "Enabled jobs without metrics of their own here"},
    {"runs_open", "state=\"queued\"", GAUGE, OF_ALL(status.queued_runs), "Runs that are not closed"},
    {"runs_open", "state=\"running\"", GAUGE, OF_ALL(status.running_runs), NULL},
    {"runs_open", "state=\"waiting\"", GAUGE, OF_ALL(status.waiting_runs), NULL},
    {"users", "sign_in=\"ok\"", GAUGE, OF_ALL(users_signed_in), "Active users by the state of their sign-in"},
    {"users", "sign_in=\"needed\"", GAUGE, OF_ALL(status.users_needing_sign_in), NULL},
    {"users", "sign_in=\"none\"", GAUGE, OF_ALL(users_never_signed_in), NULL},
    {"actions_open", "", GAUGE, OF_ALL(status.open_actions), "What waits for a person"},
    {"quarantined_events_open", "", GAUGE, OF_ALL(status.quarantined_events),
     "Events that could not be mapped and are kept raw"},
    {"last_success_timestamp_seconds", "", TIME, OF_ALL(status.last_success_ms),
     "When a run of any job last succeeded, 0 for never"},
    {"metrics_timestamp_seconds", "", TIME, OF_ALL(read_ms), "When all this was so"},
};

#define OF_JOB(member) offsetof(struct job_figures, member)
static const struct row job_rows[] = {
    {"job_last_success_timestamp_seconds", "", TIME, OF_JOB(last_success_ms),
     "When a run last succeeded, 0 for never"},
    {"job_last_failure_timestamp_seconds", "", TIME, OF_JOB(last_failure_ms),
     "When a run last failed, 0 for never"},
    {"job_last_duration_seconds", "", SPAN, OF_JOB(last_duration_ms), "How long the latest run took"},
    {"job_last_rows", "", GAUGE, OF_JOB(last_rows), "Rows that the latest run wrote to the archive"},
    {"job_runs", "outcome=\"success\"", COUNTER, OF_JOB(runs_succeeded),
     "Closed runs, those among the successes that left something in quarantine"},
    {"job_runs", "outcome=\"failure\"", COUNTER, OF_JOB(runs_failed), NULL},
    {"job_rows_written", "", COUNTER, OF_JOB(rows_written), "Rows written to the archive"},
    {"job_throttled", "", COUNTER, OF_JOB(throttled), "Answers of Microsoft Graph that told the job to wait"},
    {"job_slots_missed", "", COUNTER, OF_JOB(slots_missed), "Due times that nothing ran for"},
    {"job_slots_skipped", "", COUNTER, OF_JOB(slots_skipped), "Due times that were passed over on purpose"},
};

/* ---- one sample ---- */

/* A label's value.  Bytes that are no UTF-8 and control characters would make the whole file unreadable. */
static void write_escaped(FILE *out, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t n = utf8_sequence(text, left);
        if (*text == '\n') {
            fputs("\\n", out);
        } else if (*text == '"' || *text == '\\') {
            fprintf(out, "\\%c", *text);
        } else if (n == 0 || (unsigned char)*text < ' ' || *text == 0x7f) {
            fputc('?', out);
        } else {
            fwrite(text, 1, n, out);
        }
        n = n ? n : 1;
        text += n;
        left -= n;
    }
}

static void write_labels(FILE *out, const struct row *row, const struct job_figures *job)
{
    if (job) {
        fprintf(out, "{job=\"%" PRId64 "\",name=\"", job->job_id);
        write_escaped(out, job->name);
        fprintf(out, "\"%s%s}", row->labels[0] ? "," : "", row->labels);
    } else if (row->labels[0]) {
        fprintf(out, "{%s}", row->labels);
    }
}

static void write_seconds(FILE *out, int64_t ms)
{
    fprintf(out, " %" PRId64 ".%03d\n", ms / 1000, (int)(ms % 1000));
}

/* job NULL: of the service. */
static void write_sample(FILE *out, const struct row *row, const struct figures *all,
                         const struct job_figures *job)
{
    int64_t value;
    memcpy(&value, (job ? (const char *)job : (const char *)all) + row->offset, sizeof value);
    if (value < 0 && row->kind != TIME) {
        return;
    }
    fprintf(out, PREFIX "%s%s", row->name, row->kind == COUNTER ? "_total" : "");
    write_labels(out, row, job);
    switch (row->kind) {
    case GAUGE:
    case COUNTER: fprintf(out, " %" PRId64 "\n", value); break;
    case TIME: write_seconds(out, value < 0 ? 0 : value); break;
    case SPAN: write_seconds(out, value); break;
    }
}

/* ---- all of them ---- */

static void write_head(FILE *out, const struct row *row)
{
    if (!row->help) {
        return;
    }
    fprintf(out, "# TYPE " PREFIX "%s %s\n", row->name, row->kind == COUNTER ? "counter" : "gauge");
    if (row->kind == TIME || row->kind == SPAN) {
        fprintf(out, "# UNIT " PREFIX "%s seconds\n", row->name);
    }
    fprintf(out, "# HELP " PREFIX "%s %s.\n", row->name, row->help);
}

static void write_build(FILE *out, const char *version)
{
    fputs("# TYPE " PREFIX "build_info gauge\n# HELP " PREFIX
          "build_info The program that wrote this.\n" PREFIX "build_info{version=\"",
          out);
    write_escaped(out, version);
    fputs("\"} 1\n", out);
}

void metrics_text_write(FILE *out, const struct figures *figures, const char *version)
{
    write_build(out, version);
    for (size_t i = 0; i < ARRAY_LEN(service_rows); i++) {
        write_head(out, &service_rows[i]);
        write_sample(out, &service_rows[i], figures, NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(job_rows); i++) {
        write_head(out, &job_rows[i]);
        for (size_t j = 0; j < figures->n_jobs; j++) {
            write_sample(out, &job_rows[i], figures, &figures->jobs[j]);
        }
    }
    fputs("# EOF\n", out);
}
