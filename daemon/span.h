/* span - a length of time as one takes it in at a glance: "17 ms", "4.2 s", "40 s", "12 min", "14 h", "3
 * days". Less than nothing is nothing.  Pure; any thread. */
#ifndef DAEMON_SPAN_H
#define DAEMON_SPAN_H

#include <stdint.h>

#define SPAN_MAX 24

/* Returns ret_text. */
const char *span_text(int64_t ms, char ret_text[SPAN_MAX]);

#endif
