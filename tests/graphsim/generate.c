/* Mailboxes full of events for measurements: the same texts at each start, whatever the machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

#define WORDS                                                                                                \
    "The agenda covers the open points of the last meeting, the plan for the coming weeks and the budget. "

static const char *const categories[] = {"[\"Acme GmbH - billable\"]", "[\"Globex - non-billable\"]",
                                         "[\"billable - Initech\",\"Focus\"]", "[]"};
static const char *const shows[] = {"busy", "busy", "tentative", "busy", "free", "oof", "busy"};

struct slot {
    unsigned user;
    unsigned index;
    int64_t start_ms;
    int64_t end_ms;
};

static void add_attendees(struct buf *out, const struct slot *slot)
{
    sim_put_str(out, "\"attendees\":[");
    for (unsigned i = 0; i < 1 + slot->index % 3; i++) {
        sim_put(out,
                "%s{\"type\":\"%s\",\"status\":{\"response\":\"%s\",\"time\":\"2026-01-07T10:00:00Z\"},"
                "\"emailAddress\":{\"name\":\"Guest %u\",\"address\":\"guest%u@bench.example\"}}",
                i ? "," : "", i == 2 ? "optional" : "required", i == 1 ? "none" : "accepted", i, i);
    }
    sim_put(out,
            "],\"organizer\":{\"emailAddress\":{\"name\":\"Bench %u\",\"address\":\"u%u@bench.example\"}},",
            slot->user, slot->user);
}

static void add_head(struct buf *out, const struct slot *slot)
{
    char key[24 + 1];
    char seed[32];
    snprintf(seed, sizeof seed, "%u/%u", slot->user, slot->index);
    sim_hash(key, 24, seed, "bench");
    sim_put(out,
            "{\"@odata.etag\":\"W/\\\"%s\\\"\",\"id\":\"AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A%s%04x%08xAAA=\","
            "\"createdDateTime\":\"2026-01-05T09:00:00.1234567Z\","
            "\"lastModifiedDateTime\":\"2026-01-06T14:30:00.7654321Z\",\"changeKey\":\"%s\","
            "\"categories\":%s,\"originalStartTimeZone\":\"W. Europe Standard Time\","
            "\"originalEndTimeZone\":\"W. Europe Standard Time\","
            "\"iCalUId\":\"040000008200E00074C5B7101A82E00800000000%s%04X%08X\","
            "\"reminderMinutesBeforeStart\":15,\"isReminderOn\":true,\"hasAttachments\":false,"
            "\"subject\":\"Bench meeting %u of mailbox %u\",",
            key, key, slot->user, slot->index, key, categories[slot->index % 4], key, slot->user, slot->index,
            slot->index, slot->user);
}

static void add_flags(struct buf *out, const struct slot *slot)
{
    char start[SIM_TIME_LEN + 1];
    char end[SIM_TIME_LEN + 1];
    bool online = slot->index % 5 == 0;
    sim_format_time(slot->start_ms, start);
    sim_format_time(slot->end_ms, end);
    sim_put(out,
            "\"importance\":\"normal\",\"sensitivity\":\"%s\",\"isAllDay\":false,\"isCancelled\":false,"
            "\"isOrganizer\":true,\"responseRequested\":true,\"seriesMasterId\":null,\"showAs\":\"%s\","
            "\"type\":\"singleInstance\",\"webLink\":\"https://outlook.office365.com/owa/?itemid=%u\","
            "\"onlineMeetingUrl\":null,\"isOnlineMeeting\":%s,\"onlineMeetingProvider\":\"%s\","
            "\"allowNewTimeProposals\":true,\"isDraft\":false,\"hideAttendees\":false,"
            "\"responseStatus\":{\"response\":\"organizer\",\"time\":\"0001-01-01T00:00:00Z\"},"
            "\"start\":{\"dateTime\":\"%s\",\"timeZone\":\"UTC\"},"
            "\"end\":{\"dateTime\":\"%s\",\"timeZone\":\"UTC\"},",
            slot->index % 11 == 0 ? "private" : "normal", shows[slot->index % ARRAY_LEN(shows)], slot->index,
            online ? "true" : "false", online ? "teamsForBusiness" : "unknown", start, end);
}

static void add_place(struct buf *out, const struct slot *slot)
{
    char place[256];
    unsigned room = slot->index % 40;
    snprintf(place, sizeof place,
             "{\"displayName\":\"Room "
             "%u\",\"locationType\":\"conferenceRoom\",\"uniqueId\":\"room%u@bench.example\","
             "\"uniqueIdType\":\"directory\",\"address\":{\"city\":\"Musterstadt\"},\"coordinates\":{}}",
             room, room);
    sim_put(out, "\"location\":%s,\"locations\":[%s],\"recurrence\":null,", place, place);
    if (slot->index % 5 == 0) {
        sim_put(out, "\"onlineMeeting\":{\"joinUrl\":\"https://teams.example/l/meetup-join/%u\"},",
                slot->index);
    } else {
        sim_put_str(out, "\"onlineMeeting\":null,");
    }
}

/* Preview and body come last, so that the body can fill up to the size wanted. */
static void add_body(struct buf *out, const struct slot *slot, unsigned bytes)
{
    static const char foot[] = "</div>\\r\\n</body>\\r\\n</html>\\r\\n\"}}";
    sim_put(
        out,
        "\"bodyPreview\":\"Notes on meeting %u. %s\",\"body\":{\"contentType\":\"html\",\"content\":"
        "\"<html>\\r\\n<head>\\r\\n<meta http-equiv=\\\"Content-Type\\\" "
        "content=\\\"text/html; charset=utf-8\\\">\\r\\n</head>\\r\\n<body>\\r\\n<div>Notes on meeting %u. ",
        slot->index, WORDS, slot->index);
    while (out->len + sizeof foot - 1 < bytes) {
        size_t room = bytes - out->len - (sizeof foot - 1);
        sim_put_bytes(out, WORDS, room < sizeof WORDS - 1 ? room : sizeof WORDS - 1);
    }
    sim_put_str(out, foot);
}

static void add_event(struct sim_calendar *calendar, const struct slot *slot, unsigned bytes)
{
    struct buf text;
    buf_init(&text, SIM_PAGE_MAX);
    sim_put_reserve(&text, bytes + 64);
    add_head(&text, slot);
    add_flags(&text, slot);
    add_place(&text, slot);
    add_attendees(&text, slot);
    add_body(&text, slot, bytes);
    struct sim_event event = {.start_ms = slot->start_ms, .end_ms = slot->end_ms, .kind = SIM_SINGLE};
    event.id_at = (size_t)(strstr(text.data, "\"id\":\"") - text.data) + 6;
    event.id_len = strcspn(text.data + event.id_at, "\"");
    event.text = buf_steal(&text, &event.len);
    sim_calendar_add_event(calendar, &event);
}

/* Evenly over the days, each up to half an hour long and none into the next. */
static void fill(struct sim_calendar *calendar, unsigned user, const struct graphsim_generate *spec,
                 int32_t from_day)
{
    int64_t span_ms = spec->days * MS_PER_DAY;
    int64_t unit_ms = span_ms / spec->events_per_user >= MS_PER_MINUTE ? MS_PER_MINUTE : MS_PER_SECOND;
    int64_t length_ms = span_ms / spec->events_per_user / unit_ms * unit_ms;
    length_ms = length_ms > 30 * MS_PER_MINUTE ? 30 * MS_PER_MINUTE : length_ms;
    for (unsigned i = 0; i < spec->events_per_user; i++) {
        struct slot slot = {.user = user, .index = i};
        slot.start_ms = from_day * MS_PER_DAY + span_ms * i / spec->events_per_user / unit_ms * unit_ms;
        slot.end_ms = slot.start_ms + length_ms;
        add_event(calendar, &slot, spec->bytes);
    }
    sim_calendar_sort(calendar);
}

static cJSON *describe_user(unsigned number)
{
    char upn[64];
    char token[64];
    snprintf(upn, sizeof upn, "u%u@bench.example", number);
    snprintf(token, sizeof token, "bench-refresh-%u", number);
    cJSON *state = cJSON_CreateObject();
    cJSON *user = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(state, "users"), user);
    cJSON_AddStringToObject(user, "upn", upn);
    cJSON_AddStringToObject(user, "displayName", upn);
    cJSON_AddStringToObject(user, "refresh_token", token);
    cJSON *calendar = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(user, "calendars"), calendar);
    cJSON_AddStringToObject(calendar, "id", "primary");
    cJSON_AddStringToObject(calendar, "name", "Calendar");
    cJSON_AddBoolToObject(calendar, "isDefaultCalendar", true);
    return state;
}

int sim_generate(struct graphsim *g, const struct graphsim_generate *spec, struct err *e)
{
    int32_t from_day;
    if (civil_parse_date(spec->from_date, &from_day) < 0 || spec->days == 0 || spec->events_per_user == 0 ||
        spec->bytes > (1U << 24)) {
        return err_set(e, ERR_INVALID, 0,
                       "generate: USERS:EVENTS:BYTES:FROMDATE:DAYS expected, days and events above 0");
    }
    for (unsigned i = 0; i < spec->users; i++) {
        char upn[64];
        cJSON *state = describe_user(i);
        int r = sim_load(g, state, e);
        cJSON_Delete(state);
        if (r < 0) {
            return r;
        }
        snprintf(upn, sizeof upn, "u%u@bench.example", i);
        pthread_rwlock_wrlock(&g->store.lock);
        fill(sim_user_default_calendar(sim_store_find_user(&g->store, upn)), i, spec, from_day);
        pthread_rwlock_unlock(&g->store.lock);
    }
    return 0;
}
