#include "model/slot.h"

#include <stdlib.h>

#include "model/names.h"

static const char *const verdict_names[] = {
    [SLOT_PENDING] = "pending",     [SLOT_RAN] = "ran",         [SLOT_LATE] = "late",
    [SLOT_COALESCED] = "coalesced", [SLOT_SKIPPED] = "skipped", [SLOT_MISSED] = "missed",
    [SLOT_FAILED] = "failed",
};

static const char *const catch_up_names[] = {
    [CATCH_UP_SKIP] = "skip",
    [CATCH_UP_ONCE] = "once",
    [CATCH_UP_ALL] = "all",
};

NAMES_DEFINE(slot_verdict, enum slot_verdict, verdict_names)
NAMES_DEFINE(catch_up, enum catch_up, catch_up_names)

void slot_plan_finish(struct slot_plan *plan)
{
    for (size_t i = 0; i < plan->n_slots; i++) {
        free(plan->slots[i].reason);
    }
    free(plan->slots);
    *plan = (struct slot_plan){0};
}
