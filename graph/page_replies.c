#include "graph/page_replies.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "graph/json_body.h"
#include "model/ascii.h"

#define CALENDARS_MAX   10000
#define TOKEN_MAX       (64 * 1024)
#define SHOWN_MAX       256
#define TEN_YEARS_S     INT64_C(315360000)
#define POLL_INTERVAL_S 5 /* RFC 8628 §3.2, where the reply names none */

static char *string_or_empty(struct json_slice s)
{
    bool repaired = false;
    if (json_kind(s) != JSON_STRING) {
        return mem_strdup("");
    }
    char *text = mem_calloc(1, s.len);
    (void)json_decode(s, text, &repaired);
    return text;
}

/* --- calendars --- */

struct calendar_list {
    struct remote_calendar *items;
    size_t n;
    size_t cap;
};

static void calendar_list_finish(struct calendar_list *list)
{
    remote_calendars_free(list->items, list->n);
}

void remote_calendars_free(struct remote_calendar *calendars, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(calendars[i].id);
        free(calendars[i].name);
        free(calendars[i].owner);
    }
    free(calendars);
}

static void add_calendar(struct calendar_list *list, struct json_slice object)
{
    enum { ID, NAME, OWNER, IS_DEFAULT, CAN_EDIT, N };
    static const struct json_name names[N] = {JSON_NAME("id"), JSON_NAME("name"), JSON_NAME("owner"),
                                              JSON_NAME("isDefaultCalendar"), JSON_NAME("canEdit")};
    static const struct json_name address = JSON_NAME("address");
    struct json_slice v[N];
    struct json_slice owner;
    json_pick(object, names, N, v);
    if (json_kind(v[ID]) != JSON_STRING || v[ID].len == 2) {
        return;
    }
    json_pick(v[OWNER], &address, 1, &owner);
    if (list->n == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 16;
        list->items = mem_realloc(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->n++] = (struct remote_calendar){
        .id = string_or_empty(v[ID]),
        .name = string_or_empty(v[NAME]),
        .owner = string_or_empty(owner),
        .is_default = json_kind(v[IS_DEFAULT]) == JSON_TRUE,
        .can_edit = json_kind(v[CAN_EDIT]) == JSON_TRUE,
    };
}

static int add_calendars(struct calendar_list *list, struct json_slice array)
{
    struct json_cursor c;
    struct json_slice value;
    json_cursor_init(&c, array.text, array.len);
    int r = json_enter(&c);
    while (r == 0 && (r = json_next_element(&c)) == 1 && (r = json_skip(&c, &value)) == 0) {
        if (list->n == CALENDARS_MAX) {
            return ERR_PROTOCOL;
        }
        add_calendar(list, value);
    }
    return r;
}

/* NULL, or what is wrong with the list. */
static const char *fill_calendars(struct json_slice whole, struct calendar_list *list,
                                  struct json_slice *ret_link)
{
    enum { VALUE, LINK, N };
    static const struct json_name names[N] = {JSON_NAME("value"), JSON_NAME("@odata.nextLink")};
    struct json_slice v[N];
    json_pick(whole, names, N, v);
    *ret_link = v[LINK];
    if (json_kind(v[VALUE]) != JSON_ARRAY) {
        return "it has no \"value\" array";
    }
    if (add_calendars(list, v[VALUE]) < 0) {
        return "it has more than 10000 calendars";
    }
    if (!json_is_unset(v[LINK]) && (json_kind(v[LINK]) != JSON_STRING || v[LINK].len == 2)) {
        return "the link to the next page is no text";
    }
    return NULL;
}

int page_parse_calendars(const char *body, size_t len, struct remote_calendar **ret_calendars, size_t *ret_n,
                         char **ret_next_link, struct err *e)
{
    CLEANUP(calendar_list_finish) struct calendar_list list = {0};
    struct json_slice whole;
    struct json_slice link;
    const char *fault;
    if (json_body_object(body, len, &whole, &fault) == 0) {
        fault = fill_calendars(whole, &list, &link);
    }
    if (fault) {
        return err_set(e, ERR_PROTOCOL, 0, "Graph's list of calendars can not be read: %s", fault);
    }
    *ret_next_link = json_is_unset(link) ? NULL : string_or_empty(link);
    *ret_calendars = STEAL(list.items);
    *ret_n = list.n;
    list.n = 0;
    return 0;
}

/* --- errors --- */

/* The codes that the Graph notes §8 name; an inner one of these says more than the outer code. */
static const char *const known_codes[] = {
    "InvalidAuthenticationToken",
    "ErrorAccessDenied",
    "accessDenied",
    "Authorization_RequestDenied",
    "ErrorItemNotFound",
    "ErrorInvalidIdMalformed",
    "MailboxNotEnabledForRESTAPI",
    "MailboxNotSupportedForRESTAPI",
    "ErrorInvalidUser",
    "ResourceNotFound",
    "Request_ResourceNotFound",
    "ErrorInvalidRequest",
    "ErrorInvalidParameter",
    "BadRequest",
    "ErrorPropertyValidationFailure",
    "TimeZoneNotSupportedException",
    "ErrorOccurrenceCrossingBoundary",
    "ErrorDuplicateTransactionId",
    "ErrorTimeIntervalTooBig",
    "ErrorCalendarViewRangeTooBig",
    "ConcurrentItemSave",
    "nameAlreadyExists",
    "SyncStateNotFound",
    "resyncRequired",
    "ErrorIrresolvableConflict",
    "resourceModified",
    "ErrorInternalServerTransientError",
    "ApplicationThrottled",
    "TooManyRequests",
    "activityLimitReached",
    "ExtensionError",
    "serviceNotAvailable",
};

static bool is_known(const char *code)
{
    for (size_t i = 0; i < ARRAY_LEN(known_codes); i++) {
        if (ascii_equal_nocase(known_codes[i], code)) {
            return true;
        }
    }
    return false;
}

/* Text that looks like a code, else "": what is shown in a log must not be a sentence in disguise. */
static void copy_code(struct json_slice s, char ret_code[64])
{
    if (!json_copy(s, ret_code, 64)) {
        return;
    }
    for (const char *p = ret_code; *p; p++) {
        if (!ascii_is_alnum(*p) && !strchr("_.-", *p)) {
            ret_code[0] = '\0';
            return;
        }
    }
}

/* {"code", "innerError": {"code", "innerError": …}}, from the outside in. */
static void read_graph_error(struct json_slice object, struct graph_error *error)
{
    enum { CODE, INNER, REQUEST_ID, N };
    static const struct json_name names[N] = {JSON_NAME("code"), JSON_NAME("innerError"),
                                              JSON_NAME("request-id")};
    struct json_slice v[N];
    char code[64];
    for (unsigned level = 0; json_kind(object) == JSON_OBJECT && level < JSON_DEPTH_MAX; level++) {
        json_pick(object, names, N, v);
        copy_code(v[CODE], code);
        if (code[0]) {
            memcpy(!error->code[0] || is_known(code) ? error->code : error->sub_code, code, sizeof code);
        }
        if (!error->request_id[0]) {
            copy_code(v[REQUEST_ID], error->request_id);
        }
        object = v[INNER];
    }
}

/* The number behind "AADSTS", which begins the description. */
static long find_aadsts(struct json_slice description)
{
    const char *p = description.len ? memmem(description.text, description.len, "AADSTS", 6) : NULL;
    long number = 0;
    int digits = 0;
    if (!p) {
        return 0;
    }
    for (p += 6; ascii_is_digit(*p) && digits < 9; p++, digits++) {
        number = number * 10 + (*p - '0'); /* the closing quote ends it at the latest */
    }
    return number;
}

static void read_oauth_error(struct json_slice whole, struct graph_error *error)
{
    enum { ERROR, DESCRIPTION, CODES, SUBERROR, TRACE_ID, N };
    static const struct json_name names[N] = {JSON_NAME("error"), JSON_NAME("error_description"),
                                              JSON_NAME("error_codes"), JSON_NAME("suberror"),
                                              JSON_NAME("trace_id")};
    struct json_slice v[N];
    struct json_slice first;
    struct json_cursor c;
    int64_t number;
    json_pick(whole, names, N, v);
    copy_code(v[ERROR], error->code);
    copy_code(v[SUBERROR], error->sub_code);
    copy_code(v[TRACE_ID], error->request_id);
    error->aadsts = find_aadsts(v[DESCRIPTION]);
    json_cursor_init(&c, v[CODES].text, v[CODES].len);
    if (json_kind(v[CODES]) == JSON_ARRAY && json_enter(&c) == 0 && json_next_element(&c) == 1 &&
        json_skip(&c, &first) == 0 && json_to_int(first, 1, 999999999, &number) == 0) {
        error->aadsts = (long)number;
    }
}

int page_parse_error(const char *body, size_t len, struct graph_error *ret)
{
    static const struct json_name name = JSON_NAME("error");
    struct graph_error error = {0};
    struct json_slice whole;
    struct json_slice value;
    const char *fault;
    if (json_body_object(body, len, &whole, &fault) < 0) {
        return ERR_PROTOCOL;
    }
    json_pick(whole, &name, 1, &value);
    if (json_kind(value) == JSON_OBJECT) {
        read_graph_error(value, &error);
    } else if (json_kind(value) == JSON_STRING) {
        read_oauth_error(whole, &error);
    } else {
        return ERR_PROTOCOL;
    }
    *ret = error;
    return 0;
}

/* --- tokens --- */

/* Printable ASCII without blanks: a token stands in a header, a user code on a terminal. */
static bool is_graphic(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return len > 0;
}

/* NULL where it is no token.  The slice is decoded into guarded memory; an escape makes it shorter than that.
 */
static struct secret *read_secret(struct json_slice s)
{
    bool repaired = false;
    if (json_kind(s) != JSON_STRING || s.len > TOKEN_MAX) {
        return NULL;
    }
    struct secret *wide = secret_create(s.len);
    size_t len = json_decode(s, secret_bytes(wide), &repaired);
    struct secret *token = is_graphic(secret_bytes(wide), len) ? secret_copy(secret_bytes(wide), len) : NULL;
    secret_destroy(wide);
    return token;
}

/* Seconds, as a number or (the older endpoints) as a number in quotes. */
static int read_seconds(struct json_slice s, int64_t *ret_seconds)
{
    if (json_kind(s) == JSON_STRING) {
        s = (struct json_slice){s.text + 1, s.len - 2};
    }
    return json_to_int(s, 1, TEN_YEARS_S, ret_seconds);
}

static bool is_bearer(struct json_slice type)
{
    char text[16];
    return json_is_unset(type) || (json_copy(type, text, sizeof text) && ascii_equal_nocase(text, "Bearer"));
}

/* NULL, or what is wrong with the reply. */
static const char *fill_token(struct json_slice whole, struct token_reply *reply)
{
    enum { ACCESS, REFRESH, EXPIRES_IN, TYPE, N };
    static const struct json_name names[N] = {JSON_NAME("access_token"), JSON_NAME("refresh_token"),
                                              JSON_NAME("expires_in"), JSON_NAME("token_type")};
    struct json_slice v[N];
    json_pick(whole, names, N, v);
    if (!is_bearer(v[TYPE])) {
        return "its token is not a bearer token";
    }
    if (read_seconds(v[EXPIRES_IN], &reply->expires_in_s) < 0) {
        return "it does not say how long the token lives (expires_in)";
    }
    reply->access_token = read_secret(v[ACCESS]);
    if (!reply->access_token) {
        return "it has no usable access_token";
    }
    reply->refresh_token = read_secret(v[REFRESH]);
    if (!reply->refresh_token && !json_is_unset(v[REFRESH])) {
        return "its refresh_token is not usable";
    }
    return NULL;
}

int page_parse_token(const char *body, size_t len, struct token_reply *ret, struct err *e)
{
    struct token_reply reply = {0};
    struct json_slice whole;
    const char *fault;
    if (json_body_object(body, len, &whole, &fault) == 0) {
        fault = fill_token(whole, &reply);
    }
    if (fault) {
        token_reply_finish(&reply);
        return err_set(e, ERR_PROTOCOL, 0, "the sign-in service's token reply can not be used: %s", fault);
    }
    *ret = reply;
    return 0;
}

void token_reply_finish(struct token_reply *reply)
{
    secret_destroy(reply->access_token);
    secret_destroy(reply->refresh_token);
    *reply = (struct token_reply){0};
}

static char *read_shown(struct json_slice s)
{
    char text[SHOWN_MAX];
    return json_copy(s, text, sizeof text) && is_graphic(text, strlen(text)) ? mem_strdup(text) : NULL;
}

static const char *fill_device(struct json_slice whole, struct device_reply *reply)
{
    enum { DEVICE_CODE, USER_CODE, URI, URL, INTERVAL, EXPIRES_IN, N };
    static const struct json_name names[N] = {JSON_NAME("device_code"),      JSON_NAME("user_code"),
                                              JSON_NAME("verification_uri"), JSON_NAME("verification_url"),
                                              JSON_NAME("interval"),         JSON_NAME("expires_in")};
    struct json_slice v[N];
    json_pick(whole, names, N, v);
    reply->device_code = read_secret(v[DEVICE_CODE]);
    reply->user_code = read_shown(v[USER_CODE]);
    reply->verification_uri = read_shown(json_is_unset(v[URI]) ? v[URL] : v[URI]);
    reply->interval_s = POLL_INTERVAL_S;
    if (!reply->device_code || !reply->user_code || !reply->verification_uri) {
        return "device_code, user_code or verification_uri is missing or not usable";
    }
    if (!json_is_unset(v[INTERVAL]) && read_seconds(v[INTERVAL], &reply->interval_s) < 0) {
        return "its interval is not a number of seconds";
    }
    if (read_seconds(v[EXPIRES_IN], &reply->expires_in_s) < 0) {
        return "it does not say how long the code lives (expires_in)";
    }
    return NULL;
}

int page_parse_device(const char *body, size_t len, struct device_reply *ret, struct err *e)
{
    struct device_reply reply = {0};
    struct json_slice whole;
    const char *fault;
    if (json_body_object(body, len, &whole, &fault) == 0) {
        fault = fill_device(whole, &reply);
    }
    if (fault) {
        device_reply_finish(&reply);
        return err_set(e, ERR_PROTOCOL, 0, "the sign-in service's device code reply can not be used: %s",
                       fault);
    }
    *ret = reply;
    return 0;
}

void device_reply_finish(struct device_reply *reply)
{
    secret_destroy(reply->device_code);
    free(reply->user_code);
    free(reply->verification_uri);
    *reply = (struct device_reply){0};
}
