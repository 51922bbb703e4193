/* metrics - the file that a collector of metrics reads: the figures of daemon/metrics_text.h, written anew
 * when something has changed.
 *
 * A write is a question to the storage thread and then a file, on libuv's pool; the loop does neither.  The
 * file is replaced by a rename, so that a reader finds the old one or the new one and no half of one, and
 * everybody may read it (0644, whatever the umask).  What keeps it from being written is a warning, said
 * again only when it is something else or when it was written in between; nothing else depends on it.  Loop
 * thread. */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include <uv.h>

#include "base/attr.h"
#include "storage/writer.h"

struct metrics;

/* Borrows loop and writer; path and version are copied.  NULL for an empty path: no metrics are wanted.  The
 * file must be this daemon's alone. */
MUST_CHECK struct metrics *metrics_create(uv_loop_t *loop, struct writer *writer, const char *path,
                                          const char *version);

/* Something has changed: writes the file, later.  One at a time; what is wished during a write, however
 * often, is one more afterwards.  Accepts NULL. */
void metrics_write(struct metrics *m);

/* Before writer_destroy.  What is under way ends first, then the memory goes: run the loop until it has
 * nothing left.  Accepts NULL. */
void metrics_destroy(struct metrics *m);

#endif
