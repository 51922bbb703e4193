/* cmd_archive_config - admin-assistant archive-config …: what is archived, and where to. */
#ifndef CLI_CMD_ARCHIVE_CONFIG_H
#define CLI_CMD_ARCHIVE_CONFIG_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_archive_config_add(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_archive_config_list(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_archive_config_set(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_archive_config_deactivate(struct session *s, const struct args *a, struct err *e);

#endif
