/* loop_meter - how long the loop thread was busy between two waits: the figure that tells whether anything
 * blocks it.
 *
 * Each turn of the loop is one sample: the time since the last turn less the time spent waiting in the poll
 * (libuv's idle time metric).  Kept as a histogram of powers of two, so the percentile is an upper bound.
 * Loop thread only. */
#ifndef DAEMON_LOOP_METER_H
#define DAEMON_LOOP_METER_H

#include <stdint.h>
#include <uv.h>

#define LOOP_METER_BUCKETS 160 /* eight a doubling, from 1 µs up */

struct loop_meter {
    uv_prepare_t prepare;
    uint64_t last_ns;
    uint64_t last_idle_ns;
    uint64_t turns;
    uint64_t longest_us;
    uint64_t buckets[LOOP_METER_BUCKETS];
};

/* Owns a handle on the loop that does not keep it alive.  Call before the loop runs. */
void loop_meter_init(struct loop_meter *m, uv_loop_t *loop);
void loop_meter_finish(struct loop_meter *m);

/* Microseconds that at least `share` (0.999) of the turns stayed below; 0 without turns. */
uint64_t loop_meter_percentile(const struct loop_meter *m, double share);

#endif
