/* drive_session - one upload session of OneDrive: the pieces of a file, in order, to an address that Graph
 * gave.
 *
 * What a broken connection leaves in doubt is asked for (GET of the address names the ranges that are
 * missing), so that nothing is sent twice and nothing is left out.  Waits of its own, by graph/retry.h, as
 * long as there is progress.  The messages name the host at most.  Internal to graph/drive.c.  Loop thread
 * only. */
#ifndef GRAPH_DRIVE_SESSION_H
#define GRAPH_DRIVE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"
#include "graph/drive_json.h"
#include "graph/http.h"
#include "graph/limits.h"

struct drive_session;

/* All borrowed. */
struct drive_session_config {
    uv_loop_t *loop;
    struct http *http;
    const struct clock *clock;
    const struct graph_limits *limits;
    bool may_be_http; /* Graph is a stand-in on this machine */
};

/* e: ERR_GONE where the session is lost, with native 409 where another file has taken the name, ERR_ORIGIN
 * for an address that is not followed, or what the last try met.  item is borrowed for the callback. */
typedef void (*drive_session_done)(void *arg, const struct err *e, const struct drive_item *item);

/* Takes url; borrows config and bytes until done, copies what.  Never NULL; done comes from the loop, once.
 */
struct drive_session *drive_session_start(const struct drive_session_config *config, struct secret *url,
                                          const char *what, const void *bytes, size_t len,
                                          drive_session_done done, void *arg);
/* done comes with ERR_CANCELLED. */
void drive_session_cancel(struct drive_session *s);

#endif
