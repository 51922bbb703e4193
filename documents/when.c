#include "documents/when.h"

#include <stdio.h>

#include "base/civil.h"

int32_t when_wall_minute(const struct tz *zone, int32_t day, int64_t at_min)
{
    return tz_minute_of_day(zone, day, at_min * MS_PER_MINUTE);
}

void when_format_clock(int32_t wall_minute, char ret_text[WHEN_CLOCK_LEN + 1])
{
    snprintf(ret_text, WHEN_CLOCK_LEN + 1, "%02d:%02d", (int)wall_minute / 60, (int)wall_minute % 60);
}

void when_format_iso(const struct tz *zone, int64_t at_min, char ret_text[WHEN_ISO_LEN + 1])
{
    int64_t at_ms = at_min * MS_PER_MINUTE;
    int64_t offset_min = tz_offset_ms(zone, at_ms, NULL) / MS_PER_MINUTE;
    int64_t wall_min = at_min + offset_min;
    int32_t day = civil_day_of(wall_min * MS_PER_MINUTE);
    int32_t minute = (int32_t)(wall_min - day * (MS_PER_DAY / MS_PER_MINUTE));
    char date[CIVIL_DATE_LEN + 1];
    civil_format_date(day, date);
    int size = (int)(offset_min < 0 ? -offset_min : offset_min);
    snprintf(ret_text, WHEN_ISO_LEN + 1, "%sT%02d:%02d:00%c%02d:%02d", date, (int)minute / 60,
             (int)minute % 60, offset_min < 0 ? '-' : '+', size / 60, size % 60);
}

int32_t when_monday(int32_t day)
{
    return day - civil_weekday(day);
}

/* The year of a week is that of its Thursday. */
int when_iso_week(int32_t monday, int *ret_year)
{
    int32_t thursday = monday + 3;
    int year = civil_from_day(thursday).year;
    *ret_year = year;
    return (thursday - civil_to_day((struct civil_date){year, 1, 1})) / 7 + 1;
}
