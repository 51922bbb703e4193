#include "timesheet/hundredths.h"

#include <stdlib.h>

#include "base/mem.h"

struct group {
    int64_t minutes;
    int64_t hundredths; /* its share of the total */
    int64_t shift;      /* 0, 1 or 2 thirds: with 1 the running sum is rounded to the nearest */
    int64_t sum, dealt; /* so far */
};

static size_t count_remainder(const struct group *groups, size_t n, int64_t remainder)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += groups[i].minutes * 5 % 3 == remainder;
    }
    return count;
}

/* One more for `n_extra` of those with that remainder, evenly among them. */
static void spread(struct group *groups, size_t n, int64_t remainder, size_t n_extra)
{
    size_t count = count_remainder(groups, n, remainder), seen = 0;
    for (size_t i = 0; i < n && n_extra > 0; i++) {
        if (groups[i].minutes * 5 % 3 == remainder) {
            groups[i].hundredths += (seen + 1) * n_extra / count > seen * n_extra / count;
            seen++;
        }
    }
}

/* Of thirds that are left over the larger ones come first. */
static void deal_to_groups(struct group *groups, size_t n)
{
    int64_t total = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        groups[i].hundredths = groups[i].minutes * 5 / 3;
        total += groups[i].minutes;
        sum += groups[i].hundredths;
    }
    size_t missing = (size_t)((total * 5 + 1) / 3 - sum);
    size_t n_large = count_remainder(groups, n, 2);
    size_t for_large = missing < n_large ? missing : n_large;
    spread(groups, n, 2, for_large);
    spread(groups, n, 1, missing - for_large);
}

/* The nearest way to round that ends with the group's share. */
static int64_t shift_of(const struct group *g)
{
    int64_t nearest = (g->minutes * 5 + 1) / 3;
    return g->hundredths == nearest ? 1 : g->hundredths < nearest ? 0 : 2;
}

void hundredths_deal(const uint32_t *groups, const int32_t *minutes, size_t n, size_t n_groups,
                     int32_t *ret_hundredths)
{
    struct group *all = mem_calloc(n_groups, sizeof *all);
    for (size_t i = 0; i < n; i++) {
        all[groups[i]].minutes += minutes[i];
    }
    deal_to_groups(all, n_groups);
    for (size_t i = 0; i < n_groups; i++) {
        all[i].shift = shift_of(&all[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct group *g = &all[groups[i]];
        g->sum += minutes[i];
        int64_t due = (g->sum * 5 + g->shift) / 3;
        ret_hundredths[i] = (int32_t)(due - g->dealt);
        g->dealt = due;
    }
    free(all);
}
