/* json - what a timesheet says, as members of JSON objects: the same names in the exported document and in
 * what the commands print (docs/CLI_JSON.md).  Minutes and hundredths are integers, dates YYYY-MM-DD.  Pure;
 * any thread. */
#ifndef TIMESHEET_JSON_H
#define TIMESHEET_JSON_H

#include "base/json_out.h"
#include "timesheet/totals.h"

/* null for INT32_MIN. */
void sheet_json_date(struct json_out *j, const char *name, int32_t day);

/* Into the object that is open: all of a line but its number, its times and whose it is. */
void sheet_json_line_members(struct json_out *j, const struct sheet_line *line);
void sheet_json_sum_members(struct json_out *j, const struct sheet_sum *sum);

#endif
