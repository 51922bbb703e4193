#include "timesheet/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct place {
    int64_t key;
    const char *item;
};

static int by_key(const void *a, const void *b, void *arg)
{
    const struct place *x = a, *y = b;
    const struct order *order = arg;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return order->compare(x->item, y->item, order->arg);
}

void *order_sorted(void *items, size_t n, const struct order *order)
{
    struct order by = *order;
    struct place *places = mem_calloc(n, sizeof *places);
    bool is_sorted = true;
    for (size_t i = 0; i < n; i++) {
        const char *item = (const char *)items + i * order->size;
        places[i] = (struct place){order->key(item), item};
        is_sorted = is_sorted && (i == 0 || by_key(&places[i - 1], &places[i], &by) <= 0);
    }
    if (is_sorted) {
        free(places);
        return items;
    }
    qsort_r(places, n, sizeof *places, by_key, &by);
    char *sorted = mem_calloc(n, order->size);
    for (size_t i = 0; i < n; i++) {
        memcpy(sorted + i * order->size, places[i].item, order->size);
    }
    free(places);
    free(items);
    return sorted;
}
