/* What other sheets have already: closed days, and the appointments and minutes of their lines. */
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "storage/sheet_private.h"

/* ---- closed days ---- */

/* Times are in the order of archive_order.h.  A day is looked at by its own sheet and, for late ones, by
 * every sheet of a later period when it is issued. So what was archived until the latest of these is not late
 * any more: it is on a sheet, or was left out for what it is. */
static void add_closed(struct sheet_source *source, struct sheet_closed_days closed, int64_t considered_ms)
{
    if (source->n_closed == source->closed_room) {
        source->closed_room = source->closed_room ? source->closed_room * 2 : 16;
        source->closed = mem_realloc(source->closed, source->closed_room, sizeof *source->closed);
        source->considered_ms =
            mem_realloc(source->considered_ms, source->closed_room, sizeof *source->considered_ms);
    }
    source->considered_ms[source->n_closed] = considered_ms;
    source->closed[source->n_closed++] = closed;
}

static void turn_round(struct sheet_source *source)
{
    for (size_t i = 0, j = source->n_closed; i + 1 < j; i++) {
        j--;
        struct sheet_closed_days days = source->closed[i];
        int64_t ms = source->considered_ms[i];
        source->closed[i] = source->closed[j];
        source->considered_ms[i] = source->considered_ms[j];
        source->closed[j] = days;
        source->considered_ms[j] = ms;
    }
}

/* A run that found nothing to bill has issued nothing; its days are over all the same, and no run comes back
 * to them.  It looked at them some time after it began. */
#define CLOSED                                                                                               \
    "SELECT start_date AS from_date, end_date AS until_date, number, issued_at AS at, 0 AS is_empty "        \
    "FROM timesheets WHERE archive_configuration_id = $1 AND status = 'issued' UNION ALL "                   \
    "SELECT r.from_date, r.to_date, '', max(r.started_at), 1 FROM job_configurations j JOIN job_runs r "     \
    "ON r.job_id = j.id WHERE j.archive_configuration_id = $1 AND j.job_type = 'timesheet' "                 \
    "AND r.state = 'done' AND r.is_dry = 0 AND (r.outcome = 'success' OR r.outcome = 'partial') "            \
    "AND r.timesheet_id IS NULL AND r.started_at IS NOT NULL AND r.finished_at IS NOT NULL "                 \
    "AND r.to_date <= $2 AND NOT EXISTS (SELECT 1 FROM timesheets t WHERE t.archive_configuration_id = $1 "  \
    "AND t.status = 'issued' AND t.start_date < r.to_date AND t.end_date >= r.from_date) "                   \
    "GROUP BY r.from_date, r.to_date ORDER BY 1 DESC"

/* Rows come by their first day, the last first; of two runs' days that overlap each day is taken once. */
static struct sheet_closed_days read_closed(struct sheet_source *source, const struct stmt *s, bool is_empty)
{
    struct sheet_closed_days days = {
        .from_day = stmt_col_date(s, 0),
        .to_day = stmt_col_date(s, 1) + !is_empty,
        .number = arena_strdup(&source->text, stmt_col_text(s, 2)),
    };
    if (source->n_closed > 0 && source->closed[source->n_closed - 1].from_day < days.to_day) {
        days.to_day = source->closed[source->n_closed - 1].from_day;
    }
    return days;
}

int sheet_source_closed(struct sheet_source *source, struct err *e)
{
    struct stmt *s = db_stmt(source->db, CLOSED);
    int64_t considered_ms = INT64_MIN;
    int r;
    stmt_int(s, 1, source->owner->configuration_id);
    stmt_date(s, 2, source->window.from_day);
    while ((r = stmt_step(s, e)) > 0) {
        int64_t at_ms = stmt_col_time(s, 3), until_ms = at_ms > considered_ms ? at_ms : considered_ms;
        bool is_empty = stmt_col_int(s, 4) != 0;
        struct sheet_closed_days days = read_closed(source, s, is_empty);
        considered_ms = is_empty ? considered_ms : until_ms;
        if (days.from_day < days.to_day && days.to_day <= source->window.from_day) {
            add_closed(source, days, until_ms);
        }
    }
    turn_round(source);
    return r;
}

/* ---- the days that are looked at ---- */

static void add_days(struct sheet_source *source, int32_t from_day, int32_t to_day)
{
    if (from_day < to_day) {
        SHEET_GROW(source->days, source->n_days, source->days_room);
        source->days[source->n_days++] = (struct sheet_days){from_day, to_day};
    }
}

static int compare_days(const void *a, const void *b)
{
    const struct sheet_days *x = a, *y = b;
    return (x->from_day > y->from_day) - (x->from_day < y->from_day);
}

static void merge_days(struct sheet_source *source)
{
    size_t n = 0;
    qsort(source->days, source->n_days, sizeof *source->days, compare_days);
    for (size_t i = 0; i < source->n_days; i++) {
        struct sheet_days days = source->days[i];
        if (n > 0 && days.from_day <= source->days[n - 1].to_day) {
            struct sheet_days *last = &source->days[n - 1];
            last->to_day = days.to_day > last->to_day ? days.to_day : last->to_day;
        } else {
            source->days[n++] = days;
        }
    }
    source->n_days = n;
}

/* The period, and the closed days before it that an appointment reaches into, or may be made to. */
void sheet_source_days(struct sheet_source *source)
{
    int32_t first_day = source->n_closed > 0 ? source->closed[0].from_day : source->window.from_day;
    add_days(source, source->window.from_day, source->window.to_day);
    for (size_t i = 0; i < source->n_items; i++) {
        if (sheet_item_is_before(&source->window, &source->items[i])) {
            struct sheet_days days = sheet_item_days(source->zone, &source->items[i]);
            add_days(source, days.from_day > first_day ? days.from_day : first_day,
                     days.to_day < source->window.from_day ? days.to_day : source->window.from_day);
        } else if (source->items[i].is_late_candidate) {
            add_days(source, source->window.from_day - 1, source->window.from_day);
        }
    }
    merge_days(source);
}

static bool has_day(const struct sheet_source *source, int32_t day)
{
    size_t low = 0, high = source->n_days;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (day >= source->days[mid].to_day) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < source->n_days && day >= source->days[low].from_day;
}

/* ---- claims ---- */

/* $1 is the sheet that may claim what it has. */
#define CLAIMS                                                                                               \
    "SELECT l.appointment_id, l.day, l.line_no, l.start_time, l.end_time, l.is_all_day, t.number, "          \
    "CASE WHEN l.is_all_day = 1 THEN l.subject END "                                                         \
    "FROM timesheet_lines AS l JOIN timesheets AS t ON t.id = l.timesheet_id "                               \
    "WHERE t.status = 'issued' AND t.id <> $1 "

static void add_claim(struct sheet_source *source, const struct stmt *s)
{
    struct sheet_claim claim = {
        .appointment_id = stmt_col_int(s, 0),
        .day = stmt_col_date(s, 1),
        .line_no = (int32_t)stmt_col_int(s, 2),
        .start_min = stmt_col_time(s, 3) / MS_PER_MINUTE,
        .end_min = stmt_col_time(s, 4) / MS_PER_MINUTE,
    };
    const char *number = stmt_col_text(s, 6);
    const struct sheet_claim *last = source->n_claims > 0 ? &source->claims[source->n_claims - 1] : NULL;
    if (stmt_col_int(s, 5) != 0) {
        claim.end_min = claim.start_min;
        claim.subject = arena_strdup(&source->text, stmt_col_text(s, 7));
    }
    claim.number =
        last && strcmp(last->number, number) == 0 ? last->number : arena_strdup(&source->text, number);
    SHEET_GROW(source->claims, source->n_claims, source->claims_room);
    source->claims[source->n_claims++] = claim;
}

static int claims_of_days(struct sheet_source *source, struct sheet_days days, struct err *e)
{
    struct stmt *s = db_stmt(source->db, CLAIMS "AND l.user_id = $2 AND l.day >= $3 AND l.day < $4 "
                                                "AND +t.archive_configuration_id = $5");
    int r;
    stmt_int(s, 1, source->own_id);
    stmt_int(s, 2, source->owner->user_id);
    stmt_date(s, 3, days.from_day);
    stmt_date(s, 4, days.to_day);
    stmt_int(s, 5, source->owner->configuration_id);
    while ((r = stmt_step(s, e)) > 0) {
        add_claim(source, s);
    }
    return r;
}

/* On days that are not looked at: it was moved, or reaches beyond the period. */
static int claims_of_appointment(struct sheet_source *source, int64_t appointment_id, struct err *e)
{
    struct stmt *s = db_stmt(source->db, CLAIMS "AND l.appointment_id = $2");
    int r;
    stmt_int(s, 1, source->own_id);
    stmt_int(s, 2, appointment_id);
    while ((r = stmt_step(s, e)) > 0) {
        if (!has_day(source, stmt_col_date(s, 1))) {
            add_claim(source, s);
        }
    }
    return r;
}

static int compare_claims(const void *a, const void *b)
{
    const struct sheet_claim *x = a, *y = b;
    if (x->day != y->day) {
        return x->day < y->day ? -1 : 1;
    }
    if (x->start_min != y->start_min) {
        return x->start_min < y->start_min ? -1 : 1;
    }
    return (x->appointment_id > y->appointment_id) - (x->appointment_id < y->appointment_id);
}

int sheet_source_claims(struct sheet_source *source, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < source->n_days && r == 0; i++) {
        r = claims_of_days(source, source->days[i], e);
    }
    for (size_t i = 0; i < source->n_items && r == 0; i++) {
        if (source->is_claimed[i]) {
            r = claims_of_appointment(source, source->items[i].appointment_id, e);
        }
    }
    if (source->n_claims > 0) {
        qsort(source->claims, source->n_claims, sizeof *source->claims, compare_claims);
    }
    return r;
}
