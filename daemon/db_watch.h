/* db_watch - notices, without polling, that somebody else touched the database: the command line, an SQL
 * shell, a person who moves a copy over it.
 *
 * The kernel (inotify, through libuv) tells when something is written in the database's directory.  Then two
 * questions are asked: is the file at the path still the one that is open, and, through writer_poke, has
 * another connection committed?  The writer answers the second to whoever asked with
 * writer_on_foreign_change.  The directory is watched and not the database's files, so that a write-ahead log
 * that is not there yet, or is made again, needs no care.
 *
 * Our own commits are told by the kernel, too, one event a page.  So the watch rests a moment after an event
 * and asks when it watches again: an archive run costs ten questions a second, however much it writes.  A
 * change by others is noticed after that moment.  One more question follows, because a commit shows in the
 * log before it is on the disk, and only then to readers.  Asking takes no lock and writes nothing; when
 * nothing is written no timer runs and nothing wakes.
 *
 * Loop thread only. */
#ifndef DAEMON_DB_WATCH_H
#define DAEMON_DB_WATCH_H

#include <uv.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/writer.h"

struct db_watch;

/* The file at `path` (copied) is open in the writer.  When another file stands there later, or none,
 * replaced(arg, why) is called, once and never from inside a call, and the watch is over: what the writer
 * commits from then on nobody will see.  why->code is ERR_GONE.  loop, writer and arg are borrowed.
 * ERR_NOT_FOUND, ERR_IO. */
MUST_CHECK int db_watch_create(uv_loop_t *loop, const char *path, struct writer *writer,
                               void (*replaced)(void *arg, const struct err *why), void *arg,
                               struct db_watch **ret_watch, struct err *e);

/* Before writer_destroy.  Closes on the loop and frees itself there; accepts NULL. */
void db_watch_destroy(struct db_watch *w);

#endif
