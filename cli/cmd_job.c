#include "cli/cmd_job.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "cli/print.h"
#include "cli/run_text.h"
#include "storage/config_store.h"
#include "storage/job_config_store.h"
#include "storage/query_store.h"

#define DEFAULT_TIME (23 * 60 + 59)
#define LIMIT        50

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- add ---- */

static bool read_weekday(const char *text, int *ret_day)
{
    for (size_t i = 0; i < ARRAY_LEN(weekdays); i++) {
        if (strcmp(text, weekdays[i]) == 0) {
            *ret_day = (int)i;
            return true;
        }
    }
    return false;
}

static bool read_month_day(const char *text, int *ret_day)
{
    size_t len = strlen(text);
    if (len < 1 || len > 2 || strspn(text, "0123456789") != len) {
        return false;
    }
    *ret_day = (int)strtol(text, NULL, 10);
    return *ret_day >= 1 && *ret_day <= 31;
}

/* What goes with which schedule.  0, or the exit status of wrong usage. */
static int read_day(const char *day, struct schedule *schedule)
{
    const char *type = schedule_type_name(schedule->type);
    bool weekly = schedule->type == SCHEDULE_WEEKLY, monthly = schedule->type == SCHEDULE_MONTHLY;
    if (!weekly && !monthly) {
        return day ? session_wrong_usage("--day does not go with --schedule %s", type) : 0;
    }
    if (!day) {
        return session_wrong_usage("--day is missing: --schedule %s needs %s", type,
                                   weekly ? "mon, tue, wed, thu, fri, sat or sun" : "1 to 31");
    }
    if (weekly && !read_weekday(day, &schedule->day_of_week)) {
        return session_wrong_usage("--day: \"%s\" is not one of mon, tue, wed, thu, fri, sat, sun", day);
    }
    if (monthly && !read_month_day(day, &schedule->day_of_month)) {
        return session_wrong_usage("--day: \"%s\" is not a day of the month (1 to 31)", day);
    }
    return 0;
}

static int read_schedule(const struct args *a, struct schedule *schedule)
{
    (void)!schedule_type_from(args_text(a, "--schedule"), &schedule->type); /* args has checked the word */
    if (schedule->type == SCHEDULE_MANUAL && args_has(a, "--at")) {
        return session_wrong_usage("--at does not go with --schedule manual");
    }
    int minutes = (int)args_number(a, "--at", DEFAULT_TIME);
    schedule->hour = minutes / 60;
    schedule->minute = minutes % 60;
    return read_day(args_text(a, "--day"), schedule);
}

int cmd_job_add(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(archive_config_finish) struct archive_config config = {0};
    struct job_config_new job = {.window_days = (int)args_number(a, "--window", 0),
                                 .catch_up = CATCH_UP_ONCE};
    int64_t id;
    int status = read_schedule(a, &job.schedule);
    if (status != 0) {
        return status;
    }
    (void)!job_type_from(args_text(a, "--type"), &job.type);
    if (args_has(a, "--catch-up")) {
        (void)!catch_up_from(args_text(a, "--catch-up"), &job.catch_up);
    }
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r == 0) {
        r = archive_config_find(db, args_text(a, "ARCHIVE_CONFIG"), &config, e);
    }
    job.archive_configuration_id = config.id;
    if (r == 0) {
        r = job_config_add(db, &job, &id, e);
    }
    if (r == 0) {
        session_print_id(s, id);
    }
    return r;
}

/* ---- list ---- */

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
    {"catch_up", NULL, COLUMN_TEXT, 0},
    {"state", "STATE", COLUMN_TEXT, 0},
    {NULL, "NEXT (LOCAL)", COLUMN_TEXT, 60},
    {"next_run_at", "NEXT (UTC)", COLUMN_TIME, 0},
    {"timezone", NULL, COLUMN_TEXT, 0},
    {"archived_before", NULL, COLUMN_DATE, 0},
    {"paused_at", NULL, COLUMN_TIME, 0},
    {"paused_by", NULL, COLUMN_TEXT, 0},
    {"paused_reason", "REASON", COLUMN_TEXT, 40},
    {NULL, NULL, COLUMN_TEXT, 0},
};

/* "daily 23:59", "weekly sun 23:59", "monthly 31. 06:00", "manual". */
static void describe(const struct schedule *schedule, char *text, size_t size)
{
    const char *type = schedule_type_name(schedule->type);
    switch (schedule->type) {
    case SCHEDULE_DAILY: snprintf(text, size, "%s %02d:%02d", type, schedule->hour, schedule->minute); return;
    case SCHEDULE_WEEKLY:
        snprintf(text, size, "%s %s %02d:%02d", type, weekdays[schedule->day_of_week % 7], schedule->hour,
                 schedule->minute);
        return;
    case SCHEDULE_MONTHLY:
        snprintf(text, size, "%s %d. %02d:%02d", type, schedule->day_of_month, schedule->hour,
                 schedule->minute);
        return;
    case SCHEDULE_MANUAL: snprintf(text, size, "%s", type); return;
    }
}

struct job_rows {
    struct session *session;
    struct listing *listing;
};

static void add_local_time(struct job_rows *rows, const struct job_config *job)
{
    const struct tz *zone;
    char minute[PRINT_TIME_LEN], text[128];
    int64_t due_ms = print_due(job->next_run_ms);
    if (due_ms == PRINT_NO_TIME || tz_cache_get(session_zones(rows->session), job->zone, &zone, NULL) < 0) {
        listing_null(rows->listing);
        return;
    }
    print_format_minute(tz_to_wall(zone, due_ms), minute);
    snprintf(text, sizeof text, "%s %s", minute, job->zone);
    listing_text(rows->listing, text);
}

static const char *state_of(const struct job_config *job)
{
    return !job->is_active ? "inactive" : job->is_paused ? "paused" : "active";
}

static void add_schedule(struct listing *l, const struct schedule *schedule)
{
    char text[64];
    describe(schedule, text, sizeof text);
    listing_text(l, text);
    listing_text(l, schedule_type_name(schedule->type));
    listing_int(l, schedule->hour);
    listing_int(l, schedule->minute);
    if (schedule->type == SCHEDULE_WEEKLY) {
        listing_int(l, schedule->day_of_week);
    } else {
        listing_null(l);
    }
    if (schedule->type == SCHEDULE_MONTHLY) {
        listing_int(l, schedule->day_of_month);
    } else {
        listing_null(l);
    }
}

static void add_job(void *arg, const struct job_config *job)
{
    struct job_rows *rows = arg;
    struct listing *l = rows->listing;
    listing_int(l, job->id);
    listing_int(l, job->user_id);
    listing_text(l, job->user_email);
    listing_int(l, job->archive_configuration_id);
    listing_text(l, job->name);
    listing_text(l, job_type_name(job->type));
    add_schedule(l, &job->schedule);
    listing_int(l, job->window_days);
    listing_text(l, catch_up_name(job->catch_up));
    listing_text(l, state_of(job));
    add_local_time(rows, job);
    listing_time(l, print_due(job->next_run_ms));
    listing_text(l, job->zone);
    listing_date(l, job->archived_through);
    listing_time(l, job->paused_ms);
    listing_text(l, job->paused_by);
    listing_text(l, job->paused_reason);
    listing_end_row(l);
}

int cmd_job_list(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_READ, &db, e);
    if (r < 0) {
        return r;
    }
    struct job_rows rows = {s, listing_begin(job_columns, session_is_json(s), stdout)};
    r = job_config_list(db, add_job, &rows, e);
    return listing_close(rows.listing, r, "no jobs; add one with: admin-assistant job add ARCHIVE_CONFIG …");
}

/* ---- history ---- */

static const struct column run_columns[] = {
    {"id", "RUN", COLUMN_INT, 0},
    {"job_id", "JOB", COLUMN_INT, 0},
    {"user_id", NULL, COLUMN_INT, 0},
    {"name", "NAME", COLUMN_TEXT, 24},
    {"job_type", NULL, COLUMN_TEXT, 0},
    {"trigger", "BY", COLUMN_TEXT, 0},
    {"slot_at", "SLOT (UTC)", COLUMN_TIME, 0},
    {"from_date", "FROM", COLUMN_DATE, 0},
    {"to_date", NULL, COLUMN_DATE, 0},
    {NULL, "TO", COLUMN_DATE, 0},
    {"state", "STATE", COLUMN_TEXT, 0},
    {"outcome", "OUTCOME", COLUMN_TEXT, 0},
    {"is_dry", "DRY", COLUMN_BOOL, 0},
    {"step", NULL, COLUMN_TEXT, 0},
    {"attempt", NULL, COLUMN_INT, 0},
    {NULL, "TOOK", COLUMN_TEXT, 0},
    {NULL, "COUNTS", COLUMN_TEXT, 60},
    {"counts", NULL, COLUMN_JSON, 0},
    {"error_code", NULL, COLUMN_TEXT, 0},
    {"error_message", "ERROR", COLUMN_TEXT, 80},
    {"not_before", NULL, COLUMN_TIME, 0},
    {"created_at", NULL, COLUMN_TIME, 0},
    {"started_at", NULL, COLUMN_TIME, 0},
    {"finished_at", NULL, COLUMN_TIME, 0},
    {"correlation_id", NULL, COLUMN_TEXT, 0},
    {"audit_id", NULL, COLUMN_INT, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

/* The last day in it: for people periods are inclusive. */
static void add_period(struct listing *l, const struct run_row *run)
{
    int32_t to_day = PRINT_NO_DATE;
    bool has_end = civil_parse_date(run->to_date, &to_day) == 0;
    listing_text(l, run->from_date);
    listing_text(l, run->to_date);
    listing_date(l, has_end ? to_day - 1 : PRINT_NO_DATE);
}

static void add_duration(struct listing *l, const struct run_row *run)
{
    char text[PRINT_TIME_LEN] = "";
    int64_t started_ms = print_parse_stamp(run->started_at),
            finished_ms = print_parse_stamp(run->finished_at);
    if (started_ms != PRINT_NO_TIME && finished_ms != PRINT_NO_TIME) {
        print_format_duration(finished_ms - started_ms, text);
    }
    listing_text(l, text);
}

static void add_run(void *arg, const struct run_row *run)
{
    struct listing *l = arg;
    char counts[RUN_TEXT_LEN];
    run_text_counts(run->counts, counts);
    listing_int(l, run->id);
    listing_int(l, run->job_id);
    listing_int(l, run->user_id);
    listing_text(l, run->name);
    listing_text(l, run->job_type);
    listing_text(l, run->trigger);
    listing_stamp(l, run->slot_at);
    add_period(l, run);
    listing_text(l, run->state);
    listing_text(l, run->outcome);
    listing_bool(l, run->is_dry);
    listing_text(l, run->step);
    listing_int(l, run->attempt);
    add_duration(l, run);
    listing_text(l, counts);
    listing_text(l, run->counts);
    listing_text(l, run->error_code);
    listing_text(l, run->error_message);
    listing_stamp(l, run->not_before);
    listing_stamp(l, run->created_at);
    listing_stamp(l, run->started_at);
    listing_stamp(l, run->finished_at);
    listing_text(l, run->correlation_id);
    if (run->parent_audit_id > 0) {
        listing_int(l, run->parent_audit_id);
    } else {
        listing_null(l);
    }
    listing_end_row(l);
}

/* An unknown job has no history, which is not the same as a job that has not run. */
static int check_job(struct db *db, int64_t id, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    return id ? job_config_get(db, id, &job, e) : 0;
}

int cmd_job_history(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int64_t job_id = args_number(a, "JOB", 0);
    int r = session_db(s, SESSION_READ, &db, e);
    if (r == 0) {
        r = check_job(db, job_id, e);
    }
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(run_columns, session_is_json(s), stdout);
    r = query_runs(db, job_id, (int)args_number(a, "--limit", LIMIT), add_run, l, e);
    return listing_close(l, r, "nothing has run");
}

/* ---- pause, resume ---- */

static void who_am_i(char *name, size_t size)
{
    struct passwd entry, *found = NULL;
    char room[4096];
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found) {
        snprintf(name, size, "%s", found->pw_name);
    } else {
        snprintf(name, size, "uid %ld", (long)getuid());
    }
}

int cmd_job_pause(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    char name[64];
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r < 0) {
        return r;
    }
    who_am_i(name, sizeof name);
    return job_config_pause(db, args_number(a, "JOB", 0), name, args_text(a, "--reason"), e);
}

int cmd_job_resume(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_WRITE, &db, e);
    return r < 0 ? r : job_config_resume(db, args_number(a, "JOB", 0), e);
}
