/* secret - bytes that must not leak, in libsodium's guarded pages: locked, not in a core, wiped when freed.
 * There is no way to print one.  The creator owns it; functions that take `const struct secret *` borrow.
 * Any thread, one at a time.  sodium_init() was called before (keyring_open and main do). */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

#include "base/attr.h"

struct secret;

/* A secret of `len` zero bytes, or a copy of the bytes.  Never NULL.  The caller wipes the original. */
MUST_CHECK struct secret *secret_create(size_t len);
MUST_CHECK struct secret *secret_copy(const void *bytes, size_t len);

/* Another owner's copy; NULL stays NULL. */
MUST_CHECK struct secret *secret_dup(const struct secret *s);

/* Wipes and frees.  Accepts NULL. */
void secret_destroy(struct secret *s);

/* The bytes, always followed by a NUL that does not count, so that a token can be handed to libcurl. */
char *secret_bytes(const struct secret *s);
size_t secret_len(const struct secret *s);

/* Reads a file into guarded memory without a copy elsewhere, at most max bytes, without a trailing line end.
 * ERR_NOT_FOUND, ERR_DENIED, ERR_TOO_BIG or ERR_IO, with errno left set. */
MUST_CHECK int secret_read_file(const char *path, size_t max, struct secret **ret_secret);

/* Wipes bytes that passed through ordinary memory. */
void secret_wipe(void *bytes, size_t len);

/* For CLEANUP(secret_cleanup). */
void secret_cleanup(struct secret **s);

#endif
