/* buf - a growing byte buffer that carries its own maximum.  Everything whose size the outside decides (HTTP
 * bodies, files, generated text) goes through one.  The content is always followed by a NUL that does not
 * count.  The owner of the struct owns the bytes.  One thread at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/attr.h"

struct buf {
    char *data; /* NULL while empty */
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
    size_t max; /* bytes it may ever hold */
};

void buf_init(struct buf *b, size_t max);

/* Frees the bytes; the struct is empty with the same maximum afterwards.  Accepts a zeroed struct. */
void buf_finish(struct buf *b);

/* Empties without giving the memory back. */
void buf_clear(struct buf *b);

/* Append.  ERR_TOO_BIG past the maximum; the content is unchanged then. */
MUST_CHECK int buf_add(struct buf *b, const void *bytes, size_t len);
MUST_CHECK int buf_add_str(struct buf *b, const char *s);
MUST_CHECK int buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Makes room for `len` bytes in all, so that what follows is not copied again and again. */
MUST_CHECK int buf_reserve(struct buf *b, size_t len);

/* Hands the bytes to the caller (free() them; never NULL) and leaves the buffer empty. */
MUST_CHECK char *buf_steal(struct buf *b, size_t *ret_len);

/* The content as a string; "" while empty.  Borrowed until the next change. */
const char *buf_str(const struct buf *b);

/* Reads a whole file.  ERR_NOT_FOUND, ERR_DENIED, ERR_TOO_BIG or ERR_IO, with errno left set. */
MUST_CHECK int buf_read_file(struct buf *b, const char *path);

#endif
