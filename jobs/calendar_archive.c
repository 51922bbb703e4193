#include "jobs/calendar_archive.h"

#include "base/attr.h"
#include "jobs/archive_rules.h"

static struct action act_resolve(const struct run *run UNUSED, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = ACT_RESOLVE, .ends_step = true};
}

static struct action act_fetch(const struct run *run UNUSED, const struct step_event *ev)
{
    switch (ev->kind) {
    case EV_ENTER:
    case EV_STAGED: return (struct action){.kind = ACT_FETCH};
    case EV_PAGE: return (struct action){.kind = ACT_STAGE, .ends_step = ev->is_last_page};
    }
    return (struct action){.kind = ACT_FETCH};
}

static struct action act_transform(const struct run *run UNUSED, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = ACT_TRANSFORM, .rules = archive_rules, .ends_step = true};
}

static struct action act_store(const struct run *run UNUSED, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = ACT_STORE, .ends_step = true};
}

/* What could not be mapped is kept in quarantine, but the window is not complete then, and says so. */
static struct action act_finish(const struct run *run, const struct step_event *ev UNUSED)
{
    return (struct action){
        .kind = ACT_FINISH,
        .outcome = run->counts.quarantined > 0 ? OUTCOME_PARTIAL : OUTCOME_SUCCESS,
    };
}

static const struct step steps[] = {
    {"resolve", act_resolve}, {"fetch", act_fetch},   {"transform", act_transform},
    {"store", act_store},     {"finish", act_finish},
};

const struct job_kind calendar_archive_kind = {JOB_CALENDAR_ARCHIVE, steps, ARRAY_LEN(steps), "fetch"};
