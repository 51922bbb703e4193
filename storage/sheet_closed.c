/* Days before the period that are closed: a sheet has them, or a run has found nothing to bill on them.
 *
 * A day is looked at by its own sheet and, for late ones, by every sheet of a later period when it is issued.
 * So what was archived until the latest of these (considered_ms, in the order of archive_order.h) is not late
 * any more: it is on a sheet, or was left out for what it is. */
#include <string.h>

#include "base/mem.h"
#include "storage/sheet_private.h"

/* ---- ranges: apart, ascending ---- */

/* The first range that ends behind the day. */
static size_t first_behind(const struct sheet_source *source, int32_t day)
{
    size_t low = 0, high = source->n_closed;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (source->closed[mid].to_day <= day) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static void insert(struct sheet_source *source, size_t at, struct sheet_closed_days days,
                   int64_t considered_ms)
{
    if (source->n_closed == source->closed_room) {
        source->closed_room = source->closed_room ? source->closed_room * 2 : 16;
        source->closed = mem_realloc(source->closed, source->closed_room, sizeof *source->closed);
        source->considered_ms =
            mem_realloc(source->considered_ms, source->closed_room, sizeof *source->considered_ms);
    }
    size_t behind = source->n_closed++ - at;
    memmove(&source->closed[at + 1], &source->closed[at], behind * sizeof *source->closed);
    memmove(&source->considered_ms[at + 1], &source->considered_ms[at],
            behind * sizeof *source->considered_ms);
    source->closed[at] = days;
    source->considered_ms[at] = considered_ms;
}

/* Those of the days that no range has yet. */
static void close_days(struct sheet_source *source, struct sheet_closed_days days, int64_t considered_ms)
{
    while (days.from_day < days.to_day) {
        size_t at = first_behind(source, days.from_day);
        bool is_last = at == source->n_closed || source->closed[at].from_day >= days.to_day;
        struct sheet_closed_days free_days = days;
        free_days.to_day = is_last ? days.to_day : source->closed[at].from_day;
        days.from_day = is_last ? days.to_day : source->closed[at].to_day;
        if (free_days.from_day < free_days.to_day) {
            insert(source, at, free_days, considered_ms);
        }
    }
}

/* ---- another zone ---- */

/* The archive was moved to a zone further west since: between the end of that sheet and the first midnight of
 * the period there are hours that neither has as days of its own. */
static int find_gap(struct sheet_source *source, const char *zone_name, const char *number, struct err *e)
{
    struct tz_cache *zones;
    const struct tz *zone;
    if (strcmp(zone_name, tz_name(source->zone)) == 0) {
        return 0;
    }
    zones = tz_cache_create(NULL);
    int r = tz_cache_get(zones, zone_name, &zone, e);
    if (r == 0) {
        source->gap_ms = tz_day_start(zone, source->window.from_day);
    } else {
        (void)err_prefix(e, "timesheet %s, which ends where this one begins", number);
    }
    tz_cache_destroy(zones);
    return r;
}

/* ---- rows ---- */

static int read_sheets(struct sheet_source *source, struct err *e)
{
    struct stmt *s =
        db_stmt(source->db, "SELECT start_date, end_date, number, issued_at, zone FROM timesheets "
                            "WHERE archive_configuration_id = $1 AND status = 'issued' "
                            "ORDER BY start_date");
    int r;
    stmt_int(s, 1, source->owner->configuration_id);
    while ((r = stmt_step(s, e)) > 0) {
        struct sheet_closed_days days = {
            .from_day = stmt_col_date(s, 0),
            .to_day = stmt_col_date(s, 1) + 1,
            .number = arena_strdup(&source->text, stmt_col_text(s, 2)),
        };
        close_days(source, days, stmt_col_time(s, 3));
        if (days.to_day == source->window.from_day &&
            (r = find_gap(source, stmt_col_text(s, 4), days.number, e)) < 0) {
            stmt_reset(s);
            break;
        }
    }
    return r;
}

/* A run that found nothing to bill has issued nothing; its days are over all the same, and no run comes back
 * to them.  It looked at them some time after it began.  Of several runs the one that looked last counts. */
static int read_empty_runs(struct sheet_source *source, struct err *e)
{
    struct stmt *s =
        db_stmt(source->db,
                "SELECT r.from_date, r.to_date, r.started_at FROM job_configurations j JOIN job_runs r "
                "ON r.job_id = j.id WHERE j.archive_configuration_id = $1 AND j.job_type = 'timesheet' "
                "AND r.state = 'done' AND r.is_dry = 0 AND (r.outcome = 'success' OR r.outcome = 'partial') "
                "AND r.timesheet_id IS NULL AND r.started_at IS NOT NULL AND r.finished_at IS NOT NULL "
                "AND r.from_date < $2 ORDER BY r.started_at DESC");
    int r;
    stmt_int(s, 1, source->owner->configuration_id);
    stmt_date(s, 2, source->window.from_day);
    while ((r = stmt_step(s, e)) > 0) {
        close_days(source, (struct sheet_closed_days){stmt_col_date(s, 0), stmt_col_date(s, 1), ""},
                   stmt_col_time(s, 2));
    }
    return r;
}

/* When the sheet that is made again was issued first; INT64_MAX: it is a new one. */
static int find_first_issue(const struct sheet_source *source, int64_t *ret_ms, struct err *e)
{
    struct stmt *s =
        db_stmt(source->db, "SELECT min(t.issued_at) FROM timesheets t JOIN timesheets own ON "
                            "own.user_id = t.user_id AND own.number = t.number WHERE own.id = $1");
    int r;
    *ret_ms = INT64_MAX;
    stmt_int(s, 1, source->own_id);
    while ((r = stmt_step(s, e)) > 0) {
        *ret_ms = stmt_is_null(s, 0) ? INT64_MAX : stmt_col_time(s, 0);
    }
    return r;
}

/* Sheets have looked at what lies before them, too.  One that is made again looks once more at all that it
 * could have had: what stood aside then may be wanted now. */
static int consider(struct sheet_source *source, struct err *e)
{
    int64_t latest_ms = INT64_MIN, first_issue_ms;
    int r = find_first_issue(source, &first_issue_ms, e);
    for (size_t i = source->n_closed; r == 0 && i-- > 0;) {
        int64_t own_ms = source->considered_ms[i];
        bool is_sheet = source->closed[i].number[0] != '\0';
        source->considered_ms[i] = own_ms > latest_ms ? own_ms : latest_ms;
        if (is_sheet && own_ms > latest_ms && own_ms < first_issue_ms) {
            latest_ms = own_ms;
        }
    }
    return r;
}

/* What lies before the period. */
static void cut(struct sheet_source *source)
{
    int32_t from_day = source->window.from_day;
    while (source->n_closed > 0 && source->closed[source->n_closed - 1].from_day >= from_day) {
        source->n_closed--;
    }
    if (source->n_closed > 0 && source->closed[source->n_closed - 1].to_day > from_day) {
        source->closed[source->n_closed - 1].to_day = from_day;
    }
}

int sheet_source_closed(struct sheet_source *source, struct err *e)
{
    int r = read_sheets(source, e);
    r = r < 0 ? r : read_empty_runs(source, e);
    r = r < 0 ? r : consider(source, e);
    if (r == 0) {
        cut(source);
    }
    return r;
}
