#include "storage/stats_store.h"

int stats_slots(struct db *db, int64_t job_id, int64_t user_id, int64_t n_missed, int64_t n_skipped,
                struct err *e)
{
    struct stmt *s =
        db_stmt(db, "INSERT INTO job_stats (job_id, user_id, slots_missed, slots_skipped) VALUES "
                    "($1, $2, $3, $4) ON CONFLICT (job_id) DO UPDATE SET "
                    "slots_missed = slots_missed + excluded.slots_missed, "
                    "slots_skipped = slots_skipped + excluded.slots_skipped");
    stmt_int(s, 1, job_id);
    stmt_int(s, 2, user_id);
    stmt_int(s, 3, n_missed);
    stmt_int(s, 4, n_skipped);
    return stmt_run(s, e);
}
