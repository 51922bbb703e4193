#include "storage/queue_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/agenda_store.h"
#include "storage/stats_store.h"

/* A request's signal comes within milliseconds; pids are reused much later. */
#define BELL_MS ((int64_t)60000)
/* Timesheets that a sign-in catches up: more than a year of weeks. */
#define CATCH_UP_SHEETS 64

/* The run of the job that has to end before another begins. */
static int find_holder(struct db *db, int64_t job_id, int64_t *ret_id, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT id FROM job_runs WHERE job_id = $1 AND state <> 'done' AND "
                                 "state IN ('running', 'waiting') ORDER BY id LIMIT 1");
    stmt_int(s, 1, job_id);
    return stmt_find_int(s, ret_id, e);
}

/* ---- slots ---- */

/* A job's next time, in the words of the table. */
static void bind_next(struct stmt *s, int i, int64_t next_ms)
{
    if (next_ms == AGENDA_NEVER) {
        stmt_text(s, i, AGENDA_NEVER_TEXT);
    } else {
        stmt_time(s, i, next_ms);
    }
}

static void bind_time_or_null(struct stmt *s, int i, int64_t utc_ms)
{
    if (utc_ms != SLOT_NO_TIME) {
        stmt_time(s, i, utc_ms);
    }
}

/* *ret_is_ours is false when the job has changed since it was read, or another daemon has decided. */
static int move_job(struct db *db, const struct slot_plan *plan, bool *ret_is_ours, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "UPDATE job_configurations SET next_run_at = $2, slots_through = $3, "
            "due_through = CASE WHEN $4 IS NOT NULL AND (due_through IS NULL OR due_through < $4) THEN $4 "
            "ELSE due_through END "
            "WHERE id = $1 AND is_enabled = 1 AND next_run_at IS NOT DISTINCT FROM $5 AND "
            "slots_through IS NOT DISTINCT FROM $6");
    stmt_int(s, 1, plan->job_id);
    bind_next(s, 2, plan->next_ms);
    stmt_time(s, 3, plan->through_ms);
    if (plan->n_slots > 0) {
        stmt_date(s, 4, plan->slots[plan->n_slots - 1].to_day);
    }
    bind_time_or_null(s, 5, plan->was_next_ms);
    bind_time_or_null(s, 6, plan->was_through_ms);
    int r = stmt_run(s, e);
    if (r == 0) {
        *ret_is_ours = db_changes(db) == 1;
    }
    return r;
}

/* The members that rows of both kinds have. */
static void bind_slot(struct stmt *s, const struct slot_plan *plan, const struct slot *slot, const char *uuid,
                      int64_t now_ms)
{
    stmt_int(s, 1, plan->user_id);
    stmt_int(s, 2, plan->job_id);
    stmt_time(s, 3, slot->at_ms);
    stmt_date(s, 4, slot->from_day);
    stmt_date(s, 5, slot->to_day);
    stmt_text(s, 6, uuid);
    stmt_time(s, 7, now_ms);
    stmt_int(s, 8, slot->is_catch_up);
}

/* Whether a run waits in line that has not begun; requests are for days of their own. */
static int has_line(struct db *db, int64_t job_id, bool *ret_has, struct err *e)
{
    int64_t id;
    struct stmt *s = db_stmt(db, "SELECT id FROM job_runs WHERE job_id = $1 AND state = 'queued' AND "
                                 "state <> 'done' AND run_trigger <> 'request' LIMIT 1");
    stmt_int(s, 1, job_id);
    int r = stmt_find_int(s, &id, e);
    *ret_has = r == 0 && id != 0;
    return r;
}

/* Claims the slot by this one insert.  (One row of values: for an INSERT … SELECT SQLite keeps a copy of
 * every page it changes, in case a later row fails.) */
static int insert_queued(struct db *db, const struct slot_plan *plan, const struct slot *slot,
                         bool *ret_is_new, struct err *e)
{
    char uuid[CLOCK_UUID_LEN + 1];
    clock_uuid(db_clock(db), uuid);
    struct stmt *s =
        db_stmt(db, "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, "
                    "correlation_id, created_at, is_catch_up, not_before) "
                    "VALUES ($1, $2, $3, 'schedule', 'queued', $4, $5, $6, $7, $8, $9) "
                    "ON CONFLICT (job_id, slot_at, run_trigger) DO NOTHING");
    bind_slot(s, plan, slot, uuid, db_now_ms(db));
    if (slot->not_before_ms > 0) {
        stmt_time(s, 9, slot->not_before_ms);
    }
    int r = stmt_run(s, e);
    if (r == 0) {
        *ret_is_new = db_changes(db) == 1;
    }
    return r;
}

/* A verdict without a run: the row of a slot that was decided at once. */
static int insert_verdict(struct db *db, const struct slot_plan *plan, struct slot *slot, struct err *e)
{
    char uuid[CLOCK_UUID_LEN + 1];
    int64_t now_ms = db_now_ms(db);
    clock_uuid(db_clock(db), uuid);
    struct stmt *s =
        db_stmt(db, "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, "
                    "correlation_id, created_at, finished_at, is_catch_up, verdict, reason, covered_by) "
                    "VALUES ($1, $2, $3, 'schedule', 'done', $4, $5, $6, $7, $7, $8, $9, $10, $11) "
                    "ON CONFLICT (job_id, slot_at, run_trigger) DO NOTHING");
    bind_slot(s, plan, slot, uuid, now_ms);
    stmt_text(s, 9, slot_verdict_name(slot->verdict));
    stmt_text(s, 10, slot->reason);
    if (slot->verdict == SLOT_COALESCED) {
        stmt_time(s, 11, slot->covered_by_ms);
    }
    int r = stmt_run(s, e);
    if (r == 0) {
        slot->is_new = db_changes(db) == 1;
        slot->run_id = slot->is_new ? db_last_id(db) : 0;
    }
    return r;
}

static int has_row(struct db *db, const struct slot_plan *plan, const struct slot *slot, bool *ret_has,
                   struct err *e)
{
    int64_t id;
    struct stmt *s =
        db_stmt(db, "SELECT id FROM job_runs WHERE job_id = $1 AND slot_at = $2 AND run_trigger = "
                    "'schedule'");
    stmt_int(s, 1, plan->job_id);
    stmt_time(s, 2, slot->at_ms);
    int r = stmt_find_int(s, &id, e);
    if (r == 0) {
        *ret_has = id != 0;
    }
    return r;
}

/* The one that waits in line takes over what the slot was to archive. */
static int widen_waiting(struct db *db, int64_t run_id, const struct slot *slot, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_runs SET from_date = CASE WHEN from_date > $2 THEN $2 ELSE from_date "
                    "END, to_date = CASE WHEN to_date < $3 THEN $3 ELSE to_date END WHERE id = $1");
    stmt_int(s, 1, run_id);
    stmt_date(s, 2, slot->from_day);
    stmt_date(s, 3, slot->to_day);
    return stmt_run(s, e);
}

static int skip_overlap(struct db *db, const struct slot_plan *plan, struct slot *slot, struct err *e)
{
    int64_t holder, waiting;
    struct stmt *s = db_stmt(db, "SELECT id FROM job_runs WHERE job_id = $1 AND state = 'queued' AND "
                                 "state <> 'done' AND run_trigger <> 'request' ORDER BY id DESC LIMIT 1");
    stmt_int(s, 1, plan->job_id);
    int r = stmt_find_int(s, &waiting, e);
    r = r < 0 ? r : find_holder(db, plan->job_id, &holder, e);
    r = r < 0 ? r : widen_waiting(db, waiting, slot, e);
    if (r < 0) {
        return r;
    }
    slot->verdict = SLOT_SKIPPED;
    slot->reason = holder
                       ? mem_printf("overlap: run %lld has not ended and run %lld waits in line already; it "
                                    "archives these days, too",
                                    (long long)holder, (long long)waiting)
                       : mem_printf("overlap: run %lld has not begun yet; it archives these days, too",
                                    (long long)waiting);
    return insert_verdict(db, plan, slot, e);
}

static int queue_slot(struct db *db, const struct slot_plan *plan, struct slot *slot, bool may_line_up,
                      struct err *e)
{
    bool has = false;
    if (slot->verdict != SLOT_PENDING) {
        return insert_verdict(db, plan, slot, e);
    }
    int r = may_line_up ? 0 : has_line(db, plan->job_id, &has, e);
    if (r == 0 && has) {
        r = has_row(db, plan, slot, &has, e);
        return r < 0 || has ? r : skip_overlap(db, plan, slot, e);
    }
    r = r < 0 ? r : insert_queued(db, plan, slot, &slot->is_new, e);
    slot->run_id = r == 0 && slot->is_new ? db_last_id(db) : 0;
    return r;
}

static int count_slots(struct db *db, const struct slot_plan *plan, struct err *e)
{
    int64_t n_missed = 0, n_skipped = 0;
    for (size_t i = 0; i < plan->n_slots; i++) {
        n_missed += plan->slots[i].is_new && plan->slots[i].verdict == SLOT_MISSED;
        n_skipped += plan->slots[i].is_new && plan->slots[i].verdict == SLOT_SKIPPED;
    }
    return n_missed + n_skipped > 0 ? stats_slots(db, plan->job_id, plan->user_id, n_missed, n_skipped, e)
                                    : 0;
}

int queue_slots(struct db *db, struct slot_plan *plan, struct err *e)
{
    bool is_ours = false, has_lined_up = false;
    int r = move_job(db, plan, &is_ours, e);
    if (r < 0 || !is_ours) {
        return r;
    }
    for (size_t i = 0; i < plan->n_slots && r == 0; i++) {
        struct slot *slot = &plan->slots[i];
        r = queue_slot(db, plan, slot, has_lined_up || plan->is_each, e);
        has_lined_up = has_lined_up || (slot->is_new && slot->verdict == SLOT_PENDING);
    }
    return r < 0 ? r : count_slots(db, plan, e);
}

/* ---- wishes and requests ---- */

/* Somebody asks now: the run that waits for its next attempt, which no other may pass, does not wait any
 * longer. */
static int hurry_waiting(struct db *db, int64_t job_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_runs SET not_before = $2 WHERE job_id = $1 AND state <> 'done' AND "
                    "state IN ('waiting', 'queued') AND not_before > $2");
    stmt_int(s, 1, job_id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

static void bind_asked(struct stmt *s, const struct queue_wish *w, bool is_dry, const char *uuid,
                       int64_t now_ms)
{
    stmt_int(s, 1, w->job_id);
    stmt_time(s, 2, w->at_ms);
    stmt_text(s, 3, run_trigger_name(w->asker.trigger));
    stmt_date(s, 4, w->from_day);
    stmt_date(s, 5, w->to_day);
    stmt_int(s, 6, is_dry);
    if (w->asker.pid > 0) {
        stmt_int(s, 7, w->asker.pid);
    }
    if (w->asker.uid >= 0) {
        stmt_int(s, 8, w->asker.uid);
    }
    stmt_text(s, 9, uuid);
    stmt_time(s, 10, now_ms);
}

/* *ret_is_new is false when the job has one of this trigger at this very millisecond. */
static int insert_asked(struct db *db, const struct queue_wish *w, bool is_dry, bool *ret_is_new,
                        struct err *e)
{
    char uuid[CLOCK_UUID_LEN + 1];
    clock_uuid(db_clock(db), uuid);
    struct stmt *s = db_stmt(
        db, "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, is_dry, "
            "asked_pid, asked_uid, correlation_id, created_at) "
            "SELECT j.user_id, j.id, $2, $3, 'queued', $4, $5, $6, $7, $8, $9, $10 "
            "FROM job_configurations j WHERE j.id = $1 "
            "ON CONFLICT (job_id, slot_at, run_trigger) DO NOTHING");
    bind_asked(s, w, is_dry, uuid, db_now_ms(db));
    int r = stmt_run(s, e);
    if (r < 0) {
        return r;
    }
    *ret_is_new = db_changes(db) == 1;
    return hurry_waiting(db, w->job_id, e);
}

/* A signal asks for nothing new when one like it waits in line, and when it is the bell of a request: the
 * command that put the request there signals from the same process, and the request may have begun before the
 * signal is read. */
static int find_answer(struct db *db, const struct queue_wish *w, struct queue_answer *answer, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT id FROM job_runs WHERE state = 'queued' AND state <> 'done' AND "
                                 "run_trigger = 'signal' AND job_id = $1");
    stmt_int(s, 1, w->job_id);
    int r = stmt_find_int(s, &answer->run_id, e);
    if (r < 0 || answer->run_id != 0) {
        return r;
    }
    s = db_stmt(db,
                "SELECT id FROM job_runs WHERE job_id = $1 AND run_trigger = 'request' AND asked_pid = $2 "
                "AND asked_uid = $3 AND created_at >= $4 ORDER BY id DESC LIMIT 1");
    stmt_int(s, 1, w->job_id);
    stmt_int(s, 2, w->asker.pid);
    stmt_int(s, 3, w->asker.uid);
    stmt_time(s, 4, db_now_ms(db) - BELL_MS);
    r = stmt_find_int(s, &answer->run_id, e);
    answer->is_bell = answer->run_id != 0;
    return r;
}

int queue_wish(struct db *db, const struct queue_wish *wish, struct queue_answer *ret_answer, struct err *e)
{
    struct queue_answer answer = {0};
    int r = find_answer(db, wish, &answer, e);
    r = r < 0 ? r : find_holder(db, wish->job_id, &answer.holder_id, e);
    if (r == 0 && answer.run_id == 0) {
        r = insert_asked(db, wish, false, &answer.is_new, e);
        answer.run_id = answer.is_new ? db_last_id(db) : 0;
    }
    if (r == 0) {
        *ret_answer = answer;
    }
    return r;
}

static int check_job(struct db *db, int64_t job_id, struct err *e)
{
    struct job *jobs;
    size_t n;
    int r = agenda_job(db, job_id, &jobs, &n, e);
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
    } else if (jobs[0].needs_sign_in) {
        r = err_set(e, ERR_LOGIN, 0,
                    "job %lld (\"%s\") waits until its user has signed in again: admin-assistant login %lld",
                    (long long)jobs[0].id, jobs[0].name, (long long)jobs[0].user_id);
    }
    agenda_jobs_free(jobs, n);
    return r;
}

static int check_period(const struct queue_request *request, struct err *e)
{
    char from[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1];
    if (request->from_day < request->to_day) {
        return 0;
    }
    civil_format_date(request->from_day, from);
    civil_format_date(request->to_day - 1, last);
    return err_set(e, ERR_INVALID, 0, "the period from %s to %s ends before it begins", from, last);
}

/* One that was asked for before, is the same and has not begun. */
static int find_same(struct db *db, const struct queue_request *request, int64_t *ret_id, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT id FROM job_runs WHERE job_id = $1 AND state = 'queued' AND "
                                 "state <> 'done' AND run_trigger = 'request' AND from_date = $2 AND "
                                 "to_date = $3 AND is_dry = $4 ORDER BY id LIMIT 1");
    stmt_int(s, 1, request->job_id);
    stmt_date(s, 2, request->from_day);
    stmt_date(s, 3, request->to_day);
    stmt_int(s, 4, request->is_dry);
    return stmt_find_int(s, ret_id, e);
}

int queue_request(struct db *db, const struct queue_request *request, struct queue_answer *ret_answer,
                  struct err *e)
{
    struct queue_answer answer = {0};
    int r = check_job(db, request->job_id, e);
    r = r < 0 ? r : check_period(request, e);
    r = r < 0 ? r : find_same(db, request, &answer.run_id, e);
    r = r < 0 ? r : find_holder(db, request->job_id, &answer.holder_id, e);
    struct queue_wish wish = {
        .job_id = request->job_id,
        .at_ms = db_now_ms(db),
        .from_day = request->from_day,
        .to_day = request->to_day,
        .asker = {TRIGGER_REQUEST, request->pid, request->uid},
    };
    /* Two different requests of one millisecond are two requests. */
    for (; r == 0 && answer.run_id == 0; wish.at_ms++) {
        r = insert_asked(db, &wish, request->is_dry, &answer.is_new, e);
        answer.run_id = answer.is_new ? db_last_id(db) : 0;
    }
    if (r == 0) {
        *ret_answer = answer;
    }
    return r;
}

/* ---- after a sign-in ---- */

/* The next job of the user, behind after_id, whose archive is behind; id 0 for none. */
static int next_behind(struct db *db, int64_t user_id, int64_t after_id, struct queue_request *ret_request,
                       struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT j.id, j.archived_through, j.due_through, j.archive_window_days, "
            "(SELECT min(r.from_date) FROM job_runs r WHERE r.job_id = j.id AND r.run_trigger = 'schedule') "
            "FROM job_configurations j WHERE j.user_id = $1 AND j.id > $2 AND j.is_enabled = 1 AND "
            "j.job_type <> 'timesheet' AND "
            "j.paused_at IS NULL AND j.due_through IS NOT NULL AND "
            "(j.archived_through IS NULL OR j.archived_through < j.due_through) ORDER BY j.id LIMIT 1");
    stmt_int(s, 1, user_id);
    stmt_int(s, 2, after_id);
    int r = stmt_step(s, e);
    ret_request->job_id = 0;
    if (r <= 0) {
        return r;
    }
    int32_t owed_day = stmt_is_null(s, 1) ? stmt_col_date(s, 4) : stmt_col_date(s, 1);
    ret_request->job_id = stmt_col_int(s, 0);
    ret_request->to_day = stmt_col_date(s, 2);
    ret_request->from_day = ret_request->to_day - (int32_t)stmt_col_int(s, 3);
    if (owed_day != RUN_NO_DAY && owed_day < ret_request->from_day) {
        ret_request->from_day = owed_day;
    }
    stmt_reset(s);
    return 0;
}

static int catch_up_archives(struct db *db, int64_t user_id, struct queue_request request, int *n,
                             struct err *e)
{
    struct queue_answer answer;
    for (int64_t after_id = 0;; after_id = request.job_id) {
        int r = next_behind(db, user_id, after_id, &request, e);
        if (r < 0 || request.job_id == 0) {
            return r;
        }
        r = queue_request(db, &request, &answer, e);
        if (r < 0) {
            return r;
        }
        *n += answer.is_new;
    }
}

/* Each period of the user's timesheets that came due and has no run that ended well, or is still to run.  At
 * most max. */
static int missing_sheets(struct db *db, int64_t user_id, struct queue_request *requests, size_t max,
                          size_t *ret_n, struct err *e)
{
    size_t n = 0;
    int r;
    struct stmt *s = db_stmt(
        db,
        "SELECT j.id, r.from_date, r.to_date FROM job_configurations j JOIN job_runs r ON r.job_id = j.id "
        "WHERE j.user_id = $1 AND j.job_type = 'timesheet' AND j.is_enabled = 1 AND j.paused_at IS NULL AND "
        "r.run_trigger = 'schedule' AND (r.verdict = 'skipped' OR r.verdict = 'failed') AND "
        "(j.archived_through IS NULL OR r.to_date > j.archived_through) AND NOT EXISTS (SELECT 1 FROM "
        "job_runs o "
        "WHERE o.job_id = j.id AND o.from_date = r.from_date AND o.to_date = r.to_date AND o.is_dry = 0 AND "
        "(o.state <> 'done' OR o.outcome = 'success' OR o.outcome = 'partial')) "
        "GROUP BY j.id, r.from_date, r.to_date ORDER BY j.id, r.from_date LIMIT $2");
    stmt_int(s, 1, user_id);
    stmt_int(s, 2, (int64_t)max);
    while ((r = stmt_step(s, e)) > 0) {
        requests[n].job_id = stmt_col_int(s, 0);
        requests[n].from_day = stmt_col_date(s, 1);
        requests[n++].to_day = stmt_col_date(s, 2);
    }
    *ret_n = n;
    return r;
}

static int catch_up_sheets(struct db *db, int64_t user_id, struct queue_request request, int *n,
                           struct err *e)
{
    struct queue_request requests[CATCH_UP_SHEETS];
    struct queue_answer answer;
    size_t n_requests;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        requests[i] = request;
    }
    int r = missing_sheets(db, user_id, requests, ARRAY_LEN(requests), &n_requests, e);
    for (size_t i = 0; r == 0 && i < n_requests; i++) {
        r = queue_request(db, &requests[i], &answer, e);
        *n += r == 0 && answer.is_new;
    }
    return r;
}

int queue_catch_up(struct db *db, int64_t user_id, int64_t pid, int64_t uid, int *ret_n, struct err *e)
{
    struct queue_request request = {.pid = pid, .uid = uid};
    int n = 0;
    int r = catch_up_archives(db, user_id, request, &n, e);
    r = r < 0 ? r : catch_up_sheets(db, user_id, request, &n, e);
    if (r == 0) {
        *ret_n = n;
    }
    return r;
}
