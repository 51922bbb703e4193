/* footprint - gives back memory that only the work needed, for a process that is to rest for hours.
 *
 * Free heap goes back to the kernel, and so do the pages of program and library files that nothing has
 * written: they are in the page cache all the same and come back by themselves when they are touched, but
 * until then they are nobody's.  Costs less than a millisecond, and some page faults at the next work.  Any
 * thread. */
#ifndef BASE_FOOTPRINT_H
#define BASE_FOOTPRINT_H

void footprint_trim(void);

#endif
