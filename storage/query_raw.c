#include "storage/query_raw.h"

int query_raw(struct db *db, int64_t appointment_id, query_raw_each each, void *arg, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT 1 AS version, ms_event_data FROM appointments WHERE id = $1 UNION ALL "
                    "SELECT version, ms_event_data FROM appointment_versions WHERE appointment_id = $1 "
                    "ORDER BY version");
    int64_t n = 0;
    int r;
    stmt_int(s, 1, appointment_id);
    while ((r = stmt_step(s, e)) > 0) {
        each(arg, stmt_col_int(s, 0), stmt_col_text(s, 1));
        n++;
    }
    if (r == 0 && n == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "there is no appointment %lld", (long long)appointment_id);
    }
    return r;
}
