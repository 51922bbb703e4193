/* Sheets in a listing, and the documents that are made of them. */
#include <string.h>

#include "base/civil.h"
#include "storage/sheet_private.h"
#include "storage/unit.h"

/* ---- listing ---- */

#define PATH_OF(format)                                                                                      \
    "(SELECT d.path FROM timesheet_documents d WHERE d.timesheet_id = t.id AND d.format = '" format "') "
#define COUNT_OF(state)                                                                                      \
    "(SELECT count(*) FROM timesheet_documents d WHERE d.timesheet_id = t.id AND d.state = '" state "') "

static struct sheet_row read_row(const struct stmt *s)
{
    return (struct sheet_row){
        .id = stmt_col_int(s, 0),
        .user_id = stmt_col_int(s, 1),
        .archive_configuration_id = stmt_col_int(s, 2),
        .supersedes_id = stmt_col_int(s, 3),
        .run_id = stmt_col_int(s, 4),
        .number = stmt_col_text(s, 5),
        .email = stmt_col_text(s, 6),
        .name = stmt_col_text(s, 7),
        .zone = stmt_col_text(s, 8),
        .status = stmt_col_text(s, 9),
        .issued_at = stmt_col_text(s, 10),
        .revision = (int32_t)stmt_col_int(s, 11),
        .from_day = stmt_col_date(s, 12),
        .to_day = stmt_col_date(s, 13) + 1,
        .n_lines = stmt_col_int(s, 14),
        .worked = stmt_col_int(s, 15),
        .held = stmt_col_int(s, 16),
        .billed = stmt_col_int(s, 17),
        .pdf_path = stmt_col_text(s, 18),
        .csv_path = stmt_col_text(s, 19),
        .excel_path = stmt_col_text(s, 20),
        .html_path = stmt_col_text(s, 21),
        .json_path = stmt_col_text(s, 22),
        .n_wanted = stmt_col_int(s, 23),
        .n_failed = stmt_col_int(s, 24),
        .uploaded_to_onedrive = stmt_col_int(s, 25) != 0,
        .uploaded_to_xero = stmt_col_int(s, 26) != 0,
    };
}

int sheet_store_list(struct db *db, int64_t user_id, sheet_each each, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT t.id, t.user_id, t.archive_configuration_id, t.supersedes_id, "
                                 "t.run_id, t.number, t.user_email, "
                                 "t.name, t.zone, t.status, t.issued_at, t.revision, t.start_date, "
                                 "t.end_date, t.n_lines, t.worked_minutes, "
                                 "t.held_minutes, t.billed_minutes, t.pdf_path, t.csv_path, "
                                 "t.excel_path, " PATH_OF("html") ", " PATH_OF("json") ", " COUNT_OF(
                                     "wanted") ", " COUNT_OF("failed") ", t.uploaded_to_onedrive, "
                                                                       "t.uploaded_to_xero FROM timesheets t "
                                                                       "WHERE ($1 = 0 OR t.user_id = $1) AND "
                                                                       "t.number IS NOT NULL "
                                                                       "ORDER BY t.id DESC");
    int r;
    stmt_int(s, 1, user_id);
    while ((r = stmt_step(s, e)) > 0) {
        struct sheet_row row = read_row(s);
        each(arg, &row);
    }
    return r;
}

/* ---- documents ---- */

static int damaged_format(int64_t sheet_id, struct err *e)
{
    return err_set(e, ERR_DB_CORRUPT, 0, "timesheet %lld: a document in a format that nobody knows",
                   (long long)sheet_id);
}

int sheet_store_documents(struct db *db, int64_t sheet_id, sheet_document_each each, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT d.format, d.state, d.path, d.note, d.error_message, d.bytes, "
                                 "d.missing_glyphs, t.number, t.revision FROM timesheet_documents d "
                                 "JOIN timesheets t ON t.id = d.timesheet_id "
                                 "WHERE d.timesheet_id = $1 ORDER BY d.format");
    int r;
    stmt_int(s, 1, sheet_id);
    while ((r = stmt_step(s, e)) > 0) {
        struct sheet_document document = {
            .state = stmt_col_text(s, 1),
            .path = stmt_col_text(s, 2),
            .note = stmt_col_text(s, 3),
            .error_message = stmt_col_text(s, 4),
            .bytes = stmt_col_int(s, 5),
            .missing_glyphs = stmt_col_int(s, 6),
            .number = stmt_col_text(s, 7),
            .revision = (int32_t)stmt_col_int(s, 8),
        };
        if (sheet_format_from(stmt_col_text(s, 0), &document.format) < 0) {
            stmt_reset(s);
            return damaged_format(sheet_id, e);
        }
        each(arg, &document);
    }
    return r;
}

/* One that failed keeps the file that was made before it, if any. */
static int store_made(struct db *db, int64_t sheet_id, const struct sheet_document_result *d, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "INSERT INTO timesheet_documents (timesheet_id, format, user_id, state, path, bytes, file_hash, "
            "missing_glyphs, note, updated_at) SELECT id, $2, user_id, 'made', $3, $4, $5, $6, $7, $8 FROM "
            "timesheets "
            "WHERE id = $1 AND number IS NOT NULL ON CONFLICT (timesheet_id, format) DO UPDATE SET state = "
            "'made', "
            "path = excluded.path, bytes = excluded.bytes, file_hash = excluded.file_hash, "
            "missing_glyphs = excluded.missing_glyphs, note = excluded.note, error_code = NULL, "
            "error_message = NULL, updated_at = excluded.updated_at");
    stmt_int(s, 1, sheet_id);
    stmt_text(s, 2, sheet_format_name(d->format));
    stmt_text(s, 3, d->path);
    stmt_int(s, 4, d->bytes);
    stmt_blob(s, 5, d->file_hash, sizeof d->file_hash);
    stmt_int(s, 6, d->missing_glyphs);
    stmt_text(s, 7, d->note);
    stmt_time(s, 8, db_now_ms(db));
    return stmt_run(s, e);
}

static int store_failed(struct db *db, int64_t sheet_id, const struct sheet_document_result *d, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "INSERT INTO timesheet_documents (timesheet_id, format, user_id, state, error_code, error_message, "
        "updated_at) SELECT id, $2, user_id, 'failed', $3, $4, $5 FROM timesheets WHERE id = $1 AND "
        "number IS NOT NULL ON CONFLICT (timesheet_id, format) DO UPDATE SET state = 'failed', "
        "error_code = excluded.error_code, error_message = excluded.error_message, "
        "updated_at = excluded.updated_at");
    stmt_int(s, 1, sheet_id);
    stmt_text(s, 2, sheet_format_name(d->format));
    stmt_text(s, 3, d->error_code);
    stmt_text(s, 4, d->error_message);
    stmt_time(s, 5, db_now_ms(db));
    return stmt_run(s, e);
}

/* The schema document has a column for three of the formats. */
static int mirror_paths(struct db *db, int64_t sheet_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE timesheets AS t SET pdf_path = " PATH_OF("pdf") ", csv_path = " PATH_OF(
                        "csv") ", excel_path = " PATH_OF("xlsx") ", updated_at = $2 WHERE t.id = $1");
    stmt_int(s, 1, sheet_id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

static int document_done(struct db *db, int64_t sheet_id, const struct sheet_document_result *d,
                         struct err *e)
{
    int r = d->error_code ? store_failed(db, sheet_id, d, e) : store_made(db, sheet_id, d, e);
    if (r == 0 && db_changes(db) == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "there is no timesheet %lld to have a document",
                       (long long)sheet_id);
    }
    return r < 0 ? r : mirror_paths(db, sheet_id, e);
}

int sheet_store_document_done(struct db *db, int64_t sheet_id, const struct sheet_document_result *result,
                              struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, document_done(db, sheet_id, result, e), e);
}

int sheet_store_wanted(struct db *db, int64_t after_id, int64_t *ret_id, unsigned *ret_formats, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT timesheet_id, format FROM timesheet_documents WHERE state <> 'made' AND "
                    "timesheet_id = (SELECT min(timesheet_id) FROM timesheet_documents WHERE "
                    "state <> 'made' AND timesheet_id > $1)");
    unsigned formats = 0;
    int64_t id = 0;
    int r;
    stmt_int(s, 1, after_id);
    while ((r = stmt_step(s, e)) > 0) {
        enum sheet_format format;
        id = stmt_col_int(s, 0);
        if (sheet_format_from(stmt_col_text(s, 1), &format) < 0) {
            stmt_reset(s);
            return damaged_format(id, e);
        }
        formats |= 1u << format;
    }
    if (r < 0) {
        return r;
    }
    if (formats == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "no timesheet waits for a document");
    }
    *ret_id = id;
    *ret_formats = formats;
    return 0;
}
