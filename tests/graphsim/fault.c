/* Scripted faults: which request they hit, and what they do to it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

static const char *const action_names[] = {
    "status",   "headers",     "body",           "content_type",   "delay_ms",    "never",       "cut_body",
    "reset",    "redirect",    "replace_events", "endless_next",   "next_link",   "big_body_mb", "body_file",
    "raw_page", "oauth_error", "aadsts",         "hold_answer_ms", "lose_answer",
};

static bool known_action(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(action_names); i++) {
        if (strcmp(action_names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* {"expire_access_tokens": true | "upn"}, {"revoke_refresh_tokens": …}: done at once, no fault stays. */
static bool end_tokens(struct graphsim *g, const cJSON *fault)
{
    if (cJSON_GetObjectItemCaseSensitive(fault, "drop_sessions")) {
        sim_drive_drop_sessions(g);
        return true;
    }
    if (cJSON_GetObjectItemCaseSensitive(fault, "expire_xero")) {
        sim_xero_expire(g);
        return true;
    }
    static const char *const names[] = {"expire_access_tokens", "revoke_refresh_tokens"};
    bool done = false;
    for (int i = 0; i < 2; i++) {
        const cJSON *whose = cJSON_GetObjectItemCaseSensitive(fault, names[i]);
        if (whose) {
            graphsim_expire_tokens(g, cJSON_GetStringValue(whose), i == 1);
            done = true;
        }
    }
    return done;
}

int sim_fault_add(struct graphsim *g, const cJSON *fault, struct err *e)
{
    const cJSON *action = cJSON_GetObjectItemCaseSensitive(fault, "action");
    const cJSON *item;
    if (end_tokens(g, fault)) {
        return 0;
    }
    if (!cJSON_IsObject(action)) {
        return err_set(e, ERR_INVALID, 0, "fault: \"action\" is missing or no object");
    }
    cJSON_ArrayForEach(item, action)
    {
        if (!known_action(item->string)) {
            return err_set(e, ERR_INVALID, 0, "fault: unknown action \"%s\"", item->string);
        }
    }
    struct sim_fault *f = mem_calloc(1, sizeof *f);
    f->match = mem_strdup(sim_json_str(fault, "match"));
    f->method = mem_strdup(sim_json_str(fault, "method"));
    f->skip = sim_json_int(fault, "skip", 0);
    f->times = sim_json_int(fault, "times", 0);
    f->times = f->times > 0 ? f->times : -1;
    f->action = cJSON_Duplicate(action, true);
    pthread_mutex_lock(&g->mutex);
    list_append(&g->faults, &f->link);
    pthread_mutex_unlock(&g->mutex);
    return 0;
}

void sim_fault_clear(struct graphsim *g)
{
    pthread_mutex_lock(&g->mutex);
    for (struct list *link; (link = list_pop(&g->faults));) {
        struct sim_fault *f = CONTAINER_OF(link, struct sim_fault, link);
        free(f->match);
        free(f->method);
        cJSON_Delete(f->action);
        free(f);
    }
    pthread_mutex_unlock(&g->mutex);
}

static bool hits(struct sim_fault *f, const struct sim_request *r)
{
    if (f->times == 0 || (f->method && strcasecmp(f->method, r->method) != 0) ||
        (f->match && !strstr(r->decoded, f->match) && !strstr(r->raw, f->match))) {
        return false;
    }
    if (f->skip > 0) {
        f->skip--;
        return false;
    }
    f->times -= f->times > 0;
    return true;
}

cJSON *sim_fault_take(struct sim_request *r)
{
    cJSON *action = NULL;
    pthread_mutex_lock(&r->g->mutex);
    LIST_FOREACH (link, &r->g->faults) {
        struct sim_fault *f = CONTAINER_OF(link, struct sim_fault, link);
        if (hits(f, r)) {
            action = cJSON_Duplicate(f->action, true);
            break;
        }
    }
    pthread_mutex_unlock(&r->g->mutex);
    return action;
}

static void add_headers(const struct sim_request *r, struct sim_reply *reply)
{
    const cJSON *header;
    const char *type = sim_json_str(r->action, "content_type");
    cJSON_ArrayForEach(header, cJSON_GetObjectItemCaseSensitive(r->action, "headers"))
    {
        if (cJSON_IsString(header)) {
            sim_reply_header(reply, header->string, header->valuestring);
        }
    }
    if (type) {
        sim_reply_header(reply, "Content-Type", type);
    }
}

static void answer_file(struct sim_request *r, struct sim_reply *reply, const char *path)
{
    if (buf_read_file(&reply->body, path) < 0) {
        sim_reply_error(reply, r, 500, "SimBodyFile", "the fault's body_file can not be read");
    }
}

static void answer_events(struct sim_reply *reply, const cJSON *events)
{
    cJSON *page = cJSON_CreateObject();
    cJSON_AddStringToObject(page, "@odata.context", "https://graph.example/v1.0/$metadata#events");
    cJSON_AddItemToObject(page, "value", cJSON_Duplicate(events, true));
    sim_reply_json(reply, page);
}

static void answer_status(struct sim_request *r, struct sim_reply *reply, unsigned status)
{
    bool api = r->segment_count > 1 && strcmp(r->segments[1], "oauth2") != 0;
    if (status < 400) {
        return;
    }
    if (!api) {
        sim_oauth_error(reply, r, status, "temporarily_unavailable", 90033,
                        "A transient error has occurred.");
    } else if (status == 401) {
        sim_reply_error(reply, r, status, "InvalidAuthenticationToken", "Access token has expired.");
    } else if (status == 429) {
        sim_reply_error(reply, r, status, "ApplicationThrottled",
                        "Application is over its MailboxConcurrency limit.");
    } else {
        sim_reply_error(reply, r, status, "UnknownError", "");
    }
}

static void answer_oauth(struct sim_request *r, struct sim_reply *reply, const char *error)
{
    int number = sim_json_int(r->action, "aadsts", 70000);
    unsigned status = (unsigned)sim_json_int(r->action, "status", 400);
    sim_oauth_error(reply, r, status, error, number, "Scripted error.");
}

static bool answer_body(struct sim_request *r, struct sim_reply *reply)
{
    const char *text = sim_json_str(r->action, "body");
    const char *page = sim_json_str(r->action, "raw_page");
    const char *file = sim_json_str(r->action, "body_file");
    const char *oauth = sim_json_str(r->action, "oauth_error");
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(r->action, "body");
    const cJSON *events = cJSON_GetObjectItemCaseSensitive(r->action, "replace_events");
    int megabytes = sim_json_int(r->action, "big_body_mb", 0);
    if (text || page) {
        sim_reply_text(reply, text ? text : page);
    } else if (cJSON_IsObject(object)) {
        sim_reply_json(reply, cJSON_Duplicate(object, true));
    } else if (file) {
        answer_file(r, reply, file);
    } else if (cJSON_IsArray(events)) {
        answer_events(reply, events);
    } else if (oauth) {
        answer_oauth(r, reply, oauth);
    } else if (megabytes > 0) {
        reply->flood = (uint64_t)megabytes << 20;
    } else {
        return false;
    }
    return true;
}

bool sim_fault_answer(struct sim_request *r, struct sim_reply *reply)
{
    const char *redirect = sim_json_str(r->action, "redirect");
    int status = sim_json_int(r->action, "status", redirect ? 302 : 0);
    if (sim_json_bool(r->action, "reset", false)) {
        reply->reset = true;
        return true;
    }
    bool body = answer_body(r, reply);
    if (redirect) {
        sim_reply_header(reply, "Location", redirect);
    }
    if (status && !body) {
        answer_status(r, reply, (unsigned)status);
    }
    if (status && reply->status == 200) {
        reply->status = (unsigned)status;
    }
    return body || status;
}

void sim_fault_spoil(const struct sim_request *r, struct sim_reply *reply)
{
    add_headers(r, reply);
    if (cJSON_GetObjectItemCaseSensitive(r->action, "cut_body")) {
        reply->cut_after = sim_json_int(r->action, "cut_body", 0);
    }
}

char *sim_fault_next_link(const struct sim_request *r)
{
    if (sim_json_bool(r->action, "endless_next", false)) {
        char *base = sim_target_base(r);
        char *link = mem_printf("%s%s", base, sim_target_rest(r));
        free(base);
        return link;
    }
    return mem_strdup(sim_json_str(r->action, "next_link"));
}
