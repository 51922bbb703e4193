#include "storage/outbox_list.h"

#include <string.h>

int outbox_list(struct db *db, int64_t timesheet_id, outbox_each each, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT kind, target, state, attempts, is_for_human, not_before, error_code, error_message, "
            "remote_name FROM outbox WHERE timesheet_id = $1 ORDER BY kind, target");
    int r;
    stmt_int(s, 1, timesheet_id);
    while ((r = stmt_step(s, e)) > 0) {
        const char *state = stmt_col_text(s, 2);
        struct outbox_row row = {
            .kind = stmt_col_text(s, 0),
            .target = stmt_col_text(s, 1),
            .state = state,
            .attempts = stmt_col_int(s, 3),
            .is_for_human = stmt_col_int(s, 4) != 0,
            .not_before = strcmp(state, "intended") == 0 ? stmt_col_text(s, 5) : NULL,
            .error_code = stmt_col_text(s, 6),
            .error_message = stmt_col_text(s, 7),
            .remote_name = stmt_col_text(s, 8),
        };
        each(arg, &row);
    }
    return r;
}
