/* unit - all or nothing for one function of a store: a transaction of its own, or a savepoint in the
 * transaction that the caller has open (the storage thread's group).
 *
 *     struct unit unit;
 *     int r = unit_begin(&unit, db, e);
 *     if (r < 0) {
 *         return r;
 *     }
 *     r = …;
 *     return unit_end(&unit, r, e); */
#ifndef STORAGE_UNIT_H
#define STORAGE_UNIT_H

#include <stdbool.h>

#include "storage/db.h"

struct unit {
    struct db *db;
    bool is_nested;
};

#define unit_begin(unit, db, e) unit_begin_at(unit, db, DB_HERE, e)

MUST_CHECK static inline int unit_begin_at(struct unit *unit, struct db *db, const char *place, struct err *e)
{
    unit->db = db;
    unit->is_nested = db_in_transaction(db);
    return unit->is_nested ? db_savepoint(db, e) : db_begin_at(db, place, e);
}

/* Keeps what was done when r is 0 or more, undoes it otherwise.  Returns r, or the error of keeping it. */
MUST_CHECK static inline int unit_end(const struct unit *unit, int r, struct err *e)
{
    if (r >= 0) {
        int kept = unit->is_nested ? db_release(unit->db, e) : db_commit(unit->db, e);
        if (kept == 0) {
            return r;
        }
        r = kept;
    }
    if (unit->is_nested) {
        db_rollback_to(unit->db);
    } else {
        db_rollback(unit->db);
    }
    return r;
}

#endif
