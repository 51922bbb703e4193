/* run_sheets - which run issued which timesheet.  One thread. */
#ifndef CLI_RUN_SHEETS_H
#define CLI_RUN_SHEETS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

struct run_sheets {
    struct run_sheet *list;
    size_t n;
};

/* Of a user's runs; user_id 0: of everybody's.  Not to be called from the callback of another query. */
MUST_CHECK int run_sheets_load(struct db *db, int64_t user_id, struct run_sheets *ret_sheets, struct err *e);
void run_sheets_finish(struct run_sheets *sheets); /* accepts a zeroed struct */

/* "2026-0007/1", borrowed; NULL for a run that issued none. */
const char *run_sheets_of(const struct run_sheets *sheets, int64_t run_id);

#endif
