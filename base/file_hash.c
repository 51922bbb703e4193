#include "base/file_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 32768

int file_hash_read(int fd, unsigned char ret_hash[FILE_HASH_LEN], int64_t *ret_bytes)
{
    crypto_generichash_state state;
    unsigned char chunk[CHUNK];
    int64_t bytes = 0;
    ssize_t n;
    (void)crypto_generichash_init(&state, NULL, 0, FILE_HASH_LEN);
    while ((n = read(fd, chunk, sizeof chunk)) > 0) {
        (void)crypto_generichash_update(&state, chunk, (unsigned long long)n);
        bytes += n;
    }
    if (n < 0) {
        return -1;
    }
    (void)crypto_generichash_final(&state, ret_hash, FILE_HASH_LEN);
    *ret_bytes = bytes;
    return 0;
}

bool file_hash_is_of(const unsigned char hash[FILE_HASH_LEN], const void *bytes, size_t len)
{
    unsigned char now[FILE_HASH_LEN];
    (void)crypto_generichash(now, sizeof now, bytes, len, NULL, 0);
    return memcmp(now, hash, sizeof now) == 0;
}

const char *file_state_name(enum file_state state)
{
    switch (state) {
    case FILE_SAME: return "same";
    case FILE_CHANGED: return "changed";
    case FILE_GONE: return "gone";
    case FILE_UNREADABLE: return "unreadable";
    }
    return "unreadable";
}

static enum file_state look(int fd, int64_t bytes, const unsigned char hash[FILE_HASH_LEN])
{
    struct stat st;
    unsigned char now[FILE_HASH_LEN];
    if (fstat(fd, &st) < 0) {
        return FILE_UNREADABLE;
    }
    if (!S_ISREG(st.st_mode) || st.st_size != bytes) {
        return FILE_CHANGED; /* most changes are seen without reading it */
    }
    if (file_hash_read(fd, now, &bytes) < 0) {
        return FILE_UNREADABLE;
    }
    return memcmp(now, hash, sizeof now) == 0 ? FILE_SAME : FILE_CHANGED;
}

enum file_state file_hash_look(const char *path, int64_t bytes, const unsigned char hash[FILE_HASH_LEN])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of that name would wait for a writer */
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? FILE_GONE : FILE_UNREADABLE;
    }
    enum file_state state = look(fd, bytes, hash);
    close(fd);
    return state;
}
