/* slots - what becomes of the due times of one job: this is the one place that decides it.
 *
 *     the slot                                    verdict
 *     the job is paused, or its user must sign in skipped
 *     the newest, claimed within a minute         pending: its run is queued
 *     later than that, catch-up "skip"            missed
 *     the newest, within the grace                pending, to become late
 *     the newest, beyond the grace                missed
 *     an older one, "once"                        coalesced into the newest
 *     an older one, "all"                         pending, as long as it is one of the newest
 *                                                 SLOTS_CATCH_UP_MAX; else coalesced into the oldest of them
 *
 * The grace is schedule_grace_ms.  Where the newest is not run, the older ones are missed with it.
 *
 * The days a run archives are the job's window as its slot saw it, and all days before that no run has
 * archived yet: whatever was missed, skipped or failed is made good by the next run that succeeds.  When many
 * jobs are late at once their runs are spread by a jitter that depends on the job alone.
 *
 * A timesheet's slot has days of its own (schedule_sheet_period), which no other slot's sheet can stand for.
 * Its policies "once" and "all" are therefore the same, however late, and only the oldest of more than
 * SLOTS_CATCH_UP_MAX are missed.
 *
 * Pure; any thread. */
#ifndef SCHEDULER_SLOTS_H
#define SCHEDULER_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tz.h"
#include "model/run.h"
#include "model/slot.h"

#define SLOTS_CATCH_UP_MAX 31
#define SLOTS_SPREAD_MS    (5 * 60 * (int64_t)1000)
/* More days than this in one request are refused by Graph (1825, and the view asks for two more). */
#define SLOTS_SPAN_MAX_DAYS 1820
/* So many verdicts are written at once at the most, the newest: ten years of days. */
#define SLOTS_MAX 4000

/* Of a job that is enabled.  Free with slot_plan_finish. */
struct slot_plan slots_decide(const struct job *job, const struct tz *zone, int64_t now_ms, bool is_storm);

/* The days of a run that begins for `job` at at_ms without a slot: the window as of then, and what is owed.
 */
void slots_window(const struct job *job, const struct tz *zone, int64_t at_ms, int32_t *ret_from_day,
                  int32_t *ret_to_day);

#endif
