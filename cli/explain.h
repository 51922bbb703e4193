/* explain - what job why collects: sentences for people, and the slots they are about for scripts.
 *
 * explain_slot.c tells about a slot that has a row in job_runs, explain_none.c why there is none.  Nothing is
 * printed before explain_print. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/tz.h"
#include "storage/db.h"
#include "storage/job_config_store.h"

struct explain {
    struct db *db;                /* borrowed, like the next two */
    const struct job_config *job; /* whose slot it is */
    const struct tz *zone;
    int64_t now_ms;
    int64_t daemon_pid; /* 0 = none runs */
    char **sentences;
    size_t n_sentences;
    struct buf slots; /* a JSON array, opened by explain_init */
    struct json_out json;
};

void explain_init(struct explain *x, struct db *db, const struct job_config *job, const struct tz *zone);
void explain_finish(struct explain *x); /* accepts a zeroed struct */

void explain_say(struct explain *x, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "2026-11-24 22:30 CET (2026-11-24 21:30 UTC)" */
#define EXPLAIN_TIME_LEN 96
const char *explain_time(const struct explain *x, int64_t utc_ms, char ret_text[EXPLAIN_TIME_LEN]);

/* What keeps every run of the job from beginning: it is inactive, paused, or its user must sign in.  Returns
 * whether anything does. */
bool explain_obstacles(struct explain *x);

/* Everything about one run or slot.  ERR_NOT_FOUND. */
MUST_CHECK int explain_slot(struct explain *x, int64_t run_id, struct err *e);

/* Why the job has no slot in [from_ms, to_ms), which is the local day or, with is_minute, one minute of it.
 */
MUST_CHECK int explain_none(struct explain *x, int32_t day, int64_t from_ms, int64_t to_ms, bool is_minute,
                            struct err *e);

/* Everything that was said: a sentence a line, or one JSON object. */
MUST_CHECK int explain_print(struct explain *x, bool as_json, struct err *e);

#endif
