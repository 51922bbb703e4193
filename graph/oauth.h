/* oauth - what is asked of the identity platform (docs/GRAPH.md): addresses and forms; the answers are read
 * by graph/page_replies.h.  Forms are built in guarded memory.  Pure; any thread. */
#ifndef GRAPH_OAUTH_H
#define GRAPH_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/secret.h"

/* "{authority}/{tenant}/oauth2/v2.0/{end_point}"; free() it. */
MUST_CHECK char *oauth_url(const char *authority, const char *tenant, const char *end_point);

/* A form-encoded body of fields ended by a NULL name. */
struct oauth_field {
    const char *name;
    const char *text;            /* or, when NULL, */
    const struct secret *secret; /* this; borrowed */
};
MUST_CHECK struct secret *oauth_form(const struct oauth_field *fields);

/* When a token that was handed out at now_ms for expires_in_s is to be replaced: after 75 to 85 % of its
 * life, always at the same point for the same account ("" where that is not known), so that tokens that came
 * together are not asked for together again. */
int64_t oauth_use_until_ms(int64_t now_ms, int64_t expires_in_s, const char *account);

/* When it must no longer be used at all: five minutes before its end, or a tenth of its life where that is
 * shorter.  Not before oauth_use_until_ms, whatever the life. */
int64_t oauth_end_ms(int64_t now_ms, int64_t expires_in_s);

/* Whether stored bytes can be a token at all: not empty, printable ASCII without blanks. */
bool oauth_is_token(const struct secret *s);

#endif
