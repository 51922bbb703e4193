/* page_replies - the other answers of Graph and of the sign-in service: calendar lists, errors, tokens.
 *
 * Pure, any thread.  Bodies are borrowed; len bytes are read, no NUL is needed.  Tokens go from the body
 * straight into guarded memory, without a copy in between; wiping the body is up to its owner.  Messages of
 * the other side are never copied: they may quote what the user typed. */
#ifndef GRAPH_PAGE_REPLIES_H
#define GRAPH_PAGE_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"

/* A calendar as Graph lists it.  Strings are never NULL; owner is the owner's mail address or "". */
struct remote_calendar {
    char *id;
    char *name;
    char *owner;
    bool is_default;
    bool can_edit;
};

/* One page of calendars, free with remote_calendars_free; ret_next_link is NULL on the last page, else free()
 * it. Entries without an id are left out.  ERR_PROTOCOL. */
MUST_CHECK int page_parse_calendars(const char *body, size_t len, struct remote_calendar **ret_calendars,
                                    size_t *ret_n, char **ret_next_link, struct err *e);
void remote_calendars_free(struct remote_calendar *calendars, size_t n); /* accepts NULL */

/* What an error body says, in both shapes.  Each text is "" where it says nothing usable (absent, too long,
 * or not made of the characters that codes are made of). */
struct graph_error {
    char code[64];       /* Graph: the deepest code that is documented, else the outermost.  OAuth: `error` */
    char sub_code[64];   /* Graph: the deepest code where it is another one.  OAuth: `suberror` */
    char request_id[64]; /* Graph: request-id.  OAuth: trace_id.  For support */
    long aadsts;         /* OAuth: the AADSTS number, for the log; 0 if none */
};

/* ERR_PROTOCOL where the body is not JSON or has no "error"; *ret is untouched then. */
MUST_CHECK int page_parse_error(const char *body, size_t len, struct graph_error *ret);

/* refresh_token is NULL where the reply brings none: the old one stays. */
struct token_reply {
    struct secret *access_token;
    struct secret *refresh_token;
    int64_t expires_in_s;
};

/* ERR_PROTOCOL, also for a token that could not stand in a header.  Finish wipes; it accepts a zeroed struct.
 */
MUST_CHECK int page_parse_token(const char *body, size_t len, struct token_reply *ret, struct err *e);
void token_reply_finish(struct token_reply *reply);

/* user_code and verification_uri are printable ASCII, fit to be shown on a terminal. */
struct device_reply {
    struct secret *device_code;
    char *user_code;
    char *verification_uri;
    int64_t interval_s;
    int64_t expires_in_s;
};

/* ERR_PROTOCOL.  Finish accepts a zeroed struct. */
MUST_CHECK int page_parse_device(const char *body, size_t len, struct device_reply *ret, struct err *e);
void device_reply_finish(struct device_reply *reply);

#endif
