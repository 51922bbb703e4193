#include "model/rrule.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"

/* Exchange's own grammar has three digits for INTERVAL and COUNT. */
#define NUMBER_MAX     999

#define ALL_DAYS       0x7fu
#define SHORTEST_MONTH 28
#define LONGEST_MONTH  31

/* The rule as it grows.  RRULE_MAX holds the longest one the grammar below can make; a longer one is a bug
 * that rrule_format reports. */
struct rule_text {
    char text[RRULE_MAX];
    size_t len;
};

static void add(struct rule_text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void add(struct rule_text *t, const char *fmt, ...)
{
    va_list args;
    if (t->len >= sizeof t->text) {
        return;
    }
    va_start(args, fmt);
    int n = vsnprintf(t->text + t->len, sizeof t->text - t->len, fmt, args);
    va_end(args);
    t->len += n < 0 ? sizeof t->text : (size_t)n;
}

static const char *weekday(int day)
{
    static const char names[7][3] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    return names[day];
}

static int check_range(const char *what, int value, int min, int max, struct err *e)
{
    if (value < min || value > max) {
        return err_set(e, ERR_INVALID, 0, "recurrence: %s is %d, must be %d to %d", what, value, min, max);
    }
    return 0;
}

static int add_days_of_week(struct rule_text *t, unsigned days, struct err *e)
{
    if (days == 0 || (days & ~ALL_DAYS)) {
        return err_set(e, ERR_INVALID, 0, "recurrence: daysOfWeek names no day, at least one is needed");
    }
    const char *separator = ";BYDAY=";
    for (int day = 0; day < 7; day++) {
        if (days & (1u << day)) {
            add(t, "%s%s", separator, weekday(day));
            separator = ",";
        }
    }
    return 0;
}

/* RFC 5545 passes over a month that has no such day; Exchange takes the month's last one (and writes "the
 * last day" as 31).  Of the days 28 … d that a month has, the last one is just that. */
static void add_clamped_day(struct rule_text *t, int day, int longest)
{
    if (day >= longest && longest == LONGEST_MONTH) {
        add(t, ";BYMONTHDAY=-1");
        return;
    }
    const char *separator = ";BYMONTHDAY=";
    for (int d = SHORTEST_MONTH; d <= day && d <= longest; d++) {
        add(t, "%s%d", separator, d);
        separator = ",";
    }
    add(t, ";BYSETPOS=-1");
}

static int add_weekly(struct rule_text *t, const struct recurrence *r, struct err *e)
{
    int error = check_range("firstDayOfWeek", r->first_day_of_week, 0, 6, e);
    if (!error) {
        error = add_days_of_week(t, r->days_of_week, e);
    }
    if (!error) {
        /* Always: the RFC's default is Monday, Graph's is Sunday, and with an interval above 1 it matters. */
        add(t, ";WKST=%s", weekday(r->first_day_of_week));
    }
    return error;
}

static int add_absolute_monthly(struct rule_text *t, const struct recurrence *r, struct err *e)
{
    int error = check_range("dayOfMonth", r->day_of_month, 1, LONGEST_MONTH, e);
    if (error) {
        return error;
    }
    if (r->day_of_month <= SHORTEST_MONTH) {
        add(t, ";BYMONTHDAY=%d", r->day_of_month);
    } else {
        add_clamped_day(t, r->day_of_month, LONGEST_MONTH);
    }
    return 0;
}

/* The k-th day out of the set, not the k-th of each: BYDAY=TH,FR;BYSETPOS=2, never BYDAY=2TH,2FR. */
static int add_relative(struct rule_text *t, const struct recurrence *r, struct err *e)
{
    if (r->index != -1 && (r->index < 1 || r->index > 4)) {
        return err_set(e, ERR_INVALID, 0, "recurrence: index is %d, must be 1 to 4 or -1 for the last",
                       r->index);
    }
    int error = add_days_of_week(t, r->days_of_week, e);
    if (!error) {
        add(t, ";BYSETPOS=%d", r->index);
    }
    return error;
}

static int add_month(struct rule_text *t, const struct recurrence *r, struct err *e)
{
    int error = check_range("month", r->month, 1, 12, e);
    if (!error) {
        add(t, ";BYMONTH=%d", r->month);
    }
    return error;
}

static int add_absolute_yearly(struct rule_text *t, const struct recurrence *r, struct err *e)
{
    int error = add_month(t, r, e);
    if (!error) {
        error = check_range("dayOfMonth", r->day_of_month, 1, LONGEST_MONTH, e);
    }
    if (error) {
        return error;
    }
    int in_every_year = civil_days_in_month(2001, r->month);
    int in_leap_years = civil_days_in_month(2000, r->month);
    if (r->day_of_month <= in_every_year) {
        add(t, ";BYMONTHDAY=%d", r->day_of_month);
    } else if (in_leap_years > in_every_year) {
        add_clamped_day(t, r->day_of_month, in_leap_years);
    } else {
        add(t, ";BYMONTHDAY=%d", in_every_year);
    }
    return 0;
}

static int add_relative_yearly(struct rule_text *t, const struct recurrence *r, struct err *e)
{
    int error = add_month(t, r, e);
    return error ? error : add_relative(t, r, e);
}

static int add_pattern(struct rule_text *t, const struct recurrence *r, struct err *e)
{
    int error = check_range("interval", r->interval, 1, NUMBER_MAX, e);
    if (error) {
        return error;
    }
    switch (r->type) {
    case RECUR_DAILY: add(t, "FREQ=DAILY;INTERVAL=%d", r->interval); return 0;
    case RECUR_WEEKLY: add(t, "FREQ=WEEKLY;INTERVAL=%d", r->interval); return add_weekly(t, r, e);
    case RECUR_ABSOLUTE_MONTHLY:
        add(t, "FREQ=MONTHLY;INTERVAL=%d", r->interval);
        return add_absolute_monthly(t, r, e);
    case RECUR_RELATIVE_MONTHLY:
        add(t, "FREQ=MONTHLY;INTERVAL=%d", r->interval);
        return add_relative(t, r, e);
    case RECUR_ABSOLUTE_YEARLY:
        add(t, "FREQ=YEARLY;INTERVAL=%d", r->interval);
        return add_absolute_yearly(t, r, e);
    case RECUR_RELATIVE_YEARLY:
        add(t, "FREQ=YEARLY;INTERVAL=%d", r->interval);
        return add_relative_yearly(t, r, e);
    }
    return err_set(e, ERR_INVALID, 0, "recurrence: pattern type %d is unknown", (int)r->type);
}

static void add_until_date(struct rule_text *t, int32_t day)
{
    struct civil_date d = civil_from_day(day);
    add(t, ";UNTIL=%04d%02d%02d", d.year, d.month, d.day);
}

static void add_until_time(struct rule_text *t, int32_t day, int64_t start_wall_ms, const struct tz *zone)
{
    int64_t time_of_day = start_wall_ms - (int64_t)civil_day_of(start_wall_ms) * MS_PER_DAY;
    int64_t wall_ms = (int64_t)day * MS_PER_DAY + time_of_day;
    /* UNTIL is inclusive and the next occurrence is a day or more away, so of two readings of a repeated or
     * skipped hour the later one keeps the last occurrence however a reader takes that hour. */
    int64_t utc_ms = zone ? tz_from_wall(zone, wall_ms).last_ms : wall_ms;
    int64_t last_ms = (int64_t)(civil_to_day((struct civil_date){9999, 12, 31}) + 1) * MS_PER_DAY - 1;
    if (utc_ms > last_ms) {
        utc_ms = last_ms; /* four digits for the year is all the format has */
    }
    int32_t utc_day = civil_day_of(utc_ms);
    int second = (int)((utc_ms - (int64_t)utc_day * MS_PER_DAY) / MS_PER_SECOND);
    add_until_date(t, utc_day);
    add(t, "T%02d%02d%02dZ", second / 3600, second / 60 % 60, second % 60);
}

/* 1601 is where Exchange's time begins; what lies before it is the sentinel 0001-01-01, "no date given". */
static int check_end_day(int32_t day, struct err *e)
{
    if (day < civil_to_day((struct civil_date){1601, 1, 1}) ||
        day > civil_to_day((struct civil_date){9999, 12, 31})) {
        return err_set(e, ERR_INVALID, 0,
                       "recurrence: the range has no usable endDate, must be in 1601 to 9999");
    }
    return 0;
}

static int add_end(struct rule_text *t, const struct recurrence *r, bool is_all_day, int64_t start_wall_ms,
                   const struct tz *zone, struct err *e)
{
    int error;
    switch (r->end) {
    case RECUR_NO_END: return 0;
    case RECUR_NUMBERED:
        error = check_range("numberOfOccurrences", r->count, 1, NUMBER_MAX, e);
        if (!error) {
            add(t, ";COUNT=%d", r->count);
        }
        return error;
    case RECUR_END_DATE:
        error = check_end_day(r->end_day, e);
        if (error) {
            return error;
        }
        if (is_all_day) {
            add_until_date(t, r->end_day);
        } else {
            add_until_time(t, r->end_day, start_wall_ms, zone);
        }
        return 0;
    }
    return err_set(e, ERR_INVALID, 0, "recurrence: range type %d is unknown", (int)r->end);
}

int rrule_format(const struct recurrence *r, bool is_all_day, int64_t start_wall_ms, const struct tz *zone,
                 char ret_text[RRULE_MAX], struct err *e)
{
    struct rule_text t = {.len = 0};
    int error = add_pattern(&t, r, e);
    if (!error) {
        error = add_end(&t, r, is_all_day, start_wall_ms, zone, e);
    }
    if (error) {
        return error;
    }
    if (t.len >= sizeof t.text) {
        return err_set(e, ERR_BUG, 0, "recurrence: the rule needs %zu bytes, %d are there", t.len, RRULE_MAX);
    }
    memcpy(ret_text, t.text, t.len + 1);
    return 0;
}
