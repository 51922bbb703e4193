#include "graph/drive_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "graph/later.h"
#include "graph/origin.h"
#include "graph/retry.h"

/*   SEND a piece ── 202 ──> SEND the next
 *     │  ├── 200, 201 ──> done
 *     │  └── 404, 410, 401, 403 ──> ERR_GONE
 *     └── broken, throttled, 416 ──> (a wait) ──> ASK what is missing ──> SEND */
struct drive_session {
    const struct drive_session_config *with;
    struct secret *url;
    char *what;
    const char *bytes;
    int64_t len;
    int64_t offset; /* all before it has arrived */
    int tries;      /* since the last progress */
    struct http_call *call;
    struct alarm_clock *alarm;
    struct err err;
    drive_session_done done;
    void *arg;
};

static void end(struct drive_session *s, const struct drive_item *item)
{
    s->done(s->arg, item ? NULL : &s->err, item);
    secret_destroy(s->url);
    free(s->what);
    free(s);
}

static void end_with_error(void *arg)
{
    end(arg, NULL);
}

/* Not from inside the call that found it. */
static void fail_soon(struct drive_session *s)
{
    s->alarm = alarm_start(s->with->loop, 0, end_with_error, s);
}

static void fail(struct drive_session *s)
{
    end(s, NULL);
}

static void ask(void *arg);

static void recover(struct drive_session *s)
{
    const struct graph_limits *limits = s->with->limits;
    uint64_t random;
    s->with->clock->random(s->with->clock, &random, sizeof random);
    s->tries++;
    int64_t delay_ms =
        s->err.retry_after_ms > 0 ? s->err.retry_after_ms : retry_backoff_ms(limits, s->tries, random);
    if (!retry_is_worth(s->err.code) || s->tries >= limits->attempts) {
        fail(s);
        return;
    }
    s->alarm = alarm_start(s->with->loop, delay_ms, ask, s);
}

/* An answer that is neither progress nor the end. */
static void on_refusal(struct drive_session *s, const struct http_reply *reply)
{
    const struct graph_limits *limits = s->with->limits;
    int status = reply->status;
    const char *what = s->what;
    int64_t retry_after_ms = 0;
    if (!retry_after_parse(reply->retry_after, clock_wall_ms(s->with->clock), limits, &retry_after_ms)) {
        retry_after_ms = 0;
    }
    if (status == 404 || status == 410 || status == 401 || status == 403) {
        err_set(&s->err, ERR_GONE, 0, "%s: the upload session is lost (%d)", what, status);
    } else if (status == 409) {
        err_set(&s->err, ERR_EXISTS, 409, "%s: another file has taken the name", what);
    } else if (status == 429 || status == 509) {
        err_set(&s->err, ERR_THROTTLED, status, "%s: the upload is throttled (%d)", what, status);
    } else if (status >= 300 && status < 400) {
        err_set(&s->err, ERR_ORIGIN, status, "%s: redirects are not followed", what);
    } else if (status == 507) {
        err_set(&s->err, ERR_REQUEST, 507, "%s: the drive is full", what);
    } else if (status >= 500 || status == 408 || status == 416) {
        err_set(&s->err, ERR_SERVER, status, "%s: the server that takes the pieces answers %d", what, status);
    } else {
        err_set(&s->err, ERR_REQUEST, status, "%s: a piece is refused (%d)", what, status);
    }
    s->err.retry_after_ms = retry_after_ms;
    recover(s);
}

static void send_piece(struct drive_session *s);

/* An offset that lies behind what was known is no progress. */
static void go_on(struct drive_session *s, const struct http_reply *reply)
{
    int64_t offset;
    if (drive_parse_ranges(buf_str(&reply->body), reply->body.len, s->len, &offset, &s->err) < 0) {
        (void)err_prefix(&s->err, "%s", s->what);
        recover(s);
        return;
    }
    if (offset >= s->len) { /* all has arrived, but nobody said so: what lies there now tells */
        err_set(&s->err, ERR_GONE, 0, "%s: the upload session has ended without an answer", s->what);
        fail(s);
        return;
    }
    s->tries = offset > s->offset ? 0 : s->tries + 1;
    s->offset = offset;
    if (s->tries >= s->with->limits->attempts) {
        err_set(&s->err, ERR_PROTOCOL, 0, "%s: the pieces do not arrive", s->what);
        fail(s);
        return;
    }
    send_piece(s);
}

static void on_reply(void *arg, const struct err *e, struct http_reply *reply)
{
    struct drive_session *s = arg;
    struct drive_item item;
    s->call = NULL;
    if (e) {
        s->err = *e;
        (void)err_prefix(&s->err, "%s", s->what);
        recover(s);
    } else if (reply->status == 202) {
        go_on(s, reply);
    } else if (reply->status != 200 && reply->status != 201) {
        on_refusal(s, reply);
    } else if (drive_parse_item(buf_str(&reply->body), reply->body.len, &item, &s->err) == 0) {
        end(s, &item);
    } else { /* 200 to the question is the state */
        go_on(s, reply);
    }
}

static void start(struct drive_session *s, struct http_request *request)
{
    request->url = secret_bytes(s->url);
    request->max_body = s->with->limits->small_bytes;
    s->call = http_start(s->with->http, request, on_reply, s);
}

static void send_piece(struct drive_session *s)
{
    int64_t most = (int64_t)s->with->limits->drive_piece_bytes;
    int64_t n = s->len - s->offset < most ? s->len - s->offset : most;
    char range[96];
    snprintf(range, sizeof range, "Content-Range: bytes %" PRId64 "-%" PRId64 "/%" PRId64, s->offset,
             s->offset + n - 1, s->len);
    const char *const headers[] = {"Accept: application/json", range, NULL};
    struct http_request request = {.method = "PUT",
                                   .headers = headers,
                                   .bytes = s->bytes + s->offset,
                                   .bytes_len = (size_t)n,
                                   .content_type = "application/octet-stream"};
    start(s, &request);
}

static void ask(void *arg)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    struct drive_session *s = arg;
    struct http_request request = {.headers = headers};
    s->alarm = NULL;
    start(s, &request);
}

/* Whatever the scheme check allows on this machine, an answer from the real Graph never leads there. */
static int check_address(const struct drive_session *s, struct err *e)
{
    const char *url = secret_bytes(s->url);
    bool is_http = strncasecmp(url, "http:", 5) == 0;
    int r = origin_check_scheme(url, e);
    if (r == 0 && is_http && !s->with->may_be_http) {
        r = err_set(e, ERR_ORIGIN, 0, "the address of an upload session is not https");
    }
    return r < 0 ? err_prefix(e, "%s", s->what) : 0;
}

struct drive_session *drive_session_start(const struct drive_session_config *config, struct secret *url,
                                          const char *what, const void *bytes, size_t len,
                                          drive_session_done done, void *arg)
{
    struct drive_session *s = mem_calloc(1, sizeof *s);
    *s = (struct drive_session){.with = config,
                                .url = url,
                                .what = mem_strdup(what),
                                .bytes = bytes,
                                .len = (int64_t)len,
                                .done = done,
                                .arg = arg};
    if (check_address(s, &s->err) < 0) {
        fail_soon(s);
    } else {
        send_piece(s);
    }
    return s;
}

void drive_session_cancel(struct drive_session *s)
{
    if (s->call) {
        http_cancel(s->call); /* on_reply follows, with ERR_CANCELLED */
        return;
    }
    alarm_stop(s->alarm);
    err_set(&s->err, ERR_CANCELLED, 0, "%s: given up", s->what);
    fail_soon(s);
}
