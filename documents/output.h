/* output - files that are there whole or not at all: a temporary name in the same directory, synced, renamed,
 * the directory synced.
 *
 * A directory is locked (flock) while something is written to it, so that two programs that make the same
 * document take turns, and what a killed one left behind (.timesheet-….part) is removed by the next.  Files
 * are made with mode 0600 and get 0640, less the umask, when they are whole.
 *
 * The messages name the file or directory and what to do:
 *   ERR_IO       disk full (also a quota or a limit of the file's size), or another fault of the disk
 *   ERR_DENIED   no permission, or a read-only file system
 *   ERR_NOT_FOUND the directory above is gone
 *   ERR_CONFIG   a file stands where a directory should be, or the other way round
 * One thread; blocks. */
#ifndef DOCUMENTS_OUTPUT_H
#define DOCUMENTS_OUTPUT_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/sheet.h"

/* The name that a person looks for: the final one of a temporary file.  Free it. */
char *output_shown_path(const char *path);

/* What errno means for something at `path` that could not be written: sets e, returns its code; by its
 * shown path. */
int output_failed(const char *path, int native, struct err *e);

/* Makes the last component of the path where it is missing (mode 0750 less the umask). */
MUST_CHECK int output_make_directory(const char *path, struct err *e);

struct output_dir {
    char *path;
    int fd; /* locked */
};
/* Opens, locks (waits for whoever writes there, wait_ms at most: ERR_BUSY then), and removes left-over
 * temporary files of timesheets.  Free with output_dir_close. */
#define OUTPUT_WAIT_MS 60000
MUST_CHECK int output_dir_open(const char *path, int wait_ms, struct output_dir *ret_dir, struct err *e);
void output_dir_close(struct output_dir *dir); /* accepts a zeroed struct with fd 0 or one that is closed */

/* One file in the making. */
struct output {
    const struct output_dir *dir;
    char *path;      /* when it is whole */
    char *temporary; /* where to write it; exists, empty, mode 0600 */
};
MUST_CHECK int output_begin(const struct output_dir *dir, const char *name, struct output *ret_output,
                            struct err *e);

struct output_file {
    int64_t bytes;
    unsigned char hash[SHEET_HASH_LEN]; /* BLAKE2b-256 of the bytes */
};
/* Sync, hash, rename, sync the directory.  On an error the temporary file is gone and what was there before
 * stays. */
MUST_CHECK int output_commit(struct output *output, struct output_file *ret_file, struct err *e);
/* Removes the temporary file where it was not committed; frees.  Accepts a zeroed struct. */
void output_finish(struct output *output);

/* Text as one component of a path: letters, digits, and ". - _ @ +" stay, everything else becomes "_"; a
 * leading dot too; at most 100 bytes of it, with a hash behind it where something was cut or changed, so that
 * two names never become one. */
#define OUTPUT_NAME_LEN 120
void output_safe_name(const char *text, char ret_name[OUTPUT_NAME_LEN + 1]);

#endif
