/* cmd_job_run - admin-assistant job run: asks the daemon for a run, and follows it. */
#ifndef CLI_CMD_JOB_RUN_H
#define CLI_CMD_JOB_RUN_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_job_run(struct session *s, const struct args *a, struct err *e);

#endif
