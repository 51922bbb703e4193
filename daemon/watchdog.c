#include "daemon/watchdog.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/messages.h"
#include "daemon/notify.h"

struct watchdog {
    struct watchdog_config config;
    uv_timer_t timer;
    bool is_asking;  /* the empty request is in the queue */
    bool is_closed;  /* the timer is; the answer may still come */
    bool is_starved; /* and that was said */
    int64_t requests;
    int64_t progress_ms; /* monotonic: when the storage thread was last seen to have done something */
};

static void free_if_idle(struct watchdog *w)
{
    if (w->is_closed && !w->is_asking) {
        free(w);
    }
}

static int do_nothing(struct db *db UNUSED, void *arg UNUSED, struct err *e UNUSED)
{
    return 0;
}

/* Also an error is a sign of life. */
static void on_answer(void *arg, const struct err *e UNUSED)
{
    struct watchdog *w = arg;
    w->is_asking = false;
    w->progress_ms = clock_mono_ms(w->config.clock);
    free_if_idle(w);
}

static void look_at_counters(struct watchdog *w)
{
    int64_t commits, requests;
    writer_stats(w->config.writer, &commits, &requests);
    if (requests != w->requests) {
        w->requests = requests;
        w->progress_ms = clock_mono_ms(w->config.clock);
    }
}

static void feed(struct watchdog *w)
{
    int64_t silent_ms = clock_mono_ms(w->config.clock) - w->progress_ms;
    bool is_starved = silent_ms > w->config.silence_max_ms;
    if (!is_starved) {
        notify_watchdog();
        if (w->config.fed) {
            w->config.fed(w->config.fed_arg);
        }
    } else if (!w->is_starved) {
        log_write(
            LOG_LEVEL_CRIT, MESSAGE_STALLED, NULL,
            "the storage thread has done nothing for %lld min; the watchdog is no longer fed, so that the "
            "service manager starts the service anew",
            (long long)(silent_ms / MS_PER_MINUTE));
    }
    w->is_starved = is_starved;
}

static void on_timer(uv_timer_t *timer)
{
    struct watchdog *w = timer->data;
    look_at_counters(w);
    feed(w);
    if (!w->is_asking) {
        w->is_asking = true;
        writer_submit(w->config.writer, do_nothing, on_answer, w);
    }
}

struct watchdog *watchdog_create(const struct watchdog_config *config)
{
    if (config->period_ms <= 0) {
        return NULL;
    }
    struct watchdog *w = mem_calloc(1, sizeof *w);
    uint64_t tick_ms = config->period_ms > 1 ? (uint64_t)config->period_ms / 2 : 1;
    w->config = *config;
    w->progress_ms = clock_mono_ms(config->clock);
    uv_timer_init(config->loop, &w->timer);
    w->timer.data = w;
    uv_timer_start(&w->timer, on_timer, tick_ms, tick_ms);
    return w;
}

static void on_closed(uv_handle_t *handle)
{
    struct watchdog *w = handle->data;
    w->is_closed = true;
    free_if_idle(w);
}

void watchdog_destroy(struct watchdog *w)
{
    if (w) {
        uv_close((uv_handle_t *)&w->timer, on_closed);
    }
}
