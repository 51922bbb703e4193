#include "storage/take_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/agenda_store.h"
#include "storage/audit_store.h"
#include "storage/run_store.h"

#define REQUEST_DATA_MAX 16384

static bool is_live(const struct taker *taker, int64_t instance_id)
{
    for (size_t i = 0; i < taker->n_live; i++) {
        if (taker->live[i] == instance_id) {
            return true;
        }
    }
    return instance_id == taker->instance_id;
}

/* The next run that a dead instance left, behind run `after`. */
static int next_left(struct db *db, const struct taker *taker, int64_t after, int64_t *ret_id, struct err *e)
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
    "AND NOT EXISTS (SELECT 1 FROM job_runs o WHERE o.job_id = r.job_id AND o.state = 'running' AND "        \
    "o.state <> 'done') "                                                                                    \
    "AND NOT EXISTS (SELECT 1 FROM job_runs w WHERE w.job_id = r.job_id AND w.state = 'waiting' AND "        \
    "w.state <> 'done' AND w.id < r.id) "                                                                    \
    "AND EXISTS (SELECT 1 FROM job_configurations j JOIN users u ON u.id = j.user_id WHERE j.id = r.job_id " \
    "AND j.is_enabled = 1 AND j.paused_at IS NULL AND u.ms_auth_state <> 'reauth_needed') "

/* The first run that is ready, 0 for none.  A run that was taken is not found again, so asking again gives
 * the next. */
static int next_ready(struct db *db, int64_t now_ms, bool may_catch_up, int64_t *ret_id, struct err *e)
{
    /* Each is a walk along the index, so that nothing is sorted: between attempts, in line, and in line with
     * a time to wait for. */
    static const char *const walks[] = {
        "SELECT r.id FROM job_runs r WHERE r.state = 'waiting' AND r.state <> 'done' AND r.not_before <= $1 "
        "AND (r.is_catch_up = 0 OR $2 = 1) " RUN_MAY_GO "ORDER BY r.not_before, r.id LIMIT 1",
        "SELECT r.id FROM job_runs r WHERE r.state = 'queued' AND r.state <> 'done' AND r.not_before IS NULL "
        "AND $1 IS NOT NULL AND (r.is_catch_up = 0 OR $2 = 1) " RUN_MAY_GO "ORDER BY r.id LIMIT 1",
        "SELECT r.id FROM job_runs r WHERE r.state = 'queued' AND r.state <> 'done' AND r.not_before <= $1 "
        "AND (r.is_catch_up = 0 OR $2 = 1) " RUN_MAY_GO "ORDER BY r.not_before, r.id LIMIT 1",
    };
    int r = 0;
    *ret_id = 0;
    for (size_t i = 0; i < ARRAY_LEN(walks) && r == 0 && *ret_id == 0; i++) {
        struct stmt *s = db_stmt(db, walks[i]);
        stmt_time(s, 1, now_ms);
        stmt_int(s, 2, may_catch_up);
        r = stmt_find_int(s, ret_id, e);
    }
    return r;
}

static int count_catching_up(struct db *db, size_t *ret_n, struct err *e)
{
    int64_t n;
    int r = stmt_get_int(db_stmt(db, "SELECT count(*) FROM job_runs WHERE state = 'running' AND "
                                     "state <> 'done' AND is_catch_up = 1"),
                         &n, e);
    if (r == 0) {
        *ret_n = (size_t)n;
    }
    return r;
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
static int claim(struct db *db, int64_t run_id, int64_t instance_id, bool was_left, struct taken_runs *taken,
                 struct err *e)
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

static int take_left(struct db *db, size_t max, const struct taker *taker, struct taken_runs *taken,
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

static int take_ready(struct db *db, int64_t now_ms, size_t max, const struct taker *taker,
                      struct taken_runs *taken, struct err *e)
{
    size_t n_catch_up;
    int r = count_catching_up(db, &n_catch_up, e);
    while (r == 0) {
        int64_t id;
        r = next_ready(db, now_ms, n_catch_up < taker->max_catch_up, &id, e);
        if (r < 0 || id == 0) {
            return r;
        }
        if (taken->n == max) {
            taken->has_more = true;
            return 0;
        }
        r = claim(db, id, taker->instance_id, false, taken, e);
        n_catch_up += r == 0 && taken->runs[taken->n - 1].is_catch_up;
    }
    return r;
}

/* The earlier of *wake_ms and the time that the statement finds, if it finds one. */
static int earlier(struct stmt *s, int64_t *wake_ms, struct err *e)
{
    int r = stmt_step(s, e);
    if (r > 0 && !stmt_is_null(s, 0) && strcmp(stmt_col_text(s, 0), AGENDA_NEVER_TEXT) != 0) {
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
    int r = earlier(db_stmt(db, "SELECT next_run_at FROM job_configurations WHERE is_enabled = 1 AND "
                                "next_run_at IS NOT NULL ORDER BY next_run_at LIMIT 1"),
                    &wake_ms, e);
    static const char *const waits[] = {
        "SELECT not_before FROM job_runs WHERE state = 'waiting' AND state <> 'done' AND not_before > $1 "
        "ORDER BY not_before LIMIT 1",
        "SELECT not_before FROM job_runs WHERE state = 'queued' AND state <> 'done' AND not_before > $1 "
        "ORDER BY not_before LIMIT 1",
    };
    for (size_t i = 0; i < ARRAY_LEN(waits) && r == 0; i++) {
        struct stmt *s = db_stmt(db, waits[i]);
        stmt_time(s, 1, now_ms);
        r = earlier(s, &wake_ms, e);
    }
    if (r == 0) {
        *ret_ms = wake_ms;
    }
    return r;
}

int take_runs(struct db *db, int64_t now_ms, size_t max, const struct taker *taker,
              struct taken_runs *ret_taken, struct err *e)
{
    struct taken_runs taken = {.runs = mem_calloc(max + 1, sizeof(struct run))};
    int r = take_left(db, max, taker, &taken, e);
    r = r < 0 || taken.has_more ? r : take_ready(db, now_ms, max, taker, &taken, e);
    r = r < 0 ? r : find_wake(db, now_ms, &taken.next_wake_ms, e);
    r = r < 0 || taken.n == 0 ? r : agenda_note_clock(db, db_now_ms(db), e);
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
