#include "graph/recurrence_json.h"

#include <limits.h>

#include "base/civil.h"
#include "graph/json_value.h"
#include "model/ascii.h"

static const char *const type_names[] = {
    [RECUR_DAILY] = "daily",
    [RECUR_WEEKLY] = "weekly",
    [RECUR_ABSOLUTE_MONTHLY] = "absoluteMonthly",
    [RECUR_RELATIVE_MONTHLY] = "relativeMonthly",
    [RECUR_ABSOLUTE_YEARLY] = "absoluteYearly",
    [RECUR_RELATIVE_YEARLY] = "relativeYearly",
};
static const char *const end_names[] = {
    [RECUR_NO_END] = "noEnd", [RECUR_END_DATE] = "endDate", [RECUR_NUMBERED] = "numbered"};
static const char *const day_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
static const char *const index_names[] = {"first", "second", "third", "fourth", "last"};

#define SUNDAY     6
#define INDEX_LAST 4

/* The place of the name in the table; `fallback` where the slice is absent or null; -1 for another name. */
static int find_name(struct json_slice s, const char *const *names, size_t n, int fallback)
{
    char text[32];
    if (json_is_unset(s)) {
        return fallback;
    }
    if (!json_copy(s, text, sizeof text)) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (ascii_equal_nocase(text, names[i])) {
            return (int)i;
        }
    }
    return -1;
}
#define FIND_NAME(slice, table, fallback) find_name((slice), (table), ARRAY_LEN(table), (fallback))

static int read_number(struct json_slice s, int *ret_value)
{
    int64_t value;
    if (json_to_int(s, INT_MIN, INT_MAX, &value) < 0) {
        return ERR_INVALID;
    }
    *ret_value = (int)value;
    return 0;
}

static int read_days(struct json_slice array, unsigned *ret_days)
{
    struct json_cursor c;
    struct json_slice value;
    unsigned days = 0;
    json_cursor_init(&c, array.text, array.len);
    if (json_kind(array) != JSON_ARRAY || json_enter(&c) < 0) {
        return ERR_INVALID;
    }
    while (json_next_element(&c) == 1 && json_skip(&c, &value) == 0) {
        int day = FIND_NAME(value, day_names, -1);
        if (day < 0) {
            return ERR_INVALID;
        }
        days |= 1U << day;
    }
    *ret_days = days;
    return 0;
}

static bool is_relative(enum recurrence_type type)
{
    return type == RECUR_RELATIVE_MONTHLY || type == RECUR_RELATIVE_YEARLY;
}

static int read_pattern(struct json_slice object, struct recurrence *r)
{
    enum { TYPE, INTERVAL, MONTH, DAY_OF_MONTH, DAYS_OF_WEEK, FIRST_DAY, INDEX, N };
    static const struct json_name names[N] = {
        JSON_NAME("type"),       JSON_NAME("interval"),       JSON_NAME("month"), JSON_NAME("dayOfMonth"),
        JSON_NAME("daysOfWeek"), JSON_NAME("firstDayOfWeek"), JSON_NAME("index"),
    };
    struct json_slice v[N];
    json_pick(object, names, N, v);
    int type = FIND_NAME(v[TYPE], type_names, -1);
    if (type < 0 || read_number(v[INTERVAL], &r->interval) < 0) {
        return ERR_INVALID;
    }
    r->type = (enum recurrence_type)type;
    bool is_absolute = r->type == RECUR_ABSOLUTE_MONTHLY || r->type == RECUR_ABSOLUTE_YEARLY;
    bool is_yearly = r->type == RECUR_ABSOLUTE_YEARLY || r->type == RECUR_RELATIVE_YEARLY;
    if ((is_yearly && read_number(v[MONTH], &r->month) < 0) ||
        (is_absolute && read_number(v[DAY_OF_MONTH], &r->day_of_month) < 0)) {
        return ERR_INVALID;
    }
    if ((r->type == RECUR_WEEKLY || is_relative(r->type)) &&
        read_days(v[DAYS_OF_WEEK], &r->days_of_week) < 0) {
        return ERR_INVALID;
    }
    r->first_day_of_week = r->type == RECUR_WEEKLY ? FIND_NAME(v[FIRST_DAY], day_names, SUNDAY) : SUNDAY;
    int index = is_relative(r->type) ? FIND_NAME(v[INDEX], index_names, 0) : 0;
    r->index = index == INDEX_LAST ? -1 : index + 1;
    return r->first_day_of_week < 0 || index < 0 ? ERR_INVALID : 0;
}

static int read_range(struct json_slice object, struct recurrence *r, struct json_slice *ret_zone)
{
    enum { TYPE, END_DATE, COUNT, ZONE, N };
    static const struct json_name names[N] = {JSON_NAME("type"), JSON_NAME("endDate"),
                                              JSON_NAME("numberOfOccurrences"),
                                              JSON_NAME("recurrenceTimeZone")};
    struct json_slice v[N];
    json_pick(object, names, N, v);
    int end = FIND_NAME(v[TYPE], end_names, -1);
    if (end < 0) {
        return ERR_INVALID;
    }
    r->end = (enum recurrence_end)end;
    char date[CIVIL_DATE_LEN + 1];
    if (r->end == RECUR_END_DATE &&
        (!json_copy(v[END_DATE], date, sizeof date) || civil_parse_date(date, &r->end_day) < 0)) {
        return ERR_INVALID;
    }
    if (r->end == RECUR_NUMBERED && read_number(v[COUNT], &r->count) < 0) {
        return ERR_INVALID;
    }
    bool is_empty = json_is_unset(v[ZONE]) || (json_kind(v[ZONE]) == JSON_STRING && v[ZONE].len == 2);
    *ret_zone = is_empty ? (struct json_slice){0} : v[ZONE];
    return 0;
}

int recurrence_json_read(struct json_slice object, struct recurrence *ret_recurrence,
                         struct json_slice *ret_zone)
{
    enum { PATTERN, RANGE, N };
    static const struct json_name names[N] = {JSON_NAME("pattern"), JSON_NAME("range")};
    struct json_slice v[N];
    struct json_slice zone;
    struct recurrence r = {0};
    json_pick(object, names, N, v);
    if (read_pattern(v[PATTERN], &r) < 0 || read_range(v[RANGE], &r, &zone) < 0) {
        return ERR_INVALID;
    }
    *ret_recurrence = r;
    *ret_zone = zone;
    return 0;
}
