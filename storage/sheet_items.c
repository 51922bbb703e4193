/* The appointments that a sheet is made from: those that touch the period, late ones of days whose sheets are
 * issued, and beside both what may change them, or be changed by them.
 *
 * An appointment is what its latest version says: the highest row of appointment_versions, or the row in
 * appointments where there is none.  SQL finds them by index, with a day to spare on each side; what exactly
 * is in is decided here by the same functions as in the archive (model/window.h). */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/civil.h"
#include "base/mem.h"
#include "storage/sheet_private.h"

#define NEAR_MS      (5 * MS_PER_MINUTE) /* that a modification may be off (timesheet/modify.h) */
#define REACH_MAX_MS (31 * MS_PER_DAY)   /* that neighbours are followed */

/* ---- categories ---- */

#define MEMO_SLOTS 256 /* a power of two */

/* Most appointments have one of few lists: each is taken apart once. */
struct category_memo {
    struct {
        const char *json;
        const char *const *names;
        size_t n;
    } slots[MEMO_SLOTS];
};

static size_t slot_of(const char *json)
{
    uint32_t h = 2166136261u; /* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
    for (const char *p = json; *p; p++) {
        h = (h ^ (unsigned char)*p) * 16777619u;
    }
    return (h ^ (h >> 16)) & (MEMO_SLOTS - 1);
}

/* The names in the array; what is no text in it is passed over, as is what is no array. */
static const char *const *parse_names(struct arena *text, const char *json, size_t *ret_n)
{
    size_t n = 0;
    cJSON *root = cJSON_Parse(json);
    int size = cJSON_IsArray(root) ? cJSON_GetArraySize(root) : 0;
    const char **names = arena_alloc(text, ((size_t)size + 1) * sizeof *names);
    const cJSON *item;
    cJSON_ArrayForEach(item, root)
    {
        const char *name = cJSON_GetStringValue(item);
        if (size > 0 && name) {
            names[n++] = arena_strdup(text, name);
        }
    }
    cJSON_Delete(root);
    *ret_n = n;
    return names;
}

static void set_categories(struct arena *text, struct category_memo *memo, const char *json,
                           struct sheet_item *item)
{
    if (!json || strcmp(json, "[]") == 0) {
        return;
    }
    size_t i = slot_of(json);
    if (!memo->slots[i].json || strcmp(memo->slots[i].json, json) != 0) {
        memo->slots[i].names = parse_names(text, json, &memo->slots[i].n);
        memo->slots[i].json = arena_strdup(text, json);
    }
    item->categories = memo->slots[i].names;
    item->n_categories = memo->slots[i].n;
}

/* ---- one row ---- */

#define COLUMNS(id, version, kind, claim)                                                                    \
    "SELECT " id ", " version ", " kind ", t.start_time, t.end_time, t.is_all_day, t.start_date, "           \
    "t.end_date, t.subject, l.name, t.categories, t.show_as, t.sensitivity, t.importance, t.response, "      \
    "t.is_private, t.is_cancelled, " claim ", t.created_at "

/* Appointments that are their own latest version; $1 is the user, $2 the configuration.  The plus keeps the
 * index on the time in use, not that on the identity. */
#define FROM_ORIGINALS                                                                                       \
    COLUMNS("t.id", "1", "'original'", "t.timesheet_id")                                                     \
    "FROM appointments AS t LEFT JOIN locations AS l ON l.id = t.location_id "                               \
    "WHERE t.user_id = $1 AND +t.archive_configuration_id = $2 AND t.is_archived = 1 "                       \
    "AND NOT EXISTS (SELECT 1 FROM appointment_versions AS v WHERE v.appointment_id = t.id) "
#define FROM_VERSIONS                                                                                        \
    COLUMNS("t.appointment_id", "t.version", "t.kind", "a.timesheet_id")                                     \
    "FROM appointment_versions AS t JOIN appointments AS a ON a.id = t.appointment_id "                      \
    "LEFT JOIN locations AS l ON l.id = t.location_id "                                                      \
    "WHERE t.user_id = $1 AND +a.archive_configuration_id = $2 AND a.is_archived = 1 "                       \
    "AND NOT EXISTS (SELECT 1 FROM appointment_versions AS v "                                               \
    "WHERE v.appointment_id = t.appointment_id AND v.version > t.version) "

struct reader {
    struct sheet_source *source;
    struct category_memo memo;
    int64_t *known; /* appointments that are late on the sheet that is revised, ascending */
    size_t n_known, known_room;
};

static const char *text_or_empty(struct arena *text, const struct stmt *s, int column)
{
    const char *value = stmt_col_text(s, column);
    return value && *value ? arena_strdup(text, value) : "";
}

/* Times and dates first: they decide whether the rest is needed. */
static struct sheet_item read_times(const struct stmt *s)
{
    return (struct sheet_item){
        .appointment_id = stmt_col_int(s, 0),
        .version = (int32_t)stmt_col_int(s, 1),
        .start_ms = stmt_col_time(s, 3),
        .end_ms = stmt_col_time(s, 4),
        .is_all_day = stmt_col_int(s, 5) != 0,
        .start_day = stmt_is_null(s, 6) ? 0 : stmt_col_date(s, 6),
        .end_day = stmt_is_null(s, 7) ? 0 : stmt_col_date(s, 7),
    };
}

static void read_rest(struct reader *reader, const struct stmt *s, struct sheet_item *item)
{
    struct arena *text = &reader->source->text;
    enum event_sensitivity sensitivity = event_sensitivity_from(stmt_col_text(s, 12));
    item->is_tombstone = strcmp(stmt_col_text(s, 2), "tombstone") == 0;
    item->subject = text_or_empty(text, s, 8);
    item->location = text_or_empty(text, s, 9);
    set_categories(text, &reader->memo, stmt_col_text(s, 10), item);
    item->show_as = event_show_as_from(stmt_col_text(s, 11));
    item->importance = event_importance_from(stmt_col_text(s, 13));
    item->response = event_response_from(stmt_col_text(s, 14));
    item->is_private = stmt_col_int(s, 15) != 0 || sensitivity == SENSITIVITY_PRIVATE;
    item->is_cancelled = stmt_col_int(s, 16) != 0;
}

static void add_item(struct reader *reader, const struct stmt *s, struct sheet_item item)
{
    struct sheet_source *source = reader->source;
    read_rest(reader, s, &item);
    if (source->n_items == source->items_room) {
        source->items_room = source->items_room ? source->items_room * 2 : 256;
        source->items = mem_realloc(source->items, source->items_room, sizeof *source->items);
        source->is_claimed = mem_realloc(source->is_claimed, source->items_room, sizeof *source->is_claimed);
    }
    source->is_claimed[source->n_items] = !stmt_is_null(s, 17);
    source->items[source->n_items++] = item;
}

/* ---- which days ---- */

static bool is_in_period(const struct sheet_source *source, const struct sheet_item *item)
{
    return item->is_all_day ? window_has_days(&source->window, item->start_day, item->end_day)
                            : window_has_span(&source->window, item->start_ms, item->end_ms);
}

/* In hours before the period that no sheet has as days of its own: they are this one's, and late. */
static bool is_in_gap(const struct sheet_source *source, const struct sheet_item *item)
{
    return !item->is_all_day && item->end_ms > source->gap_ms && item->start_ms < source->window.from_ms;
}

bool sheet_item_is_before(const struct window *w, const struct sheet_item *item)
{
    return item->is_all_day ? item->start_day < w->from_day : item->start_ms < w->from_ms;
}

struct sheet_days sheet_item_days(const struct tz *zone, const struct sheet_item *item)
{
    if (item->is_all_day) {
        return (struct sheet_days){item->start_day, item->end_day};
    }
    int64_t last_ms = item->end_ms > item->start_ms ? item->end_ms - 1 : item->start_ms;
    return (struct sheet_days){civil_day_of(tz_to_wall(zone, item->start_ms)),
                               civil_day_of(tz_to_wall(zone, last_ms)) + 1};
}

/* Some day of it is closed by a sheet that could not know it. */
static bool is_late(const struct sheet_source *source, struct sheet_days days, int64_t archived_ms)
{
    for (size_t i = source->n_closed; i-- > 0 && source->closed[i].to_day > days.from_day;) {
        if (source->closed[i].from_day < days.to_day && archived_ms > source->considered_ms[i]) {
            return true;
        }
    }
    return false;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* What is late on the sheet that is revised stays a candidate, whenever it was archived. */
static bool is_known_late(const struct reader *reader, int64_t appointment_id)
{
    return reader->n_known > 0 && bsearch(&appointment_id, reader->known, reader->n_known,
                                          sizeof *reader->known, compare_ids) != NULL;
}

static int read_known(struct reader *reader, struct err *e)
{
    struct stmt *s =
        db_stmt(reader->source->db, "SELECT DISTINCT appointment_id FROM timesheet_lines "
                                    "WHERE timesheet_id = $1 AND is_late = 1 ORDER BY appointment_id");
    int r;
    stmt_int(s, 1, reader->source->own_id);
    while ((r = stmt_step(s, e)) > 0) {
        SHEET_GROW(reader->known, reader->n_known, reader->known_room);
        reader->known[reader->n_known++] = stmt_col_int(s, 0);
    }
    return r;
}

/* An appointment of the period that begins before it, on days that are closed; or on its first day, so that
 * an early start may make it begin before. */
static bool reaches_back(const struct reader *reader, const struct sheet_item *item, const struct stmt *s)
{
    const struct sheet_source *source = reader->source;
    struct sheet_days days = sheet_item_days(source->zone, item);
    if (!item->is_all_day && days.from_day == source->window.from_day) {
        days.from_day--;
    }
    if (source->n_closed == 0 || days.from_day >= source->window.from_day) {
        return false;
    }
    return is_late(source, days, stmt_col_time(s, 18)) || is_known_late(reader, item->appointment_id);
}

/* ---- of the period ---- */

static int read_period(struct reader *reader, struct err *e)
{
    const struct window *w = &reader->source->window;
    struct stmt *s = db_stmt(reader->source->db, FROM_ORIGINALS
                             "AND t.start_time < $4 AND t.end_time > $3 UNION ALL " FROM_VERSIONS
                             "AND t.start_time < $4 AND t.end_time > $3");
    int r;
    stmt_int(s, 1, reader->source->owner->user_id);
    stmt_int(s, 2, reader->source->owner->configuration_id);
    stmt_time(s, 3, w->from_ms - MS_PER_DAY);
    stmt_time(s, 4, w->to_ms + MS_PER_DAY);
    while ((r = stmt_step(s, e)) > 0) {
        struct sheet_item item = read_times(s);
        bool is_here = is_in_period(reader->source, &item), is_between = is_in_gap(reader->source, &item);
        if (is_here || is_between) {
            item.is_late_candidate = is_between || reaches_back(reader, &item, s);
            add_item(reader, s, item);
        }
    }
    return r;
}

/* ---- late ones ---- */

static void add_late(struct reader *reader, const struct stmt *s, bool is_known)
{
    const struct sheet_source *source = reader->source;
    struct sheet_item item = read_times(s);
    if (is_in_period(source, &item) || is_in_gap(source, &item) ||
        strcmp(stmt_col_text(s, 2), "tombstone") == 0) {
        return;
    }
    if (is_known || is_late(source, sheet_item_days(source->zone, &item), stmt_col_time(s, 18))) {
        item.is_late_candidate = true;
        add_item(reader, s, item);
    }
}

static int read_known_late(struct reader *reader, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < reader->n_known && r == 0; i++) {
        struct stmt *s = db_stmt(reader->source->db, FROM_ORIGINALS "AND t.id = $3 UNION ALL " FROM_VERSIONS
                                                                    "AND t.appointment_id = $3");
        stmt_int(s, 1, reader->source->owner->user_id);
        stmt_int(s, 2, reader->source->owner->configuration_id);
        stmt_int(s, 3, reader->known[i]);
        while ((r = stmt_step(s, e)) > 0) {
            add_late(reader, s, true);
        }
    }
    return r;
}

/* What was archived since all sheets that looked at their days: few rows, by an index on when. */
static int read_late(struct reader *reader, struct err *e)
{
    struct sheet_source *source = reader->source;
    struct stmt *s = db_stmt(source->db, FROM_ORIGINALS
                             "AND t.created_at > $3 AND t.start_time < $4 UNION ALL " FROM_VERSIONS
                             "AND t.created_at > $3 AND t.start_time < $4");
    int64_t since_ms = INT64_MAX;
    int r;
    for (size_t i = 0; i < source->n_closed; i++) {
        since_ms = source->considered_ms[i] < since_ms ? source->considered_ms[i] : since_ms;
    }
    if (source->n_closed == 0) {
        return 0;
    }
    stmt_int(s, 1, source->owner->user_id);
    stmt_int(s, 2, source->owner->configuration_id);
    stmt_time(s, 3, since_ms);
    stmt_time(s, 4, source->window.from_ms + MS_PER_DAY);
    while ((r = stmt_step(s, e)) > 0) {
        if (!is_known_late(reader, stmt_col_int(s, 0))) {
            add_late(reader, s, false);
        }
    }
    return r;
}

/* ---- breaks on closed days ---- */

/* So that no row is read twice. */
static void know_all(struct reader *reader)
{
    const struct sheet_source *source = reader->source;
    reader->known = mem_calloc(source->n_items, sizeof *reader->known);
    for (reader->n_known = 0; reader->n_known < source->n_items; reader->n_known++) {
        reader->known[reader->n_known] = source->items[reader->n_known].appointment_id;
    }
    qsort(reader->known, reader->n_known, sizeof *reader->known, compare_ids);
}

/* SQL only narrows it down: whether it is a break is for who reads categories (timesheet/category.h). */
static int background_of(struct reader *reader, struct sheet_days days, struct err *e)
{
    struct sheet_source *source = reader->source;
    struct stmt *s =
        db_stmt(source->db, FROM_ORIGINALS "AND t.start_time < $4 AND t.end_time > $3 AND "
                                           "lower(t.categories) LIKE '%break%' UNION ALL " FROM_VERSIONS
                                           "AND t.start_time < $4 AND t.end_time > $3 AND "
                                           "lower(t.categories) LIKE '%break%'");
    int r;
    stmt_int(s, 1, source->owner->user_id);
    stmt_int(s, 2, source->owner->configuration_id);
    stmt_time(s, 3, tz_day_start(source->zone, days.from_day) - MS_PER_DAY);
    stmt_time(s, 4, tz_day_start(source->zone, days.to_day) + MS_PER_DAY);
    while ((r = stmt_step(s, e)) > 0) {
        struct sheet_item item = read_times(s);
        if (!is_known_late(reader, item.appointment_id)) {
            item.is_background = true;
            add_item(reader, s, item);
        }
    }
    return r;
}

int sheet_source_background(struct sheet_source *source, struct err *e)
{
    struct reader reader = {.source = source};
    int32_t from_day = source->window.from_day;
    int r = 0;
    if (source->n_days == 0 || source->days[0].from_day >= from_day) {
        return 0; /* nothing is late, as usual */
    }
    know_all(&reader);
    for (size_t i = 0; i < source->n_days && r == 0 && source->days[i].from_day < from_day; i++) {
        struct sheet_days days = source->days[i];
        days.to_day = days.to_day < from_day ? days.to_day : from_day;
        r = background_of(&reader, days, e);
    }
    free(reader.known);
    return r;
}

/* ---- neighbours ---- */

/* Of those outside the period, so that no row is read twice. */
static void know_outside(struct reader *reader)
{
    const struct sheet_source *source = reader->source;
    reader->n_known = 0;
    for (size_t i = 0; i < source->n_items; i++) {
        if (!is_in_period(source, &source->items[i])) {
            SHEET_GROW(reader->known, reader->n_known, reader->known_room);
            reader->known[reader->n_known++] = source->items[i].appointment_id;
        }
    }
    if (reader->n_known > 0) {
        qsort(reader->known, reader->n_known, sizeof *reader->known, compare_ids);
    }
}

static int neighbours_between(struct reader *reader, int64_t from_ms, int64_t to_ms, struct err *e)
{
    struct sheet_source *source = reader->source;
    struct stmt *s = db_stmt(source->db, FROM_ORIGINALS
                             "AND t.start_time < $4 AND t.end_time > $3 UNION ALL " FROM_VERSIONS
                             "AND t.start_time < $4 AND t.end_time > $3");
    int r;
    know_outside(reader);
    stmt_int(s, 1, source->owner->user_id);
    stmt_int(s, 2, source->owner->configuration_id);
    stmt_time(s, 3, from_ms);
    stmt_time(s, 4, to_ms);
    while ((r = stmt_step(s, e)) > 0) {
        struct sheet_item item = read_times(s);
        if (!item.is_all_day && !is_in_period(source, &item) && !is_known_late(reader, item.appointment_id) &&
            strcmp(stmt_col_text(s, 2), "tombstone") != 0) {
            item.is_neighbour = true;
            add_item(reader, s, item);
        }
    }
    return r;
}

/* How far what touches this instant reaches beyond it: back, or else on. */
static int64_t reach_of(const struct sheet_source *source, int64_t at_ms, bool is_back)
{
    int64_t reach_ms = at_ms;
    for (size_t i = 0; i < source->n_items; i++) {
        const struct sheet_item *item = &source->items[i];
        if (item->is_all_day || item->is_tombstone) {
            continue;
        }
        if (is_back && item->start_ms < reach_ms && item->end_ms >= at_ms - NEAR_MS) {
            reach_ms = item->start_ms;
        } else if (!is_back && item->end_ms > reach_ms && item->start_ms <= at_ms + NEAR_MS) {
            reach_ms = item->end_ms;
        }
    }
    return reach_ms;
}

/* A day, and a day beyond whatever reaches over the border, and so on: what happened to the other end of an
 * appointment may change the end that is here. */
static int neighbours_beyond(struct reader *reader, int64_t border_ms, bool is_back, struct err *e)
{
    const int64_t sign = is_back ? -1 : 1;
    int64_t reach_ms = border_ms, next_ms = border_ms, seen_ms = border_ms;
    int r = 0;
    do {
        reach_ms = next_ms;
        int64_t until_ms = reach_ms + sign * MS_PER_DAY;
        r = is_back ? neighbours_between(reader, until_ms, seen_ms, e)
                    : neighbours_between(reader, seen_ms - NEAR_MS, until_ms, e);
        seen_ms = until_ms;
        next_ms = reach_of(reader->source, reach_ms, is_back);
        if ((next_ms - border_ms) * sign > REACH_MAX_MS) {
            next_ms = border_ms + sign * REACH_MAX_MS;
        }
    } while (r == 0 && next_ms != reach_ms);
    return r;
}

int sheet_source_neighbours(struct sheet_source *source, struct err *e)
{
    struct reader reader = {.source = source};
    const struct window *w = &source->window;
    int r = neighbours_beyond(&reader, w->from_ms, true, e);
    r = r < 0 ? r : neighbours_beyond(&reader, w->to_ms, false, e);
    for (size_t i = 0; i < source->n_days && r == 0 && source->days[i].from_day < w->from_day; i++) {
        struct sheet_days days = source->days[i];
        days.to_day = days.to_day < w->from_day ? days.to_day : w->from_day;
        r = neighbours_between(&reader, tz_day_start(source->zone, days.from_day) - MS_PER_DAY,
                               tz_day_start(source->zone, days.to_day) + MS_PER_DAY, e);
    }
    free(reader.known);
    return r;
}

int sheet_source_items(struct sheet_source *source, struct err *e)
{
    struct reader reader = {.source = source};
    int r = read_known(&reader, e);
    r = r < 0 ? r : read_period(&reader, e);
    r = r < 0 ? r : read_known_late(&reader, e);
    r = r < 0 ? r : read_late(&reader, e);
    free(reader.known);
    return r;
}
