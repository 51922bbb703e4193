#include "model/run.h"

#include <stdlib.h>
#include <string.h>

static const char *const job_type_names[] = {
    [JOB_CALENDAR_ARCHIVE] = "calendar_archive",
    [JOB_TIMESHEET] = "timesheet",
};

static const char *const schedule_type_names[] = {
    [SCHEDULE_DAILY] = "daily",
    [SCHEDULE_WEEKLY] = "weekly",
    [SCHEDULE_MONTHLY] = "monthly",
    [SCHEDULE_MANUAL] = "manual",
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

/* "unknown" is in no table, so that a value from nowhere never passes for a real one on its way back. */
static const char *name_of(const char *const *names, size_t n, unsigned value)
{
    return value < n ? names[value] : "unknown";
}

static int value_of(const char *const *names, size_t n, const char *name, unsigned *ret_value)
{
    for (unsigned i = 0; name && i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_value = i;
            return 0;
        }
    }
    return ERR_INVALID;
}

#define NAME_OF(table, value)            name_of((table), ARRAY_LEN(table), (unsigned)(value))
#define VALUE_OF(table, name, ret_value) value_of((table), ARRAY_LEN(table), (name), (ret_value))

const char *job_type_name(enum job_type type)
{
    return NAME_OF(job_type_names, type);
}

const char *schedule_type_name(enum schedule_type type)
{
    return NAME_OF(schedule_type_names, type);
}

const char *run_trigger_name(enum run_trigger trigger)
{
    return NAME_OF(trigger_names, trigger);
}

const char *run_state_name(enum run_state state)
{
    return NAME_OF(state_names, state);
}

const char *run_outcome_name(enum run_outcome outcome)
{
    return NAME_OF(outcome_names, outcome);
}

int job_type_from(const char *name, enum job_type *ret_type)
{
    unsigned value;
    int r = VALUE_OF(job_type_names, name, &value);
    if (!r) {
        *ret_type = (enum job_type)value;
    }
    return r;
}

int schedule_type_from(const char *name, enum schedule_type *ret_type)
{
    unsigned value;
    int r = VALUE_OF(schedule_type_names, name, &value);
    if (!r) {
        *ret_type = (enum schedule_type)value;
    }
    return r;
}

int run_trigger_from(const char *name, enum run_trigger *ret_trigger)
{
    unsigned value;
    int r = VALUE_OF(trigger_names, name, &value);
    if (!r) {
        *ret_trigger = (enum run_trigger)value;
    }
    return r;
}

int run_state_from(const char *name, enum run_state *ret_state)
{
    unsigned value;
    int r = VALUE_OF(state_names, name, &value);
    if (!r) {
        *ret_state = (enum run_state)value;
    }
    return r;
}

int run_outcome_from(const char *name, enum run_outcome *ret_outcome)
{
    unsigned value;
    int r = VALUE_OF(outcome_names, name, &value);
    if (!r) {
        *ret_outcome = (enum run_outcome)value;
    }
    return r;
}

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
    *run = (struct run){0};
}
