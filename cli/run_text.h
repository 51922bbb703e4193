/* run_text - what a run counted, in a few words.  Pure. */
#ifndef CLI_RUN_TEXT_H
#define CLI_RUN_TEXT_H

#include "storage/query_store.h"

#define RUN_TEXT_LEN 192

/* From the JSON in job_runs.counts: "57 events, 40 new, 2 changed, 1 gone"; "" where nothing was counted. */
void run_text_counts(const char *counts_json, char ret_text[RUN_TEXT_LEN]);

/* What came of a run that is done: the same, and of a timesheet's run which one it issued, or that there was
 * nothing to issue one of.  sheet NULL: none. */
void run_text_result(const struct run_row *run, const char *sheet, char ret_text[RUN_TEXT_LEN]);

/* "3 pages, 150 events" while it goes on. */
void run_text_progress(const char *counts_json, char ret_text[RUN_TEXT_LEN]);

#endif
