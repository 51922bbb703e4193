/* db_watch - notices, without polling, that somebody else touched the database: the command line, an SQL
 * shell, a person who copies a file over it.
 *
 * The kernel (inotify, through libuv) tells of each write to the files in the database's directory.  One to
 * the write-ahead log makes the writer look (writer_poke), which alone knows whose commit it was and tells
 * whoever asked with writer_on_foreign_change.  The directory is watched and not the two files, so that a log
 * that is not there yet, or is made again, needs no care.  When nothing is written nothing wakes: there is no
 * timer.  Our own commits are told by the kernel, too; the writer takes any number of them as one look, which
 * writes nothing, so that nothing goes in circles.
 *
 * Loop thread only. */
#ifndef DAEMON_DB_WATCH_H
#define DAEMON_DB_WATCH_H

#include <uv.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/writer.h"

struct db_watch;

/* The database at `path` (copied) is open in the writer already, and is the file to keep.  When another file
 * stands at the path, or none, replaced(arg, why) is called, once and never from inside a call: what the
 * writer commits from then on nobody will see.  why->code is ERR_GONE.  loop, writer and arg are borrowed. */
MUST_CHECK int db_watch_create(uv_loop_t *loop, const char *path, struct writer *writer,
                               void (*replaced)(void *arg, const struct err *why), void *arg,
                               struct db_watch **ret_watch, struct err *e);
/* Before the writer's end, which takes the log away.  On the loop; accepts NULL. */
void db_watch_destroy(struct db_watch *w);

#endif
