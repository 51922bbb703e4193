/* event_json - one event object of a page as a struct event, or the reason why it is none.
 *
 * A reader holds what the events of a page share; it borrows the arena that the strings go to.  One thread at
 * a time.  What Graph sends: docs/GRAPH.md. */
#ifndef GRAPH_EVENT_JSON_H
#define GRAPH_EVENT_JSON_H

#include "base/attr.h"
#include "base/arena.h"
#include "graph/event_members.h"
#include "graph/event_time.h"
#include "graph/json_slice.h"
#include "model/event.h"

#define EVENT_ID_MAX         1024 /* bytes; Graph's have about 150 */
#define EVENT_CATEGORIES_MAX 1000

struct event_reader {
    struct arena *arena;
    struct zone_reader zones;
    struct event_members *members; /* owned */
};

void event_reader_init(struct event_reader *r, struct arena *arena, struct tz_cache *zones,
                       const struct tz *assumed);
void event_reader_finish(struct event_reader *r);

/* Reads the value at the cursor, which is behind it afterwards: 1 with *ret_event filled, 0 with *ret_reject
 * filled, ERR_PROTOCOL on a fault of the text. */
MUST_CHECK int event_json_read(struct event_reader *r, struct json_cursor *c, struct event *ret_event,
                               struct event_reject *ret_reject);

#endif
