/* archive_rules - which of the staged events become appointments.
 *
 * In this order, first match wins: the rule of a series (calendarView never sends one, other sources may),
 * outside the window, cancelled (a switch of the configuration), declined (kept by option only), and the
 * exact duplicate: equal subject, start and end.  Of duplicates the one that has categories stays, then the
 * one that the archive has already (so that a second run decides as the first one did), then the first by id.
 *
 * Pure; a staged_rules of jobs/job.h. */
#ifndef JOBS_ARCHIVE_RULES_H
#define JOBS_ARCHIVE_RULES_H

#include "jobs/job.h"

void archive_rules(const struct run *run, const struct window *window, struct staged_event *events, size_t n);

#endif
