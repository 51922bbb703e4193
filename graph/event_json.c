#include "graph/event_json.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/utf8.h"
#include "graph/json_value.h"
#include "graph/recurrence_json.h"
#include "model/rrule.h"

void event_reader_init(struct event_reader *r, struct arena *arena, struct tz_cache *zones,
                       const struct tz *assumed)
{
    *r = (struct event_reader){.arena = arena, .zones = {.cache = zones, .assumed = assumed}};
    r->members = event_members_create();
}

void event_reader_finish(struct event_reader *r)
{
    event_members_destroy(r->members);
    r->members = NULL;
}

/* Functions below that return a `const char *` return NULL, or why the event can not be mapped. */
struct reading {
    struct event_reader *reader;
    struct event *event;
    struct event_time start;
};

static struct json_slice get(const struct reading *g, enum event_member member)
{
    return event_members_get(g->reader->members, member);
}

static const char *say(const struct reading *g, enum event_member member, const char *what)
{
    char text[160];
    snprintf(text, sizeof text, "%s %s", event_member_name(member), what);
    return arena_strdup(g->reader->arena, text);
}

static const char *decode(struct arena *arena, struct json_slice string, bool *repaired)
{
    char *text = arena_alloc(arena, string.len);
    size_t len = json_decode(string, text, repaired);
    arena_trim(arena, string.len, len + 1);
    return text;
}

static const char *read_string(struct reading *g, enum event_member member, struct json_slice value,
                               const char **ret_text)
{
    bool repaired = false;
    *ret_text = NULL;
    if (json_is_unset(value)) {
        return NULL;
    }
    if (json_kind(value) != JSON_STRING) {
        return say(g, member, "is not text");
    }
    *ret_text = decode(g->reader->arena, value, &repaired);
    g->event->notes |= repaired ? (unsigned)EVENT_NOTE_TEXT_REPAIRED : 0;
    return NULL;
}

static const char *read_id(struct reading *g)
{
    struct json_slice value = get(g, MEMBER_ID);
    bool repaired = false;
    if (json_kind(value) != JSON_STRING || value.len == 2) {
        return "it has no id";
    }
    if (value.len - 2 > EVENT_ID_MAX) {
        return "its id is longer than 1024 bytes";
    }
    g->event->id = decode(g->reader->arena, value, &repaired);
    return repaired ? "its id has characters that no id has" : NULL;
}

static const char *read_texts(struct reading *g)
{
    const struct {
        enum event_member member;
        const char **text;
    } rows[] = {
        {MEMBER_ICAL_UID, &g->event->ical_uid},
        {MEMBER_SERIES_MASTER_ID, &g->event->series_master_id},
        {MEMBER_SUBJECT, &g->event->subject},
        {MEMBER_ORIGINAL_ZONE, &g->event->original_zone},
    };
    const char *why = NULL;
    for (size_t i = 0; !why && i < ARRAY_LEN(rows); i++) {
        why = read_string(g, rows[i].member, get(g, rows[i].member), rows[i].text);
    }
    return why;
}

/* "" says as little as null does. */
static const char *null_if_empty(const char *text)
{
    return text && *text ? text : NULL;
}

static const char *read_original_zone(struct reading *g)
{
    struct event *event = g->event;
    event->original_zone = null_if_empty(event->original_zone);
    if (event->original_zone && !zone_reader_find(&g->reader->zones, event->original_zone)) {
        event->notes |= EVENT_NOTE_ZONE_UNKNOWN;
    }
    return NULL;
}

static const char *read_location(struct reading *g)
{
    static const struct json_name display_name = JSON_NAME("displayName");
    struct json_slice object = get(g, MEMBER_LOCATION);
    struct json_slice name;
    if (!json_is_unset(object) && json_kind(object) != JSON_OBJECT) {
        return say(g, MEMBER_LOCATION, "is not an object");
    }
    json_pick(object, &display_name, 1, &name);
    const char *why = read_string(g, MEMBER_LOCATION, name, &g->event->location);
    g->event->location = null_if_empty(g->event->location);
    return why;
}

/* So that the array is allocated once. */
static size_t count_strings(struct json_slice array)
{
    struct json_cursor c;
    struct json_slice value;
    size_t n = 0;
    json_cursor_init(&c, array.text, array.len);
    int r = json_enter(&c);
    while (r == 0 && json_next_element(&c) == 1 && (r = json_skip(&c, &value)) == 0) {
        n += json_kind(value) == JSON_STRING;
    }
    return n;
}

static const char *read_categories(struct reading *g)
{
    struct json_slice array = get(g, MEMBER_CATEGORIES);
    struct arena *arena = g->reader->arena;
    bool repaired = false;
    if (json_is_unset(array)) {
        return NULL;
    }
    if (json_kind(array) != JSON_ARRAY) {
        return say(g, MEMBER_CATEGORIES, "is not an array");
    }
    size_t n = count_strings(array);
    if (n > EVENT_CATEGORIES_MAX) {
        return say(g, MEMBER_CATEGORIES, "has more than 1000 names");
    }
    const char **names = n ? arena_alloc(arena, n * sizeof *names) : NULL;
    struct json_cursor c;
    struct json_slice value;
    json_cursor_init(&c, array.text, array.len);
    int r = json_enter(&c);
    while (r == 0 && json_next_element(&c) == 1 && (r = json_skip(&c, &value)) == 0) {
        if (json_kind(value) == JSON_STRING) {
            names[g->event->n_categories++] = decode(arena, value, &repaired);
        }
    }
    g->event->categories = names;
    g->event->notes |= repaired ? (unsigned)EVENT_NOTE_TEXT_REPAIRED : 0;
    return NULL;
}

/* The name of an enumeration, "" for one that is absent or longer than any: the model has a default for
 * those. */
static const char *read_enum(const struct reading *g, enum event_member member, struct json_slice value,
                             char ret_name[32])
{
    ret_name[0] = '\0';
    if (!json_is_unset(value) && json_kind(value) != JSON_STRING) {
        return say(g, member, "is not text");
    }
    (void)json_copy(value, ret_name, 32);
    return NULL;
}

static const char *read_enums(struct reading *g)
{
    static const struct json_name response = JSON_NAME("response");
    struct json_slice status = get(g, MEMBER_RESPONSE_STATUS);
    struct json_slice answer;
    struct event *event = g->event;
    char type[32], show_as[32], sensitivity[32], importance[32], said[32];
    const char *why;
    if (!json_is_unset(status) && json_kind(status) != JSON_OBJECT) {
        return say(g, MEMBER_RESPONSE_STATUS, "is not an object");
    }
    json_pick(status, &response, 1, &answer);
    if ((why = read_enum(g, MEMBER_TYPE, get(g, MEMBER_TYPE), type)) ||
        (why = read_enum(g, MEMBER_SHOW_AS, get(g, MEMBER_SHOW_AS), show_as)) ||
        (why = read_enum(g, MEMBER_SENSITIVITY, get(g, MEMBER_SENSITIVITY), sensitivity)) ||
        (why = read_enum(g, MEMBER_IMPORTANCE, get(g, MEMBER_IMPORTANCE), importance)) ||
        (why = read_enum(g, MEMBER_RESPONSE_STATUS, answer, said))) {
        return why;
    }
    event->type = event_type_from(type);
    event->show_as = event_show_as_from(show_as);
    event->sensitivity = event_sensitivity_from(sensitivity);
    event->importance = event_importance_from(importance);
    event->response = event_response_from(said);
    return NULL;
}

static const char *read_flags(struct reading *g)
{
    const struct {
        enum event_member member;
        bool *flag;
    } rows[] = {
        {MEMBER_IS_ALL_DAY, &g->event->is_all_day},
        {MEMBER_IS_CANCELLED, &g->event->is_cancelled},
        {MEMBER_IS_ONLINE, &g->event->is_online},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_slice value = get(g, rows[i].member);
        enum json_kind kind = json_kind(value);
        if (!json_is_unset(value) && kind != JSON_TRUE && kind != JSON_FALSE) {
            return say(g, rows[i].member, "is neither true nor false");
        }
        *rows[i].flag = kind == JSON_TRUE;
    }
    return NULL;
}

/* All-day events are dates: the zone beside them says nothing. */
static const char *set_days(struct event *event, const struct event_time *start, const struct event_time *end)
{
    event->start_day = civil_day_of(start->wall_ms);
    event->end_day = civil_day_of(end->wall_ms);
    event->start_ms = event->start_day * MS_PER_DAY;
    event->end_ms = event->end_day * MS_PER_DAY;
    if (event->start_ms != start->wall_ms || event->end_ms != end->wall_ms) {
        return "it is all-day and does not begin and end at midnight";
    }
    return event->end_day <= event->start_day ? "it is all-day and its end is not after its start" : NULL;
}

static const char *read_times(struct reading *g)
{
    struct event_time end;
    struct event *event = g->event;
    const char *what = event_time_read(&g->reader->zones, get(g, MEMBER_START), &g->start);
    if (what) {
        return say(g, MEMBER_START, what);
    }
    what = event_time_read(&g->reader->zones, get(g, MEMBER_END), &end);
    if (what) {
        return say(g, MEMBER_END, what);
    }
    if (event->is_all_day) {
        return set_days(event, &g->start, &end);
    }
    event->start_ms = g->start.utc_ms;
    event->end_ms = end.utc_ms;
    event->notes |= g->start.is_assumed || end.is_assumed ? (unsigned)EVENT_NOTE_ZONE_ASSUMED : 0;
    return event->end_ms < event->start_ms ? "it ends before it starts" : NULL;
}

/* Which slot of a series an event belongs to is part of what it is: one that can not be read is not guessed.
 */
static const char *read_original_start(struct reading *g)
{
    struct json_slice value = get(g, MEMBER_ORIGINAL_START);
    int64_t ms;
    g->event->original_start_ms = g->event->start_ms;
    if (json_is_unset(value)) {
        return NULL;
    }
    if (!event_time_read_instant(value, &ms)) {
        return say(g, MEMBER_ORIGINAL_START, "can not be read");
    }
    if (!event_time_is_sentinel(ms)) {
        g->event->original_start_ms = ms;
    }
    return NULL;
}

/* The zone that the dates of a series are in: its own, else the one the event was made in, else the event's.
 */
static const struct tz *series_zone(struct reading *g, struct json_slice named, bool is_until)
{
    char name[ZONE_NAME_MAX];
    struct zone_reader *zones = &g->reader->zones;
    if (json_is_unset(named)) {
        const struct tz *original =
            g->event->original_zone ? zone_reader_find(zones, g->event->original_zone) : NULL;
        return original ? original : g->start.zone;
    }
    const struct tz *zone = json_copy(named, name, sizeof name) ? zone_reader_find(zones, name) : NULL;
    if (!zone && is_until) {
        g->event->notes |= EVENT_NOTE_ZONE_ASSUMED;
    }
    return zone ? zone : zones->assumed;
}

static const char *read_recurrence(struct reading *g)
{
    struct json_slice object = get(g, MEMBER_RECURRENCE);
    struct event *event = g->event;
    struct recurrence recurrence;
    struct json_slice zone_name;
    char rule[RRULE_MAX];
    if (json_is_unset(object)) {
        return NULL;
    }
    if (recurrence_json_read(object, &recurrence, &zone_name) < 0) {
        event->notes |= EVENT_NOTE_RULE_UNKNOWN;
        return NULL;
    }
    bool is_until = recurrence.end == RECUR_END_DATE && !event->is_all_day;
    const struct tz *zone = event->is_all_day ? NULL : series_zone(g, zone_name, is_until);
    int64_t wall_ms = zone ? tz_to_wall(zone, event->start_ms) : event->start_ms;
    if (rrule_format(&recurrence, event->is_all_day, wall_ms, zone, rule, NULL) < 0) {
        event->notes |= EVENT_NOTE_RULE_UNKNOWN;
        return NULL;
    }
    event->rrule = arena_strdup(g->reader->arena, rule);
    return NULL;
}

static const char *map_event(struct reading *g)
{
    static const char *(*const steps[])(struct reading *) = {
        read_id,    read_texts, read_original_zone, read_location,       read_categories,
        read_enums, read_flags, read_times,         read_original_start, read_recurrence,
    };
    const char *why = NULL;
    for (size_t i = 0; !why && i < ARRAY_LEN(steps); i++) {
        why = steps[i](g);
    }
    if (!why) {
        event_members_hash(g->reader->members, g->event->hash);
    }
    return why;
}

/* What makes the text of one event unfit, while the page around it is sound. */
static const char *find_flaw(const struct event_reader *r, const struct json_cursor *c,
                             struct json_slice whole)
{
    if ((c->high & UINT64_C(0x8080808080808080)) && !utf8_is_valid(whole.text, whole.len)) {
        return "its text is not UTF-8";
    }
    if (c->flaws & JSON_FLAW_DEPTH) {
        return "it is nested deeper than 64 levels";
    }
    if (c->flaws & JSON_FLAW_CONTROL) {
        return "a string has a control character that is not escaped";
    }
    if (c->flaws & JSON_FLAW_ESCAPE) {
        return "a string has an escape that JSON does not know";
    }
    return event_members_is_too_many(r->members) ? "it has more than 512 members" : NULL;
}

/* The id of an event that is rejected, where it can be trusted. */
static const char *find_id(struct event_reader *r)
{
    struct json_slice value = event_members_get(r->members, MEMBER_ID);
    bool repaired = false;
    if (json_kind(value) != JSON_STRING || value.len == 2 || value.len - 2 > EVENT_ID_MAX ||
        memchr(value.text, '\0', value.len) || !utf8_is_valid(value.text, value.len)) {
        return NULL;
    }
    const char *id = decode(r->arena, value, &repaired);
    return repaired ? NULL : id;
}

int event_json_read(struct event_reader *r, struct json_cursor *c, struct event *ret_event,
                    struct event_reject *ret_reject)
{
    const char *begin = c->at;
    c->flaws = 0;
    c->high = 0;
    if (json_cursor_peek(c) != '{') {
        struct json_slice value;
        int e = json_skip(c, &value);
        *ret_reject =
            (struct event_reject){.reason = "it is not an object", .raw = begin, .raw_len = value.len};
        return e;
    }
    if (event_members_read(r->members, c) < 0) {
        return ERR_PROTOCOL;
    }
    struct json_slice whole = {begin, (size_t)(c->at - begin)};
    struct event event = {.raw = whole.text, .raw_len = whole.len};
    struct reading g = {.reader = r, .event = &event};
    const char *why = find_flaw(r, c, whole);
    if (!why) {
        why = map_event(&g);
    }
    if (why) {
        *ret_reject = (struct event_reject){find_id(r), why, whole.text, whole.len};
        return 0;
    }
    *ret_event = event;
    return 1;
}
