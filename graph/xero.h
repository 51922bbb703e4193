/* xero - authenticated requests to Xero's accounting API, as the organisation's custom connection
 * (docs/GRAPH.md, "Xero").
 *
 * The access token comes from client and secret (the secret is read from its file at each use), is kept in
 * guarded memory only, fetched once for all who wait, replaced early (oauth_use_until_ms), and once more
 * after a 401.  It goes to the configured origin and nowhere else; nothing of Microsoft's sign-in is known
 * here, nor of this one there.  Nothing is tried again: whoever asks keeps what he asked for and comes back
 * (storage/outbox_store.h).  done is called exactly once, from the loop.  Loop thread only. */
#ifndef GRAPH_XERO_H
#define GRAPH_XERO_H

#include <stddef.h>
#include <uv.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "graph/http.h"
#include "graph/limits.h"
#include "model/settings.h"

struct xero;
struct xero_call;

extern const char xero_scopes[];

/* The loop and the clock are borrowed until closed, settings for the call, limits (NULL: the default ones)
 * copied.  ERR_CONFIG, ERR_IO. */
MUST_CHECK int xero_create(uv_loop_t *loop, const struct clock *clock, const struct settings *settings,
                           const struct graph_limits *limits, struct xero **ret_xero, struct err *e);
/* What is under way ends with ERR_CANCELLED; then closed(arg), and the memory is gone.  Accepts NULL (closed
 * comes at once). */
void xero_close(struct xero *x, void (*closed)(void *arg), void *arg);

struct xero_request {
    const char *method;       /* a literal; NULL: GET */
    const char *path;         /* below the base URL, from "/" on; copied, as are what and key */
    const char *what;         /* for messages */
    const char *key;          /* Idempotency-Key; NULL: none */
    const char *content_type; /* of bytes; a literal */
    const void *bytes;        /* borrowed until done; NULL: nothing is sent */
    size_t bytes_len;
};
/* e NULL: a 200, 201 or 204.  Otherwise: ERR_NOT_FOUND, ERR_APP (the connection or its secret), ERR_DENIED
 * (scope or organisation), ERR_REQUEST (native 400: what was sent is not good), ERR_THROTTLED, ERR_SERVER,
 * ERR_NET … with retry_after_ms. */
typedef void (*xero_call_done)(void *arg, const struct err *e, struct http_reply *reply);

/* Never NULL. */
struct xero_call *xero_call_start(struct xero *x, const struct xero_request *request, xero_call_done done,
                                  void *arg);
/* done comes with ERR_CANCELLED. */
void xero_call_cancel(struct xero_call *call);

uv_loop_t *xero_loop(const struct xero *x);

#endif
