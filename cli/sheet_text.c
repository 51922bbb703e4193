#include "cli/sheet_text.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "cli/print.h"

#define DAY_MINUTES (24 * 60)

void sheet_text_name(const char *number, int32_t revision, char ret_text[SHEET_TEXT_LEN])
{
    snprintf(ret_text, SHEET_TEXT_LEN, "%s/%d", number, revision);
}

void sheet_text_day(int32_t day, char ret_text[SHEET_TEXT_LEN])
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    char date[CIVIL_DATE_LEN + 1];
    civil_format_date(day, date);
    snprintf(ret_text, SHEET_TEXT_LEN, "%s %s", date, names[civil_weekday(day)]);
}

/* What the zone calls itself at the end of a day is what it did until then: the clock may be changed at
 * midnight. */
static const char *zone_name(const struct tz *zone, int64_t at_ms, bool is_end_of_day, int64_t *ret_offset_ms)
{
    const char *name = "";
    *ret_offset_ms = tz_offset_ms(zone, at_ms - is_end_of_day, &name);
    return name;
}

void sheet_text_times(const struct tz *zone, const struct sheet_line *line, char ret_text[SHEET_TEXT_LEN])
{
    if (line->is_all_day) {
        snprintf(ret_text, SHEET_TEXT_LEN, "all day");
        return;
    }
    int64_t start_ms = line->start_min * MS_PER_MINUTE, end_ms = line->end_min * MS_PER_MINUTE;
    int start = tz_minute_of_day(zone, line->day, start_ms), end = tz_minute_of_day(zone, line->day, end_ms);
    int64_t start_offset_ms, end_offset_ms;
    const char *start_name = zone_name(zone, start_ms, false, &start_offset_ms);
    const char *end_name = zone_name(zone, end_ms, end == DAY_MINUTES, &end_offset_ms);
    if (start_offset_ms == end_offset_ms) {
        snprintf(ret_text, SHEET_TEXT_LEN, "%02d:%02d-%02d:%02d", start / 60, start % 60, end / 60, end % 60);
    } else {
        snprintf(ret_text, SHEET_TEXT_LEN, "%02d:%02d %s to %02d:%02d %s", start / 60, start % 60, start_name,
                 end / 60, end % 60, end_name);
    }
}

void sheet_text_billing(const struct sheet_line *line, char ret_text[SHEET_TEXT_LEN])
{
    snprintf(ret_text, SHEET_TEXT_LEN, "%s%s", sheet_billing_name(line->billing),
             line->kind == SHEET_TRAVEL ? " travel" : "");
}

void sheet_text_rounding(const struct sheet_rules *rules, char ret_text[SHEET_TEXT_LEN])
{
    if (rules->rounding == SHEET_ROUND_NONE) {
        snprintf(ret_text, SHEET_TEXT_LEN, "none");
        return;
    }
    snprintf(ret_text, SHEET_TEXT_LEN, "%s to %d min per %s", sheet_rounding_name(rules->rounding),
             rules->round_to, sheet_scope_name(rules->scope));
}

void sheet_text_cell(int64_t minutes, char ret_text[SHEET_CELL_LEN])
{
    char hours[SHEET_HOURS_LEN + 1];
    sheet_format_hours(minutes, hours);
    snprintf(ret_text, SHEET_CELL_LEN, "%6s", hours);
}

/* ---- JSON ---- */

void sheet_json_period(struct json_out *j, int32_t from_day, int32_t to_day)
{
    sheet_json_date(j, "from_date", from_day);
    sheet_json_date(j, "to_date", to_day);
}

void sheet_json_line(struct json_out *j, const char *name, const struct sheet_line *line)
{
    json_open(j, name, '{');
    json_int(j, "no", line->no);
    sheet_json_date(j, "date", line->day);
    print_json_time(j, "start_time", line->start_min * MS_PER_MINUTE);
    print_json_time(j, "end_time", line->end_min * MS_PER_MINUTE);
    sheet_json_line_members(j, line);
    json_int(j, "appointment_id", line->appointment_id);
    json_int(j, "appointment_version", line->version);
    json_close(j, '}');
}

void sheet_json_sum(struct json_out *j, const char *name, const struct sheet_sum *sum)
{
    json_open(j, name, '{');
    sheet_json_sum_members(j, sum);
    json_close(j, '}');
}

void sheet_json_rules(struct json_out *j, const char *name, const struct sheet_rules *rules)
{
    json_open(j, name, '{');
    json_text(j, "rounding", sheet_rounding_name(rules->rounding));
    json_text(j, "round_scope", sheet_scope_name(rules->scope));
    json_int(j, "round_to_minutes", rules->round_to);
    json_text(j, "overlaps", sheet_overlaps_name(rules->overlaps));
    json_int(j, "all_day_minutes", rules->all_day_minutes);
    json_int(j, "day_minutes", rules->day_minutes);
    json_text(j, "uncategorised_travel", rules->has_loose_travel ? "non-billable" : "leave-out");
    json_close(j, '}');
}
