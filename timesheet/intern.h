/* intern - equal texts become one small number: categories and customers, of which there are few among many
 * appointments. Numbers are given in the order of first sight and mean nothing else.  Borrows the texts.  One
 * thread at a time. */
#ifndef TIMESHEET_INTERN_H
#define TIMESHEET_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct intern {
    const char **texts; /* by number */
    uint32_t n;
    uint32_t n_slots; /* a power of two */
    uint32_t *slots;  /* number + 1; 0 = free */
};
void intern_finish(struct intern *t); /* accepts a zeroed struct */

/* The number of the text; a new one is n - 1 behind the call. */
uint32_t intern_put(struct intern *t, const char *text);

#define INTERN_NONE UINT32_MAX
MUST_CHECK uint32_t intern_find(const struct intern *t, const char *text); /* INTERN_NONE */

#endif
