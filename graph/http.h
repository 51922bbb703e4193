/* http - HTTP requests over libcurl's multi interface on a libuv loop.
 *
 * Knows nothing of Graph.  One request, one completion: a reply with any HTTP status, or an error of the
 * transport. https only, except to loopback; redirects are never followed; nothing is ever written to a log
 * by libcurl. `done` is called exactly once, from the loop, never from inside a call here.  Loop thread only.
 * The process must ignore SIGPIPE. */
#ifndef GRAPH_HTTP_H
#define GRAPH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "graph/limits.h"

struct http;
struct http_call;

/* ca_file: an extra trust anchor beside the system's; NULL or "": none.  limits are copied, the loop is
 * borrowed. ERR_CONFIG when the file can not be read, ERR_IO when libcurl does not start. */
MUST_CHECK int http_create(uv_loop_t *loop, const char *ca_file, const struct graph_limits *limits,
                           struct http **ret_http, struct err *e);

/* Every call under way is completed with ERR_CANCELLED, then closed(arg) is called from the loop and the
 * memory is gone.  Run the loop until it has nothing left before uv_loop_close.  closed may be NULL. */
void http_close(struct http *h, void (*closed)(void *arg), void *arg);

/* What is asked.  All of it but `bytes` is copied (secrets into guarded memory of our own). */
struct http_request {
    const char *url;
    const char *const *headers;  /* "Name: value", ended by NULL; may be NULL.  Nothing secret */
    const char *method;          /* a literal; NULL: GET, or POST with something to send */
    const struct secret *bearer; /* Authorization: Bearer …; NULL: none */
    const struct secret *basic;  /* Authorization: Basic …, encoded; NULL: none.  Not beside a bearer */
    const struct secret *form;   /* a form-encoded body; NULL: none */
    const char *body;            /* a body that is no secret; NULL: none.  Not beside a form */
    const void *bytes;           /* the same, not copied but borrowed until done; NULL: none */
    size_t bytes_len;
    const char *content_type; /* of body or bytes */
    size_t max_body;
    int64_t timeout_ms; /* 0: limits.request_ms */
    bool is_fresh;      /* a new connection (after a 503: the old one leads to the same sick server) */
    bool is_secret;     /* the reply holds tokens: its body is kept in one piece and wiped */
};

struct http_reply {
    int status;
    char retry_after[64]; /* these are "" where the reply has none; cut to fit, control characters dropped */
    char request_id[64];
    char date[40];
    char content_type[64];
    char location[256];
    bool
        has_claims_challenge; /* WWW-Authenticate says insufficient_claims: only a person can sign in again */
    struct buf body;
};

/* e NULL: reply is there, borrowed for the callback (its body may be taken with buf_steal).  Otherwise reply
 * is NULL and e tells: ERR_NET, ERR_TIMEOUT, ERR_TLS, ERR_TOO_BIG, ERR_PROTOCOL, ERR_ORIGIN, ERR_CANCELLED.
 */
typedef void (*http_done)(void *arg, const struct err *e, struct http_reply *reply);

/* Never NULL; also what can not be started completes through done. */
struct http_call *http_start(struct http *h, const struct http_request *request, http_done done, void *arg);

/* done comes with ERR_CANCELLED.  Only while done has not been called. */
void http_cancel(struct http_call *call);

#endif
