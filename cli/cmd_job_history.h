/* cmd_job_history - admin-assistant job history: what came due and what ran. */
#ifndef CLI_CMD_JOB_HISTORY_H
#define CLI_CMD_JOB_HISTORY_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_job_history(struct session *s, const struct args *a, struct err *e);

#endif
