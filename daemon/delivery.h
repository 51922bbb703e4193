/* delivery - one row of the outbox on its way: reads the file, talks to the remote side, says what became of
 * it.  What is done about that is daemon/deliverer.h's.  done is called exactly once, from the loop.  Loop
 * thread. */
#ifndef DAEMON_DELIVERY_H
#define DAEMON_DELIVERY_H

#include <stdbool.h>
#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "graph/graph.h"
#include "graph/xero.h"
#include "model/settings.h"
#include "storage/outbox_store.h"
#include "storage/writer.h"

struct delivery;

/* Borrowed until done; settings for the call. */
struct delivery_config {
    uv_loop_t *loop;
    struct writer *writer;
    const struct clock *clock;
    const struct settings *settings;
    struct graph *graph; /* for OneDrive */
    struct xero *xero;   /* for Xero */
};

/* why NULL: it is there.  what names it for people; all is borrowed for the callback. */
struct delivery_outcome {
    const struct err *why;
    bool is_mendable; /* whatever its class, a person can make it good: the file, the configuration */
    const char *what;
    struct outbox_result result;
};
typedef void (*delivery_done)(void *arg, const struct delivery_outcome *outcome);

/* Borrows the item until done.  Never NULL. */
struct delivery *delivery_start(const struct delivery_config *config, struct outbox_item *item,
                                delivery_done done, void *arg);
/* done comes with ERR_CANCELLED. */
void delivery_cancel(struct delivery *d);

#endif
