#include "model/schedule.h"

#include "base/civil.h"
#include "model/names.h"

static const char *const type_names[] = {
    [SCHEDULE_DAILY] = "daily",
    [SCHEDULE_WEEKLY] = "weekly",
    [SCHEDULE_MONTHLY] = "monthly",
    [SCHEDULE_MANUAL] = "manual",
};

NAMES_DEFINE(schedule_type, enum schedule_type, type_names)

int64_t schedule_instant(const struct schedule *s, const struct tz *zone, int32_t day)
{
    int64_t wall_ms = day * MS_PER_DAY + s->hour * MS_PER_HOUR + s->minute * MS_PER_MINUTE;
    return tz_from_wall(zone, wall_ms).first_ms;
}

static int32_t month_slot(const struct schedule *s, int year, int month)
{
    int last = civil_days_in_month(year, month);
    int day = s->day_of_month < last ? s->day_of_month : last;
    return civil_to_day((struct civil_date){year, month, day});
}

/* The rule's first day on or after `day`. */
static int32_t next_day(const struct schedule *s, int32_t day)
{
    switch (s->type) {
    case SCHEDULE_DAILY:
    case SCHEDULE_MANUAL: return day;
    case SCHEDULE_WEEKLY: return day + (s->day_of_week - civil_weekday(day) + 7) % 7;
    case SCHEDULE_MONTHLY: {
        struct civil_date d = civil_from_day(day);
        int32_t slot = month_slot(s, d.year, d.month);
        if (slot >= day) {
            return slot;
        }
        return d.month == 12 ? month_slot(s, d.year + 1, 1) : month_slot(s, d.year, d.month + 1);
    }
    }
    return day;
}

int64_t schedule_next(const struct schedule *s, const struct tz *zone, int64_t after_ms)
{
    if (s->type == SCHEDULE_MANUAL) {
        return SCHEDULE_NEVER;
    }
    /* Begin a day early: after a gap across midnight yesterday's slot can lie on today's date. */
    int32_t day = civil_day_of(tz_to_wall(zone, after_ms)) - 1;
    for (;;) {
        day = next_day(s, day);
        int64_t at_ms = schedule_instant(s, zone, day);
        if (at_ms > after_ms) {
            return at_ms;
        }
        day++;
    }
}

void schedule_window(const struct tz *zone, int64_t at_ms, int days, int32_t *ret_from_day,
                     int32_t *ret_to_day)
{
    int32_t today = civil_day_of(tz_to_wall(zone, at_ms));
    *ret_from_day = today - days;
    *ret_to_day = today;
}

int64_t schedule_grace_ms(const struct schedule *s)
{
    switch (s->type) {
    case SCHEDULE_DAILY: return MS_PER_DAY;
    case SCHEDULE_WEEKLY: return 6 * MS_PER_DAY;
    case SCHEDULE_MONTHLY: return 27 * MS_PER_DAY;
    case SCHEDULE_MANUAL: return 0;
    }
    return 0;
}

void schedule_sheet_period(const struct schedule *s, const struct tz *zone, int64_t at_ms, int days,
                           int32_t *ret_from_day, int32_t *ret_to_day)
{
    int32_t today = civil_day_of(tz_to_wall(zone, at_ms)), from_day = today - days, to_day = today;
    switch (s->type) {
    case SCHEDULE_DAILY: from_day = today - 1; break;
    case SCHEDULE_WEEKLY:
        to_day = today - civil_weekday(today);
        from_day = to_day - 7;
        break;
    case SCHEDULE_MONTHLY:
        to_day = today - civil_from_day(today).day + 1;
        from_day = to_day - civil_from_day(to_day - 1).day;
        break;
    case SCHEDULE_MANUAL: break;
    }
    *ret_from_day = from_day;
    *ret_to_day = to_day;
}
