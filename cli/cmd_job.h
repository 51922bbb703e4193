/* cmd_job - admin-assistant job add, set, pause and resume. */
#ifndef CLI_CMD_JOB_H
#define CLI_CMD_JOB_H

#include "cli/args.h"
#include "cli/session.h"

MUST_CHECK int cmd_job_add(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_job_set(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_job_pause(struct session *s, const struct args *a, struct err *e);
MUST_CHECK int cmd_job_resume(struct session *s, const struct args *a, struct err *e);

#endif
