/* cmd_status - admin-assistant status: what the service is doing. */
#ifndef CLI_CMD_STATUS_H
#define CLI_CMD_STATUS_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_status(struct session *s, const struct args *a, struct err *e);

#endif
