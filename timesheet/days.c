#include "timesheet/days.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/mem.h"

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
        return err_set(e, ERR_TOO_BIG, 0,
                       "the timesheet would look at %lld days; at most %d; ask for a shorter period",
                       (long long)(high - low), DAYS_MAX);
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

static int minute_of_day(const struct days *d, int64_t min)
{
    int64_t wall_ms = tz_to_wall(d->zone, min * MS_PER_MINUTE);
    return (int)((wall_ms - civil_day_of(wall_ms) * MS_PER_DAY) / MS_PER_MINUTE);
}

static void put_time(char *at, int minutes)
{
    at[0] = (char)('0' + minutes / 600);
    at[1] = (char)('0' + minutes / 60 % 10);
    at[2] = ':';
    at[3] = (char)('0' + minutes % 60 / 10);
    at[4] = (char)('0' + minutes % 10);
}

void days_format_span(const struct days *d, int64_t start_min, int64_t end_min,
                      char ret_text[DAYS_SPAN_LEN + 1])
{
    int start = minute_of_day(d, start_min), end = minute_of_day(d, end_min);
    if (end == 0 && end_min > start_min) {
        end = 24 * 60;
    }
    put_time(ret_text, start);
    ret_text[5] = '-';
    put_time(ret_text + 6, end);
    ret_text[DAYS_SPAN_LEN] = '\0';
}
