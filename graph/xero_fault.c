#include "graph/xero_fault.h"

#include <stdio.h>
#include <string.h>

#include "graph/json_body.h"
#include "model/ascii.h"

struct row {
    int from, to;
    int code;
    const char *hint;
};

static const struct row rows[] = {
    {300, 399, ERR_ORIGIN, "redirects are not followed, because the token would go along"},
    {400, 400, ERR_REQUEST,
     "it refuses what was sent; look at account_code and rates of [xero] and at the contact"},
    {401, 401, ERR_APP, "even a fresh token is not accepted; renew the custom connection"},
    {403, 403, ERR_DENIED,
     "the custom connection lacks a scope (accounting.transactions, .attachments, .contacts) or is of "
     "another organisation than "
     "xero.tenant_id"},
    {404, 404, ERR_NOT_FOUND, "it does not exist"},
    {408, 408, ERR_SERVER, "the server waited too long"},
    {412, 412, ERR_SERVER, "the organisation is offline"},
    {429, 429, ERR_THROTTLED, "too many requests"},
    {400, 499, ERR_REQUEST, "the request is refused"},
    {500, 599, ERR_SERVER, "the server failed"},
};

static const struct row other = {0, 0, ERR_PROTOCOL, "not an answer that Xero promises"};

static const struct row *find(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (status >= rows[i].from && status <= rows[i].to) {
            return &rows[i];
        }
    }
    return &other;
}

/* "ValidationException" and the like. */
static void read_kind(const struct http_reply *reply, char ret_kind[48])
{
    static const struct json_name name = JSON_NAME("Type");
    struct json_slice object, value;
    const char *fault;
    ret_kind[0] = '\0';
    if (json_body_object(buf_str(&reply->body), reply->body.len, &object, &fault) < 0) {
        return;
    }
    json_pick(object, &name, 1, &value);
    if (!json_copy(value, ret_kind, 48)) {
        return;
    }
    for (const char *c = ret_kind; *c; c++) {
        if (!ascii_is_alnum(*c)) {
            ret_kind[0] = '\0';
            return;
        }
    }
}

int xero_fault_from_reply(struct err *e, const char *what, const struct http_reply *reply,
                          int64_t retry_after_ms)
{
    const struct row *row = find(reply->status);
    char kind[48];
    read_kind(reply, kind);
    err_set(e, row->code, reply->status, "%.120s: Xero answers %d%s%s: %s", what, reply->status,
            *kind ? " " : "", kind, row->hint);
    if (e) {
        e->retry_after_ms = retry_after_ms;
    }
    return row->code;
}
