#include "graph/fault.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

struct curl_row {
    CURLcode from;
    int to;
    const char *text;
};

static const struct curl_row curl_rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ERR_NET, "its name can not be resolved (DNS)"},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_NET, "the proxy's name can not be resolved (DNS)"},
    {CURLE_COULDNT_CONNECT, ERR_NET, "no connection"},
    {CURLE_SEND_ERROR, ERR_NET, "the connection broke"},
    {CURLE_RECV_ERROR, ERR_NET, "the connection broke"},
    {CURLE_GOT_NOTHING, ERR_NET, "the connection was closed without an answer"},
    {CURLE_PARTIAL_FILE, ERR_NET, "the answer was cut off"},
    {CURLE_SSL_CONNECT_ERROR, ERR_NET, "the TLS handshake failed"},
    {CURLE_HTTP2, ERR_NET, "the HTTP/2 connection failed"},
    {CURLE_HTTP2_STREAM, ERR_NET, "the HTTP/2 stream was reset"},
    {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, "no answer in time"},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_TLS,
     "its certificate does not verify; if it is signed by a private authority, name that one's file in "
     "[graph] ca_file"},
    {CURLE_SSL_CACERT_BADFILE, ERR_TLS, "the trust anchors can not be read; check [graph] ca_file"},
    {CURLE_FILESIZE_EXCEEDED, ERR_TOO_BIG, "the answer is larger than the limit"},
    {CURLE_URL_MALFORMAT, ERR_ORIGIN, "the address is malformed"},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL, "the answer is not HTTP/1 or later"},
    {CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL, "the answer is not HTTP"},
    {CURLE_BAD_CONTENT_ENCODING, ERR_PROTOCOL, "the answer can not be unpacked"},
    {CURLE_OUT_OF_MEMORY, ERR_NOMEM, "out of memory"},
};

/* What is not in the table is some fault of the line: another try may help. */
static const struct curl_row curl_other = {CURLE_OK, ERR_NET, "the request failed"};

static const struct curl_row *find_curl(int curl_code)
{
    for (size_t i = 0; i < ARRAY_LEN(curl_rows); i++) {
        if ((int)curl_rows[i].from == curl_code) {
            return &curl_rows[i];
        }
    }
    return &curl_other;
}

int fault_from_curl(struct err *e, int curl_code, const char *host, const char *detail)
{
    const struct curl_row *row = find_curl(curl_code);
    bool has_detail = detail && *detail;
    return err_set(e, row->to, curl_code, "host %s: %s%s%.120s%s", host, row->text, has_detail ? " (" : "",
                   has_detail ? detail : "", has_detail ? ")" : "");
}

/* A documented code, where it says more than the status (docs/GRAPH.md).  status 0: with any. */
struct code_row {
    int status;
    const char *code;
    int to;
    const char *hint;
};

static const char no_mailbox[] =
    "the account has no mailbox in Exchange Online (no licence, on premises, or deleted)";
static const char no_user[] =
    "the directory does not know this user; compare the e-mail with the mailbox's address";

static const struct code_row code_rows[] = {
    {404, "MailboxNotEnabledForRESTAPI", ERR_NOT_FOUND, no_mailbox},
    {404, "MailboxNotSupportedForRESTAPI", ERR_NOT_FOUND, no_mailbox},
    {404, "ErrorInvalidUser", ERR_NOT_FOUND, no_user},
    {404, "ResourceNotFound", ERR_NOT_FOUND, no_user},
    {404, "Request_ResourceNotFound", ERR_NOT_FOUND, no_user},
    {400, "ErrorInvalidIdMalformed", ERR_REQUEST, "the id is malformed, or of another mailbox"},
    {400, "TimeZoneNotSupportedException", ERR_REQUEST, "the time zone is not known to Graph"},
    {500, "ErrorInternalServerTransientError", ERR_SERVER,
     "passing; for a calendar shared in the old way it stays: share it again"},
};

/* By status alone; the first row whose range holds it. */
struct status_row {
    int from, to;
    int code;
    bool needs_body; /* without Graph's own body somebody else has answered: a proxy, a front end */
    const char *hint;
};

static const struct status_row status_rows[] = {
    {300, 399, ERR_ORIGIN, false, "redirects are not followed, because the token would go along"},
    {401, 401, ERR_LOGIN, false, "the token is not accepted; sign in again"},
    {403, 403, ERR_DENIED, false,
     "a permission (scope) is missing, the calendar is not shared with this account, or a policy forbids it"},
    {404, 404, ERR_NOT_FOUND, true, "it does not exist, or no longer"},
    {408, 408, ERR_SERVER, false, "the server waited too long"},
    {410, 410, ERR_GONE, false, "the state on the server is gone; start over"},
    {412, 412, ERR_SERVER, false, "the server was in conflict with itself"},
    {423, 423, ERR_BUSY, false, "locked by somebody else"},
    {429, 429, ERR_THROTTLED, false, "too many requests"},
    {400, 499, ERR_REQUEST, true, "the request is refused"},
    {507, 507, ERR_REQUEST, false, "a quota is used up"},
    {509, 509, ERR_THROTTLED, false, "too much data"},
    {500, 599, ERR_SERVER, false, "the server failed"},
};

static const struct status_row status_other = {0, 0, ERR_PROTOCOL, false,
                                               "not an answer that Graph promises"};

static const struct status_row *find_status(const struct fault_reply *reply)
{
    for (size_t i = 0; i < ARRAY_LEN(status_rows); i++) {
        const struct status_row *row = &status_rows[i];
        if (reply->status >= row->from && reply->status <= row->to) {
            return row->needs_body && !reply->body ? &status_other : row;
        }
    }
    return &status_other;
}

static const struct code_row *find_code(const struct fault_reply *reply)
{
    for (size_t i = 0; reply->body && i < ARRAY_LEN(code_rows); i++) {
        if (code_rows[i].status == reply->status && strcmp(code_rows[i].code, reply->body->code) == 0) {
            return &code_rows[i];
        }
    }
    return NULL;
}

/* "what: SERVER answers 404 Code (request-id …): hint", and with an account ": admin-assistant login ACCOUNT"
 */
static int say(struct err *e, int code, const struct fault_reply *reply, const char *server, const char *hint,
               const char *account)
{
    const char *id = reply->request_id && *reply->request_id ? reply->request_id
                     : reply->body                           ? reply->body->request_id
                                                             : "";
    const char *body_code = reply->body ? reply->body->code : "";
    err_set(e, code, reply->status, "%.120s: %s answers %d%s%s%s%s%s: %s%s%.100s", reply->what, server,
            reply->status, *body_code ? " " : "", body_code, *id ? " (request-id " : "", id, *id ? ")" : "",
            hint, account ? ": admin-assistant login " : "", account ? account : "");
    if (e) {
        e->retry_after_ms = reply->retry_after_ms;
        snprintf(e->request_id, sizeof e->request_id, "%s", id);
    }
    return code;
}

int fault_from_reply(struct err *e, const struct fault_reply *reply)
{
    const struct code_row *code = find_code(reply);
    if (code) {
        return say(e, code->to, reply, "Graph", code->hint, NULL);
    }
    const struct status_row *row = find_status(reply);
    return say(e, row->code, reply, "Graph", row->hint, row->code == ERR_LOGIN ? reply->account : NULL);
}

struct oauth_row {
    const char *error;
    int to;
    const char *hint;
};

static const char sign_in_again[] = "sign in again";
static const char app_wrong[] = "the app registration, tenant, scopes or client secret must be corrected";

static const struct oauth_row oauth_rows[] = {
    {"invalid_grant", ERR_LOGIN, sign_in_again},
    {"interaction_required", ERR_LOGIN, sign_in_again},
    {"consent_required", ERR_LOGIN, sign_in_again},
    {"login_required", ERR_LOGIN, sign_in_again},
    {"authorization_declined", ERR_LOGIN, "the sign-in was declined"},
    {"access_denied", ERR_LOGIN, "the sign-in was declined"},
    {"expired_token", ERR_LOGIN, "the code has run out before somebody signed in; start again"},
    {"code_expired", ERR_LOGIN, "the code has run out before somebody signed in; start again"},
    {"invalid_client", ERR_APP, app_wrong},
    {"unauthorized_client", ERR_APP, app_wrong},
    {"invalid_scope", ERR_APP, app_wrong},
    {"invalid_request", ERR_APP, app_wrong},
    {"invalid_resource", ERR_APP, app_wrong},
    {"unsupported_grant_type", ERR_APP, app_wrong},
    {"authorization_pending", ERR_PENDING, "nobody has signed in yet"},
    {"slow_down", ERR_PENDING, "asked too often"},
    {"temporarily_unavailable", ERR_SERVER, "temporarily unavailable"},
};

static const struct oauth_row oauth_other = {"", ERR_REQUEST, "an error that is not documented"};

static const struct oauth_row *find_oauth(const char *error)
{
    for (size_t i = 0; i < ARRAY_LEN(oauth_rows); i++) {
        if (strcmp(oauth_rows[i].error, error) == 0) {
            return &oauth_rows[i];
        }
    }
    return &oauth_other;
}

int fault_from_oauth(struct err *e, const struct fault_reply *reply)
{
    static const char server[] = "the sign-in service";
    const struct status_row *row = find_status(reply);
    if (row->code == ERR_SERVER || row->code == ERR_THROTTLED || row->code == ERR_ORIGIN) {
        return say(e, row->code, reply, server, row->hint, NULL);
    }
    if (!reply->body) {
        return say(e, ERR_PROTOCOL, reply, server, "not an answer that it promises", NULL);
    }
    const struct oauth_row *known = find_oauth(reply->body->code);
    const char *account = known->hint == sign_in_again ? reply->account : NULL;
    int code = say(e, known->to, reply, server, known->hint, account);
    if (e && reply->body->aadsts) {
        err_prefix(e, "AADSTS%ld", reply->body->aadsts);
    }
    return code;
}
