/* Each row of the tables of docs/GRAPH.md: what a failed exchange becomes, and that nothing secret is
 * said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "graph/fault.h"

static void test_curl(void **state UNUSED)
{
    static const struct {
        const char *name;
        CURLcode from;
        int to;
        const char *says;
    } rows[] = {
        {"name not known", CURLE_COULDNT_RESOLVE_HOST, ERR_NET, "DNS"},
        {"connection refused", CURLE_COULDNT_CONNECT, ERR_NET, "graph.example"},
        {"reset", CURLE_RECV_ERROR, ERR_NET, "broke"},
        {"write on a dead connection", CURLE_SEND_ERROR, ERR_NET, "broke"},
        {"closed without a word", CURLE_GOT_NOTHING, ERR_NET, "without an answer"},
        {"cut off", CURLE_PARTIAL_FILE, ERR_NET, "cut off"},
        {"handshake", CURLE_SSL_CONNECT_ERROR, ERR_NET, "TLS"},
        {"stream reset", CURLE_HTTP2_STREAM, ERR_NET, "stream"},
        {"too late", CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, "in time"},
        {"certificate", CURLE_PEER_FAILED_VERIFICATION, ERR_TLS, "ca_file"},
        {"bad trust file", CURLE_SSL_CACERT_BADFILE, ERR_TLS, "ca_file"},
        {"too big", CURLE_FILESIZE_EXCEEDED, ERR_TOO_BIG, "larger"},
        {"not a URL", CURLE_URL_MALFORMAT, ERR_ORIGIN, "malformed"},
        {"HTTP/0.9", CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL, "not HTTP"},
        {"not HTTP", CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL, "not HTTP"},
        {"bad gzip", CURLE_BAD_CONTENT_ENCODING, ERR_PROTOCOL, "unpacked"},
        {"memory", CURLE_OUT_OF_MEMORY, ERR_NOMEM, "memory"},
        {"anything else", CURLE_INTERFACE_FAILED, ERR_NET, "failed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = {0};
        int code = fault_from_curl(&e, (int)rows[i].from, "graph.example", "libcurl says so");
        if (code != rows[i].to || e.code != code || e.native != (int)rows[i].from ||
            !strstr(e.msg, rows[i].says) || !strstr(e.msg, "graph.example") ||
            !strstr(e.msg, "libcurl says so")) {
            fail_msg("%s: %s \"%s\"", rows[i].name, err_name(code), e.msg);
        }
    }
    assert_int_equal(fault_from_curl(NULL, CURLE_RECV_ERROR, "x", NULL), ERR_NET);
}

struct reply_row {
    const char *name;
    int status;
    const char *code; /* NULL: no JSON */
    int to;
    const char *says;
};

static const struct reply_row reply_rows[] = {
    {"moved", 301, NULL, ERR_ORIGIN, "redirects are not followed"},
    {"found", 302, NULL, ERR_ORIGIN, "redirects are not followed"},
    {"not modified", 304, NULL, ERR_ORIGIN, "304"},
    {"bad request", 400, "ErrorInvalidRequest", ERR_REQUEST, "ErrorInvalidRequest"},
    {"bad request of a front end", 400, NULL, ERR_PROTOCOL, "400"},
    {"bad id", 400, "ErrorInvalidIdMalformed", ERR_REQUEST, "another mailbox"},
    {"bad zone", 400, "TimeZoneNotSupportedException", ERR_REQUEST, "time zone"},
    {"expired", 401, "InvalidAuthenticationToken", ERR_LOGIN,
     "sign in again: admin-assistant login anna@example.com"},
    {"expired, empty body", 401, NULL, ERR_LOGIN, "admin-assistant login anna@example.com"},
    {"no permission", 403, "ErrorAccessDenied", ERR_DENIED, "scope"},
    {"no permission, HTML", 403, NULL, ERR_DENIED, "scope"},
    {"gone event", 404, "ErrorItemNotFound", ERR_NOT_FOUND, "ErrorItemNotFound"},
    {"a proxy's 404", 404, NULL, ERR_PROTOCOL, "404"},
    {"no mailbox", 404, "MailboxNotEnabledForRESTAPI", ERR_NOT_FOUND, "no mailbox"},
    {"no mailbox, older", 404, "MailboxNotSupportedForRESTAPI", ERR_NOT_FOUND, "no mailbox"},
    {"no such user", 404, "ErrorInvalidUser", ERR_NOT_FOUND, "user"},
    {"no such user, directory", 404, "Request_ResourceNotFound", ERR_NOT_FOUND, "user"},
    {"no such user, short", 404, "ResourceNotFound", ERR_NOT_FOUND, "user"},
    {"request timed out", 408, NULL, ERR_SERVER, "408"},
    {"conflict", 409, "ConcurrentItemSave", ERR_REQUEST, "ConcurrentItemSave"},
    {"state gone", 410, "SyncStateNotFound", ERR_GONE, "start over"},
    {"state gone, no body", 410, NULL, ERR_GONE, "start over"},
    {"precondition on a GET", 412, "ErrorIrresolvableConflict", ERR_SERVER, "412"},
    {"too large", 413, "x", ERR_REQUEST, "413"},
    {"locked", 423, "locked", ERR_BUSY, "locked"},
    {"throttled", 429, "ApplicationThrottled", ERR_THROTTLED, "429"},
    {"throttled, odd code", 429, "UnknownError", ERR_THROTTLED, "429"},
    {"throttled, no body", 429, NULL, ERR_THROTTLED, "429"},
    {"server", 500, "UnknownError", ERR_SERVER, "500"},
    {"old share", 500, "ErrorInternalServerTransientError", ERR_SERVER, "share it again"},
    {"bad gateway, HTML", 502, NULL, ERR_SERVER, "502"},
    {"unavailable", 503, "serviceNotAvailable", ERR_SERVER, "503"},
    {"gateway timeout", 504, NULL, ERR_SERVER, "504"},
    {"quota", 507, "quotaLimitReached", ERR_REQUEST, "quota"},
    {"bandwidth", 509, NULL, ERR_THROTTLED, "509"},
    {"created is no answer to a GET", 201, NULL, ERR_PROTOCOL, "201"},
    {"no status at all", 0, NULL, ERR_PROTOCOL, "0"},
};

static void test_reply(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(reply_rows); i++) {
        const struct reply_row *row = &reply_rows[i];
        struct graph_error body = {0};
        struct err e = {0};
        snprintf(body.code, sizeof body.code, "%s", row->code ? row->code : "");
        struct fault_reply reply = {.status = row->status,
                                    .what = "calendar view of anna@example.com",
                                    .account = "anna@example.com",
                                    .request_id = "0f5b-77",
                                    .body = row->code ? &body : NULL,
                                    .location = "https://evil.example/?token=abc",
                                    .retry_after_ms = 7000};
        int code = fault_from_reply(&e, &reply);
        if (code != row->to || e.code != code || e.native != row->status || !strstr(e.msg, row->says) ||
            !strstr(e.msg, "anna@example.com") || !strstr(e.msg, "request-id 0f5b-77") ||
            (code != ERR_LOGIN && strstr(e.msg, "admin-assistant login")) || strstr(e.msg, "token=") ||
            e.retry_after_ms != 7000) {
            fail_msg("%s: %s \"%s\"", row->name, err_name(code), e.msg);
        }
        assert_string_equal(e.request_id, "0f5b-77");
    }
}

static void test_request_id_of_the_body(void **state UNUSED)
{
    struct graph_error body = {.code = "x", .request_id = "from-body"};
    struct err e = {0};
    struct fault_reply reply = {.status = 500, .what = "w", .request_id = "", .body = &body, .location = ""};
    assert_int_equal(fault_from_reply(&e, &reply), ERR_SERVER);
    assert_non_null(strstr(e.msg, "from-body"));
    assert_string_equal(e.request_id, "from-body");
    assert_int_equal(err_set(&e, ERR_NET, 0, "another error, which had no answer"), ERR_NET);
    assert_string_equal(e.request_id, "");
}

static void test_oauth(void **state UNUSED)
{
    static const struct {
        const char *error; /* NULL: no JSON */
        int status;
        int to;
        bool says_login; /* with the command */
    } rows[] = {
        {"invalid_grant", 400, ERR_LOGIN, true},
        {"interaction_required", 400, ERR_LOGIN, true},
        {"consent_required", 400, ERR_LOGIN, true},
        {"login_required", 400, ERR_LOGIN, true},
        {"authorization_declined", 400, ERR_LOGIN, false},
        {"access_denied", 400, ERR_LOGIN, false},
        {"expired_token", 400, ERR_LOGIN, false},
        {"code_expired", 400, ERR_LOGIN, false},
        {"invalid_client", 401, ERR_APP, false},
        {"unauthorized_client", 400, ERR_APP, false},
        {"invalid_scope", 400, ERR_APP, false},
        {"invalid_request", 400, ERR_APP, false},
        {"invalid_resource", 400, ERR_APP, false},
        {"unsupported_grant_type", 400, ERR_APP, false},
        {"authorization_pending", 400, ERR_PENDING, false},
        {"slow_down", 400, ERR_PENDING, false},
        {"temporarily_unavailable", 400, ERR_SERVER, false},
        {"temporarily_unavailable", 503, ERR_SERVER, false},
        {"invalid_grant", 500, ERR_SERVER, false}, /* the status wins: the token may be good */
        {"invalid_grant", 429, ERR_THROTTLED, false},
        {"something_new", 400, ERR_REQUEST, false},
        {NULL, 400, ERR_PROTOCOL, false},
        {NULL, 200, ERR_PROTOCOL, false},
        {NULL, 404, ERR_PROTOCOL, false},
        {NULL, 502, ERR_SERVER, false},
        {NULL, 302, ERR_ORIGIN, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct graph_error body = {.aadsts = 70008};
        struct err e = {0};
        snprintf(body.code, sizeof body.code, "%s", rows[i].error ? rows[i].error : "");
        struct fault_reply reply = {.status = rows[i].status,
                                    .what = "sign-in of anna@example.com",
                                    .account = "anna@example.com",
                                    .request_id = "",
                                    .body = rows[i].error ? &body : NULL,
                                    .location = ""};
        int code = fault_from_oauth(&e, &reply);
        bool names_number =
            code == ERR_SERVER || code == ERR_THROTTLED || !rows[i].error || strstr(e.msg, "AADSTS70008");
        bool says_login = strstr(e.msg, "sign in again: admin-assistant login anna@example.com") != NULL;
        if (code != rows[i].to || e.code != code || !strstr(e.msg, "anna@example.com") || !names_number ||
            says_login != rows[i].says_login) {
            fail_msg("%s %d: %s \"%s\"", rows[i].error, rows[i].status, err_name(code), e.msg);
        }
    }
}

/* The application's token, or a device code: no account is known, and none is made up. */
static void test_nobody_to_name(void **state UNUSED)
{
    struct graph_error body = {.code = "invalid_grant"};
    struct err e = {0};
    struct fault_reply reply = {.status = 400, .what = "w", .request_id = "", .body = &body, .location = ""};
    assert_int_equal(fault_from_oauth(&e, &reply), ERR_LOGIN);
    assert_non_null(strstr(e.msg, "sign in again"));
    assert_null(strstr(e.msg, "login"));
    reply.status = 401;
    assert_int_equal(fault_from_reply(&e, &reply), ERR_LOGIN);
    assert_null(strstr(e.msg, "login"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curl),
        cmocka_unit_test(test_reply),
        cmocka_unit_test(test_request_id_of_the_body),
        cmocka_unit_test(test_oauth),
        cmocka_unit_test(test_nobody_to_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
