/* What a client prefers of the form in which events are sent, and sending them so. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

struct lines {
    struct buf text;
};

static enum MHD_Result collect(void *context, enum MHD_ValueKind kind UNUSED, const char *name,
                               const char *value)
{
    struct lines *lines = context;
    if (strcasecmp(name, "Prefer") == 0 && value) {
        sim_put(&lines->text, "%s,", value);
    }
    return MHD_YES;
}

/* The value of name="value" (or without quotes) in the joined Prefer lines; NULL. */
static char *preference(const char *lines, const char *name)
{
    const char *at = strcasestr(lines, name);
    if (!at) {
        return NULL;
    }
    at += strlen(name);
    at += strspn(at, " ");
    if (*at != '=') {
        return NULL;
    }
    at++;
    at += strspn(at, " ");
    return *at == '"' ? mem_strndup(at + 1, strcspn(at + 1, "\"")) : mem_strndup(at, strcspn(at, ",; "));
}

static void applied(struct buf *list, const char *name, const char *value)
{
    sim_put(list, "%s%s=\"%s\"", list->len ? ", " : "", name, value);
}

static bool read_zone(struct sim_request *r, struct sim_reply *reply, struct sim_form *form,
                      const char *lines, struct buf *list)
{
    char *name = preference(lines, "outlook.timezone");
    if (!name) {
        return true;
    }
    const struct tz *zone = sim_zone(&r->g->store, name);
    if (!zone) {
        sim_reply_error(reply, r, 400, "TimeZoneNotSupportedException",
                        "A valid TimeZone value must be specified. The time zone is not supported.");
        free(name);
        return false;
    }
    applied(list, "outlook.timezone", name);
    form->zone = strcmp(name, "UTC") == 0 ? NULL : zone;
    form->zone_name = name;
    return true;
}

/* "onlineMeeting/joinUrl" selects the whole member. */
static void read_selection(struct sim_form *form, const char *select)
{
    while (select && *(select += strspn(select, ", "))) {
        size_t n = form->selected_count++;
        form->selected = mem_realloc(form->selected, n + 1, sizeof *form->selected);
        form->selected[n] = (struct sim_name){.text = select, .len = strcspn(select, ",/ ")};
        select += strcspn(select, ",");
    }
}

bool sim_form_read(struct sim_request *r, struct sim_reply *reply, struct sim_form *ret_form)
{
    struct sim_form form = {0};
    struct lines lines;
    struct buf list;
    buf_init(&lines.text, 65536);
    buf_init(&list, 65536);
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, collect, &lines);
    bool good = read_zone(r, reply, &form, buf_str(&lines.text), &list);
    char *id_type = preference(buf_str(&lines.text), "IdType");
    char *body_type = preference(buf_str(&lines.text), "outlook.body-content-type");
    form.immutable = id_type && strcasecmp(id_type, "ImmutableId") == 0;
    form.text_body = body_type && strcasecmp(body_type, "text") == 0;
    if (form.immutable) {
        applied(&list, "IdType", "ImmutableId");
    }
    if (form.text_body) {
        applied(&list, "outlook.body-content-type", "text");
    }
    if (good && list.len > 0) {
        sim_reply_header(reply, "Preference-Applied", buf_str(&list));
    }
    free(id_type);
    free(body_type);
    buf_finish(&lines.text);
    buf_finish(&list);
    read_selection(&form, sim_query(r, "$select"));
    *ret_form = form;
    return good;
}

void sim_form_finish(struct sim_form *form)
{
    free(form->zone_name);
    free(form->selected);
}

static void convert_time(const struct sim_form *form, cJSON *event, const char *name, int64_t utc_ms,
                         bool all_day)
{
    char text[SIM_TIME_LEN + 1];
    cJSON *point = cJSON_CreateObject();
    sim_format_time(all_day ? utc_ms : tz_to_wall(form->zone, utc_ms), text);
    cJSON_AddStringToObject(point, "dateTime", text);
    cJSON_AddStringToObject(point, "timeZone", form->zone_name);
    sim_json_set(event, name, point);
}

/* The text between the tags. */
static char *strip_tags(const char *html)
{
    char *out = mem_calloc(strlen(html) + 1, 1);
    size_t n = 0;
    bool in_tag = false;
    for (; *html; html++) {
        if (*html == '<' || *html == '>') {
            in_tag = *html == '<';
        } else if (!in_tag) {
            out[n++] = *html;
        }
    }
    return out;
}

static void convert_body(cJSON *event)
{
    cJSON *body = cJSON_GetObjectItemCaseSensitive(event, "body");
    const char *content = sim_json_str(body, "content");
    if (content) {
        char *text = strip_tags(content);
        sim_json_set(body, "contentType", cJSON_CreateString("text"));
        sim_json_set(body, "content", cJSON_CreateString(text));
        free(text);
    }
}

/* The event's text in another zone or with another body; free() it. */
static char *reshape(const struct sim_form *form, const struct sim_event *event)
{
    cJSON *json = cJSON_Parse(event->text);
    if (form->zone) {
        bool all_day = sim_json_bool(json, "isAllDay", false);
        convert_time(form, json, "start", event->start_ms, all_day);
        convert_time(form, json, "end", event->end_ms, all_day);
    }
    if (form->text_body) {
        convert_body(json);
    }
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}

static bool is_named(const struct sim_member *m, const char *name)
{
    return strlen(name) == m->name_len && memcmp(name, m->name, m->name_len) == 0;
}

/* Selecting the two dates has no effect in the service either. */
static bool is_selected(const struct sim_form *form, const struct sim_member *m)
{
    if (!form->selected || is_named(m, "id") || is_named(m, "@odata.etag")) {
        return true;
    }
    if (is_named(m, "createdDateTime") || is_named(m, "lastModifiedDateTime")) {
        return false;
    }
    for (size_t i = 0; i < form->selected_count; i++) {
        const struct sim_name *name = &form->selected[i];
        if (name->len == m->name_len && memcmp(name->text, m->name, name->len) == 0) {
            return true;
        }
    }
    return false;
}

void sim_form_emit(const struct sim_form *form, const struct sim_event *event, struct sim_reply *reply)
{
    bool plain = form->immutable && !form->selected;
    char *own = form->zone || form->text_body ? reshape(form, event) : NULL;
    const char *separator = "{";
    struct sim_member m;
    if (plain) {
        sim_reply_add(reply, own ? own : event->text, own ? strlen(own) : event->len);
        free(own);
        return;
    }
    for (const char *cursor = own ? own : event->text; sim_member_next(&cursor, &m);) {
        if (!is_selected(form, &m)) {
            continue;
        }
        sim_reply_add(reply, separator, 1);
        separator = ",";
        if (!form->immutable && m.value[0] == '"' && (is_named(&m, "id") || is_named(&m, "seriesMasterId"))) {
            sim_reply_add(reply, m.text, (size_t)(m.value - m.text) + 1);
            sim_reply_text(reply, SIM_MUTABLE_ID);
            sim_reply_add(reply, m.value + 1, m.value_len - 1);
        } else {
            sim_reply_add(reply, m.text, m.text_len);
        }
    }
    sim_reply_text(reply, *separator == '{' ? "{}" : "}");
    free(own);
}
