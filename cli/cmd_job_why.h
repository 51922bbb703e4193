/* cmd_job_why - admin-assistant job why: what became of a due time, in plain sentences. */
#ifndef CLI_CMD_JOB_WHY_H
#define CLI_CMD_JOB_WHY_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_job_why(struct session *s, const struct args *a, struct err *e);

#endif
