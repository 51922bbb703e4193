/* cmd_action - admin-assistant action …: what waits for a person. */
#ifndef CLI_CMD_ACTION_H
#define CLI_CMD_ACTION_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_action_list(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_action_show(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_action_resolve(struct session *s, const struct args *a, struct err *e);

#endif
