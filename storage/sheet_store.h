/* sheet_store - timesheets in the database: reading what a sheet is made from, freezing it, loading it again.
 *
 * A sheet is issued in one transaction: the archive is read, the composer (timesheet/compose.h, handed in)
 * decides, header, lines and content hash (timesheet/canonical.h, handed in), claims on the appointments,
 * open actions for conflicts, the list of documents to make and the audit entries are written.  From then on
 * triggers refuse every change.  On the thread that owns the connection. */
#ifndef STORAGE_SHEET_STORE_H
#define STORAGE_SHEET_STORE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/tz.h"
#include "model/sheet_draft.h"
#include "storage/db.h"

/* What a sheet is asked for.  Borrowed for the call. */
struct sheet_request {
    int64_t archive_configuration_id;
    int32_t from_day, to_day; /* half-open; on the wall of the configuration's zone */
    const struct tz *zone;
    struct sheet_rules rules;
    const char *const *customers; /* known ones; n_customers 0: those of earlier sheets */
    size_t n_customers;
    int64_t now_ms;     /* a period that is not over yet is refused */
    bool is_revision;   /* the period is that of an issued sheet, which the new one supersedes */
    bool is_forced;     /* issue in spite of findings of severity error */
    bool is_unattended; /* by a job: findings are told, not refused; an empty period issues nothing and is no
                           error */
    int64_t run_id, parent_audit_id; /* of a job; 0 = the command line */
    const char *correlation_id;      /* of the run; NULL: a new one */
    unsigned formats;                /* bit set of enum sheet_format: documents to make */
};

/* The input and the draft of a request, read in the caller's transaction or in one of its own (one snapshot).
 * Writes nothing.  Also for a period that is not over or is issued already: what it would be.  ERR_NOT_FOUND
 * for the configuration. Free with sheet_preview_destroy. */
struct sheet_preview {
    struct sheet_input input;
    struct sheet_draft *draft;
    void *storage;
};
MUST_CHECK int sheet_store_preview(struct db *db, const struct sheet_request *request, sheet_composer compose,
                                   struct sheet_preview **ret_preview, struct err *e);
void sheet_preview_destroy(struct sheet_preview *p); /* accepts NULL */

struct sheet_issued {
    int64_t id; /* 0: nothing was issued (an empty period; or a revision without a change) */
    char number[SHEET_NUMBER_LEN + 1];
    int32_t revision;
    int64_t n_considered, n_lines, n_late, n_conflicts, n_errors, n_warnings;
    int64_t worked, held, billed; /* minutes */
    int64_t left_out[SHEET_REASON_COUNT];
};

/* All or nothing.
 *   ERR_INVALID      reversed, in another zone than the archive's, or not over yet
 *   ERR_EXISTS       overlaps an issued sheet, which the message names, and is no revision of it
 *   ERR_NOT_FOUND    a revision of a period that is not issued; or no line (unless unattended, or a revision:
 *                    what was on the sheet may have gone)
 *   ERR_DB_CONSTRAINT findings of severity error, and neither forced nor unattended: the message says how
 * many. Its conflicts are opened as actions even so, and stay: a person decides them before the next try A
 * revision that changes nothing issues nothing: id 0. */
MUST_CHECK int sheet_store_issue(struct db *db, const struct sheet_request *request, sheet_composer compose,
                                 sheet_hasher hash, struct sheet_issued *ret_issued, struct err *e);

/* What an issue would count, for a dry run: no number, nothing is written.  ERR_INVALID, ERR_NOT_FOUND as
 * there, but no lines are no error. */
MUST_CHECK int sheet_store_try(struct db *db, const struct sheet_request *request, sheet_composer compose,
                               struct sheet_issued *ret_issued, struct err *e);

/* The issued sheet of exactly these days, with what its lines count; id 0 where there is none. */
MUST_CHECK int sheet_store_issued(struct db *db, const struct sheet_request *request,
                                  struct sheet_issued *ret_issued, struct err *e);

/* The zone of that sheet, for free(); NULL where there is none.  What is issued keeps its zone, whatever its
 * archive has by now: so does its revision. */
MUST_CHECK int sheet_store_zone(struct db *db, int64_t configuration_id, int32_t from_day, int32_t to_day,
                                char **ret_zone, struct err *e);

/* With its lines.  ERR_NOT_FOUND. */
MUST_CHECK int sheet_store_load(struct db *db, int64_t id, struct sheet *ret_sheet, struct err *e);

/* By "2026-0007" (the latest revision), "2026-0007/1", or a row's id; user_id 0: of all users, ERR_AMBIGUOUS
 * where two have that number.  ERR_NOT_FOUND. */
MUST_CHECK int sheet_store_find(struct db *db, int64_t user_id, const char *name, int64_t *ret_id,
                                struct err *e);

/* Newest first, without lines; user_id 0 = everybody's.  Text is borrowed for the callback. */
struct sheet_row {
    int64_t id, user_id, archive_configuration_id, supersedes_id, run_id;
    const char *number, *email, *name, *zone, *status, *issued_at;
    int32_t revision;
    int32_t from_day, to_day;
    int64_t n_lines, worked, held, billed;
    const char *pdf_path, *csv_path, *excel_path, *html_path, *json_path; /* NULL: not made */
    int64_t n_wanted, n_failed; /* documents that are still to be made; that could not be */
    bool uploaded_to_onedrive, uploaded_to_xero;
};
typedef void (*sheet_each)(void *arg, const struct sheet_row *row);
MUST_CHECK int sheet_store_list(struct db *db, int64_t user_id, sheet_each each, void *arg, struct err *e);

/* What would be different if the sheet were issued now with its own rules: the draft, to be compared with the
 * lines by timesheet/diff.h. */
MUST_CHECK int sheet_store_recompose(struct db *db, const struct sheet *sheet, const struct tz *zone,
                                     sheet_composer compose, struct sheet_preview **ret_preview,
                                     struct err *e);

/* Whether archive runs have read every day of [from_day, to_day) after it was over. */
MUST_CHECK int sheet_store_is_covered(struct db *db, int64_t archive_configuration_id, const struct tz *zone,
                                      int32_t from_day, int32_t to_day, bool *ret_is_covered, struct err *e);

/* ---- documents ---- */

struct sheet_document {
    enum sheet_format format;
    const char *state;                       /* wanted, made, failed */
    const char *path, *note, *error_message; /* or NULL */
    int64_t bytes, missing_glyphs;
    const char *number; /* of the sheet */
    int32_t revision;
};
typedef void (*sheet_document_each)(void *arg, const struct sheet_document *document);
MUST_CHECK int sheet_store_documents(struct db *db, int64_t sheet_id, sheet_document_each each, void *arg,
                                     struct err *e);
/* What became of one: made (error_code NULL) or failed.  Keeps the schema's three paths equal. */
struct sheet_document_result {
    enum sheet_format format;
    const char *path, *note; /* note may be NULL */
    int64_t bytes, missing_glyphs;
    unsigned char file_hash[SHEET_HASH_LEN];
    const char *error_code, *error_message; /* NULL: made */
};
MUST_CHECK int sheet_store_document_done(struct db *db, int64_t sheet_id,
                                         const struct sheet_document_result *result, struct err *e);
/* The oldest sheet that still wants documents, or of which some could not be made, behind after_id;
 * ERR_NOT_FOUND. */
MUST_CHECK int sheet_store_wanted(struct db *db, int64_t after_id, int64_t *ret_id, unsigned *ret_formats,
                                  struct err *e);

#endif
