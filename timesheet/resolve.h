/* resolve - who gets the minutes that several appointments share.
 *
 * By minutes, not by meetings: time is cut wherever something begins or ends, and each stretch between is
 * decided by who is there, so that two who never meet do not compete whatever group they are in
 * (../shared/rules.md §8, §9 corrected).
 *
 *     breaks, claims   minutes of a break, or of another sheet: nobody here gets them
 *     rulings          a person's: the loser gives way to the winner where they meet, under every policy
 *     tentative        is set aside for the whole day when it meets something that is sure, of this sheet or
 *                      another, unless a ruling gives it those minutes
 *     priority         the more important one gets the minutes; among equals they are worked once, `held` on
 *                      the first in the order of printing, billed on nobody, and a conflict is opened for
 *                      each unbroken run of them
 *     split            each gets its share; minutes that can not be shared go round
 *     both             worked on the first, billed on each
 *     moved            what another sheet has where it does not lie any more is held, under every policy
 *
 * Linear in parts and in what lies above one another; a pile of more than RESOLVE_PILE_MAX is refused. */
#ifndef TIMESHEET_RESOLVE_H
#define TIMESHEET_RESOLVE_H

#include "timesheet/work.h"

#define RESOLVE_PILE_MAX 2000 /* appointments at one minute */

/* Sets worked, held, unrounded and notes of the parts, takes out those that are set aside (their left_out
 * detail is written later, by findings_complete), and fills work.conflicts and work.moved.  ERR_TOO_BIG names
 * the day of a pile. */
MUST_CHECK int resolve_parts(struct work *w, struct err *e);

/* ERR_TOO_BIG for a pile on that day. */
MUST_CHECK int resolve_refuse_pile(int64_t wall_ms, struct err *e);

#endif
