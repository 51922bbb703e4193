/* Minutes that nobody decided about, or that another sheet has where they do not lie any more, become a task
 * for a person, once; a task whose cause is gone is resolved.
 *
 * A task is known by "CONFIGURATION/START-END/ID,ID…" with minutes since 1970 and the appointments' ids
 * ascending.  It says when and how many, never what: subjects stay in the archive. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "storage/sheet_private.h"

#define KEY_MAX     ((size_t)1 << 20)
#define DETAILS_MAX ((size_t)4 << 20)

/* Minutes of appointments that are billed to nobody until a person does something. */
struct task {
    int64_t start_min, end_min;
    const int64_t *ids; /* ascending */
    size_t n_ids;
    const struct sheet_moved *moved; /* NULL: a conflict */
};

/* One kind of them. */
struct settling {
    struct db *db;
    const struct sheet_owner *owner;
    const struct sheet_draft *draft;
    const char *number; /* of the sheet that holds the minutes; "" where it was not issued */
    const char *event_type, *association, *advice, *resolution;
    struct task *tasks;
    size_t n;
    struct buf *keys; /* one for each task */
    int64_t now_ms;
};

/* ---- opening ---- */

static int make_key(const struct settling *st, const struct task *t, struct buf *key)
{
    int r = buf_printf(key, "%" PRId64 "/%" PRId64 "-%" PRId64 "/", st->owner->configuration_id, t->start_min,
                       t->end_min);
    for (size_t i = 0; i < t->n_ids && r == 0; i++) {
        r = buf_printf(key, "%s%" PRId64, i == 0 ? "" : ",", t->ids[i]);
    }
    return r;
}

/* "2026-03-10 09:00", on the sheet's wall. */
static void format_wall(const struct settling *st, int64_t min, char ret_text[CIVIL_TIME_LEN + 1])
{
    civil_format_time(tz_to_wall(st->draft->input->zone, min * MS_PER_MINUTE), ret_text);
    ret_text[strlen("YYYY-MM-DD HH:MM")] = '\0';
}

static int write_details(const struct settling *st, const struct task *c, struct buf *text)
{
    struct json_out j;
    char start[CIVIL_TIME_LEN + 1], end[CIVIL_TIME_LEN + 1], from[CIVIL_DATE_LEN + 1];
    civil_format_date(st->draft->input->from_day, from);
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
    json_text(&j, "from_date", from);
    if (c->moved) {
        json_text(&j, "other_number", c->moved->number);
        json_int(&j, "other_line", c->moved->line_no);
    }
    json_open(&j, "appointments", '[');
    for (size_t i = 0; i < c->n_ids; i++) {
        json_int(&j, NULL, c->ids[i]);
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return json_out_end(&j);
}

static char *describe(const struct settling *st, const struct task *t)
{
    char from[CIVIL_DATE_LEN + 1], until[CIVIL_DATE_LEN + 1], start[CIVIL_TIME_LEN + 1],
        end[CIVIL_TIME_LEN + 1], day[CIVIL_DATE_LEN + 1];
    civil_format_date(st->draft->input->from_day, from);
    civil_format_date(st->draft->input->to_day - 1, until);
    format_wall(st, t->start_min, start);
    format_wall(st, t->end_min, end);
    CLEANUP_FREE char *sheet = mem_printf("Timesheet %s%s\"%s\", %s to %s", st->number,
                                          st->number[0] ? " of " : "of ", st->owner->name, from, until);
    if (!t->moved) {
        return mem_printf("%s: %zu appointments of equal rank share %s to %s (%" PRId64
                          " minutes); they are billed to nobody until one is chosen",
                          sheet, t->n_ids, start, end, t->end_min - t->start_min);
    }
    civil_format_date(t->moved->day, day);
    return mem_printf("%s: an appointment that timesheet %s has on %s (line %" PRId32
                      ") lies on %s to %s now; it is billed there, and here to nobody",
                      sheet, t->moved->number, day, t->moved->line_no, start, end);
}

/* *ret_id 0: it was open already. */
static int open_action(struct settling *st, const char *key, const char *details, const char *description,
                       int64_t *ret_id, struct err *e)
{
    struct stmt *s = db_stmt(
        st->db,
        "INSERT INTO action_log (user_id, event_type, description, details, recommendations, dedup_key, "
        "created_at, updated_at) VALUES ($1, $7, $2, $3, $4, $5, $6, $6) "
        "ON CONFLICT (user_id, event_type, dedup_key) WHERE state = 'open' DO NOTHING");
    stmt_int(s, 1, st->owner->user_id);
    stmt_text(s, 2, description);
    stmt_text(s, 3, details);
    stmt_text(s, 4, st->advice);
    stmt_text(s, 5, key);
    stmt_time(s, 6, st->now_ms);
    stmt_text(s, 7, st->event_type);
    int r = stmt_run(s, e);
    *ret_id = r == 0 && db_changes(st->db) > 0 ? db_last_id(st->db) : 0;
    return r;
}

/* It was opened when the issue was refused: now there is a sheet that holds the minutes. */
static int name_sheet(struct settling *st, const char *key, const char *details, const char *description,
                      struct err *e)
{
    struct stmt *s = db_stmt(
        st->db, "UPDATE action_log SET description = $4, details = $5, updated_at = $6 WHERE user_id = $1 "
                "AND event_type = $2 AND dedup_key = $3 AND state = 'open' AND details <> $5");
    stmt_int(s, 1, st->owner->user_id);
    stmt_text(s, 2, st->event_type);
    stmt_text(s, 3, key);
    stmt_text(s, 4, description);
    stmt_text(s, 5, details);
    stmt_time(s, 6, st->now_ms);
    return st->number[0] ? stmt_run(s, e) : 0;
}

static int associate(struct settling *st, const struct task *t, int64_t action_id, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < t->n_ids && r == 0; i++) {
        struct stmt *s = db_stmt(st->db, "INSERT INTO entity_associations (user_id, source_type, source_id, "
                                         "target_type, target_id, association_type, created_at) VALUES "
                                         "($1, 'action_log', $2, 'appointment', $3, $5, $4)");
        stmt_int(s, 1, st->owner->user_id);
        stmt_int(s, 2, action_id);
        stmt_int(s, 3, t->ids[i]);
        stmt_time(s, 4, st->now_ms);
        stmt_text(s, 5, st->association);
        r = stmt_run(s, e);
    }
    return r;
}

static int open_task(struct settling *st, const struct task *t, struct buf *key, struct err *e)
{
    CLEANUP(buf_finish) struct buf details = {.max = DETAILS_MAX};
    int64_t id = 0;
    int r = make_key(st, t, key);
    r = r < 0 ? r : write_details(st, t, &details);
    if (r < 0) {
        return err_set(e, r, 0, "a task about %zu appointments of \"%.100s\"", t->n_ids, st->owner->name);
    }
    CLEANUP_FREE char *description = describe(st, t);
    r = open_action(st, buf_str(key), buf_str(&details), description, &id, e);
    if (r == 0 && id == 0) {
        return name_sheet(st, buf_str(key), buf_str(&details), description, e);
    }
    return r < 0 ? r : associate(st, t, id, e);
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

/* Of this configuration; *ret_start_min is where its minutes begin. */
static bool is_of_configuration(const struct settling *st, const char *key, int64_t *ret_start_min)
{
    char *end;
    long long configuration_id = strtoll(key, &end, 10);
    if (*end != '/' || configuration_id != st->owner->configuration_id) {
        return false;
    }
    *ret_start_min = strtoll(end + 1, &end, 10);
    return *end == '-';
}

/* A task is settled by the sheet that holds its minutes: they may lie on the days of an earlier one.  Before
 * there is a sheet, by who looks at the same period or at these days. */
static bool is_ours(const struct settling *st, int64_t start_min, const cJSON *details)
{
    const struct sheet_input *input = st->draft->input;
    const char *number = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(details, "number"));
    const char *from = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(details, "from_date"));
    char our_from[CIVIL_DATE_LEN + 1];
    if (number) {
        return strcmp(number, st->number) == 0;
    }
    civil_format_date(input->from_day, our_from);
    return (from && strcmp(from, our_from) == 0) ||
           (start_min * MS_PER_MINUTE >= tz_day_start(input->zone, input->from_day) &&
            start_min * MS_PER_MINUTE < tz_day_start(input->zone, input->to_day));
}

static bool is_settled_here(const struct settling *st, const char *key, const char *text)
{
    int64_t start_min;
    if (!key || !text || !is_of_configuration(st, key, &start_min)) {
        return false;
    }
    cJSON *details = cJSON_Parse(text);
    bool is = is_ours(st, start_min, details);
    cJSON_Delete(details);
    return is;
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
    struct stmt *s = db_stmt(st->db, "SELECT id, dedup_key, details FROM action_log WHERE user_id = $1 AND "
                                     "event_type = $2 AND state = 'open' ORDER BY id");
    size_t n = st->n;
    int r;
    stmt_int(s, 1, st->owner->user_id);
    stmt_text(s, 2, st->event_type);
    while ((r = stmt_step(s, e)) > 0) {
        const char *key = stmt_col_text(s, 1);
        if (is_settled_here(st, key, stmt_col_text(s, 2)) &&
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
                "details = substr(details, 1, length(details) - 1) || ',\"resolution\":\"' || $3 || '\"}' "
                "WHERE id = $1 AND state = 'open'");
    stmt_int(s, 1, id);
    stmt_time(s, 2, st->now_ms);
    stmt_text(s, 3, st->resolution);
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

static int settle(struct settling *st, struct err *e)
{
    int r = 0;
    st->keys = mem_calloc(st->n + 1, sizeof *st->keys);
    for (size_t i = 0; i < st->n && r == 0; i++) {
        buf_init(&st->keys[i], KEY_MAX);
        r = open_task(st, &st->tasks[i], &st->keys[i], e);
    }
    if (r == 0) {
        qsort(st->keys, st->n, sizeof *st->keys, compare_keys);
        r = resolve_gone(st, e);
    }
    for (size_t i = 0; i < st->n; i++) {
        buf_finish(&st->keys[i]);
    }
    free(st->keys);
    return r;
}

static int settle_conflicts(struct settling st, struct err *e)
{
    CLEANUP_FREE struct task *tasks = mem_calloc(st.draft->n_conflicts + 1, sizeof *tasks);
    for (size_t i = 0; i < st.draft->n_conflicts; i++) {
        const struct sheet_conflict *c = &st.draft->conflicts[i];
        tasks[i] = (struct task){c->start_min, c->end_min, c->appointment_ids, c->n_appointments, NULL};
    }
    st.tasks = tasks;
    st.n = st.draft->n_conflicts;
    st.event_type = "timesheet_conflict";
    st.association = "conflict";
    st.advice =
        "Choose who gets the minutes with \"admin-assistant action resolve\", then issue the timesheet, "
        "or its revision";
    st.resolution = "the appointments do not share these minutes any more, or somebody decided";
    return settle(&st, e);
}

static int settle_moved(struct settling st, struct err *e)
{
    CLEANUP_FREE struct task *tasks = mem_calloc(st.draft->n_moved + 1, sizeof *tasks);
    for (size_t i = 0; i < st.draft->n_moved; i++) {
        const struct sheet_moved *m = &st.draft->moved[i];
        tasks[i] = (struct task){m->start_min, m->end_min, &m->appointment_id, 1, m};
    }
    st.tasks = tasks;
    st.n = st.draft->n_moved;
    st.event_type = "timesheet_moved";
    st.association = "moved";
    st.advice =
        "Revise the other timesheet with \"admin-assistant timesheet issue --revise\", then issue this one, "
        "or its revision";
    st.resolution = "the other timesheet was revised, or the appointment lies elsewhere again";
    return settle(&st, e);
}

int sheet_actions_settle(struct db *db, const struct sheet_owner *owner, const struct sheet_draft *draft,
                         const char *number, struct err *e)
{
    struct settling st = {
        .db = db, .owner = owner, .draft = draft, .number = number, .now_ms = db_now_ms(db)};
    int r = settle_conflicts(st, e);
    return r < 0 ? r : settle_moved(st, e);
}
