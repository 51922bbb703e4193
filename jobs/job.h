/* job - what a job type is: a table of named steps.
 *
 * A step is a function from (run, step_event) to exactly one action.  It does no I/O, reads no clock and
 * issues no SQL; the runner (scheduler/runner.c) performs the action and hands the result back as the next
 * event, or, where the action ends the step, enters the next one.  The step change commits together with what
 * the action did.  Entering a step twice must be harmless: after a crash the run's row is loaded and its step
 * gets EV_ENTER again.  Errors do not come here: the runner decides them by class (scheduler/retry.c).  Pure.
 */
#ifndef JOBS_JOB_H
#define JOBS_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "model/run.h"

enum step_event_kind {
    EV_ENTER,  /* the step begins, or begins again after a wait or a restart */
    EV_PAGE,   /* ACT_FETCH is done: a page is at hand */
    EV_STAGED, /* ACT_STAGE is done: the page is staged and run->cursor has moved on */
    EV_LOOKED, /* ACT_LOOK is done: is the archive complete? */
};

struct step_event {
    enum step_event_kind kind;
    bool is_last_page; /* EV_PAGE: there is no next one */
    bool is_covered;   /* EV_LOOKED: every day of the window was archived after it was over */
};

/* The rules of a job type over all that was staged: sets `verdict` in each.  Events come sorted by start,
 * then longest first, then id.  Pure; called on the storage thread. */
typedef void (*staged_rules)(const struct run *run, const struct window *window, struct staged_event *events,
                             size_t n);

enum action_kind {
    ACT_RESOLVE,   /* find the calendar that the source URI names */
    ACT_FETCH,     /* the page at run->cursor (the first one when NULL) */
    ACT_STAGE,     /* put the fetched page into staging */
    ACT_TRANSFORM, /* apply `rules` to what is staged */
    ACT_STORE,     /* staging to archive: appointments, versions, tombstones, in one transaction */
    ACT_LOOK,      /* does the archive cover the window? */
    ACT_GO,        /* nothing but the step change */
    ACT_ISSUE,     /* compose the timesheet of the window and freeze it, in one transaction */
    ACT_RENDER,    /* make the documents of the run's timesheet */
    ACT_UPLOAD,    /* hand them over to whoever sends them; nobody waits for that */
    ACT_FINISH,    /* close the run with `outcome` */
};

struct action {
    enum action_kind kind;
    bool ends_step; /* once it is done the next step of the table begins, or `to` */
    const char *to; /* NULL: the one behind */
    staged_rules rules;
    enum run_outcome outcome;
};

struct step {
    const char *name;
    struct action (*act)(const struct run *run, const struct step_event *ev);
};

/* A job type: its steps in order.  The last one ends with ACT_FINISH. */
struct job_kind {
    enum job_type type;
    const struct step *steps;
    size_t n_steps;
    const char *fetch_step;  /* where to begin again when what was fetched is worth nothing (ERR_GONE) */
    const char *stored_step; /* from here on nothing that was fetched is needed any more */
};

/* NULL for a type that has no steps. */
const struct job_kind *job_kind_of(enum job_type type);

/* The step of that name; the first one for "" (a run that has not begun); NULL for a name the table lacks. */
const struct step *job_kind_step(const struct job_kind *kind, const char *name);

/* The step behind `step`, or the one that is named (an action's `to`); NULL behind the last. */
const struct step *job_kind_next(const struct job_kind *kind, const struct step *step, const char *to);

#endif
