/* event_time - Graph's {"dateTime", "timeZone"} as a wall-clock time and an instant.
 *
 * The wall-clock time is read in the zone that stands beside it (none: UTC): a repeated hour is the later
 * one, a skipped one is read with the offset before the change.  A time with an offset of its own needs no
 * zone.  In a zone that nobody knows it is read in the assumed one, which is said.  Business rules §1.
 *
 * A reader remembers the zones it has looked up; one serves a page.  One thread at a time. */
#ifndef GRAPH_EVENT_TIME_H
#define GRAPH_EVENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tz.h"
#include "graph/json_slice.h"

#define ZONE_NAME_MAX 96 /* with the NUL; a longer one is no zone */
#define ZONES_KEPT    8

struct zone_reader {
    struct tz_cache *cache;   /* borrowed */
    const struct tz *assumed; /* borrowed; NULL is UTC */
    struct {
        char name[ZONE_NAME_MAX];
        const struct tz *tz;
    } kept[ZONES_KEPT];
    unsigned n_kept; /* ever; the oldest goes */
};

/* The zone of a Windows, IANA or tzone:// name; NULL for one that is unknown. */
const struct tz *zone_reader_find(struct zone_reader *z, const char *name);

struct event_time {
    int64_t wall_ms;
    int64_t utc_ms;
    const struct tz *zone; /* NULL is UTC */
    bool is_assumed;       /* the zone was not known */
};

/* NULL, or what is wrong, in words that follow the member's name ("has no dateTime"). */
const char *event_time_read(struct zone_reader *z, struct json_slice object, struct event_time *ret_time);

/* A text instant of Graph's (DateTimeOffset; without an offset it is UTC).  False where it can not be read.
 */
bool event_time_read_instant(struct json_slice string, int64_t *ret_ms);

/* 0001-01-01, whatever the time of day: Graph's way to say that there is none. */
bool event_time_is_sentinel(int64_t wall_ms);

#endif
