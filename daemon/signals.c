#include "daemon/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/mem.h"

struct signals {
    uv_poll_t poll;
    int fd;
    void (*each)(void *arg, const struct signal_info *info);
    void *arg;
};

static void service_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    sigaddset(set, SIGUSR2);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

void signals_block(void)
{
    sigset_t set;
    service_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void on_readable(uv_poll_t *poll, int status UNUSED, int events UNUSED)
{
    struct signals *s = poll->data;
    struct signalfd_siginfo raw;
    while (read(s->fd, &raw, sizeof raw) == (ssize_t)sizeof raw) {
        struct signal_info info = {
            .number = (int)raw.ssi_signo,
            .has_value = raw.ssi_code == SI_QUEUE,
            .value = raw.ssi_int,
            .pid = raw.ssi_pid,
            .uid = raw.ssi_uid,
        };
        s->each(s->arg, &info);
    }
}

int signals_create(uv_loop_t *loop, void (*each)(void *arg, const struct signal_info *info), void *arg,
                   struct signals **ret_signals, struct err *e)
{
    struct signals *s = mem_calloc(1, sizeof *s);
    sigset_t set;
    service_signals(&set);
    s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->fd < 0 || uv_poll_init(loop, &s->poll, s->fd) < 0) {
        int saved = errno;
        if (s->fd >= 0) {
            close(s->fd);
        }
        free(s);
        return err_set(e, ERR_IO, saved, "no signal descriptor from the kernel: %s", strerror(saved));
    }
    s->poll.data = s;
    s->each = each;
    s->arg = arg;
    uv_poll_start(&s->poll, UV_READABLE, on_readable);
    *ret_signals = s;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct signals *s = handle->data;
    close(s->fd);
    free(s);
}

void signals_destroy(struct signals *s)
{
    if (s) {
        uv_close((uv_handle_t *)&s->poll, on_closed);
    }
}
