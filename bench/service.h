/* service - the daemon as the service manager sees it: started with a notify socket, ready when it says so,
 * and looked at from outside through /proc.  For bench programs: what goes wrong is printed and ends the
 * program, and the daemon ends with it, however it ends.  One thread. */
#ifndef BENCH_SERVICE_H
#define BENCH_SERVICE_H

#include <stdint.h>
#include <sys/types.h>

struct service {
    pid_t pid;
    int notify_fd;
    double ready_ms; /* from fork to READY=1 */
};

/* Milliseconds, monotonic, with a fraction: what is measured here is often less than one. */
double service_clock_ms(void);
void service_sleep_ms(int64_t ms);

/* Returns when it is ready.  Its messages are appended to the file `log`. */
void service_start(struct service *s, const char *program, const char *config, const char *log);

/* SIGTERM, and its exit status must be 0. */
void service_stop(struct service *s);

/* Times that any of its threads was put on a processor after a wait. */
int64_t service_switches(const struct service *s);

/* Waits until no thread of it has woken for half a second. */
void service_wait_idle(const struct service *s);

/* Resident and proportional memory; Pss is only shown to root: negative where it is not. */
struct service_memory {
    double rss_mb;
    double pss_mb;
};
struct service_memory service_memory(const struct service *s);

#endif
