/* job_text - jobs, runs and their times in a few words.
 *
 * Times are shown on the wall of the archive configuration's zone, with what the zone calls itself at that
 * instant, so that a summer time can be told from a winter time.  All but job_text_user are pure; the
 * callers' buffers have JOB_TEXT_LEN bytes. */
#ifndef CLI_JOB_TEXT_H
#define CLI_JOB_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tz.h"
#include "model/schedule.h"
#include "storage/job_config_store.h"
#include "storage/query_store.h"

#define JOB_TEXT_LEN 160

/* mon … sun, 0 = Monday; false, or NULL, for anything else. */
bool job_text_read_weekday(const char *text, int *ret_day);
const char *job_text_weekday(int day);

/* "daily 23:59", "weekly sun 23:59", "monthly 31. 06:00", "manual". */
void job_text_schedule(const struct schedule *schedule, char ret_text[JOB_TEXT_LEN]);

/* active, paused, inactive */
const char *job_text_state(const struct job_config *job);

/* The first due instants after now, as the rule has them, at most max.  None for a job that will not run:
 * manual, paused or inactive.  Returns how many. */
int job_text_next(const struct job_config *job, const struct tz *zone, int64_t now_ms, int max,
                  int64_t *ret_due_ms);

void job_text_local(const struct tz *zone, int64_t utc_ms,
                    char ret_text[JOB_TEXT_LEN]); /* 2026-11-27 23:59 CET */
void job_text_iso(const struct tz *zone, int64_t utc_ms,
                  char ret_text[JOB_TEXT_LEN]); /* 2026-11-27T23:59:00+01:00 */

/* The run that others wait for: "run 17 (schedule, since 23:59, step fetch, pid 4711)".  Days are left out
 * where they are today's. */
void job_text_holder(const struct run_row *run, const struct tz *zone, int64_t now_ms,
                     char ret_text[JOB_TEXT_LEN]);

/* The system's name of a user, or "uid 1234". */
void job_text_user(int64_t uid, char ret_text[JOB_TEXT_LEN]);

#endif
