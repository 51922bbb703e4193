/* later - "not now, but soon": how every completion in graph/ leaves the call stack it was found on, so that
 * no callback is ever called from inside the call that asked, and no chain of completions recurses.
 *
 * A struct later is an idle handle on the loop that is active only while something waits.  (A timer of 0 ms
 * would do, but before libuv 1.48 one that is armed again in its own callback never lets the loop go on.)
 * Loop thread only. */
#ifndef GRAPH_LATER_H
#define GRAPH_LATER_H

#include <stdint.h>
#include <uv.h>

#include "base/list.h"

struct later;

/* A thing to be called once; lives in its owner, zeroed or initialised before use.  Owner may call
 * later_drop. */
struct later_task {
    struct list link;
    void (*fn)(void *arg);
    void *arg;
};
void later_task_init(struct later_task *t, void (*fn)(void *arg), void *arg);

struct later *later_create(uv_loop_t *loop);
/* Nothing may be waiting.  The memory goes when the loop has closed the handle. */
void later_destroy(struct later *l);

/* Calls the task from the loop; once, however often it is asked for before that. */
void later_call(struct later *l, struct later_task *t);
/* Takes it back, if it waits. */
void later_drop(struct later_task *t);

/* A one-shot timer of its own memory, for waits that come and go. */
struct alarm_clock;
/* The result may be ignored where the alarm is never stopped. */
struct alarm_clock *alarm_start(uv_loop_t *loop, int64_t delay_ms, void (*fn)(void *arg), void *arg);
/* Before fn was called; afterwards the alarm is gone by itself.  Accepts NULL. */
void alarm_stop(struct alarm_clock *a);

#endif
