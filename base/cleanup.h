/* cleanup - locals that clean up behind themselves, in functions that run to their end in one go.  (Objects
 * that live across callbacks have create/destroy.)
 *
 *     CLEANUP(buf_finish) struct buf text = {.max = 4096};
 *     CLEANUP_FREE char *path = mem_printf(…);
 *     return STEAL(path);          hands on what would have been freed */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdlib.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}
#define CLEANUP_FREE CLEANUP(cleanup_free)

#define STEAL(p)                                                                                             \
    __extension__({                                                                                          \
        __typeof__(p) stolen_ = (p);                                                                         \
        (p) = NULL;                                                                                          \
        stolen_;                                                                                             \
    })

#endif
