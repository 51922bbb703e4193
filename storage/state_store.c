#include "storage/state_store.h"

int state_set(struct db *db, const char *name, const char *value, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "INSERT INTO service_state (name, value, updated_at) VALUES ($1, $2, $3) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at");
    stmt_text(s, 1, name);
    stmt_text(s, 2, value);
    stmt_time(s, 3, db_now_ms(db));
    return stmt_run(s, e);
}

int state_get(struct db *db, const char *name, char **ret_value, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT value FROM service_state WHERE name = $1");
    stmt_text(s, 1, name);
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    *ret_value = r > 0 ? stmt_col_dup(s, 0) : NULL;
    stmt_reset(s);
    return 0;
}
