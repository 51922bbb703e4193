#include "timesheet/days.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"

#define ABBREVIATION_MAX 7

enum { DAY_OTHER, DAY_CLOSED, DAY_PERIOD };

int64_t days_floor_min(int64_t ms)
{
    return ms / MS_PER_MINUTE - (ms % MS_PER_MINUTE < 0);
}

static void mark(struct days *d, int32_t from_day, int32_t to_day, unsigned char kind)
{
    for (int32_t day = from_day > d->low ? from_day : d->low; day < to_day && day < d->high; day++) {
        d->kinds[day - d->low] = kind;
    }
}

/* For what is late, a sheet looks at every day since the first that is closed: how far ahead of that one the
 * period may lie is limited, too, and a shorter one would not help. */
static int say_too_many(const struct sheet_input *input, int64_t low, struct err *e)
{
    char first[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1];
    int64_t n_days = (int64_t)input->to_day - input->from_day;
    if (n_days > DAYS_MAX) {
        return err_set(e, ERR_TOO_BIG, 0, "the period has %lld days; at most %d: take a shorter one",
                       (long long)n_days, DAYS_MAX);
    }
    civil_format_date((int32_t)low, first);
    civil_format_date((int32_t)(low + DAYS_MAX - 1), last);
    return err_set(e, ERR_TOO_BIG, 0,
                   "the period is too far ahead: the timesheets of this archive begin at %s, and days up "
                   "to %s are possible; is the year right?",
                   first, last);
}

int days_init(struct days *d, const struct sheet_input *input, struct err *e)
{
    if (input->from_day >= input->to_day) {
        return err_set(e, ERR_INVALID, 0,
                       "the period of the timesheet has no day: its end is not after its start");
    }
    int64_t low = input->from_day, high = input->to_day;
    for (size_t i = 0; i < input->n_closed; i++) {
        low = input->closed[i].from_day < low ? input->closed[i].from_day : low;
        high = input->closed[i].to_day > high ? input->closed[i].to_day : high;
    }
    if (high - low > DAYS_MAX) {
        return say_too_many(input, low, e);
    }
    size_t n = (size_t)(high - low);
    *d = (struct days){.zone = input->zone, .low = (int32_t)low, .high = (int32_t)high};
    d->kinds = mem_calloc(n, sizeof *d->kinds);
    d->starts = mem_calloc(n + 1, sizeof *d->starts);
    for (size_t i = 0; i <= n; i++) {
        d->starts[i] = INT64_MIN;
    }
    for (size_t i = 0; i < input->n_closed; i++) {
        mark(d, input->closed[i].from_day, input->closed[i].to_day, DAY_CLOSED);
    }
    mark(d, input->from_day, input->to_day, DAY_PERIOD);
    return 0;
}

void days_finish(struct days *d)
{
    free(d->kinds);
    free(d->starts);
    *d = (struct days){0};
}

int64_t days_start_min(struct days *d, int32_t day)
{
    int64_t *start = &d->starts[day - d->low];
    if (*start == INT64_MIN) {
        *start = days_floor_min(tz_day_start(d->zone, day));
    }
    return *start;
}

/* By the bounds of the days and not by the wall alone: where the clock goes back over midnight, the wall
 * shows the day before again, and the day has begun nevertheless. */
int32_t days_of(struct days *d, int64_t min)
{
    if (min < days_start_min(d, d->low)) {
        return d->low;
    }
    if (min >= days_start_min(d, d->high)) {
        return d->high - 1;
    }
    int32_t day = civil_day_of(tz_to_wall(d->zone, min * MS_PER_MINUTE));
    day = day < d->low ? d->low : day >= d->high ? d->high - 1 : day;
    for (; day + 1 < d->high && min >= days_start_min(d, day + 1); day++) {
    }
    for (; day > d->low && min < days_start_min(d, day); day--) {
    }
    return day;
}

static unsigned char kind_of(const struct days *d, int32_t day)
{
    return day >= d->low && day < d->high ? d->kinds[day - d->low] : DAY_OTHER;
}

bool days_is_in_period(const struct days *d, int32_t day)
{
    return kind_of(d, day) == DAY_PERIOD;
}

bool days_is_wanted(const struct days *d, int32_t day, bool may_be_late)
{
    unsigned char kind = kind_of(d, day);
    return kind == DAY_PERIOD || (kind == DAY_CLOSED && may_be_late);
}

static int64_t minute_of_day(int64_t wall_min)
{
    int64_t minute = wall_min % (24 * 60);
    return minute < 0 ? minute + 24 * 60 : minute;
}

/* The wall need not say 00:00 then: where the clock goes forward at midnight, the day begins at 01:00. */
static bool is_start_of_day(const struct tz *zone, int64_t min)
{
    int32_t day = civil_day_of(tz_to_wall(zone, min * MS_PER_MINUTE));
    return days_floor_min(tz_day_start(zone, day)) == min;
}

/* "HH:MM", and behind it the zone's name for that time where it is asked for. */
static size_t put_time(char *at, int64_t minutes, const char *abbreviation)
{
    at[0] = (char)('0' + minutes / 600);
    at[1] = (char)('0' + minutes / 60 % 10);
    at[2] = ':';
    at[3] = (char)('0' + minutes % 60 / 10);
    at[4] = (char)('0' + minutes % 10);
    size_t len = 5, n = abbreviation ? strnlen(abbreviation, ABBREVIATION_MAX) : 0;
    if (n > 0) {
        at[len++] = ' ';
        memcpy(at + len, abbreviation, n);
    }
    return len + n;
}

void days_format_span(const struct days *d, int64_t start_min, int64_t end_min,
                      char ret_text[DAYS_SPAN_LEN + 1])
{
    const char *before, *after;
    bool is_until_midnight = end_min > start_min && is_start_of_day(d->zone, end_min);
    int64_t start_offset = tz_offset_ms(d->zone, start_min * MS_PER_MINUTE, &before) / MS_PER_MINUTE;
    int64_t end_offset =
        tz_offset_ms(d->zone, (end_min - is_until_midnight) * MS_PER_MINUTE, &after) / MS_PER_MINUTE;
    bool is_same = start_offset == end_offset;
    int64_t start = minute_of_day(start_min + start_offset), end = minute_of_day(end_min + end_offset);
    size_t len = put_time(ret_text, start, is_same ? NULL : before);
    const char *separator = is_same ? "-" : " to "; /* "16:00 -04-18:00 -03" can not be read */
    memcpy(ret_text + len, separator, strlen(separator));
    len += strlen(separator);
    len += put_time(ret_text + len, is_until_midnight ? 24 * 60 : end, is_same ? NULL : after);
    ret_text[len] = '\0';
}
