#include "jobs/calendar_archive.h"

#include "base/attr.h"
#include "jobs/archive_steps.h"

/* What could not be mapped is kept in quarantine, but the window is not complete then, and says so. */
static struct action act_finish(const struct run *run, const struct step_event *ev UNUSED)
{
    return (struct action){
        .kind = ACT_FINISH,
        .outcome = run->counts.quarantined > 0 ? OUTCOME_PARTIAL : OUTCOME_SUCCESS,
    };
}

static const struct step steps[] = {ARCHIVE_STEPS, {"finish", act_finish}};

const struct job_kind calendar_archive_kind = {JOB_CALENDAR_ARCHIVE, steps, ARRAY_LEN(steps), "fetch",
                                               "finish"};
