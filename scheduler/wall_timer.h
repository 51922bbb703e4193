/* wall_timer - timer_port on a timerfd of the wall clock: the only file of scheduler/ that knows libuv.
 *
 * The descriptor is armed with TFD_TIMER_CANCEL_ON_SET, so that a step of the clock (or a resume that set it)
 * wakes the scheduler at once; it then asks the store anew, which is right whatever the clock did.  An idle
 * process does not wake at all.  Loop thread only. */
#ifndef SCHEDULER_WALL_TIMER_H
#define SCHEDULER_WALL_TIMER_H

#include <uv.h>

#include "base/attr.h"
#include "base/err.h"
#include "scheduler/ports.h"

struct wall_timer;

/* fire(arg) is called when the time has come, and when the clock was set. */
MUST_CHECK int wall_timer_create(uv_loop_t *loop, void (*fire)(void *arg), void *arg,
                                 struct wall_timer **ret_timer, struct err *e);
/* Closes on the loop and frees itself there; accepts NULL. */
void wall_timer_destroy(struct wall_timer *t);

/* The port; valid as long as the timer. */
const struct timer_port *wall_timer_port(struct wall_timer *t);

#endif
