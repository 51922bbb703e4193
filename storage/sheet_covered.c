/* Has the archive seen the period after it was over?  A day counts as read when a run that succeeded, at
 * least partly (what could not be mapped is in quarantine), began after the day had ended on the
 * configuration's wall clock. */
#include <string.h>

#include "base/civil.h"
#include "storage/sheet_private.h"

/* Rows come by their first day. */
static int32_t extend(const struct stmt *s, const struct tz *zone, int32_t through_day)
{
    int64_t started_ms = stmt_col_time(s, 2);
    int32_t from_day = stmt_col_date(s, 0), to_day = stmt_col_date(s, 1);
    int32_t over_day = started_ms == INT64_MIN ? from_day : civil_day_of(tz_to_wall(zone, started_ms));
    to_day = to_day < over_day ? to_day : over_day;
    return from_day <= through_day && to_day > through_day ? to_day : through_day;
}

int sheet_store_is_covered(struct db *db, int64_t archive_configuration_id, const struct tz *zone,
                           int32_t from_day, int32_t to_day, bool *ret_is_covered, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "SELECT r.from_date, r.to_date, r.started_at FROM job_configurations j JOIN job_runs r "
            "ON r.job_id = j.id WHERE j.archive_configuration_id = $1 AND r.state = 'done' AND r.is_dry = 0 "
            "AND (r.outcome = 'success' OR r.outcome = 'partial') AND r.from_date < $3 AND r.to_date > $2 "
            "ORDER BY r.from_date");
    int32_t through_day = from_day; /* days before it are read */
    int r;
    stmt_int(s, 1, archive_configuration_id);
    stmt_date(s, 2, from_day);
    stmt_date(s, 3, to_day);
    while ((r = stmt_step(s, e)) > 0) {
        through_day = extend(s, zone, through_day);
    }
    if (r == 0) {
        *ret_is_covered = through_day >= to_day;
    }
    return r;
}
