/* cmd_db - admin-assistant db …: migrations and integrity. */
#ifndef CLI_CMD_DB_H
#define CLI_CMD_DB_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_db_upgrade(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_db_current(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_db_history(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_db_check(struct session *s, const struct args *a, struct err *e);

#endif
