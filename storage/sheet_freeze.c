/* A sheet becomes rows: a draft with its lines first, then issued; from then on the triggers of migration 4
 * hold it. */
#include "base/civil.h"
#include "base/cleanup.h"
#include "storage/sheet_private.h"
#include "storage/sheet_rules_json.h"

#define RULES_MAX 1024

struct freezing {
    struct db *db;
    const struct sheet *sheet;
    const struct sheet_request *request;
    const struct sheet_place *before;
    int64_t id;
};

/* ---- the header ---- */

static void bind_header(struct stmt *s, const struct freezing *fr, const struct buf *rules)
{
    const struct sheet *sheet = fr->sheet;
    stmt_int(s, 1, sheet->user_id);
    stmt_date(s, 2, sheet->from_day);
    stmt_date(s, 3, sheet->to_day - 1);
    stmt_int(s, 4, sheet->archive_configuration_id);
    stmt_text(s, 5, sheet->number);
    stmt_int(s, 6, sheet->revision);
    stmt_text(s, 9, sheet->zone);
    stmt_text(s, 10, buf_str(rules));
    stmt_text(s, 11, sheet->user_name);
    stmt_text(s, 12, sheet->email);
    stmt_text(s, 13, sheet->name);
    stmt_blob(s, 14, sheet->hash, sizeof sheet->hash);
    stmt_time(s, 15, fr->sheet->issued_ms);
    if (fr->before->id) {
        stmt_int(s, 7, fr->before->id);
    }
    if (fr->request->run_id) {
        stmt_int(s, 8, fr->request->run_id);
    }
}

static int insert_header(struct freezing *fr, struct err *e)
{
    CLEANUP(buf_finish) struct buf rules = {.max = RULES_MAX};
    int r = sheet_rules_write(&fr->sheet->rules, &rules);
    if (r < 0) {
        return err_set(e, r, 0, "the rules of timesheet %s", fr->sheet->number);
    }
    struct stmt *s = db_stmt(
        fr->db,
        "INSERT INTO timesheets (user_id, start_date, end_date, archive_configuration_id, number, revision, "
        "supersedes_id, run_id, zone, rules, user_name, user_email, name, content_hash, issued_at, "
        "created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $15)");
    bind_header(s, fr, &rules);
    r = stmt_run(s, e);
    fr->id = db_last_id(fr->db);
    return r;
}

/* ---- the lines ---- */

static void bind_line(struct stmt *s, const struct freezing *fr, const struct sheet_line *line)
{
    stmt_int(s, 1, fr->id);
    stmt_int(s, 2, line->no);
    stmt_int(s, 3, fr->sheet->user_id);
    stmt_int(s, 4, line->appointment_id);
    stmt_int(s, 5, line->version);
    stmt_date(s, 6, line->day);
    stmt_text(s, 7, sheet_kind_name(line->kind));
    stmt_text(s, 8, sheet_billing_name(line->billing));
    stmt_int(s, 9, line->is_all_day);
    stmt_int(s, 10, line->is_late);
    stmt_time(s, 11, line->start_min * MS_PER_MINUTE);
    stmt_time(s, 12, line->end_min * MS_PER_MINUTE);
    stmt_int(s, 13, line->span);
    stmt_int(s, 14, line->worked);
    stmt_int(s, 15, line->held);
    stmt_int(s, 16, line->unrounded);
    stmt_int(s, 17, line->billed);
    stmt_int(s, 18, line->worked_hundredths);
    stmt_int(s, 19, line->billed_hundredths);
    stmt_text(s, 20, line->customer);
    stmt_text(s, 21, line->subject);
    stmt_text(s, 22, line->location);
    stmt_text(s, 23, line->decision);
}

static int insert_lines(const struct freezing *fr, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < fr->sheet->n_lines && r == 0; i++) {
        struct stmt *s = db_stmt(
            fr->db,
            "INSERT INTO timesheet_lines (timesheet_id, line_no, user_id, appointment_id, "
            "appointment_version, day, kind, billing_type, is_all_day, is_late, start_time, end_time, "
            "span_minutes, worked_minutes, held_minutes, unrounded_minutes, minutes, worked_hundredths, "
            "billed_hundredths, customer, subject, location, decision) VALUES ($1, $2, $3, $4, $5, $6, $7, "
            "$8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)");
        bind_line(s, fr, &fr->sheet->lines[i]);
        r = stmt_run(s, e);
    }
    return r;
}

/* ---- from draft to issued ---- */

static int supersede(const struct freezing *fr, struct err *e)
{
    struct stmt *s = db_stmt(fr->db, "UPDATE timesheets SET status = 'superseded', updated_at = $2 "
                                     "WHERE id = $1 AND status = 'issued'");
    if (fr->before->id == 0) {
        return 0;
    }
    stmt_int(s, 1, fr->before->id);
    stmt_time(s, 2, fr->sheet->issued_ms);
    return stmt_run(s, e);
}

/* The header's sums are those of the rows. */
static int make_issued(const struct freezing *fr, struct err *e)
{
    struct stmt *s = db_stmt(
        fr->db, "UPDATE timesheets SET status = 'issued', n_lines = s.n, worked_minutes = s.worked, "
                "held_minutes = s.held, billed_minutes = s.billed FROM (SELECT count(*) AS n, "
                "coalesce(sum(worked_minutes), 0) AS worked, coalesce(sum(held_minutes), 0) AS held, "
                "coalesce(sum(minutes), 0) AS billed FROM timesheet_lines WHERE timesheet_id = $1) AS s "
                "WHERE id = $1");
    stmt_int(s, 1, fr->id);
    return stmt_run(s, e);
}

/* ---- the appointments ---- */

#define CLAIM_LINES 256 /* at once: a statement keeps a copy of each page that it changes until it ends */

/* The sheet of its first line among those that are issued; NULL where there is none. */
#define FIRST_SHEET                                                                                          \
    "(SELECT t.id FROM timesheet_lines l JOIN timesheets t ON t.id = l.timesheet_id WHERE "                  \
    "l.appointment_id = appointments.id AND t.status = 'issued' ORDER BY l.day, t.id LIMIT 1)"

static int claim_lines(const struct freezing *fr, int64_t sheet_id, int64_t first_no, struct err *e)
{
    struct stmt *s =
        db_stmt(fr->db, "UPDATE appointments SET timesheet_id = " FIRST_SHEET ", updated_at = $2 WHERE id IN "
                        "(SELECT appointment_id FROM timesheet_lines WHERE timesheet_id = $1 AND "
                        "line_no >= $3 AND line_no < $4) AND timesheet_id IS NOT " FIRST_SHEET);
    stmt_int(s, 1, sheet_id);
    stmt_time(s, 2, fr->sheet->issued_ms);
    stmt_int(s, 3, first_no);
    stmt_int(s, 4, first_no + CLAIM_LINES);
    return stmt_run(s, e);
}

static int claim_appointments(const struct freezing *fr, int64_t sheet_id, struct err *e)
{
    int64_t last_no = 0;
    struct stmt *s =
        db_stmt(fr->db, "SELECT coalesce(max(line_no), 0) FROM timesheet_lines WHERE timesheet_id = $1");
    stmt_int(s, 1, sheet_id);
    int r = stmt_get_int(s, &last_no, e);
    for (int64_t no = 1; no <= last_no && r == 0; no += CLAIM_LINES) {
        r = claim_lines(fr, sheet_id, no, e);
    }
    return r;
}

/* ---- documents ---- */

static int want_documents(const struct freezing *fr, struct err *e)
{
    int r = 0;
    for (int format = 0; format < SHEET_FORMAT_COUNT && r == 0; format++) {
        if (fr->request->formats & (1u << format)) {
            struct stmt *s =
                db_stmt(fr->db, "INSERT INTO timesheet_documents (timesheet_id, format, user_id, "
                                "updated_at) VALUES ($1, $2, $3, $4)");
            stmt_int(s, 1, fr->id);
            stmt_text(s, 2, sheet_format_name((enum sheet_format)format));
            stmt_int(s, 3, fr->sheet->user_id);
            stmt_time(s, 4, fr->sheet->issued_ms);
            r = stmt_run(s, e);
        }
    }
    return r;
}

int sheet_freeze(struct db *db, const struct sheet *sheet, const struct sheet_request *request,
                 const struct sheet_place *before, int64_t *ret_id, struct err *e)
{
    struct freezing fr = {.db = db, .sheet = sheet, .request = request, .before = before};
    int r = supersede(&fr, e);
    r = r < 0 ? r : insert_header(&fr, e);
    r = r < 0 ? r : insert_lines(&fr, e);
    r = r < 0 ? r : make_issued(&fr, e);
    r = r < 0 ? r : claim_appointments(&fr, fr.id, e);
    if (r == 0 && before->id) {
        r = claim_appointments(&fr, before->id, e); /* what fell out */
    }
    r = r < 0 ? r : want_documents(&fr, e);
    if (r == 0) {
        *ret_id = fr.id;
    }
    return r;
}
