/* queue_store - runs are queued here: for slots, with the verdicts of those that get no run, for signals and
 * for requests.
 *
 * A job has one run under way, and one behind it that waits in line.  Everything here runs in the caller's
 * transaction, on the thread that owns the connection. */
#ifndef STORAGE_QUEUE_STORE_H
#define STORAGE_QUEUE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/run.h"
#include "model/slot.h"
#include "storage/db.h"

/* Who asked, for the audit. */
struct queue_asker {
    enum run_trigger trigger;
    int64_t pid; /* 0 = none */
    int64_t uid; /* -1 = none */
};

/* Writes a decision: the job's next time and a row for each slot, whose is_new, run_id, verdict and reason
 * say afterwards what became of it.
 *
 * Nothing is written if the job is not as it was when it was read.  A slot that has its row keeps it.  A slot
 * that finds one run waiting in line already is skipped (overlap), and the one that waits archives its days,
 * too; the slots of one plan may all wait. */
MUST_CHECK int queue_slots(struct db *db, struct slot_plan *plan, struct err *e);

/* A run that a signal wishes for.  It is not queued behind one of the same kind that has not begun yet (it
 * would only do the same again), nor when it comes from the process that has just queued a request for the
 * job. */
struct queue_wish {
    int64_t job_id;
    int64_t at_ms;
    int32_t from_day, to_day; /* half-open */
    struct queue_asker asker;
};
struct queue_answer {
    bool is_new;
    int64_t run_id;    /* the new one, or the one that waits already */
    int64_t holder_id; /* the run that is under way or waits for its next attempt; 0 = none */
    bool is_bell;      /* the signal only announced a request: run_id is that */
};
MUST_CHECK int queue_wish(struct db *db, const struct queue_wish *wish, struct queue_answer *ret_answer,
                          struct err *e);

/* A run somebody asks for on the command line. */
struct queue_request {
    int64_t job_id;
    int32_t from_day, to_day; /* half-open */
    bool is_dry;
    int64_t pid; /* of the asking process; 0 = none */
    int64_t uid; /* -1 = none */
};

/* Queues it, unless the same is queued already.  ERR_NOT_FOUND for an unknown job, ERR_INVALID for an
 * inactive or paused one and for a period that ends before it begins, ERR_LOGIN while its user must sign in.
 */
MUST_CHECK int queue_request(struct db *db, const struct queue_request *request,
                             struct queue_answer *ret_answer, struct err *e);

/* The user has signed in again: a request for each of their jobs whose archive is behind.  *ret_n counts
 * them. */
MUST_CHECK int queue_catch_up(struct db *db, int64_t user_id, int64_t pid, int64_t uid, int *ret_n,
                              struct err *e);

#endif
