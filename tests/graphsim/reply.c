#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

void sim_reply_init(struct sim_reply *reply)
{
    *reply = (struct sim_reply){.status = 200, .cut_after = -1};
    buf_init(&reply->body, SIM_PAGE_MAX);
}

void sim_reply_finish(struct sim_reply *reply)
{
    buf_finish(&reply->body);
    for (int i = 0; i < reply->header_count; i++) {
        free(reply->headers[i].name);
        free(reply->headers[i].value);
    }
}

/* A header that is there already is replaced, so that a fault can override what the normal answer set. */
void sim_reply_header(struct sim_reply *reply, const char *name, const char *value)
{
    for (int i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0) {
            free(reply->headers[i].value);
            reply->headers[i].value = mem_strdup(value);
            return;
        }
    }
    if (reply->header_count < SIM_HEADERS_MAX) {
        struct sim_pair *pair = &reply->headers[reply->header_count++];
        pair->name = mem_strdup(name);
        pair->value = mem_strdup(value);
    }
}

void sim_reply_add(struct sim_reply *reply, const void *bytes, size_t len)
{
    sim_put_bytes(&reply->body, bytes, len);
}

void sim_reply_text(struct sim_reply *reply, const char *text)
{
    sim_reply_add(reply, text, strlen(text));
}

void sim_reply_json(struct sim_reply *reply, cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    sim_reply_text(reply, text ? text : "");
    cJSON_free(text);
    cJSON_Delete(json);
}

void sim_reply_error(struct sim_reply *reply, const struct sim_request *r, unsigned status, const char *code,
                     const char *message)
{
    char date[SIM_TIME_LEN + 1];
    const char *client_id = sim_header(r, "client-request-id");
    cJSON *body = cJSON_CreateObject();
    cJSON *error = cJSON_AddObjectToObject(body, "error");
    cJSON_AddStringToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", message);
    cJSON *inner = cJSON_AddObjectToObject(error, "innerError");
    sim_format_instant(clock_wall_ms(&clock_real), date);
    date[strlen(date) - 1] = '\0'; /* Graph writes no Z here */
    cJSON_AddStringToObject(inner, "date", date);
    cJSON_AddStringToObject(inner, "request-id", r->id);
    cJSON_AddStringToObject(inner, "client-request-id", client_id ? client_id : r->id);
    reply->status = status;
    buf_clear(&reply->body);
    sim_reply_json(reply, body);
}
