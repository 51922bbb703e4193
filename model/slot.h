/* slot - a due time of a job, and what became of it.
 *
 * Every due time of every job gets exactly one verdict, and stands with it in job_runs; so does a wish that
 * came by signal or request.  scheduler/slots.h decides them.  Plain values. */
#ifndef MODEL_SLOT_H
#define MODEL_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum slot_verdict {
    SLOT_PENDING,   /* claimed: a run waits or is under way */
    SLOT_RAN,       /* its run ended well */
    SLOT_LATE,      /* so, but it was claimed later than SLOT_LATE_MS after it was due */
    SLOT_COALESCED, /* no run of its own: a later slot's run archives its days, too */
    SLOT_SKIPPED,   /* on purpose: paused, sign-in needed, overlap, or the job's catch-up policy */
    SLOT_MISSED,    /* nobody was there, and it is too late now */
    SLOT_FAILED,    /* its run was given up */
};
const char *slot_verdict_name(enum slot_verdict verdict); /* pending, ran … */
MUST_CHECK int slot_verdict_from(const char *name, enum slot_verdict *ret_verdict);

/* What to do about slots that came due while nobody was there. */
enum catch_up {
    CATCH_UP_SKIP, /* they are missed */
    CATCH_UP_ONCE, /* the newest runs, the others are coalesced into it */
    CATCH_UP_ALL,  /* each runs, oldest first */
};
const char *catch_up_name(enum catch_up catch_up); /* skip, once, all */
MUST_CHECK int catch_up_from(const char *name, enum catch_up *ret_catch_up);

#define SLOT_LATE_MS 60000

/* A decision about one slot; the store fills in the last two members. */
struct slot {
    int64_t at_ms;
    enum slot_verdict verdict; /* pending: a run is queued for it.  The store makes it skipped on overlap */
    char *reason;              /* a sentence; NULL while pending.  Owned */
    int64_t covered_by_ms;     /* coalesced: the slot that covers it */
    int32_t from_day, to_day;  /* half-open local days that it is to archive */
    int64_t not_before_ms;     /* when its run may begin; 0 = at once */
    bool is_catch_up;          /* claimed late */
    bool is_new;               /* its row was written by this plan: it had none before */
    int64_t run_id;
};

/* What is decided about one job at one moment.  It is written only if the job still is as it was read, so
 * that of two daemons one decides. */
struct slot_plan {
    int64_t job_id, user_id;
    int64_t was_next_ms, was_through_ms; /* as read, SLOT_NO_TIME for none */
    int64_t next_ms;                     /* when it is due next; SCHEDULE_NEVER for manual jobs */
    int64_t through_ms;                  /* every slot until here has its verdict */
    bool is_each;                        /* no slot stands for another one: each has days of its own */
    struct slot *slots;                  /* oldest first; owned */
    size_t n_slots;
};
#define SLOT_NO_TIME INT64_MIN
void slot_plan_finish(struct slot_plan *plan); /* accepts a zeroed struct */

#endif
