/* tz - IANA time zones, read from the machine's zone database (RFC 8536 files, with the POSIX footer for
 * times after the last transition).  A library would be welcome here, but none in Debian has zone objects on
 * the system's own database without global state: libc has one zone a process, ICU carries a database of its
 * own (megabytes, and another version than the system's), libical turns the files into rules and loses
 * footers.
 *
 * A tz_cache loads each zone once for each version of the database and owns it until it is destroyed; zones
 * are immutable.  Any thread. */
#ifndef BASE_TZ_H
#define BASE_TZ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define TZ_DATABASE "/usr/share/zoneinfo"

struct tz;
struct tz_cache;

/* directory is copied; NULL means TZ_DATABASE. */
MUST_CHECK struct tz_cache *tz_cache_create(const char *directory);
void tz_cache_destroy(struct tz_cache *cache);

/* The zone of that name, borrowed from the cache.  ERR_NOT_FOUND "no time zone "X" in …" for an unknown name,
 * one that leaves the directory, or one that is no zone file; ERR_INVALID for a damaged file. */
MUST_CHECK int tz_cache_get(struct tz_cache *cache, const char *name, const struct tz **ret_tz,
                            struct err *e);

/* The version of the zone database ("2025b") as of the last look, or "" where it did not say.  Borrowed until
 * the cache is destroyed. */
const char *tz_cache_version(struct tz_cache *cache);

/* Looks whether the database on disk has another version by now; if so zones are loaded anew from then on,
 * while those handed out before stay as they are and stay valid.  True if it has.  A database that does not
 * say its version has not changed. */
bool tz_cache_refresh(struct tz_cache *cache);

const char *tz_name(const struct tz *tz);

/* Offset from UTC in force at an instant, in milliseconds (east positive), and the abbreviation ("CEST"; may
 * be asked for with NULL). */
int64_t tz_offset_ms(const struct tz *tz, int64_t utc_ms, const char **ret_abbreviation);

/* The instant's wall-clock time. */
int64_t tz_to_wall(const struct tz *tz, int64_t utc_ms);

/* A wall-clock time can exist once, never (skipped in spring) or twice (repeated in autumn). */
enum tz_kind { TZ_ONCE, TZ_SKIPPED, TZ_TWICE };

struct tz_instants {
    enum tz_kind kind;
    int64_t first_ms; /* ONCE: the instant.  TWICE: the earlier.  SKIPPED: the first instant after the gap */
    int64_t
        last_ms; /* ONCE: the same.     TWICE: the later.    SKIPPED: read with the offset before the gap */
};

struct tz_instants tz_from_wall(const struct tz *tz, int64_t wall_ms);

/* The first instant of a local day: midnight, or the first valid instant after it. */
int64_t tz_day_start(const struct tz *tz, int32_t day);

/* Minutes on the wall since midnight of the day, for an instant that lies on it or is its end: that is always
 * 1440, also where the clock goes forward at midnight and the wall says 01:00 of the next day. */
int32_t tz_minute_of_day(const struct tz *tz, int32_t day, int64_t utc_ms);

#endif
