/* pinger - tells a watching service of each run of a job that has a ping URL: URL/start when it begins, URL
 * when it succeeded (wholly or partly), URL/fail when it failed, each a POST with a short plain text, as
 * healthchecks.io and its like take them.  Whoever is to notice that nothing runs any more must stand outside
 * of this machine.
 *
 * The journal tells it of each run (daemon/run_watcher.h).  Dry runs are not told of, nor is a further
 * attempt.  The pings of one job go out in order; a ping that fails is not repeated, and changes nothing for
 * the run.  They have connections of their own, which the calendar's requests never wait for, carry no token,
 * follow no redirect, and say what the journal says: names and numbers, no subject.
 *
 * A failure is a notice, said again for that job only when it is another one or when a ping arrived in
 * between.  Loop thread. */
#ifndef DAEMON_PINGER_H
#define DAEMON_PINGER_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/err.h"
#include "daemon/run_watcher.h"

struct pinger;

struct pinger_limits {
    size_t in_flight;
    size_t waiting;     /* beyond that the oldest are dropped, and their number is logged */
    int64_t timeout_ms; /* of one ping, and of pinger_close */
};
extern const struct pinger_limits pinger_limits_default;

/* Borrows the loop, copies limits (NULL: the default ones).  ca_file as in http_create.  ERR_CONFIG,
 * ERR_IO. */
MUST_CHECK int pinger_create(uv_loop_t *loop, const char *ca_file, const struct pinger_limits *limits,
                             struct pinger **ret_pinger, struct err *e);

/* Lives as long as p. */
const struct run_watcher *pinger_watcher(const struct pinger *p);

/* Since the start. */
struct pinger_counts {
    int64_t arrived;
    int64_t failed;
    int64_t dropped;
};
MUST_CHECK struct pinger_counts pinger_counts(const struct pinger *p);

/* What is under way and what waits still goes out, for timeout_ms at most; then closed(arg) from the loop,
 * and the memory is gone.  Nothing may be notified afterwards. */
void pinger_close(struct pinger *p, void (*closed)(void *arg), void *arg);

#endif
