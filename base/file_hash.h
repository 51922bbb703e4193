/* file_hash - is a file still the one that was made?  BLAKE2b-256 of its bytes.  Any thread; blocks. */
#ifndef BASE_FILE_HASH_H
#define BASE_FILE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define FILE_HASH_LEN 32

/* From where the descriptor stands to the end of the file.  -1 and errno. */
MUST_CHECK int file_hash_read(int fd, unsigned char ret_hash[FILE_HASH_LEN], int64_t *ret_bytes);

/* Of a file that has been read whole. */
bool file_hash_is_of(const unsigned char hash[FILE_HASH_LEN], const void *bytes, size_t len);

enum file_state {
    FILE_SAME,
    FILE_CHANGED, /* other bytes, or something that is no file */
    FILE_GONE,
    FILE_UNREADABLE, /* nobody knows */
};
const char *file_state_name(enum file_state state); /* same, changed, gone, unreadable */

/* The file that had so many bytes and that hash: what is it now? */
enum file_state file_hash_look(const char *path, int64_t bytes, const unsigned char hash[FILE_HASH_LEN]);

#endif
