/* What is at which address under /v1.0. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

#define CALENDARS_PER_PAGE 10

/* The part of the path behind /me or /users/{id}. */
struct tail {
    char *const *segments;
    int count;
};

static bool is(const struct tail *tail, int at, const char *name)
{
    return at < tail->count && strcmp(tail->segments[at], name) == 0;
}

static bool names_user(const struct sim_request *r)
{
    return r->segment_count >= 3 && strcmp(r->segments[1], "users") == 0;
}

static bool names_me(const struct sim_request *r)
{
    return r->segment_count >= 2 && strcmp(r->segments[1], "me") == 0;
}

static struct sim_user *find_user(const struct sim_request *r, const char *name)
{
    struct sim_store *store = &r->g->store;
    pthread_rwlock_rdlock(&store->lock);
    struct sim_user *user = sim_store_find_user(store, name);
    pthread_rwlock_unlock(&store->lock);
    return user;
}

struct sim_user *sim_route_mailbox(const struct sim_request *r)
{
    struct sim_user *user = NULL;
    if (names_user(r)) {
        return find_user(r, r->segments[2]);
    }
    if (names_me(r) && sim_signin_check(r->g, sim_header(r, "Authorization"), &user)) {
        return NULL;
    }
    return user;
}

static bool shares_with(const struct sim_user *owner, const struct sim_user *reader)
{
    for (size_t i = 0; i < owner->shared_count; i++) {
        if (strcasecmp(owner->shared_with[i], reader->upn) == 0) {
            return true;
        }
    }
    return false;
}

static void no_segment(struct sim_request *r, struct sim_reply *reply, const char *segment)
{
    char *message = mem_printf("Resource not found for the segment '%s'.", segment);
    sim_reply_error(reply, r, 400, "BadRequest", message);
    free(message);
}

/* ---- ids ---- */

static bool well_formed(const char *id)
{
    return strlen(id) >= 4 &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/") == strlen(id);
}

static void refuse_id(struct sim_request *r, struct sim_reply *reply, const char *id)
{
    if (well_formed(id)) {
        sim_reply_error(reply, r, 404, "ErrorItemNotFound",
                        "The specified object was not found in the store.");
    } else {
        sim_reply_error(reply, r, 400, "ErrorInvalidIdMalformed", "Id is malformed.");
    }
}

static const struct sim_event *find_event(const struct sim_user *user, const struct sim_calendar *calendar,
                                          const char *id)
{
    if (calendar) {
        return sim_calendar_find_event(calendar, id);
    }
    LIST_FOREACH (link, &user->calendars) {
        const struct sim_event *event =
            sim_calendar_find_event(CONTAINER_OF(link, struct sim_calendar, link), id);
        if (event) {
            return event;
        }
    }
    return NULL;
}

/* ---- resources; under the store's read lock ---- */

static void send_profile(const struct sim_user *user, struct sim_reply *reply)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddItemToObject(body, "businessPhones", cJSON_CreateArray());
    cJSON_AddStringToObject(body, "displayName", user->display_name ? user->display_name : user->upn);
    cJSON_AddStringToObject(body, "mail", user->upn);
    cJSON_AddStringToObject(body, "userPrincipalName", user->upn);
    cJSON_AddStringToObject(body, "id", user->id);
    sim_reply_json(reply, body);
}

static void send_settings(const struct sim_user *user, struct sim_reply *reply)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "timeZone", user->zone);
    cJSON_AddStringToObject(body, "dateFormat", "yyyy-MM-dd");
    cJSON_AddStringToObject(body, "timeFormat", "HH:mm");
    sim_reply_json(reply, body);
}

static void send_calendars(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user)
{
    size_t top;
    size_t skip;
    size_t i = 0;
    const char *separator = "";
    if (!sim_view_paging(r, reply, CALENDARS_PER_PAGE, &top, &skip)) {
        return;
    }
    sim_reply_text(reply, "{\"value\":[");
    LIST_FOREACH (link, &user->calendars) {
        if (i >= skip && i < skip + top) {
            sim_reply_text(reply, separator);
            sim_reply_text(reply, CONTAINER_OF(link, struct sim_calendar, link)->text);
            separator = ",";
        }
        i++;
    }
    char *link = sim_fault_next_link(r);
    if (!link && i > skip + top) {
        link = sim_target_next(r, skip + top);
    }
    sim_reply_text(reply, "]");
    if (link) {
        sim_reply_text(reply, ",\"@odata.nextLink\":");
        sim_reply_json(reply, cJSON_CreateString(link));
    }
    sim_reply_text(reply, "}");
    free(link);
}

/* calendarView | events | events/{id}, of one calendar or, where calendar is NULL, of the whole mailbox. */
static void route_events(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                         const struct sim_calendar *calendar, const struct tail *tail)
{
    const struct sim_calendar *one = calendar ? calendar : sim_user_default_calendar(user);
    if (is(tail, 0, "events") && tail->count == 2) {
        const struct sim_event *event = find_event(user, calendar, tail->segments[1]);
        if (event) {
            sim_view_event(r, reply, event);
        } else {
            refuse_id(r, reply, tail->segments[1]);
        }
    } else if (!one) {
        sim_reply_error(reply, r, 404, "ErrorItemNotFound",
                        "The specified object was not found in the store.");
    } else if (is(tail, 0, "calendarView") && tail->count == 1) {
        sim_view_calendar(r, reply, user, one);
    } else if (is(tail, 0, "events") && tail->count == 1) {
        sim_view_events(r, reply, user, one);
    } else {
        no_segment(r, reply, tail->segments[tail->count - 1]);
    }
}

static void route_calendar(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                           const struct sim_calendar *calendar, const struct tail *tail)
{
    if (!calendar) {
        sim_reply_error(reply, r, 404, "ErrorItemNotFound",
                        "The specified object was not found in the store.");
    } else if (tail->count == 0) {
        sim_reply_text(reply, calendar->text);
    } else {
        route_events(r, reply, user, calendar, tail);
    }
}

static void route_mailbox(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                          const struct tail *tail)
{
    if (is(tail, 0, "mailboxSettings") && tail->count == 1) {
        send_settings(user, reply);
    } else if (is(tail, 0, "calendars") && tail->count == 1) {
        send_calendars(r, reply, user);
    } else if (is(tail, 0, "calendars")) {
        const struct sim_calendar *calendar = sim_user_find_calendar(user, tail->segments[1]);
        if (calendar) {
            route_calendar(r, reply, user, calendar, &(struct tail){tail->segments + 2, tail->count - 2});
        } else {
            refuse_id(r, reply, tail->segments[1]);
        }
    } else if (is(tail, 0, "calendar")) {
        route_calendar(r, reply, user, sim_user_default_calendar(user),
                       &(struct tail){tail->segments + 1, tail->count - 1});
    } else {
        route_events(r, reply, user, NULL, tail);
    }
}

static void route_user(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                       const struct tail *tail)
{
    if (tail->count == 0) {
        send_profile(user, reply);
    } else if (user->no_mailbox) {
        sim_reply_error(reply, r, 404, "MailboxNotEnabledForRESTAPI",
                        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.");
    } else {
        route_mailbox(r, reply, user, tail);
    }
}

/* Whose mailbox it is and whether the caller may see it; NULL after having answered. */
static const struct sim_user *allow(struct sim_request *r, struct sim_reply *reply, struct sim_user *caller)
{
    if (names_me(r)) {
        if (!caller) {
            sim_reply_error(reply, r, 400, "BadRequest",
                            "/me request is only valid with delegated authentication flow.");
        }
        return caller;
    }
    const struct sim_user *user = find_user(r, r->segments[2]);
    if (!user) {
        bool directory = r->segment_count == 3;
        sim_reply_error(reply, r, 404, directory ? "Request_ResourceNotFound" : "ErrorInvalidUser",
                        "The requested user does not exist.");
        return NULL;
    }
    if (caller && caller != user && !shares_with(user, caller)) {
        sim_reply_error(reply, r, 403, "ErrorAccessDenied",
                        "Access is denied. Check credentials and try again.");
        return NULL;
    }
    return user;
}

static bool authenticate(struct sim_request *r, struct sim_reply *reply, struct sim_user **ret_caller)
{
    const char *message = sim_signin_check(r->g, sim_header(r, "Authorization"), ret_caller);
    if (message) {
        sim_reply_error(reply, r, 401, "InvalidAuthenticationToken", message);
        sim_reply_header(reply, "WWW-Authenticate", "Bearer realm=\"\", error=\"invalid_token\"");
    }
    return !message;
}

void sim_route(struct sim_request *r, struct sim_reply *reply)
{
    struct sim_user *caller = NULL;
    if (!authenticate(r, reply, &caller)) {
        return;
    }
    if (!names_me(r) && !names_user(r)) {
        no_segment(r, reply, r->segment_count > 1 ? r->segments[1] : "");
        return;
    }
    int used = names_me(r) ? 2 : 3;
    bool is_drive = r->segment_count > used && strcmp(r->segments[used], "drive") == 0;
    if (strcmp(r->method, "GET") != 0 && !is_drive) {
        sim_reply_error(reply, r, 405, "UnsupportedMethod", "This stand-in only reads, but for drives.");
        return;
    }
    const struct sim_user *user = allow(r, reply, caller);
    if (user && is_drive) {
        sim_drive_route(r, reply, user, used + 1);
    } else if (user) {
        pthread_rwlock_rdlock(&r->g->store.lock);
        route_user(r, reply, user, &(struct tail){r->segments + used, r->segment_count - used});
        pthread_rwlock_unlock(&r->g->store.lock);
    }
}
