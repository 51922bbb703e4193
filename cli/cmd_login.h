/* cmd_login - admin-assistant login, logout: a user's sign-in to Microsoft 365. */
#ifndef CLI_CMD_LOGIN_H
#define CLI_CMD_LOGIN_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_login(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_logout(struct session *s, const struct args *a, struct err *e);

#endif
