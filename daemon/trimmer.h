/* trimmer - gives memory back when the service comes to rest: what the start or a night's work needed is of
 * no use for the hours in between.  Not more often than it pays; what is put off is done when the process is
 * awake anyway.  Loop thread. */
#ifndef DAEMON_TRIMMER_H
#define DAEMON_TRIMMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "storage/writer.h"

/* Zeroed but for the first two, which are borrowed. */
struct trimmer {
    struct writer *writer;
    const struct clock *clock;
    int64_t trimmed_mono_ms;
    bool is_put_off;
};

/* The service is at rest. */
void trimmer_rest(struct trimmer *t);

/* The process is awake for another reason, and at rest: what was put off is done. */
void trimmer_catch_up(struct trimmer *t);

#endif
