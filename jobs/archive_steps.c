#include "jobs/archive_steps.h"

#include "base/attr.h"
#include "jobs/archive_rules.h"

struct action archive_step_resolve(const struct run *run UNUSED, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = ACT_RESOLVE, .ends_step = true};
}

struct action archive_step_fetch(const struct run *run UNUSED, const struct step_event *ev)
{
    switch (ev->kind) {
    case EV_ENTER:
    case EV_STAGED:
    case EV_LOOKED: return (struct action){.kind = ACT_FETCH};
    case EV_PAGE: return (struct action){.kind = ACT_STAGE, .ends_step = ev->is_last_page};
    }
    return (struct action){.kind = ACT_FETCH};
}

struct action archive_step_transform(const struct run *run UNUSED, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = ACT_TRANSFORM, .rules = archive_rules, .ends_step = true};
}

struct action archive_step_store(const struct run *run UNUSED, const struct step_event *ev UNUSED)
{
    return (struct action){.kind = ACT_STORE, .ends_step = true};
}
