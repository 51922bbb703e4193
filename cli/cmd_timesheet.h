/* cmd_timesheet - admin-assistant timesheet …: looking before the issue, freezing, and everything after.
 *
 *     check   cli/cmd_timesheet_check.c     show     cli/cmd_timesheet_show.c, --explain cli/sheet_explain.h
 *     issue   cli/cmd_timesheet_issue.c     export   cli/cmd_timesheet_export.c
 *     list    cli/cmd_timesheet_list.c      diff     cli/cmd_timesheet_diff.c
 *                                           upload   cli/cmd_timesheet_upload.c */
#ifndef CLI_CMD_TIMESHEET_H
#define CLI_CMD_TIMESHEET_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_timesheet_check(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_timesheet_issue(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_timesheet_list(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_timesheet_show(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_timesheet_export(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_timesheet_diff(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_timesheet_upload(struct session *s, const struct args *a, struct err *e);

#endif
