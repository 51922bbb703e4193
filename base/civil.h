/* civil - calendar dates and wall-clock times without a zone (proleptic Gregorian, as ISO 8601), and their
 * text forms.  Pure; any thread.
 *
 * Conventions of the whole project: an instant is int64_t milliseconds since 1970 UTC, named …_ms; a date is
 * int32_t days since 1970-01-01, named …_day; a wall-clock time is int64_t milliseconds since 1970 as if the
 * wall clock were UTC, named …_wall_ms. */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define MS_PER_SECOND ((int64_t)1000)
#define MS_PER_MINUTE ((int64_t)60000)
#define MS_PER_HOUR   ((int64_t)3600000)
#define MS_PER_DAY    ((int64_t)86400000)

struct civil_date {
    int year;
    int month; /* 1…12 */
    int day;   /* 1…31 */
};

int32_t civil_to_day(struct civil_date date);
struct civil_date civil_from_day(int32_t day);

/* 0 = Monday … 6 = Sunday, as schedule_day_of_week counts. */
int civil_weekday(int32_t day);
int civil_days_in_month(int year, int month);

/* Floor division: the day a wall-clock (or UTC) time falls on. */
int32_t civil_day_of(int64_t wall_ms);

#define CIVIL_DATE_LEN 10 /* YYYY-MM-DD */
#define CIVIL_TIME_LEN 26 /* YYYY-MM-DD HH:MM:SS.ffffff, the database's text for an instant */

void civil_format_date(int32_t day, char ret_text[CIVIL_DATE_LEN + 1]);
void civil_format_time(int64_t utc_ms, char ret_text[CIVIL_TIME_LEN + 1]);

/* Strict: exactly YYYY-MM-DD, a date that exists, years 0001…9999.  ERR_INVALID. */
MUST_CHECK int civil_parse_date(const char *text, int32_t *ret_day);

/* The database's form; also without the fraction.  ERR_INVALID. */
MUST_CHECK int civil_parse_time(const char *text, int64_t *ret_utc_ms);

/* What Graph sends: YYYY-MM-DDTHH:MM[:SS[.f{1,9}]] and then nothing, Z, or ±HH:MM.  Fractions below a
 * millisecond are cut.  has_offset says whether Z or an offset stood there (offset_ms is 0 for Z).
 * ERR_INVALID (also for a leap second and for a time that does not exist, 24:00). */
struct civil_stamp {
    int64_t wall_ms;
    bool has_offset;
    int64_t offset_ms;
};
MUST_CHECK int civil_parse_iso(const char *text, struct civil_stamp *ret_stamp);

#endif
