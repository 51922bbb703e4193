/* arena - strings that live and die together: those of one page, those of one timesheet's input.  Blocks are
 * linked, so nothing moves.  It has no maximum of its own: what goes in comes from where there is one (the
 * body of a page, the rows of the archive).  One thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"

struct arena_block;

/* Zeroed: empty. */
struct arena {
    struct arena_block *first;
};

void arena_finish(struct arena *a);

/* Memory for `size` bytes, aligned for any object, not zeroed.  Never NULL. */
MUST_CHECK void *arena_alloc(struct arena *a, size_t size);

/* Gives back the end of what the last arena_alloc(size) returned, of which `used` bytes are kept. */
void arena_trim(struct arena *a, size_t size, size_t used);

MUST_CHECK char *arena_strdup(struct arena *a, const char *text);

#endif
