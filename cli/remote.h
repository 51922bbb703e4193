/* remote - one visit to Graph: a loop of its own, from the question to the answer.
 *
 *     remote_open(settings, db, user_id, NULL, &r, e);
 *     calendars_list(graph_client_of(remote_graph(r)), account, on_listed, &mine);      on_listed calls
 * remote_leave remote_run(r); remote_close(r);
 *
 * Interrupt and termination are turned into a call, so that nothing is torn off in the middle.  One thread.
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include <uv.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "graph/graph.h"
#include "model/settings.h"
#include "storage/db.h"

struct remote;

/* Borrows settings and db; takes candidate (cli/tokens.h), also on error. */
MUST_CHECK int remote_open(const struct settings *settings, struct db *db, int64_t user_id,
                           struct secret *candidate, struct remote **ret_remote, struct err *e);

struct graph *remote_graph(const struct remote *r);
uv_loop_t *remote_loop(struct remote *r);

/* What an interrupt does: cancels the question, whose callback then leaves. */
void remote_on_interrupt(struct remote *r, void (*interrupted)(void *arg), void *arg);

/* Runs the loop until remote_leave was called (from a callback) and everything is closed. */
void remote_run(struct remote *r);
void remote_leave(struct remote *r);

/* After remote_run.  Accepts NULL. */
void remote_close(struct remote *r);

#endif
