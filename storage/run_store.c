#include "storage/run_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/audit_store.h"
#include "storage/stage_store.h"
#include "storage/stats_store.h"

#define COUNTS_MAX  2048 /* bytes of the counts as text */
#define DETAILS_MAX 65536

/* ---- loading ---- */

static void read_columns(struct stmt *s, struct run *run)
{
    run->id = stmt_col_int(s, 0);
    run->job_id = stmt_col_int(s, 1);
    run->user_id = stmt_col_int(s, 2);
    run->archive_configuration_id = stmt_col_int(s, 3);
    run->slot_ms = stmt_col_time(s, 7);
    run->attempt = (int)stmt_col_int(s, 8);
    run->is_dry = stmt_col_int(s, 9) != 0;
    snprintf(run->step, sizeof run->step, "%s", stmt_col_text(s, 10));
    run->cursor = stmt_col_dup(s, 11);
    run->from_day = stmt_col_date(s, 12);
    run->to_day = stmt_col_date(s, 13);
    snprintf(run->correlation_id, sizeof run->correlation_id, "%s", stmt_col_text(s, 14));
    run->parent_audit_id = stmt_col_int(s, 15);
    run->name = stmt_col_dup(s, 17);
    run->account = stmt_col_dup(s, 18);
    run->source_uri = stmt_col_dup(s, 19);
    run->destination_uri = stmt_col_dup(s, 20);
    run->zone = stmt_col_dup(s, 21);
    run->calendar_id = stmt_col_dup(s, 22);
    run->skip_cancelled = stmt_col_int(s, 23) != 0;
    run->keep_declined = stmt_col_int(s, 24) != 0;
    run->username = stmt_col_dup(s, 25);
    run->is_catch_up = stmt_col_int(s, 26) != 0;
    run->started_ms = stmt_col_time(s, 28);
    run->over_day = RUN_NO_DAY;
    run->ping_url = stmt_col_dup(s, 27);
    run->sheet_id = stmt_col_int(s, 29);
    snprintf(run->sheet_number, sizeof run->sheet_number, "%s", stmt_col_text(s, 30));
}

static int read_run(struct stmt *s, struct run *run, struct err *e)
{
    read_columns(s, run);
    if (job_type_from(stmt_col_text(s, 4), &run->type) < 0 ||
        run_trigger_from(stmt_col_text(s, 5), &run->trigger) < 0 ||
        run_state_from(stmt_col_text(s, 6), &run->state) < 0 ||
        run_counts_read(stmt_col_text(s, 16), &run->counts) < 0) {
        return err_set(e, ERR_DB_CORRUPT, 0, "run %lld: its row in job_runs can not be read",
                       (long long)run->id);
    }
    return 0;
}

int run_store_load(struct db *db, int64_t run_id, struct run *ret_run, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "SELECT r.id, r.job_id, r.user_id, j.archive_configuration_id, j.job_type, r.run_trigger, r.state, "
        "r.slot_at, r.attempt, r.is_dry, r.step, r.next_page, r.from_date, r.to_date, r.correlation_id, "
        "r.parent_audit_id, r.counts, c.name, u.email, c.source_calendar_uri, c.destination_calendar_uri, "
        "c.timezone, r.calendar_id, c.skip_cancelled, c.keep_declined, u.username, r.is_catch_up, "
        "j.ping_url, "
        "r.started_at, r.timesheet_id, coalesce(t.number, '') "
        "FROM job_runs r JOIN job_configurations j ON j.id = r.job_id "
        "JOIN archive_configurations c ON c.id = j.archive_configuration_id JOIN users u ON u.id = r.user_id "
        "LEFT JOIN timesheets t ON t.id = r.timesheet_id WHERE r.id = $1");
    struct run run = {0};
    stmt_int(s, 1, run_id);
    int r = stmt_step(s, e);
    if (r == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "there is no run %lld", (long long)run_id);
    }
    if (r > 0) {
        r = read_run(s, &run, e);
        stmt_reset(s);
    }
    if (r < 0) {
        run_finish(&run);
        return r;
    }
    *ret_run = run;
    return 0;
}

/* ---- ownership ---- */

static int lost(int64_t run_id, int64_t instance_id, struct err *e)
{
    return err_set(e, ERR_CANCELLED, 0, "run %lld is not, or no longer, run by instance %lld",
                   (long long)run_id, (long long)instance_id);
}

int run_store_check_owner(struct db *db, int64_t run_id, int64_t instance_id, struct err *e)
{
    int64_t n;
    struct stmt *s =
        db_stmt(db, "SELECT count(*) FROM job_runs WHERE id = $1 AND state = 'running' AND instance_id = $2");
    stmt_int(s, 1, run_id);
    stmt_int(s, 2, instance_id);
    int r = stmt_get_int(s, &n, e);
    if (r < 0) {
        return r;
    }
    return n == 1 ? 0 : lost(run_id, instance_id, e);
}

/* For the updates below, whose WHERE names the owner. */
static int run_owned(struct db *db, struct stmt *s, const struct run *run, int64_t instance_id, struct err *e)
{
    int r = stmt_run(s, e);
    if (r < 0) {
        return r;
    }
    return db_changes(db) == 1 ? 0 : lost(run->id, instance_id, e);
}

int run_store_save(struct db *db, const struct run *run, int64_t instance_id, const char *cursor,
                   const struct run_counts *counts, struct err *e)
{
    CLEANUP(buf_finish) struct buf text = {.max = COUNTS_MAX};
    int r = run_counts_write(counts, &text);
    if (r < 0) {
        return err_set(e, r, 0, "the counts of run %lld", (long long)run->id);
    }
    struct stmt *s = db_stmt(db, "UPDATE job_runs SET step = $3, next_page = $4, counts = $5, attempt = $6, "
                                 "calendar_id = $7 WHERE id = $1 AND state = 'running' AND instance_id = $2");
    stmt_int(s, 1, run->id);
    stmt_int(s, 2, instance_id);
    stmt_text(s, 3, run->step);
    stmt_text(s, 4, cursor);
    stmt_text(s, 5, buf_str(&text));
    stmt_int(s, 6, run->attempt);
    stmt_text(s, 7, run->calendar_id);
    return run_owned(db, s, run, instance_id, e);
}

int run_store_set_sheet(struct db *db, const struct run *run, int64_t instance_id, int64_t sheet_id,
                        struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_runs SET timesheet_id = $3 WHERE id = $1 AND state = 'running' AND "
                    "instance_id = $2");
    stmt_int(s, 1, run->id);
    stmt_int(s, 2, instance_id);
    stmt_int(s, 3, sheet_id);
    return run_owned(db, s, run, instance_id, e);
}

/* ---- audit ---- */

static const char *action_type(const struct run *run)
{
    return run->type == JOB_TIMESHEET ? "timesheet" : "archive";
}

int run_store_audit(struct db *db, const struct run *run, const char *operation, const char *status,
                    const char *message, const char *details_json, struct err *e)
{
    struct audit_entry entry = {
        .user_id = run->user_id,
        .action_type = action_type(run),
        .operation = operation,
        .resource_type = "calendar",
        .resource_id = run->source_uri,
        .status = status,
        .message = message,
        .details_json = details_json,
        .duration_ms = -1,
        .correlation_id = run->correlation_id,
        .parent_audit_id = run->parent_audit_id,
    };
    return audit_append(db, &entry, NULL, e);
}

static int append_child(struct db *db, const struct run *run, const struct audit_entry *child, struct err *e)
{
    struct audit_entry entry = *child;
    entry.user_id = entry.user_id ? entry.user_id : run->user_id;
    entry.correlation_id = entry.correlation_id ? entry.correlation_id : run->correlation_id;
    entry.parent_audit_id = entry.parent_audit_id ? entry.parent_audit_id : run->parent_audit_id;
    return audit_append(db, &entry, NULL, e);
}

int run_store_advance(struct db *db, const struct run *run, int64_t instance_id,
                      const struct audit_entry *child, struct err *e)
{
    int r = run_store_save(db, run, instance_id, run->cursor, &run->counts, e);
    if (r < 0 || !child) {
        return r;
    }
    return append_child(db, run, child, e);
}

/* ---- waiting ---- */

static int audit_failed_attempt(struct db *db, const struct run *run, const struct err *why, struct err *e)
{
    CLEANUP_FREE char *message =
        mem_printf("%s in step %s: %s", err_text(why->code), run->step[0] ? run->step : "start", why->msg);
    return run_store_audit(db, run, "retry", "failure", message, NULL, e);
}

int run_store_suspend(struct db *db, const struct run *run, int64_t instance_id, int64_t not_before_ms,
                      const struct err *why, struct err *e)
{
    int r = run_store_save(db, run, instance_id, run->cursor, &run->counts, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s =
        db_stmt(db, "UPDATE job_runs SET state = 'waiting', instance_id = NULL, not_before = $3, "
                    "error_code = $4, error_message = $5 "
                    "WHERE id = $1 AND state = 'running' AND instance_id = $2");
    stmt_int(s, 1, run->id);
    stmt_int(s, 2, instance_id);
    stmt_time(s, 3, not_before_ms);
    stmt_text(s, 4, why ? err_name(why->code) : NULL);
    stmt_text(s, 5, why ? why->msg : NULL);
    r = run_owned(db, s, run, instance_id, e);
    if (r < 0 || !why) {
        return r;
    }
    return audit_failed_attempt(db, run, why, e);
}

/* ---- closing ---- */

/* A timesheet's run is about its own days only.  The mark goes as far as runs that ended well follow one
 * another without a gap, whatever order they came in, from where it stood or from the first slot's days on.
 */
static int move_sheet_mark(struct db *db, const struct run *run, struct err *e)
{
    int64_t moved = 1;
    while (moved > 0) {
        struct stmt *s = db_stmt(
            db,
            "UPDATE job_configurations SET archived_through = m.to_date FROM (SELECT max(r.to_date) AS "
            "to_date FROM "
            "job_runs r, job_configurations j WHERE j.id = $1 AND r.job_id = j.id AND r.state = 'done' AND "
            "r.is_dry = 0 AND (r.outcome = 'success' OR r.outcome = 'partial') AND r.from_date <= "
            "coalesce(j.archived_through, (SELECT min(f.from_date) FROM job_runs f WHERE f.job_id = j.id AND "
            "f.run_trigger = 'schedule'))) m WHERE job_configurations.id = $1 AND m.to_date IS NOT NULL AND "
            "(archived_through IS NULL OR archived_through < m.to_date)");
        stmt_int(s, 1, run->job_id);
        int r = stmt_run(s, e);
        if (r < 0) {
            return r;
        }
        moved = db_changes(db);
    }
    return 0;
}

/* Nothing moves where the days are no longer those of the zone that the run read them in. */
static int move_archive_mark(struct db *db, const struct run *run, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_configurations SET archived_through = $3 WHERE id = $1 AND "
                    "$2 < $3 AND (archived_through >= $2 AND archived_through < $3 OR "
                    "archived_through IS NULL AND ($4 <> 'request' OR $2 <= (SELECT min(r.from_date) "
                    "FROM job_runs r WHERE r.job_id = job_configurations.id AND "
                    "r.run_trigger = 'schedule'))) AND EXISTS (SELECT 1 FROM "
                    "archive_configurations c WHERE c.id = archive_configuration_id AND "
                    "c.timezone = $5)");
    bool is_over = run->over_day == RUN_NO_DAY || run->to_day <= run->over_day;
    stmt_int(s, 1, run->job_id);
    stmt_date(s, 2, run->from_day);
    stmt_date(s, 3, is_over ? run->to_day : run->over_day);
    stmt_text(s, 4, run_trigger_name(run->trigger));
    stmt_text(s, 5, run->zone);
    return stmt_run(s, e);
}

/* "{"counts":{…}" and then the members that details had. */
static int closing_details(const struct run_counts *counts, const char *details, struct buf *text)
{
    const char *rest = details && details[0] == '{' ? details + 1 + strspn(details + 1, " \t\r\n") : "}";
    int r = buf_add_str(text, "{\"counts\":");
    r = r < 0 ? r : run_counts_write(counts, text);
    r = r < 0 || *rest == '}' ? r : buf_add_str(text, ",");
    return r < 0 ? r : buf_add_str(text, rest);
}

/* The caller's; without one since the run first began, on the wall clock: it may have waited in between.  -1:
 * it never began. */
static int find_duration(struct db *db, int64_t run_id, const struct audit_entry *closing, int64_t *ret_ms,
                         struct err *e)
{
    if (closing && closing->duration_ms >= 0) {
        *ret_ms = closing->duration_ms;
        return 0;
    }
    struct stmt *s = db_stmt(db, "SELECT started_at FROM job_runs WHERE id = $1");
    stmt_int(s, 1, run_id);
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    int64_t started_ms = r > 0 ? stmt_col_time(s, 0) : INT64_MIN;
    int64_t ms = started_ms == INT64_MIN ? -1 : db_now_ms(db) - started_ms;
    stmt_reset(s);
    *ret_ms = ms;
    return 0;
}

static int close_parent(struct db *db, const struct run *run, enum run_outcome outcome, const struct err *why,
                        const struct audit_entry *closing, int64_t duration_ms, struct err *e)
{
    CLEANUP(buf_finish) struct buf details = {.max = DETAILS_MAX};
    struct audit_entry entry = closing ? *closing : (struct audit_entry){0};
    int r = closing_details(&run->counts, entry.details_json, &details);
    if (r < 0) {
        return err_set(e, r, 0, "the closing details of run %lld", (long long)run->id);
    }
    entry.details_json = buf_str(&details);
    entry.status = entry.status ? entry.status : run_outcome_name(outcome);
    entry.message = entry.message ? entry.message : why ? why->msg : NULL;
    entry.duration_ms = duration_ms;
    return audit_close(db, run->parent_audit_id, &entry, e);
}

/* A dry run leaves nothing: what it was the first to see in quarantine goes again. */
static int forget_dry_quarantine(struct db *db, int64_t run_id, int64_t configuration_id, struct err *e)
{
    struct stmt *s = db_stmt(db, "DELETE FROM quarantined_events WHERE archive_configuration_id = $2 AND "
                                 "run_id = $1 AND last_run_id = $1");
    stmt_int(s, 1, run_id);
    stmt_int(s, 2, configuration_id);
    return stmt_run(s, e);
}

static enum slot_verdict verdict_of(const struct run *run, enum run_outcome outcome)
{
    return outcome == OUTCOME_FAILURE ? SLOT_FAILED : run->is_catch_up ? SLOT_LATE : SLOT_RAN;
}

static int mark_done(struct db *db, const struct run *run, int64_t instance_id, enum run_outcome outcome,
                     const struct err *why, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE job_runs SET state = 'done', outcome = $3, error_code = $4, "
                                 "error_message = $5, finished_at = $6, not_before = NULL, verdict = $7 "
                                 "WHERE id = $1 AND state = 'running' AND instance_id = $2");
    stmt_int(s, 1, run->id);
    stmt_int(s, 2, instance_id);
    stmt_text(s, 3, run_outcome_name(outcome));
    stmt_text(s, 4, why ? err_name(why->code) : NULL);
    stmt_text(s, 5, why ? why->msg : NULL);
    stmt_time(s, 6, db_now_ms(db));
    stmt_text(s, 7, slot_verdict_name(verdict_of(run, outcome)));
    return run_owned(db, s, run, instance_id, e);
}

int run_store_close(struct db *db, const struct run *run, int64_t instance_id, enum run_outcome outcome,
                    const struct err *why, const struct audit_entry *closing, struct err *e)
{
    int64_t duration_ms = -1;
    int r = run_store_save(db, run, instance_id, NULL, &run->counts, e);
    r = r < 0 ? r : mark_done(db, run, instance_id, outcome, why, e);
    r = r < 0 ? r : stage_store_clear(db, run->id, e);
    if (r == 0 && run->is_dry) {
        r = forget_dry_quarantine(db, run->id, run->archive_configuration_id, e);
    } else if (r == 0 && (outcome == OUTCOME_SUCCESS || outcome == OUTCOME_PARTIAL)) {
        r = run->type == JOB_TIMESHEET ? move_sheet_mark(db, run, e) : move_archive_mark(db, run, e);
    }
    r = r < 0 ? r : find_duration(db, run->id, closing, &duration_ms, e);
    r = r < 0 ? r : stats_run_closed(db, run, outcome, duration_ms, e);
    if (r < 0 || run->parent_audit_id == 0) {
        return r;
    }
    return close_parent(db, run, outcome, why, closing, duration_ms, e);
}
