/* cmd_reload - admin-assistant reload: the service reads its configuration again, and what came of it is the
 * exit status; systemctl reload runs this. */
#ifndef CLI_CMD_RELOAD_H
#define CLI_CMD_RELOAD_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_reload(struct session *s, const struct args *a, struct err *e);

#endif
