#include "graph/token_request.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "graph/app_secret.h"
#include "graph/fault.h"
#include "graph/oauth.h"
#include "graph/retry.h"
#include "graph/signin.h"

#define WHAT_MAX 160

static void what_of(const struct token_request *q, char ret_what[WHAT_MAX])
{
    if (q->at->is_xero) {
        snprintf(ret_what, WHAT_MAX, "sign-in at Xero");
    } else if (q->at->secret_file) {
        snprintf(ret_what, WHAT_MAX, "sign-in of the application");
    } else {
        snprintf(ret_what, WHAT_MAX, "sign-in of %.120s", q->account);
    }
}

static int read_refusal(const struct token_request *q, const struct http_reply *reply, const char *what,
                        struct err *e)
{
    struct graph_error body;
    bool is_app = q->at->secret_file != NULL;
    bool has_body = page_parse_error(buf_str(&reply->body), reply->body.len, &body) == 0;
    struct fault_reply fault = {.status = reply->status,
                                .what = what,
                                .account = is_app ? NULL : q->account,
                                .request_id = reply->request_id,
                                .body = has_body ? &body : NULL,
                                .location = reply->location};
    if (!retry_after_parse(reply->retry_after, clock_wall_ms(q->at->clock), q->at->limits,
                           &fault.retry_after_ms)) {
        fault.retry_after_ms = 0;
    }
    int code = fault_from_oauth(e, &fault);
    if (is_app && (code == ERR_LOGIN || code == ERR_REQUEST)) {
        e->code = ERR_APP; /* there is nobody who could sign in */
    }
    return e->code;
}

static int read_reply(const struct token_request *q, const struct http_reply *reply,
                      struct token_reply *tokens, struct err *e)
{
    char what[WHAT_MAX];
    what_of(q, what);
    if (reply->status != 200) {
        return read_refusal(q, reply, what, e);
    }
    int r = page_parse_token(buf_str(&reply->body), reply->body.len, tokens, e);
    return r < 0 ? err_prefix(e, "%s", what) : 0;
}

static void on_reply(void *arg, const struct err *why, struct http_reply *reply)
{
    struct token_request *q = arg;
    struct token_reply tokens = {0};
    struct err e = {0};
    q->call = NULL;
    if (why) {
        char what[WHAT_MAX];
        what_of(q, what);
        e = *why;
        (void)err_prefix(&e, "%s", what);
    } else {
        (void)!read_reply(q, reply, &tokens, &e);
    }
    q->done(q->arg, e.code ? &e : NULL, e.code ? NULL : &tokens);
    token_reply_finish(&tokens);
}

static void send_form(struct token_request *q, const struct oauth_field *fields, const struct secret *basic)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    struct secret *form = oauth_form(fields);
    struct http_request request = {.url = q->at->url,
                                   .headers = headers,
                                   .basic = basic,
                                   .form = form,
                                   .max_body = q->at->limits->small_bytes,
                                   .is_secret = true};
    q->call = http_start(q->at->http, &request, on_reply, q);
    secret_destroy(form);
}

/* base64 of "client:secret", without a copy in ordinary memory. */
static struct secret *make_basic(const char *client_id, const struct secret *secret)
{
    size_t id_len = strlen(client_id), len = id_len + 1 + secret_len(secret);
    struct secret *pair = secret_create(len);
    memcpy(secret_bytes(pair), client_id, id_len);
    secret_bytes(pair)[id_len] = ':';
    memcpy(secret_bytes(pair) + id_len + 1, secret_bytes(secret), secret_len(secret));
    size_t room = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
    struct secret *basic = secret_create(room - 1); /* the NUL is there besides */
    sodium_bin2base64(secret_bytes(basic), room, (const unsigned char *)secret_bytes(pair), len,
                      sodium_base64_VARIANT_ORIGINAL);
    secret_destroy(pair);
    return basic;
}

static void send_as_basic(struct token_request *q, const struct secret *secret)
{
    const struct oauth_field fields[] = {
        {"grant_type", "client_credentials", NULL}, {"scope", q->at->app_scope, NULL}, {NULL, NULL, NULL}};
    struct secret *basic = make_basic(q->at->client_id, secret);
    send_form(q, fields, basic);
    secret_destroy(basic);
}

static int start_as_app(struct token_request *q, struct err *e)
{
    struct secret *secret = NULL;
    const char *key = q->at->is_xero ? "[xero] client_secret_file" : "[graph] client_secret_file";
    int r = app_secret_read(key, q->at->secret_file, &secret, e);
    if (r < 0) {
        return r;
    }
    if (q->at->is_xero) {
        send_as_basic(q, secret);
        secret_destroy(secret);
        return 0;
    }
    const struct oauth_field fields[] = {{"grant_type", "client_credentials", NULL},
                                         {"client_id", q->at->client_id, NULL},
                                         {"client_secret", NULL, secret},
                                         {"scope", q->at->app_scope, NULL},
                                         {NULL, NULL, NULL}};
    send_form(q, fields, NULL);
    secret_destroy(secret);
    return 0;
}

int token_request_start(struct token_request *q, const struct token_end_point *at, const char *account,
                        const struct secret *refresh, token_request_done done, void *arg, struct err *e)
{
    *q = (struct token_request){.at = at, .account = account, .done = done, .arg = arg};
    if (at->secret_file) {
        return start_as_app(q, e);
    }
    const struct oauth_field fields[] = {{"grant_type", "refresh_token", NULL},
                                         {"client_id", at->client_id, NULL},
                                         {"refresh_token", NULL, refresh},
                                         /* Without a scope all that was granted is meant (RFC 6749 §6),
                                          * whether that is with files or, of an older sign-in, without. */
                                         {at->wants_files ? NULL : "scope", signin_scopes, NULL},
                                         {NULL, NULL, NULL}};
    send_form(q, fields, NULL);
    return 0;
}

void token_request_cancel(struct token_request *q)
{
    if (q->call) {
        http_cancel(q->call);
    }
}
