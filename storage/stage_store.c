#include "storage/stage_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/run_store.h"

#define CATEGORIES_MAX 262144 /* bytes of one event's category names as JSON */

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

/* ---- keys ---- */

#define KEY_LEN 16

/* Hashes that stand for longer things: the event's id, its second identity, and (twin) what two exact
 * duplicates share: subject, start and end. */
struct keys {
    unsigned char event[KEY_LEN];
    unsigned char slot[KEY_LEN];
    unsigned char twin[KEY_LEN];
    bool has_slot; /* it has an iCalendar UID */
};
_Static_assert(sizeof(((struct staged_event *)NULL)->twin) == KEY_LEN, "the rules see the whole key");

/* Of two numbers and a text, which may be NULL: no text is not the same as an empty one. */
static void make_key(int64_t first, int64_t second, unsigned kind, const char *text,
                     unsigned char ret_key[KEY_LEN])
{
    crypto_generichash_state state;
    const int64_t head[] = {first, second, kind, text != NULL};
    crypto_generichash_init(&state, NULL, 0, KEY_LEN);
    crypto_generichash_update(&state, (const unsigned char *)head, sizeof head);
    if (text) {
        crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
    }
    crypto_generichash_final(&state, ret_key, KEY_LEN);
}

static void make_keys(const struct event *ev, struct keys *ret_keys)
{
    enum { KIND_EVENT, KIND_SLOT, KIND_TIMED_TWIN, KIND_ALL_DAY_TWIN };
    make_key(0, 0, KIND_EVENT, ev->id, ret_keys->event);
    ret_keys->has_slot = ev->ical_uid != NULL;
    if (ret_keys->has_slot) {
        make_key(ev->original_start_ms, 0, KIND_SLOT, ev->ical_uid, ret_keys->slot);
    }
    if (ev->is_all_day) {
        make_key(ev->start_day, ev->end_day, KIND_ALL_DAY_TWIN, ev->subject, ret_keys->twin);
    } else {
        make_key(ev->start_ms, ev->end_ms, KIND_TIMED_TWIN, ev->subject, ret_keys->twin);
    }
}

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

static int find_match(const struct stage *st, const struct event *ev, const struct keys *keys,
                      struct match *ret_match, struct err *e)
{
    struct match match = {0, CHANGE_NEW};
    if (st->has_archive) {
        struct stmt *s = db_stmt(st->db, "SELECT " HEAD_COLUMNS "FROM appointments a " HEAD_OF_A
                                         "WHERE a.archive_configuration_id = $1 AND a.event_key = $2");
        stmt_int(s, 1, st->run->archive_configuration_id);
        stmt_blob(s, 2, keys->event, KEY_LEN);
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

int stage_store_has_archive(struct db *db, const struct run *run, bool *ret_has, struct err *e)
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

/* What the rules and the comparisons need: parameters 2 to 17 of a statement on staged_events. */
static void bind_row(struct stmt *s, const struct event *ev, const struct match *match,
                     const struct keys *keys)
{
    if (keys->has_slot) {
        stmt_blob(s, 2, keys->slot, KEY_LEN);
    }
    if (match->appointment_id) {
        stmt_int(s, 3, match->appointment_id);
    }
    stmt_text(s, 4, change_names[match->change]);
    stmt_int(s, 5, ev->type);
    stmt_int(s, 6, ev->response);
    stmt_int(s, 7, ev->start_ms);
    stmt_int(s, 8, ev->end_ms);
    if (ev->is_all_day) {
        stmt_int(s, 9, ev->start_day);
        stmt_int(s, 10, ev->end_day);
    }
    stmt_int(s, 11, ev->is_cancelled);
    stmt_text(s, 12, match->change == CHANGE_UNCHANGED ? NULL : ev->location);
    stmt_text(s, 13, ev->n_categories > 0 ? ev->categories[0] : NULL);
    stmt_blob(s, 14, keys->twin, KEY_LEN);
    stmt_blob(s, 15, ev->hash, EVENT_HASH_LEN);
    stmt_text(s, 16, ev->id);
    stmt_blob(s, 17, keys->event, KEY_LEN);
}

static int insert_row(const struct stage *st, const struct event *ev, const struct match *match,
                      const struct keys *keys, int64_t id, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        "INSERT INTO staged_events (id, slot_key, appointment_id, change, kind, answer, start_ms, end_ms, "
        "start_day, end_day, cancelled, location, category, twin, content_hash, ms_event_id, event_key, "
        "run_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) "
        "ON CONFLICT (run_id, event_key) DO NOTHING");
    stmt_int(s, 1, id);
    bind_row(s, ev, match, keys);
    stmt_int(s, 18, st->run->id);
    return stmt_run(s, e);
}

static int update_row(const struct stage *st, const struct event *ev, const struct match *match,
                      const struct keys *keys, int64_t id, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        "UPDATE staged_events SET slot_key = $2, appointment_id = $3, change = $4, kind = $5, answer = $6, "
        "start_ms = $7, end_ms = $8, start_day = $9, end_day = $10, cancelled = $11, location = $12, "
        "category = $13, twin = $14, content_hash = $15, ms_event_id = $16, event_key = $17, verdict = 0 "
        "WHERE id = $1");
    stmt_int(s, 1, id);
    bind_row(s, ev, match, keys);
    return stmt_run(s, e);
}

static void bind_content(struct stmt *s, const struct stage *st, const struct event *ev)
{
    stmt_time(s, 2, ev->start_ms);
    stmt_time(s, 3, ev->end_ms);
    stmt_int(s, 4, ev->is_all_day);
    if (ev->is_all_day) {
        stmt_date(s, 5, ev->start_day);
        stmt_date(s, 6, ev->end_day);
    }
    stmt_text(s, 7, ev->subject);
    stmt_text_n(s, 8, st->categories.data, st->categories.len);
    stmt_text(s, 9, ev->rrule);
    stmt_text(s, 10, ev->ical_uid);
    stmt_time(s, 11, ev->original_start_ms);
    stmt_text(s, 12, ev->series_master_id);
    stmt_text(s, 13, event_type_name(ev->type));
    stmt_text(s, 14, ev->original_zone);
    stmt_text(s, 15, event_show_as_name(ev->show_as));
    stmt_text(s, 16, event_sensitivity_name(ev->sensitivity));
    stmt_text(s, 17, event_importance_name(ev->importance));
    stmt_text(s, 18, event_response_name(ev->response));
    stmt_int(s, 19, ev->is_cancelled);
    stmt_int(s, 20, ev->notes);
    stmt_text_n(s, 21, ev->raw, ev->raw_len);
}

static int insert_content(struct stage *st, const struct event *ev, int64_t id, struct err *e)
{
    int r = write_categories(&st->categories, ev);
    if (r < 0) {
        return err_set(e, r, 0, "event %.60s has more than %d bytes of categories", ev->id, CATEGORIES_MAX);
    }
    struct stmt *s = db_stmt(
        st->db,
        "INSERT INTO staged_contents (id, start_time, end_time, is_all_day, start_date, end_date, subject, "
        "categories, recurrence, ical_uid, original_start, series_master_id, event_type, original_zone, "
        "show_as, sensitivity, importance, response, is_cancelled, notes, ms_event_data) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
        "$21)");
    stmt_int(s, 1, id);
    bind_content(s, st, ev);
    return stmt_run(s, e);
}

/* The row that the event has in this run already. */
static int find_row(const struct stage *st, const struct keys *keys, int64_t *ret_id, struct err *e)
{
    struct stmt *s = db_stmt(st->db, "SELECT id FROM staged_events WHERE run_id = $1 AND event_key = $2");
    stmt_int(s, 1, st->run->id);
    stmt_blob(s, 2, keys->event, KEY_LEN);
    return stmt_get_int(s, ret_id, e);
}

/* The same id came before, in a page read twice or because the calendar moved under the paging: the last one
 * counts. */
static int replace_event(struct stage *st, const struct event *ev, const struct match *match,
                         const struct keys *keys, int64_t *ret_id, struct err *e)
{
    int r = find_row(st, keys, ret_id, e);
    r = r < 0 ? r : update_row(st, ev, match, keys, *ret_id, e);
    if (r < 0) {
        return r;
    }
    struct stmt *old = db_stmt(st->db, "DELETE FROM staged_contents WHERE id = $1");
    stmt_int(old, 1, *ret_id);
    return stmt_run(old, e);
}

/* One row per identity, whatever came before. */
static int put_event(struct stage *st, const struct event *ev, const struct match *match,
                     const struct keys *keys, struct err *e)
{
    int64_t id = STAGED_ID(st->run->id) + st->counts.fetched;
    int r = insert_row(st, ev, match, keys, id, e);
    if (r == 0 && db_changes(st->db) == 0) {
        r = replace_event(st, ev, match, keys, &id, e);
    } else if (r == 0) {
        st->counts.fetched++;
    }
    return r < 0 || match->change == CHANGE_UNCHANGED ? r : insert_content(st, ev, id, e);
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
    struct keys keys;
    make_keys(ev, &keys);
    int r = find_match(st, ev, &keys, &match, e);
    if (r < 0) {
        return r;
    }
    r = put_event(st, ev, &match, &keys, e);
    return r < 0 || match.change == CHANGE_UNCHANGED ? r : add_categories(st, ev, e);
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

/* The first page of a window, perhaps not for the first time.  What an earlier attempt put into quarantine is
 * still there and not counted again when it comes again, so its count stays. */
static int begin_window(struct stage *st, struct err *e)
{
    struct run_counts fresh = {.quarantined = st->counts.quarantined,
                               .requests = st->counts.requests,
                               .throttled = st->counts.throttled};
    st->counts = fresh;
    return stage_store_clear(st->db, st->run->id, e);
}

/* The last page is in: one entry for the whole fetch. */
static int audit_fetch(const struct stage *st, struct err *e)
{
    char details[160];
    snprintf(details, sizeof details, "{\"pages\":%lld,\"fetched\":%lld,\"quarantined\":%lld}",
             (long long)st->counts.pages, (long long)st->counts.fetched, (long long)st->counts.quarantined);
    return run_store_audit(st->db, st->run, "fetch", st->counts.quarantined > 0 ? "partial" : "success",
                           "every page staged", details, e);
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
    r = r < 0 ? r : stage_store_has_archive(db, run, &st.has_archive, e);
    r = r < 0 ? r : stage_all(&st, page, e);
    buf_finish(&st.categories);
    st.counts.pages++;
    r = r < 0 ? r : run_store_save(db, run, instance_id, page->next_cursor, &st.counts, e);
    r = r < 0 || page->next_cursor ? r : audit_fetch(&st, e);
    if (r == 0) {
        *ret_counts = st.counts;
    }
    return r;
}

static int clear_all(struct db *db, struct err *e)
{
    int r = stmt_run(db_stmt(db, "DELETE FROM staged_events"), e);
    r = r < 0 ? r : stmt_run(db_stmt(db, "DELETE FROM staged_contents"), e);
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
    static const char *const statements[] = {
        "DELETE FROM staged_events WHERE " STAGED_OF_RUN,
        "DELETE FROM staged_contents WHERE " STAGED_OF_RUN,
        "DELETE FROM staged_categories WHERE run_id = $1",
    };
    for (size_t i = 0; i < ARRAY_LEN(statements) && r == 0; i++) {
        s = db_stmt(db, statements[i]);
        stmt_int(s, 1, run_id);
        r = stmt_run(s, e);
    }
    return r;
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
                    "AND a.archive_configuration_id = $2 AND a.slot_key = s.slot_key "
                    "AND s.change = 'new' AND s.slot_key IS NOT NULL AND NOT EXISTS "
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
    int r = stage_store_has_archive(db, run, &has, e);
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
