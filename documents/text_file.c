#include "documents/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "documents/output.h"

#define BLOCK      65536
#define PRINTF_MAX 512

struct text_file {
    int fd;
    int native; /* errno of the first failure; 0 = none */
    char *path;
    size_t len;
    char block[BLOCK];
};

int text_file_create(const char *path, struct text_file **ret_f, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        return output_failed(path, errno, e);
    }
    struct text_file *f = mem_calloc(1, sizeof *f);
    f->fd = fd;
    f->path = mem_strdup(path);
    *ret_f = f;
    return 0;
}

static void flush(struct text_file *f)
{
    size_t done = 0;
    while (done < f->len && f->native == 0) {
        ssize_t n = write(f->fd, f->block + done, f->len - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            f->native = errno;
        }
    }
    f->len = 0;
}

int text_file_close(struct text_file *f, struct err *e)
{
    flush(f);
    if (close(f->fd) < 0 && f->native == 0 && errno != EINTR) {
        f->native = errno;
    }
    int r = f->native ? output_failed(f->path, f->native, e) : 0;
    free(f->path);
    free(f);
    return r;
}

void text_file_put_bytes(struct text_file *f, const void *bytes, size_t len)
{
    const char *from = bytes;
    while (len > 0) {
        size_t n = BLOCK - f->len < len ? BLOCK - f->len : len;
        memcpy(f->block + f->len, from, n);
        f->len += n;
        from += n;
        len -= n;
        if (f->len == BLOCK) {
            flush(f);
        }
    }
}

void text_file_put(struct text_file *f, const char *text)
{
    text_file_put_bytes(f, text, strlen(text));
}

void text_file_put_char(struct text_file *f, char c)
{
    text_file_put_bytes(f, &c, 1);
}

/* By hand: a sheet of 100,000 lines has a million of them. */
void text_file_put_int(struct text_file *f, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    text_file_put_bytes(f, digits + at, sizeof digits - at);
}

void text_file_printf(struct text_file *f, const char *fmt, ...)
{
    char text[PRINTF_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n > 0) {
        text_file_put_bytes(f, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    }
}
