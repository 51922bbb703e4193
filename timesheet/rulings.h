/* rulings - a person's decisions about pairs of appointments, ready to be asked while minutes are given away.
 *
 * Two that contradict each other cancel out.  A decision about a duplicate is one about what stands for it.
 * Inside timesheet/ only. */
#ifndef TIMESHEET_RULINGS_H
#define TIMESHEET_RULINGS_H

#include "timesheet/work.h"

struct ruling {
    uint32_t loser, winner; /* entries */
};

struct rulings {
    struct ruling *at; /* by loser */
    size_t n;
    uint32_t *part_of; /* by entry, of the stretch at hand: its part + 1; 0: it is not there */
};
void rulings_init(struct rulings *r, struct work *w); /* puts work.twins in order */
void rulings_finish(struct rulings *r);

bool rulings_has(const struct rulings *r, uint32_t winner_entry, uint32_t loser_entry);

/* Moves those of `parts` that nobody there is to be preferred to into ret_left, and calls `lost` for each
 * other one with the part that beats it.  When rulings go in a circle nobody is left; then all are, and none
 * has lost.  Returns how many are left. */
size_t rulings_apply(struct rulings *r, const struct work *w, const uint32_t *parts, size_t n,
                     uint32_t *ret_left, void (*lost)(void *arg, uint32_t part, uint32_t winner), void *arg);

#endif
