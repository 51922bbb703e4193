#include "tests/graphsim/test_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/mem.h"

const char test_state[] =
    "{\"users\":[{\"upn\":\"ann@example.com\",\"id\":\"11111111-1111-4111-a111-111111111111\","
    "\"displayName\":\"Ann\",\"refresh_token\":\"refresh-ann\",\"access_token\":\"token-ann\",\"calendars\":["
    "{\"id\":\"cal-ann=\",\"name\":\"Calendar\",\"isDefaultCalendar\":true},"
    "{\"id\":\"cal/two\",\"name\":\"Two\"}]},"
    "{\"upn\":\"bob@example.com\",\"access_token\":\"token-bob\",\"refresh_token\":\"refresh-bob\","
    "\"calendars\":[{\"id\":\"cal-bob\",\"name\":\"Calendar\",\"isDefaultCalendar\":true}]},"
    "{\"upn\":\"cleo@example.com\",\"access_token\":\"token-cleo\",\"shared_with\":[\"ann@example.com\"],"
    "\"calendars\":[{\"id\":\"cal-cleo\",\"name\":\"Calendar\",\"isDefaultCalendar\":true}]},"
    "{\"upn\":\"dan@example.com\",\"access_token\":\"token-dan\",\"no_mailbox\":true}]}";

static size_t collect(char *data, size_t size, size_t n, void *context)
{
    return buf_add(context, data, size * n) < 0 ? 0 : size * n;
}

void test_answer_finish(struct answer *a)
{
    buf_finish(&a->body);
    buf_finish(&a->headers);
}

struct answer test_ask_url(const char *url, const struct call *call)
{
    struct answer a = {0};
    struct curl_slist *headers = NULL;
    CURL *curl = curl_easy_init();
    char *bearer = call->token ? mem_printf("Authorization: Bearer %s", call->token) : NULL;
    char *prefer = mem_printf("Prefer: %s", call->prefer ? call->prefer : "IdType=\"ImmutableId\"");
    buf_init(&a.body, (size_t)64 << 20);
    buf_init(&a.headers, 65536);
    headers = curl_slist_append(headers, prefer);
    headers = bearer ? curl_slist_append(headers, bearer) : headers;
    headers = call->header ? curl_slist_append(headers, call->header) : headers;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a.body);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &a.headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, call->timeout_ms ? call->timeout_ms : 30000L);
    if (call->form) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->form);
    }
    if (call->ca) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca);
    }
    a.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a.status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    free(bearer);
    free(prefer);
    return a;
}

struct answer test_ask(struct graphsim *g, const char *path, const struct call *call)
{
    char *url = mem_printf("%s%s", graphsim_authority(g), path);
    struct answer a = test_ask_url(url, call);
    free(url);
    return a;
}

struct answer test_ask_as(struct graphsim *g, const char *token, const char *path)
{
    return test_ask(g, path, &(struct call){.token = token});
}

char *test_error_code(const struct answer *a)
{
    cJSON *json = cJSON_Parse(buf_str(&a->body));
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "error");
    const char *code = cJSON_IsString(error)
                           ? error->valuestring
                           : cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "code"));
    char *copy = mem_strdup(code ? code : "");
    cJSON_Delete(json);
    return copy;
}

char *test_member(const struct answer *a, const char *name)
{
    cJSON *json = cJSON_Parse(buf_str(&a->body));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    char *copy = mem_strdup(text);
    cJSON_Delete(json);
    return copy;
}

char *test_list_of(const struct answer *a, const char *name)
{
    struct buf out;
    const cJSON *event;
    cJSON *json = cJSON_Parse(buf_str(&a->body));
    buf_init(&out, 1 << 20);
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(json, "value"))
    {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, name);
        const cJSON *time = cJSON_GetObjectItemCaseSensitive(item, "dateTime");
        const char *text = cJSON_GetStringValue(time ? time : item);
        int width = time ? 16 : 200;
        assert_return_code(buf_printf(&out, "%s%.*s", out.len ? "|" : "", width, text ? text : "null"), 0);
    }
    cJSON_Delete(json);
    return buf_steal(&out, NULL);
}

struct graphsim *test_start_with(const char *state)
{
    struct graphsim *g = NULL;
    struct err e = {0};
    if (graphsim_start(&(struct graphsim_options){0}, &g, &e) < 0 ||
        (state && graphsim_load(g, state, &e) < 0)) {
        fail_msg("%s", e.msg);
    }
    return g;
}

void test_load(struct graphsim *g, const char *json)
{
    struct err e = {0};
    if (graphsim_load(g, json, &e) < 0) {
        fail_msg("%s", e.msg);
    }
}

void test_fault(struct graphsim *g, const char *json)
{
    struct err e = {0};
    if (graphsim_fault(g, json, &e) < 0) {
        fail_msg("%s", e.msg);
    }
}

void test_add_event(struct graphsim *g, const char *subject, const char *start, const char *end,
                    const char *more)
{
    char *json =
        mem_printf("{\"events\":[{\"calendar\":\"cal-ann=\",\"event\":{\"id\":\"id-%s\",\"subject\":\"%s\","
                   "\"start\":{\"dateTime\":\"%s\",\"timeZone\":\"UTC\"},"
                   "\"end\":{\"dateTime\":\"%s\",\"timeZone\":\"UTC\"}%s}}]}",
                   subject, subject, start, end, more);
    test_load(g, json);
    free(json);
}

void test_expect_page(struct graphsim *g, const char *name, const char *path, const char *what,
                      const char *expected)
{
    struct answer a = test_ask_as(g, "token-ann", path);
    char *got = test_list_of(&a, what);
    if (a.status != 200 || strcmp(got, expected) != 0) {
        fail_msg("%s: status %ld\n got %s\nwant %s\n%s", name, a.status, got, expected, buf_str(&a.body));
    }
    free(got);
    test_answer_finish(&a);
}

void test_expect_error(struct graphsim *g, const char *name, const char *path, const struct call *call,
                       long status, const char *code)
{
    struct answer a = test_ask(g, path, call);
    char *got = test_error_code(&a);
    if (a.status != status || strcmp(got, code) != 0) {
        fail_msg("%s: got %ld %s, want %ld %s\n%s", name, a.status, got, status, code, buf_str(&a.body));
    }
    free(got);
    test_answer_finish(&a);
}
