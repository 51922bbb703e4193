#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_finish(struct buf *b)
{
    free(b->data);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data) {
        b->data[0] = '\0';
    }
}

int buf_reserve(struct buf *b, size_t len)
{
    if (len > b->max) {
        return ERR_TOO_BIG;
    }
    if (len + 1 > b->cap) {
        b->data = mem_realloc(b->data, len + 1, 1);
        b->cap = len + 1;
        b->data[b->len] = '\0';
    }
    return 0;
}

/* Room for `more` bytes behind the content, growing by half so that many small additions stay cheap. */
static int make_room(struct buf *b, size_t more)
{
    if (more > b->max - b->len) {
        return ERR_TOO_BIG;
    }
    size_t want = b->len + more;
    if (want + 1 <= b->cap) {
        return 0;
    }
    size_t grown = b->cap + b->cap / 2 + 64;
    if (grown > b->max) {
        grown = b->max;
    }
    return buf_reserve(b, grown > want ? grown : want);
}

int buf_add(struct buf *b, const void *bytes, size_t len)
{
    int r = make_room(b, len);
    if (r < 0) {
        return r;
    }
    if (len > 0) {
        memcpy(b->data + b->len, bytes, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int buf_add_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) {
        return ERR_BUG;
    }
    int r = make_room(b, (size_t)n);
    if (r < 0) {
        return r;
    }
    va_start(args, fmt);
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
    return 0;
}

char *buf_steal(struct buf *b, size_t *ret_len)
{
    char *data = b->data ? b->data : mem_strdup("");
    if (ret_len) {
        *ret_len = b->len;
    }
    buf_init(b, b->max);
    return data;
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

static int read_all(struct buf *b, int fd)
{
    char chunk[16384];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0) {
            return ERR_IO;
        }
        if (n == 0) {
            return buf_add(b, "", 0);
        }
        int r = buf_add(b, chunk, (size_t)n);
        if (r < 0) {
            return r;
        }
    }
}

int buf_read_file(struct buf *b, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND
               : errno == EACCES || errno == EPERM ? ERR_DENIED
                                                   : ERR_IO;
    }
    int r = read_all(b, fd);
    int saved = errno;
    close(fd);
    errno = saved;
    return r;
}
