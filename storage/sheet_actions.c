/* Minutes that nobody decided about become a task for a person, once; a task whose conflict is gone is
 * resolved.
 *
 * A task is known by "CONFIGURATION/START-END/ID,ID…" with minutes since 1970 and the appointments' ids
 * ascending.  It says when and how many, never what: subjects stay in the archive. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/sheet_private.h"

#define EVENT_TYPE  "timesheet_conflict"
#define KEY_MAX     ((size_t)1 << 20)
#define DETAILS_MAX ((size_t)4 << 20)

struct settling {
    struct db *db;
    const struct sheet_owner *owner;
    const struct sheet_draft *draft;
    const char *number;
    struct buf *keys; /* one for each conflict of the draft */
    int64_t now_ms;
};

/* ---- opening ---- */

static int make_key(const struct settling *st, const struct sheet_conflict *c, struct buf *key)
{
    int r = buf_printf(key, "%" PRId64 "/%" PRId64 "-%" PRId64 "/", st->owner->configuration_id, c->start_min,
                       c->end_min);
    for (size_t i = 0; i < c->n_appointments && r == 0; i++) {
        r = buf_printf(key, "%s%" PRId64, i == 0 ? "" : ",", c->appointment_ids[i]);
    }
    return r;
}

/* "2026-03-10 09:00", on the sheet's wall. */
static void format_wall(const struct settling *st, int64_t min, char ret_text[CIVIL_TIME_LEN + 1])
{
    civil_format_time(tz_to_wall(st->draft->input->zone, min * MS_PER_MINUTE), ret_text);
    ret_text[strlen("YYYY-MM-DD HH:MM")] = '\0';
}

static int write_details(const struct settling *st, const struct sheet_conflict *c, struct buf *text)
{
    struct json_out j;
    char start[CIVIL_TIME_LEN + 1], end[CIVIL_TIME_LEN + 1];
    format_wall(st, c->start_min, start);
    format_wall(st, c->end_min, end);
    json_out_begin(&j, text);
    json_open(&j, NULL, '{');
    json_int(&j, "archive_configuration_id", st->owner->configuration_id);
    json_text(&j, "zone", tz_name(st->draft->input->zone));
    json_text(&j, "start", start);
    json_text(&j, "end", end);
    json_int(&j, "start_min", c->start_min);
    json_int(&j, "end_min", c->end_min);
    json_int(&j, "minutes", c->end_min - c->start_min);
    json_text(&j, "number", st->number[0] ? st->number : NULL);
    json_open(&j, "appointments", '[');
    for (size_t i = 0; i < c->n_appointments; i++) {
        json_int(&j, NULL, c->appointment_ids[i]);
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return json_out_end(&j);
}

static char *describe(const struct settling *st, const struct sheet_conflict *c)
{
    char from[CIVIL_DATE_LEN + 1], until[CIVIL_DATE_LEN + 1], start[CIVIL_TIME_LEN + 1],
        end[CIVIL_TIME_LEN + 1];
    civil_format_date(st->draft->input->from_day, from);
    civil_format_date(st->draft->input->to_day - 1, until);
    format_wall(st, c->start_min, start);
    format_wall(st, c->end_min, end);
    return mem_printf(
        "Timesheet %s%s\"%s\", %s to %s: %zu appointments of equal rank share %s to %s (%" PRId64
        " minutes); they are billed to nobody until one is chosen",
        st->number, st->number[0] ? " of " : "of ", st->owner->name, from, until, c->n_appointments, start,
        end, c->end_min - c->start_min);
}

static int open_action(struct settling *st, const char *key, const char *details, const char *description,
                       int64_t *ret_id, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        "INSERT INTO action_log (user_id, event_type, description, details, recommendations, dedup_key, "
        "created_at, updated_at) VALUES ($1, '" EVENT_TYPE "', $2, $3, $4, $5, $6, $6) "
        "ON CONFLICT (user_id, event_type, dedup_key) WHERE state = 'open' DO NOTHING");
    stmt_int(s, 1, st->owner->user_id);
    stmt_text(s, 2, description);
    stmt_text(s, 3, details);
    stmt_text(
        s, 4,
        "Choose who gets the minutes with \"admin-assistant action resolve\", then issue the timesheet, "
        "or its revision");
    stmt_text(s, 5, key);
    stmt_time(s, 6, st->now_ms);
    int r = stmt_run(s, e);
    *ret_id = r == 0 && db_changes(st->db) > 0 ? db_last_id(st->db) : 0;
    return r;
}

static int associate(struct settling *st, const struct sheet_conflict *c, int64_t action_id, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < c->n_appointments && r == 0; i++) {
        struct stmt *s = db_stmt(st->db, "INSERT INTO entity_associations (user_id, source_type, source_id, "
                                         "target_type, target_id, association_type, created_at) VALUES "
                                         "($1, 'action_log', $2, 'appointment', $3, 'conflict', $4)");
        stmt_int(s, 1, st->owner->user_id);
        stmt_int(s, 2, action_id);
        stmt_int(s, 3, c->appointment_ids[i]);
        stmt_time(s, 4, st->now_ms);
        r = stmt_run(s, e);
    }
    return r;
}

static int open_conflict(struct settling *st, const struct sheet_conflict *c, struct buf *key, struct err *e)
{
    CLEANUP(buf_finish) struct buf details = {.max = DETAILS_MAX};
    int64_t id = 0;
    int r = make_key(st, c, key);
    r = r < 0 ? r : write_details(st, c, &details);
    if (r < 0) {
        return err_set(e, r, 0, "a conflict of %zu appointments of \"%.100s\"", c->n_appointments,
                       st->owner->name);
    }
    CLEANUP_FREE char *description = describe(st, c);
    r = open_action(st, buf_str(key), buf_str(&details), description, &id, e);
    return r < 0 || id == 0 ? r : associate(st, c, id, e);
}

/* ---- resolving ---- */

static int compare_keys(const void *a, const void *b)
{
    return strcmp(buf_str(a), buf_str(b));
}

static int compare_key(const void *text, const void *key)
{
    return strcmp(text, buf_str(key));
}

/* Of this configuration and beginning in the period. */
static bool is_of_period(const struct settling *st, const char *key)
{
    const struct sheet_input *input = st->draft->input;
    long long configuration_id, start_min;
    char *end;
    configuration_id = strtoll(key, &end, 10);
    if (*end != '/' || configuration_id != st->owner->configuration_id) {
        return false;
    }
    start_min = strtoll(end + 1, &end, 10);
    return *end == '-' && start_min * MS_PER_MINUTE >= tz_day_start(input->zone, input->from_day) &&
           start_min * MS_PER_MINUTE < tz_day_start(input->zone, input->to_day);
}

struct gone {
    int64_t *ids;
    size_t n, room;
};

static void gone_finish(struct gone *gone)
{
    free(gone->ids);
}

static int find_gone(struct settling *st, struct gone *gone, struct err *e)
{
    struct stmt *s = db_stmt(st->db, "SELECT id, dedup_key FROM action_log WHERE user_id = $1 AND "
                                     "event_type = '" EVENT_TYPE "' AND state = 'open' ORDER BY id");
    size_t n = st->draft->n_conflicts;
    int r;
    stmt_int(s, 1, st->owner->user_id);
    while ((r = stmt_step(s, e)) > 0) {
        const char *key = stmt_col_text(s, 1);
        if (key && is_of_period(st, key) &&
            (n == 0 || !bsearch(key, st->keys, n, sizeof *st->keys, compare_key))) {
            SHEET_GROW(gone->ids, gone->n, gone->room);
            gone->ids[gone->n++] = stmt_col_int(s, 0);
        }
    }
    return r;
}

static int resolve(struct settling *st, int64_t id, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db, "UPDATE action_log SET state = 'resolved', updated_at = $2, "
                "details = substr(details, 1, length(details) - 1) || $3 WHERE id = $1 AND state = 'open'");
    stmt_int(s, 1, id);
    stmt_time(s, 2, st->now_ms);
    stmt_text(
        s, 3,
        ",\"resolution\":\"the appointments do not share these minutes any more, or somebody decided\"}");
    return stmt_run(s, e);
}

static int resolve_gone(struct settling *st, struct err *e)
{
    CLEANUP(gone_finish) struct gone gone = {0};
    int r = find_gone(st, &gone, e);
    for (size_t i = 0; i < gone.n && r == 0; i++) {
        r = resolve(st, gone.ids[i], e);
    }
    return r;
}

int sheet_actions_settle(struct db *db, const struct sheet_owner *owner, const struct sheet_draft *draft,
                         const char *number, struct err *e)
{
    struct settling st = {.db = db,
                          .owner = owner,
                          .draft = draft,
                          .number = number,
                          .keys = mem_calloc(draft->n_conflicts + 1, sizeof *st.keys),
                          .now_ms = db_now_ms(db)};
    int r = 0;
    for (size_t i = 0; i < draft->n_conflicts && r == 0; i++) {
        buf_init(&st.keys[i], KEY_MAX);
        r = open_conflict(&st, &draft->conflicts[i], &st.keys[i], e);
    }
    if (r == 0) {
        qsort(st.keys, draft->n_conflicts, sizeof *st.keys, compare_keys);
        r = resolve_gone(&st, e);
    }
    for (size_t i = 0; i < draft->n_conflicts; i++) {
        buf_finish(&st.keys[i]);
    }
    free(st.keys);
    return r;
}
