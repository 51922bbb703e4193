/* explain - the decision of a line in words: what modified it, and who has the minutes that it has not.
 *
 * Short, stable, with times of the wall and numbers of lines; never with anything of what is left out. */
#ifndef TIMESHEET_EXPLAIN_H
#define TIMESHEET_EXPLAIN_H

#include "timesheet/words.h"
#include "timesheet/work.h"

/* Writes work.lines[…].decision. */
void explain_lines(struct work *w);

/* "09:30-10:00 counts on line 2 (more important)" */
void explain_note(struct work *w, const struct note *note, struct words *words);

/* Where a tentative part that was set aside lost to: "line 3", "timesheet 2026-0007, line 3". */
void explain_aside(struct work *w, const struct part *part, struct words *words);

#endif
