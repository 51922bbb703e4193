#include "graph/device_code.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "graph/fault.h"
#include "graph/later.h"
#include "graph/oauth.h"
#include "graph/retry.h"

/* RFC 8628 §3.5: what slow_down, and a time-out, add to the interval. */
#define SLOW_DOWN_S 5

static const char what[] = "device code sign-in";

struct device_code {
    uv_loop_t *loop;
    struct http *http;
    const struct clock *clock;
    struct signin_config config; /* the strings are ours */
    struct graph_limits limits;
    device_code_prompted prompted;
    device_code_done done;
    void *arg;
    struct device_reply device; /* device_code NULL: not asked for yet */
    int64_t interval_s;
    int64_t deadline_ms; /* monotonic */
    int tries;           /* of the first request */
    struct http_call *call;
    struct alarm_clock *alarm;
    struct err err;
    bool is_cancelled;
};

static void device_code_free(struct device_code *d)
{
    free((char *)d->config.authority);
    free((char *)d->config.tenant);
    free((char *)d->config.client_id);
    device_reply_finish(&d->device);
    free(d);
}

static void end(struct device_code *d, struct token_reply *tokens, int64_t use_until_ms)
{
    d->done(d->arg, tokens ? NULL : &d->err, tokens, use_until_ms);
    device_code_free(d);
}

static void end_cancelled(void *arg)
{
    struct device_code *d = arg;
    err_set(&d->err, ERR_CANCELLED, 0, "%s: given up", what);
    end(d, NULL, 0);
}

/* Fills d->err from a reply that is no success. */
static int refuse(struct device_code *d, const struct http_reply *reply)
{
    struct graph_error body;
    bool has_body = page_parse_error(buf_str(&reply->body), reply->body.len, &body) == 0;
    struct fault_reply fault = {.status = reply->status,
                                .what = what,
                                .request_id = reply->request_id,
                                .body = has_body ? &body : NULL,
                                .location = reply->location};
    int code = fault_from_oauth(&d->err, &fault);
    if (has_body && strcmp(body.code, "slow_down") == 0) {
        d->interval_s += SLOW_DOWN_S;
    }
    return code;
}

static void send_form(struct device_code *d, const char *end_point, const struct oauth_field *fields,
                      http_done done)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    char *url = oauth_url(d->config.authority, d->config.tenant, end_point);
    struct secret *form = oauth_form(fields);
    struct http_request request = {
        .url = url, .headers = headers, .form = form, .max_body = d->limits.small_bytes, .is_secret = true};
    d->call = http_start(d->http, &request, done, d);
    secret_destroy(form);
    free(url);
}

static void poll_now(void *arg);

static void poll_after(struct device_code *d)
{
    d->alarm = alarm_start(d->loop, d->interval_s * d->limits.device_second_ms, poll_now, d);
}

static void take_tokens(struct device_code *d, struct http_reply *reply)
{
    struct token_reply tokens = {0};
    if (page_parse_token(buf_str(&reply->body), reply->body.len, &tokens, &d->err) < 0) {
        (void)err_prefix(&d->err, "%s", what);
        end(d, NULL, 0);
    } else if (!tokens.refresh_token) {
        err_set(&d->err, ERR_APP, 0,
                "%s: no refresh token came; the app registration must allow the scope offline_access", what);
        end(d, NULL, 0);
    } else {
        end(d, &tokens, oauth_use_until_ms(clock_wall_ms(d->clock), tokens.expires_in_s, ""));
    }
    token_reply_finish(&tokens);
}

static void on_token(void *arg, const struct err *e, struct http_reply *reply)
{
    struct device_code *d = arg;
    d->call = NULL;
    if (d->is_cancelled) {
        end_cancelled(d);
        return;
    }
    if (!e && reply->status == 200) {
        take_tokens(d, reply);
        return;
    }
    int code = e ? e->code : refuse(d, reply);
    if (e) {
        d->err = *e;
    }
    if (code == ERR_TIMEOUT || code == ERR_THROTTLED) {
        d->interval_s += SLOW_DOWN_S;
    }
    if (code == ERR_PENDING || retry_is_worth(code)) {
        poll_after(d);
    } else {
        end(d, NULL, 0);
    }
}

static void poll_now(void *arg)
{
    struct device_code *d = arg;
    d->alarm = NULL;
    if (clock_mono_ms(d->clock) >= d->deadline_ms) {
        err_set(&d->err, ERR_LOGIN, 0, "%s: the code has run out before somebody signed in; start again",
                what);
        end(d, NULL, 0);
        return;
    }
    struct oauth_field fields[] = {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code", NULL},
                                   {"client_id", d->config.client_id, NULL},
                                   {"device_code", NULL, d->device.device_code},
                                   {NULL, NULL, NULL}};
    send_form(d, "token", fields, on_token);
}

static void ask_for_code(void *arg);

/* d->err holds why the first request failed. */
static void ask_again_or_end(struct device_code *d)
{
    uint64_t random;
    d->clock->random(d->clock, &random, sizeof random);
    int64_t delay_ms = retry_backoff_ms(&d->limits, d->tries, random);
    if (retry_is_worth(d->err.code) && retry_may(&d->limits, d->tries, 0, delay_ms)) {
        d->alarm = alarm_start(d->loop, delay_ms, ask_for_code, d);
    } else {
        end(d, NULL, 0);
    }
}

static void on_code(void *arg, const struct err *e, struct http_reply *reply)
{
    struct device_code *d = arg;
    d->call = NULL;
    d->tries++;
    if (d->is_cancelled) {
        end_cancelled(d);
        return;
    }
    if (e) {
        d->err = *e;
        ask_again_or_end(d);
    } else if (reply->status != 200) {
        (void)refuse(d, reply);
        ask_again_or_end(d);
    } else if (page_parse_device(buf_str(&reply->body), reply->body.len, &d->device, &d->err) < 0) {
        (void)err_prefix(&d->err, "%s", what);
        ask_again_or_end(d);
    } else {
        d->interval_s = d->device.interval_s;
        d->deadline_ms = clock_mono_ms(d->clock) + d->device.expires_in_s * d->limits.device_second_ms;
        poll_after(d);
        struct device_code_prompt prompt = {d->device.user_code, d->device.verification_uri,
                                            d->device.expires_in_s};
        d->prompted(d->arg, &prompt); /* last: it may cancel */
    }
}

static void ask_for_code(void *arg)
{
    struct device_code *d = arg;
    d->alarm = NULL;
    struct oauth_field fields[] = {
        {"client_id", d->config.client_id, NULL},
        {"scope", d->config.wants_files ? signin_scopes_with_files : signin_scopes, NULL},
        {NULL, NULL, NULL}};
    send_form(d, "devicecode", fields, on_code);
}

struct device_code *device_code_start(uv_loop_t *loop, struct http *http, const struct clock *clock,
                                      const struct signin_config *config, const struct graph_limits *limits,
                                      device_code_prompted prompted, device_code_done done, void *arg)
{
    struct device_code *d = mem_calloc(1, sizeof *d);
    d->loop = loop;
    d->http = http;
    d->clock = clock;
    d->config.authority = mem_strdup(config->authority);
    d->config.tenant = mem_strdup(config->tenant);
    d->config.client_id = mem_strdup(config->client_id);
    d->config.wants_files = config->wants_files;
    d->limits = *limits;
    d->prompted = prompted;
    d->done = done;
    d->arg = arg;
    ask_for_code(d);
    return d;
}

void device_code_cancel(struct device_code *d)
{
    d->is_cancelled = true;
    if (d->call) {
        http_cancel(d->call);
        return;
    }
    alarm_stop(d->alarm);
    d->alarm = alarm_start(d->loop, 1, end_cancelled, d);
}
