/* period - which days a command is asked for: --from and --to, --week 2026-W10 or --month 2026-03.
 *
 * People name days and mean both of them; a period is half-open.  Weeks are those of ISO 8601: they begin on
 * Monday, and week 1 is the one with the year's first Thursday, so that 2026-W01 begins on 2025-12-29.  Pure;
 * messages name the option. */
#ifndef CLI_PERIOD_H
#define CLI_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/args.h"

struct period {
    int32_t from_day, to_day; /* half-open */
};

#define PERIOD_DAYS_MAX 3660 /* ten years: more is a typing mistake */

/* "2026-W10", "2026-03".  ERR_INVALID. */
MUST_CHECK int period_from_week(const char *text, struct period *ret_period, struct err *e);
MUST_CHECK int period_from_month(const char *text, struct period *ret_period, struct err *e);

/* The month of a day until that day, which is in it. */
struct period period_month_so_far(int32_t today_day);

/* From the options of a command's table, which has all four.  --from alone is that one day, as in job run.
 * *ret_is_given is false, and the period unwritten, where none was given.  ERR_INVALID for --to alone, for
 * options that do not go together, for a reversed period and for one that is too long. */
MUST_CHECK int period_read(const struct args *a, int32_t today_day, bool *ret_is_given,
                           struct period *ret_period, struct err *e);

/* "2026-03-01 to 2026-03-31", or the one day. */
#define PERIOD_TEXT_LEN 24
void period_format(struct period period, char ret_text[PERIOD_TEXT_LEN + 1]);

#endif
