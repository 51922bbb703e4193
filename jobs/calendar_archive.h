/* calendar_archive - the job that copies a window of a calendar into the archive:
 *
 *     resolve → fetch (page by page into staging) → transform → store → finish
 *
 * All pages or nothing: nothing of the window is in the archive before `store`, and `store` is one
 * transaction. */
#ifndef JOBS_CALENDAR_ARCHIVE_H
#define JOBS_CALENDAR_ARCHIVE_H

#include "jobs/job.h"

extern const struct job_kind calendar_archive_kind;

#endif
