/* mem - allocation of small things, which never fails: the process is crash-safe and the service manager
 * restarts it, so an exhausted heap aborts here instead of in a thousand untested branches.  Anything that is
 * sized by the outside goes through buf (base/buf.h), which has a maximum and returns an error.  Any thread.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/attr.h"

/* Zeroed memory for n items of `size` bytes; free() it. */
MUST_CHECK void *mem_calloc(size_t n, size_t size);

/* Like realloc; the old block is gone. */
MUST_CHECK void *mem_realloc(void *p, size_t n, size_t size);

/* Copies of a string (NULL stays NULL) and of the first len bytes with a NUL behind. */
MUST_CHECK char *mem_strdup(const char *s);
MUST_CHECK char *mem_strndup(const char *s, size_t len);

/* A formatted string; free() it. */
MUST_CHECK char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
