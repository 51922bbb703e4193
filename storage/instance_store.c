#include "storage/instance_store.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/process.h"

int instance_register(struct db *db, int64_t *ret_id, struct err *e)
{
    char boot[PROCESS_BOOT_ID_LEN + 1];
    int64_t ticks;
    int r = process_boot_id(boot, e);
    if (r < 0) {
        return r;
    }
    r = process_start_time(getpid(), &ticks, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s =
        db_stmt(db, "INSERT INTO instances (boot_id, pid, start_time, started_at) VALUES ($1, $2, $3, $4) "
                    "ON CONFLICT (boot_id, pid, start_time) DO UPDATE SET stopped_at = NULL RETURNING id");
    stmt_text(s, 1, boot);
    stmt_int(s, 2, getpid());
    stmt_int(s, 3, ticks);
    stmt_time(s, 4, db_now_ms(db));
    return stmt_get_int(s, ret_id, e);
}

int instance_stop(struct db *db, int64_t id, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE instances SET stopped_at = $2 WHERE id = $1 AND stopped_at IS NULL");
    stmt_int(s, 1, id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

struct found {
    int64_t id;
    int64_t pid;
    bool is_live;
};

/* Everyone who has not said goodbye, oldest first. */
static int list_candidates(struct db *db, struct found **ret_found, size_t *ret_n, struct err *e)
{
    struct found *found = NULL;
    size_t n = 0;
    int r;
    struct stmt *s = db_stmt(
        db, "SELECT id, boot_id, pid, start_time FROM instances WHERE stopped_at IS NULL ORDER BY id");
    while ((r = stmt_step(s, e)) > 0) {
        found = mem_realloc(found, n + 1, sizeof *found);
        found[n++] = (struct found){
            .id = stmt_col_int(s, 0),
            .pid = stmt_col_int(s, 2),
            .is_live = process_is_same(stmt_col_text(s, 1), stmt_col_int(s, 2), stmt_col_int(s, 3)),
        };
    }
    if (r < 0) {
        free(found);
        return r;
    }
    *ret_found = found;
    *ret_n = n;
    return 0;
}

/* So that the list stays short.  A connection that only reads leaves them. */
static int stop_dead(struct db *db, const struct found *found, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        int r = found[i].is_live ? 0 : instance_stop(db, found[i].id, e);
        if (r < 0) {
            return r == ERR_DB_READONLY ? 0 : r;
        }
    }
    return 0;
}

int instance_list_live(struct db *db, int64_t **ret_ids, size_t *ret_n, struct err *e)
{
    struct found *found;
    size_t n, n_live = 0;
    int r = list_candidates(db, &found, &n, e);
    if (r < 0) {
        return r;
    }
    r = stop_dead(db, found, n, e);
    if (r == 0) {
        int64_t *ids = mem_calloc(n, sizeof *ids);
        for (size_t i = 0; i < n; i++) {
            if (found[i].is_live) {
                ids[n_live++] = found[i].id;
            }
        }
        *ret_ids = ids;
        *ret_n = n_live;
    }
    free(found);
    return r;
}

int instance_find_live(struct db *db, int64_t *ret_id, int64_t *ret_pid, struct err *e)
{
    struct found *found;
    size_t n;
    int r = list_candidates(db, &found, &n, e);
    if (r < 0) {
        return r;
    }
    r = ERR_NOT_FOUND;
    while (n > 0 && r < 0) {
        n--;
        if (found[n].is_live) {
            *ret_id = found[n].id;
            *ret_pid = found[n].pid;
            r = 0;
        }
    }
    free(found);
    return r == 0 ? 0
                  : err_set(e, r, 0,
                            "the service does not run; start it with \"systemctl start admin-assistant\"");
}
