/* What other sheets have already: the appointments and minutes of their lines. */
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "storage/sheet_private.h"

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
