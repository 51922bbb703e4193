/* State from JSON; README.md has the form. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

static const cJSON *item(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void set_text(char **field, const char *text)
{
    if (text) {
        free(*field);
        *field = mem_strdup(text);
    }
}

/* ---- sign-in and server settings ---- */

static void load_settings(struct graphsim *g, const cJSON *state)
{
    struct sim_signin *s = &g->signin;
    pthread_mutex_lock(&g->mutex);
    s->access_token_seconds = sim_json_int(state, "access_token_seconds", s->access_token_seconds);
    s->rotate_strict = sim_json_bool(state, "rotate_strict", s->rotate_strict);
    s->confidential = !sim_json_bool(state, "public_client", !s->confidential);
    set_text(&s->client_id, sim_json_str(state, "client_id"));
    set_text(&s->client_secret, sim_json_str(state, "client_secret"));
    if (cJSON_IsObject(item(state, "device_code"))) {
        cJSON_Delete(s->device);
        s->device = cJSON_Duplicate(item(state, "device_code"), true);
    }
    set_text(&g->public_url, sim_json_str(state, "public_url"));
    g->gzip = sim_json_bool(state, "gzip", g->gzip);
    g->latency_ms = sim_json_int(state, "latency_ms", g->latency_ms);
    g->max_page = sim_json_int(state, "max_page", g->max_page);
    g->mailbox_limit = sim_json_int(state, "mailbox_limit", g->mailbox_limit);
    pthread_mutex_unlock(&g->mutex);
}

/* ---- events ---- */

/* An event that is sent exactly as it stands, whatever it lacks; its place in time comes from "_start" and
 * "_end" where its own are no use. */
static int load_raw(struct sim_store *s, struct sim_calendar *calendar, const cJSON *given, struct err *e)
{
    static const char *const names[][2] = {{"start", "_start"}, {"end", "_end"}};
    int64_t when_ms[2];
    for (int i = 0; i < 2; i++) {
        const char *zone;
        struct civil_stamp stamp;
        const char *override = sim_json_str(given, names[i][1]);
        if (override && civil_parse_iso(override, &stamp) == 0) {
            when_ms[i] = stamp.wall_ms - stamp.offset_ms;
            continue;
        }
        int r = sim_event_read_time(s, given, names[i][0], false, &when_ms[i], &zone, e);
        if (r < 0) {
            return r;
        }
    }
    struct sim_shape shape = {
        .json = cJSON_Duplicate(given, true), .start_ms = when_ms[0], .end_ms = when_ms[1]};
    cJSON_DeleteItemFromObjectCaseSensitive(shape.json, "_raw");
    cJSON_DeleteItemFromObjectCaseSensitive(shape.json, "_start");
    cJSON_DeleteItemFromObjectCaseSensitive(shape.json, "_end");
    int r = sim_event_publish(calendar, &shape, SIM_SINGLE, e);
    cJSON_Delete(shape.json);
    return r;
}

static int load_event(struct sim_store *s, const struct sim_user *user, struct sim_calendar *calendar,
                      const cJSON *given, struct err *e)
{
    struct sim_shape shape;
    if (sim_json_str(given, "id")) {
        sim_calendar_remove(calendar, sim_json_str(given, "id"));
    }
    if (sim_json_bool(given, "_raw", false)) {
        return load_raw(s, calendar, given, e);
    }
    int r = sim_event_shape(s, user, calendar->id, given, &shape, e);
    if (r < 0) {
        const char *subject = sim_json_str(given, "subject");
        return err_prefix(e, "\"%s\"", subject ? subject : "(no subject)");
    }
    if (cJSON_IsObject(item(given, "recurrence"))) {
        r = sim_series_publish(s, calendar, &shape, given, e);
    } else {
        r = sim_event_publish(calendar, &shape, SIM_SINGLE, e);
    }
    cJSON_Delete(shape.json);
    return r;
}

static int load_events(struct sim_store *s, const struct sim_user *user, struct sim_calendar *calendar,
                       const cJSON *events, struct err *e)
{
    const cJSON *given;
    int r = 0;
    cJSON_ArrayForEach(given, events)
    {
        r = r == 0 ? load_event(s, user, calendar, given, e) : r;
    }
    sim_calendar_sort(calendar);
    return r;
}

/* ---- calendars and users ---- */

static void add_default(cJSON *object, const char *name, const char *json)
{
    if (!item(object, name)) {
        cJSON_AddItemToObject(object, name, cJSON_Parse(json));
    }
}

/* The calendar as it is sent: what the state gives plus what the service always has. */
static char *shape_calendar(const struct sim_user *user, const cJSON *given)
{
    char change_key[24 + 1];
    cJSON *shape = cJSON_Duplicate(given, true);
    cJSON_DeleteItemFromObjectCaseSensitive(shape, "events");
    sim_hash(change_key, 24, sim_json_str(given, "id"), "calendar");
    add_default(shape, "name", "\"Calendar\"");
    add_default(shape, "color", "\"auto\"");
    add_default(shape, "hexColor", "\"\"");
    add_default(shape, "isDefaultCalendar", "false");
    if (!item(shape, "changeKey")) {
        cJSON_AddStringToObject(shape, "changeKey", change_key);
    }
    add_default(shape, "canShare", "true");
    add_default(shape, "canViewPrivateItems", "true");
    add_default(shape, "canEdit", "true");
    add_default(shape, "allowedOnlineMeetingProviders", "[\"teamsForBusiness\"]");
    add_default(shape, "defaultOnlineMeetingProvider", "\"teamsForBusiness\"");
    add_default(shape, "isTallyingResponses", "true");
    add_default(shape, "isRemovable", "true");
    if (!item(shape, "owner")) {
        cJSON *owner = cJSON_AddObjectToObject(shape, "owner");
        cJSON_AddStringToObject(owner, "name", user->display_name ? user->display_name : user->upn);
        cJSON_AddStringToObject(owner, "address", user->upn);
    }
    char *text = cJSON_PrintUnformatted(shape);
    cJSON_Delete(shape);
    return text;
}

static int load_calendar(struct sim_store *s, struct sim_user *user, const cJSON *given, struct err *e)
{
    const char *id = sim_json_str(given, "id");
    if (!id) {
        return err_set(e, ERR_INVALID, 0, "users[\"%s\"].calendars[]: id is missing", user->upn);
    }
    struct sim_calendar *calendar = sim_user_find_calendar(user, id);
    if (!calendar) {
        calendar = sim_user_add_calendar(user, id);
        calendar->text = shape_calendar(user, given);
        calendar->is_default = sim_json_bool(given, "isDefaultCalendar", false);
    }
    int r = load_events(s, user, calendar, item(given, "events"), e);
    return r < 0 ? err_prefix(e, "calendar \"%s\"", id) : 0;
}

static void load_shares(struct sim_user *user, const cJSON *upns)
{
    const cJSON *upn;
    cJSON_ArrayForEach(upn, upns)
    {
        if (cJSON_IsString(upn)) {
            user->shared_with =
                mem_realloc(user->shared_with, user->shared_count + 1, sizeof *user->shared_with);
            user->shared_with[user->shared_count++] = mem_strdup(upn->valuestring);
        }
    }
}

static struct sim_user *find_or_add_user(struct sim_store *s, const cJSON *given)
{
    const char *id = sim_json_str(given, "id");
    const char *upn = sim_json_str(given, "upn");
    struct sim_user *user = upn ? sim_store_find_user(s, upn) : id ? sim_store_find_user(s, id) : NULL;
    if (user || !upn) {
        return user;
    }
    char made[32 + 1];
    char guid[CLOCK_UUID_LEN + 1];
    sim_hash(made, 32, upn, "user");
    snprintf(guid, sizeof guid, "%.8s-%.4s-4%.3s-a%.3s-%.12s", made, made + 8, made + 12, made + 15,
             made + 18);
    return sim_store_add_user(s, id ? id : guid, upn);
}

static int load_user(struct graphsim *g, const cJSON *given, struct err *e)
{
    struct sim_user *user = find_or_add_user(&g->store, given);
    if (!user) {
        return err_set(e, ERR_INVALID, 0, "users[]: upn is missing");
    }
    set_text(&user->display_name, sim_json_str(given, "displayName"));
    set_text(&user->zone, sim_json_str(given, "timeZone"));
    set_text(&user->refresh_error, sim_json_str(given, "refresh_error"));
    user->no_mailbox = sim_json_bool(given, "no_mailbox", user->no_mailbox);
    load_shares(user, item(given, "shared_with"));
    if (sim_json_str(given, "refresh_token")) {
        sim_signin_add_refresh(g, user, sim_json_str(given, "refresh_token"));
    }
    if (sim_json_str(given, "access_token")) {
        sim_signin_add_access(g, user, sim_json_str(given, "access_token"));
    }
    const cJSON *calendar;
    cJSON_ArrayForEach(calendar, item(given, "calendars"))
    {
        int r = load_calendar(&g->store, user, calendar, e);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

/* ---- {"calendar": id, "event": {…}} or {…, "events": […]} at the top ---- */

static int load_into(struct sim_store *s, const struct sim_user *user, struct sim_calendar *calendar,
                     const cJSON *placed, struct err *e)
{
    const cJSON *one = item(placed, "event");
    int r = one ? load_event(s, user, calendar, one, e) : 0;
    if (r == 0) {
        r = load_events(s, user, calendar, item(placed, "events"), e);
    }
    return r < 0 ? err_prefix(e, "calendar \"%s\"", calendar->id) : 0;
}

static int load_placed(struct sim_store *s, const cJSON *placed, struct err *e)
{
    const char *id = sim_json_str(placed, "calendar");
    const char *upn = sim_json_str(placed, "user");
    LIST_FOREACH (link, &s->users) {
        struct sim_user *user = CONTAINER_OF(link, struct sim_user, link);
        struct sim_calendar *calendar = id ? sim_user_find_calendar(user, id) : NULL;
        if (calendar && (!upn || sim_store_find_user(s, upn) == user)) {
            return load_into(s, user, calendar, placed, e);
        }
    }
    return err_set(e, ERR_INVALID, 0, "events[]: there is no calendar \"%s\"", id ? id : "(missing)");
}

static void remove_events(struct sim_store *s, const cJSON *ids)
{
    const cJSON *id;
    cJSON_ArrayForEach(id, ids)
    {
        LIST_FOREACH (link, &s->users) {
            struct sim_user *user = CONTAINER_OF(link, struct sim_user, link);
            LIST_FOREACH (below, &user->calendars) {
                const char *text = cJSON_GetStringValue(id);
                sim_calendar_remove(CONTAINER_OF(below, struct sim_calendar, link), text ? text : "");
            }
        }
    }
}

int sim_load(struct graphsim *g, const cJSON *state, struct err *e)
{
    const cJSON *given;
    int r = 0;
    if (!cJSON_IsObject(state)) {
        return err_set(e, ERR_INVALID, 0, "state is no JSON object");
    }
    load_settings(g, state);
    sim_xero_load(g, item(state, "xero"));
    pthread_rwlock_wrlock(&g->store.lock);
    remove_events(&g->store, item(state, "remove"));
    cJSON_ArrayForEach(given, item(state, "users"))
    {
        r = r == 0 ? load_user(g, given, e) : r;
    }
    cJSON_ArrayForEach(given, item(state, "events"))
    {
        r = r == 0 ? load_placed(&g->store, given, e) : r;
    }
    pthread_rwlock_unlock(&g->store.lock);
    return r;
}

/* ---- files ---- */

static int load_file(struct graphsim *g, const char *path, struct err *e)
{
    struct buf text;
    buf_init(&text, SIM_PAGE_MAX);
    int r = buf_read_file(&text, path);
    if (r < 0) {
        r = err_set(e, r, errno, "can not read %s", path);
    } else {
        r = graphsim_load(g, buf_str(&text), e);
        r = r < 0 ? err_prefix(e, "%s", path) : 0;
    }
    buf_finish(&text);
    return r;
}

static int is_json(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static int load_directory(struct graphsim *g, const char *path, struct err *e)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, is_json, alphasort);
    int r = n < 0 ? err_set(e, ERR_IO, errno, "can not read the directory %s", path) : 0;
    for (int i = 0; i < n; i++) {
        char *file = mem_printf("%s/%s", path, names[i]->d_name);
        r = r == 0 ? load_file(g, file, e) : r;
        free(file);
        free(names[i]);
    }
    free(names);
    return r;
}

int sim_load_path(struct graphsim *g, const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return load_directory(g, path, e);
    }
    return load_file(g, path, e);
}
