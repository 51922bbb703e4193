#include "jobs/timesheet.h"

#include "base/attr.h"
#include "jobs/archive_steps.h"

static struct action act_archive(const struct run *run UNUSED, const struct step_event *ev)
{
    switch (ev->kind) {
    case EV_LOOKED:
        return (struct action){.kind = ACT_GO, .ends_step = true, .to = ev->is_covered ? "issue" : NULL};
    case EV_ENTER:
    case EV_PAGE:
    case EV_STAGED: break;
    }
    return (struct action){.kind = ACT_LOOK};
}

static struct action act_issue(const struct run *run UNUSED, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = ACT_ISSUE, .ends_step = true};
}

static struct action act_render(const struct run *run, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = run->sheet_id ? ACT_RENDER : ACT_GO, .ends_step = true};
}

static struct action act_upload(const struct run *run, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = run->sheet_id ? ACT_UPLOAD : ACT_GO, .ends_step = true};
}

static struct action act_finish(const struct run *run, const struct step_event *ev UNUSED)
{
    const struct run_counts *c = &run->counts;
    bool is_whole = c->quarantined == 0 && c->errors == 0 && c->unmade == 0;
    return (struct action){.kind = ACT_FINISH, .outcome = is_whole ? OUTCOME_SUCCESS : OUTCOME_PARTIAL};
}

static const struct step steps[] = {
    {"archive", act_archive}, ARCHIVE_STEPS,          {"issue", act_issue},
    {"render", act_render},   {"upload", act_upload}, {"finish", act_finish},
};

const struct job_kind timesheet_kind = {JOB_TIMESHEET, steps, ARRAY_LEN(steps), "fetch", "issue"};
