#include "storage/job_config_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "model/settings.h"
#include "storage/audit_note.h"
#include "storage/config_store.h"
#include "storage/text_check.h"
#include "storage/unit.h"

#define DEFAULT_WINDOW_DAYS 30

/* ---- reading ---- */

void job_config_finish(struct job_config *job)
{
    free(job->user_email);
    free(job->name);
    free(job->zone);
    free(job->paused_by);
    free(job->paused_reason);
    free(job->sign_in_reason);
    free(job->ping_url);
    *job = (struct job_config){0};
}

#define JOB_COLUMNS                                                                                          \
    "SELECT j.id, j.user_id, j.archive_configuration_id, u.email, c.name, c.timezone, j.job_type, "          \
    "j.schedule_type, "                                                                                      \
    "j.schedule_hour, j.schedule_minute, j.schedule_day_of_week, j.schedule_day_of_month, j.catch_up, "      \
    "j.archive_window_days, j.is_active = 1 AND c.is_active = 1 AND u.is_active = 1, j.paused_at, "          \
    "j.paused_by, "                                                                                          \
    "j.paused_reason, j.next_run_at, j.archived_through, j.due_through, j.slots_through, j.created_at, "     \
    "j.ping_url, u.ms_auth_state = 'reauth_needed', u.ms_auth_reason FROM job_configurations AS j "          \
    "JOIN archive_configurations AS c ON c.id = j.archive_configuration_id JOIN users AS u ON u.id = "       \
    "j.user_id "

/* The names are guarded by CHECKs; one that is unknown all the same was written by a newer program. */
static int read_names(const struct stmt *s, struct job_config *job, struct err *e)
{
    if (job_type_from(stmt_col_text(s, 6), &job->type) < 0 ||
        schedule_type_from(stmt_col_text(s, 7), &job->schedule.type) < 0 ||
        catch_up_from(stmt_col_text(s, 12), &job->catch_up) < 0) {
        return err_set(e, ERR_DB_CORRUPT, 0, "job %lld: its type, schedule or catch-up is unknown",
                       (long long)stmt_col_int(s, 0));
    }
    return 0;
}

static int read_row(const struct stmt *s, struct job_config *ret_job, struct err *e)
{
    struct job_config job = {
        .id = stmt_col_int(s, 0),
        .user_id = stmt_col_int(s, 1),
        .archive_configuration_id = stmt_col_int(s, 2),
        .schedule =
            {
                .hour = (int)stmt_col_int(s, 8),
                .minute = (int)stmt_col_int(s, 9),
                .day_of_week = (int)stmt_col_int(s, 10),
                .day_of_month = (int)stmt_col_int(s, 11),
            },
        .window_days = (int)stmt_col_int(s, 13),
        .is_active = stmt_col_int(s, 14) != 0,
        .is_paused = !stmt_is_null(s, 15),
        .paused_ms = stmt_col_time(s, 15),
        .next_run_ms = stmt_col_time(s, 18),
        .archived_through = stmt_col_date(s, 19),
        .due_through = stmt_col_date(s, 20),
        .slots_through_ms = stmt_col_time(s, 21),
        .created_ms = stmt_col_time(s, 22),
        .needs_sign_in = stmt_col_int(s, 24) != 0,
    };
    int r = read_names(s, &job, e);
    if (r < 0) {
        return r;
    }
    job.user_email = stmt_col_dup(s, 3);
    job.name = stmt_col_dup(s, 4);
    job.zone = stmt_col_dup(s, 5);
    job.paused_by = stmt_col_dup(s, 16);
    job.paused_reason = stmt_col_dup(s, 17);
    job.ping_url = stmt_col_dup(s, 23);
    job.sign_in_reason = job.needs_sign_in ? stmt_col_dup(s, 25) : NULL;
    *ret_job = job;
    return 0;
}

int job_config_get(struct db *db, int64_t id, struct job_config *ret_job, struct err *e)
{
    struct stmt *s = db_stmt(db, JOB_COLUMNS "WHERE j.id = $1");
    stmt_int(s, 1, id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r
                     : err_set(e, ERR_NOT_FOUND, 0, "there is no job %lld; see \"admin-assistant job list\"",
                               (long long)id);
    }
    r = read_row(s, ret_job, e);
    stmt_reset(s);
    return r;
}

int job_config_list(struct db *db, job_config_each each, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(db, JOB_COLUMNS "ORDER BY j.id");
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        struct job_config job;
        r = read_row(s, &job, e);
        if (r < 0) {
            stmt_reset(s);
            return r;
        }
        each(arg, &job);
        job_config_finish(&job);
    }
    return r;
}

bool job_config_is_behind(const struct job_config *job)
{
    return job->is_active && !job->is_paused && job->due_through != INT32_MIN &&
           (job->archived_through == INT32_MIN || job->archived_through < job->due_through);
}

/* ---- what is allowed ---- */

static bool is_between(int value, int low, int high)
{
    return value >= low && value <= high;
}

static int check_schedule(const struct schedule *schedule, struct err *e)
{
    if (!is_between(schedule->hour, 0, 23) || !is_between(schedule->minute, 0, 59)) {
        return err_set(e, ERR_INVALID, 0, "schedule: the time must be 00:00 to 23:59");
    }
    if (schedule->type == SCHEDULE_WEEKLY && !is_between(schedule->day_of_week, 0, 6)) {
        return err_set(e, ERR_INVALID, 0, "schedule: a weekly job needs a day of the week, mon to sun");
    }
    if (schedule->type == SCHEDULE_MONTHLY && !is_between(schedule->day_of_month, 1, 31)) {
        return err_set(e, ERR_INVALID, 0, "schedule: a monthly job needs a day of the month, 1 to 31");
    }
    return 0;
}

static int check_window(int days, struct err *e)
{
    return is_between(days, 1, 3650) ? 0 : err_set(e, ERR_INVALID, 0, "window: 1 to 3650 days, not %d", days);
}

static int check_new(const struct job_config_new *job, struct err *e)
{
    int r = job->window_days != 0 ? check_window(job->window_days, e) : 0;
    r = r < 0 ? r : job->ping_url ? ping_url_check(job->ping_url, e) : 0;
    return r < 0 ? r : check_schedule(&job->schedule, e);
}

/* ---- adding ---- */

static int check_config(struct db *db, const struct job_config_new *job, struct archive_config *ret_config,
                        struct err *e)
{
    int r = archive_config_get(db, job->archive_configuration_id, ret_config, e);
    if (r == 0 && !ret_config->is_active) {
        r = err_set(e, ERR_INVALID, 0, "archive configuration \"%s\" is deactivated", ret_config->name);
    }
    return r;
}

static int check_free(struct db *db, const struct job_config_new *job, const char *name, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT id FROM job_configurations WHERE archive_configuration_id = $1 AND job_type = $2");
    stmt_int(s, 1, job->archive_configuration_id);
    stmt_text(s, 2, job_type_name(job->type));
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r;
    }
    r = err_set(e, ERR_EXISTS, 0, "archive configuration \"%s\" has a job of type %s already: job %lld", name,
                job_type_name(job->type), (long long)stmt_col_int(s, 0));
    stmt_reset(s);
    return r;
}

static int window_of(const struct job_config_new *job)
{
    return job->window_days ? job->window_days : DEFAULT_WINDOW_DAYS;
}

/* Five parameters: type, hour, minute and the two days, of which only the one that the type needs is kept. */
static void bind_schedule(struct stmt *s, int i, const struct schedule *schedule)
{
    stmt_text(s, i, schedule_type_name(schedule->type));
    stmt_int(s, i + 1, schedule->hour);
    stmt_int(s, i + 2, schedule->minute);
    if (schedule->type == SCHEDULE_WEEKLY) {
        stmt_int(s, i + 3, schedule->day_of_week);
    }
    if (schedule->type == SCHEDULE_MONTHLY) {
        stmt_int(s, i + 4, schedule->day_of_month);
    }
}

static int insert_job(struct db *db, const struct job_config_new *job, int64_t user_id, int64_t *ret_id,
                      struct err *e)
{
    struct stmt *s = db_stmt(
        db, "INSERT INTO job_configurations (user_id, archive_configuration_id, job_type, "
            "schedule_type, schedule_hour, "
            "schedule_minute, schedule_day_of_week, schedule_day_of_month, catch_up, "
            "archive_window_days, ping_url, created_at, "
            "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING id");
    stmt_int(s, 1, user_id);
    stmt_int(s, 2, job->archive_configuration_id);
    stmt_text(s, 3, job_type_name(job->type));
    bind_schedule(s, 4, &job->schedule);
    stmt_text(s, 9, catch_up_name(job->catch_up));
    stmt_int(s, 10, window_of(job));
    stmt_text(s, 11, job->ping_url);
    stmt_time(s, 12, db_now_ms(db));
    return stmt_get_int(s, ret_id, e);
}

static struct audit_note note_for(const char *operation, int64_t user_id, int64_t id)
{
    return (struct audit_note){
        .action_type = "configuration",
        .operation = operation,
        .user_id = user_id,
        .resource_type = "job",
        .resource_id = id,
    };
}

/* "https://hc-ping.com" of a URL whose path is as good as a password. */
static void format_origin(const char *url, char ret_origin[PING_URL_MAX + 1])
{
    const char *host = strstr(url, "://");
    size_t len = host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?") : 0;
    snprintf(ret_origin, PING_URL_MAX + 1, "%.*s", (int)len, url);
}

static int note_add(struct db *db, const struct job_config_new *job, int64_t user_id, int64_t id,
                    struct err *e)
{
    struct audit_note note = note_for("job_add", user_id, id);
    audit_note_begin_details(&note);
    json_int(&note.json, "archive_configuration_id", job->archive_configuration_id);
    json_text(&note.json, "type", job_type_name(job->type));
    json_text(&note.json, "schedule", schedule_type_name(job->schedule.type));
    json_int(&note.json, "hour", job->schedule.hour);
    json_int(&note.json, "minute", job->schedule.minute);
    if (job->schedule.type == SCHEDULE_WEEKLY) {
        json_int(&note.json, "day_of_week", job->schedule.day_of_week);
    }
    if (job->schedule.type == SCHEDULE_MONTHLY) {
        json_int(&note.json, "day_of_month", job->schedule.day_of_month);
    }
    json_text(&note.json, "catch_up", catch_up_name(job->catch_up));
    json_int(&note.json, "window_days", window_of(job));
    if (job->ping_url) {
        char origin[PING_URL_MAX + 1];
        format_origin(job->ping_url, origin);
        json_text(&note.json, "ping", origin);
    }
    return audit_note_write(db, &note, e);
}

static int add(struct db *db, const struct job_config_new *job, int64_t *ret_id, struct err *e)
{
    CLEANUP(archive_config_finish) struct archive_config config = {0};
    int r = check_config(db, job, &config, e);
    if (r == 0) {
        r = check_free(db, job, config.name, e);
    }
    if (r == 0) {
        r = insert_job(db, job, config.user_id, ret_id, e);
    }
    return r < 0 ? r : note_add(db, job, config.user_id, *ret_id, e);
}

int job_config_add(struct db *db, const struct job_config_new *job, int64_t *ret_id, struct err *e)
{
    struct unit unit;
    int64_t id;
    int r = check_new(job, e);
    if (r < 0) {
        return r;
    }
    r = unit_begin(&unit, db, e);
    if (r < 0) {
        return r;
    }
    r = unit_end(&unit, add(db, job, &id, e), e);
    if (r == 0) {
        *ret_id = id;
    }
    return r;
}

/* ---- changing ---- */

/* What of a job can be changed.  Text is borrowed; a day that the type does not need is -1. */
struct values {
    struct schedule schedule;
    enum catch_up catch_up;
    int window_days;
    const char *ping_url; /* NULL: none */
};

static struct values values_of(const struct job_config *job)
{
    struct values v = {job->schedule, job->catch_up, job->window_days, job->ping_url};
    v.schedule.day_of_week = v.schedule.type == SCHEDULE_WEEKLY ? v.schedule.day_of_week : -1;
    v.schedule.day_of_month = v.schedule.type == SCHEDULE_MONTHLY ? v.schedule.day_of_month : -1;
    return v;
}

static int merge_day(int64_t id, const struct job_config_change *change, struct schedule *schedule,
                     struct err *e)
{
    bool weekly = schedule->type == SCHEDULE_WEEKLY, monthly = schedule->type == SCHEDULE_MONTHLY;
    if ((change->day_of_week >= 0 && !weekly) || (change->day_of_month >= 0 && !monthly)) {
        return err_set(e, ERR_INVALID, 0, "job %lld would be %s: %s", (long long)id,
                       schedule_type_name(schedule->type),
                       weekly    ? "its day is mon, tue, wed, thu, fri, sat or sun"
                       : monthly ? "its day is 1 to 31"
                                 : "it has no day");
    }
    if (!weekly) {
        schedule->day_of_week = -1;
    } else if (change->day_of_week >= 0) {
        schedule->day_of_week = change->day_of_week;
    }
    if (!monthly) {
        schedule->day_of_month = -1;
    } else if (change->day_of_month >= 0) {
        schedule->day_of_month = change->day_of_month;
    }
    return 0;
}

static int merge_schedule(int64_t id, const struct job_config_change *change, struct schedule *schedule,
                          struct err *e)
{
    if (change->schedule_type >= 0) {
        schedule->type = (enum schedule_type)change->schedule_type;
    }
    if (change->minute_of_day >= 0) {
        schedule->hour = change->minute_of_day / 60;
        schedule->minute = change->minute_of_day % 60;
    }
    if (change->minute_of_day >= 0 && schedule->type == SCHEDULE_MANUAL) {
        return err_set(e, ERR_INVALID, 0, "job %lld would be manual: it has no time of day", (long long)id);
    }
    int r = merge_day(id, change, schedule, e);
    return r < 0 ? r : check_schedule(schedule, e);
}

/* Puts the change over what the job has; what comes out must be valid as a whole. */
static int merge(int64_t id, const struct job_config_change *change, struct values *values, struct err *e)
{
    if (change->catch_up >= 0) {
        values->catch_up = (enum catch_up)change->catch_up;
    }
    if (change->window_days >= 0) {
        values->window_days = change->window_days;
    }
    if (change->ping_url) {
        values->ping_url = change->ping_url[0] ? change->ping_url : NULL;
    }
    int r = merge_schedule(id, change, &values->schedule, e);
    r = r < 0 ? r : check_window(values->window_days, e);
    return r < 0 ? r : (values->ping_url ? ping_url_check(values->ping_url, e) : 0);
}

static int update_job(struct db *db, int64_t id, const struct values *values, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "UPDATE job_configurations SET schedule_type = $2, schedule_hour = $3, schedule_minute = $4, "
            "schedule_day_of_week = $5, schedule_day_of_month = $6, catch_up = $7, "
            "archive_window_days = $8, ping_url = $9, updated_at = $10 WHERE id = $1");
    stmt_int(s, 1, id);
    bind_schedule(s, 2, &values->schedule);
    stmt_text(s, 7, catch_up_name(values->catch_up));
    stmt_int(s, 8, values->window_days);
    stmt_text(s, 9, values->ping_url);
    stmt_time(s, 10, db_now_ms(db));
    return stmt_run(s, e);
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* {"old": …, "new": …} of a value that changed.  Returns whether it did. */
static bool note_text(struct json_out *j, const char *name, const char *old, const char *new)
{
    if (is_same_text(old, new)) {
        return false;
    }
    json_open(j, name, '{');
    json_text(j, "old", old);
    json_text(j, "new", new);
    json_close(j, '}');
    return true;
}

static void add_number(struct json_out *j, const char *name, int value)
{
    if (value < 0) {
        json_raw(j, name, NULL);
    } else {
        json_int(j, name, value);
    }
}

static bool note_int(struct json_out *j, const char *name, int old, int new)
{
    if (old == new) {
        return false;
    }
    json_open(j, name, '{');
    add_number(j, "old", old);
    add_number(j, "new", new);
    json_close(j, '}');
    return true;
}

/* Two URLs of one origin read alike, yet the entry says that the URL was changed. */
static bool note_ping(struct json_out *j, const char *old, const char *new)
{
    char old_origin[PING_URL_MAX + 1] = "", new_origin[PING_URL_MAX + 1] = "";
    if (is_same_text(old, new)) {
        return false;
    }
    format_origin(old ? old : "", old_origin);
    format_origin(new ? new : "", new_origin);
    json_open(j, "ping", '{');
    json_text(j, "old", old ? old_origin : NULL);
    json_text(j, "new", new ? new_origin : NULL);
    json_close(j, '}');
    return true;
}

/* Returns whether anything is different. */
static bool note_values(struct json_out *j, const struct values *old, const struct values *new)
{
    const struct schedule *was = &old->schedule, *is = &new->schedule;
    int n = 0;
    n += note_text(j, "schedule", schedule_type_name(was->type), schedule_type_name(is->type));
    n += note_int(j, "hour", was->hour, is->hour);
    n += note_int(j, "minute", was->minute, is->minute);
    n += note_int(j, "day_of_week", was->day_of_week, is->day_of_week);
    n += note_int(j, "day_of_month", was->day_of_month, is->day_of_month);
    n += note_text(j, "catch_up", catch_up_name(old->catch_up), catch_up_name(new->catch_up));
    n += note_int(j, "window_days", old->window_days, new->window_days);
    n += note_ping(j, old->ping_url, new->ping_url);
    return n > 0;
}

static int set(struct db *db, int64_t id, const struct job_config_change *change, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    int r = job_config_get(db, id, &job, e);
    if (r < 0) {
        return r;
    }
    struct values old = values_of(&job), new = old;
    r = merge(id, change, &new, e);
    r = r < 0 ? r : update_job(db, id, &new, e);
    if (r < 0) {
        return r;
    }
    struct audit_note note = note_for("job_set", job.user_id, id);
    audit_note_begin_details(&note);
    if (!note_values(&note.json, &old, &new)) {
        buf_finish(&note.details);
        return 0;
    }
    return audit_note_write(db, &note, e);
}

int job_config_set(struct db *db, int64_t id, const struct job_config_change *change, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, set(db, id, change, e), e);
}
