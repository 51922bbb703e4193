/* sheet_findings - what a person should look at before a timesheet goes out, in lines.  One thread. */
#ifndef CLI_SHEET_FINDINGS_H
#define CLI_SHEET_FINDINGS_H

#include "model/sheet_draft.h"

/* By day, worst first, those of that severity and above, at most max of them; returns how many more there
 * are. */
size_t sheet_findings_print(const struct sheet_draft *draft, enum sheet_severity least, size_t max);

/* "2 errors, 1 warning" */
void sheet_findings_print_counts(int64_t n_errors, int64_t n_warnings);

#endif
