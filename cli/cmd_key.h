/* cmd_key - admin-assistant key …: the key directory. */
#ifndef CLI_CMD_KEY_H
#define CLI_CMD_KEY_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_key_generate(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_key_status(struct session *s, const struct args *a, struct err *e);

#endif
