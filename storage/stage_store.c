#include "storage/stage_store.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/run_store.h"

#define CATEGORIES_MAX 262144 /* bytes of one event's category names as JSON */
#define TWIN_LEN       sizeof(((struct staged_event *)NULL)->twin)

enum change { CHANGE_NEW, CHANGE_CHANGED, CHANGE_UNCHANGED };
static const char *const change_names[] = {
    [CHANGE_NEW] = "new", [CHANGE_CHANGED] = "changed", [CHANGE_UNCHANGED] = "unchanged"};

/* One page on its way in. */
struct stage {
    struct db *db;
    const struct run *run;
    struct run_counts counts;
    struct buf categories; /* of the event at hand, as a JSON array */
    bool has_archive;      /* the configuration has appointments: looking for them can find something */
    int64_t now_ms;
};

/* What the archive has of an identity. */
struct match {
    int64_t appointment_id; /* 0 = nothing */
    enum change change;
};

/* ---- what the archive has ---- */

#define HEAD_OF_A                                                                                            \
    "LEFT JOIN appointment_versions h ON h.appointment_id = a.id AND h.version = "                           \
    "(SELECT max(v.version) FROM appointment_versions v WHERE v.appointment_id = a.id) "
/* id, id of the event at the head, its hash, whether it is a tombstone */
#define HEAD_COLUMNS                                                                                         \
    "a.id, CASE WHEN h.version IS NULL THEN a.ms_event_id ELSE h.ms_event_id END, "                          \
    "CASE WHEN h.version IS NULL THEN a.content_hash ELSE h.content_hash END, coalesce(h.kind, '') = "       \
    "'tombstone' "

/* The columns of HEAD_COLUMNS, from `column` on, against an event. */
static struct match compare(const struct stmt *s, int column, const char *id, const void *hash)
{
    size_t len;
    const char *head_id = stmt_col_text(s, column + 1);
    const void *head_hash = stmt_col_blob(s, column + 2, &len);
    bool is_same = stmt_col_int(s, column + 3) == 0 && head_id && strcmp(head_id, id) == 0 &&
                   len == EVENT_HASH_LEN && memcmp(head_hash, hash, EVENT_HASH_LEN) == 0;
    return (struct match){stmt_col_int(s, column), is_same ? CHANGE_UNCHANGED : CHANGE_CHANGED};
}

static int find_match(const struct stage *st, const struct event *ev, struct match *ret_match, struct err *e)
{
    struct match match = {0, CHANGE_NEW};
    if (st->has_archive) {
        struct stmt *s = db_stmt(st->db, "SELECT " HEAD_COLUMNS "FROM appointments a " HEAD_OF_A
                                         "WHERE a.archive_configuration_id = $1 AND a.ms_event_id = $2");
        stmt_int(s, 1, st->run->archive_configuration_id);
        stmt_text(s, 2, ev->id);
        int r = stmt_step(s, e);
        if (r < 0) {
            return r;
        }
        if (r > 0) {
            match = compare(s, 0, ev->id, ev->hash);
            stmt_reset(s);
        }
    }
    *ret_match = match;
    return 0;
}

static int has_archive(struct db *db, const struct run *run, bool *ret_has, struct err *e)
{
    int64_t n;
    struct stmt *s =
        db_stmt(db, "SELECT EXISTS (SELECT 1 FROM appointments WHERE archive_configuration_id = $1)");
    stmt_int(s, 1, run->archive_configuration_id);
    int r = stmt_get_int(s, &n, e);
    if (r == 0) {
        *ret_has = n != 0;
    }
    return r;
}

/* ---- one event ---- */

/* Equal for events of equal subject, start and end.  What has no subject is no twin of what has an empty one.
 */
static void make_twin(const struct event *ev, unsigned char twin[TWIN_LEN])
{
    crypto_generichash_state state;
    struct {
        int64_t start, end;
        unsigned char is_all_day, has_subject, zero[6];
    } head = {
        .start = ev->is_all_day ? ev->start_day : ev->start_ms,
        .end = ev->is_all_day ? ev->end_day : ev->end_ms,
        .is_all_day = ev->is_all_day,
        .has_subject = ev->subject != NULL,
    };
    crypto_generichash_init(&state, NULL, 0, TWIN_LEN);
    crypto_generichash_update(&state, (const unsigned char *)&head, sizeof head);
    if (ev->subject) {
        crypto_generichash_update(&state, (const unsigned char *)ev->subject, strlen(ev->subject));
    }
    crypto_generichash_final(&state, twin, TWIN_LEN);
}

static int write_categories(struct buf *text, const struct event *ev)
{
    struct json_out j;
    buf_clear(text);
    json_out_begin(&j, text);
    json_open(&j, NULL, '[');
    for (size_t i = 0; i < ev->n_categories; i++) {
        json_text(&j, NULL, ev->categories[i]);
    }
    json_close(&j, ']');
    return json_out_end(&j);
}

static void bind_times(struct stmt *s, const struct event *ev)
{
    stmt_time(s, 5, ev->start_ms);
    stmt_time(s, 6, ev->end_ms);
    stmt_int(s, 7, ev->start_ms);
    stmt_int(s, 8, ev->end_ms);
    stmt_int(s, 9, ev->is_all_day);
    if (ev->is_all_day) {
        stmt_date(s, 10, ev->start_day);
        stmt_date(s, 11, ev->end_day);
    }
    stmt_time(s, 18, ev->original_start_ms);
}

static void bind_names(struct stmt *s, const struct event *ev)
{
    stmt_text(s, 12, ev->subject);
    stmt_text(s, 13, ev->location);
    stmt_text(s, 14, ev->n_categories > 0 ? ev->categories[0] : NULL);
    stmt_text(s, 16, ev->rrule);
    stmt_text(s, 17, ev->ical_uid);
    stmt_text(s, 19, ev->series_master_id);
    stmt_text(s, 20, event_type_name(ev->type));
    stmt_text(s, 21, ev->original_zone);
    stmt_text(s, 22, event_show_as_name(ev->show_as));
    stmt_text(s, 23, event_sensitivity_name(ev->sensitivity));
    stmt_text(s, 24, event_importance_name(ev->importance));
    stmt_text(s, 25, event_response_name(ev->response));
}

static void bind_event(struct stmt *s, const struct stage *st, const struct event *ev,
                       const struct match *match, const unsigned char twin[TWIN_LEN])
{
    if (match->appointment_id) {
        stmt_int(s, 3, match->appointment_id);
    }
    stmt_text(s, 4, change_names[match->change]);
    bind_times(s, ev);
    bind_names(s, ev);
    stmt_text_n(s, 15, st->categories.data, st->categories.len);
    stmt_int(s, 26, ev->is_cancelled);
    stmt_int(s, 27, ev->notes);
    stmt_blob(s, 28, twin, TWIN_LEN);
    stmt_blob(s, 29, ev->hash, EVENT_HASH_LEN);
    if (match->change != CHANGE_UNCHANGED) {
        stmt_text_n(s, 30, ev->raw, ev->raw_len);
    }
}

static int insert_event(const struct stage *st, const struct event *ev, const struct match *match,
                        const unsigned char twin[TWIN_LEN], int64_t id_hash, struct err *e)
{
    struct stmt *s = db_stmt(st->db, "INSERT INTO staged_events (id, run_id, ms_event_id, id_hash, "
                                     "appointment_id, change, start_time, end_time, "
                                     "start_ms, end_ms, is_all_day, start_date, end_date, subject, location, "
                                     "category, categories, recurrence, "
                                     "ical_uid, original_start, series_master_id, event_type, original_zone, "
                                     "show_as, sensitivity, importance, "
                                     "response, is_cancelled, notes, twin, content_hash, ms_event_data) "
                                     "VALUES ($1, $2, $31, $32, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
                                     "$13, $14, $15, $16, $17, $18, $19, $20, "
                                     "$21, $22, $23, $24, $25, $26, $27, $28, $29, $30)");
    bind_event(s, st, ev, match, twin);
    stmt_int(s, 1, STAGED_ID(st->run->id) + st->counts.fetched);
    stmt_int(s, 2, st->run->id);
    stmt_text(s, 31, ev->id);
    stmt_int(s, 32, id_hash);
    return stmt_run(s, e);
}

/* The same id came before, in a page read twice or because the calendar moved under the paging: the last one
 * counts. */
static int replace_event(const struct stage *st, const struct event *ev, const struct match *match,
                         const unsigned char twin[TWIN_LEN], int64_t id, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        "UPDATE staged_events SET verdict = 0, appointment_id = $3, change = $4, start_time = $5, end_time = "
        "$6, "
        "start_ms = $7, end_ms = $8, is_all_day = $9, start_date = $10, end_date = $11, subject = $12, "
        "location = $13, "
        "category = $14, categories = $15, recurrence = $16, ical_uid = $17, original_start = $18, "
        "series_master_id = $19, event_type = $20, original_zone = $21, show_as = $22, sensitivity = $23, "
        "importance = $24, response = $25, is_cancelled = $26, notes = $27, twin = $28, content_hash = $29, "
        "ms_event_data = $30 WHERE id = $1");
    bind_event(s, st, ev, match, twin);
    stmt_int(s, 1, id);
    return stmt_run(s, e);
}

static int64_t hash_id(const char *id)
{
    int64_t hash;
    unsigned char bytes[crypto_generichash_BYTES_MIN];
    crypto_generichash(bytes, sizeof bytes, (const unsigned char *)id, strlen(id), NULL, 0);
    memcpy(&hash, bytes, sizeof hash);
    return hash;
}

/* The row with that event id in this run, 0 if there is none yet. */
static int find_staged(const struct stage *st, const char *event_id, int64_t id_hash, int64_t *ret_id,
                       struct err *e)
{
    struct stmt *s = db_stmt(
        st->db, "SELECT id FROM staged_events WHERE run_id = $1 AND id_hash = $2 AND ms_event_id = $3");
    stmt_int(s, 1, st->run->id);
    stmt_int(s, 2, id_hash);
    stmt_text(s, 3, event_id);
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    *ret_id = r > 0 ? stmt_col_int(s, 0) : 0;
    stmt_reset(s);
    return 0;
}

/* One row per identity, whatever came before. */
static int put_event(struct stage *st, const struct event *ev, const struct match *match, struct err *e)
{
    unsigned char twin[TWIN_LEN];
    int64_t id_hash = hash_id(ev->id), id = 0;
    make_twin(ev, twin);
    int r = find_staged(st, ev->id, id_hash, &id, e);
    if (r == 0 && id != 0) {
        return replace_event(st, ev, match, twin, id, e);
    }
    r = r < 0 ? r : insert_event(st, ev, match, twin, id_hash, e);
    if (r == 0) {
        st->counts.fetched++;
    }
    return r;
}

static int add_categories(const struct stage *st, const struct event *ev, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < ev->n_categories && r == 0; i++) {
        struct stmt *s = db_stmt(st->db, "INSERT INTO staged_categories (run_id, name) VALUES ($1, $2) ON "
                                         "CONFLICT (run_id, name) DO NOTHING");
        stmt_int(s, 1, st->run->id);
        stmt_text(s, 2, ev->categories[i]);
        r = stmt_run(s, e);
    }
    return r;
}

static int stage_event(struct stage *st, const struct event *ev, struct err *e)
{
    struct match match;
    int r = find_match(st, ev, &match, e);
    if (r < 0) {
        return r;
    }
    r = write_categories(&st->categories, ev);
    if (r < 0) {
        return err_set(e, r, 0, "event %.60s has more than %d bytes of categories", ev->id, CATEGORIES_MAX);
    }
    r = put_event(st, ev, &match, e);
    return r < 0 ? r : add_categories(st, ev, e);
}

/* ---- quarantine ---- */

/* The run that saw this body last, 0 if none did. */
static int last_seen_by(const struct stage *st, const unsigned char *hash, int64_t *ret_run_id, struct err *e)
{
    struct stmt *s = db_stmt(st->db, "SELECT last_run_id FROM quarantined_events "
                                     "WHERE archive_configuration_id = $1 AND raw_hash = $2");
    stmt_int(s, 1, st->run->archive_configuration_id);
    stmt_blob(s, 2, hash, EVENT_HASH_LEN);
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    *ret_run_id = r > 0 ? stmt_col_int(s, 0) : 0;
    stmt_reset(s);
    return 0;
}

static int insert_reject(const struct stage *st, const struct event_reject *reject, const unsigned char *hash,
                         struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        "INSERT INTO quarantined_events (user_id, archive_configuration_id, run_id, ms_event_id, reason, "
        "raw_hash, raw, first_seen_at, last_seen_at, last_run_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $3) "
        "ON CONFLICT (archive_configuration_id, raw_hash) DO UPDATE SET "
        "last_seen_at = excluded.last_seen_at, last_run_id = excluded.last_run_id, "
        "reason = excluded.reason");
    stmt_int(s, 1, st->run->user_id);
    stmt_int(s, 2, st->run->archive_configuration_id);
    stmt_int(s, 3, st->run->id);
    stmt_text(s, 4, reject->id);
    stmt_text(s, 5, reject->reason);
    stmt_blob(s, 6, hash, EVENT_HASH_LEN);
    stmt_blob(s, 7, reject->raw, reject->raw_len);
    stmt_time(s, 8, st->now_ms);
    return stmt_run(s, e);
}

static int quarantine(struct stage *st, const struct event_reject *reject, struct err *e)
{
    unsigned char hash[EVENT_HASH_LEN];
    int64_t seen_by;
    crypto_generichash(hash, sizeof hash, (const unsigned char *)reject->raw, reject->raw_len, NULL, 0);
    int r = last_seen_by(st, hash, &seen_by, e);
    r = r < 0 ? r : insert_reject(st, reject, hash, e);
    if (r == 0 && seen_by != st->run->id) {
        st->counts.quarantined++;
    }
    return r;
}

/* What the archive's tables would refuse.  NULL when nothing is wrong. */
static const char *find_fault(const struct event *ev)
{
    if (ev->end_ms < ev->start_ms) {
        return "the event ends before it begins";
    }
    if (ev->is_all_day && ev->end_day <= ev->start_day) {
        return "the all-day event has no day";
    }
    return NULL;
}

/* ---- a page ---- */

static int stage_all(struct stage *st, const struct event_page *page, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < page->n_events && r == 0; i++) {
        const struct event *ev = &page->events[i];
        const char *fault = find_fault(ev);
        struct event_reject reject = {ev->id, fault, ev->raw, ev->raw_len};
        r = fault ? quarantine(st, &reject, e) : stage_event(st, ev, e);
    }
    for (size_t i = 0; i < page->n_rejects && r == 0; i++) {
        r = quarantine(st, &page->rejects[i], e);
    }
    return r;
}

/* The first page of a window, perhaps not for the first time. */
static int begin_window(struct stage *st, struct err *e)
{
    struct run_counts fresh = {.requests = st->counts.requests, .throttled = st->counts.throttled};
    st->counts = fresh;
    return stage_store_clear(st->db, st->run->id, e);
}

int stage_store_page(struct db *db, const struct run *run, int64_t instance_id, const struct event_page *page,
                     struct run_counts *ret_counts, struct err *e)
{
    struct stage st = {.db = db, .run = run, .counts = run->counts, .now_ms = db_now_ms(db)};
    buf_init(&st.categories, CATEGORIES_MAX);
    int r = run_store_check_owner(db, run->id, instance_id, e);
    if (r == 0 && !run->cursor) {
        r = begin_window(&st, e);
    }
    r = r < 0 ? r : has_archive(db, run, &st.has_archive, e);
    r = r < 0 ? r : stage_all(&st, page, e);
    buf_finish(&st.categories);
    st.counts.pages++;
    r = r < 0 ? r : run_store_save(db, run, instance_id, page->next_cursor, &st.counts, e);
    if (r == 0) {
        *ret_counts = st.counts;
    }
    return r;
}

static int clear_all(struct db *db, struct err *e)
{
    int r = stmt_run(db_stmt(db, "DELETE FROM staged_events"), e);
    return r < 0 ? r : stmt_run(db_stmt(db, "DELETE FROM staged_categories"), e);
}

int stage_store_clear(struct db *db, int64_t run_id, struct err *e)
{
    int64_t others;
    struct stmt *s =
        db_stmt(db, "SELECT EXISTS (SELECT 1 FROM staged_events WHERE id < $1 * 4294967296) OR "
                    "EXISTS (SELECT 1 FROM staged_events WHERE id > $1 * 4294967296 + 4294967295)");
    stmt_int(s, 1, run_id);
    int r = stmt_get_int(s, &others, e);
    if (r < 0) {
        return r;
    }
    if (!others) {
        return clear_all(db, e); /* without WHERE the pages are dropped whole, not row by row */
    }
    s = db_stmt(db, "DELETE FROM staged_events WHERE " STAGED_OF_RUN);
    stmt_int(s, 1, run_id);
    r = stmt_run(s, e);
    if (r < 0) {
        return r;
    }
    s = db_stmt(db, "DELETE FROM staged_categories WHERE run_id = $1");
    stmt_int(s, 1, run_id);
    return stmt_run(s, e);
}

/* ---- settling identities ---- */

/* A staged event without appointment, and one it may be. */
struct pair {
    int64_t id; /* the staged row */
    struct match match;
    bool is_head; /* the appointment's head has that id */
};

struct pairs {
    struct pair *items;
    size_t n, room;
};

static void pairs_finish(struct pairs *pairs)
{
    free(pairs->items);
    *pairs = (struct pairs){0};
}

static void add_pair(struct pairs *pairs, const struct stmt *s)
{
    size_t len;
    const char *id = stmt_col_text(s, 1);
    const void *hash = stmt_col_blob(s, 2, &len);
    if (pairs->n == pairs->room) {
        pairs->room = pairs->room ? pairs->room * 2 : 64;
        pairs->items = mem_realloc(pairs->items, pairs->room, sizeof *pairs->items);
    }
    struct pair *p = &pairs->items[pairs->n++];
    p->id = stmt_col_int(s, 0);
    p->match = compare(s, 3, id, hash);
    const char *head_id = stmt_col_text(s, 4);
    p->is_head = head_id && strcmp(head_id, id) == 0;
}

/* All pairs of the same UID and original start, without appointments whose own id came.  Smaller ids come
 * first, so that the choice is the same in every run. */
static int find_pairs(struct db *db, const struct run *run, struct pairs *ret_pairs, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT s.id, s.ms_event_id, s.content_hash, " HEAD_COLUMNS "FROM staged_events s "
                    "CROSS JOIN appointments a " HEAD_OF_A "WHERE s." STAGED_OF_RUN
                    "AND a.archive_configuration_id = $2 AND a.ical_uid = s.ical_uid AND a.original_start = "
                    "s.original_start "
                    "AND s.change = 'new' AND s.ical_uid IS NOT NULL AND NOT EXISTS "
                    "(SELECT 1 FROM staged_events d WHERE d.run_id = $1 AND d.appointment_id = a.id AND "
                    "d.ms_event_id = a.ms_event_id) ORDER BY s.ms_event_id, a.id");
    struct pairs pairs = {0};
    int r;
    stmt_int(s, 1, run->id);
    stmt_int(s, 2, run->archive_configuration_id);
    while ((r = stmt_step(s, e)) > 0) {
        add_pair(&pairs, s);
    }
    if (r < 0) {
        pairs_finish(&pairs);
        return r;
    }
    *ret_pairs = pairs;
    return 0;
}

/* Takes back what was settled before, so that all are settled together. */
static int unsettle(struct db *db, int64_t run_id, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "UPDATE staged_events SET appointment_id = NULL, change = 'new' WHERE " STAGED_OF_RUN "AND "
            "appointment_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM appointments a "
            "WHERE a.id = appointment_id AND a.ms_event_id = staged_events.ms_event_id)");
    stmt_int(s, 1, run_id);
    return stmt_run(s, e);
}

/* Gives the event the appointment unless one of the two is taken. */
static int settle_pair(struct db *db, int64_t run_id, const struct pair *p, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE staged_events SET appointment_id = $3, change = $4 WHERE id = $2 "
                    "AND appointment_id IS NULL AND NOT EXISTS "
                    "(SELECT 1 FROM staged_events o WHERE o.run_id = $1 AND o.appointment_id = $3)");
    stmt_int(s, 1, run_id);
    stmt_int(s, 2, p->id);
    stmt_int(s, 3, p->match.appointment_id);
    stmt_text(s, 4, change_names[p->match.change]);
    return stmt_run(s, e);
}

/* Those whose appointment's head has that very id, or the others. */
static int settle_pairs(struct db *db, int64_t run_id, const struct pairs *pairs, bool heads, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < pairs->n && r == 0; i++) {
        if (pairs->items[i].is_head == heads) {
            r = settle_pair(db, run_id, &pairs->items[i], e);
        }
    }
    return r;
}

int stage_store_settle(struct db *db, const struct run *run, struct err *e)
{
    CLEANUP(pairs_finish) struct pairs pairs = {0};
    bool has = false;
    int r = has_archive(db, run, &has, e);
    if (r < 0 || !has) {
        return r;
    }
    r = find_pairs(db, run, &pairs, e);
    if (r < 0 || pairs.n == 0) {
        return r;
    }
    pairs_finish(&pairs);
    r = unsettle(db, run->id, e);
    r = r < 0 ? r : find_pairs(db, run, &pairs, e);
    r = r < 0 ? r : settle_pairs(db, run->id, &pairs, true, e);
    return r < 0 ? r : settle_pairs(db, run->id, &pairs, false, e);
}
