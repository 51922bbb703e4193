/* archive_steps - the steps that bring a window of a calendar into the archive, shared by the job types that
 * need it there:
 *
 *     resolve → fetch (page by page into staging) → transform → store
 *
 * Pure; steps of jobs/job.h. */
#ifndef JOBS_ARCHIVE_STEPS_H
#define JOBS_ARCHIVE_STEPS_H

#include "jobs/job.h"

struct action archive_step_resolve(const struct run *run, const struct step_event *ev);
struct action archive_step_fetch(const struct run *run, const struct step_event *ev);
struct action archive_step_transform(const struct run *run, const struct step_event *ev);
struct action archive_step_store(const struct run *run, const struct step_event *ev);

/* As rows of a job's table, in this order. */
#define ARCHIVE_STEPS                                                                                        \
    {"resolve", archive_step_resolve}, {"fetch", archive_step_fetch}, {"transform", archive_step_transform}, \
    {                                                                                                        \
        "store", archive_step_store                                                                          \
    }

#endif
