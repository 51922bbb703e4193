#include "scheduler/wall_timer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/mem.h"

#define FAR_AWAY_S INT64_C(9000000000) /* the year 2255; kernel times end in 2262 */

struct wall_timer {
    struct timer_port port;
    uv_poll_t poll;
    int fd;
    int64_t armed_ms;
    void (*fire)(void *arg);
    void *fire_arg;
};

static void arm(void *self, int64_t wall_ms)
{
    struct wall_timer *t = self;
    struct itimerspec when = {0};
    t->armed_ms = wall_ms;
    if (wall_ms != PORT_NEVER) {
        int64_t at_ms = wall_ms > 1 ? wall_ms : 1; /* all zero would disarm */
        when.it_value.tv_sec = at_ms / 1000;
        when.it_value.tv_nsec = at_ms % 1000 * 1000000;
    } else {
        /* Nothing is due, but a step of the clock must still be noticed: far away instead of disarmed. */
        when.it_value.tv_sec = FAR_AWAY_S;
    }
    (void)timerfd_settime(t->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

static void on_readable(uv_poll_t *poll, int status, int events UNUSED)
{
    struct wall_timer *t = poll->data;
    uint64_t expirations;
    ssize_t n = read(t->fd, &expirations, sizeof expirations);
    if (status < 0 || (n < 0 && errno == EAGAIN)) {
        return;
    }
    if (n < 0) { /* ECANCELED: the clock was set */
        arm(t, t->armed_ms);
    }
    t->fire(t->fire_arg);
}

int wall_timer_create(uv_loop_t *loop, void (*fire)(void *arg), void *arg, struct wall_timer **ret_timer,
                      struct err *e)
{
    struct wall_timer *t = mem_calloc(1, sizeof *t);
    t->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (t->fd < 0 || uv_poll_init(loop, &t->poll, t->fd) < 0) {
        int saved = errno;
        if (t->fd >= 0) {
            close(t->fd);
        }
        free(t);
        return err_set(e, ERR_IO, saved, "no timer from the kernel: %s", strerror(saved));
    }
    t->poll.data = t;
    t->fire = fire;
    t->fire_arg = arg;
    t->port = (struct timer_port){.self = t, .arm = arm};
    arm(t, PORT_NEVER);
    uv_poll_start(&t->poll, UV_READABLE, on_readable);
    *ret_timer = t;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct wall_timer *t = handle->data;
    close(t->fd);
    free(t);
}

void wall_timer_destroy(struct wall_timer *t)
{
    if (t) {
        uv_close((uv_handle_t *)&t->poll, on_closed);
    }
}

const struct timer_port *wall_timer_port(struct wall_timer *t)
{
    return &t->port;
}
