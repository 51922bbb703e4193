/* cmd_appointment - admin-assistant appointment …: the archive.  It is the owner's own: subjects of private
 * appointments are shown as they are. */
#ifndef CLI_CMD_APPOINTMENT_H
#define CLI_CMD_APPOINTMENT_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_appointment_list(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_appointment_show(struct session *s, const struct args *a, struct err *e);

#endif
