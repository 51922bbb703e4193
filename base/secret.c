#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

struct secret {
    size_t len;
    char *bytes; /* sodium_malloc: guard pages, mlock, no dump */
};

struct secret *secret_create(size_t len)
{
    struct secret *s = mem_calloc(1, sizeof *s);
    s->bytes = sodium_malloc(len + 1);
    if (!s->bytes) {
        fputs("<2>no guarded memory left (LimitMEMLOCK?), stopping\n", stderr);
        abort();
    }
    memset(s->bytes, 0, len + 1);
    s->len = len;
    return s;
}

struct secret *secret_copy(const void *bytes, size_t len)
{
    struct secret *s = secret_create(len);
    if (len > 0) {
        memcpy(s->bytes, bytes, len);
    }
    return s;
}

struct secret *secret_dup(const struct secret *s)
{
    return s ? secret_copy(s->bytes, s->len) : NULL;
}

void secret_destroy(struct secret *s)
{
    if (s) {
        sodium_free(s->bytes); /* wipes */
        free(s);
    }
}

char *secret_bytes(const struct secret *s)
{
    return s->bytes;
}

size_t secret_len(const struct secret *s)
{
    return s->len;
}

/* Fills `s` from fd; its length becomes what the file held. */
static int fill(struct secret *s, int fd, size_t max)
{
    size_t used = 0;
    for (;;) {
        ssize_t n = read(fd, s->bytes + used, max + 1 - used);
        if (n < 0) {
            return ERR_IO;
        }
        used += (size_t)n;
        if (used > max) {
            return ERR_TOO_BIG;
        }
        if (n == 0) {
            break;
        }
    }
    while (used > 0 && (s->bytes[used - 1] == '\n' || s->bytes[used - 1] == '\r')) {
        used--;
    }
    s->bytes[used] = '\0';
    s->len = used;
    return 0;
}

int secret_read_file(const char *path, size_t max, struct secret **ret_secret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND
               : errno == EACCES || errno == EPERM ? ERR_DENIED
                                                   : ERR_IO;
    }
    struct secret *s = secret_create(max + 1);
    int r = fill(s, fd, max);
    int saved = errno;
    close(fd);
    if (r < 0) {
        secret_destroy(s);
        errno = saved;
        return r;
    }
    *ret_secret = s;
    return 0;
}

void secret_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

void secret_cleanup(struct secret **s)
{
    secret_destroy(*s);
}
