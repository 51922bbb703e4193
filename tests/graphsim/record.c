#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

static void add_header(const struct sim_request *r, cJSON *details, const char *name, const char *key)
{
    const char *value = sim_header(r, name);
    if (value) {
        cJSON_AddStringToObject(details, key, value);
    }
}

static void add_hash(cJSON *details, const char *key, const char *secret)
{
    char hash[SIM_HASH_HEX + 1];
    sim_hash(hash, SIM_HASH_HEX, "secret", secret);
    cJSON_AddStringToObject(details, key, hash);
}

static bool is_secret(const char *field)
{
    static const char *const names[] = {"refresh_token", "access_token", "client_secret", "client_assertion",
                                        "device_code",   "code",         "password"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcasecmp(field, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void add_form(const struct sim_request *r, cJSON *details)
{
    size_t count;
    struct sim_pair *pairs = sim_form_parse(buf_str(&r->body), r->body.len, &count);
    cJSON *form = cJSON_AddObjectToObject(details, "form");
    for (size_t i = 0; i < count; i++) {
        if (is_secret(pairs[i].name)) {
            add_hash(form, pairs[i].name, pairs[i].value);
        } else {
            cJSON_AddStringToObject(form, pairs[i].name, pairs[i].value);
        }
    }
    sim_form_free(pairs, count);
}

static char *describe(const struct sim_request *r)
{
    const char *authorization = sim_header(r, "Authorization");
    const char *type = sim_header(r, "Content-Type");
    cJSON *details = cJSON_CreateObject();
    cJSON_AddStringToObject(details, "request_id", r->id);
    cJSON_AddStringToObject(details, "authorization", authorization ? "present" : "absent");
    if (authorization) {
        const char *blank = strchr(authorization, ' ');
        add_hash(details, "authorization_hash", blank ? blank + 1 : authorization);
    }
    add_header(r, details, "Host", "host");
    add_header(r, details, "client-request-id", "client_request_id");
    add_header(r, details, "Prefer", "prefer");
    add_header(r, details, "Accept", "accept");
    add_header(r, details, "Accept-Encoding", "accept_encoding");
    add_header(r, details, "User-Agent", "user_agent");
    add_header(r, details, "Idempotency-Key", "idempotency_key");
    add_header(r, details, "Xero-tenant-id", "xero_tenant_id");
    add_header(r, details, "Content-Range", "content_range");
    if (type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0) {
        add_form(r, details);
    }
    char *text = cJSON_PrintUnformatted(details);
    cJSON_Delete(details);
    return text;
}

void sim_record_request(struct sim_request *r)
{
    struct sim_log *log = &r->g->log;
    struct sim_log_entry entry = {.method = mem_strdup(r->method),
                                  .raw = mem_strdup(r->raw),
                                  .decoded = mem_strdup(r->decoded),
                                  .details = describe(r)};
    pthread_mutex_lock(&r->g->mutex);
    if (log->count == log->cap) {
        log->cap = log->cap ? log->cap * 2 : 256;
        log->entries = mem_realloc(log->entries, log->cap, sizeof *log->entries);
    }
    r->log_slot = log->count;
    r->log_epoch = log->epoch;
    log->entries[log->count++] = entry;
    pthread_mutex_unlock(&r->g->mutex);
}

void sim_record_status(const struct sim_request *r, unsigned status)
{
    struct sim_log *log = &r->g->log;
    pthread_mutex_lock(&r->g->mutex);
    if (r->log_epoch == log->epoch && r->log_slot < log->count) {
        log->entries[r->log_slot].status = status;
    }
    pthread_mutex_unlock(&r->g->mutex);
}

void sim_record_forget(struct graphsim *g)
{
    struct sim_log *log = &g->log;
    pthread_rwlock_rdlock(&g->store.lock);
    pthread_mutex_lock(&g->mutex);
    for (size_t i = 0; i < log->count; i++) {
        free(log->entries[i].method);
        free(log->entries[i].raw);
        free(log->entries[i].decoded);
        free(log->entries[i].details);
    }
    free(log->entries);
    *log = (struct sim_log){.epoch = log->epoch + 1};
    g->peak = g->in_flight;
    LIST_FOREACH (link, &g->store.users) {
        struct sim_user *user = CONTAINER_OF(link, struct sim_user, link);
        user->peak = user->in_flight;
    }
    pthread_mutex_unlock(&g->mutex);
    pthread_rwlock_unlock(&g->store.lock);
}

char *sim_record_log(struct graphsim *g)
{
    cJSON *array = cJSON_CreateArray();
    pthread_mutex_lock(&g->mutex);
    for (size_t i = 0; i < g->log.count; i++) {
        const struct sim_log_entry *entry = &g->log.entries[i];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "method", entry->method);
        cJSON_AddStringToObject(row, "path", entry->decoded);
        cJSON_AddStringToObject(row, "raw", entry->raw);
        cJSON_AddNumberToObject(row, "status", entry->status);
        cJSON *details = cJSON_Parse(entry->details);
        while (details && details->child) {
            cJSON *item = cJSON_DetachItemViaPointer(details, details->child);
            cJSON_AddItemToObject(row, item->string, item);
        }
        cJSON_Delete(details);
        cJSON_AddItemToArray(array, row);
    }
    pthread_mutex_unlock(&g->mutex);
    char *text = cJSON_Print(array);
    cJSON_Delete(array);
    return text;
}

int sim_record_count(struct graphsim *g, const char *substring)
{
    int n = 0;
    pthread_mutex_lock(&g->mutex);
    for (size_t i = 0; i < g->log.count; i++) {
        n += strstr(g->log.entries[i].decoded, substring) != NULL;
    }
    pthread_mutex_unlock(&g->mutex);
    return n;
}

char *sim_record_stats(struct graphsim *g)
{
    cJSON *stats = cJSON_CreateObject();
    cJSON *mailboxes = cJSON_CreateObject();
    pthread_rwlock_rdlock(&g->store.lock);
    pthread_mutex_lock(&g->mutex);
    cJSON_AddNumberToObject(stats, "requests", (double)g->log.count);
    cJSON_AddNumberToObject(stats, "in_flight", g->in_flight);
    cJSON_AddNumberToObject(stats, "peak_in_flight", g->peak);
    LIST_FOREACH (link, &g->store.users) {
        const struct sim_user *user = CONTAINER_OF(link, struct sim_user, link);
        cJSON_AddNumberToObject(mailboxes, user->upn, user->peak);
    }
    pthread_mutex_unlock(&g->mutex);
    pthread_rwlock_unlock(&g->store.lock);
    cJSON_AddItemToObject(stats, "peak_in_flight_per_mailbox", mailboxes);
    char *text = cJSON_Print(stats);
    cJSON_Delete(stats);
    return text;
}

/* A request counts until its answer is ready to be sent, not until it has been: a client that has read the
 * answer may ask again before this thread runs on, and would seem to have two in flight. */
bool sim_record_enter(struct sim_request *r)
{
    struct graphsim *g = r->g;
    r->mailbox = sim_route_mailbox(r);
    pthread_mutex_lock(&g->mutex);
    r->counted = true;
    g->in_flight++;
    g->peak = g->in_flight > g->peak ? g->in_flight : g->peak;
    bool room = true;
    if (r->mailbox) {
        int n = ++r->mailbox->in_flight;
        r->mailbox->peak = n > r->mailbox->peak ? n : r->mailbox->peak;
        room = g->mailbox_limit == 0 || n <= g->mailbox_limit;
    }
    pthread_mutex_unlock(&g->mutex);
    return room;
}

void sim_record_leave(struct sim_request *r)
{
    if (!r->counted) {
        return;
    }
    pthread_mutex_lock(&r->g->mutex);
    r->g->in_flight--;
    if (r->mailbox) {
        r->mailbox->in_flight--;
    }
    r->counted = false;
    pthread_mutex_unlock(&r->g->mutex);
}
