/* fault - what a failed exchange means: (CURLcode, HTTP status, the code in the body) to ERR_… with a
 * message. The table of docs/GRAPH.md.  Decides on the status first (bodies lie and may be HTML), on
 * codes where they say more, never on message text.  Messages hold status, code and request-id; no token, no
 * query, no body.  Pure. */
#ifndef GRAPH_FAULT_H
#define GRAPH_FAULT_H

#include <stdint.h>

#include "base/err.h"
#include "graph/page_replies.h"

/* A CURLcode other than 0.  detail is libcurl's own sentence, may be "" or NULL.  Returns the code. */
int fault_from_curl(struct err *e, int curl_code, const char *host, const char *detail);

/* A reply of Graph that is no success. */
struct fault_reply {
    int status;
    const char *what;       /* the thing that was asked for, for people: "calendars of anna@example.com" */
    const char *account;    /* who must sign in again if it comes to that; NULL: nobody can, or not known */
    const char *request_id; /* "" if none */
    const struct graph_error *body; /* NULL: not the JSON that Graph promises */
    const char *location;           /* of a redirect; "" if none */
    int64_t retry_after_ms;         /* 0 if none */
};
int fault_from_reply(struct err *e, const struct fault_reply *reply);

/* A reply of the token end points that is no success.  what: "sign-in of anna@example.com". */
int fault_from_oauth(struct err *e, const struct fault_reply *reply);

#endif
