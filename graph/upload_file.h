/* upload_file - a file that is to be sent, read whole on libuv's pool and checked: it must still be what was
 * made.
 *
 * The loop waits for no disk.  done comes exactly once, from the loop. */
#ifndef GRAPH_UPLOAD_FILE_H
#define GRAPH_UPLOAD_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/file_hash.h"
#include "graph/quick_xor.h"

#define UPLOAD_FILE_MAX ((size_t)64 << 20) /* bytes; it is held in memory while it is sent */

struct upload_file;

struct upload_bytes {
    char *bytes; /* from malloc, never NULL; they belong to the callee */
    size_t len;
    unsigned char quick_xor[QUICK_XOR_LEN];
};

/* e NULL: loaded is there.  ERR_NOT_FOUND, ERR_DENIED, ERR_IO, ERR_TOO_BIG, or ERR_INVALID for one that is no
 * longer what the hash says; ERR_CANCELLED.  The message names the file. */
typedef void (*upload_file_done)(void *arg, const struct err *e, const struct upload_bytes *loaded);

/* Copies path and hash.  Never NULL. */
struct upload_file *upload_file_load(uv_loop_t *loop, const char *path,
                                     const unsigned char hash[FILE_HASH_LEN], upload_file_done done,
                                     void *arg);
/* done comes with ERR_CANCELLED, when the pool has let go of it. */
void upload_file_cancel(struct upload_file *f);

#endif
