#include "documents/output.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file_hash.h"
#include "base/mem.h"

#define LOCK_STEP_MS   50
#define TEMPORARY_END  ".part"
#define OWN_START      ".timesheet-" /* of the temporary names that this program gives; render.c, file_name */
#define NAME_BYTES_MAX 100

/* ---- errors ---- */

static bool is_temporary(const char *name)
{
    size_t len = strlen(name), end = strlen(TEMPORARY_END);
    return name[0] == '.' && len > end && strcmp(name + len - end, TEMPORARY_END) == 0;
}

char *output_shown_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int name_len = (int)(strlen(name) - strlen(TEMPORARY_END) - 1);
    return is_temporary(name) ? mem_printf("%.*s%.*s", (int)(name - path), path, name_len, name + 1)
                              : mem_strdup(path);
}

static int fail_path(const char *path, int native, struct err *e)
{
    switch (native) {
    case ENOSPC:
    case EDQUOT:
        return err_set(e, ERR_IO, native, "%s can not be written: the disk is full; make room and try again",
                       path);
    case EFBIG:
        return err_set(e, ERR_IO, native, "%s can not be written: larger than files may be here (ulimit -f)",
                       path);
    case EROFS:
        return err_set(e, ERR_DENIED, native, "%s can not be written: the file system is read-only", path);
    case EACCES:
    case EPERM:
        return err_set(e, ERR_DENIED, native,
                       "%s can not be written: no permission; check owner and mode of its directory", path);
    case ENOENT:
        return err_set(e, ERR_NOT_FOUND, native,
                       "%s can not be written: the directory above it does not exist", path);
    case ENOTDIR:
    case EEXIST:
        return err_set(e, ERR_CONFIG, native,
                       "%s can not be written: a file stands where a directory should be", path);
    case EISDIR:
        return err_set(e, ERR_CONFIG, native,
                       "%s can not be written: a directory has that name; move it away", path);
    default: return err_set(e, ERR_IO, native, "%s can not be written: %s", path, strerror(native));
    }
}

int output_failed(const char *path, int native, struct err *e)
{
    CLEANUP_FREE char *shown = output_shown_path(path);
    return fail_path(shown, native, e);
}

/* ---- directories ---- */

int output_make_directory(const char *path, struct err *e)
{
    struct stat st;
    if (mkdir(path, 0750) == 0) {
        return 0;
    }
    int native = errno;
    if (native != EEXIST) {
        return output_failed(path, native, e);
    }
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : output_failed(path, ENOTDIR, e);
}

/* The directory may be anybody's (--output): other programs have unfinished files there, too. */
static bool is_own_temporary(const char *name)
{
    return is_temporary(name) && strncmp(name, OWN_START, strlen(OWN_START)) == 0;
}

/* The directory is locked: whoever made them is gone. */
static void remove_left_over(int dir_fd)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0) {
            close(fd);
        }
        return; /* what can not be listed is not in the way of a new file either */
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (is_own_temporary(entry->d_name)) {
            (void)unlinkat(dir_fd, entry->d_name, 0);
        }
    }
    closedir(dir);
}

/* In steps and not for ever: whoever holds it may have been stopped by its terminal. */
static int lock_directory(int fd, const char *path, int wait_ms, struct err *e)
{
    const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000};
    for (int waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited_ms += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return err_set(e, ERR_IO, errno, "%s can not be locked: %s", path, strerror(errno));
        }
        if (waited_ms >= wait_ms) {
            return err_set(
                e, ERR_BUSY, 0,
                "another admin-assistant-render has been writing to %s for %d s: is one stopped there?", path,
                wait_ms / 1000);
        }
        (void)nanosleep(&step, NULL);
    }
    return 0;
}

int output_dir_open(const char *path, int wait_ms, struct output_dir *ret_dir, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return output_failed(path, errno, e);
    }
    int r = lock_directory(fd, path, wait_ms, e);
    if (r < 0) {
        close(fd);
        return r;
    }
    remove_left_over(fd);
    *ret_dir = (struct output_dir){mem_strdup(path), fd};
    return 0;
}

void output_dir_close(struct output_dir *dir)
{
    if (dir->path) {
        close(dir->fd); /* and with it the lock */
    }
    free(dir->path);
    *dir = (struct output_dir){0};
}

/* ---- a file ---- */

static_assert(FILE_HASH_LEN == SHEET_HASH_LEN, "one hash of a file");

int output_begin(const struct output_dir *dir, const char *name, struct output *ret_output, struct err *e)
{
    struct output o = {
        .dir = dir,
        .path = mem_printf("%s/%s", dir->path, name),
        .temporary = mem_printf("%s/.%s" TEMPORARY_END, dir->path, name),
    };
    struct stat st;
    int native = 0, fd = -1;
    if (lstat(o.path, &st) == 0 && S_ISDIR(st.st_mode)) {
        native = EISDIR;
    } else {
        (void)unlink(o.temporary);
        fd = open(o.temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        native = fd < 0 ? errno : 0;
    }
    if (native) {
        int r = output_failed(o.path, native, e);
        free(o.path);
        free(o.temporary);
        return r;
    }
    close(fd);
    *ret_output = o;
    return 0;
}

static mode_t mode_when_whole(void)
{
    mode_t mask = umask(077);
    (void)umask(mask);
    return 0640 & ~mask;
}

/* errno is left set. */
static int make_durable(const struct output *o, struct output_file *ret_file)
{
    int fd = open(o->temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    bool is_good = file_hash_read(fd, ret_file->hash, &ret_file->bytes) == 0 &&
                   fchmod(fd, mode_when_whole()) == 0 && fsync(fd) == 0;
    int native = errno;
    close(fd);
    errno = native;
    return is_good && rename(o->temporary, o->path) == 0 && fsync(o->dir->fd) == 0 ? 0 : -1;
}

int output_commit(struct output *o, struct output_file *ret_file, struct err *e)
{
    struct output_file file;
    if (make_durable(o, &file) < 0) {
        return output_failed(o->path, errno, e);
    }
    free(o->temporary);
    o->temporary = NULL;
    *ret_file = file;
    return 0;
}

void output_finish(struct output *o)
{
    if (o->temporary) {
        (void)unlink(o->temporary);
    }
    free(o->temporary);
    free(o->path);
    *o = (struct output){0};
}

/* ---- names ---- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr(".-_@+", c));
}

void output_safe_name(const char *text, char ret_name[OUTPUT_NAME_LEN + 1])
{
    size_t len = strlen(text), n = len < NAME_BYTES_MAX ? len : NAME_BYTES_MAX;
    bool is_changed = n < len || n == 0;
    for (size_t i = 0; i < n; i++) {
        bool stays = is_plain(text[i]) && !(i == 0 && text[i] == '.');
        ret_name[i] = stays ? text[i] : '_';
        is_changed = is_changed || !stays;
    }
    ret_name[n] = '\0';
    if (is_changed) {
        unsigned char hash[crypto_generichash_BYTES_MIN];
        (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)text, len, NULL, 0);
        snprintf(ret_name + n, OUTPUT_NAME_LEN + 1 - n, "-%02x%02x%02x%02x", hash[0], hash[1], hash[2],
                 hash[3]);
    }
}
