#include "timesheet/compose.h"

#include <stdlib.h>

#include "base/mem.h"
#include "timesheet/compute.h"
#include "timesheet/explain.h"
#include "timesheet/findings.h"
#include "timesheet/resolve.h"
#include "timesheet/select.h"
#include "timesheet/split.h"

static int run(struct work *w, struct err *e)
{
    int r = days_init(&w->days, w->input, e);
    if (r < 0) {
        return r;
    }
    split_index_claims(w);
    r = select_entries(w, e);
    r = r < 0 ? r : split_entries(w, e);
    r = r < 0 ? r : resolve_parts(w, e);
    if (r < 0) {
        return r;
    }
    compute_lines(w);
    explain_lines(w);
    findings_complete(w);
    return 0;
}

/* What only the steps needed goes; what the draft shows stays. */
static void shrink(struct work *w)
{
    free(w->entries);
    free(w->parts);
    free(w->aside);
    arena_finish(&w->scratch);
    w->entries = NULL;
    w->parts = w->aside = NULL;
}

static void free_work(void *work)
{
    work_finish(work);
    free(work);
}

int timesheet_compose(const struct sheet_input *input, struct sheet_draft **ret_draft, struct err *e)
{
    struct work *w = mem_calloc(1, sizeof *w);
    w->input = input;
    int r = run(w, e);
    if (r < 0) {
        free_work(w);
        return r;
    }
    struct sheet_draft *draft = mem_calloc(1, sizeof *draft);
    *draft = (struct sheet_draft){.input = input,
                                  .lines = w->lines,
                                  .n_lines = w->n_parts,
                                  .left_out = w->left_out.at,
                                  .n_left_out = w->left_out.n,
                                  .findings = w->findings.at,
                                  .n_findings = w->findings.n,
                                  .conflicts = w->conflicts.at,
                                  .n_conflicts = w->conflicts.n,
                                  .moved = w->moved.at,
                                  .n_moved = w->moved.n,
                                  .n_considered = w->n_considered,
                                  .storage = w,
                                  .free_storage = free_work};
    for (size_t i = 0; i < draft->n_findings; i++) {
        draft->n_errors += draft->findings[i].severity == SHEET_ERROR;
    }
    shrink(w);
    *ret_draft = draft;
    return 0;
}
