/* arena - strings that live and die together: those of one page.  Blocks are linked, so nothing moves.  What
 * goes in is decoded from a body that has a maximum already, and is never longer than it.  One thread at a
 * time. */
#ifndef GRAPH_ARENA_H
#define GRAPH_ARENA_H

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
