/* sheet_ask - what the timesheet commands begin with: the archive configuration, its zone, the period and the
 * rules; or the timesheet that a NUMBER names.  One thread. */
#ifndef CLI_SHEET_ASK_H
#define CLI_SHEET_ASK_H

#include "base/attr.h"
#include "base/err.h"
#include "cli/args.h"
#include "cli/period.h"
#include "cli/session.h"
#include "model/sheet.h"
#include "storage/config_store.h"
#include "storage/sheet_store.h"

struct sheet_ask {
    struct archive_config config;
    const struct tz *zone; /* borrowed from the session */
    bool is_period_given;  /* else it is this month so far */
    struct period period;
    char **customers;
    struct sheet_request request; /* borrows the above */
};

/* By ARCHIVE_CONFIG and the options of a period.  A zone that this machine does not have names the
 * configuration.  2, the exit status of wrong usage, for a period that is none: it is said already. */
MUST_CHECK int sheet_ask_read(struct session *s, struct db *db, const struct args *a,
                              struct sheet_ask *ret_ask, struct err *e);
void sheet_ask_finish(struct sheet_ask *ask); /* accepts a zeroed struct */

/* The sheet of the period that is issued and holds its days; NULL number: none does. */
struct sheet_holder {
    int64_t id;
    int32_t from_day, to_day, revision;
    char number[SHEET_NUMBER_LEN + 1]; /* "" = none */
};
MUST_CHECK int sheet_ask_holder(struct db *db, const struct sheet_ask *ask, struct sheet_holder *ret_holder,
                                struct err *e);

/* Whether archive runs have read every day of the period that is over, since it was.  *ret_how: NULL where
 * they have; else a sentence that says so with the command that archives them, for after "admin-assistant: ".
 * free() it. */
MUST_CHECK int sheet_ask_covered(struct session *s, struct db *db, const struct sheet_ask *ask,
                                 char **ret_how, struct err *e);

/* The sheet that `name` means, of --user where that is given. */
MUST_CHECK int sheet_ask_find(struct db *db, const struct args *a, const char *name, int64_t *ret_id,
                              struct err *e);

/* The same, with its lines and its zone. */
MUST_CHECK int sheet_ask_open(struct session *s, struct db *db, const struct args *a, const char *name,
                              struct sheet *ret_sheet, const struct tz **ret_zone, struct err *e);

#endif
