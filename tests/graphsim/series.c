/* Expansion of a series into its occurrences, as calendarView shows it: by libical's rule iterator on plain
 * dates, then back to instants in the series' zone. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

static const char *day_code(const char *day)
{
    static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
    static const char *const codes[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    for (size_t i = 0; day && i < ARRAY_LEN(names); i++) {
        if (strcasecmp(day, names[i]) == 0) {
            return codes[i];
        }
    }
    return NULL;
}

static void add_days(struct buf *rule, const cJSON *pattern)
{
    const char *separator = ";BYDAY=";
    const cJSON *day;
    cJSON_ArrayForEach(day, cJSON_GetObjectItemCaseSensitive(pattern, "daysOfWeek"))
    {
        const char *code = day_code(cJSON_GetStringValue(day));
        if (code) {
            sim_put(rule, "%s%s", separator, code);
            separator = ",";
        }
    }
}

/* Graph names the day 31 and means the last one; 29 and 30 fall on the last day of shorter months. */
static void add_month_day(struct buf *rule, int day)
{
    if (day <= 28) {
        sim_put(rule, ";BYMONTHDAY=%d", day);
    } else if (day == 31) {
        sim_put_str(rule, ";BYMONTHDAY=-1");
    } else {
        sim_put(rule, ";BYMONTHDAY=28,29%s;BYSETPOS=-1", day == 30 ? ",30" : "");
    }
}

static void add_position(struct buf *rule, const char *index)
{
    static const char *const names[] = {"first", "second", "third", "fourth", "last"};
    int position = 1;
    for (size_t i = 0; index && i < ARRAY_LEN(names); i++) {
        if (strcasecmp(index, names[i]) == 0) {
            position = i == 4 ? -1 : (int)i + 1;
        }
    }
    sim_put(rule, ";BYSETPOS=%d", position);
}

static bool write_rule(const cJSON *pattern, struct buf *rule)
{
    const char *type = sim_json_str(pattern, "type");
    const char *week_start = day_code(sim_json_str(pattern, "firstDayOfWeek"));
    bool relative = type && strncmp(type, "relative", 8) == 0;
    bool yearly = type && strstr(type, "Yearly");
    if (!type) {
        return false;
    }
    if (strcmp(type, "daily") == 0) {
        sim_put_str(rule, "FREQ=DAILY");
    } else if (strcmp(type, "weekly") == 0) {
        sim_put(rule, "FREQ=WEEKLY;WKST=%s", week_start ? week_start : "SU");
        add_days(rule, pattern);
    } else if (relative || strncmp(type, "absolute", 8) == 0) {
        sim_put(rule, "FREQ=%s", yearly ? "YEARLY" : "MONTHLY");
        if (yearly) {
            sim_put(rule, ";BYMONTH=%d", sim_json_int(pattern, "month", 1));
        }
        if (relative) {
            add_days(rule, pattern);
            add_position(rule, sim_json_str(pattern, "index"));
        } else {
            add_month_day(rule, sim_json_int(pattern, "dayOfMonth", 1));
        }
    } else {
        return false;
    }
    sim_put(rule, ";INTERVAL=%d", sim_json_int(pattern, "interval", 1));
    return true;
}

struct range {
    int32_t first_day;
    int32_t last_day;
    int count;
};

static int read_range(const cJSON *recurrence, struct range *ret_range, struct err *e)
{
    const cJSON *range = cJSON_GetObjectItemCaseSensitive(recurrence, "range");
    const char *type = sim_json_str(range, "type");
    const char *start = sim_json_str(range, "startDate");
    const char *end = sim_json_str(range, "endDate");
    if (!start || civil_parse_date(start, &ret_range->first_day) < 0) {
        return err_set(e, ERR_INVALID, 0, "event: recurrence.range.startDate is missing or no date");
    }
    ret_range->last_day = ret_range->first_day + 3660; /* for series without end */
    ret_range->count = SIM_SERIES_MAX;
    if (type && strcmp(type, "numbered") == 0) {
        ret_range->count = sim_json_int(range, "numberOfOccurrences", 1);
    } else if (type && strcmp(type, "endDate") == 0 &&
               (!end || civil_parse_date(end, &ret_range->last_day) < 0)) {
        return err_set(e, ERR_INVALID, 0, "event: recurrence.range.endDate is missing or no date");
    }
    return 0;
}

int sim_series_days(const cJSON *recurrence, int32_t *ret_days, int max, struct err *e)
{
    struct range range;
    struct buf text;
    int n = 0;
    int r = read_range(recurrence, &range, e);
    if (r < 0) {
        return r;
    }
    buf_init(&text, 4096);
    bool valid = write_rule(cJSON_GetObjectItemCaseSensitive(recurrence, "pattern"), &text);
    struct icalrecurrencetype rule = icalrecurrencetype_from_string(buf_str(&text));
    buf_finish(&text);
    if (!valid || rule.freq == ICAL_NO_RECURRENCE) {
        return err_set(e, ERR_INVALID, 0, "event: recurrence.pattern is not understood");
    }
    struct civil_date first = civil_from_day(range.first_day);
    /* Not from icaltime_null_date(): its hours are -1, and weekly rules then stand still. */
    struct icaltimetype start = {.year = first.year, .month = first.month, .day = first.day, .is_date = 1};
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, start);
    for (struct icaltimetype t = icalrecur_iterator_next(iterator); !icaltime_is_null_time(t) && n < max;
         t = icalrecur_iterator_next(iterator)) {
        int32_t day = civil_to_day((struct civil_date){t.year, t.month, t.day});
        if (day > range.last_day || n >= range.count) {
            break;
        }
        ret_days[n++] = day;
    }
    icalrecur_iterator_free(iterator);
    return n;
}

/* The service writes the slot's date into a global object id of its own making; into others we hang it
 * behind. */
static char *occurrence_uid(const char *uid, const struct civil_date *date)
{
    static const char signature[] = "040000008200E00074C5B7101A82E008";
    if (strncmp(uid, signature, sizeof signature - 1) == 0 && strlen(uid) >= sizeof signature - 1 + 8) {
        return mem_printf("%s%04X%02X%02X%s", signature, (unsigned)date->year, (unsigned)date->month,
                          (unsigned)date->day, uid + sizeof signature - 1 + 8);
    }
    return mem_printf("%s-%04d%02d%02d", uid, date->year, date->month, date->day);
}

static cJSON *make_occurrence(const struct sim_shape *master, int32_t day, int64_t slot_ms, const char *type)
{
    struct civil_date date = civil_from_day(day);
    char slot[SIM_TIME_LEN + 1];
    const char *master_id = sim_json_str(master->json, "id");
    char *id = mem_printf("%s-%04d%02d%02d", master_id, date.year, date.month, date.day);
    char *uid = occurrence_uid(sim_json_str(master->json, "iCalUId"), &date);
    cJSON *event = cJSON_Duplicate(master->json, true);
    sim_format_instant(slot_ms, slot);
    sim_json_set(event, "id", cJSON_CreateString(id));
    sim_json_set(event, "iCalUId", cJSON_CreateString(uid));
    sim_json_set(event, "type", cJSON_CreateString(type));
    sim_json_set(event, "seriesMasterId", cJSON_CreateString(master_id));
    sim_json_set(event, "recurrence", cJSON_CreateNull());
    sim_json_set(event, "originalStart", cJSON_CreateString(slot));
    free(id);
    free(uid);
    return event;
}

static bool is_cancelled(const cJSON *given, const char *date)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(given, "_cancelled"))
    {
        const char *text = cJSON_GetStringValue(item);
        if (text && strcmp(text, date) == 0) {
            return true;
        }
    }
    return false;
}

static const cJSON *find_exception(const cJSON *given, const char *date)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(given, "_exceptions"))
    {
        const char *text = sim_json_str(item, "_date");
        if (text && strcmp(text, date) == 0) {
            return item;
        }
    }
    return NULL;
}

/* An exception has a version of its own, an occurrence shares its master's. */
static void set_version(cJSON *event, const cJSON *exception)
{
    char key[24 + 1];
    char *text = cJSON_PrintUnformatted(exception);
    sim_hash(key, 24, text ? text : "", sim_json_str(event, "id"));
    cJSON_free(text);
    char *etag = mem_printf("W/\"%s\"", key);
    sim_json_set(event, "changeKey", cJSON_CreateString(key));
    sim_json_set(event, "@odata.etag", cJSON_CreateString(etag));
    free(etag);
}

/* Lays what the exception gives over its slot; start and end may be moved, in any zone. */
static int apply_exception(struct sim_store *s, const cJSON *exception, struct sim_shape *slot, struct err *e)
{
    const char *zone;
    const cJSON *item;
    int r = 0;
    cJSON_ArrayForEach(item, exception)
    {
        bool time = strcmp(item->string, "start") == 0 || strcmp(item->string, "end") == 0;
        if (item->string[0] != '_' && !time) {
            sim_json_set(slot->json, item->string, cJSON_Duplicate(item, true));
        }
    }
    if (!sim_json_str(exception, "changeKey")) {
        set_version(slot->json, exception);
    }
    if (cJSON_GetObjectItemCaseSensitive(exception, "start")) {
        r = sim_event_read_time(s, exception, "start", slot->all_day, &slot->start_ms, &zone, e);
    }
    if (r == 0 && cJSON_GetObjectItemCaseSensitive(exception, "end")) {
        r = sim_event_read_time(s, exception, "end", slot->all_day, &slot->end_ms, &zone, e);
    }
    return r;
}

/* The instants of the occurrence on a day: the master's wall-clock time and length on that day. */
static void place_slot(const struct sim_shape *master, int32_t day, struct sim_shape *slot)
{
    int64_t start_wall = master->all_day ? master->start_ms : tz_to_wall(master->zone, master->start_ms);
    int64_t end_wall = master->all_day ? master->end_ms : tz_to_wall(master->zone, master->end_ms);
    int64_t moved = (day - civil_day_of(start_wall)) * MS_PER_DAY;
    slot->start_ms = start_wall + moved;
    slot->end_ms = end_wall + moved;
    if (!master->all_day) {
        slot->start_ms = tz_from_wall(master->zone, slot->start_ms).last_ms;
        slot->end_ms = tz_from_wall(master->zone, slot->end_ms).last_ms;
    }
}

static int publish_day(struct sim_store *s, struct sim_calendar *calendar, const struct sim_shape *master,
                       const cJSON *given, int32_t day, struct err *e)
{
    char date[CIVIL_DATE_LEN + 1];
    civil_format_date(day, date);
    if (is_cancelled(given, date)) {
        return 0;
    }
    struct sim_shape slot = *master;
    const cJSON *exception = find_exception(given, date);
    place_slot(master, day, &slot);
    slot.json = make_occurrence(master, day, slot.start_ms, exception ? "exception" : "occurrence");
    int r = exception ? apply_exception(s, exception, &slot, e) : 0;
    if (r == 0) {
        sim_event_set_times(slot.json, slot.start_ms, slot.end_ms);
        r = sim_event_publish(calendar, &slot, SIM_OCCURRENCE, e);
    }
    cJSON_Delete(slot.json);
    return r;
}

int sim_series_publish(struct sim_store *s, struct sim_calendar *calendar, const struct sim_shape *master,
                       const cJSON *given, struct err *e)
{
    int32_t *days = mem_calloc(SIM_SERIES_MAX, sizeof *days);
    int n = sim_series_days(cJSON_GetObjectItemCaseSensitive(master->json, "recurrence"), days,
                            SIM_SERIES_MAX, e);
    int r = n < 0 ? n : sim_event_publish(calendar, master, SIM_MASTER, e);
    for (int i = 0; i < n && r == 0; i++) {
        r = publish_day(s, calendar, master, given, days[i], e);
    }
    free(days);
    return r;
}
