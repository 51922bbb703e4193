/* Time zones against a table of transitions that people remember, and against libc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <pthread.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/tz.h"
#include "tests/lib/rng.h"
#include "tests/lib/tz_fixture.h"

/* ---- the table ---- */

static const struct wall_row {
    const char *name;
    const char *zone;
    const char *wall;
    enum tz_kind kind;
    const char *first;
    const char *last;
} wall_rows[] = {
    {"spring", "Europe/Berlin", "2024-03-31T02:30", TZ_SKIPPED, "2024-03-31T01:00", "2024-03-31T01:30"},
    {"gap's first", "Europe/Berlin", "2024-03-31T02:00", TZ_SKIPPED, "2024-03-31T01:00", "2024-03-31T01:00"},
    {"gap's last", "Europe/Berlin", "2024-03-31T02:59:59.999", TZ_SKIPPED, "2024-03-31T01:00",
     "2024-03-31T01:59:59.999"},
    {"before gap", "Europe/Berlin", "2024-03-31T01:59:59.999", TZ_ONCE, "2024-03-31T00:59:59.999",
     "2024-03-31T00:59:59.999"},
    {"behind gap", "Europe/Berlin", "2024-03-31T03:00", TZ_ONCE, "2024-03-31T01:00", "2024-03-31T01:00"},
    {"autumn", "Europe/Berlin", "2024-10-27T02:30", TZ_TWICE, "2024-10-27T00:30", "2024-10-27T01:30"},
    {"fold's first", "Europe/Berlin", "2024-10-27T02:00", TZ_TWICE, "2024-10-27T00:00", "2024-10-27T01:00"},
    {"fold's last", "Europe/Berlin", "2024-10-27T02:59:59.999", TZ_TWICE, "2024-10-27T00:59:59.999",
     "2024-10-27T01:59:59.999"},
    {"before fold", "Europe/Berlin", "2024-10-27T01:59", TZ_ONCE, "2024-10-26T23:59", "2024-10-26T23:59"},
    {"behind fold", "Europe/Berlin", "2024-10-27T03:00", TZ_ONCE, "2024-10-27T02:00", "2024-10-27T02:00"},
    {"double summer time", "Europe/Berlin", "1945-05-24T02:30", TZ_SKIPPED, "1945-05-24T00:00",
     "1945-05-24T00:30"},
    {"local mean time", "Europe/Berlin", "1800-01-01T00:53:28", TZ_ONCE, "1800-01-01T00:00",
     "1800-01-01T00:00"},
    {"far future", "Europe/Berlin", "2100-03-28T02:30", TZ_SKIPPED, "2100-03-28T01:00", "2100-03-28T01:30"},
    {"far future", "Europe/Berlin", "2100-10-31T02:30", TZ_TWICE, "2100-10-31T00:30", "2100-10-31T01:30"},
    {"far future", "Europe/Berlin", "9999-07-01T12:00", TZ_ONCE, "9999-07-01T10:00", "9999-07-01T10:00"},
    {"spring", "America/New_York", "2024-03-10T02:30", TZ_SKIPPED, "2024-03-10T07:00", "2024-03-10T07:30"},
    {"autumn", "America/New_York", "2024-11-03T01:30", TZ_TWICE, "2024-11-03T05:30", "2024-11-03T06:30"},
    {"spring", "Australia/Sydney", "2024-10-06T02:30", TZ_SKIPPED, "2024-10-05T16:00", "2024-10-05T16:30"},
    {"autumn", "Australia/Sydney", "2024-04-07T02:30", TZ_TWICE, "2024-04-06T15:30", "2024-04-06T16:30"},
    {"far future", "Australia/Sydney", "2099-01-01T00:00", TZ_ONCE, "2098-12-31T13:00", "2098-12-31T13:00"},
    {"half an hour, spring", "Australia/Lord_Howe", "2024-10-06T02:15", TZ_SKIPPED, "2024-10-05T15:30",
     "2024-10-05T15:45"},
    {"half an hour, behind", "Australia/Lord_Howe", "2024-10-06T02:30", TZ_ONCE, "2024-10-05T15:30",
     "2024-10-05T15:30"},
    {"half an hour, autumn", "Australia/Lord_Howe", "2024-04-07T01:45", TZ_TWICE, "2024-04-06T14:45",
     "2024-04-06T15:15"},
    {"on the eve", "America/Nuuk", "2024-03-30T23:30", TZ_SKIPPED, "2024-03-31T01:00", "2024-03-31T01:30"},
    {"on the eve", "America/Nuuk", "2024-10-26T23:30", TZ_TWICE, "2024-10-27T00:30", "2024-10-27T01:30"},
    {"far future, rule at -1 h", "America/Nuuk", "2090-03-25T23:30", TZ_SKIPPED, "2090-03-26T01:00",
     "2090-03-26T01:30"},
    {"quarter of an hour", "Asia/Kathmandu", "1986-01-01T00:10", TZ_SKIPPED, "1985-12-31T18:30",
     "1985-12-31T18:40"},
    {"5:45", "Asia/Kathmandu", "2024-01-01T00:00", TZ_ONCE, "2023-12-31T18:15", "2023-12-31T18:15"},
    {"no midnight", "America/Santiago", "2024-09-08T00:00", TZ_SKIPPED, "2024-09-08T04:00",
     "2024-09-08T04:00"},
    {"late evening twice", "America/Santiago", "2024-04-06T23:30", TZ_TWICE, "2024-04-07T02:30",
     "2024-04-07T03:30"},
    {"midnight after it once", "America/Santiago", "2024-04-07T00:00", TZ_ONCE, "2024-04-07T04:00",
     "2024-04-07T04:00"},
    {"no midnight", "Africa/Cairo", "2024-04-26T00:30", TZ_SKIPPED, "2024-04-25T22:00", "2024-04-25T22:30"},
    {"late evening twice", "Africa/Cairo", "2024-10-31T23:30", TZ_TWICE, "2024-10-31T20:30",
     "2024-10-31T21:30"},
    {"no midnight", "Asia/Beirut", "2024-03-31T00:00", TZ_SKIPPED, "2024-03-30T22:00", "2024-03-30T22:00"},
    {"late evening twice", "Asia/Beirut", "2024-10-26T23:30", TZ_TWICE, "2024-10-26T20:30",
     "2024-10-26T21:30"},
    {"a day that was not", "Pacific/Apia", "2011-12-30T12:00", TZ_SKIPPED, "2011-12-30T10:00",
     "2011-12-30T22:00"},
    {"its midnight", "Pacific/Apia", "2011-12-30T00:00", TZ_SKIPPED, "2011-12-30T10:00", "2011-12-30T10:00"},
    {"the day before", "Pacific/Apia", "2011-12-29T23:59", TZ_ONCE, "2011-12-30T09:59", "2011-12-30T09:59"},
    {"the day after", "Pacific/Apia", "2011-12-31T00:00", TZ_ONCE, "2011-12-30T10:00", "2011-12-30T10:00"},
    {"a day that was not", "Pacific/Kiritimati", "1994-12-31T12:00", TZ_SKIPPED, "1994-12-31T10:00",
     "1994-12-31T22:00"},
    {"a day that was not", "Pacific/Kwajalein", "1993-08-21T12:00", TZ_SKIPPED, "1993-08-21T12:00",
     "1993-08-22T00:00"},
    {"a day that came twice", "America/Juneau", "1867-10-18T17:00", TZ_TWICE, "1867-10-18T01:57:41",
     "1867-10-19T01:57:41"},
    {"Ramadan", "Africa/Casablanca", "2024-03-10T02:30", TZ_TWICE, "2024-03-10T01:30", "2024-03-10T02:30"},
    {"after Ramadan", "Africa/Casablanca", "2024-04-14T02:30", TZ_SKIPPED, "2024-04-14T02:00",
     "2024-04-14T02:30"},
    {"half hours", "America/St_Johns", "2024-03-10T02:30", TZ_SKIPPED, "2024-03-10T05:30",
     "2024-03-10T06:00"},
    {"a minute past midnight", "America/St_Johns", "2006-04-02T00:30", TZ_SKIPPED, "2006-04-02T03:31",
     "2006-04-02T04:00"},
    {"midnight twice", "America/St_Johns", "2006-10-29T00:00", TZ_TWICE, "2006-10-29T02:30",
     "2006-10-29T03:30"},
    {"new standard time", "America/Caracas", "2016-05-01T02:45", TZ_SKIPPED, "2016-05-01T07:00",
     "2016-05-01T07:15"},
    {"back by half an hour", "Asia/Pyongyang", "2015-08-14T23:45", TZ_TWICE, "2015-08-14T14:45",
     "2015-08-14T15:15"},
    {"winter is the exception", "Europe/Dublin", "2024-10-27T01:30", TZ_TWICE, "2024-10-27T00:30",
     "2024-10-27T01:30"},
    {"never changes", "Asia/Kolkata", "2024-06-01T12:00", TZ_ONCE, "2024-06-01T06:30", "2024-06-01T06:30"},
    {"UTC", "Etc/UTC", "2024-06-01T12:00", TZ_ONCE, "2024-06-01T12:00", "2024-06-01T12:00"},
    {"signs turned round", "Etc/GMT+5", "2024-06-01T12:00", TZ_ONCE, "2024-06-01T17:00", "2024-06-01T17:00"},
};

static void wall_times(void **state)
{
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(wall_rows); i++) {
        const struct wall_row *row = &wall_rows[i];
        struct tz_instants got = tz_from_wall(zone(*state, row->zone), at(row->wall));
        if (got.kind != row->kind || got.first_ms != at(row->first) || got.last_ms != at(row->last)) {
            char first[CIVIL_TIME_LEN + 1], last[CIVIL_TIME_LEN + 1];
            civil_format_time(got.first_ms, first);
            civil_format_time(got.last_ms, last);
            print_error("%s, %s %s: kind %d, first %s, last %s\n", row->zone, row->name, row->wall, got.kind,
                        first, last);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

static const struct offset_row {
    const char *zone;
    const char *utc;
    int minutes;
    const char *abbreviation;
} offset_rows[] = {
    {"Europe/Berlin", "2024-03-31T00:59:59.999", 60, "CET"},
    {"Europe/Berlin", "2024-03-31T01:00", 120, "CEST"}, /* the instant itself belongs to the new offset */
    {"Europe/Berlin", "2024-10-27T00:59:59.999", 120, "CEST"},
    {"Europe/Berlin", "2024-10-27T01:00", 60, "CET"},
    {"Europe/Berlin", "2037-10-25T01:00", 60, "CET"},
    {"Europe/Berlin", "2038-07-01T00:00", 120, "CEST"},
    {"Europe/Berlin", "2500-03-28T01:00", 120, "CEST"},
    {"America/Nuuk", "2024-03-31T00:59:59.999", -120, "-02"},
    {"America/Nuuk", "2024-03-31T01:00", -60, "-01"},
    {"Europe/Dublin", "2024-07-01T00:00", 60, "IST"},
    {"Europe/Dublin", "2060-07-01T00:00", 60, "IST"},
    {"Europe/Dublin", "2060-12-01T00:00", 0, "GMT"},
    {"Pacific/Kiritimati", "2060-12-01T00:00", 840, "+14"},
    {"Pacific/Apia", "2011-12-30T09:59:59.999", -600, "-10"},
    {"Pacific/Apia", "2011-12-30T10:00", 840, "+14"},
    {"Etc/UTC", "2024-01-01T00:00", 0, "UTC"},
};

static void offsets(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(offset_rows); i++) {
        const struct offset_row *row = &offset_rows[i];
        const struct tz *tz = zone(*state, row->zone);
        const char *abbreviation = NULL;
        int64_t offset_ms = tz_offset_ms(tz, at(row->utc), &abbreviation);
        if (offset_ms != row->minutes * MS_PER_MINUTE || strcmp(abbreviation, row->abbreviation) != 0) {
            fail_msg("%s %s: %lld min %s", row->zone, row->utc, (long long)(offset_ms / MS_PER_MINUTE),
                     abbreviation);
        }
        assert_int_equal(tz_to_wall(tz, at(row->utc)), at(row->utc) + row->minutes * MS_PER_MINUTE);
    }
}

static const struct day_row {
    const char *name;
    const char *zone;
    const char *day;
    const char *start;
} day_rows[] = {
    {"plain", "Europe/Berlin", "2024-06-01", "2024-05-31T22:00"},
    {"no midnight", "America/Santiago", "2024-09-08", "2024-09-08T04:00"},
    {"no midnight", "Asia/Beirut", "2024-03-31", "2024-03-30T22:00"},
    {"midnight twice: the first", "America/Havana", "2024-11-03", "2024-11-03T04:00"},
    {"a day that was not: where the next begins", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00"},
    {"the next", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00"},
    {"quarter of an hour lost", "Asia/Kathmandu", "1986-01-01", "1985-12-31T18:30"},
};

static void day_starts(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(day_rows); i++) {
        int32_t day;
        assert_int_equal(civil_parse_date(day_rows[i].day, &day), 0);
        int64_t got = tz_day_start(zone(*state, day_rows[i].zone), day);
        if (got != at(day_rows[i].start)) {
            char text[CIVIL_TIME_LEN + 1];
            civil_format_time(got, text);
            fail_msg("%s, %s %s: %s", day_rows[i].name, day_rows[i].zone, day_rows[i].day, text);
        }
    }
}

static const struct minute_row {
    const char *name;
    const char *zone;
    const char *day;
    const char *utc;
    int32_t minute;
} minute_rows[] = {
    {"morning", "Europe/Berlin", "2024-06-01", "2024-06-01T07:30", 570},
    {"its end", "Europe/Berlin", "2024-06-01", "2024-06-01T22:00", 1440},
    {"its end, where the clock goes forward then", "America/Santiago", "2024-09-07", "2024-09-08T04:00",
     1440},
    {"the beginning of the next", "America/Santiago", "2024-09-08", "2024-09-08T04:00", 60},
    {"its end, where the clock goes forward then", "Asia/Beirut", "2024-03-30", "2024-03-30T22:00", 1440},
    {"its end, where the clock goes forward then", "Africa/Cairo", "2024-04-25", "2024-04-25T22:00", 1440},
    {"before the end the clock goes back", "Asia/Beirut", "2024-10-26", "2024-10-26T21:30", 1410},
    {"its end, where the next was not", "Pacific/Apia", "2011-12-29", "2011-12-30T10:00", 1440},
    {"the clock goes back over midnight", "America/St_Johns", "2010-11-07", "2010-11-07T02:45", 1395},
};

static void minutes_of_day(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(minute_rows); i++) {
        const struct minute_row *row = &minute_rows[i];
        int32_t day;
        assert_int_equal(civil_parse_date(row->day, &day), 0);
        int32_t got = tz_minute_of_day(zone(*state, row->zone), day, at(row->utc));
        if (got != row->minute) {
            fail_msg("%s, %s %s: %d", row->name, row->zone, row->utc, (int)got);
        }
    }
}

/* ---- libc ---- */

static const char *const oracle_zones[] = {
    "Europe/Berlin",      "America/New_York",     "Australia/Sydney",  "Australia/Lord_Howe",
    "America/Nuuk",       "Asia/Kathmandu",       "America/Santiago",  "Africa/Cairo",
    "Asia/Beirut",        "Pacific/Apia",         "Africa/Casablanca", "America/St_Johns",
    "Pacific/Kiritimati", "Europe/Dublin",        "Asia/Tehran",       "America/Sao_Paulo",
    "Asia/Gaza",          "Antarctica/Troll",     "Pacific/Norfolk",   "America/Caracas",
    "Europe/Istanbul",    "Asia/Pyongyang",       "Pacific/Chatham",   "America/Asuncion",
    "Europe/Lisbon",      "Asia/Kolkata",         "America/Havana",    "Africa/Monrovia",
    "Antarctica/Casey",   "America/Scoresbysund", "Pacific/Easter",    "Europe/London",
    "Pacific/Kwajalein",  "Asia/Jerusalem",       "Etc/GMT-14",
};

static void libc_zone(const char *name)
{
    setenv("TZ", name, 1);
    tzset();
}

static int64_t libc_offset_s(int64_t utc_s, char *ret_abbreviation, size_t size)
{
    struct tm tm;
    time_t t = (time_t)utc_s;
    assert_non_null(localtime_r(&t, &tm));
    if (ret_abbreviation) {
        snprintf(ret_abbreviation, size, "%s", tm.tm_zone);
    }
    return tm.tm_gmtoff;
}

static void compare_offset(const struct tz *tz, int64_t utc_s)
{
    char expected[32];
    const char *abbreviation;
    int64_t offset_s = libc_offset_s(utc_s, expected, sizeof expected);
    int64_t got_ms = tz_offset_ms(tz, utc_s * 1000, &abbreviation);
    if (got_ms != offset_s * 1000 || strcmp(abbreviation, expected) != 0) {
        fail_msg("%s at %lld: %lld s %s, libc says %lld s %s", tz_name(tz), (long long)utc_s,
                 (long long)(got_ms / 1000), abbreviation, (long long)offset_s, expected);
    }
}

/* Asks libc which instants around show this wall-clock time, by all offsets in force within a day and a half.
 */
static void compare_wall(const struct tz *tz, int64_t wall_s)
{
    int64_t first = 0, last = 0, before = INT64_MIN;
    int found = 0;
    for (int64_t t = wall_s - 36 * 3600; t <= wall_s + 36 * 3600; t += 900) {
        int64_t offset = libc_offset_s(t, NULL, 0);
        if (offset == before) {
            continue;
        }
        before = offset;
        int64_t utc_s = wall_s - offset;
        bool is_new = found == 0 || (utc_s != first && utc_s != last);
        if (is_new && libc_offset_s(utc_s, NULL, 0) == offset) {
            first = found == 0 || utc_s < first ? utc_s : first;
            last = found == 0 || utc_s > last ? utc_s : last;
            found++;
        }
    }
    struct tz_instants got = tz_from_wall(tz, wall_s * 1000);
    enum tz_kind kind = found == 0 ? TZ_SKIPPED : found == 1 ? TZ_ONCE : TZ_TWICE;
    bool same = got.kind == kind &&
                (kind == TZ_SKIPPED || (got.first_ms == first * 1000 && got.last_ms == last * 1000));
    if (kind == TZ_SKIPPED && same) {
        /* the instant after the gap: the clock there has passed the time, a millisecond earlier it had not */
        same = tz_to_wall(tz, got.first_ms) > wall_s * 1000 &&
               tz_to_wall(tz, got.first_ms - 1) < wall_s * 1000 &&
               got.last_ms == wall_s * 1000 - tz_offset_ms(tz, got.first_ms - 1, NULL);
    }
    if (!same) {
        fail_msg("%s wall %lld: kind %d %lld %lld, libc says kind %d %lld %lld", tz_name(tz),
                 (long long)wall_s, got.kind, (long long)got.first_ms, (long long)got.last_ms, kind,
                 (long long)first * 1000, (long long)last * 1000);
    }
}

/* The first instant in (from, to] that has another offset than `from`, which libc finds by halving. */
static int64_t find_change(int64_t from_s, int64_t to_s)
{
    int64_t old = libc_offset_s(from_s, NULL, 0);
    while (to_s - from_s > 1) {
        int64_t middle = from_s + (to_s - from_s) / 2;
        if (libc_offset_s(middle, NULL, 0) == old) {
            from_s = middle;
        } else {
            to_s = middle;
        }
    }
    return to_s;
}

static void compare_zone(const struct tz *tz, struct rng *rng)
{
    const int64_t step = 20 * 86400;
    for (int i = 0; i < 2000; i++) {
        compare_offset(tz, rng_between(rng, FROM_S, TO_S));
    }
    for (int i = 0; i < 40; i++) {
        compare_wall(tz, rng_between(rng, FROM_S, TO_S));
    }
    for (int64_t t = FROM_S; t < TO_S; t += step) {
        if (libc_offset_s(t, NULL, 0) != libc_offset_s(t + step, NULL, 0)) {
            int64_t change = find_change(t, t + step);
            compare_offset(tz, change - 1);
            compare_offset(tz, change);
            int64_t wall = change + libc_offset_s(change, NULL, 0);
            compare_wall(tz, wall + rng_between(rng, -9000, 9000));
            compare_wall(tz, wall);
            compare_wall(tz, wall - 1);
        }
    }
}

static void same_as_libc(void **state)
{
    struct rng rng = rng_start();
    for (size_t i = 0; i < ARRAY_LEN(oracle_zones); i++) {
        libc_zone(oracle_zones[i]);
        compare_zone(zone(*state, oracle_zones[i]), &rng);
    }
}

static const char *const footers[] = {
    "UTC0",
    "<+0545>-5:45",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "EST5EDT,M3.2.0,M11.1.0",
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
    "IST-1GMT0,M10.5.0,M3.5.0/1",
    "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "EET-2EEST,M3.4.4/50,M10.4.4/50",
    "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3",
    "AAA3BBB,J60/2,J300/2",
    "AAA3BBB,59/2,300/2",
    "AAA-11:30BBB-12:45,M1.2.0/-24,M12.2.6/30",
    "AAA0BBB,J1/0,J365/12",
};

/* libc reads the same strings from TZ. */
static void footers_same_as_libc(void **state UNUSED)
{
    struct rng rng = rng_start();
    CLEANUP(buf_finish) struct buf file = {.max = 4096};
    for (size_t i = 0; i < ARRAY_LEN(footers); i++) {
        char *dir = scratch_dir();
        struct tz_cache *cache = tz_cache_create(dir);
        make_slim(&file, footers[i]);
        write_file(dir, "Slim", file.data, file.len);
        libc_zone(footers[i]);
        print_message("%s\n", footers[i]);
        compare_zone(zone(cache, "Slim"), &rng);
        tz_cache_destroy(cache);
        remove_dir(dir, (const char *const[]){"Slim"}, 1);
    }
}

/* ---- the cache ---- */

static const char *const bad_names[] = {
    "Europe/Atlantis",
    "",
    "/Europe/Berlin",
    "../zoneinfo/UTC",
    "Europe/../UTC",
    "./UTC",
    "Europe//Berlin",
    "Europe/",
    "Europe",
    "tzdata.zi",
    "zone.tab",
    "W. Europe Standard Time",
    "Europe/Berlin\n",
    "Europe/Berlin ",
    "\xc3\xa9",
    "Europe/./Berlin",
    ".",
    "..",
    "Europe/Berlin/x",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
};

static void unknown_names(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_names); i++) {
        struct err e = {0};
        const struct tz *tz = NULL;
        int r = tz_cache_get(*state, bad_names[i], &tz, &e);
        if (r != ERR_NOT_FOUND || tz || strncmp(e.msg, "no time zone \"", 14) != 0 || strchr(e.msg, '\n')) {
            fail_msg("%s: %d %s", bad_names[i], r, e.msg);
        }
        assert_int_equal(tz_cache_get(*state, bad_names[i], &tz, NULL), ERR_NOT_FOUND);
    }
}

static void a_zone_is_loaded_once(void **state)
{
    const struct tz *a = zone(*state, "Europe/Vienna");
    assert_ptr_equal(a, zone(*state, "Europe/Vienna"));
    assert_string_equal(tz_name(a), "Europe/Vienna");
}

struct asker {
    struct tz_cache *cache;
    const struct tz *got[ARRAY_LEN(oracle_zones)];
    int faults;
};

static void *ask_for_all(void *arg)
{
    struct asker *asker = arg;
    for (size_t i = 0; i < ARRAY_LEN(oracle_zones); i++) {
        asker->faults += tz_cache_get(asker->cache, oracle_zones[i], &asker->got[i], NULL) != 0;
        asker->faults += asker->got[i] && tz_offset_ms(asker->got[i], 0, NULL) % 1000 != 0;
    }
    return NULL;
}

static void threads_get_the_same_zones(void **state UNUSED)
{
    struct asker askers[8] = {0};
    pthread_t threads[8];
    struct tz_cache *cache = tz_cache_create(NULL);
    for (size_t i = 0; i < 8; i++) {
        askers[i].cache = cache;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_all, &askers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(askers[i].faults, 0);
        assert_memory_equal(askers[i].got, askers[0].got, sizeof askers[0].got);
    }
    tz_cache_destroy(cache);
}

static int setup(void **state)
{
    *state = tz_cache_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    tz_cache_destroy(*state);
    return 0;
}

int main(void)
{
    if (access(TZ_DATABASE "/Europe/Berlin", R_OK) != 0) {
        printf("skipped: no zone database in " TZ_DATABASE " (package tzdata)\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_times),
        cmocka_unit_test(offsets),
        cmocka_unit_test(day_starts),
        cmocka_unit_test(minutes_of_day),
        cmocka_unit_test(same_as_libc),
        cmocka_unit_test(footers_same_as_libc),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(a_zone_is_loaded_once),
        cmocka_unit_test(threads_get_the_same_zones),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
