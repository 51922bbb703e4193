#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

/* Enough Windows names for test data; the service's own table is not used, so that the two can not be wrong
 * together. */
static const struct {
    const char *windows;
    const char *iana;
} zone_names[] = {
    {"UTC", "Etc/UTC"},
    {"tzone://Microsoft/Utc", "Etc/UTC"},
    {"tzone://Microsoft/Custom", "Etc/UTC"},
    {"W. Europe Standard Time", "Europe/Berlin"},
    {"Romance Standard Time", "Europe/Paris"},
    {"Central Europe Standard Time", "Europe/Budapest"},
    {"GMT Standard Time", "Europe/London"},
    {"FLE Standard Time", "Europe/Kiev"},
    {"GTB Standard Time", "Europe/Bucharest"},
    {"Pacific Standard Time", "America/Los_Angeles"},
    {"Mountain Standard Time", "America/Denver"},
    {"Central Standard Time", "America/Chicago"},
    {"Eastern Standard Time", "America/New_York"},
    {"E. South America Standard Time", "America/Sao_Paulo"},
    {"Newfoundland Standard Time", "America/St_Johns"},
    {"India Standard Time", "Asia/Kolkata"},
    {"Nepal Standard Time", "Asia/Kathmandu"},
    {"China Standard Time", "Asia/Shanghai"},
    {"Tokyo Standard Time", "Asia/Tokyo"},
    {"AUS Eastern Standard Time", "Australia/Sydney"},
    {"New Zealand Standard Time", "Pacific/Auckland"},
    {"Lord Howe Standard Time", "Australia/Lord_Howe"},
};

const struct tz *sim_zone(struct sim_store *s, const char *name)
{
    const struct tz *zone = NULL;
    for (size_t i = 0; i < ARRAY_LEN(zone_names); i++) {
        if (strcmp(zone_names[i].windows, name) == 0) {
            name = zone_names[i].iana;
            break;
        }
    }
    return tz_cache_get(s->zones, name, &zone, NULL) < 0 ? NULL : zone;
}

void sim_store_init(struct sim_store *s)
{
    pthread_rwlock_init(&s->lock, NULL);
    list_init(&s->users);
    s->zones = tz_cache_create(NULL);
}

static void free_calendar(struct sim_calendar *calendar)
{
    for (size_t i = 0; i < calendar->count; i++) {
        free(calendar->events[i].text);
    }
    free(calendar->events);
    free(calendar->id);
    free(calendar->text);
    free(calendar);
}

static void free_user(struct sim_user *user)
{
    LIST_FOREACH (link, &user->calendars) {
        free_calendar(CONTAINER_OF(link, struct sim_calendar, link));
    }
    for (size_t i = 0; i < user->shared_count; i++) {
        free(user->shared_with[i]);
    }
    free(user->shared_with);
    free(user->id);
    free(user->upn);
    free(user->display_name);
    free(user->zone);
    free(user->refresh_error);
    free(user);
}

void sim_store_finish(struct sim_store *s)
{
    LIST_FOREACH (link, &s->users) {
        free_user(CONTAINER_OF(link, struct sim_user, link));
    }
    tz_cache_destroy(s->zones);
    pthread_rwlock_destroy(&s->lock);
}

/* The id as it is, the principal name in any case. */
struct sim_user *sim_store_find_user(const struct sim_store *s, const char *id_or_upn)
{
    LIST_FOREACH (link, &s->users) {
        struct sim_user *user = CONTAINER_OF(link, struct sim_user, link);
        if (strcmp(user->id, id_or_upn) == 0 || strcasecmp(user->upn, id_or_upn) == 0) {
            return user;
        }
    }
    return NULL;
}

struct sim_user *sim_store_add_user(struct sim_store *s, const char *id, const char *upn)
{
    struct sim_user *user = mem_calloc(1, sizeof *user);
    user->id = mem_strdup(id);
    user->upn = mem_strdup(upn);
    user->zone = mem_strdup("W. Europe Standard Time");
    list_init(&user->calendars);
    list_append(&s->users, &user->link);
    return user;
}

struct sim_calendar *sim_user_find_calendar(const struct sim_user *user, const char *id)
{
    LIST_FOREACH (link, &user->calendars) {
        struct sim_calendar *calendar = CONTAINER_OF(link, struct sim_calendar, link);
        if (strcmp(calendar->id, id) == 0) {
            return calendar;
        }
    }
    return NULL;
}

struct sim_calendar *sim_user_default_calendar(const struct sim_user *user)
{
    struct sim_calendar *first = NULL;
    LIST_FOREACH (link, &user->calendars) {
        struct sim_calendar *calendar = CONTAINER_OF(link, struct sim_calendar, link);
        if (calendar->is_default) {
            return calendar;
        }
        first = first ? first : calendar;
    }
    return first;
}

struct sim_calendar *sim_user_add_calendar(struct sim_user *user, const char *id)
{
    struct sim_calendar *calendar = mem_calloc(1, sizeof *calendar);
    calendar->id = mem_strdup(id);
    list_append(&user->calendars, &calendar->link);
    return calendar;
}

void sim_calendar_add_event(struct sim_calendar *calendar, const struct sim_event *event)
{
    if (calendar->count == calendar->cap) {
        calendar->cap = calendar->cap ? calendar->cap * 2 : 64;
        calendar->events = mem_realloc(calendar->events, calendar->cap, sizeof *calendar->events);
    }
    calendar->events[calendar->count++] = *event;
}

static bool belongs_to(const struct sim_event *event, const char *id)
{
    size_t len = strlen(id);
    const char *own = event->text + event->id_at;
    if (event->id_len < len || memcmp(own, id, len) != 0) {
        return false;
    }
    return event->id_len == len ||
           (event->kind == SIM_OCCURRENCE && own[len] == '-' && event->id_len == len + 9);
}

void sim_calendar_remove(struct sim_calendar *calendar, const char *id)
{
    size_t kept = 0;
    for (size_t i = 0; i < calendar->count; i++) {
        if (belongs_to(&calendar->events[i], id)) {
            free(calendar->events[i].text);
        } else {
            calendar->events[kept++] = calendar->events[i];
        }
    }
    calendar->count = kept;
}

/* Ties are broken by id, so that the order does not depend on the sort's whims. */
static int by_start(const void *a, const void *b)
{
    const struct sim_event *x = a;
    const struct sim_event *y = b;
    if (x->start_ms != y->start_ms) {
        return x->start_ms < y->start_ms ? -1 : 1;
    }
    size_t shorter = x->id_len < y->id_len ? x->id_len : y->id_len;
    int order = memcmp(x->text + x->id_at, y->text + y->id_at, shorter);
    return order != 0 ? order : (x->id_len > y->id_len) - (x->id_len < y->id_len);
}

void sim_calendar_sort(struct sim_calendar *calendar)
{
    if (calendar->count > 1) {
        qsort(calendar->events, calendar->count, sizeof *calendar->events, by_start);
    }
}

const struct sim_event *sim_calendar_find_event(const struct sim_calendar *calendar, const char *id)
{
    size_t prefix = strlen(SIM_MUTABLE_ID);
    const char *bare = strncmp(id, SIM_MUTABLE_ID, prefix) == 0 ? id + prefix : id;
    for (size_t i = 0; i < calendar->count; i++) {
        const struct sim_event *event = &calendar->events[i];
        const char *own = event->text + event->id_at;
        if ((event->id_len == strlen(id) && memcmp(own, id, event->id_len) == 0) ||
            (event->id_len == strlen(bare) && memcmp(own, bare, event->id_len) == 0)) {
            return event;
        }
    }
    return NULL;
}
