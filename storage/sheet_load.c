/* A sheet as it was frozen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/sheet_private.h"
#include "storage/sheet_rules_json.h"
#include "storage/text_check.h"

#define TEXT_MAX ((size_t)1 << 30)

/* ---- the header ---- */

static int damaged(int64_t id, const char *what, struct err *e)
{
    return err_set(e, ERR_DB_CORRUPT, 0, "timesheet %lld: its %s can not be read", (long long)id, what);
}

static void read_header(const struct stmt *s, struct sheet *sheet)
{
    size_t len;
    const void *hash = stmt_col_blob(s, 8, &len);
    sheet->id = stmt_col_int(s, 0);
    sheet->user_id = stmt_col_int(s, 1);
    sheet->archive_configuration_id = stmt_col_int(s, 2);
    snprintf(sheet->number, sizeof sheet->number, "%s", stmt_col_text(s, 3));
    sheet->revision = (int32_t)stmt_col_int(s, 4);
    sheet->from_day = stmt_col_date(s, 6);
    sheet->to_day = stmt_col_date(s, 7) + 1;
    memcpy(sheet->hash, hash ? hash : "", len < sizeof sheet->hash ? len : sizeof sheet->hash);
    sheet->issued_ms = stmt_col_time(s, 9);
    sheet->zone = stmt_col_dup(s, 11);
    sheet->user_name = stmt_col_dup(s, 12);
    sheet->email = stmt_col_dup(s, 13);
    sheet->name = stmt_col_dup(s, 14);
}

static int load_header(struct db *db, int64_t id, struct sheet *sheet, size_t *ret_n_lines, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT id, user_id, archive_configuration_id, number, revision, status, start_date, end_date, "
            "content_hash, issued_at, rules, zone, user_name, user_email, name, n_lines "
            "FROM timesheets WHERE id = $1 AND number IS NOT NULL");
    stmt_int(s, 1, id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r
                     : err_set(e, ERR_NOT_FOUND, 0, "there is no timesheet %lld: see \"timesheet list\"",
                               (long long)id);
    }
    const char *rules = stmt_col_text(s, 10);
    read_header(s, sheet);
    *ret_n_lines = (size_t)stmt_col_int(s, 15);
    if (sheet_status_from(stmt_col_text(s, 5), &sheet->status) < 0) {
        r = damaged(id, "status", e);
    } else if (!rules || sheet_rules_read(rules, &sheet->rules) < 0) {
        r = damaged(id, "rules", e);
    }
    stmt_reset(s);
    return r < 0 ? r : 0;
}

/* ---- the lines ---- */

/* Text moves while it grows: where each begins is kept until all of it is there. */
struct line_text {
    size_t customer, subject, location, decision;
};

struct loading {
    struct sheet *sheet;
    struct line_text *where;
    struct buf text;
    size_t room;
};

static void loading_finish(struct loading *l)
{
    free(l->where);
    buf_finish(&l->text);
}

static int keep_text(struct loading *l, const struct stmt *s, int column, size_t *ret_where)
{
    const char *text = stmt_col_text(s, column);
    *ret_where = l->text.len;
    return buf_add(&l->text, text ? text : "", strlen(text ? text : "") + 1);
}

static int keep_texts(struct loading *l, const struct stmt *s, struct line_text *where)
{
    int r = keep_text(l, s, 17, &where->customer);
    r = r < 0 ? r : keep_text(l, s, 18, &where->subject);
    r = r < 0 ? r : keep_text(l, s, 19, &where->location);
    return r < 0 ? r : keep_text(l, s, 20, &where->decision);
}

static int read_line(const struct stmt *s, struct sheet_line *line)
{
    *line = (struct sheet_line){
        .no = (int32_t)stmt_col_int(s, 0),
        .day = stmt_col_date(s, 1),
        .appointment_id = stmt_col_int(s, 2),
        .version = (int32_t)stmt_col_int(s, 3),
        .is_all_day = stmt_col_int(s, 6) != 0,
        .is_late = stmt_col_int(s, 7) != 0,
        .start_min = stmt_col_time(s, 8) / MS_PER_MINUTE,
        .end_min = stmt_col_time(s, 9) / MS_PER_MINUTE,
        .span = (int32_t)stmt_col_int(s, 10),
        .worked = (int32_t)stmt_col_int(s, 11),
        .held = (int32_t)stmt_col_int(s, 12),
        .unrounded = (int32_t)stmt_col_int(s, 13),
        .billed = (int32_t)stmt_col_int(s, 14),
        .worked_hundredths = (int32_t)stmt_col_int(s, 15),
        .billed_hundredths = (int32_t)stmt_col_int(s, 16),
    };
    int r = sheet_kind_from(stmt_col_text(s, 4), &line->kind);
    return r < 0 ? r : sheet_billing_from(stmt_col_text(s, 5), &line->billing);
}

static int add_line(struct loading *l, const struct stmt *s, struct err *e)
{
    struct sheet *sheet = l->sheet;
    if (sheet->n_lines == l->room) {
        return damaged(sheet->id, "number of lines", e); /* the header says fewer */
    }
    if (read_line(s, &sheet->lines[sheet->n_lines]) < 0) {
        return damaged(sheet->id, "line", e);
    }
    int r = keep_texts(l, s, &l->where[sheet->n_lines]);
    sheet->n_lines++;
    return r < 0
               ? err_set(e, r, 0, "timesheet %s: its text is larger than %zu bytes", sheet->number, TEXT_MAX)
               : 0;
}

static void point_at_text(struct loading *l)
{
    struct sheet *sheet = l->sheet;
    sheet->text = buf_steal(&l->text, NULL);
    for (size_t i = 0; i < sheet->n_lines; i++) {
        sheet->lines[i].customer = sheet->text + l->where[i].customer;
        sheet->lines[i].subject = sheet->text + l->where[i].subject;
        sheet->lines[i].location = sheet->text + l->where[i].location;
        sheet->lines[i].decision = sheet->text + l->where[i].decision;
    }
}

static int load_lines(struct db *db, struct sheet *sheet, size_t n_lines, struct err *e)
{
    CLEANUP(loading_finish) struct loading l = {.sheet = sheet, .room = n_lines, .text = {.max = TEXT_MAX}};
    struct stmt *s = db_stmt(
        db,
        "SELECT line_no, day, appointment_id, appointment_version, kind, billing_type, is_all_day, is_late, "
        "start_time, end_time, span_minutes, worked_minutes, held_minutes, unrounded_minutes, minutes, "
        "worked_hundredths, billed_hundredths, customer, subject, location, decision "
        "FROM timesheet_lines WHERE timesheet_id = $1 ORDER BY line_no");
    int r;
    l.where = mem_calloc(n_lines + 1, sizeof *l.where);
    sheet->lines = mem_calloc(n_lines + 1, sizeof *sheet->lines);
    stmt_int(s, 1, sheet->id);
    while ((r = stmt_step(s, e)) > 0) {
        r = add_line(&l, s, e);
        if (r < 0) {
            stmt_reset(s);
            return r;
        }
    }
    if (r == 0 && sheet->n_lines != n_lines) {
        return damaged(sheet->id, "number of lines", e);
    }
    point_at_text(&l);
    return r;
}

int sheet_store_load(struct db *db, int64_t id, struct sheet *ret_sheet, struct err *e)
{
    struct sheet sheet = {0};
    size_t n_lines = 0;
    int r = load_header(db, id, &sheet, &n_lines, e);
    r = r < 0 ? r : load_lines(db, &sheet, n_lines, e);
    if (r < 0) {
        sheet_finish(&sheet);
        return r;
    }
    *ret_sheet = sheet;
    return 0;
}

/* ---- by name ---- */

static int unknown(const char *name, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, 0,
                   "there is no timesheet \"%.40s\": give a number as in \"timesheet list\", "
                   "2026-0007 or 2026-0007/1",
                   name);
}

/* Rows of one number and revision, of each user at most one. */
static int only_one(struct stmt *s, const char *name, int64_t *ret_id, struct err *e)
{
    int64_t id = 0;
    int n = 0, r;
    while ((r = stmt_step(s, e)) > 0) {
        id = stmt_col_int(s, 0);
        n++;
    }
    if (r < 0) {
        return r;
    }
    if (n > 1) {
        return err_set(e, ERR_AMBIGUOUS, 0, "%d users have a timesheet %.40s: say whose with --user", n,
                       name);
    }
    if (n == 0) {
        return unknown(name, e);
    }
    *ret_id = id;
    return 0;
}

static int find_id(struct db *db, int64_t user_id, const char *name, int64_t id, int64_t *ret_id,
                   struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT id FROM timesheets WHERE id = $1 AND ($2 = 0 OR user_id = $2) AND number IS NOT NULL");
    stmt_int(s, 1, id);
    stmt_int(s, 2, user_id);
    return only_one(s, name, ret_id, e);
}

/* revision 0: the latest */
static int find_number(struct db *db, int64_t user_id, const char *name, const char *number, int64_t revision,
                       int64_t *ret_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT t.id FROM users u JOIN timesheets t ON t.user_id = u.id AND t.number = $2 "
                    "WHERE ($1 = 0 OR u.id = $1) AND ($3 > 0 AND t.revision = $3 OR $3 = 0 AND t.revision = "
                    "(SELECT max(x.revision) FROM timesheets x WHERE x.user_id = u.id AND x.number = $2))");
    stmt_int(s, 1, user_id);
    stmt_text(s, 2, number);
    stmt_int(s, 3, revision);
    return only_one(s, name, ret_id, e);
}

int sheet_store_find(struct db *db, int64_t user_id, const char *name, int64_t *ret_id, struct err *e)
{
    int64_t id, revision = 0;
    const char *slash = strchr(name, '/');
    if (text_to_id(name, &id)) {
        return find_id(db, user_id, name, id, ret_id, e);
    }
    if (slash && (!text_to_id(slash + 1, &revision) || revision == 0)) {
        return unknown(name, e);
    }
    CLEANUP_FREE char *number = mem_strndup(name, slash ? (size_t)(slash - name) : strlen(name));
    return find_number(db, user_id, name, number, revision, ret_id, e);
}
