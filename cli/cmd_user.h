/* cmd_user - admin-assistant user …: who is archived. */
#ifndef CLI_CMD_USER_H
#define CLI_CMD_USER_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_user_add(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_user_list(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_user_deactivate(struct session *s, const struct args *a, struct err *e);

#endif
