/* calendars - the calendars of a mailbox, and which of them a URI means.  Callbacks come from the loop, once.
 * Loop thread only; calendars_match is pure. */
#ifndef GRAPH_CALENDARS_H
#define GRAPH_CALENDARS_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "graph/client.h"
#include "graph/page_replies.h"
#include "model/uri.h"

/* The calendar id of the default calendar, whatever its real id: "primary". */
extern const char calendars_primary[];

struct calendars_query;

/* All of them, every page.  The array is borrowed for the callback. */
typedef void (*calendars_listed)(void *arg, const struct err *e, const struct remote_calendar *calendars,
                                 size_t n, const struct client_cost *cost);
struct calendars_query *calendars_list(struct graph_client *client, const char *account,
                                       calendars_listed done, void *arg);

/* The calendar that uri->identifier names in the account's mailbox (whose account it is the caller has
 * checked). "primary" needs no request.  id and name are borrowed for the callback.  ERR_NOT_FOUND and
 * ERR_AMBIGUOUS say what to do; an unknown name is never taken as an id. */
typedef void (*calendars_resolved)(void *arg, const struct err *e, const char *id, const char *name,
                                   const struct client_cost *cost);
struct calendars_query *calendars_resolve(struct graph_client *client, const char *account,
                                          const struct calendar_uri *uri, calendars_resolved done, void *arg);

/* done comes with ERR_CANCELLED.  Only while it has not been called. */
void calendars_cancel(struct calendars_query *q);

/* The rule itself: an exact name, an exact id, then a name equal but for case, white space and punctuation.
 * Two that match equally well are ERR_AMBIGUOUS, with their ids shortened in the message. */
MUST_CHECK int calendars_match(const struct remote_calendar *calendars, size_t n, const char *account,
                               const char *identifier, const struct remote_calendar **ret_calendar,
                               struct err *e);

#endif
