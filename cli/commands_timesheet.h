/* commands_timesheet - the arguments and help texts of the timesheet commands, for the table in commands.c.
 */
#ifndef CLI_COMMANDS_TIMESHEET_H
#define CLI_COMMANDS_TIMESHEET_H

#include "cli/args.h"

extern const struct arg_spec commands_timesheet_check[];
extern const struct arg_spec commands_timesheet_issue[];
extern const struct arg_spec commands_timesheet_list[];
extern const struct arg_spec commands_timesheet_show[];
extern const struct arg_spec commands_timesheet_export[];
extern const struct arg_spec commands_timesheet_diff[];
extern const struct arg_spec commands_timesheet_upload[];

extern const char commands_timesheet_check_more[];
extern const char commands_timesheet_issue_more[];
extern const char commands_timesheet_show_more[];
extern const char commands_timesheet_export_more[];
extern const char commands_timesheet_diff_more[];
extern const char commands_timesheet_upload_more[];

#endif
