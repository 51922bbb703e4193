#include "timesheet/rulings.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct named {
    int64_t id;
    uint32_t entry;
};

static int by_id(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_loser(const void *a, const void *b)
{
    const struct ruling *x = a, *y = b;
    if (x->loser != y->loser) {
        return x->loser < y->loser ? -1 : 1;
    }
    return (x->winner > y->winner) - (x->winner < y->winner);
}

static const struct named *find(const struct named *names, size_t n, int64_t id)
{
    return bsearch(&(struct named){.id = id}, names, n, sizeof *names, by_id);
}

static int by_dropped(const void *a, const void *b)
{
    const struct twin *x = a, *y = b;
    return (x->dropped_id > y->dropped_id) - (x->dropped_id < y->dropped_id);
}

/* Which of two that are the same was kept may depend on their ids; what was decided about one holds for the
 * other. */
static int64_t kept_id(const struct twin_list *twins, int64_t id)
{
    const struct twin *twin;
    for (size_t i = 0; i <= twins->n; i++) {
        twin = twins->n > 0 ? bsearch(&(struct twin){.dropped_id = id}, twins->at, twins->n,
                                      sizeof *twins->at, by_dropped)
                            : NULL;
        if (!twin) {
            break;
        }
        id = twin->kept_id;
    }
    return id;
}

bool rulings_has(const struct rulings *r, uint32_t winner_entry, uint32_t loser_entry)
{
    return r->n > 0 &&
           bsearch(&(struct ruling){loser_entry, winner_entry}, r->at, r->n, sizeof *r->at, by_loser);
}

static void drop_contradictions(struct rulings *r)
{
    struct ruling *kept = mem_calloc(r->n, sizeof *kept);
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (!rulings_has(r, r->at[i].loser, r->at[i].winner)) {
            kept[n++] = r->at[i];
        }
    }
    free(r->at);
    r->at = kept;
    r->n = n;
}

void rulings_init(struct rulings *r, struct work *w)
{
    const struct sheet_input *in = w->input;
    *r = (struct rulings){0};
    if (in->n_rulings == 0) {
        return;
    }
    struct named *names = mem_calloc(w->n_entries, sizeof *names);
    for (uint32_t i = 0; i < w->n_entries; i++) {
        names[i] = (struct named){w->entries[i].item->appointment_id, i};
    }
    qsort(names, w->n_entries, sizeof *names, by_id);
    r->at = mem_calloc(in->n_rulings, sizeof *r->at);
    if (w->twins.n > 0) {
        qsort(w->twins.at, w->twins.n, sizeof *w->twins.at, by_dropped);
    }
    for (size_t i = 0; i < in->n_rulings; i++) {
        const struct named *winner = find(names, w->n_entries, kept_id(&w->twins, in->rulings[i].winner_id));
        const struct named *loser = find(names, w->n_entries, kept_id(&w->twins, in->rulings[i].loser_id));
        if (winner && loser && winner != loser) {
            r->at[r->n++] = (struct ruling){loser->entry, winner->entry};
        }
    }
    free(names);
    qsort(r->at, r->n, sizeof *r->at, by_loser);
    drop_contradictions(r);
    r->part_of = mem_calloc(w->n_entries, sizeof *r->part_of);
}

void rulings_finish(struct rulings *r)
{
    free(r->at);
    free(r->part_of);
    *r = (struct rulings){0};
}

/* The first ruling against the entry. */
static size_t first_against(const struct rulings *r, uint32_t loser)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->at[middle].loser < loser) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The part there that beats the entry, + 1; 0 for none. */
static uint32_t beaten_by(const struct rulings *r, uint32_t entry)
{
    for (size_t i = first_against(r, entry); i < r->n && r->at[i].loser == entry; i++) {
        uint32_t part = r->part_of[r->at[i].winner];
        if (part != 0) {
            return part;
        }
    }
    return 0;
}

size_t rulings_apply(struct rulings *r, const struct work *w, const uint32_t *parts, size_t n,
                     uint32_t *ret_left, void (*lost)(void *arg, uint32_t part, uint32_t winner), void *arg)
{
    size_t n_left = 0;
    for (size_t i = 0; i < n && r->n > 0; i++) {
        r->part_of[w->parts[parts[i]].entry] = parts[i] + 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (r->n == 0 || beaten_by(r, w->parts[parts[i]].entry) == 0) {
            ret_left[n_left++] = parts[i];
        }
    }
    for (size_t i = 0; i < n && n_left > 0 && n_left < n; i++) {
        uint32_t winner = beaten_by(r, w->parts[parts[i]].entry);
        if (winner != 0) {
            lost(arg, parts[i], winner - 1);
        }
    }
    for (size_t i = 0; i < n && r->n > 0; i++) {
        r->part_of[w->parts[parts[i]].entry] = 0;
    }
    if (n_left == 0) {
        memcpy(ret_left, parts, n * sizeof *parts);
        n_left = n;
    }
    return n_left;
}
