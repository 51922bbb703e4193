/* scribe - makes the documents of issued timesheets, by admin-assistant-render in a process of its own: what
 * lays out text that strangers wrote needs tens of megabytes and holds no key.
 *
 * One sheet at a time, in the order asked for.  Which documents a sheet still wants is read from the database
 * right before, and what became of each is written behind it, so that a sheet whose making was interrupted is
 * finished whenever somebody asks: a run, or scribe_look at start.  What can not be made (disk full,
 * directory gone) is said once, and tried again hourly as long as there is something to make; nothing wakes
 * the process otherwise.  Loop thread. */
#ifndef DAEMON_SCRIBE_H
#define DAEMON_SCRIBE_H

#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "storage/writer.h"

struct scribe;

/* Pointers are borrowed. */
struct scribe_options {
    uv_loop_t *loop;
    struct writer *writer;
    const struct clock *clock;
    const char *config_path; /* as the daemon was given it; NULL: the default one */
    const char *program;     /* NULL: admin-assistant-render beside this program */
    void (*made)(void *arg); /* documents of a sheet are there; may be NULL */
    void *made_arg;
};
MUST_CHECK struct scribe *scribe_create(const struct scribe_options *options);

/* e: what kept it from trying; else how many documents of the sheet are made, and how many are not. */
typedef void (*scribe_done)(void *arg, const struct err *e, int64_t n_made, int64_t n_unmade);

/* done is called exactly once, later.  key names the order for scribe_cancel, after which done comes with
 * ERR_CANCELLED (unless everything is made already); 0: it will not be cancelled. */
void scribe_make(struct scribe *s, int64_t sheet_id, int64_t key, scribe_done done, void *arg);
void scribe_cancel(struct scribe *s, int64_t key);

/* Are there sheets that want documents?  They are made one after another. */
void scribe_look(struct scribe *s);

/* What is under way is ended; its sheet is finished at the next start.  Then closed(arg) from the loop, and
 * the memory is gone. Before writer_destroy. */
void scribe_close(struct scribe *s, void (*closed)(void *arg), void *arg);

#endif
