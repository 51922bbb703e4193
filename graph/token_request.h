/* token_request - one request at the token end point: the form, the exchange, and what the answer means.
 *
 * Delegated sign-in exchanges a refresh token, the application's its client secret, which is read from its
 * file at each use.  When to ask, and whether to ask again, is graph/signin.h's.  Loop thread only. */
#ifndef GRAPH_TOKEN_REQUEST_H
#define GRAPH_TOKEN_REQUEST_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"
#include "graph/http.h"
#include "graph/limits.h"
#include "graph/page_replies.h"

/* Where it is, and as what it is asked.  All borrowed by the requests. */
struct token_end_point {
    struct http *http;
    const struct clock *clock;
    const struct graph_limits *limits;
    char *url;
    char *client_id;
    char *secret_file; /* NULL: delegated */
    char *app_scope;
    bool wants_files; /* delegated: what was granted besides is not to be lost by asking for less */
    bool
        is_xero; /* the application's sign-in at Xero: client and secret go as HTTP Basic (RFC 6749 §2.3.1) */
};

/* e as signin_done has it, with the retry_after_ms that was asked for; else reply, whose tokens may be taken
 * out (what is left there is wiped). */
typedef void (*token_request_done)(void *arg, const struct err *e, struct token_reply *reply);

/* Lives in its owner, zeroed before use. */
struct token_request {
    const struct token_end_point *at;
    const char *account;
    struct http_call *call; /* NULL: nothing is under way */
    token_request_done done;
    void *arg;
};

/* account is borrowed until done, refresh for the call; application sign-in needs neither.  ERR_APP: the
 * secret can not be read, and done never comes. */
MUST_CHECK int token_request_start(struct token_request *q, const struct token_end_point *at,
                                   const char *account, const struct secret *refresh, token_request_done done,
                                   void *arg, struct err *e);

/* done comes with ERR_CANCELLED.  Nothing happens where nothing is under way. */
void token_request_cancel(struct token_request *q);

#endif
