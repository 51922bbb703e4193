/* sweep - time cut wherever a part, a break or a claim begins or ends, and for each stretch who is there.
 *
 * Groups are parts that hang together, by the running maximum of their ends; a part that nothing touches is a
 * group of one stretch.  Inside timesheet/ only. */
#ifndef TIMESHEET_SWEEP_H
#define TIMESHEET_SWEEP_H

#include "timesheet/work.h"

struct stretch {
    int64_t start_min, end_min;
    const uint32_t *parts; /* that are there: ascending, at least one */
    size_t n_parts;
    bool is_break;
    const struct block *claim; /* that has it, or NULL */
};

typedef void (*stretch_each)(void *arg, const struct stretch *stretch);

/* Over all timed parts, in the order of time.  ERR_TOO_BIG for more than RESOLVE_PILE_MAX at once. */
MUST_CHECK int sweep_parts(const struct work *w, stretch_each each, void *arg, struct err *e);

#endif
