/* retry - what becomes of a run when an action failed: this is the one place that decides it.
 *
 *     class      decision
 *     retry      again, after capped exponential back-off with jitter, at most RETRY_ATTEMPTS times
 *     wait       again, not before the time the other side named (or as retry, where it named none)
 *     human      fail: somebody must act first
 *     permanent  fail
 *     stop       fail, and the process must not go on
 *     bug        fail
 *
 * ERR_GONE (the place in the paging is lost) additionally begins the fetch anew.  The jitter is a hash of job
 * and attempt, so that a restart computes the same delay and jobs of one minute spread.  The Graph client has
 * retried single requests before an error gets here (graph/retry.h).  Pure; any thread. */
#ifndef SCHEDULER_RETRY_H
#define SCHEDULER_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define RETRY_ATTEMPTS    8
#define RETRY_FIRST_MS    (30 * (int64_t)1000)
#define RETRY_LONGEST_MS  (3600 * (int64_t)1000)
#define RETRY_WAIT_MAX_MS (6 * 3600 * (int64_t)1000) /* what another side may ask for at most */

struct retry {
    bool again;       /* otherwise: close the run as failed */
    int64_t delay_ms; /* before the next attempt */
    bool from_start;  /* of the fetch */
    bool stop_process;
};

/* attempt counts from 1: the one that failed. */
struct retry retry_decide(const struct err *e, int64_t job_id, int attempt);

#endif
