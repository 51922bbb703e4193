#include "cli/cmd_appointment.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/print.h"
#include "storage/config_store.h"
#include "storage/query_raw.h"
#include "storage/query_store.h"
#include "storage/user_store.h"

#define CATEGORIES_MAX 256
#define SHOW_MAX       ((size_t)64 << 20) /* bytes of JSON; a body is below 4 MiB */
#define FAR_DAY        2932896            /* 9999-12-31 */

/* ---- one row, for people and for scripts ---- */

enum { CELL_START, CELL_END, N_CELLS };

/* What a row is printed with: the zone that its times are shown in. */
struct rows {
    const struct tz *zone;
    struct listing *listing;
};

/* In the zone, or the dates of an all-day one with the last day included. */
static void describe_times(const struct rows *rows, const struct appointment_row *row,
                           char cells[N_CELLS][PRINT_TIME_LEN + 8])
{
    int32_t end_day = 0;
    if (row->is_all_day) {
        snprintf(cells[CELL_START], PRINT_TIME_LEN + 8, "%s all day", row->start_date);
        if (civil_parse_date(row->end_date, &end_day) == 0) {
            civil_format_date(end_day - 1, cells[CELL_END]);
        }
        return;
    }
    print_format_minute(tz_to_wall(rows->zone, print_parse_stamp(row->start_time)), cells[CELL_START]);
    print_format_minute(tz_to_wall(rows->zone, print_parse_stamp(row->end_time)), cells[CELL_END]);
}

/* "Billable - Acme, Travel" from the JSON array of names. */
static void join_categories(const char *json, char text[CATEGORIES_MAX])
{
    size_t used = 0;
    cJSON *names = cJSON_Parse(json ? json : "[]");
    const cJSON *name;
    text[0] = '\0';
    cJSON_ArrayForEach(name, names)
    {
        if (cJSON_IsString(name) && used < CATEGORIES_MAX) {
            int len =
                snprintf(text + used, CATEGORIES_MAX - used, "%s%s", used ? ", " : "", name->valuestring);
            used += len > 0 ? (size_t)len : 0;
        }
    }
    cJSON_Delete(names);
}

/* What a row is called where people read it. */
static const char *kind_text(const char *kind)
{
    return strcmp(kind, "tombstone") == 0 ? "gone" : strcmp(kind, "original") == 0 ? "" : kind;
}

#define COLUMNS(start, end)                                                                                  \
    {                                                                                                        \
        {"id", "ID", COLUMN_INT, 0}, {"version", "VERSION", COLUMN_INT, 0}, {NULL, start, COLUMN_TEXT, 0},   \
            {NULL, end, COLUMN_TEXT, 0}, {"subject", "SUBJECT", COLUMN_TEXT, 48},                            \
            {"location", "LOCATION", COLUMN_TEXT, 24}, {NULL, "CATEGORIES", COLUMN_TEXT, 32},                \
            {NULL, "CHANGE", COLUMN_TEXT, 0}, {"kind", NULL, COLUMN_TEXT, 0},                                \
            {"reason", "REASON", COLUMN_TEXT, 40}, {"user_id", NULL, COLUMN_INT, 0},                         \
            {"archive_configuration_id", NULL, COLUMN_INT, 0}, {"run_id", NULL, COLUMN_INT, 0},              \
            {"timesheet_id", NULL, COLUMN_INT, 0}, {"ms_event_id", NULL, COLUMN_TEXT, 0},                    \
            {"start_time", NULL, COLUMN_TIME, 0}, {"end_time", NULL, COLUMN_TIME, 0},                        \
            {"is_all_day", NULL, COLUMN_BOOL, 0}, {"start_date", NULL, COLUMN_DATE, 0},                      \
            {"end_date", NULL, COLUMN_DATE, 0}, {"categories", NULL, COLUMN_JSON, 0},                        \
            {"show_as", NULL, COLUMN_TEXT, 0}, {"sensitivity", NULL, COLUMN_TEXT, 0},                        \
            {"importance", NULL, COLUMN_TEXT, 0}, {"response", NULL, COLUMN_TEXT, 0},                        \
            {"event_type", NULL, COLUMN_TEXT, 0}, {"original_zone", NULL, COLUMN_TEXT, 0},                   \
            {"is_private", NULL, COLUMN_BOOL, 0}, {"is_out_of_office", NULL, COLUMN_BOOL, 0},                \
            {"is_cancelled", NULL, COLUMN_BOOL, 0}, {"notes", NULL, COLUMN_INT, 0},                          \
            {"archived_at", "ARCHIVED (UTC)", COLUMN_TIME, 0}, {NULL, NULL, COLUMN_TEXT, 0},                 \
    }

static void add_id(struct listing *l, int64_t id)
{
    if (id > 0) {
        listing_int(l, id);
    } else {
        listing_null(l);
    }
}

static void add_for_people(const struct rows *rows, const struct appointment_row *row)
{
    struct listing *l = rows->listing;
    char cells[N_CELLS][PRINT_TIME_LEN + 8] = {"", ""};
    char categories[CATEGORIES_MAX];
    describe_times(rows, row, cells);
    join_categories(row->categories, categories);
    listing_int(l, row->id);
    listing_int(l, row->version);
    listing_text(l, cells[CELL_START]);
    listing_text(l, cells[CELL_END]);
    listing_text(l, row->subject);
    listing_text(l, row->location);
    listing_text(l, categories);
    listing_text(l, kind_text(row->kind));
}

static void add_row(void *arg, const struct appointment_row *row)
{
    struct rows *rows = arg;
    struct listing *l = rows->listing;
    add_for_people(rows, row);
    listing_text(l, row->kind);
    listing_text(l, row->reason);
    listing_int(l, row->user_id);
    add_id(l, row->archive_configuration_id);
    add_id(l, row->run_id);
    add_id(l, row->timesheet_id);
    listing_text(l, row->ms_event_id);
    listing_stamp(l, row->start_time);
    listing_stamp(l, row->end_time);
    listing_bool(l, row->is_all_day);
    listing_text(l, row->start_date);
    listing_text(l, row->end_date);
    listing_text(l, row->categories);
    listing_text(l, row->show_as);
    listing_text(l, row->sensitivity);
    listing_text(l, row->importance);
    listing_text(l, row->response);
    listing_text(l, row->event_type);
    listing_text(l, row->original_zone);
    listing_bool(l, row->is_private);
    listing_bool(l, row->is_out_of_office);
    listing_bool(l, row->is_cancelled);
    listing_int(l, row->notes);
    listing_stamp(l, row->archived_at);
    listing_end_row(l);
}

/* ---- the zone ---- */

struct zone_choice {
    char *name; /* of the first active configuration, else of the first one */
    bool is_active;
};

static void choose_zone(void *arg, const struct archive_config *config)
{
    struct zone_choice *choice = arg;
    if (!choice->name || (config->is_active && !choice->is_active)) {
        free(choice->name);
        choice->name = mem_strdup(config->zone);
        choice->is_active = config->is_active;
    }
}

/* The zone that the user's days are meant in; UTC where nothing is configured. */
static int zone_of_user(struct session *s, struct db *db, int64_t user_id, const struct tz **ret_zone,
                        struct err *e)
{
    struct zone_choice choice = {0};
    int r = archive_config_list(db, user_id, choose_zone, &choice, e);
    if (r == 0) {
        r = tz_cache_get(session_zones(s), choice.name ? choice.name : "UTC", ret_zone, e);
    }
    free(choice.name);
    return r;
}

/* ---- list ---- */

static int list_rows(struct session *s, struct db *db, const struct user *user, const struct window *window,
                     const struct tz *zone, struct err *e)
{
    char start[96], end[96];
    snprintf(start, sizeof start, "START (%s)", tz_name(zone));
    snprintf(end, sizeof end, "END (%s)", tz_name(zone));
    const struct column columns[] = COLUMNS(start, end);
    struct rows rows = {zone, listing_begin(columns, session_is_json(s), stdout)};
    int r = query_appointments(db, user->id, window, add_row, &rows, e);
    return listing_close(rows.listing, r, "no appointments");
}

int cmd_appointment_list(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    const struct tz *zone;
    CLEANUP(user_finish) struct user user = {0};
    int r = session_db(s, SESSION_READ, &db, e);
    if (r == 0) {
        r = user_find(db, args_text(a, "USER"), &user, e);
    }
    if (r == 0) {
        r = zone_of_user(s, db, user.id, &zone, e);
    }
    if (r < 0) {
        return r;
    }
    int32_t today_day = session_today(s, zone);
    int32_t from_day = args_date(a, "--from", today_day, 0);
    int32_t last_day = args_date(a, "--to", today_day, FAR_DAY);
    if (!args_has(a, "--from") && !args_has(a, "--to")) {
        return list_rows(s, db, &user, NULL, zone, e);
    }
    if (last_day < from_day) {
        return session_wrong_usage("--to is before --from");
    }
    struct window window = window_make(zone, from_day, last_day + 1);
    return list_rows(s, db, &user, &window, zone, e);
}

/* ---- show ---- */

struct show {
    struct session *session;
    struct db *db;
    struct rows rows;
    int64_t user_id;
};

static void take_user(void *arg, const struct appointment_row *row)
{
    struct show *show = arg;
    show->user_id = row->user_id;
}

static void print_raw(void *arg UNUSED, int64_t version, const char *json)
{
    printf("\nversion %lld as Graph sent it:\n%s\n", (long long)version,
           json ? json : "(nothing: it was gone)");
}

struct versions {
    struct buf text;
    struct json_out json;
};

static void json_version(void *arg, const struct appointment_row *row)
{
    struct versions *v = arg;
    struct json_out *j = &v->json;
    json_open(j, NULL, '{');
    json_int(j, "version", row->version);
    json_text(j, "kind", row->kind);
    json_text(j, "reason", row->reason);
    json_text(j, "ms_event_id", row->ms_event_id);
    print_json_time(j, "start_time", print_parse_stamp(row->start_time));
    print_json_time(j, "end_time", print_parse_stamp(row->end_time));
    json_bool(j, "is_all_day", row->is_all_day);
    json_text(j, "start_date", row->start_date);
    json_text(j, "end_date", row->end_date);
    json_text(j, "subject", row->subject);
    json_text(j, "location", row->location);
    json_raw(j, "categories", row->categories);
    json_text(j, "show_as", row->show_as);
    json_text(j, "sensitivity", row->sensitivity);
    json_text(j, "importance", row->importance);
    json_text(j, "response", row->response);
    json_text(j, "event_type", row->event_type);
    json_text(j, "original_zone", row->original_zone);
    json_bool(j, "is_private", row->is_private);
    json_bool(j, "is_out_of_office", row->is_out_of_office);
    json_bool(j, "is_cancelled", row->is_cancelled);
    json_int(j, "notes", row->notes);
    json_int(j, "run_id", row->run_id);
    print_json_time(j, "archived_at", print_parse_stamp(row->archived_at));
    json_close(j, '}');
}

static void json_body(void *arg, int64_t version, const char *json)
{
    struct versions *v = arg;
    json_open(&v->json, NULL, '{');
    json_int(&v->json, "version", version);
    json_raw(&v->json, "event", json);
    json_close(&v->json, '}');
}

static int show_json(struct show *show, int64_t id, bool with_raw, struct err *e)
{
    struct versions v;
    buf_init(&v.text, SHOW_MAX);
    json_out_begin(&v.json, &v.text);
    json_open(&v.json, NULL, '{');
    json_int(&v.json, "id", id);
    json_int(&v.json, "user_id", show->user_id);
    json_open(&v.json, "versions", '[');
    int r = query_appointment(show->db, id, json_version, &v, e);
    json_close(&v.json, ']');
    if (r == 0 && with_raw) {
        json_open(&v.json, "raw", '[');
        r = query_raw(show->db, id, json_body, &v, e);
        json_close(&v.json, ']');
    }
    json_close(&v.json, '}');
    if (r == 0 && json_out_end(&v.json) < 0) {
        r = err_set(e, ERR_TOO_BIG, 0, "appointment %lld is larger than %zu bytes", (long long)id, SHOW_MAX);
    }
    if (r == 0) {
        puts(buf_str(&v.text));
    }
    buf_finish(&v.text);
    return r;
}

static int show_table(struct show *show, int64_t id, bool with_raw, struct err *e)
{
    char start[96], end[96];
    snprintf(start, sizeof start, "START (%s)", tz_name(show->rows.zone));
    snprintf(end, sizeof end, "END (%s)", tz_name(show->rows.zone));
    const struct column columns[] = COLUMNS(start, end);
    show->rows.listing = listing_begin(columns, false, stdout);
    int r = query_appointment(show->db, id, add_row, &show->rows, e);
    r = listing_close(show->rows.listing, r, "");
    return r == 0 && with_raw ? query_raw(show->db, id, print_raw, NULL, e) : r;
}

int cmd_appointment_show(struct session *s, const struct args *a, struct err *e)
{
    struct show show = {.session = s};
    int64_t id = args_number(a, "ID", 0);
    bool with_raw = args_has(a, "--raw");
    int r = session_db(s, SESSION_READ, &show.db, e);
    if (r == 0) {
        r = query_appointment(show.db, id, take_user, &show, e);
    }
    if (r == 0) {
        r = zone_of_user(s, show.db, show.user_id, &show.rows.zone, e);
    }
    if (r < 0) {
        return r;
    }
    return session_is_json(s) ? show_json(&show, id, with_raw, e) : show_table(&show, id, with_raw, e);
}
