/* uri - calendar URIs: scheme://[account/]namespace/identifier.
 *
 *     msgraph://anna@example.com/calendars/primary
 *     msgraph://anna@example.com/calendars/"Client work / Acme"
 *     local://anna/calendars/archive
 *
 * Segments are split first and decoded afterwards; quotes may hold anything, with \" and \\ as escapes; ? and
 * # are ordinary; percent-encoding is decoded; format and parse are each other's inverse.  An unknown scheme
 * or namespace is refused.  Pure; any thread. */
#ifndef MODEL_URI_H
#define MODEL_URI_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

#define URI_MAX 1024 /* bytes, as written */

enum uri_scheme { URI_MSGRAPH, URI_LOCAL };

struct calendar_uri {
    enum uri_scheme scheme;
    char *account;    /* NULL when not given; e-mail, domain, digits or a user name */
    char *identifier; /* decoded; "primary" for the default calendar */
};

/* Also takes the older forms: "", "calendar" and "primary" (= msgraph, no account, primary), msgraph://x,
 * scheme:///path, single quotes, backslash escapes outside quotes, and "Calendar: " before the name.
 * ERR_INVALID with a message that quotes the URI and says what is expected. */
MUST_CHECK int calendar_uri_parse(const char *text, struct calendar_uri *ret_uri, struct err *e);
void calendar_uri_finish(struct calendar_uri *uri);

/* The canonical text; free() it.  Parses back to the same struct (unless it is longer than URI_MAX). */
MUST_CHECK char *calendar_uri_format(const struct calendar_uri *uri);

/* "primary", "calendar" in any case: the mailbox's default calendar. */
bool calendar_uri_is_primary(const struct calendar_uri *uri);

/* Whether the URI's account (if any) is this user: e-mail without case, user name exactly, or id. */
bool calendar_uri_is_for(const struct calendar_uri *uri, const char *email, const char *username,
                         long long id);

#endif
