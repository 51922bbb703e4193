/* sheet_text - lines, sums and rules of timesheets in a few words, and as JSON members.
 *
 * Every figure is printed as it is stored or summed; nothing is computed here.  Text from a sheet is not made
 * harmless here (cli/print.h does that on the way out).  Pure. */
#ifndef CLI_SHEET_TEXT_H
#define CLI_SHEET_TEXT_H

#include "base/json_out.h"
#include "base/tz.h"
#include "model/sheet.h"
#include "timesheet/json.h"
#include "timesheet/totals.h"

#define SHEET_TEXT_LEN 96

/* "2026-0007/1" */
void sheet_text_name(const char *number, int32_t revision, char ret_text[SHEET_TEXT_LEN]);

/* "2026-03-05 Thu" */
void sheet_text_day(int32_t day, char ret_text[SHEET_TEXT_LEN]);

/* "09:00-10:30" on the wall of the zone, "22:00-24:00" until midnight, "all day".  Where the wall's hour says
 * less than the minutes do, as on the days when clocks change, with what the zone calls itself: "02:30
 * CEST to 02:15 CET", "16:00 -04 to 18:00 -03". */
void sheet_text_times(const struct tz *zone, const struct sheet_line *line, char ret_text[SHEET_TEXT_LEN]);

/* "billable", "non-billable travel" */
void sheet_text_billing(const struct sheet_line *line, char ret_text[SHEET_TEXT_LEN]);

/* "up to 15 min per entry", "none" */
void sheet_text_rounding(const struct sheet_rules *rules, char ret_text[SHEET_TEXT_LEN]);

/* "  7:30", so that columns of them stand below each other. */
#define SHEET_CELL_LEN 24
void sheet_text_cell(int64_t minutes, char ret_text[SHEET_CELL_LEN]);

/* Adds the member `name` (NULL in an array): a line, a sum, the rules. */
void sheet_json_line(struct json_out *j, const char *name, const struct sheet_line *line);
void sheet_json_sum(struct json_out *j, const char *name, const struct sheet_sum *sum);
void sheet_json_rules(struct json_out *j, const char *name, const struct sheet_rules *rules);

/* from_date, and to_date, the first day behind the period. */
void sheet_json_period(struct json_out *j, int32_t from_day, int32_t to_day);

#endif
