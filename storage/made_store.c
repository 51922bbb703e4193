#include "storage/made_store.h"

int made_store_each(struct db *db, int64_t sheet_id, made_each each, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT format, path, bytes, file_hash FROM timesheet_documents WHERE "
                                 "timesheet_id = $1 AND state = 'made' AND path IS NOT NULL ORDER BY format");
    int r;
    stmt_int(s, 1, sheet_id);
    while ((r = stmt_step(s, e)) > 0) {
        size_t len = 0;
        struct made_document d = {
            .path = stmt_col_text(s, 1), .bytes = stmt_col_int(s, 2), .hash = stmt_col_blob(s, 3, &len)};
        if (sheet_format_from(stmt_col_text(s, 0), &d.format) < 0 || !d.hash || len != SHEET_HASH_LEN) {
            stmt_reset(s);
            return err_set(e, ERR_DB_CORRUPT, 0,
                           "timesheet %lld: a document in a format that nobody knows, or without a hash",
                           (long long)sheet_id);
        }
        each(arg, &d);
    }
    return r;
}
