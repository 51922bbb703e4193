/* cmd_audit - admin-assistant audit …: the trail, as a list, as a tree, and its proof. */
#ifndef CLI_CMD_AUDIT_H
#define CLI_CMD_AUDIT_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_audit_list(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_audit_show(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_audit_verify(struct session *s, const struct args *a, struct err *e);

#endif
