#include "timesheet/sweep.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/mem.h"
#include "timesheet/resolve.h"

struct sweep {
    const struct work *w;
    stretch_each each;
    void *arg;
    uint32_t *group; /* parts of the group at hand */
    size_t n_group;
    size_t n_entered; /* of them, those that have begun */
    uint32_t *here;
    size_t n_here;
    int64_t *bounds;
    size_t n_bounds, cap_bounds;
    size_t next_break, next_claim; /* the first that is not over */
};

static void add_bound(struct sweep *s, int64_t min)
{
    if (s->n_bounds == s->cap_bounds) {
        s->cap_bounds = s->cap_bounds > 0 ? 2 * s->cap_bounds : 256;
        s->bounds = mem_realloc(s->bounds, s->cap_bounds, sizeof *s->bounds);
    }
    s->bounds[s->n_bounds++] = min;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Groups come in the order of time, so that what is over once is over for good. */
static void add_block_bounds(struct sweep *s, const struct blocks *blocks, size_t *next, int64_t start_min,
                             int64_t end_min)
{
    while (*next < blocks->n && blocks->at[*next].end_min <= start_min) {
        ++*next;
    }
    for (size_t i = *next; i < blocks->n && blocks->at[i].start_min < end_min; i++) {
        if (blocks->at[i].start_min > start_min) {
            add_bound(s, blocks->at[i].start_min);
        }
        if (blocks->at[i].end_min < end_min) {
            add_bound(s, blocks->at[i].end_min);
        }
    }
}

static void make_bounds(struct sweep *s, int64_t end_min)
{
    const struct part *parts = s->w->parts;
    int64_t start_min = parts[s->group[0]].start_min;
    s->n_bounds = 0;
    for (size_t i = 0; i < s->n_group; i++) {
        add_bound(s, parts[s->group[i]].start_min);
        add_bound(s, parts[s->group[i]].end_min);
    }
    add_block_bounds(s, &s->w->breaks, &s->next_break, start_min, end_min);
    add_block_bounds(s, &s->w->claims, &s->next_claim, start_min, end_min);
    qsort(s->bounds, s->n_bounds, sizeof *s->bounds, by_time);
}

/* Those that have ended go, those that begin come; both keep the order of printing. */
static void update_here(struct sweep *s, int64_t start_min)
{
    const struct part *parts = s->w->parts;
    size_t n = 0;
    for (size_t i = 0; i < s->n_here; i++) {
        if (parts[s->here[i]].end_min > start_min) {
            s->here[n++] = s->here[i];
        }
    }
    while (s->n_entered < s->n_group && parts[s->group[s->n_entered]].start_min == start_min) {
        s->here[n++] = s->group[s->n_entered++];
    }
    s->n_here = n;
}

static const struct block *block_at(const struct blocks *blocks, size_t *next, int64_t start_min)
{
    while (*next < blocks->n && blocks->at[*next].end_min <= start_min) {
        ++*next;
    }
    return *next < blocks->n && blocks->at[*next].start_min <= start_min ? &blocks->at[*next] : NULL;
}

static int do_group(struct sweep *s, int64_t end_min, struct err *e)
{
    const struct work *w = s->w;
    make_bounds(s, end_min);
    s->n_entered = s->n_here = 0;
    for (size_t i = 0; i + 1 < s->n_bounds; i++) {
        int64_t from_min = s->bounds[i], to_min = s->bounds[i + 1];
        if (from_min == to_min) {
            continue;
        }
        update_here(s, from_min);
        if (s->n_here > RESOLVE_PILE_MAX) {
            return resolve_refuse_pile(w->parts[s->here[0]].day * MS_PER_DAY, e);
        }
        if (s->n_here > 0) {
            bool is_break = block_at(&w->breaks, &s->next_break, from_min) != NULL;
            const struct block *claim = block_at(&w->claims, &s->next_claim, from_min);
            s->each(s->arg, &(struct stretch){from_min, to_min, s->here, s->n_here, is_break, claim});
        }
    }
    return 0;
}

static int do_groups(struct sweep *s, struct err *e)
{
    const struct work *w = s->w;
    int64_t end_min = INT64_MIN;
    int r = 0;
    for (uint32_t i = 0; i < w->n_parts && r == 0; i++) {
        const struct part *part = &w->parts[i];
        if (w->entries[part->entry].item->is_all_day) {
            continue;
        }
        if (s->n_group > 0 && part->start_min >= end_min) {
            r = do_group(s, end_min, e);
            s->n_group = 0;
        }
        end_min = s->n_group == 0 || part->end_min > end_min ? part->end_min : end_min;
        s->group[s->n_group++] = i;
    }
    return r == 0 && s->n_group > 0 ? do_group(s, end_min, e) : r;
}

int sweep_parts(const struct work *w, stretch_each each, void *arg, struct err *e)
{
    struct sweep s = {.w = w, .each = each, .arg = arg};
    s.group = mem_calloc(w->n_parts, sizeof *s.group);
    s.here = mem_calloc(w->n_parts, sizeof *s.here);
    int r = do_groups(&s, e);
    free(s.group);
    free(s.here);
    free(s.bounds);
    return r;
}
