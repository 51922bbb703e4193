#include "jobs/job.h"

#include <string.h>

#include "jobs/calendar_archive.h"
#include "jobs/timesheet.h"

const struct job_kind *job_kind_of(enum job_type type)
{
    switch (type) {
    case JOB_CALENDAR_ARCHIVE: return &calendar_archive_kind;
    case JOB_TIMESHEET: return &timesheet_kind;
    }
    return NULL;
}

const struct step *job_kind_step(const struct job_kind *kind, const char *name)
{
    if (name[0] == '\0') {
        return &kind->steps[0];
    }
    for (size_t i = 0; i < kind->n_steps; i++) {
        if (strcmp(kind->steps[i].name, name) == 0) {
            return &kind->steps[i];
        }
    }
    return NULL;
}

const struct step *job_kind_next(const struct job_kind *kind, const struct step *step, const char *to)
{
    if (to) {
        return job_kind_step(kind, to);
    }
    size_t i = (size_t)(step - kind->steps) + 1;
    return i < kind->n_steps ? &kind->steps[i] : NULL;
}
