/* cmd_job_list - admin-assistant job list: what will run, and when. */
#ifndef CLI_CMD_JOB_LIST_H
#define CLI_CMD_JOB_LIST_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_job_list(struct session *s, const struct args *a, struct err *e);

#endif
