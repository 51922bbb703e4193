#include "storage/agenda_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/audit_store.h"
#include "storage/run_store.h"

#define REQUEST_DATA_MAX 16384

/* A due time that never comes; NULL would mean "not planned yet". */
#define NEVER_TEXT "9999-12-31 23:59:59.999000"

/* ---- jobs ---- */

#define JOB_COLUMNS                                                                                          \
    "SELECT j.id, j.user_id, j.archive_configuration_id, j.job_type, j.schedule_type, j.schedule_hour, "     \
    "j.schedule_minute, j.schedule_day_of_week, j.schedule_day_of_month, j.archive_window_days, "            \
    "j.is_active = 1 AND c.is_active = 1 AND u.is_active = 1, j.paused_at IS NOT NULL, j.next_run_at, "      \
    "c.name, "                                                                                               \
    "c.timezone "
#define JOB_TABLES                                                                                           \
    "FROM job_configurations j JOIN archive_configurations c ON c.id = j.archive_configuration_id "          \
    "JOIN users u ON u.id = j.user_id "
#define JOB_WANTS_PLAN "WHERE j.is_enabled = 1 AND j.paused_at IS NULL "

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
        .is_active = stmt_col_int(s, 10) != 0,
        .is_paused = stmt_col_int(s, 11) != 0,
        .next_run_ms = stmt_col_time(s, 12),
        .name = stmt_col_dup(s, 13),
        .zone = stmt_col_dup(s, 14),
    };
    if (job_type_from(stmt_col_text(s, 3), &job->type) < 0 ||
        schedule_type_from(stmt_col_text(s, 4), &job->schedule.type) < 0) {
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
    struct stmt *s = db_stmt(db, JOB_COLUMNS JOB_TABLES JOB_WANTS_PLAN
                             "AND j.next_run_at IS NULL UNION ALL " JOB_COLUMNS JOB_TABLES JOB_WANTS_PLAN
                             "AND j.next_run_at <= $1 LIMIT $2");
    stmt_time(s, 1, now_ms);
    stmt_int(s, 2, (int64_t)max);
    return read_jobs(s, ret_jobs, ret_n, e);
}

int agenda_jobs_named(struct db *db, int64_t job_id, struct job **ret_jobs, size_t *ret_n, struct err *e)
{
    if (job_id == 0) {
        return read_jobs(db_stmt(db, JOB_COLUMNS JOB_TABLES JOB_WANTS_PLAN "ORDER BY j.id"), ret_jobs, ret_n,
                         e);
    }
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

/* ---- queueing ---- */

#define BELL_MS                                                                                              \
    ((int64_t)60000) /* a request's signal comes within milliseconds; pids are reused much later */

struct queued {
    int64_t job_id;
    int64_t slot_ms;
    int32_t from_day, to_day;
    struct agenda_asker asker;
    bool is_dry;
};

static int set_next_run(struct db *db, int64_t job_id, int64_t next_run_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE job_configurations SET next_run_at = $2 WHERE id = $1");
    stmt_int(s, 1, job_id);
    if (next_run_ms == AGENDA_NEVER) {
        stmt_text(s, 2, NEVER_TEXT);
    } else {
        stmt_time(s, 2, next_run_ms);
    }
    return stmt_run(s, e);
}

static void bind_queued(struct stmt *s, const struct queued *q, const char *uuid, int64_t now_ms)
{
    stmt_int(s, 1, q->job_id);
    stmt_time(s, 2, q->slot_ms);
    stmt_text(s, 3, run_trigger_name(q->asker.trigger));
    stmt_date(s, 4, q->from_day);
    stmt_date(s, 5, q->to_day);
    stmt_int(s, 6, q->is_dry);
    if (q->asker.pid > 0) {
        stmt_int(s, 7, q->asker.pid);
    }
    if (q->asker.uid >= 0) {
        stmt_int(s, 8, q->asker.uid);
    }
    stmt_text(s, 9, uuid);
    stmt_time(s, 10, now_ms);
}

/* *ret_is_new is false when the slot is there already. */
/* Somebody asks now: the run that waits for its next attempt, which no other may pass, does not wait any
 * longer. */
static int hurry_waiting(struct db *db, int64_t job_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_runs SET not_before = $2 WHERE job_id = $1 AND state = 'waiting' AND "
                    "state <> 'done' AND not_before > $2");
    stmt_int(s, 1, job_id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

static int insert_run(struct db *db, const struct queued *q, bool *ret_is_new, struct err *e)
{
    char uuid[CLOCK_UUID_LEN + 1];
    clock_uuid(db_clock(db), uuid);
    struct stmt *s = db_stmt(
        db, "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, is_dry, "
            "asked_pid, asked_uid, correlation_id, created_at) "
            "SELECT j.user_id, j.id, $2, $3, 'queued', $4, $5, $6, $7, $8, $9, $10 "
            "FROM job_configurations j WHERE j.id = $1 "
            "ON CONFLICT (job_id, slot_at, run_trigger) DO NOTHING");
    bind_queued(s, q, uuid, db_now_ms(db));
    int r = stmt_run(s, e);
    if (r < 0) {
        return r;
    }
    *ret_is_new = db_changes(db) == 1;
    return q->asker.trigger == TRIGGER_SCHEDULE ? 0 : hurry_waiting(db, q->job_id, e);
}

/* A signal asks for nothing new when one like it waits in line, and when it is the bell of a request: the
 * command that put the request there signals from the same process, and the request may have begun before the
 * signal is read. */
static int is_signal_answered(struct db *db, int64_t job_id, struct agenda_asker asker, bool *ret_is,
                              struct err *e)
{
    int64_t n;
    struct stmt *s =
        db_stmt(db, "SELECT EXISTS (SELECT 1 FROM job_runs WHERE state = 'queued' AND state <> 'done' AND "
                    "run_trigger = 'signal' AND job_id = $1) OR "
                    "EXISTS (SELECT 1 FROM job_runs WHERE job_id = $1 AND run_trigger = 'request' AND "
                    "asked_pid = $2 AND asked_uid = $3 AND created_at >= $4)");
    stmt_int(s, 1, job_id);
    stmt_int(s, 2, asker.pid);
    stmt_int(s, 3, asker.uid);
    stmt_time(s, 4, db_now_ms(db) - BELL_MS);
    int r = stmt_get_int(s, &n, e);
    if (r == 0) {
        *ret_is = n != 0;
    }
    return r;
}

static int queue_plan(struct db *db, const struct agenda_plan *plan, struct agenda_asker asker, struct err *e)
{
    bool is_answered = false, is_new;
    if (asker.trigger == TRIGGER_SIGNAL) {
        int r = is_signal_answered(db, plan->job_id, asker, &is_answered, e);
        if (r < 0) {
            return r;
        }
    }
    struct queued q = {plan->job_id, plan->slot_ms, plan->from_day, plan->to_day, asker, false};
    return is_answered ? 0 : insert_run(db, &q, &is_new, e);
}

int agenda_plan_write(struct db *db, const struct agenda_plan *plans, size_t n, struct agenda_asker asker,
                      struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        if (plans[i].queue) {
            r = queue_plan(db, &plans[i], asker, e);
        }
        if (r == 0 && plans[i].next_run_ms != -1) {
            r = set_next_run(db, plans[i].job_id, plans[i].next_run_ms, e);
        }
    }
    return r;
}

static int check_request(struct db *db, const struct agenda_request *request, struct err *e)
{
    struct job *jobs;
    size_t n;
    int r = agenda_jobs_named(db, request->job_id, &jobs, &n, e);
    if (r < 0) {
        return r;
    }
    if (!jobs[0].is_active) {
        r = err_set(
            e, ERR_INVALID, 0,
            "job %lld (\"%s\") is not active: the job, its archive configuration or its user was deactivated",
            (long long)jobs[0].id, jobs[0].name);
    } else if (jobs[0].is_paused) {
        r = err_set(e, ERR_INVALID, 0, "job %lld (\"%s\") is paused; resume it with \"job resume %lld\"",
                    (long long)jobs[0].id, jobs[0].name, (long long)jobs[0].id);
    }
    agenda_jobs_free(jobs, n);
    return r;
}

static int check_period(const struct agenda_request *request, struct err *e)
{
    char from[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1];
    if (request->from_day < request->to_day) {
        return 0;
    }
    civil_format_date(request->from_day, from);
    civil_format_date(request->to_day - 1, last);
    return err_set(e, ERR_INVALID, 0, "the period from %s to %s ends before it begins", from, last);
}

int agenda_request_run(struct db *db, const struct agenda_request *request, int64_t *ret_run_id,
                       struct err *e)
{
    if (request->job_id == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "there is no job 0");
    }
    int r = check_request(db, request, e);
    r = r < 0 ? r : check_period(request, e);
    struct queued q = {
        .job_id = request->job_id,
        .slot_ms = db_now_ms(db),
        .from_day = request->from_day,
        .to_day = request->to_day,
        .asker = {TRIGGER_REQUEST, request->pid, request->uid},
        .is_dry = request->is_dry,
    };
    /* Two requests of one millisecond are two requests. */
    for (bool is_new = false; r == 0 && !is_new; q.slot_ms++) {
        r = insert_run(db, &q, &is_new, e);
    }
    if (r == 0) {
        *ret_run_id = db_last_id(db);
    }
    return r;
}

/* ---- taking ---- */

static bool is_live(const struct agenda_taker *taker, int64_t instance_id)
{
    for (size_t i = 0; i < taker->n_live; i++) {
        if (taker->live[i] == instance_id) {
            return true;
        }
    }
    return instance_id == taker->instance_id;
}

/* The next run that a dead instance left, behind run `after`. */
static int next_left(struct db *db, const struct agenda_taker *taker, int64_t after, int64_t *ret_id,
                     struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT id, instance_id FROM job_runs WHERE state = 'running' AND state <> 'done' "
                    "AND id > $1 ORDER BY id");
    int64_t found = 0;
    int r;
    stmt_int(s, 1, after);
    while ((r = stmt_step(s, e)) > 0) {
        if (stmt_is_null(s, 1) || !is_live(taker, stmt_col_int(s, 1))) {
            found = stmt_col_int(s, 0);
            stmt_reset(s);
            break;
        }
    }
    if (r >= 0) {
        *ret_id = found;
    }
    return r < 0 ? r : 0;
}

/* No run of a job passes an older one that waits for its next attempt: what the older one read before would
 * take what the newer one stored for vanished. */
#define RUN_MAY_GO                                                                                           \
    "AND NOT EXISTS (SELECT 1 FROM job_runs o WHERE o.job_id = r.job_id AND o.state = 'running') "           \
    "AND NOT EXISTS (SELECT 1 FROM job_runs w WHERE w.job_id = r.job_id AND w.state = 'waiting' AND "        \
    "w.state <> 'done' AND w.id < r.id) "                                                                    \
    "AND EXISTS (SELECT 1 FROM job_configurations j JOIN archive_configurations c "                          \
    "ON c.id = j.archive_configuration_id JOIN users u ON u.id = j.user_id "                                 \
    "WHERE j.id = r.job_id AND j.is_active = 1 AND j.paused_at IS NULL AND c.is_active = 1 AND u.is_active " \
    "= 1) "

/* The statement's integer, 0 where it finds no row. */
static int find_id(struct stmt *s, int64_t *ret_id, struct err *e)
{
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    *ret_id = r > 0 ? stmt_col_int(s, 0) : 0;
    stmt_reset(s);
    return 0;
}

/* The first run that is ready, 0 for none.  A run that was taken is not found again, so asking again gives
 * the next. */
static int next_ready(struct db *db, int64_t now_ms, int64_t *ret_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT r.id FROM job_runs r WHERE r.state = 'waiting' AND r.state <> 'done' "
                    "AND r.not_before <= $1 " RUN_MAY_GO "ORDER BY r.not_before, r.id LIMIT 1");
    stmt_time(s, 1, now_ms);
    int r = find_id(s, ret_id, e);
    if (r < 0 || *ret_id != 0) {
        return r;
    }
    return find_id(db_stmt(db, "SELECT r.id FROM job_runs r WHERE r.state = 'queued' AND r.state <> 'done' "
                               "AND r.not_before IS NULL " RUN_MAY_GO "ORDER BY r.id LIMIT 1"),
                   ret_id, e);
}

static void add_asker(struct json_out *j, struct stmt *s)
{
    if (!stmt_is_null(s, 3)) {
        json_int(j, "asked_pid", stmt_col_int(s, 3));
    }
    if (!stmt_is_null(s, 4)) {
        json_int(j, "asked_uid", stmt_col_int(s, 4));
    }
}

/* What the run was asked to do, for the audit.  from_date and to_date are the half-open window of job_runs.
 */
static int request_data(struct db *db, const struct run *run, struct buf *text, struct err *e)
{
    char from[CIVIL_DATE_LEN + 1], to[CIVIL_DATE_LEN + 1];
    struct json_out j;
    struct stmt *s =
        db_stmt(db, "SELECT c.archive_purpose, c.allow_overlaps, r.slot_at, r.asked_pid, r.asked_uid "
                    "FROM job_runs r JOIN job_configurations j ON j.id = r.job_id "
                    "JOIN archive_configurations c ON c.id = j.archive_configuration_id WHERE r.id = $1");
    stmt_int(s, 1, run->id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r : err_set(e, ERR_NOT_FOUND, 0, "there is no run %lld", (long long)run->id);
    }
    civil_format_date(run->from_day, from);
    civil_format_date(run->to_day, to);
    json_out_begin(&j, text);
    json_open(&j, NULL, '{');
    json_text(&j, "archive_purpose", stmt_col_text(s, 0));
    json_text(&j, "source_calendar_uri", run->source_uri);
    json_text(&j, "destination_calendar_uri", run->destination_uri);
    json_text(&j, "from_date", from);
    json_text(&j, "to_date", to);
    json_text(&j, "timezone", run->zone);
    json_bool(&j, "allow_overlaps", stmt_col_int(s, 1) != 0);
    json_text(&j, "trigger", run_trigger_name(run->trigger));
    json_text(&j, "slot_at", stmt_col_text(s, 2));
    json_bool(&j, "is_dry", run->is_dry);
    json_int(&j, "job_id", run->job_id);
    json_int(&j, "run_id", run->id);
    add_asker(&j, s);
    json_close(&j, '}');
    stmt_reset(s);
    r = json_out_end(&j);
    return r < 0 ? err_set(e, r, 0, "the request of run %lld", (long long)run->id) : 0;
}

static int open_parent(struct db *db, struct run *run, struct err *e)
{
    CLEANUP(buf_finish) struct buf text = {.max = REQUEST_DATA_MAX};
    int r = request_data(db, run, &text, e);
    if (r < 0) {
        return r;
    }
    struct audit_entry entry = {
        .user_id = run->user_id,
        .action_type = run->type == JOB_TIMESHEET ? "timesheet" : "archive",
        .operation = job_type_name(run->type),
        .resource_type = "calendar",
        .resource_id = run->source_uri,
        .status = "started",
        .request_data_json = buf_str(&text),
        .duration_ms = -1,
        .correlation_id = run->correlation_id,
    };
    r = audit_append(db, &entry, &run->parent_audit_id, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s = db_stmt(db, "UPDATE job_runs SET parent_audit_id = $2 WHERE id = $1");
    stmt_int(s, 1, run->id);
    stmt_int(s, 2, run->parent_audit_id);
    return stmt_run(s, e);
}

/* A run that its daemon left behind has used up an attempt: one that kills the process ends some day. */
static int set_owner(struct db *db, int64_t run_id, int64_t instance_id, bool was_left, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "UPDATE job_runs SET state = 'running', instance_id = $2, not_before = NULL, "
        "attempt = attempt + $4, started_at = coalesce(started_at, $3) WHERE id = $1 AND state <> 'done'");
    stmt_int(s, 1, run_id);
    stmt_int(s, 2, instance_id);
    stmt_time(s, 3, db_now_ms(db));
    stmt_int(s, 4, was_left);
    return stmt_run(s, e);
}

/* Claims one run and adds it to what was taken. */
static int claim(struct db *db, int64_t run_id, int64_t instance_id, bool was_left,
                 struct agenda_taken *taken, struct err *e)
{
    struct run *run = &taken->runs[taken->n];
    int r = set_owner(db, run_id, instance_id, was_left, e);
    r = r < 0 ? r : run_store_load(db, run_id, run, e);
    if (r < 0) {
        return r;
    }
    taken->n++;
    if (run->parent_audit_id == 0) {
        return open_parent(db, run, e);
    }
    return was_left ? run_store_audit(db, run, "interrupted", "failure",
                                      "the daemon that ran it ended; the step begins again", NULL, e)
                    : 0;
}

static int take_left(struct db *db, size_t max, const struct agenda_taker *taker, struct agenda_taken *taken,
                     struct err *e)
{
    int64_t id = 0;
    for (;;) {
        int r = next_left(db, taker, id, &id, e);
        if (r < 0 || id == 0) {
            return r;
        }
        if (taken->n == max) {
            taken->has_more = true;
            return 0;
        }
        r = claim(db, id, taker->instance_id, true, taken, e);
        if (r < 0) {
            return r;
        }
    }
}

static int take_ready(struct db *db, int64_t now_ms, size_t max, const struct agenda_taker *taker,
                      struct agenda_taken *taken, struct err *e)
{
    for (;;) {
        int64_t id;
        int r = next_ready(db, now_ms, &id, e);
        if (r < 0 || id == 0) {
            return r;
        }
        if (taken->n == max) {
            taken->has_more = true;
            return 0;
        }
        r = claim(db, id, taker->instance_id, false, taken, e);
        if (r < 0) {
            return r;
        }
    }
}

/* The earlier of *wake_ms and the time that the statement finds, if it finds one. */
static int earlier(struct stmt *s, int64_t *wake_ms, struct err *e)
{
    int r = stmt_step(s, e);
    if (r > 0 && !stmt_is_null(s, 0) && strcmp(stmt_col_text(s, 0), NEVER_TEXT) != 0) {
        int64_t ms = stmt_col_time(s, 0);
        *wake_ms = ms < *wake_ms ? ms : *wake_ms;
    }
    if (r > 0) {
        stmt_reset(s);
    }
    return r < 0 ? r : 0;
}

/* A job that is not planned yet is no reason to wake: it is planned at the next pass, whenever that comes. */
static int find_wake(struct db *db, int64_t now_ms, int64_t *ret_ms, struct err *e)
{
    int64_t wake_ms = AGENDA_NEVER;
    int r = earlier(db_stmt(db, "SELECT j.next_run_at " JOB_TABLES JOB_WANTS_PLAN
                                "AND j.next_run_at IS NOT NULL ORDER BY j.next_run_at LIMIT 1"),
                    &wake_ms, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s =
        db_stmt(db, "SELECT not_before FROM job_runs WHERE state = 'waiting' AND state <> 'done' AND "
                    "not_before > $1 ORDER BY not_before LIMIT 1");
    stmt_time(s, 1, now_ms);
    r = earlier(s, &wake_ms, e);
    if (r == 0) {
        *ret_ms = wake_ms;
    }
    return r;
}

int agenda_take(struct db *db, int64_t now_ms, size_t max, const struct agenda_taker *taker,
                struct agenda_taken *ret_taken, struct err *e)
{
    struct agenda_taken taken = {.runs = mem_calloc(max + 1, sizeof(struct run))};
    int r = take_left(db, max, taker, &taken, e);
    r = r < 0 || taken.has_more ? r : take_ready(db, now_ms, max, taker, &taken, e);
    r = r < 0 ? r : find_wake(db, now_ms, &taken.next_wake_ms, e);
    if (r < 0) {
        for (size_t i = 0; i < taken.n; i++) {
            run_finish(&taken.runs[i]);
        }
        free(taken.runs);
        return r;
    }
    *ret_taken = taken;
    return 0;
}
