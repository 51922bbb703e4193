#include "storage/agenda_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/state_store.h"

#define STATE_ZONES "zone_version"

/* ---- jobs ---- */

/* The first day that is owed is where the archive ends; as long as nothing was archived, where the first slot
 * began. */
#define JOB_COLUMNS                                                                                          \
    "SELECT j.id, j.user_id, j.archive_configuration_id, j.job_type, j.schedule_type, j.schedule_hour, "     \
    "j.schedule_minute, j.schedule_day_of_week, j.schedule_day_of_month, j.archive_window_days, "            \
    "j.catch_up, j.is_enabled, j.paused_at, j.next_run_at, j.slots_through, "                                \
    "coalesce(j.archived_through, (SELECT min(r.from_date) FROM job_runs r WHERE r.job_id = j.id AND "       \
    "r.run_trigger = 'schedule')), c.name, c.timezone, j.paused_by, j.paused_reason, "                       \
    "u.ms_auth_state = 'reauth_needed' "
#define JOB_TABLES                                                                                           \
    "FROM job_configurations j JOIN archive_configurations c ON c.id = j.archive_configuration_id "          \
    "JOIN users u ON u.id = j.user_id "

static int read_job(struct stmt *s, struct job *job, struct err *e)
{
    *job = (struct job){
        .id = stmt_col_int(s, 0),
        .user_id = stmt_col_int(s, 1),
        .archive_configuration_id = stmt_col_int(s, 2),
        .schedule = {.hour = (int)stmt_col_int(s, 5),
                     .minute = (int)stmt_col_int(s, 6),
                     .day_of_week = (int)stmt_col_int(s, 7),
                     .day_of_month = (int)stmt_col_int(s, 8)},
        .window_days = (int)stmt_col_int(s, 9),
        .is_active = stmt_col_int(s, 11) != 0,
        .is_paused = !stmt_is_null(s, 12),
        .paused_ms = stmt_col_time(s, 12),
        .next_run_ms = stmt_col_time(s, 13),
        .slots_through_ms = stmt_col_time(s, 14),
        .owed_day = stmt_col_date(s, 15),
        .name = stmt_col_dup(s, 16),
        .zone = stmt_col_dup(s, 17),
        .paused_by = stmt_col_dup(s, 18),
        .paused_reason = stmt_col_dup(s, 19),
        .needs_sign_in = stmt_col_int(s, 20) != 0,
    };
    if (job_type_from(stmt_col_text(s, 3), &job->type) < 0 ||
        schedule_type_from(stmt_col_text(s, 4), &job->schedule.type) < 0 ||
        catch_up_from(stmt_col_text(s, 10), &job->catch_up) < 0) {
        return err_set(e, ERR_DB_CORRUPT, 0, "job %lld: its row in job_configurations can not be read",
                       (long long)job->id);
    }
    return 0;
}

void agenda_jobs_free(struct job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        job_finish(&jobs[i]);
    }
    free(jobs);
}

/* The rows of a bound statement as an array. */
static int read_jobs(struct stmt *s, struct job **ret_jobs, size_t *ret_n, struct err *e)
{
    struct job *jobs = NULL;
    size_t n = 0, room = 0;
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        if (n == room) {
            room = room ? room * 2 : 16;
            jobs = mem_realloc(jobs, room, sizeof *jobs);
        }
        r = read_job(s, &jobs[n++], e);
        if (r < 0) {
            stmt_reset(s);
            break;
        }
    }
    if (r < 0) {
        agenda_jobs_free(jobs, n);
        return r;
    }
    *ret_jobs = jobs;
    *ret_n = n;
    return 0;
}

int agenda_jobs_due(struct db *db, int64_t now_ms, size_t max, struct job **ret_jobs, size_t *ret_n,
                    struct err *e)
{
    /* Two halves that each read along the index and stop at the limit; one condition with OR would sort all
     * of them. */
    struct stmt *s =
        db_stmt(db, JOB_COLUMNS JOB_TABLES
                "WHERE j.is_enabled = 1 AND j.next_run_at <= $1 UNION ALL " JOB_COLUMNS JOB_TABLES
                "WHERE j.is_enabled = 1 AND j.next_run_at IS NULL LIMIT $2");
    stmt_time(s, 1, now_ms);
    stmt_int(s, 2, (int64_t)max);
    return read_jobs(s, ret_jobs, ret_n, e);
}

int agenda_job(struct db *db, int64_t job_id, struct job **ret_jobs, size_t *ret_n, struct err *e)
{
    struct job *jobs;
    size_t n;
    struct stmt *s = db_stmt(db, JOB_COLUMNS JOB_TABLES "WHERE j.id = $1");
    stmt_int(s, 1, job_id);
    int r = read_jobs(s, &jobs, &n, e);
    if (r < 0) {
        return r;
    }
    if (n == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "there is no job %lld", (long long)job_id);
    }
    *ret_jobs = jobs;
    *ret_n = n;
    return 0;
}

int agenda_jobs(struct db *db, int64_t after_id, size_t max, struct job **ret_jobs, size_t *ret_n,
                struct err *e)
{
    struct stmt *s = db_stmt(db, JOB_COLUMNS JOB_TABLES "WHERE j.id > $1 AND j.is_enabled = 1 AND "
                                                        "j.paused_at IS NULL ORDER BY j.id LIMIT $2");
    stmt_int(s, 1, after_id);
    stmt_int(s, 2, (int64_t)max);
    return read_jobs(s, ret_jobs, ret_n, e);
}

/* ---- start ---- */

static int follow_zones(struct db *db, const char *zone_version, bool *ret_has_new, struct err *e)
{
    CLEANUP_FREE char *was = NULL;
    int r = state_get(db, STATE_ZONES, &was, e);
    if (r < 0) {
        return r;
    }
    *ret_has_new = was && strcmp(was, zone_version) != 0;
    if (*ret_has_new) {
        r = db_exec(db, "UPDATE job_configurations SET next_run_at = NULL WHERE next_run_at IS NOT NULL", e);
    }
    if (r == 0 && (!was || *ret_has_new)) {
        r = state_set(db, STATE_ZONES, zone_version, e);
    }
    return r;
}

static int read_clock_high(struct db *db, int64_t *ret_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT clock_high_at FROM service_totals");
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    *ret_ms = r > 0 ? stmt_col_time(s, 0) : INT64_MIN;
    stmt_reset(s);
    return 0;
}

int agenda_start(struct db *db, const char *zone_version, struct agenda_start *ret_start, struct err *e)
{
    struct agenda_start start = {0};
    int64_t n_left;
    int r = follow_zones(db, zone_version, &start.has_new_zones, e);
    r = r < 0 ? r : read_clock_high(db, &start.clock_high_ms, e);
    r = r < 0 ? r
              : stmt_get_int(db_stmt(db, "SELECT count(*) FROM job_runs WHERE state = 'running' AND "
                                         "state <> 'done'"),
                             &n_left, e);
    if (r == 0) {
        start.n_left = (size_t)n_left;
        *ret_start = start;
    }
    return r;
}

/* ---- the clock ---- */

int agenda_note_clock(struct db *db, int64_t now_ms, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE service_totals SET clock_high_at = $1 WHERE clock_high_at IS NULL OR "
                    "clock_high_at < $1");
    stmt_time(s, 1, now_ms);
    return stmt_run(s, e);
}

/* In UTC, which is less than a day off any zone: a mark that is too early costs a day read once more. */
static int pull_marks_back(struct db *db, int64_t now_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE job_configurations SET archived_through = $1 WHERE "
                                 "archived_through > $1");
    stmt_date(s, 1, civil_day_of(now_ms) - 1);
    return stmt_run(s, e);
}

/* A due time has no milliseconds, so that one with some is in nobody's way: the first that was claimed for a
 * time gets one, the next, in another excursion of the clock, two. */
static int void_slots_ahead(struct db *db, int64_t ahead_ms, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "UPDATE job_runs SET slot_at = substr(slot_at, 1, 20) || substr(CAST(1001000 + 1000 * (SELECT "
        "count(*) "
        "FROM job_runs v WHERE v.job_id = job_runs.job_id AND v.run_trigger = 'schedule' AND "
        "v.slot_at > job_runs.slot_at AND v.slot_at < substr(job_runs.slot_at, 1, 20) || '9') AS TEXT), 2), "
        "reason = 'claimed while the clock was ahead; the slot of this time is decided again when the time "
        "comes' WHERE run_trigger = 'schedule' AND slot_at > $1 AND slot_at LIKE '%.000000'");
    stmt_time(s, 1, ahead_ms);
    return stmt_run(s, e);
}

static int decide_anew(struct db *db, int64_t now_ms, int64_t ahead_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE job_configurations SET slots_through = $1, next_run_at = NULL, "
                                 "due_through = NULL WHERE slots_through > $2");
    stmt_time(s, 1, now_ms);
    stmt_time(s, 2, ahead_ms);
    return stmt_run(s, e);
}

static int stop_waiting(struct db *db, int64_t now_ms, int64_t ahead_ms, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_runs SET not_before = $1 WHERE state <> 'done' AND not_before > $2");
    stmt_time(s, 1, now_ms);
    stmt_time(s, 2, ahead_ms);
    return stmt_run(s, e);
}

static int set_clock_high(struct db *db, int64_t now_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE service_totals SET clock_high_at = $1");
    stmt_time(s, 1, now_ms);
    return stmt_run(s, e);
}

int agenda_clock_went_back(struct db *db, int64_t now_ms, struct err *e)
{
    int64_t ahead_ms = now_ms + AGENDA_CLOCK_SLACK_MS;
    int r = pull_marks_back(db, now_ms, e);
    r = r < 0 ? r : void_slots_ahead(db, ahead_ms, e);
    r = r < 0 ? r : decide_anew(db, now_ms, ahead_ms, e);
    r = r < 0 ? r : stop_waiting(db, now_ms, ahead_ms, e);
    return r < 0 ? r : set_clock_high(db, now_ms, e);
}

/* ---- overdue ---- */

static int mark_alerted(struct db *db, int64_t due_ms, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_runs SET alerted_at = $2 WHERE state <> 'done' AND run_trigger = "
                    "'schedule' AND alerted_at IS NULL AND slot_at <= $1");
    stmt_time(s, 1, due_ms);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

/* All open ones that were not reported yet; those up to due_ms are, the first behind it is the next. */
static int list_overdue(struct db *db, int64_t due_ms, struct agenda_overdue **runs, size_t *n,
                        int64_t *next_ms, struct err *e)
{
    int r;
    struct stmt *s = db_stmt(db, "SELECT r.id, r.job_id, r.slot_at, r.state, c.name FROM job_runs r "
                                 "JOIN job_configurations j ON j.id = r.job_id "
                                 "JOIN archive_configurations c ON c.id = j.archive_configuration_id "
                                 "WHERE r.state <> 'done' AND r.run_trigger = 'schedule' AND "
                                 "r.alerted_at IS NULL ORDER BY r.slot_at");
    while ((r = stmt_step(s, e)) > 0) {
        int64_t slot_ms = stmt_col_time(s, 2);
        if (slot_ms > due_ms) {
            *next_ms = slot_ms;
            stmt_reset(s);
            return 0;
        }
        *runs = mem_realloc(*runs, *n + 1, sizeof **runs);
        struct agenda_overdue *run = &(*runs)[(*n)++];
        *run = (struct agenda_overdue){
            .run_id = stmt_col_int(s, 0), .job_id = stmt_col_int(s, 1), .slot_ms = slot_ms};
        snprintf(run->state, sizeof run->state, "%s", stmt_col_text(s, 3));
        snprintf(run->name, sizeof run->name, "%s", stmt_col_text(s, 4));
    }
    return r;
}

int agenda_overdue(struct db *db, int64_t due_ms, struct agenda_overdue **ret_runs, size_t *ret_n,
                   int64_t *ret_next_ms, struct err *e)
{
    struct agenda_overdue *runs = NULL;
    size_t n = 0;
    int64_t next_ms = AGENDA_NEVER;
    int r = list_overdue(db, due_ms, &runs, &n, &next_ms, e);
    if (r == 0 && n > 0) {
        r = mark_alerted(db, due_ms, e);
    }
    if (r < 0) {
        free(runs);
        return r;
    }
    *ret_runs = runs;
    *ret_n = n;
    *ret_next_ms = next_ms;
    return 0;
}
