#include "graph/event_time.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "graph/json_value.h"
#include "model/zone_name.h"

static const struct tz *look_up(struct zone_reader *z, const char *name)
{
    const struct tz *tz;
    const char *iana = zone_name_to_iana(name);
    return iana && tz_cache_get(z->cache, iana, &tz, NULL) == 0 ? tz : NULL;
}

const struct tz *zone_reader_find(struct zone_reader *z, const char *name)
{
    if (strlen(name) >= ZONE_NAME_MAX || !*name) {
        return NULL;
    }
    for (unsigned i = 0; i < z->n_kept && i < ZONES_KEPT; i++) {
        if (strcmp(z->kept[i].name, name) == 0) {
            return z->kept[i].tz;
        }
    }
    unsigned at = z->n_kept++ % ZONES_KEPT;
    snprintf(z->kept[at].name, ZONE_NAME_MAX, "%s", name);
    z->kept[at].tz = look_up(z, name);
    return z->kept[at].tz;
}

bool event_time_is_sentinel(int64_t wall_ms)
{
    return civil_day_of(wall_ms) == civil_to_day((struct civil_date){1, 1, 1});
}

static bool read_stamp(struct json_slice string, struct civil_stamp *ret_stamp)
{
    char text[64];
    return json_copy(string, text, sizeof text) && civil_parse_iso(text, ret_stamp) == 0;
}

bool event_time_read_instant(struct json_slice string, int64_t *ret_ms)
{
    struct civil_stamp stamp;
    if (!read_stamp(string, &stamp)) {
        return false;
    }
    *ret_ms = stamp.wall_ms - stamp.offset_ms;
    return true;
}

/* The zone that the time is to be read in. */
static void read_zone(struct zone_reader *z, struct json_slice value, struct event_time *time)
{
    char name[ZONE_NAME_MAX];
    time->zone = NULL;
    time->is_assumed = false;
    if (json_is_unset(value) || (value.len == 5 && memcmp(value.text, "\"UTC\"", 5) == 0)) {
        return;
    }
    time->zone = json_copy(value, name, sizeof name) ? zone_reader_find(z, name) : NULL;
    if (!time->zone) {
        time->zone = z->assumed;
        time->is_assumed = true;
    }
}

const char *event_time_read(struct zone_reader *z, struct json_slice object, struct event_time *ret_time)
{
    enum { DATE_TIME, TIME_ZONE, N };
    static const struct json_name names[N] = {JSON_NAME("dateTime"), JSON_NAME("timeZone")};
    struct json_slice values[N];
    struct civil_stamp stamp;
    if (json_is_unset(object)) {
        return "is missing";
    }
    json_pick(object, names, N, values);
    if (json_is_unset(values[DATE_TIME])) {
        return "has no dateTime";
    }
    if (!read_stamp(values[DATE_TIME], &stamp)) {
        return "has a dateTime that can not be read";
    }
    if (event_time_is_sentinel(stamp.wall_ms)) {
        return "is not set (0001-01-01)";
    }
    ret_time->wall_ms = stamp.wall_ms;
    read_zone(z, values[TIME_ZONE], ret_time);
    if (stamp.has_offset) {
        ret_time->utc_ms = stamp.wall_ms - stamp.offset_ms;
        ret_time->is_assumed = false;
    } else {
        ret_time->utc_ms =
            ret_time->zone ? tz_from_wall(ret_time->zone, stamp.wall_ms).last_ms : stamp.wall_ms;
    }
    return NULL;
}
