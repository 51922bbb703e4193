#include "model/run.h"

#include <stdlib.h>

#include "model/names.h"

static const char *const job_type_names[] = {
    [JOB_CALENDAR_ARCHIVE] = "calendar_archive",
    [JOB_TIMESHEET] = "timesheet",
};

static const char *const trigger_names[] = {
    [TRIGGER_SCHEDULE] = "schedule",
    [TRIGGER_SIGNAL] = "signal",
    [TRIGGER_REQUEST] = "request",
};

static const char *const state_names[] = {
    [RUN_QUEUED] = "queued",
    [RUN_RUNNING] = "running",
    [RUN_WAITING] = "waiting",
    [RUN_DONE] = "done",
};

static const char *const outcome_names[] = {
    [OUTCOME_NONE] = "none",
    [OUTCOME_SUCCESS] = "success",
    [OUTCOME_PARTIAL] = "partial",
    [OUTCOME_FAILURE] = "failure",
};

NAMES_DEFINE(job_type, enum job_type, job_type_names)
NAMES_DEFINE(run_trigger, enum run_trigger, trigger_names)
NAMES_DEFINE(run_state, enum run_state, state_names)
NAMES_DEFINE(run_outcome, enum run_outcome, outcome_names)

int64_t run_counts_written(const struct run_counts *c)
{
    return c->inserted + c->changed + c->restored + c->vanished;
}

void job_finish(struct job *job)
{
    if (!job) {
        return;
    }
    free(job->name);
    free(job->zone);
    free(job->paused_by);
    free(job->paused_reason);
    *job = (struct job){0};
}

void run_finish(struct run *run)
{
    if (!run) {
        return;
    }
    free(run->cursor);
    free(run->name);
    free(run->account);
    free(run->username);
    free(run->source_uri);
    free(run->destination_uri);
    free(run->zone);
    free(run->calendar_id);
    free(run->ping_url);
    *run = (struct run){0};
}
