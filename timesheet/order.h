/* order - sorting of large things by a number that mostly decides: only numbers move while it sorts, and what
 * is in order already is left as it is.  Stable to nothing: the comparison must tell any two apart.  Pure. */
#ifndef TIMESHEET_ORDER_H
#define TIMESHEET_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct order {
    size_t size; /* of one item */
    int64_t (*key)(const void *item);
    int (*compare)(const void *a, const void *b,
                   void *arg); /* agrees with the keys, and decides between equal ones */
    void *arg;
};

/* Takes `items`, which mem_calloc made, and returns them in order: the same memory or another. */
MUST_CHECK void *order_sorted(void *items, size_t n, const struct order *order);

#endif
