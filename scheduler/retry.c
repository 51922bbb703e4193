#include "scheduler/retry.h"

#include "base/jitter.h"

/* Between half and all of 30 s · 2^(attempt-1), at most an hour. */
static int64_t backoff(int64_t job_id, int attempt)
{
    int64_t full = RETRY_FIRST_MS;
    for (int i = 1; i < attempt && full < RETRY_LONGEST_MS; i++) {
        full *= 2;
    }
    if (full > RETRY_LONGEST_MS) {
        full = RETRY_LONGEST_MS;
    }
    return full / 2 + jitter_of((uint64_t)job_id * 64 + (uint64_t)attempt, full / 2 + 1);
}

static int64_t asked_delay(const struct err *e, int64_t job_id, int attempt)
{
    int64_t own = backoff(job_id, attempt);
    int64_t asked = e->retry_after_ms < RETRY_WAIT_MAX_MS ? e->retry_after_ms : RETRY_WAIT_MAX_MS;
    return asked > own ? asked : own;
}

struct retry retry_decide(const struct err *e, int64_t job_id, int attempt)
{
    struct retry r = {0};
    switch (err_class(e->code)) {
    case ERR_CLASS_RETRY:
    case ERR_CLASS_WAIT:
        r.again = attempt < RETRY_ATTEMPTS;
        r.delay_ms = asked_delay(e, job_id, attempt);
        r.from_start = e->code == ERR_GONE;
        break;
    case ERR_CLASS_STOP: r.stop_process = true; break;
    case ERR_CLASS_OK:
    case ERR_CLASS_HUMAN:
    case ERR_CLASS_PERMANENT:
    case ERR_CLASS_BUG: break;
    }
    return r;
}
