/* year - what the two halves of test_year share: what happens (test_year.c), and what must hold
 * (year_expect.c). */
#ifndef TESTS_SIM_STORED_YEAR_H
#define TESTS_SIM_STORED_YEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lib/rng.h"
#include "tests/lib/sim.h"

#define YEAR_JOBS  5
#define YEAR_USERS 3

/* What is known of a job without asking the service. */
struct known {
    struct schedule schedule;
    const char *zone;
    bool is_on, is_paused;
    int64_t through_ms; /* its due times until here are in slots; RUN_NO_TIME: they begin when it is seen */
    int64_t *slots;     /* in their order */
    size_t n_slots, room;
};

struct year {
    struct sim sim;
    struct sim_daemon *d; /* NULL: it is down */
    struct rng rng;
    struct known jobs[YEAR_JOBS];
    bool is_signed_out[YEAR_USERS + 1];
    int error_percent, slow_percent;
    int n_kills, n_drains, n_steps, n_sleeps, n_changes; /* what happened */
};

/* The daemon is settled: what is due by the clock has been decided.  (void *) for sim_pass. */
void year_look(void *year);
/* The daemon ended in the middle of something: what was due at this moment is decided, or it is not. */
void year_look_after_end(struct year *y);

/* Each fails the test, with the job and the time. */
void year_check_through(struct year *y); /* the jobs are decided as far as they should be */
void year_check_slots(struct year *y);   /* every due time has its row, and no row is without one */
/* From where the first slot's window began to where the archive says it ends, all was read by runs that ended
 * well, after it was over; and that end is where it should be. */
void year_check_archived(struct year *y);

#endif
