/* timesheet - the job that makes a timesheet of the days of its window:
 *
 *     archive ┬→ resolve → fetch → transform → store ┬→ issue → render → upload → finish
 *             └────────── covered already ───────────┘
 *
 * `issue` selects, resolves, computes and checks (timesheet/compose.h) and freezes what comes of it, all in
 * one transaction: what was selected can not change before it is frozen.  A dry run stops short of freezing.
 * Where no appointment counts there is no sheet, and nothing to render.  What a person must look at makes the
 * run partial, not the sheet. */
#ifndef JOBS_TIMESHEET_H
#define JOBS_TIMESHEET_H

#include "jobs/job.h"

extern const struct job_kind timesheet_kind;

#endif
