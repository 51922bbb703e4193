/* Uploads that a person asks for again. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "storage/outbox_private.h"
#include "storage/unit.h"

/* A sheet's uploads have one parent entry at a time: the one that is still open, or a new one. */
static int load_sheet(struct db *db, int64_t id, struct outbox_planned *ret_p, struct outbox_asked *ret_asked,
                      struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT t.user_id, t.status, t.number, t.revision, t.uploads_planned_at, (SELECT max(o.audit_id) "
            "FROM outbox o "
            "JOIN audit_log a ON a.id = o.audit_id WHERE o.timesheet_id = t.id AND a.status = 'started') "
            "FROM timesheets t WHERE t.id = $1");
    stmt_int(s, 1, id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r
                     : err_set(e, ERR_NOT_FOUND, 0, "there is no timesheet with the id %lld", (long long)id);
    }
    if (strcmp(stmt_col_text(s, 1), "issued") != 0) {
        r = err_set(e, ERR_INVALID, 0,
                    "a later revision has taken the place of this one: ask for the upload of %s",
                    stmt_is_null(s, 2) ? "that" : stmt_col_text(s, 2));
    } else {
        *ret_p =
            (struct outbox_planned){.id = id, .user_id = stmt_col_int(s, 0), .audit_id = stmt_col_int(s, 5)};
        snprintf(ret_asked->number, sizeof ret_asked->number, "%s",
                 stmt_is_null(s, 2) ? "" : stmt_col_text(s, 2));
        ret_asked->revision = (int32_t)stmt_col_int(s, 3);
        ret_asked->is_planned = !stmt_is_null(s, 4);
        r = 0;
    }
    stmt_reset(s);
    return r;
}

/* ---- what failed for good ---- */

/* 1 with a row, 0 where none is left. */
static int next_failed(struct db *db, int64_t timesheet_id, int64_t *ret_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT id FROM outbox WHERE timesheet_id = $1 AND state = 'failed' ORDER BY id LIMIT 1");
    int64_t id = 0;
    stmt_int(s, 1, timesheet_id);
    int r = stmt_find_int(s, &id, e);
    *ret_id = id;
    return r < 0 ? r : id != 0;
}

/* The key is new: under the old one the remote side may give its old answer.  What is there already is looked
 * for before anything is sent, as after a crash. */
static int intend_again(struct db *db, const struct outbox_planned *p, int64_t id, struct err *e)
{
    char key[CLOCK_UUID_LEN + 1];
    struct stmt *s = db_stmt(
        db, "UPDATE outbox SET state = 'intended', request_key = $2, payload = NULL, attempts = 0, "
            "is_for_human = 0, not_before = $3, error_code = NULL, error_message = NULL, audit_id = $4, "
            "updated_at = $3 WHERE id = $1");
    clock_uuid(db_clock(db), key);
    stmt_int(s, 1, id);
    stmt_text(s, 2, key);
    stmt_time(s, 3, db_now_ms(db));
    stmt_int(s, 4, p->audit_id);
    return stmt_run(s, e);
}

static int retry_failed(struct db *db, struct outbox_planned *p, int64_t *ret_n, struct err *e)
{
    int64_t id, n = 0;
    int r;
    while ((r = next_failed(db, p->id, &id, e)) > 0) {
        r = p->audit_id == 0 ? outbox_open_parent(db, p, e) : 0;
        r = r < 0 ? r : intend_again(db, p, id, e);
        if (r < 0) {
            return r;
        }
        n++;
    }
    *ret_n = n;
    return r;
}

/* ---- what waits ---- */

static int hurry(struct db *db, int64_t timesheet_id, int64_t *ret_n, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE outbox SET not_before = $2 WHERE timesheet_id = $1 AND "
                                 "state = 'intended' AND not_before > $2");
    stmt_int(s, 1, timesheet_id);
    stmt_time(s, 2, db_now_ms(db));
    int r = stmt_run(s, e);
    *ret_n = db_changes(db);
    return r;
}

static int count_done(struct db *db, int64_t timesheet_id, int64_t *ret_n, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT count(*) FROM outbox WHERE timesheet_id = $1 AND state = 'done'");
    stmt_int(s, 1, timesheet_id);
    return stmt_get_int(s, ret_n, e);
}

static int ask_again(struct db *db, int64_t id, const struct outbox_targets *targets,
                     struct outbox_asked *ret_asked, struct err *e)
{
    struct outbox_planned p = {0};
    struct outbox_asked asked = {0};
    int r = load_sheet(db, id, &p, &asked, e);
    r = r < 0 ? r : hurry(db, id, &asked.n_hurried, e);
    r = r < 0 ? r : retry_failed(db, &p, &asked.n_again, e);
    if (r == 0 && asked.is_planned) {
        r = outbox_plan_sheet(db, &p, targets, e);
    }
    r = r < 0 ? r : count_done(db, id, &asked.n_done, e);
    r = r < 0 ? r : outbox_settle(db, id, e); /* with a new row it is not uploaded any more */
    asked.n_new = p.n;
    if (r == 0) {
        *ret_asked = asked;
    }
    return r;
}

int outbox_again(struct db *db, int64_t timesheet_id, const struct outbox_targets *targets,
                 struct outbox_asked *ret_asked, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, ask_again(db, timesheet_id, targets, ret_asked, e), e);
}
