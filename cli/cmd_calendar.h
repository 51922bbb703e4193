/* cmd_calendar - admin-assistant calendar …: the calendars of a user, here and in Graph. */
#ifndef CLI_CMD_CALENDAR_H
#define CLI_CMD_CALENDAR_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_calendar_list(struct session *s, const struct args *a, struct err *e);

#endif
