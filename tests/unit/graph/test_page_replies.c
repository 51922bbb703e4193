#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "graph/page_replies.h"

static int setup(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

static const char *reason_of(const struct err *e)
{
    const char *colon = strstr(e->msg, ": ");
    return colon ? colon + 2 : e->msg;
}

/* --- errors --- */

struct error_case {
    const char *name;
    const char *body;
    const char *expected; /* code/sub_code/request_id/aadsts, or "protocol" */
};

#define TRACE "\"trace_id\":\"255d1aef-8c98\",\"correlation_id\":\"x\""

static const struct error_case error_cases[] = {
    {"Graph",
     "{\"error\":{\"code\":\"ErrorItemNotFound\",\"message\":\"m\",\"innerError\":{\"date\":\"d\","
     "\"request-id\":\"3c2e-1\",\"client-request-id\":\"c\"}}}",
     "ErrorItemNotFound//3c2e-1/0"},
    {"innererror in small letters",
     "{\"error\":{\"code\":\"ErrorItemNotFound\",\"innererror\":{\"request-id\":\"r\"}}}",
     "ErrorItemNotFound//r/0"},
    {"a known inner code counts",
     "{\"error\":{\"code\":\"generalException\",\"innerError\":{\"code\":"
     "\"ErrorAccessDenied\"}}}",
     "ErrorAccessDenied///0"},
    {"the deepest known one counts",
     "{\"error\":{\"code\":\"BadRequest\",\"innerError\":{\"code\":\"x\",\"innerError\":{\"code\":"
     "\"SyncStateNotFound\",\"innerError\":{\"code\":\"secret\"}}}}}",
     "SyncStateNotFound/secret//0"},
    {"an unknown inner code is beside",
     "{\"error\":{\"code\":\"invalidRange\",\"innererror\":{\"code\":"
     "\"fragmentOverlap\"}}}",
     "invalidRange/fragmentOverlap//0"},
    {"known in another case", "{\"error\":{\"code\":\"x\",\"innerError\":{\"code\":\"syncStateNotFound\"}}}",
     "syncStateNotFound///0"},
    {"an empty outer code", "{\"error\":{\"code\":\"\",\"innerError\":{\"code\":\"inner\"}}}", "inner///0"},
    {"an empty code", "{\"error\":{\"code\":\"\",\"message\":\"m\"}}", "///0"},
    {"no code", "{\"error\":{\"@odata.type\":\"odata.error\"}}", "///0"},
    {"a sentence is no code", "{\"error\":{\"code\":\"The mail of A. is full\"}}", "///0"},
    {"a long code",
     "{\"error\":{\"code\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}", "///0"},
    {"a code that is a number", "{\"error\":{\"code\":429}}", "///0"},
    {"inner error null", "{\"error\":{\"code\":\"a\",\"innerError\":null}}", "a///0"},
    {"the outermost request-id",
     "{\"error\":{\"code\":\"a\",\"innerError\":{\"request-id\":\"1\",\"innerError\":{"
     "\"request-id\":\"2\"}}}}",
     "a//1/0"},
    {"OAuth",
     "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS70008: The token of x expired.\\r\\n\","
     "\"error_codes\":[70008]," TRACE "}",
     "invalid_grant//255d1aef-8c98/70008"},
    {"OAuth with suberror",
     "{\"error\":\"interaction_required\",\"suberror\":\"basic_action\",\"error_codes\":[50076]}",
     "interaction_required/basic_action//50076"},
    {"number only in the description",
     "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: x\"}", "invalid_grant///700082"},
    {"several numbers", "{\"error\":\"a\",\"error_codes\":[1,2]}", "a///1"},
    {"number in quotes", "{\"error\":\"a\",\"error_description\":\"AADSTS7: x\",\"error_codes\":[\"1\"]}",
     "a///7"},
    {"number without an end", "{\"error\":\"a\",\"error_description\":\"AADSTS12345678901234567890\"}",
     "a///123456789"},
    {"AADSTS without a number", "{\"error\":\"a\",\"error_description\":\"AADSTS\"}", "a///0"},
    {"no codes", "{\"error\":\"authorization_pending\",\"error_codes\":[]}", "authorization_pending///0"},
    {"no error", "{\"value\":[]}", "protocol"},
    {"error null", "{\"error\":null}", "protocol"},
    {"error a number", "{\"error\":500}", "protocol"},
    {"an array", "[]", "protocol"},
    {"HTML", "<html><body>Bad Gateway</body></html>", "protocol"},
    {"empty", "", "protocol"},
    {"truncated", "{\"error\":{\"code\":\"a\"", "protocol"},
    {"not UTF-8", "{\"error\":{\"code\":\"a\",\"message\":\"\xff\"}}", "protocol"},
};

static void test_errors(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(error_cases); i++) {
        struct graph_error error = {0};
        char text[256] = "protocol";
        int r = page_parse_error(error_cases[i].body, strlen(error_cases[i].body), &error);
        if (r == 0) {
            snprintf(text, sizeof text, "%s/%s/%s/%ld", error.code, error.sub_code, error.request_id,
                     error.aadsts);
        } else {
            assert_int_equal(r, ERR_PROTOCOL);
        }
        if (strcmp(text, error_cases[i].expected) != 0) {
            print_error("%s: got %s\n", error_cases[i].name, text);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* --- calendars --- */

struct calendar_case {
    const char *name;
    const char *body;
    const char *expected; /* id,name,owner,default,edit; … >next link */
};

static const struct calendar_case calendar_cases[] = {
    {"one",
     "{\"value\":[{\"id\":\"1\",\"name\":\"Calendar\",\"isDefaultCalendar\":true,\"canEdit\":true,"
     "\"owner\":{\"name\":\"S\",\"address\":\"s@x.example\"}}]}",
     "1,Calendar,s@x.example,1,1;>-"},
    {"two and a next page",
     "{\"@odata.nextLink\":\"https:\\/\\/g\\/x?$skip=2\",\"value\":[{\"id\":\"1\",\"name\":\"a\"},"
     "{\"id\":\"2\",\"name\":\"\\u00e4\",\"canEdit\":false}]}",
     "1,a,,0,0;2,\xc3\xa4,,0,0;>https://g/x?$skip=2"},
    {"none", "{\"value\":[]}", ">-"},
    {"nulls",
     "{\"value\":[{\"id\":\"1\",\"name\":null,\"owner\":null,\"isDefaultCalendar\":null}],"
     "\"@odata.nextLink\":null}",
     "1,,,0,0;>-"},
    {"without an id", "{\"value\":[{\"name\":\"a\"},{\"id\":\"\"},{\"id\":\"2\"},7]}", "2,,,0,0;>-"},
    {"no value", "{\"x\":[]}", "it has no \"value\" array"},
    {"value an object", "{\"value\":{}}", "it has no \"value\" array"},
    {"next link a number", "{\"value\":[],\"@odata.nextLink\":1}", "the link to the next page is no text"},
    {"next link empty", "{\"value\":[],\"@odata.nextLink\":\"\"}", "the link to the next page is no text"},
    {"array", "[]", "it is not a JSON object"},
    {"HTML", " <!DOCTYPE html>", "it is HTML, not JSON (did a proxy answer?)"},
    {"truncated", "{\"value\":[{\"id\":\"1\"}", "it ends in the middle"},
    {"not UTF-8", "{\"value\":[{\"id\":\"\xff\"}]}", "a string in it is malformed"},
};

static void show_calendars(const struct remote_calendar *c, size_t n, const char *link, char *out,
                           size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < n && at < size; i++) {
        at += (size_t)snprintf(out + at, size - at, "%s,%s,%s,%d,%d;", c[i].id, c[i].name, c[i].owner,
                               c[i].is_default, c[i].can_edit);
    }
    snprintf(out + at, size - at, ">%s", link ? link : "-");
}

static void test_calendars(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(calendar_cases); i++) {
        struct remote_calendar *list;
        struct err e = {0};
        char *link;
        char text[512];
        size_t n;
        const char *body = calendar_cases[i].body;
        if (page_parse_calendars(body, strlen(body), &list, &n, &link, &e) == 0) {
            show_calendars(list, n, link, text, sizeof text);
            remote_calendars_free(list, n);
            free(link);
        } else {
            assert_int_equal(e.code, ERR_PROTOCOL);
            snprintf(text, sizeof text, "%s", reason_of(&e));
        }
        if (strcmp(text, calendar_cases[i].expected) != 0) {
            print_error("%s: got %s\n", calendar_cases[i].name, text);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* --- tokens --- */

#define TOKEN(more) "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"eyJ0.a-b_c\"" more "}"
#define NO_LIFE     "it does not say how long the token lives (expires_in)"
#define NO_TOKEN    "it has no usable access_token"

static const struct {
    const char *name;
    const char *body;
    const char *expected; /* access refresh seconds, or the reason */
} token_cases[] = {
    {"application", TOKEN(""), "eyJ0.a-b_c - 3599"},
    {"delegated", TOKEN(",\"refresh_token\":\"0.AAA/+=\",\"id_token\":\"x\""), "eyJ0.a-b_c 0.AAA/+= 3599"},
    {"escaped slash", TOKEN(",\"refresh_token\":\"a\\/b\\u002Bc\""), "eyJ0.a-b_c a/b+c 3599"},
    {"null refresh token", TOKEN(",\"refresh_token\":null"), "eyJ0.a-b_c - 3599"},
    {"seconds in quotes", TOKEN(",\"expires_in\":\"3600\""), "eyJ0.a-b_c - 3600"},
    {"bearer in small letters", TOKEN(",\"token_type\":\"bearer\""), "eyJ0.a-b_c - 3599"},
    {"no type", "{\"expires_in\":1,\"access_token\":\"a\"}", "a - 1"},
    {"other type", TOKEN(",\"token_type\":\"mac\""), "its token is not a bearer token"},
    {"no seconds", "{\"access_token\":\"a\"}", NO_LIFE},
    {"0 seconds", TOKEN(",\"expires_in\":0"), NO_LIFE},
    {"negative seconds", TOKEN(",\"expires_in\":-1"), NO_LIFE},
    {"a thousand years", TOKEN(",\"expires_in\":31536000000"), NO_LIFE},
    {"seconds a word", TOKEN(",\"expires_in\":\"soon\""), NO_LIFE},
    {"seconds empty", TOKEN(",\"expires_in\":\"\""), NO_LIFE},
    {"no access token", "{\"expires_in\":3599,\"refresh_token\":\"r\"}", NO_TOKEN},
    {"empty access token", TOKEN(",\"access_token\":\"\""), NO_TOKEN},
    {"access token a number", TOKEN(",\"access_token\":1"), NO_TOKEN},
    {"line end in the access token", TOKEN(",\"access_token\":\"a\\r\\nX-Evil: 1\""), NO_TOKEN},
    {"blank in the access token", TOKEN(",\"access_token\":\"a b\""), NO_TOKEN},
    {"letter beyond ASCII", TOKEN(",\"access_token\":\"\xc3\xa4\""), NO_TOKEN},
    {"NUL in the access token", TOKEN(",\"access_token\":\"a\\u0000\""), NO_TOKEN},
    {"line end in the refresh token", TOKEN(",\"refresh_token\":\"a\\n\""),
     "its refresh_token is not usable"},
    {"empty refresh token", TOKEN(",\"refresh_token\":\"\""), "its refresh_token is not usable"},
    {"an error", "{\"error\":\"invalid_grant\"}", NO_LIFE},
    {"truncated", "{\"access_token\":\"a", "it ends in the middle"},
    {"HTML", "<html>", "it is HTML, not JSON (did a proxy answer?)"},
};

static void test_tokens(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(token_cases); i++) {
        struct token_reply reply = {0};
        struct err e = {0};
        char text[256];
        const char *body = token_cases[i].body;
        if (page_parse_token(body, strlen(body), &reply, &e) == 0) {
            snprintf(text, sizeof text, "%s %s %lld", secret_bytes(reply.access_token),
                     reply.refresh_token ? secret_bytes(reply.refresh_token) : "-",
                     (long long)reply.expires_in_s);
            assert_int_equal(secret_len(reply.access_token), strlen(secret_bytes(reply.access_token)));
        } else {
            assert_int_equal(e.code, ERR_PROTOCOL);
            assert_null(reply.access_token);
            snprintf(text, sizeof text, "%s", reason_of(&e));
        }
        token_reply_finish(&reply);
        if (strcmp(text, token_cases[i].expected) != 0) {
            print_error("%s: got %s\n", token_cases[i].name, text);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

#define DEVICE(more)                                                                                         \
    "{\"device_code\":\"GmRh\",\"user_code\":\"GT4-X\",\"verification_uri\":\"https://m.example/d\","        \
    "\"expires_in\":900" more "}"
#define NO_CODE "device_code, user_code or verification_uri is missing or not usable"

static const struct {
    const char *name;
    const char *body;
    const char *expected; /* code user uri interval expires, or the reason */
} device_cases[] = {
    {"all", DEVICE(",\"interval\":7,\"message\":\"m\""), "GmRh GT4-X https://m.example/d 7 900"},
    {"interval by default", DEVICE(""), "GmRh GT4-X https://m.example/d 5 900"},
    {"older name of the address",
     "{\"device_code\":\"a\",\"user_code\":\"b\",\"verification_url\":\"c\","
     "\"expires_in\":\"900\",\"interval\":\"5\"}",
     "a b c 5 900"},
    {"interval a word", DEVICE(",\"interval\":\"x\""), "its interval is not a number of seconds"},
    {"interval 0", DEVICE(",\"interval\":0"), "its interval is not a number of seconds"},
    {"no expiry", DEVICE(",\"expires_in\":null"), "it does not say how long the code lives (expires_in)"},
    {"no device code", DEVICE(",\"device_code\":null"), NO_CODE},
    {"no user code", DEVICE(",\"user_code\":null"), NO_CODE},
    {"no address", DEVICE(",\"verification_uri\":null"), NO_CODE},
    {"terminal escape in the user code", DEVICE(",\"user_code\":\"\\u001b[2J\""), NO_CODE},
    {"blank in the address", DEVICE(",\"verification_uri\":\"https://a b\""), NO_CODE},
    {"array", "[]", "it is not a JSON object"},
    {"empty", "", "it ends in the middle"},
};

static void test_devices(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(device_cases); i++) {
        struct device_reply reply = {0};
        struct err e = {0};
        char text[256];
        const char *body = device_cases[i].body;
        if (page_parse_device(body, strlen(body), &reply, &e) == 0) {
            snprintf(text, sizeof text, "%s %s %s %lld %lld", secret_bytes(reply.device_code),
                     reply.user_code, reply.verification_uri, (long long)reply.interval_s,
                     (long long)reply.expires_in_s);
        } else {
            assert_int_equal(e.code, ERR_PROTOCOL);
            assert_null(reply.device_code);
            snprintf(text, sizeof text, "%s", reason_of(&e));
        }
        device_reply_finish(&reply);
        if (strcmp(text, device_cases[i].expected) != 0) {
            print_error("%s: got %s\n", device_cases[i].name, text);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* No reason quotes what the other side wrote. */
static void test_no_secret_in_messages(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"access_token\":\"s3cr3t\"",
        "{\"access_token\":\"s3cr3t\",\"token_type\":\"s3cr3t\",\"expires_in\":1}",
        "{\"access_token\":\"s3cr3t s3cr3t\",\"expires_in\":1}",
        "{\"access_token\":\"s3cr3t\",\"refresh_token\":\"s3cr3t\\n\",\"expires_in\":1}",
        "s3cr3t",
    };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct token_reply reply;
        struct err e = {0};
        assert_int_equal(page_parse_token(bodies[i], strlen(bodies[i]), &reply, &e), ERR_PROTOCOL);
        assert_null(strstr(e.msg, "s3cr3t"));
    }
}

static void test_finish_accepts_zeroed(void **state)
{
    (void)state;
    struct token_reply token = {0};
    struct device_reply device = {0};
    token_reply_finish(&token);
    device_reply_finish(&device);
    remote_calendars_free(NULL, 0);
    assert_null(token.access_token);
    assert_null(device.user_code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_calendars),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_no_secret_in_messages),
        cmocka_unit_test(test_finish_accepts_zeroed),
    };
    return cmocka_run_group_tests_name("graph/page_replies", tests, setup, NULL);
}
