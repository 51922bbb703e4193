#include "cli/cmd_job_list.h"

#include <stdio.h>

#include "base/civil.h"
#include "base/clock.h"
#include "cli/job_text.h"
#include "cli/print.h"
#include "storage/job_config_store.h"

#define N_NEXT   3
#define NOTE_MAX 2048
#define NEXT_MAX 1024 /* bytes of its JSON */

/* Of each job the first due time stands in its row, the others in rows of their own below it. */
static const char head_local[] = "NEXT (LOCAL)";
static const char head_utc[] = "NEXT (UTC)";

static const struct column job_columns[] = {
    {"id", "ID", COLUMN_INT, 0},
    {"user_id", NULL, COLUMN_INT, 0},
    {"user_email", "USER", COLUMN_TEXT, 32},
    {"archive_configuration_id", NULL, COLUMN_INT, 0},
    {"name", "NAME", COLUMN_TEXT, 24},
    {"job_type", "TYPE", COLUMN_TEXT, 0},
    {NULL, "SCHEDULE", COLUMN_TEXT, 0},
    {"schedule_type", NULL, COLUMN_TEXT, 0},
    {"schedule_hour", NULL, COLUMN_INT, 0},
    {"schedule_minute", NULL, COLUMN_INT, 0},
    {"schedule_day_of_week", NULL, COLUMN_INT, 0},
    {"schedule_day_of_month", NULL, COLUMN_INT, 0},
    {"archive_window_days", "DAYS", COLUMN_INT, 0},
    {"catch_up", "CATCH-UP", COLUMN_TEXT, 0},
    {"state", "STATE", COLUMN_TEXT, 0},
    {NULL, head_local, COLUMN_TEXT, 0},
    {NULL, head_utc, COLUMN_TIME, 0},
    {"next", NULL, COLUMN_JSON, 0},
    {"next_run_at", NULL, COLUMN_TIME, 0},
    {"timezone", NULL, COLUMN_TEXT, 0},
    {"archived_before", NULL, COLUMN_DATE, 0},
    {"due_before", NULL, COLUMN_DATE, 0},
    {"is_behind", NULL, COLUMN_BOOL, 0},
    {"paused_at", NULL, COLUMN_TIME, 0},
    {"paused_by", NULL, COLUMN_TEXT, 0},
    {"paused_reason", NULL, COLUMN_TEXT, 0},
    {"needs_sign_in", NULL, COLUMN_BOOL, 0},
    {"ping_url", NULL, COLUMN_TEXT, 0},
    {NULL, "NOTE", COLUMN_TEXT, 80},
    {NULL, NULL, COLUMN_TEXT, 0},
};
#define N_COLUMNS ((int)ARRAY_LEN(job_columns) - 1)

struct job_rows {
    struct session *session;
    struct listing *listing;
    int64_t now_ms;
};

/* When a job is due next, as the rule has it.  zone is NULL where the machine does not know the zone. */
struct next {
    const struct tz *zone;
    int n;
    int64_t due_ms[N_NEXT];
};

static void add_day(struct listing *l, bool has_day, int day)
{
    if (has_day) {
        listing_int(l, day);
    } else {
        listing_null(l);
    }
}

static void add_schedule(struct listing *l, const struct job_config *job)
{
    const struct schedule *schedule = &job->schedule;
    char text[JOB_TEXT_LEN], whole[JOB_TEXT_LEN * 2];
    job_text_schedule(schedule, text);
    snprintf(whole, sizeof whole, "%s%s%s", text, schedule->type == SCHEDULE_MANUAL ? "" : " ",
             schedule->type == SCHEDULE_MANUAL ? "" : job->zone);
    listing_text(l, whole);
    listing_text(l, schedule_type_name(schedule->type));
    listing_int(l, schedule->hour);
    listing_int(l, schedule->minute);
    add_day(l, schedule->type == SCHEDULE_WEEKLY, schedule->day_of_week);
    add_day(l, schedule->type == SCHEDULE_MONTHLY, schedule->day_of_month);
}

static void add_next_json(struct listing *l, const struct next *next)
{
    struct buf text;
    struct json_out j;
    char local[JOB_TEXT_LEN];
    buf_init(&text, NEXT_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '[');
    for (int i = 0; i < next->n; i++) {
        job_text_iso(next->zone, next->due_ms[i], local);
        json_open(&j, NULL, '{');
        print_json_time(&j, "at", next->due_ms[i]);
        json_text(&j, "local", local);
        json_text(&j, "timezone", tz_name(next->zone));
        json_close(&j, '}');
    }
    json_close(&j, ']');
    listing_text(l, json_out_end(&j) == 0 ? buf_str(&text) : NULL);
    buf_finish(&text);
}

static void add_local(struct listing *l, const struct next *next, int i)
{
    char local[JOB_TEXT_LEN] = "";
    if (i < next->n) {
        job_text_local(next->zone, next->due_ms[i], local);
    }
    listing_text(l, local);
}

/* The second and third due time, for people. */
static void add_more_rows(struct listing *l, const struct next *next)
{
    for (int i = 1; i < next->n; i++) {
        for (int c = 0; c < N_COLUMNS; c++) {
            if (job_columns[c].head == head_local) {
                add_local(l, next, i);
            } else if (job_columns[c].head == head_utc) {
                listing_time(l, next->due_ms[i]);
            } else {
                listing_null(l);
            }
        }
        listing_end_row(l);
    }
}

/* What is not as it should be, one after the other. */
static void note(struct buf *text, const char *what, const char *more)
{
    (void)!buf_printf(text, "%s%s%s", text->len > 0 ? "; " : "", what, more ? more : "");
}

static void note_behind(struct buf *text, const struct job_config *job)
{
    char from[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1], days[JOB_TEXT_LEN];
    civil_format_date(job->due_through - 1, last);
    if (job->archived_through == INT32_MIN) {
        snprintf(days, sizeof days, "nothing is %s yet, due to %s",
                 job->type == JOB_TIMESHEET ? "issued" : "archived", last);
    } else {
        civil_format_date(job->archived_through, from);
        snprintf(days, sizeof days, "%s to %s", from, last);
    }
    note(text, "behind: ", days);
}

static void add_note(struct listing *l, const struct job_config *job, const struct next *next)
{
    struct buf text;
    buf_init(&text, NOTE_MAX);
    if (job->is_paused) {
        note(&text, "paused by ", job->paused_by ? job->paused_by : "?");
        (void)!buf_printf(&text, ": %s", job->paused_reason ? job->paused_reason : "?");
    }
    if (job->needs_sign_in) {
        note(&text, "sign-in needed", NULL);
    }
    if (!next->zone) {
        note(&text, "this machine does not know the zone ", job->zone);
    }
    if (job_config_is_behind(job)) {
        note_behind(&text, job);
    }
    listing_text(l, buf_str(&text));
    buf_finish(&text);
}

static void add_state(struct listing *l, const struct job_config *job)
{
    listing_text(l, job->zone);
    listing_date(l, job->archived_through);
    listing_date(l, job->due_through);
    listing_bool(l, job_config_is_behind(job));
    listing_time(l, job->paused_ms);
    listing_text(l, job->paused_by);
    listing_text(l, job->paused_reason);
    listing_bool(l, job->needs_sign_in);
    listing_text(l, job->ping_url);
}

static void add_job(void *arg, const struct job_config *job)
{
    struct job_rows *rows = arg;
    struct listing *l = rows->listing;
    struct next next = {0};
    if (tz_cache_get(session_zones(rows->session), job->zone, &next.zone, NULL) == 0) {
        next.n = job_text_next(job, next.zone, rows->now_ms, N_NEXT, next.due_ms);
    }
    listing_int(l, job->id);
    listing_int(l, job->user_id);
    listing_text(l, job->user_email);
    listing_int(l, job->archive_configuration_id);
    listing_text(l, job->name);
    listing_text(l, job_type_name(job->type));
    add_schedule(l, job);
    listing_int(l, job->window_days);
    listing_text(l, catch_up_name(job->catch_up));
    listing_text(l, job_text_state(job));
    add_local(l, &next, 0);
    listing_time(l, next.n > 0 ? next.due_ms[0] : PRINT_NO_TIME);
    add_next_json(l, &next);
    listing_time(l, print_due(job->next_run_ms));
    add_state(l, job);
    add_note(l, job, &next);
    listing_end_row(l);
    if (!session_is_json(rows->session)) {
        add_more_rows(l, &next);
    }
}

int cmd_job_list(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_READ, &db, e);
    if (r < 0) {
        return r;
    }
    struct job_rows rows = {s, listing_begin(job_columns, session_is_json(s), stdout),
                            clock_wall_ms(&clock_real)};
    r = job_config_list(db, add_job, &rows, e);
    return listing_close(rows.listing, r, "no jobs; add one with: admin-assistant job add ARCHIVE_CONFIG …");
}
