/* deliverer - brings timesheets that are issued to where they are wanted: documents into their owner's
 * OneDrive (graph/drive.h), draft invoices into Xero (graph/xero_job.h).  It never fails an issue: whatever
 * goes wrong here, the sheet and its files are there.
 *
 * What is to be done stands in the outbox (storage/outbox_store.h), and nothing else is remembered: a kill at
 * any point loses nothing, and what is begun again first looks at what is there already.  A few are done at a
 * time, one after another for each user.  What became of it:
 *
 *     it is there     one line; the last of a sheet sets uploaded_to_…
 *     passing fault   again, after a capped exponential back-off and not before the time that was asked for
 *     a person's      a task is open; again after a day, after that user's sign-in, after a reload and a
 * start never           failed; a task is open
 *
 * It is told once, and again only when it is another error.  The timer is set to the next one that is due:
 * with nothing to do nothing wakes.  Loop thread. */
#ifndef DAEMON_DELIVERER_H
#define DAEMON_DELIVERER_H

#include <uv.h>

#include "base/attr.h"
#include "base/clock.h"
#include "graph/graph.h"
#include "model/settings.h"
#include "scheduler/ports.h"
#include "storage/writer.h"

#define DELIVERER_AT_ONCE  4
#define DELIVERER_HUMAN_MS (24 * 3600 * (int64_t)1000)

struct deliverer;

/* All borrowed.  The timer calls deliverer_look when its time has come, and when the clock was set. */
struct deliverer_options {
    uv_loop_t *loop;
    struct writer *writer;
    const struct clock *clock;
    const struct timer_port *timer;
    const struct settings *settings;   /* those in force: what it points to changes with a reload */
    const struct graph_limits *limits; /* of Xero's requests; NULL: the default ones */
    struct graph *(*graph)(void *arg); /* the one in use now; NULL: none, for the moment */
    void *graph_arg;
};
MUST_CHECK struct deliverer *deliverer_create(const struct deliverer_options *options);

/* Nothing happens before.  Also after a reload: what is under way is begun again with the new settings, and
 * what waits for a person is tried. */
void deliverer_start(struct deliverer *d);

/* Somebody asks for a reload, though nothing in the configuration may have changed: what waits for a person
 * is due. */
void deliverer_wake(struct deliverer *d);

/* A run has ended, documents were made, the database has changed, or the timer has come.  Cheap. */
void deliverer_look(struct deliverer *d);

/* Ends what is under way; closed(arg) when nothing of it uses the graph any more, never from inside. */
void deliverer_close(struct deliverer *d, void (*closed)(void *arg), void *arg);

/* After it was closed, when the writer has answered everything.  Accepts NULL. */
void deliverer_destroy(struct deliverer *d);

#endif
