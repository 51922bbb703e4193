/* view - reads the calendar view of one window, page by page, one page ahead.
 *
 * A page's body is parsed on libuv's pool; as soon as its next link is known the next page is asked for, so
 * that the caller's staging and the network overlap.  Never more than one page is held beside the one that
 * was given out.  A cursor is the URL of a page; it is checked against the origin each time it is used, as it
 * may come from the database.  One reader per run.  Loop thread only. */
#ifndef GRAPH_VIEW_H
#define GRAPH_VIEW_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/tz.h"
#include "graph/client.h"
#include "model/event.h"
#include "model/window.h"

struct view_reader;

struct view_config {
    const char *account;     /* copied */
    const char *calendar_id; /* copied; calendars_primary for the default calendar */
    struct window window;
    const struct tz *assumed_zone; /* for times in a zone nobody knows; borrowed */
    struct tz_cache *zones;        /* borrowed; used on the pool */
};

struct view_reader *view_create(struct graph_client *client, const struct view_config *config);

/* e NULL: the page is the callback's (event_page_destroy); its next_cursor is NULL on the last.  ERR_INVALID
 * for a window longer than Graph takes, ERR_LOOP for pages that go in a circle or do not end, ERR_ORIGIN for
 * a cursor or next link elsewhere, ERR_TOO_BIG, ERR_CANCELLED, or the client's errors. */
typedef void (*view_done)(void *arg, const struct err *e, struct event_page *page);

/* The page at cursor, or the first one for NULL.  One at a time.  done once, from the loop. */
void view_fetch(struct view_reader *r, const char *cursor, view_done done, void *arg);

/* Gives up what is under way, also ahead; a waiting done comes with ERR_CANCELLED.  The reader can go on
 * later. */
void view_cancel(struct view_reader *r);

/* Cancels; then closed(arg) from the loop, when the pool is done with it too, and the memory is gone.  closed
 * may be NULL. */
void view_close(struct view_reader *r, void (*closed)(void *arg), void *arg);

/* What was spent since the last call. */
struct client_cost view_take_cost(struct view_reader *r);

#endif
