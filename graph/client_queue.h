/* client_queue - whose turn it is: admission of requests by mailbox.
 *
 * First in, first out within a mailbox; mailboxes in rotation, so that one with a long queue does not hold up
 * the others; never more than limits.per_mailbox in flight in one mailbox and limits.max_requests in all; a
 * mailbox can be blocked for a time.  Internal to graph/client.c.  Loop thread only. */
#ifndef GRAPH_CLIENT_QUEUE_H
#define GRAPH_CLIENT_QUEUE_H

#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/list.h"
#include "graph/later.h"
#include "graph/limits.h"

struct client_queue;
struct mailbox;

/* Lives in what waits; zeroed before queue_add. */
struct queue_item {
    struct list link;
    struct mailbox *mailbox; /* from queue_add to queue_remove or the queue's end */
};

/* turn: the item has a slot now.  Called from the loop. */
struct client_queue *queue_create(uv_loop_t *loop, struct later *later, const struct clock *clock,
                                  const struct graph_limits *limits, void (*turn)(struct queue_item *item));
/* No item may be in it. */
void queue_destroy(struct client_queue *q);

/* At the end of its mailbox's queue; account is copied. */
void queue_add(struct client_queue *q, const char *account, struct queue_item *item);
/* Again, before all others of its mailbox.  It has no slot. */
void queue_add_first(struct client_queue *q, struct queue_item *item);
/* Gives the slot back; the item still belongs to the mailbox, until queue_remove. */
void queue_release(struct client_queue *q, struct queue_item *item);
/* Out of the queue for good; it has no slot. */
void queue_remove(struct client_queue *q, struct queue_item *item);

/* Nobody of the item's mailbox gets a turn for so long (or for longer, if that was said before). */
void queue_block(struct client_queue *q, struct queue_item *item, int64_t delay_ms);

#endif
