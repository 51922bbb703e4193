/* take_store - claiming runs: what was left by a dead instance, what has waited long enough, what is queued.
 *
 * Everything here runs in the caller's transaction, on the thread that owns the connection. */
#ifndef STORAGE_TAKE_STORE_H
#define STORAGE_TAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/run.h"
#include "storage/db.h"

/* Which instances are alive, the taker among them.  Borrowed for the call. */
struct taker {
    int64_t instance_id;
    const int64_t *live;
    size_t n_live;
    size_t max_catch_up; /* runs of late slots that may be under way at once */
};

struct taken_runs {
    struct run *runs; /* run_finish each, then free */
    size_t n;
    int64_t next_wake_ms; /* earliest due time or end of a wait; AGENDA_NEVER when there is none */
    bool has_more;        /* more are ready than were asked for */
};

/* Takes up to max runs that may go on now: first what a dead instance left, then those that have waited long
 * enough, then the queue in its order; never two of one job, and of a paused or inactive job, or one whose
 * user must sign in again, only what was under way.  Each is running and owned by the taker afterwards, with
 * its parent audit entry open, and the clock is noted (agenda_note_clock). */
MUST_CHECK int take_runs(struct db *db, int64_t now_ms, size_t max, const struct taker *taker,
                         struct taken_runs *ret_taken, struct err *e);

#endif
