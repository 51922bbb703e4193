/* client - authenticated requests to Graph, by the rules of docs/GRAPH.md.
 *
 * A call waits its turn (first in, first out within a mailbox, mailboxes in rotation, never more than four in
 * flight in one mailbox), gets a token, and is tried until it succeeds or the error is final: 401 once with a
 * fresh token, 429 and 5xx after Retry-After or a back-off, within limits.attempts and limits.total_ms.  What
 * Retry-After asks for holds for the whole mailbox.  A URL is checked against the configured origin before a
 * token is attached.  What is not a GET is tried again by the same rules: it must do no harm to ask twice.
 * done is called exactly once, from the loop.  Loop thread only. */
#ifndef GRAPH_CLIENT_H
#define GRAPH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "graph/http.h"
#include "graph/limits.h"
#include "graph/origin.h"
#include "graph/signin.h"

struct graph_client;
struct client_call;

/* All borrowed but limits. */
struct client_config {
    uv_loop_t *loop;
    const struct clock *clock;
    struct http *http;
    struct signin *signin;
    const struct origin *origin;
    const char *base_url; /* copied; no trailing slash */
    const struct graph_limits *limits;
};
struct graph_client *client_create(const struct client_config *config);

/* Calls that are not done get ERR_CANCELLED; then closed(arg). */
void client_close(struct graph_client *c, void (*closed)(void *arg), void *arg);

/* What one call cost: requests sent (token requests not counted), answers that told us to wait. */
struct client_cost {
    int64_t requests;
    int64_t throttled;
};

/* e NULL: a 200 (of what is not a GET also 201, 202 and 204) whose body is in reply->body, to be taken with
 * buf_steal.  Otherwise reply is NULL, e is classified (graph/fault.h) and retry_after_ms set where Graph
 * named a time. */
typedef void (*client_done)(void *arg, const struct err *e, struct http_reply *reply,
                            const struct client_cost *cost);

struct client_request {
    const char *account; /* the mailbox; copied */
    const char *url;     /* absolute; or begins with "/" and is put behind the base URL.  Copied */
    const char *what;    /* for messages: "calendars of anna@example.com"; copied */
    size_t max_body;     /* 0: limits.small_bytes */
    /* client_send only. */
    const char *method;       /* a literal; NULL: GET */
    const char *content_type; /* of bytes; a literal */
    const void *bytes;        /* what is sent, borrowed until done; NULL: nothing */
    size_t bytes_len;
    bool is_secret;      /* the answer holds an address that is as good as a token: its body is wiped */
    bool spares_sign_in; /* a 401 to a fresh token says nothing of the mailbox: ERR_DENIED, and no mark */
};

/* Never NULL; also what can not be started completes through done. */
struct client_call *client_get(struct graph_client *c, const struct client_request *request, client_done done,
                               void *arg);
/* The same by any method, with something to send. */
struct client_call *client_send(struct graph_client *c, const struct client_request *request,
                                client_done done, void *arg);
/* done comes with ERR_CANCELLED.  Only while done has not been called. */
void client_cancel(struct client_call *call);

/* "/users/{account}" with the account encoded as one path segment, and what follows appended as it is; free()
 * it. client_segment encodes one segment; free() it. */
MUST_CHECK char *client_user_path(const char *account, const char *rest);

/* For what is built on the client; borrowed. */
const struct graph_limits *client_limits(const struct graph_client *c);
uv_loop_t *client_loop(const struct graph_client *c);
const struct origin *client_origin(const struct graph_client *c);
const char *client_base_url(const struct graph_client *c);
bool client_is_app(const struct graph_client *c); /* the application's sign-in is in use */

#endif
