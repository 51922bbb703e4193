/* tz_footer - the last line of a time zone file: a POSIX TZ string with the extensions of RFC 8536 §3.3.1,
 * which rules all times after the file's last transition.  Inside base/ only, behind tz.h.  Pure; any thread.
 */
#ifndef BASE_TZ_FOOTER_H
#define BASE_TZ_FOOTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define TZ_ABBREVIATION_MAX 15

/* An offset from UTC and what it is called. */
struct tz_type {
    int32_t offset_s;
    char abbreviation[TZ_ABBREVIATION_MAX + 1];
};

/* When in a year the footer's rule changes: Jn, n or Mm.w.d (POSIX), at a wall-clock time of that day that
 * the extension of RFC 8536 §3.3.1 lets run a week to either side. */
enum tz_rule_kind { TZ_RULE_JULIAN, TZ_RULE_DAY_OF_YEAR, TZ_RULE_WEEKDAY };

struct tz_rule {
    enum tz_rule_kind kind;
    int month;    /* WEEKDAY: 1 … 12 */
    int week;     /* WEEKDAY: 1 … 5, 5 is the last */
    int day;      /* WEEKDAY: 0 = Sunday; JULIAN: 1 … 365; DAY_OF_YEAR: 0 … 365 */
    int32_t at_s; /* after the day's midnight */
};

struct tz_footer {
    bool is_present;
    bool has_dst;
    struct tz_type standard;
    struct tz_type dst;
    struct tz_rule dst_start; /* on the standard clock */
    struct tz_rule dst_end;   /* on the clock of dst */
};

/* Reads a footer's text: "CET-1CEST,M3.5.0,M10.5.0/3".  "" is a footer that is not present. */
MUST_CHECK bool tz_footer_parse(const char *text, struct tz_footer *ret_footer);

/* A stretch of time with one offset, half open, in UTC seconds.  Borrows the type. */
struct tz_segment {
    int64_t from_s;  /* TZ_BEGINNING_S: since ever */
    int64_t until_s; /* TZ_FOREVER_S: without end */
    const struct tz_type *type;
};
#define TZ_BEGINNING_S INT64_MIN
#define TZ_FOREVER_S   INT64_MAX

/* The stretch around an instant, were the footer's rule always in force. */
struct tz_segment tz_footer_segment(const struct tz_footer *footer, int64_t utc_s);

#endif
