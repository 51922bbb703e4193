/* writer - the storage thread: the daemon's only writing connection, with an asynchronous face.
 *
 * A request is a piece of work (SQL, on the storage thread) and what to do when it is done (on the loop
 * thread, after the commit).  Requests run in the order they came.  What waits together is grouped into one
 * transaction with a savepoint each, so that a work that fails undoes only itself and many small requests
 * cost one fsync.  When the commit itself fails, every request of the group gets that error.
 *
 * At the start of each transaction, and when poked, the storage thread also looks whether another connection
 * (the command line, an SQL shell) has committed since it looked last.
 *
 * `done` is called exactly once, on the loop thread, never from inside writer_submit. */
#ifndef STORAGE_WRITER_H
#define STORAGE_WRITER_H

#include <uv.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

struct writer;

/* Runs on the storage thread inside a savepoint.  A negative result undoes what it did. */
typedef int (*writer_work)(struct db *db, void *arg, struct err *e);
/* Runs on the loop thread; e is NULL on success. */
typedef void (*writer_done)(void *arg, const struct err *e);

/* Takes db (also closes it in writer_destroy, on the storage thread).  The loop is borrowed. */
MUST_CHECK int writer_create(uv_loop_t *loop, struct db *db, struct writer **ret_writer, struct err *e);

/* arg is borrowed until done was called.  done may be NULL. */
void writer_submit(struct writer *w, writer_work work, writer_done done, void *arg);

/* changed(arg) is called on the loop thread, never from inside a call, after another connection has written:
 * once for all that it wrote since the last look.  What this writer commits does not count; a checkpoint by
 * somebody else may.  Set before the first request; ends with changed = NULL and with writer_destroy.  arg is
 * borrowed until then. */
void writer_on_foreign_change(struct writer *w, void (*changed)(void *arg), void *arg);

/* Makes the storage thread look although nothing is submitted.  Takes no lock and writes nothing; pokes
 * before it looks are one.  What is just being committed is not seen yet. */
void writer_poke(struct writer *w);

/* Finishes what was submitted, ends the thread and closes the connection; then calls closed(arg) on the loop
 * thread and frees w.  Nothing may be submitted afterwards. */
void writer_destroy(struct writer *w, void (*closed)(void *arg), void *arg);

/* Transactions committed so far, and the requests in them: what grouping won. */
void writer_stats(const struct writer *w, int64_t *ret_commits, int64_t *ret_requests);

#endif
