#include "storage/outbox_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/audit_store.h"
#include "storage/outbox_private.h"
#include "storage/unit.h"

#define DETAILS_MAX ((size_t)4096)

const char *outbox_kind_name(enum outbox_kind kind)
{
    switch (kind) {
    case OUTBOX_ONEDRIVE: return "onedrive";
    case OUTBOX_XERO: return "xero";
    }
    return "";
}

void outbox_item_destroy(struct outbox_item *item)
{
    if (item) {
        for (size_t i = 0; i < item->n_days; i++) {
            free(item->days[i].text);
        }
        free(item->days);
        free(item->key);
        free(item->payload);
        free(item->email);
        free(item->path);
        free(item->customer);
        free(item->earlier_id);
        free(item);
    }
}

/* ---- the next one ---- */

static bool is_busy(const struct outbox_scope *scope, int64_t user_id)
{
    for (size_t i = 0; i < scope->n_busy; i++) {
        if (scope->busy_users[i] == user_id) {
            return true;
        }
    }
    return false;
}

/* The first along the index that nobody's turn stands in the way of.  1 with a row, of which it leaves the
 * id; 0 without. */
static int find_due(struct db *db, int64_t now_ms, const struct outbox_scope *scope, int64_t *ret_id,
                    int64_t *ret_due_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT id, user_id, not_before FROM outbox WHERE state = 'intended' "
                                 "AND (kind = 'onedrive' AND $1 = 1 OR kind = 'xero' AND $2 = 1) "
                                 "ORDER BY not_before, id");
    int r;
    stmt_int(s, 1, scope->has_onedrive);
    stmt_int(s, 2, scope->has_xero);
    *ret_due_ms = INT64_MAX;
    while ((r = stmt_step(s, e)) > 0) {
        int64_t due_ms = stmt_col_time(s, 2);
        bool is_turn = !is_busy(scope, stmt_col_int(s, 1));
        if (is_turn || due_ms > now_ms) {
            *ret_id = stmt_col_int(s, 0);
            *ret_due_ms = due_ms;
            r = is_turn && due_ms <= now_ms;
            break;
        }
    }
    stmt_reset(s);
    return r;
}

static int load_row(struct db *db, int64_t id, struct outbox_item *item, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT o.user_id, o.timesheet_id, o.kind, o.target, o.request_key, o.payload, o.attempts, "
            "o.is_for_human, u.email, t.number, t.revision, t.end_date FROM outbox o "
            "JOIN users u ON u.id = o.user_id JOIN timesheets t ON t.id = o.timesheet_id WHERE o.id = $1");
    stmt_int(s, 1, id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r : err_set(e, ERR_NOT_FOUND, 0, "upload %lld is gone", (long long)id);
    }
    item->id = id;
    item->user_id = stmt_col_int(s, 0);
    item->timesheet_id = stmt_col_int(s, 1);
    item->kind = strcmp(stmt_col_text(s, 2), "xero") == 0 ? OUTBOX_XERO : OUTBOX_ONEDRIVE;
    item->customer = stmt_col_dup(s, 3);
    item->key = stmt_col_dup(s, 4);
    item->payload = stmt_col_dup(s, 5);
    item->attempts = stmt_col_int(s, 6);
    item->was_for_human = stmt_col_int(s, 7) != 0;
    item->email = stmt_col_dup(s, 8);
    snprintf(item->number, sizeof item->number, "%s", stmt_is_null(s, 9) ? "" : stmt_col_text(s, 9));
    item->revision = (int32_t)stmt_col_int(s, 10);
    item->last_day = stmt_col_date(s, 11);
    stmt_reset(s);
    return 0;
}

/* A document that is not there (any more) leaves path NULL. */
static int load_document(struct db *db, struct outbox_item *item, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT path, file_hash FROM timesheet_documents WHERE timesheet_id = $1 AND "
                    "format = $2 AND state = 'made'");
    stmt_int(s, 1, item->timesheet_id);
    stmt_text(s, 2, sheet_format_name(item->format));
    int r = stmt_step(s, e);
    if (r > 0) {
        size_t len;
        const void *hash = stmt_col_blob(s, 1, &len);
        if (hash && len == sizeof item->file_hash && !stmt_is_null(s, 0)) {
            memcpy(item->file_hash, hash, len);
            item->path = stmt_col_dup(s, 0);
        }
        stmt_reset(s);
    }
    return r < 0 ? r : 0;
}

static int load_earlier(struct db *db, struct outbox_item *item, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "WITH RECURSIVE chain (sheet, depth) AS (SELECT supersedes_id, 1 FROM timesheets WHERE id = $1 "
        "UNION ALL SELECT t.supersedes_id, depth + 1 FROM timesheets t JOIN chain ON t.id = chain.sheet "
        "WHERE depth < 1000) "
        "SELECT o.remote_id FROM chain JOIN outbox o ON o.timesheet_id = chain.sheet WHERE o.kind = 'xero' "
        "AND lower(o.target) = lower($2) AND o.remote_id IS NOT NULL ORDER BY depth LIMIT 1");
    stmt_int(s, 1, item->timesheet_id);
    stmt_text(s, 2, item->customer);
    int r = stmt_step(s, e);
    if (r > 0) {
        item->earlier_id = stmt_col_dup(s, 0);
        stmt_reset(s);
    }
    return r < 0 ? r : 0;
}

/* Whether "a; b; c" has the text between its separators. */
static bool is_listed(const char *list, const char *text)
{
    size_t len = strlen(text);
    for (const char *at = list; (at = strstr(at, text)) != NULL; at++) {
        bool begins = at == list || (at - list >= 2 && strncmp(at - 2, "; ", 2) == 0);
        if (begins && (at[len] == '\0' || strncmp(at + len, "; ", 2) == 0)) {
            return true;
        }
    }
    return false;
}

/* Once each, as long as there is room; cut between characters. */
static void add_text(struct outbox_day *day, const char *subject)
{
    size_t used = strlen(day->text), len = strlen(subject);
    const char *before = used ? "; " : "";
    if (len == 0 || used + 2 >= OUTBOX_TEXT_MAX || is_listed(day->text, subject)) {
        return;
    }
    size_t room = OUTBOX_TEXT_MAX - used - 2;
    if (len > room) {
        for (len = room; len > 0 && ((unsigned char)subject[len] & 0xc0) == 0x80; len--) {
        }
    }
    char *text = mem_printf("%s%s%.*s", day->text, before, (int)len, subject);
    free(day->text);
    day->text = text;
}

static struct outbox_day *day_of(struct outbox_item *item, int32_t day)
{
    for (size_t i = item->n_days; i > 0; i--) {
        if (item->days[i - 1].day == day) {
            return &item->days[i - 1];
        }
    }
    item->days = mem_realloc(item->days, item->n_days + 1, sizeof *item->days);
    item->days[item->n_days] = (struct outbox_day){.day = day, .text = mem_strdup("")};
    return &item->days[item->n_days++];
}

static int load_days(struct db *db, struct outbox_item *item, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT day, billed_hundredths, subject FROM timesheet_lines WHERE timesheet_id = $1 "
                    "AND customer = $2 AND billing_type = 'billable' AND billed_hundredths > 0 "
                    "ORDER BY line_no");
    int r;
    stmt_int(s, 1, item->timesheet_id);
    stmt_text(s, 2, item->customer);
    while ((r = stmt_step(s, e)) > 0) {
        struct outbox_day *day = day_of(item, stmt_col_date(s, 0));
        day->hundredths += stmt_col_int(s, 1);
        add_text(day, stmt_col_text(s, 2));
    }
    return r;
}

static int load_item(struct db *db, int64_t id, struct outbox_item *item, struct err *e)
{
    int r = load_row(db, id, item, e);
    if (r < 0) {
        return r;
    }
    if (item->kind == OUTBOX_ONEDRIVE) {
        r = sheet_format_from(item->customer, &item->format);
        free(item->customer);
        item->customer = NULL;
        return r < 0 ? err_set(e, ERR_DB, 0, "upload %lld is of no known format", (long long)id)
                     : load_document(db, item, e);
    }
    item->format = SHEET_PDF;
    r = load_document(db, item, e);
    r = r < 0 ? r : load_earlier(db, item, e);
    return r < 0 ? r : load_days(db, item, e);
}

int outbox_next(struct db *db, int64_t now_ms, const struct outbox_scope *scope,
                struct outbox_item **ret_item, int64_t *ret_due_ms, struct err *e)
{
    int64_t id = 0;
    int r = find_due(db, now_ms, scope, &id, ret_due_ms, e);
    *ret_item = NULL;
    if (r <= 0) {
        return r;
    }
    struct outbox_item *item = mem_calloc(1, sizeof *item);
    r = load_item(db, id, item, e);
    if (r < 0) {
        outbox_item_destroy(item);
        return r;
    }
    *ret_item = item;
    return 0;
}

/* ---- what became of it ---- */

int outbox_keep_payload(struct db *db, int64_t id, const char *key, const char *payload, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE outbox SET request_key = $2, payload = $3, updated_at = $4 WHERE id = $1");
    stmt_int(s, 1, id);
    stmt_text(s, 2, key);
    stmt_text(s, 3, payload);
    stmt_time(s, 4, db_now_ms(db));
    int r = stmt_run(s, e);
    return r == 0 && db_changes(db) == 0 ? err_set(e, ERR_NOT_FOUND, 0, "upload %lld is gone", (long long)id)
                                         : r;
}

/* A row as the entries about it need it. */
struct row {
    int64_t user_id, timesheet_id, audit_id, attempts;
    char kind[16];
    char error_code[32];
    char correlation[CLOCK_UUID_LEN + 1];
    char number[SHEET_NUMBER_LEN + 1];
};

static int load_short(struct db *db, int64_t id, struct row *ret_row, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT o.user_id, o.timesheet_id, o.audit_id, o.attempts, o.kind, o.error_code, "
                    "a.correlation_id, t.number FROM outbox o JOIN timesheets t ON t.id = o.timesheet_id "
                    "LEFT JOIN audit_log a ON a.id = o.audit_id WHERE o.id = $1");
    struct row row = {0};
    stmt_int(s, 1, id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r : err_set(e, ERR_NOT_FOUND, 0, "upload %lld is gone", (long long)id);
    }
    row.user_id = stmt_col_int(s, 0);
    row.timesheet_id = stmt_col_int(s, 1);
    row.audit_id = stmt_col_int(s, 2);
    row.attempts = stmt_col_int(s, 3);
    snprintf(row.kind, sizeof row.kind, "%s", stmt_col_text(s, 4));
    snprintf(row.error_code, sizeof row.error_code, "%s", stmt_is_null(s, 5) ? "" : stmt_col_text(s, 5));
    snprintf(row.correlation, sizeof row.correlation, "%s", stmt_is_null(s, 6) ? "" : stmt_col_text(s, 6));
    snprintf(row.number, sizeof row.number, "%s", stmt_is_null(s, 7) ? "" : stmt_col_text(s, 7));
    stmt_reset(s);
    *ret_row = row;
    return 0;
}

/* details is taken. */
static int note(struct db *db, const struct row *row, const char *status, const char *message,
                struct buf *details, struct err *e)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)row->timesheet_id);
    struct audit_entry entry = {.user_id = row->user_id,
                                .action_type = "upload",
                                .operation = row->kind,
                                .resource_type = "timesheet",
                                .resource_id = id,
                                .status = status,
                                .message = message,
                                .details_json = buf_str(details),
                                .duration_ms = -1,
                                .correlation_id = *row->correlation ? row->correlation : NULL,
                                .parent_audit_id = row->audit_id};
    int r = audit_append(db, &entry, NULL, e);
    buf_finish(details);
    return r;
}

static int note_done(struct db *db, const struct row *row, const struct outbox_result *result, struct err *e)
{
    struct buf details;
    struct json_out j;
    buf_init(&details, DETAILS_MAX);
    json_out_begin(&j, &details);
    json_open(&j, NULL, '{');
    json_text(&j, "remote_id", result->remote_id);
    json_text(&j, "remote_name", result->remote_name);
    json_bool(&j, "was_there", result->was_there);
    json_int(&j, "failed_attempts", row->attempts);
    json_close(&j, '}');
    int r = json_out_end(&j);
    if (r < 0) {
        buf_finish(&details);
        return err_set(e, r, 0, "the audit entry of an upload is too large");
    }
    return note(db, row, "success", NULL, &details, e);
}

static int note_failed(struct db *db, const struct row *row, const struct outbox_failure *f, struct err *e)
{
    struct buf details;
    struct json_out j;
    buf_init(&details, DETAILS_MAX);
    json_out_begin(&j, &details);
    json_open(&j, NULL, '{');
    json_text(&j, "error", err_name(f->why->code));
    json_int(&j, "native", f->why->native);
    json_text(&j, "request_id", *f->why->request_id ? f->why->request_id : NULL);
    json_int(&j, "attempt", row->attempts + 1);
    json_bool(&j, "is_final", f->verdict == OUTBOX_NEVER);
    json_close(&j, '}');
    int r = json_out_end(&j);
    if (r < 0) {
        buf_finish(&details);
        return err_set(e, r, 0, "the audit entry of an upload is too large");
    }
    return note(db, row, "failure", f->why->msg, &details, e);
}

static void task_key(int64_t id, char ret_key[40])
{
    snprintf(ret_key, 40, "upload-%lld", (long long)id);
}

static int resolve_task(struct db *db, int64_t user_id, int64_t id, struct err *e)
{
    char key[40];
    struct stmt *s =
        db_stmt(db, "UPDATE action_log SET state = 'resolved', updated_at = $3 WHERE user_id = $1 "
                    "AND event_type = 'upload' AND dedup_key = $2 AND state = 'open'");
    task_key(id, key);
    stmt_int(s, 1, user_id);
    stmt_text(s, 2, key);
    stmt_time(s, 3, db_now_ms(db));
    return stmt_run(s, e);
}

static int open_task(struct db *db, const struct row *row, int64_t id, const struct outbox_failure *f,
                     struct err *e)
{
    char key[40], advice[200];
    if (f->verdict == OUTBOX_NEVER) {
        snprintf(
            advice, sizeof advice,
            "It is not tried again by itself. Do by hand what is missing there; or, when the cause is gone: "
            "admin-assistant timesheet upload %s",
            row->number);
    } else {
        snprintf(advice, sizeof advice,
                 "Do what it asks for; it is tried again within a day, after a sign-in of the user, "
                 "and after: admin-assistant timesheet upload %s",
                 row->number);
    }
    struct stmt *s = db_stmt(
        db,
        "INSERT INTO action_log (user_id, event_type, description, recommendations, dedup_key, created_at, "
        "updated_at) VALUES ($1, 'upload', $2, $3, $4, $5, $5) "
        "ON CONFLICT (user_id, event_type, dedup_key) WHERE state = 'open' DO UPDATE SET "
        "description = excluded.description, recommendations = excluded.recommendations, "
        "updated_at = excluded.updated_at");
    task_key(id, key);
    stmt_int(s, 1, row->user_id);
    stmt_text(s, 2, f->why->msg);
    stmt_text(s, 3, advice);
    stmt_text(s, 4, key);
    stmt_time(s, 5, db_now_ms(db));
    return stmt_run(s, e);
}

static int set_done(struct db *db, int64_t id, const struct outbox_result *result, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "UPDATE outbox SET state = 'done', is_for_human = 0, error_code = NULL, error_message = NULL, "
        "remote_id = $2, remote_tag = $3, remote_name = $4, file_hash = $5, updated_at = $6 WHERE id = $1");
    stmt_int(s, 1, id);
    stmt_text(s, 2, result->remote_id);
    stmt_text(s, 3, result->remote_tag);
    stmt_text(s, 4, result->remote_name);
    if (result->file_hash) {
        stmt_blob(s, 5, result->file_hash, SHEET_HASH_LEN);
    }
    stmt_time(s, 6, db_now_ms(db));
    return stmt_run(s, e);
}

static int finish_done(struct db *db, int64_t id, const struct outbox_result *result, struct err *e)
{
    struct row row;
    int r = load_short(db, id, &row, e);
    r = r < 0 ? r : set_done(db, id, result, e);
    r = r < 0 ? r : note_done(db, &row, result, e);
    r = r < 0 ? r : resolve_task(db, row.user_id, id, e);
    return r < 0 ? r : outbox_settle(db, row.timesheet_id, e);
}

int outbox_done(struct db *db, int64_t id, const struct outbox_result *result, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, finish_done(db, id, result, e), e);
}

static int set_failed(struct db *db, int64_t id, const struct outbox_failure *f, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "UPDATE outbox SET state = $2, attempts = attempts + 1, not_before = coalesce($3, not_before), "
            "is_for_human = $4, error_code = $5, error_message = $6, updated_at = $7 WHERE id = $1");
    stmt_int(s, 1, id);
    stmt_text(s, 2, f->verdict == OUTBOX_NEVER ? "failed" : "intended");
    if (f->verdict != OUTBOX_NEVER) {
        stmt_time(s, 3, f->not_before_ms);
    }
    stmt_int(s, 4, f->verdict == OUTBOX_FOR_HUMAN);
    stmt_text(s, 5, err_name(f->why->code));
    stmt_text(s, 6, f->why->msg);
    stmt_time(s, 7, db_now_ms(db));
    return stmt_run(s, e);
}

static int finish_failed(struct db *db, int64_t id, const struct outbox_failure *f, bool *ret_is_news,
                         struct err *e)
{
    struct row row;
    int r = load_short(db, id, &row, e);
    if (r < 0) {
        return r;
    }
    bool is_news = f->verdict == OUTBOX_NEVER || strcmp(row.error_code, err_name(f->why->code)) != 0;
    r = set_failed(db, id, f, e);
    if (r == 0 && is_news) { /* what goes on failing would fill the trail */
        r = note_failed(db, &row, f, e);
    }
    if (r == 0 && f->verdict != OUTBOX_AGAIN) {
        r = open_task(db, &row, id, f, e);
    }
    r = r < 0 ? r : outbox_settle(db, row.timesheet_id, e);
    if (r == 0) {
        *ret_is_news = is_news;
    }
    return r;
}

int outbox_failed(struct db *db, int64_t id, const struct outbox_failure *failure, bool *ret_is_news,
                  struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, finish_failed(db, id, failure, ret_is_news, e), e);
}

int outbox_wake(struct db *db, int64_t user_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE outbox SET not_before = $2 WHERE state = 'intended' AND is_for_human = 1 "
                    "AND not_before > $2 AND ($1 = 0 OR user_id = $1)");
    stmt_int(s, 1, user_id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}
