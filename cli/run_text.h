/* run_text - what a run counted, in a few words.  Pure. */
#ifndef CLI_RUN_TEXT_H
#define CLI_RUN_TEXT_H

#define RUN_TEXT_LEN 192

/* From the JSON in job_runs.counts: "57 events, 40 new, 2 changed, 1 gone"; "" where nothing was counted. */
void run_text_counts(const char *counts_json, char ret_text[RUN_TEXT_LEN]);

/* "3 pages, 150 events" while it goes on. */
void run_text_progress(const char *counts_json, char ret_text[RUN_TEXT_LEN]);

#endif
