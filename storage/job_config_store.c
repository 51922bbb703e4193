#include "storage/job_config_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
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
    *job = (struct job_config){0};
}

#define JOB_COLUMNS                                                                                          \
    "SELECT j.id, j.user_id, j.archive_configuration_id, u.email, c.name, c.timezone, j.job_type, "          \
    "j.schedule_type, "                                                                                      \
    "j.schedule_hour, j.schedule_minute, j.schedule_day_of_week, j.schedule_day_of_month, j.catch_up, "      \
    "j.archive_window_days, j.is_active = 1 AND c.is_active = 1 AND u.is_active = 1, j.paused_at, "          \
    "j.paused_by, "                                                                                          \
    "j.paused_reason, j.next_run_at, j.archived_through FROM job_configurations AS j "                       \
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

/* ---- adding ---- */

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

static int check_new(const struct job_config_new *job, struct err *e)
{
    if (job->window_days != 0 && !is_between(job->window_days, 1, 3650)) {
        return err_set(e, ERR_INVALID, 0, "window: 1 to 3650 days, not %d", job->window_days);
    }
    return check_schedule(&job->schedule, e);
}

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

static int insert_job(struct db *db, const struct job_config_new *job, int64_t user_id, int64_t *ret_id,
                      struct err *e)
{
    struct stmt *s =
        db_stmt(db, "INSERT INTO job_configurations (user_id, archive_configuration_id, job_type, "
                    "schedule_type, schedule_hour, "
                    "schedule_minute, schedule_day_of_week, schedule_day_of_month, catch_up, "
                    "archive_window_days, created_at, "
                    "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) RETURNING id");
    stmt_int(s, 1, user_id);
    stmt_int(s, 2, job->archive_configuration_id);
    stmt_text(s, 3, job_type_name(job->type));
    stmt_text(s, 4, schedule_type_name(job->schedule.type));
    stmt_int(s, 5, job->schedule.hour);
    stmt_int(s, 6, job->schedule.minute);
    if (job->schedule.type == SCHEDULE_WEEKLY) {
        stmt_int(s, 7, job->schedule.day_of_week);
    }
    if (job->schedule.type == SCHEDULE_MONTHLY) {
        stmt_int(s, 8, job->schedule.day_of_month);
    }
    stmt_text(s, 9, catch_up_name(job->catch_up));
    stmt_int(s, 10, window_of(job));
    stmt_time(s, 11, db_now_ms(db));
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

/* ---- pausing ---- */

static int set_pause(struct db *db, int64_t id, const char *by, const char *reason, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_configurations SET paused_at = $2, paused_by = $3, paused_reason = $4, "
                    "updated_at = $5 WHERE id = $1");
    stmt_int(s, 1, id);
    if (reason) {
        stmt_time(s, 2, db_now_ms(db));
    }
    stmt_text(s, 3, by);
    stmt_text(s, 4, reason);
    stmt_time(s, 5, db_now_ms(db));
    return stmt_run(s, e);
}

static int pause_job(struct db *db, int64_t id, const char *by, const char *reason, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    int r = job_config_get(db, id, &job, e);
    if (r < 0) {
        return r;
    }
    if (job.is_paused) {
        return err_set(e, ERR_EXISTS, 0, "job %lld is paused already (by %s: %.120s)", (long long)id,
                       job.paused_by ? job.paused_by : "?", job.paused_reason ? job.paused_reason : "?");
    }
    r = set_pause(db, id, by, reason, e);
    if (r < 0) {
        return r;
    }
    struct audit_note note = note_for("job_pause", job.user_id, id);
    audit_note_begin_details(&note);
    json_text(&note.json, "by", by);
    json_text(&note.json, "reason", reason);
    return audit_note_write(db, &note, e);
}

int job_config_pause(struct db *db, int64_t id, const char *by, const char *reason, struct err *e)
{
    struct unit unit;
    if (!text_is_clean(reason, 500)) {
        return err_set(e, ERR_INVALID, 0, "job %lld: the reason of a pause has 1 to 500 bytes on one line",
                       (long long)id);
    }
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, pause_job(db, id, by, reason, e), e);
}

static int resume_job(struct db *db, int64_t id, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    int r = job_config_get(db, id, &job, e);
    if (r < 0) {
        return r;
    }
    if (!job.is_paused) {
        return err_set(e, ERR_INVALID, 0, "job %lld is not paused", (long long)id);
    }
    r = set_pause(db, id, NULL, NULL, e);
    if (r < 0) {
        return r;
    }
    struct audit_note note = note_for("job_resume", job.user_id, id);
    return audit_note_write(db, &note, e);
}

int job_config_resume(struct db *db, int64_t id, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, resume_job(db, id, e), e);
}
