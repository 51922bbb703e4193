/* scheduler - makes due times into runs and hands them to the runner.
 *
 * One pass ("tick") asks the store what is due, decides it (scheduler/slots.h), takes what may run now, looks
 * for runs that are overdue and arms the timer for the next wake-up.  Passes never overlap; a wish for one
 * during a pass is one more pass after it.  The list of due jobs is the database's index: nothing here grows
 * with the number of jobs.  Signals' wishes are scheduler/wishes.h.  Loop thread only. */
#ifndef SCHEDULER_SCHEDULER_H
#define SCHEDULER_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/tz.h"
#include "scheduler/ports.h"

struct scheduler;

struct scheduler_options {
    const struct store_port *store;
    const struct calendar_port *calendar;
    const struct sheet_port *sheets; /* NULL: there are no jobs that make timesheets */
    const struct notifier *notifier;
    const struct timer_port *timer;
    const struct clock *clock;
    struct tz_cache *zones;
    size_t max_runs;                           /* under way at once */
    void (*armed)(void *arg, int64_t wake_ms); /* after each pass: when the next one is due; may be NULL */
    void *armed_arg;
};

/* Borrows everything the options point to. */
MUST_CHECK struct scheduler *scheduler_create(const struct scheduler_options *options);
void scheduler_destroy(struct scheduler *s); /* drained; accepts NULL */

/* A pass, soon.  Also the timer's fire function: void (*)(void *). */
void scheduler_tick(void *scheduler);

/* The zones may be others from now on: the next pass compares their version with the one that plans were made
 * with. */
void scheduler_zones_changed(struct scheduler *s);

/* Queues a run of one job now, or with job_id 0 of every active one. */
void scheduler_trigger(struct scheduler *s, int64_t job_id, struct run_asker asker);

/* Claims nothing new, parks what runs, then calls drained(arg). */
void scheduler_drain(struct scheduler *s, void (*drained)(void *arg), void *arg);

size_t scheduler_active(const struct scheduler *s);

#endif
