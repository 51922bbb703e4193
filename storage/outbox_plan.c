#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "storage/audit_store.h"
#include "storage/outbox_private.h"
#include "storage/outbox_store.h"
#include "storage/unit.h"

/* ---- settling ---- */

static int set_uploaded(struct db *db, int64_t timesheet_id, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "UPDATE timesheets SET updated_at = $2, "
        "uploaded_to_onedrive = CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE timesheet_id = $1 AND kind = "
        "'onedrive') AND NOT EXISTS (SELECT 1 FROM outbox WHERE timesheet_id = $1 AND kind = 'onedrive' "
        "AND state <> 'done') THEN 1 ELSE 0 END, "
        "uploaded_to_xero = CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE timesheet_id = $1 AND kind = "
        "'xero') AND NOT EXISTS (SELECT 1 FROM outbox WHERE timesheet_id = $1 AND kind = 'xero' "
        "AND state <> 'done') THEN 1 ELSE 0 END WHERE id = $1");
    stmt_int(s, 1, timesheet_id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

struct tally {
    int64_t n_intended, n_done, n_failed, n_dropped, audit_id;
};

static int count_rows(struct db *db, int64_t timesheet_id, struct tally *ret_tally, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT state, count(*), max(audit_id) FROM outbox WHERE timesheet_id = $1 "
                                 "GROUP BY state");
    struct tally t = {0};
    int r;
    stmt_int(s, 1, timesheet_id);
    while ((r = stmt_step(s, e)) > 0) {
        const char *state = stmt_col_text(s, 0);
        int64_t *n = strcmp(state, "intended") == 0 ? &t.n_intended
                     : strcmp(state, "done") == 0   ? &t.n_done
                     : strcmp(state, "failed") == 0 ? &t.n_failed
                                                    : &t.n_dropped;
        *n = stmt_col_int(s, 1);
        t.audit_id = stmt_col_int(s, 2) > t.audit_id ? stmt_col_int(s, 2) : t.audit_id;
    }
    *ret_tally = t;
    return r;
}

static int close_parent(struct db *db, const struct tally *t, struct err *e)
{
    char details[160];
    snprintf(details, sizeof details, "{\"done\":%lld,\"failed\":%lld,\"dropped\":%lld}",
             (long long)t->n_done, (long long)t->n_failed, (long long)t->n_dropped);
    struct audit_entry closing = {
        .status = t->n_failed == 0 ? "success"
                  : t->n_done > 0  ? "partial"
                                   : "failure",
        .details_json = details,
        .duration_ms = -1,
    };
    int r = audit_close(db, t->audit_id, &closing, e);
    return r == ERR_EXISTS ? 0 : r;
}

int outbox_settle(struct db *db, int64_t timesheet_id, struct err *e)
{
    struct tally t = {0};
    int r = set_uploaded(db, timesheet_id, e);
    if (r == 0) {
        r = count_rows(db, timesheet_id, &t, e);
    }
    return r < 0 || t.n_intended > 0 || t.audit_id == 0 ? r : close_parent(db, &t, e);
}

/* ---- rows ---- */

int outbox_open_parent(struct db *db, struct outbox_planned *p, struct err *e)
{
    char id[24], correlation[CLOCK_UUID_LEN + 1];
    snprintf(id, sizeof id, "%lld", (long long)p->id);
    clock_uuid(db_clock(db), correlation);
    struct audit_entry entry = {.user_id = p->user_id,
                                .action_type = "upload",
                                .operation = "timesheet_upload",
                                .resource_type = "timesheet",
                                .resource_id = id,
                                .status = "started",
                                .duration_ms = -1,
                                .correlation_id = correlation};
    return audit_append(db, &entry, &p->audit_id, e);
}

/* Rows that there are already stay as they are. */
static int has_row(struct db *db, const struct outbox_planned *p, enum outbox_kind kind, const char *target,
                   int64_t *ret_has, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT count(*) FROM outbox WHERE timesheet_id = $1 AND kind = $2 AND target = $3");
    stmt_int(s, 1, p->id);
    stmt_text(s, 2, outbox_kind_name(kind));
    stmt_text(s, 3, target);
    return stmt_get_int(s, ret_has, e);
}

static int add_row(struct db *db, struct outbox_planned *p, enum outbox_kind kind, const char *target,
                   struct err *e)
{
    char key[CLOCK_UUID_LEN + 1];
    int64_t has = 0;
    int r = has_row(db, p, kind, target, &has, e);
    if (r < 0 || has) {
        return r;
    }
    r = p->audit_id == 0 ? outbox_open_parent(db, p, e) : 0;
    if (r < 0) {
        return r;
    }
    clock_uuid(db_clock(db), key);
    struct stmt *s = db_stmt(db, "INSERT INTO outbox (user_id, timesheet_id, kind, target, request_key, "
                                 "not_before, audit_id, created_at, updated_at) "
                                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $6)");
    stmt_int(s, 1, p->user_id);
    stmt_int(s, 2, p->id);
    stmt_text(s, 3, outbox_kind_name(kind));
    stmt_text(s, 4, target);
    stmt_text(s, 5, key);
    stmt_time(s, 6, db_now_ms(db));
    stmt_int(s, 7, p->audit_id);
    p->n++;
    return stmt_run(s, e);
}

static int is_made(struct db *db, int64_t id, enum sheet_format format, int64_t *ret_is, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT count(*) FROM timesheet_documents WHERE timesheet_id = $1 AND format = $2 "
                    "AND state = 'made'");
    stmt_int(s, 1, id);
    stmt_text(s, 2, sheet_format_name(format));
    return stmt_get_int(s, ret_is, e);
}

static int plan_onedrive(struct db *db, struct outbox_planned *p, unsigned formats, struct err *e)
{
    int r = 0;
    for (int f = 0; r == 0 && f < SHEET_FORMAT_COUNT; f++) {
        int64_t is = 0;
        enum sheet_format format = (enum sheet_format)f;
        if (!(formats & (1u << f))) {
            continue;
        }
        r = is_made(db, p->id, format, &is, e);
        if (r == 0 && is) {
            r = add_row(db, p, OUTBOX_ONEDRIVE, sheet_format_name(format), e);
        }
    }
    return r;
}

/* Who is billed, and in a revision who was and is no more: their invoice is to go. */
static int plan_xero(struct db *db, struct outbox_planned *p, struct err *e)
{
    /* Of each customer the latest row of the revisions before tells whether there is something to take back.
     * (The statement for the rows is another one, so this one can stay open.) */
    struct stmt *s = db_stmt(
        db, "WITH RECURSIVE chain (sheet, depth) AS (SELECT supersedes_id, 1 FROM timesheets WHERE id = $1 "
            "UNION ALL SELECT t.supersedes_id, depth + 1 FROM timesheets t JOIN chain ON t.id = chain.sheet "
            "WHERE depth < 1000), "
            "earlier AS (SELECT o.target, o.state, o.remote_id, chain.depth FROM chain JOIN outbox o "
            "ON o.timesheet_id = chain.sheet WHERE o.kind = 'xero'), "
            "billed AS (SELECT DISTINCT customer FROM timesheet_lines WHERE timesheet_id = $1 AND "
            "billed_hundredths > 0 AND billing_type = 'billable' AND customer <> '') "
            "SELECT customer FROM billed UNION SELECT target FROM earlier WHERE "
            "(state <> 'done' OR remote_id IS NOT NULL) "
            "AND NOT EXISTS (SELECT 1 FROM earlier later WHERE lower(later.target) = lower(earlier.target) "
            "AND later.depth < earlier.depth) "
            "AND lower(target) NOT IN (SELECT lower(customer) FROM billed) ORDER BY 1");
    int r;
    stmt_int(s, 1, p->id);
    while ((r = stmt_step(s, e)) > 0) {
        r = add_row(db, p, OUTBOX_XERO, stmt_col_text(s, 0), e);
        if (r < 0) {
            stmt_reset(s);
            return r;
        }
    }
    return r;
}

static int mark_planned(struct db *db, int64_t id, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE timesheets SET uploads_planned_at = $2 WHERE id = $1");
    stmt_int(s, 1, id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

int outbox_plan_sheet(struct db *db, struct outbox_planned *p, const struct outbox_targets *targets,
                      struct err *e)
{
    int r = plan_onedrive(db, p, targets->onedrive_formats, e);
    if (r == 0 && targets->has_xero) {
        r = plan_xero(db, p, e);
    }
    return r < 0 ? r : mark_planned(db, p->id, e);
}

/* 1 with a sheet, 0 where none is left.  What is not to be sent is not waited for. */
static int next_unplanned(struct db *db, const struct outbox_targets *targets,
                          struct outbox_planned *ret_planned, struct err *e)
{
    unsigned needed = targets->onedrive_formats | (targets->has_xero ? 1u << SHEET_PDF : 0);
    struct stmt *s = db_stmt(
        db,
        "SELECT id, user_id FROM timesheets t WHERE status = 'issued' AND "
        "uploads_planned_at IS NULL AND NOT EXISTS (SELECT 1 FROM timesheet_documents d WHERE "
        "d.timesheet_id = t.id AND d.state <> 'made' AND (d.format = 'csv' AND $1 = 1 OR d.format = 'xlsx' "
        "AND $2 = 1 OR d.format = 'pdf' AND $3 = 1 OR d.format = 'html' AND $4 = 1 OR d.format = 'json' "
        "AND $5 = 1)) ORDER BY id LIMIT 1");
    stmt_int(s, 1, needed >> SHEET_CSV & 1);
    stmt_int(s, 2, needed >> SHEET_XLSX & 1);
    stmt_int(s, 3, needed >> SHEET_PDF & 1);
    stmt_int(s, 4, needed >> SHEET_HTML & 1);
    stmt_int(s, 5, needed >> SHEET_JSON & 1);
    int r = stmt_step(s, e);
    if (r > 0) {
        *ret_planned = (struct outbox_planned){.id = stmt_col_int(s, 0), .user_id = stmt_col_int(s, 1)};
        stmt_reset(s);
    }
    return r;
}

/* The invoice of a superseded sheet that was not made yet is its successor's. */
static int drop_superseded(struct db *db, struct err *e)
{
    int r;
    for (;;) {
        int64_t id = 0;
        struct stmt *s =
            db_stmt(db, "SELECT o.timesheet_id FROM outbox o JOIN timesheets t ON t.id = o.timesheet_id "
                        "WHERE o.state = 'intended' AND o.kind = 'xero' AND t.status = 'superseded' "
                        "LIMIT 1");
        r = stmt_find_int(s, &id, e);
        if (r < 0 || id == 0) {
            return r;
        }
        s = db_stmt(db, "UPDATE outbox SET state = 'dropped', updated_at = $2 WHERE timesheet_id = $1 "
                        "AND kind = 'xero' AND state = 'intended'");
        stmt_int(s, 1, id);
        stmt_time(s, 2, db_now_ms(db));
        r = stmt_run(s, e);
        r = r < 0 ? r : outbox_settle(db, id, e);
        if (r < 0) {
            return r;
        }
    }
}

static int plan_all(struct db *db, const struct outbox_targets *targets, int64_t *ret_n, struct err *e)
{
    struct outbox_planned p = {0};
    int64_t n = 0;
    int r = drop_superseded(db, e);
    while (r == 0 && (r = next_unplanned(db, targets, &p, e)) > 0) {
        r = outbox_plan_sheet(db, &p, targets, e);
        n += p.n;
    }
    if (r == 0) {
        *ret_n = n;
    }
    return r;
}

int outbox_plan(struct db *db, const struct outbox_targets *targets, int64_t *ret_n, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, plan_all(db, targets, ret_n, e), e);
}
