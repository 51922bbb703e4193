#include "cli/cmd_status.h"

#include <stdio.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/print.h"
#include "storage/instance_store.h"
#include "storage/status_store.h"

static const struct column status_columns[] = {
    {NULL, "service", COLUMN_TEXT, 0},
    {"is_running", NULL, COLUMN_BOOL, 0},
    {"pid", NULL, COLUMN_INT, 0},
    {"active_jobs", "jobs active", COLUMN_INT, 0},
    {"paused_jobs", "jobs paused", COLUMN_INT, 0},
    {NULL, "next run", COLUMN_TEXT, 160},
    {"next_job_id", NULL, COLUMN_INT, 0},
    {"next_due_at", NULL, COLUMN_TIME, 0},
    {"next_name", NULL, COLUMN_TEXT, 0},
    {"next_timezone", NULL, COLUMN_TEXT, 0},
    {NULL, "last run", COLUMN_TEXT, 160},
    {"last_run_id", NULL, COLUMN_INT, 0},
    {"last_outcome", NULL, COLUMN_TEXT, 0},
    {"last_name", NULL, COLUMN_TEXT, 0},
    {"last_finished_at", NULL, COLUMN_TIME, 0},
    {NULL, "last success", COLUMN_TEXT, 0},
    {"last_success_at", NULL, COLUMN_TIME, 0},
    {NULL, "archives", COLUMN_TEXT, 160},
    {"behind_jobs", NULL, COLUMN_INT, 0},
    {"behind_job_id", NULL, COLUMN_INT, 0},
    {"behind_name", NULL, COLUMN_TEXT, 0},
    {"behind_from", NULL, COLUMN_DATE, 0},
    {"queued_runs", "runs queued", COLUMN_INT, 0},
    {"running_runs", "runs running", COLUMN_INT, 0},
    {"waiting_runs", "runs waiting", COLUMN_INT, 0},
    {"users_needing_sign_in", "sign-ins needed", COLUMN_INT, 0},
    {"open_actions", "tasks open", COLUMN_INT, 0},
    {"quarantined_events", "unreadable events", COLUMN_INT, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

/* "in 2 h 10 min", "14 h 3 min ago". */
static void format_distance(int64_t ms, char *text, size_t size)
{
    char duration[PRINT_TIME_LEN];
    print_format_duration(ms < 0 ? -ms : ms, duration);
    snprintf(text, size, "%s%s%s", ms < 0 ? "" : "in ", duration, ms < 0 ? " ago" : "");
}

static void add_service(struct listing *l, int64_t pid)
{
    char text[64] = "not running";
    if (pid > 0) {
        snprintf(text, sizeof text, "running, pid %lld", (long long)pid);
    }
    listing_text(l, text);
    listing_bool(l, pid > 0);
    if (pid > 0) {
        listing_int(l, pid);
    } else {
        listing_null(l);
    }
}

static void add_next(struct session *s, struct listing *l, const struct status_summary *status,
                     int64_t now_ms)
{
    char text[256] = "none is planned", minute[PRINT_TIME_LEN], distance[64];
    const struct tz *zone = NULL;
    int64_t due_ms = print_due(status->next_due_ms);
    bool is_due = status->next_job_id > 0 && due_ms != PRINT_NO_TIME;
    if (is_due) {
        bool has_zone = tz_cache_get(session_zones(s), status->next_zone, &zone, NULL) == 0;
        print_format_minute(has_zone ? tz_to_wall(zone, due_ms) : due_ms, minute);
        format_distance(due_ms - now_ms, distance, sizeof distance);
        snprintf(text, sizeof text, "job %lld \"%s\" %s %s, %s", (long long)status->next_job_id,
                 status->next_name, minute, has_zone ? status->next_zone : "UTC", distance);
    }
    listing_text(l, text);
    if (is_due) {
        listing_int(l, status->next_job_id);
    } else {
        listing_null(l);
    }
    listing_time(l, due_ms);
    listing_text(l, is_due ? status->next_name : NULL);
    listing_text(l, is_due ? status->next_zone : NULL);
}

static void add_last(struct listing *l, const struct status_summary *status, int64_t now_ms)
{
    char text[256] = "none", distance[64];
    bool has_run = status->last_run_id > 0;
    if (has_run) {
        format_distance(status->last_finished_ms - now_ms, distance, sizeof distance);
        snprintf(text, sizeof text, "run %lld \"%s\": %s, %s", (long long)status->last_run_id,
                 status->last_name, status->last_outcome, distance);
    }
    listing_text(l, text);
    if (has_run) {
        listing_int(l, status->last_run_id);
    } else {
        listing_null(l);
    }
    listing_text(l, status->last_outcome);
    listing_text(l, status->last_name);
    listing_time(l, has_run ? status->last_finished_ms : PRINT_NO_TIME);
    snprintf(distance, sizeof distance, "never");
    if (status->last_success_ms != PRINT_NO_TIME) {
        format_distance(status->last_success_ms - now_ms, distance, sizeof distance);
    }
    listing_text(l, distance);
    listing_time(l, status->last_success_ms);
}

/* "2 jobs behind: job 7 "Acme" from 2026-11-24 on". */
static void format_behind(const struct status_summary *status, char *text, size_t size)
{
    char from[CIVIL_DATE_LEN + 1], which[200] = "under way";
    if (status->behind_job_id > 0 && status->behind_from_day != PRINT_NO_DATE) {
        civil_format_date(status->behind_from_day, from);
        snprintf(which, sizeof which, "job %lld \"%s\" from %s on", (long long)status->behind_job_id,
                 status->behind_name, from);
    } else if (status->behind_job_id > 0) {
        snprintf(which, sizeof which, "job %lld \"%s\" has no run that ended well yet",
                 (long long)status->behind_job_id, status->behind_name);
    }
    snprintf(text, size, "%lld job%s behind: %s", (long long)status->behind_jobs,
             status->behind_jobs == 1 ? "" : "s", which);
}

static void add_behind(struct listing *l, const struct status_summary *status)
{
    char text[256] = "none is behind";
    if (status->behind_jobs > 0) {
        format_behind(status, text, sizeof text);
    }
    listing_text(l, text);
    listing_int(l, status->behind_jobs);
    if (status->behind_job_id > 0) {
        listing_int(l, status->behind_job_id);
    } else {
        listing_null(l);
    }
    listing_text(l, status->behind_name);
    listing_date(l, status->behind_from_day);
}

static void print_status(struct session *s, const struct status_summary *status, int64_t pid)
{
    int64_t now_ms = clock_wall_ms(&clock_real);
    struct listing *l = listing_begin(status_columns, session_is_json(s), stdout);
    add_service(l, pid);
    listing_int(l, status->active_jobs);
    listing_int(l, status->paused_jobs);
    add_next(s, l, status, now_ms);
    add_last(l, status, now_ms);
    add_behind(l, status);
    listing_int(l, status->queued_runs);
    listing_int(l, status->running_runs);
    listing_int(l, status->waiting_runs);
    listing_int(l, status->users_needing_sign_in);
    listing_int(l, status->open_actions);
    listing_int(l, status->quarantined_events);
    listing_finish_record(l);
}

int cmd_status(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    CLEANUP(status_summary_finish) struct status_summary status = {0};
    int64_t instance_id, pid = 0;
    int r = session_db(s, SESSION_READ, &db, e);
    if (r < 0) {
        return r;
    }
    r = instance_find_live(db, &instance_id, &pid, e);
    if (r == 0 || r == ERR_NOT_FOUND) {
        r = status_read(db, &status, e);
    }
    if (r == 0) {
        print_status(s, &status, pid);
    }
    return r;
}
