/* signals - the signals of the service as values: through signalfd, so that the number sent along, the
 * sender's pid and uid are known.  signals_block must be called before the first thread is made.
 * Loop thread only. */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/err.h"

struct signals;

struct signal_info {
    int number;     /* SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT */
    bool has_value; /* sent with sigqueue */
    int64_t value;
    int64_t pid; /* of the sender */
    int64_t uid;
};

/* Blocks the service's signals in this thread and all later ones; ignores SIGPIPE. */
void signals_block(void);

MUST_CHECK int signals_create(uv_loop_t *loop, void (*each)(void *arg, const struct signal_info *info),
                              void *arg, struct signals **ret_signals, struct err *e);
void signals_destroy(struct signals *s); /* on the loop; accepts NULL */

#endif
