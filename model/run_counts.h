/* run_counts - what a run counted, as text for the database and the audit trail.  Pure; any thread. */
#ifndef MODEL_RUN_COUNTS_H
#define MODEL_RUN_COUNTS_H

#include "base/attr.h"
#include "base/buf.h"
#include "model/run.h"

/* The counts as a flat JSON object of integers, and back: members that are missing are 0, unknown ones are
 * passed over.  ERR_INVALID for text that is no such object. */
MUST_CHECK int run_counts_write(const struct run_counts *counts, struct buf *text);
MUST_CHECK int run_counts_read(const char *text, struct run_counts *ret_counts);

#endif
