#include "storage/archive_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "model/uri.h"
#include "storage/archive_order.h"
#include "storage/run_store.h"
#include "storage/stage_store.h"

#define DETAILS_MAX 4096

/* ---- transform ---- */

/* What is staged, in the order of the rules. */
struct batch {
    struct staged_event *events;
    size_t n, room;
};

static void batch_finish(struct batch *batch)
{
    free(batch->events);
    *batch = (struct batch){0};
}

static void add_event(struct batch *batch, const struct stmt *s, int64_t run_id)
{
    if (batch->n == batch->room) {
        batch->room = batch->room ? batch->room * 2 : 1024;
        batch->events = mem_realloc(batch->events, batch->room, sizeof *batch->events);
    }
    struct staged_event *ev = &batch->events[batch->n++];
    *ev = (struct staged_event){
        .seq = stmt_col_int(s, 0) - STAGED_ID(run_id),
        .start_ms = stmt_col_int(s, 1),
        .end_ms = stmt_col_int(s, 2),
        .is_all_day = !stmt_is_null(s, 3),
        .start_day = (int32_t)stmt_col_int(s, 3),
        .end_day = (int32_t)stmt_col_int(s, 4),
        .type = (uint8_t)stmt_col_int(s, 5),
        .response = (uint8_t)stmt_col_int(s, 6),
        .is_cancelled = stmt_col_int(s, 7) != 0,
        .has_categories = !stmt_is_null(s, 8),
        .is_archived = !stmt_is_null(s, 9),
    };
    size_t len;
    const void *twin = stmt_col_blob(s, 10, &len);
    memcpy(ev->twin, twin, len < sizeof ev->twin ? len : sizeof ev->twin);
}

static int load_batch(struct db *db, int64_t run_id, struct batch *batch, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT id, start_ms, end_ms, start_day, end_day, kind, answer, cancelled, category, "
                    "appointment_id, twin FROM staged_events WHERE " STAGED_OF_RUN
                    "ORDER BY start_ms, end_ms DESC, ms_event_id");
    int r;
    stmt_int(s, 1, run_id);
    while ((r = stmt_step(s, e)) > 0) {
        add_event(batch, s, run_id);
    }
    return r;
}

static void count_verdicts(const struct batch *batch, struct run_counts *counts)
{
    memset(counts->verdicts, 0, sizeof counts->verdicts);
    for (size_t i = 0; i < batch->n; i++) {
        uint8_t verdict = batch->events[i].verdict;
        counts->verdicts[verdict < VERDICT_COUNT ? verdict : VERDICT_KEEP]++;
    }
}

static int write_verdicts(struct db *db, int64_t run_id, const struct batch *batch, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < batch->n && r == 0; i++) {
        const struct staged_event *ev = &batch->events[i];
        if (ev->verdict == VERDICT_KEEP || ev->verdict >= VERDICT_COUNT) {
            continue;
        }
        struct stmt *s = db_stmt(db, "UPDATE staged_events SET verdict = $2 WHERE id = $1");
        stmt_int(s, 1, STAGED_ID(run_id) + ev->seq);
        stmt_int(s, 2, ev->verdict);
        r = stmt_run(s, e);
    }
    return r;
}

/* Verdicts of an earlier attempt. */
static int reset_verdicts(struct db *db, int64_t run_id, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE staged_events SET verdict = 0 WHERE " STAGED_OF_RUN "AND verdict <> 0");
    stmt_int(s, 1, run_id);
    return stmt_run(s, e);
}

static int audit_counts(struct db *db, const struct run *run, const char *operation, const char *message,
                        const struct run_counts *counts, struct err *e)
{
    CLEANUP(buf_finish) struct buf text = {.max = DETAILS_MAX};
    int r = run_counts_write(counts, &text);
    if (r < 0) {
        return err_set(e, r, 0, "the counts of run %lld", (long long)run->id);
    }
    return run_store_audit(db, run, operation, "success", message, buf_str(&text), e);
}

/* All pages or nothing: what follows the fetch needs every page. */
static int check_complete(const struct run *run, struct err *e)
{
    if (!run->cursor && run->counts.pages > 0) {
        return 0;
    }
    return err_set(e, ERR_BUG, 0, "run %lld: step %s before the last page was staged", (long long)run->id,
                   run->step);
}

int archive_store_transform(struct db *db, const struct run *run, int64_t instance_id,
                            const struct window *window, archive_rules_fn rules,
                            struct run_counts *ret_counts, struct err *e)
{
    CLEANUP(batch_finish) struct batch batch = {0};
    struct run_counts counts = run->counts;
    int r = run_store_check_owner(db, run->id, instance_id, e);
    r = r < 0 ? r : check_complete(run, e);
    r = r < 0 ? r : stage_store_settle(db, run, e);
    r = r < 0 ? r : reset_verdicts(db, run->id, e);
    r = r < 0 ? r : load_batch(db, run->id, &batch, e);
    if (r < 0) {
        return r;
    }
    if (batch.n > 0) {
        rules(run, window, batch.events, batch.n);
    }
    count_verdicts(&batch, &counts);
    r = write_verdicts(db, run->id, &batch, e);
    r = r < 0 ? r : run_store_save(db, run, instance_id, NULL, &counts, e);
    r = r < 0 ? r : audit_counts(db, run, "transform", "rules applied", &counts, e);
    if (r == 0) {
        *ret_counts = counts;
    }
    return r;
}

/* ---- store: what it works on ---- */

struct storing {
    struct db *db;
    const struct run *run;
    const struct window *window;
    int64_t calendar_id; /* the destination */
    int64_t now_ms;      /* of what is learned: storage/archive_order.h */
    struct run_counts counts;
};

/* The columns that staging, appointments and appointment_versions have by the same name. */
#define SHARED_COLUMNS                                                                                       \
    "start_time, end_time, is_all_day, start_date, end_date, subject, recurrence, event_type, "              \
    "original_zone, "                                                                                        \
    "show_as, sensitivity, importance, response, is_cancelled, categories, notes, content_hash"

/* Columns made from a staged row; $2 is the user. */
#define MADE_COLUMNS "location_id, category_id, is_private, is_out_of_office"
#define MADE_VALUES                                                                                          \
    "(SELECT l.id FROM locations l WHERE l.user_id = $2 AND l.name = s.location), "                          \
    "(SELECT k.id FROM categories k WHERE k.user_id = $2 AND k.name = s.category), "                         \
    "CASE WHEN sensitivity = 'private' THEN 1 ELSE 0 END, CASE WHEN show_as = 'oof' THEN 1 ELSE 0 END"

#define VERSION_COUNT_OF(id)                                                                                 \
    "(SELECT max(v.version) FROM appointment_versions v WHERE v.appointment_id = " id ")"

/* Row x in the window: $5, $6 its instants, $7, $8 its dates, $9, $10 the widest of both, which an index can
 * use. */
#define IN_WINDOW(x)                                                                                         \
    x ".start_time < $10 AND " x ".end_time >= $9 AND (" x ".is_all_day = 0 AND " x                          \
      ".start_time < $6 AND (" x ".end_time > $5 OR " x ".start_time = " x ".end_time AND " x                \
      ".start_time >= $5) OR " x ".is_all_day = 1 AND " x ".start_date < $8 AND " x ".end_date > $7) "

static void bind_window(struct stmt *s, const struct window *w)
{
    int64_t from_midnight_ms = w->from_day * MS_PER_DAY, to_midnight_ms = w->to_day * MS_PER_DAY;
    stmt_time(s, 5, w->from_ms);
    stmt_time(s, 6, w->to_ms);
    stmt_date(s, 7, w->from_day);
    stmt_date(s, 8, w->to_day);
    stmt_time(s, 9, w->from_ms < from_midnight_ms ? w->from_ms : from_midnight_ms);
    stmt_time(s, 10, w->to_ms > to_midnight_ms ? w->to_ms : to_midnight_ms);
}

/* ---- store: names and the destination ---- */

static int add_locations(struct storing *st, struct err *e)
{
    struct stmt *s =
        db_stmt(st->db, "INSERT INTO locations (user_id, name, created_at) "
                        "SELECT DISTINCT $2, location, $3 FROM staged_events WHERE " STAGED_OF_RUN "AND "
                        "change <> 'unchanged' AND location <> '' AND "
                        "(verdict = 0 OR verdict = 1 AND appointment_id IS NOT NULL) "
                        "ON CONFLICT (user_id, name) DO NOTHING");
    stmt_int(s, 1, st->run->id);
    stmt_int(s, 2, st->run->user_id);
    stmt_time(s, 3, st->now_ms);
    return stmt_run(s, e);
}

static int add_categories(struct storing *st, struct err *e)
{
    struct stmt *s =
        db_stmt(st->db, "INSERT INTO categories (user_id, name, created_at) "
                        "SELECT $2, name, $3 FROM staged_categories WHERE run_id = $1 AND name <> '' "
                        "ON CONFLICT (user_id, name) DO NOTHING");
    stmt_int(s, 1, st->run->id);
    stmt_int(s, 2, st->run->user_id);
    stmt_time(s, 3, st->now_ms);
    return stmt_run(s, e);
}

static int find_calendar(struct storing *st, struct err *e)
{
    struct stmt *s = db_stmt(st->db, "SELECT id FROM calendars WHERE user_id = $1 AND uri = $2");
    stmt_int(s, 1, st->run->user_id);
    stmt_text(s, 2, st->run->destination_uri);
    return stmt_get_int(s, &st->calendar_id, e);
}

static int add_calendar(struct storing *st, struct err *e)
{
    CLEANUP(calendar_uri_finish) struct calendar_uri uri = {0};
    int r = calendar_uri_parse(st->run->destination_uri, &uri, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s =
        db_stmt(st->db, "INSERT INTO calendars (user_id, uri, name, calendar_type, created_at, updated_at) "
                        "VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (user_id, uri) DO NOTHING");
    stmt_int(s, 1, st->run->user_id);
    stmt_text(s, 2, st->run->destination_uri);
    stmt_text(s, 3, uri.identifier);
    stmt_text(s, 4, uri.scheme == URI_LOCAL ? "local" : "remote");
    stmt_time(s, 5, st->now_ms);
    r = stmt_run(s, e);
    return r < 0 ? r : find_calendar(st, e);
}

/* ---- store: is staging still true? ---- */

/* Counts the rows with an appointment whose comparison no longer holds: in between the owner may have changed
 * the archive by an explicit act, or another run of the job may have stored. */
static int check_matches(struct storing *st, struct err *e)
{
    int64_t n;
    struct stmt *s = db_stmt(
        st->db,
        "SELECT count(*) FROM staged_events s LEFT JOIN appointments a ON a.id = s.appointment_id "
        "LEFT JOIN appointment_versions h ON h.appointment_id = a.id AND h.version = " VERSION_COUNT_OF(
            "a.id") " WHERE s.run_id = $1 AND s.appointment_id IS NOT NULL AND s.verdict <= 1 AND (a.id IS "
                    "NULL OR "
                    "(s.change = 'unchanged') <> (coalesce(h.kind, '') <> 'tombstone' AND "
                    "s.ms_event_id = CASE WHEN h.version IS NULL THEN a.ms_event_id ELSE h.ms_event_id END "
                    "AND "
                    "s.content_hash = CASE WHEN h.version IS NULL THEN a.content_hash ELSE h.content_hash "
                    "END))");
    stmt_int(s, 1, st->run->id);
    int r = stmt_get_int(s, &n, e);
    if (r < 0) {
        return r;
    }
    return n == 0
               ? 0
               : err_set(e, ERR_GONE, 0,
                         "the archive changed under run %lld: %lld events must be compared again, start over",
                         (long long)st->run->id, (long long)n);
}

/* Storing twice, or without the pages, would take the whole window for vanished. */
static int check_staged(struct storing *st, struct err *e)
{
    int64_t n;
    struct stmt *s = db_stmt(st->db, "SELECT count(*) FROM staged_events WHERE run_id = $1");
    stmt_int(s, 1, st->run->id);
    int r = stmt_get_int(s, &n, e);
    if (r < 0) {
        return r;
    }
    return n == st->counts.fetched
               ? 0
               : err_set(e, ERR_GONE, 0, "run %lld fetched %lld events but %lld are staged, start over",
                         (long long)st->run->id, (long long)st->counts.fetched, (long long)n);
}

/* ---- store: tombstones ---- */

/* Something of this run is in quarantine that does not say which event it is. */
static int has_nameless(struct storing *st, bool *ret_has, struct err *e)
{
    int64_t n;
    struct stmt *s =
        db_stmt(st->db, "SELECT count(*) FROM quarantined_events WHERE archive_configuration_id = $1 AND "
                        "last_run_id = $2 AND ms_event_id IS NULL");
    stmt_int(s, 1, st->run->archive_configuration_id);
    stmt_int(s, 2, st->run->id);
    int r = stmt_get_int(s, &n, e);
    if (r == 0) {
        *ret_has = n > 0;
    }
    return r;
}

#define TOMBSTONE_INTO                                                                                       \
    "INSERT INTO appointment_versions (appointment_id, version, user_id, kind, reason, run_id, created_at, " \
    "ms_event_id, " MADE_COLUMNS ", " SHARED_COLUMNS ") "
/* $11 … $14 are the names of the verdicts from VERDICT_SERIES_MASTER on. */
#define TOMBSTONE_REASON(id)                                                                                 \
    "coalesce((SELECT CASE g.verdict WHEN 2 THEN $11 WHEN 3 THEN $12 WHEN 4 THEN $13 WHEN 5 THEN $14 END "   \
    "FROM staged_events g WHERE g.run_id = $1 AND g.appointment_id = " id "), 'vanished')"
/* Not staged, or left out; an event that moved out of the window is not gone. */
#define IS_GONE(id, event_id)                                                                                \
    "AND NOT EXISTS (SELECT 1 FROM staged_events g WHERE g.run_id = $1 AND g.appointment_id = " id           \
    " AND g.verdict <= 1) AND NOT EXISTS (SELECT 1 FROM quarantined_events q "                               \
    "WHERE q.archive_configuration_id = $4 AND q.last_run_id = $1 AND q.ms_event_id = " event_id ") "

static void bind_tombstones(struct stmt *s, const struct storing *st)
{
    stmt_int(s, 1, st->run->id);
    stmt_int(s, 2, st->run->user_id);
    stmt_time(s, 3, st->now_ms);
    stmt_int(s, 4, st->run->archive_configuration_id);
    bind_window(s, st->window);
    for (int v = VERDICT_SERIES_MASTER; v < VERDICT_COUNT; v++) {
        stmt_text(s, 11 + v - VERDICT_SERIES_MASTER, event_verdict_name((enum event_verdict)v));
    }
}
_Static_assert(VERDICT_OUTSIDE == 1 && VERDICT_SERIES_MASTER == 2 && VERDICT_COUNT == 6,
               "the SQL here counts on it");

static int run_counted(struct storing *st, struct stmt *s, int64_t *count, struct err *e)
{
    int r = stmt_run(s, e);
    if (r == 0) {
        *count += db_changes(st->db);
    }
    return r;
}

/* Heads that are the appointment itself.  The plus keeps the index on the time in use, not that on the
 * identity. */
static int bury_appointments(struct storing *st, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        TOMBSTONE_INTO "SELECT id, 2, user_id, 'tombstone', " TOMBSTONE_REASON(
            "a.id") ", $1, $3, "
                    "ms_event_id, " MADE_COLUMNS ", " SHARED_COLUMNS " FROM appointments a "
                    "WHERE a.user_id = $2 AND +a.archive_configuration_id = $4 AND a.is_archived = 1 "
                    "AND " IN_WINDOW("a")
                        IS_GONE("a.id", "a.ms_event_id") "AND NOT EXISTS (SELECT 1 FROM appointment_versions "
                                                         "v WHERE v.appointment_id = a.id)");
    bind_tombstones(s, st);
    return run_counted(st, s, &st->counts.vanished, e);
}

/* Heads that are a later version. */
static int bury_versions(struct storing *st, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        TOMBSTONE_INTO "SELECT appointment_id, version + 1, user_id, 'tombstone', " TOMBSTONE_REASON(
            "h.appointment_id") ", $1, $3, "
                                "ms_event_id, " MADE_COLUMNS ", " SHARED_COLUMNS
                                " FROM appointment_versions h "
                                "WHERE h.user_id = $2 AND h.kind <> 'tombstone' AND " IN_WINDOW("h") IS_GONE(
                                    "h.appointment_id",
                                    "h.ms_event_id") "AND EXISTS (SELECT 1 FROM appointments a WHERE a.id = "
                                                     "h.appointment_id AND a.archive_configuration_id = $4) "
                                                     "AND NOT EXISTS (SELECT 1 FROM appointment_versions v "
                                                     "WHERE v.appointment_id = h.appointment_id "
                                                     "AND v.version > h.version)");
    bind_tombstones(s, st);
    return run_counted(st, s, &st->counts.vanished, e);
}

static int add_tombstones(struct storing *st, struct err *e)
{
    bool nameless = false;
    int r = has_nameless(st, &nameless, e);
    if (r < 0 || nameless) {
        return r;
    }
    /* The first adds versions, but tombstones, which the second passes over. */
    r = bury_appointments(st, e);
    return r < 0 ? r : bury_versions(st, e);
}

/* ---- store: versions and appointments ---- */

#define STAGED "staged_events s JOIN staged_contents c ON c.id = s.id "
#define VERSION_INTO                                                                                         \
    "INSERT INTO appointment_versions (appointment_id, version, user_id, kind, reason, run_id, created_at, " \
    "ms_event_id, " MADE_COLUMNS ", " SHARED_COLUMNS ", ms_event_data) "                                     \
    "SELECT appointment_id, coalesce(" VERSION_COUNT_OF("s.appointment_id") ", 1) + 1, $2, "
#define VERSION_FROM                                                                                         \
    ", $1, $3, ms_event_id, " MADE_VALUES ", " SHARED_COLUMNS ", ms_event_data FROM " STAGED                 \
    "WHERE s." STAGED_OF_RUN "AND appointment_id IS NOT NULL AND change = 'changed' "
#define HEAD_IS_TOMBSTONE                                                                                    \
    "EXISTS (SELECT 1 FROM appointment_versions h WHERE h.appointment_id = s.appointment_id "                \
    "AND "                                                                                                   \
    "h.kind = 'tombstone' AND h.version = " VERSION_COUNT_OF("h.appointment_id") ") "

static int run_versions(struct storing *st, struct stmt *s, int64_t *count, struct err *e)
{
    stmt_int(s, 1, st->run->id);
    stmt_int(s, 2, st->run->user_id);
    stmt_time(s, 3, st->now_ms);
    return run_counted(st, s, count, e);
}

static int add_changed(struct storing *st, struct err *e)
{
    return run_versions(st,
                        db_stmt(st->db, VERSION_INTO "'changed', NULL" VERSION_FROM
                                                     "AND verdict = 0 AND NOT " HEAD_IS_TOMBSTONE),
                        &st->counts.changed, e);
}

static int add_restored(struct storing *st, struct err *e)
{
    return run_versions(st,
                        db_stmt(st->db, VERSION_INTO "'restored', NULL" VERSION_FROM
                                                     "AND verdict = 0 AND " HEAD_IS_TOMBSTONE),
                        &st->counts.restored, e);
}

/* An event that was in the window, moved out of it and was still seen, in the day that is fetched on each
 * side. */
static int add_moved(struct storing *st, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db, VERSION_INTO
        "'changed', 'outside'" VERSION_FROM "AND verdict = 1 AND (EXISTS "
        "(SELECT 1 FROM appointment_versions h WHERE h.appointment_id = s.appointment_id "
        "AND h.kind <> 'tombstone' AND h.version = " VERSION_COUNT_OF("h.appointment_id") " AND " IN_WINDOW(
            "h") ") "
                 "OR EXISTS (SELECT 1 FROM appointments a WHERE a.id = s.appointment_id "
                 "AND " IN_WINDOW("a") "AND NOT EXISTS (SELECT 1 FROM appointment_versions v WHERE "
                                       "v.appointment_id = a.id)))");
    bind_window(s, st->window);
    return run_versions(st, s, &st->counts.changed, e);
}

static int add_appointments(struct storing *st, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        "INSERT INTO appointments (ms_event_id, user_id, is_archived, created_at, updated_at, "
        "archive_configuration_id, calendar_id, run_id, event_key, slot_key, ical_uid, original_start, "
        "series_master_id, " MADE_COLUMNS ", " SHARED_COLUMNS ", ms_event_data) "
        "SELECT ms_event_id, $2, 1, $3, $3, $4, $5, $1, event_key, slot_key, ical_uid, original_start, "
        "series_master_id, " MADE_VALUES ", " SHARED_COLUMNS ", ms_event_data FROM " STAGED
        "WHERE s." STAGED_OF_RUN "AND change = 'new' AND verdict = 0");
    stmt_int(s, 1, st->run->id);
    stmt_int(s, 2, st->run->user_id);
    stmt_time(s, 3, st->now_ms);
    stmt_int(s, 4, st->run->archive_configuration_id);
    stmt_int(s, 5, st->calendar_id);
    int r = run_counted(st, s, &st->counts.inserted, e);
    if (r == ERR_EXISTS) {
        return err_set(e, ERR_GONE, 0,
                       "the archive changed under run %lld: an event is no longer new, start over",
                       (long long)st->run->id);
    }
    return r;
}

/* ---- store ---- */

static void forget_counts(struct run_counts *c)
{
    c->inserted = c->changed = c->restored = c->vanished = c->unchanged = 0;
}

/* What becomes of appointments that the archive has; *ret_moved counts those that left the window. */
static int store_known(struct storing *st, int64_t *ret_moved, struct err *e)
{
    int r = check_matches(st, e);
    r = r < 0 ? r : add_tombstones(st, e);
    r = r < 0 ? r : add_moved(st, e);
    *ret_moved = st->counts.changed;
    r = r < 0 ? r : add_changed(st, e);
    return r < 0 ? r : add_restored(st, e);
}

static int store_all(struct storing *st, struct err *e)
{
    bool has = false;
    int64_t moved = 0;
    forget_counts(&st->counts);
    int r = check_staged(st, e);
    r = r < 0 ? r : stage_store_has_archive(st->db, st->run, &has, e);
    r = r < 0 ? r : add_locations(st, e);
    r = r < 0 ? r : add_categories(st, e);
    r = r < 0 ? r : add_calendar(st, e);
    if (has) {
        r = r < 0 ? r : store_known(st, &moved, e);
    }
    r = r < 0 ? r : add_appointments(st, e);
    st->counts.unchanged = st->counts.verdicts[VERDICT_KEEP] - st->counts.inserted - st->counts.restored -
                           (st->counts.changed - moved);
    return r;
}

/* Counts what would be stored, and undoes it. */
static int store_dry(struct storing *st, struct err *e)
{
    int r = db_savepoint(st->db, e);
    if (r < 0) {
        return r;
    }
    r = store_all(st, e);
    db_rollback_to(st->db);
    return r;
}

int archive_store_window(struct db *db, const struct run *run, int64_t instance_id,
                         const struct window *window, struct run_counts *ret_counts, struct err *e)
{
    struct storing st = {.db = db, .run = run, .window = window, .counts = run->counts};
    int r = run_store_check_owner(db, run->id, instance_id, e);
    r = r < 0 ? r : archive_order_learned(db, run->archive_configuration_id, &st.now_ms, e);
    r = r < 0 ? r : check_complete(run, e);
    if (r == 0) {
        r = run->is_dry ? store_dry(&st, e) : store_all(&st, e);
    }
    r = r < 0 ? r : stage_store_clear(db, run->id, e);
    r = r < 0 ? r : run_store_save(db, run, instance_id, NULL, &st.counts, e);
    r = r < 0 ? r
              : audit_counts(db, run, "store", run->is_dry ? "dry run: counted and undone" : "window stored",
                             &st.counts, e);
    if (r == 0) {
        *ret_counts = st.counts;
    }
    return r;
}
