#include "jobs/archive_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"

static bool is_in_window(const struct window *w, const struct staged_event *ev)
{
    return ev->is_all_day ? window_has_days(w, ev->start_day, ev->end_day)
                          : window_has_span(w, ev->start_ms, ev->end_ms);
}

static enum event_verdict judge_alone(const struct run *run, const struct window *w,
                                      const struct staged_event *ev)
{
    if (ev->type == EVENT_SERIES_MASTER) {
        return VERDICT_SERIES_MASTER;
    }
    if (!is_in_window(w, ev)) {
        return VERDICT_OUTSIDE;
    }
    if (ev->is_cancelled && run->skip_cancelled) {
        return VERDICT_CANCELLED;
    }
    if (ev->response == RESPONSE_DECLINED && !run->keep_declined) {
        return VERDICT_DECLINED;
    }
    return VERDICT_KEEP;
}

/* Twins next to each other, the one that stays first. */
static int by_twin(const void *a, const void *b)
{
    const struct staged_event *x = *(struct staged_event *const *)a;
    const struct staged_event *y = *(struct staged_event *const *)b;
    int c = memcmp(x->twin, y->twin, sizeof x->twin);
    if (c != 0) {
        return c;
    }
    if (x->has_categories != y->has_categories) {
        return x->has_categories ? -1 : 1;
    }
    if (x->is_archived != y->is_archived) {
        return x->is_archived ? -1 : 1;
    }
    return x < y ? -1 : x > y; /* the array is in the order of ids where starts and ends are equal */
}

static void judge_twins(struct staged_event *events, size_t n)
{
    CLEANUP_FREE struct staged_event **kept = mem_calloc(n, sizeof *kept);
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (events[i].verdict == VERDICT_KEEP) {
            kept[n_kept++] = &events[i];
        }
    }
    qsort(kept, n_kept, sizeof *kept, by_twin);
    for (size_t i = 1; i < n_kept; i++) {
        if (memcmp(kept[i]->twin, kept[i - 1]->twin, sizeof kept[i]->twin) == 0) {
            kept[i]->verdict = VERDICT_DUPLICATE;
        }
    }
}

void archive_rules(const struct run *run, const struct window *window, struct staged_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        events[i].verdict = (uint8_t)judge_alone(run, window, &events[i]);
    }
    judge_twins(events, n);
}
