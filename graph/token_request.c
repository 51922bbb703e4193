#include "graph/token_request.h"

#include <stdio.h>

#include "graph/app_secret.h"
#include "graph/fault.h"
#include "graph/oauth.h"
#include "graph/retry.h"
#include "graph/signin.h"

#define WHAT_MAX 160

static void what_of(const struct token_request *q, char ret_what[WHAT_MAX])
{
    if (q->at->secret_file) {
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

static void send_form(struct token_request *q, const struct oauth_field *fields)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    struct secret *form = oauth_form(fields);
    struct http_request request = {.url = q->at->url,
                                   .headers = headers,
                                   .form = form,
                                   .max_body = q->at->limits->small_bytes,
                                   .is_secret = true};
    q->call = http_start(q->at->http, &request, on_reply, q);
    secret_destroy(form);
}

static int start_as_app(struct token_request *q, struct err *e)
{
    struct secret *secret = NULL;
    int r = app_secret_read(q->at->secret_file, &secret, e);
    if (r < 0) {
        return r;
    }
    const struct oauth_field fields[] = {{"grant_type", "client_credentials", NULL},
                                         {"client_id", q->at->client_id, NULL},
                                         {"client_secret", NULL, secret},
                                         {"scope", q->at->app_scope, NULL},
                                         {NULL, NULL, NULL}};
    send_form(q, fields);
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
                                         {"scope", signin_scopes, NULL},
                                         {NULL, NULL, NULL}};
    send_form(q, fields);
    return 0;
}

void token_request_cancel(struct token_request *q)
{
    if (q->call) {
        http_cancel(q->call);
    }
}
