/* A state file gives of an event what matters to its test; what Graph would send besides is filled in here,
 * so that every event goes out in the full shape. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

/* All members in the order in which Graph sends them.  json: the default; NULL: worked out by complete(). */
static const struct {
    const char *name;
    const char *json;
} shape_members[] = {
    {"@odata.etag", NULL},
    {"id", NULL},
    {"createdDateTime", "\"2026-01-05T09:00:00.1234567Z\""},
    {"lastModifiedDateTime", "\"2026-02-20T14:30:00.7654321Z\""},
    {"changeKey", NULL},
    {"categories", "[]"},
    {"transactionId", NULL}, /* only where the client set one */
    {"originalStartTimeZone", "\"UTC\""},
    {"originalEndTimeZone", "\"UTC\""},
    {"iCalUId", NULL},
    {"reminderMinutesBeforeStart", "15"},
    {"isReminderOn", "true"},
    {"hasAttachments", "false"},
    {"subject", "\"\""},
    {"bodyPreview", "\"\""},
    {"importance", "\"normal\""},
    {"sensitivity", "\"normal\""},
    {"originalStart", NULL},
    {"isAllDay", "false"},
    {"isCancelled", "false"},
    {"isOrganizer", "true"},
    {"responseRequested", "true"},
    {"seriesMasterId", "null"},
    {"showAs", "\"busy\""},
    {"type", "\"singleInstance\""},
    {"webLink", NULL},
    {"onlineMeetingUrl", "null"},
    {"isOnlineMeeting", "false"},
    {"onlineMeetingProvider", "\"unknown\""},
    {"allowNewTimeProposals", "true"},
    {"isDraft", "false"},
    {"hideAttendees", "false"},
    {"responseStatus", "{\"response\":\"organizer\",\"time\":\"0001-01-01T00:00:00Z\"}"},
    {"body", "{\"contentType\":\"html\",\"content\":\"\"}"},
    {"start", NULL},
    {"end", NULL},
    {"location", "{\"displayName\":\"\",\"locationType\":\"default\",\"uniqueIdType\":\"unknown\","
                 "\"address\":{},\"coordinates\":{}}"},
    {"locations", "[]"},
    {"recurrence", "null"},
    {"attendees", "[]"},
    {"organizer", NULL},
    {"onlineMeeting", "null"},
};

static bool has(const cJSON *event, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(event, name) != NULL;
}

static const cJSON *member(const cJSON *event, const char *outer, const char *inner)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(event, outer), inner);
}

int sim_event_read_time(struct sim_store *s, const cJSON *event, const char *name, bool all_day,
                        int64_t *ret_utc_ms, const char **ret_zone_name, struct err *e)
{
    const char *text = cJSON_GetStringValue(member(event, name, "dateTime"));
    const char *zone_name = cJSON_GetStringValue(member(event, name, "timeZone"));
    struct civil_stamp stamp;
    if (!text || civil_parse_iso(text, &stamp) < 0) {
        return err_set(e, ERR_INVALID, 0, "event: %s.dateTime is missing or no date and time", name);
    }
    zone_name = zone_name ? zone_name : "UTC";
    const struct tz *zone = sim_zone(s, zone_name);
    if (!zone) {
        return err_set(e, ERR_INVALID, 0, "event: %s.timeZone \"%s\" is not known here", name, zone_name);
    }
    *ret_zone_name = zone_name;
    if (stamp.has_offset || all_day) {
        *ret_utc_ms = stamp.wall_ms - stamp.offset_ms;
    } else {
        *ret_utc_ms = tz_from_wall(zone, stamp.wall_ms).last_ms;
    }
    return 0;
}

void sim_event_set_times(cJSON *event, int64_t start_ms, int64_t end_ms)
{
    static const char *const names[] = {"start", "end"};
    for (int i = 0; i < 2; i++) {
        char text[SIM_TIME_LEN + 1];
        sim_format_time(i == 0 ? start_ms : end_ms, text);
        cJSON *point = cJSON_CreateObject();
        cJSON_AddStringToObject(point, "dateTime", text);
        cJSON_AddStringToObject(point, "timeZone", "UTC");
        sim_json_set(event, names[i], point);
    }
}

/* Ids look like the service's, and are the same at each start. */
static void complete_ids(cJSON *event, const char *calendar_id, const char *seed)
{
    char hash[64 + 1];
    sim_hash(hash, 64, calendar_id, seed);
    if (!has(event, "id")) {
        char *id = mem_printf("AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A%.40sAAA=", hash);
        cJSON_AddStringToObject(event, "id", id);
        free(id);
    }
    if (!has(event, "iCalUId")) {
        for (char *c = hash; *c; c++) {
            *c = (char)(*c >= 'a' ? *c - 32 : *c);
        }
        char *uid = mem_printf("040000008200E00074C5B7101A82E00800000000%.48s", hash);
        cJSON_AddStringToObject(event, "iCalUId", uid);
        free(uid);
    }
}

static void complete_version(cJSON *event)
{
    char hash[24 + 1];
    char *text = cJSON_PrintUnformatted(event);
    sim_hash(hash, 24, text ? text : "", "version");
    cJSON_free(text);
    if (!has(event, "changeKey")) {
        cJSON_AddStringToObject(event, "changeKey", hash);
    }
    if (!has(event, "@odata.etag")) {
        char *etag = mem_printf("W/\"%s\"", sim_json_str(event, "changeKey"));
        cJSON_AddStringToObject(event, "@odata.etag", etag);
        free(etag);
    }
    if (!has(event, "webLink")) {
        char *link = mem_printf("https://outlook.office365.com/owa/?itemid=%s&exvsurl=1&path=/calendar/item",
                                sim_json_str(event, "id"));
        cJSON_AddStringToObject(event, "webLink", link);
        free(link);
    }
}

static void complete_people(cJSON *event, const struct sim_user *user)
{
    if (has(event, "organizer")) {
        const char *address = cJSON_GetStringValue(
            cJSON_GetObjectItemCaseSensitive(member(event, "organizer", "emailAddress"), "address"));
        bool own = address && strcasecmp(address, user->upn) == 0;
        if (!has(event, "isOrganizer")) {
            cJSON_AddBoolToObject(event, "isOrganizer", own);
        }
        if (!own && !has(event, "responseStatus")) {
            cJSON *status = cJSON_AddObjectToObject(event, "responseStatus");
            cJSON_AddStringToObject(status, "response", "accepted");
            cJSON_AddStringToObject(status, "time", "2026-02-20T14:30:00Z");
        }
        return;
    }
    cJSON *address = cJSON_AddObjectToObject(cJSON_AddObjectToObject(event, "organizer"), "emailAddress");
    cJSON_AddStringToObject(address, "name", user->display_name ? user->display_name : user->upn);
    cJSON_AddStringToObject(address, "address", user->upn);
}

/* The text between the tags, as far as 255 bytes go, without cutting a character. */
static void complete_preview(cJSON *event)
{
    const char *content = cJSON_GetStringValue(member(event, "body", "content"));
    char preview[256];
    size_t n = 0;
    bool in_tag = false;
    for (const char *c = content ? content : ""; *c && n < sizeof preview - 1; c++) {
        if (*c == '<' || *c == '>') {
            in_tag = *c == '<';
        } else if (!in_tag && *c != '\r' && *c != '\n') {
            preview[n++] = *c;
        }
    }
    if (n == sizeof preview - 1) {
        while (n > 0 && ((unsigned char)preview[n - 1] & 0xc0) == 0x80) {
            n--;
        }
        n -= n > 0 && (unsigned char)preview[n - 1] >= 0xc0;
    }
    preview[n] = '\0';
    if (n > 0 && !has(event, "bodyPreview")) {
        cJSON_AddStringToObject(event, "bodyPreview", preview);
    }
}

static void complete_place(cJSON *event)
{
    const cJSON *location = cJSON_GetObjectItemCaseSensitive(event, "location");
    if (location && !has(event, "locations")) {
        cJSON_AddItemToArray(cJSON_AddArrayToObject(event, "locations"), cJSON_Duplicate(location, true));
    }
}

static void complete_zones(cJSON *event, const char *start_zone, const char *end_zone)
{
    if (!has(event, "originalStartTimeZone")) {
        cJSON_AddStringToObject(event, "originalStartTimeZone", start_zone);
    }
    if (!has(event, "originalEndTimeZone")) {
        cJSON_AddStringToObject(event, "originalEndTimeZone", end_zone);
    }
}

/* The completed event in the order of the table, unknown members last, "_…" members left out. */
static cJSON *put_in_order(cJSON *event)
{
    cJSON *ordered = cJSON_CreateObject();
    for (size_t i = 0; i < ARRAY_LEN(shape_members); i++) {
        cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(event, shape_members[i].name);
        if (!item && shape_members[i].json) {
            item = cJSON_Parse(shape_members[i].json);
        }
        if (item) {
            cJSON_AddItemToObject(ordered, shape_members[i].name, item);
        }
    }
    while (event->child) {
        cJSON *item = cJSON_DetachItemViaPointer(event, event->child);
        if (item->string[0] == '_') {
            cJSON_Delete(item);
        } else {
            cJSON_AddItemToObject(ordered, item->string, item);
        }
    }
    return ordered;
}

static int read_times(struct sim_store *s, cJSON *event, struct sim_shape *shape, struct err *e)
{
    const char *start_zone = NULL;
    const char *end_zone = NULL;
    shape->all_day = sim_json_bool(event, "isAllDay", false);
    int r = sim_event_read_time(s, event, "start", shape->all_day, &shape->start_ms, &start_zone, e);
    if (r == 0) {
        r = sim_event_read_time(s, event, "end", shape->all_day, &shape->end_ms, &end_zone, e);
    }
    if (r < 0) {
        return r;
    }
    complete_zones(event, start_zone, end_zone);
    const char *original = sim_json_str(event, "originalStartTimeZone");
    const char *rule = cJSON_GetStringValue(
        member(cJSON_GetObjectItemCaseSensitive(event, "recurrence"), "range", "recurrenceTimeZone"));
    shape->zone = sim_zone(s, rule ? rule : original ? original : "UTC");
    if (!shape->zone) {
        return err_set(e, ERR_INVALID, 0, "event: zone \"%s\" is not known here", rule ? rule : original);
    }
    return 0;
}

int sim_event_shape(struct sim_store *s, const struct sim_user *user, const char *calendar_id,
                    const cJSON *given, struct sim_shape *ret_shape, struct err *e)
{
    struct sim_shape shape = {0};
    cJSON *event = cJSON_Duplicate(given, true);
    char *seed = cJSON_PrintUnformatted(given);
    int r = read_times(s, event, &shape, e);
    if (r == 0) {
        complete_ids(event, calendar_id, seed ? seed : "");
        complete_people(event, user);
        complete_preview(event);
        complete_place(event);
        complete_version(event);
        if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(event, "recurrence"))) {
            sim_json_set(event, "type", cJSON_CreateString("seriesMaster"));
        }
        sim_event_set_times(event, shape.start_ms, shape.end_ms);
        shape.json = put_in_order(event);
        *ret_shape = shape;
    }
    cJSON_free(seed);
    cJSON_Delete(event);
    return r;
}

int sim_event_publish(struct sim_calendar *calendar, const struct sim_shape *shape, enum sim_kind kind,
                      struct err *e)
{
    struct sim_event event = {.start_ms = shape->start_ms, .end_ms = shape->end_ms, .kind = kind};
    struct sim_member m;
    event.text = cJSON_PrintUnformatted(shape->json);
    event.len = event.text ? strlen(event.text) : 0;
    for (const char *cursor = event.text; cursor && sim_member_next(&cursor, &m);) {
        if (m.name_len == 2 && memcmp(m.name, "id", 2) == 0 && m.value_len > 2) {
            event.id_at = (size_t)(m.value - event.text) + 1;
            event.id_len = m.value_len - 2;
        }
    }
    if (event.id_len == 0) {
        free(event.text);
        return err_set(e, ERR_INVALID, 0, "event: the id is no text");
    }
    sim_calendar_add_event(calendar, &event);
    return 0;
}
