#include "daemon/loop_meter.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

static unsigned bucket_of(uint64_t us)
{
    double place = us > 1 ? 8.0 * log2((double)us) : 0.0;
    unsigned i = (unsigned)place;
    return i < LOOP_METER_BUCKETS ? i : LOOP_METER_BUCKETS - 1;
}

static void on_prepare(uv_prepare_t *handle)
{
    struct loop_meter *m = handle->data;
    uint64_t now_ns = uv_hrtime();
    uint64_t idle_ns = uv_metrics_idle_time(handle->loop);
    if (m->last_ns > 0) {
        uint64_t turn_ns = now_ns - m->last_ns;
        uint64_t waited_ns = idle_ns - m->last_idle_ns;
        uint64_t busy_us = turn_ns > waited_ns ? (turn_ns - waited_ns) / 1000 : 0;
        m->turns++;
        m->buckets[bucket_of(busy_us)]++;
        if (busy_us > m->longest_us) {
            m->longest_us = busy_us;
        }
    }
    m->last_ns = now_ns;
    m->last_idle_ns = idle_ns;
}

void loop_meter_init(struct loop_meter *m, uv_loop_t *loop)
{
    memset(m, 0, sizeof *m);
    uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    uv_prepare_init(loop, &m->prepare);
    m->prepare.data = m;
    uv_prepare_start(&m->prepare, on_prepare);
    uv_unref((uv_handle_t *)&m->prepare);
}

void loop_meter_finish(struct loop_meter *m)
{
    uv_close((uv_handle_t *)&m->prepare, NULL);
}

uint64_t loop_meter_percentile(const struct loop_meter *m, double share)
{
    uint64_t below = 0;
    for (unsigned i = 0; i < LOOP_METER_BUCKETS; i++) {
        below += m->buckets[i];
        if (m->turns > 0 && (double)below >= share * (double)m->turns) {
            uint64_t bound = (uint64_t)ceil(exp2((double)(i + 1) / 8.0));
            return bound < m->longest_us ? bound : m->longest_us;
        }
    }
    return m->longest_us;
}
