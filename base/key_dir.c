#include "base/key_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"

#define SUFFIX        ".key"
#define HEX_LEN       (2 * KEY_LEN)
#define TEXT_MAX      (HEX_LEN + 2) /* with a line end */
#define MAX_KEYS      256

#define ID_DIGITS     6
#define ID_NUMBER_MAX 0xffffff

/* An opened directory, and its path for messages. */
struct key_dir {
    const char *path;
    DIR *stream;
    uid_t owner;
    gid_t group;
};

/* The keys read so far. */
struct key_list {
    struct key *keys;
    size_t n;
};

bool key_id_is_valid(const char *id, size_t len)
{
    return len >= 1 && len <= KEYRING_ID_MAX && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;
}

/* ---- who may read it ---- */

/* What is wrong with the owner or the mode of a directory or a file, as an error; 0 if nothing is. */
static int check_access(const char *what, const char *path, const struct stat *st, struct err *e)
{
    uid_t me = geteuid();
    unsigned mode = st->st_mode & 07777;
    unsigned good = S_ISDIR(st->st_mode) ? 0700 : 0600;
    bool is_roots = st->st_uid == 0 && st->st_gid == 0;
    if (st->st_uid != 0 && st->st_uid != me && me != 0) {
        return err_set(e, ERR_KEY, 0,
                       "%s %s belongs to user id %u, not to this user or root; run: chown %u %s", what, path,
                       (unsigned)st->st_uid, (unsigned)me, path);
    }
    if (mode & 0007) {
        return err_set(
            e, ERR_KEY, 0,
            "%s %s is open to everybody (mode %04o); run: chmod %o %s - and replace the key if somebody "
            "may have read it",
            what, path, mode, good, path);
    }
    if ((mode & 0020) || ((mode & 0050) && !is_roots)) {
        return err_set(e, ERR_KEY, 0, "%s %s is open to group id %u (mode %04o); run: chmod %o %s", what,
                       path, (unsigned)st->st_gid, mode, good, path);
    }
    return 0;
}

static int open_failed(const char *path, int native, struct err *e)
{
    if (native == ENOENT) {
        return err_set(
            e, ERR_KEY, native,
            "key directory %s does not exist; run: admin-assistant key generate - or set [keys] directory",
            path);
    }
    if (native == ENOTDIR) {
        return err_set(e, ERR_KEY, native, "key directory %s is no directory; correct [keys] directory",
                       path);
    }
    return err_set(e, ERR_KEY, native, "key directory %s can not be read: %s; run: chown %u %s", path,
                   strerror(native), (unsigned)geteuid(), path);
}

static int dir_open(const char *path, struct key_dir *ret_dir, struct err *e)
{
    struct stat st;
    DIR *stream = opendir(path);
    if (!stream || fstat(dirfd(stream), &st) < 0) {
        int native = errno;
        if (stream) {
            closedir(stream);
        }
        return open_failed(path, native, e);
    }
    int r = check_access("key directory", path, &st, e);
    if (r < 0) {
        closedir(stream);
        return r;
    }
    *ret_dir = (struct key_dir){.path = path, .stream = stream, .owner = st.st_uid, .group = st.st_gid};
    return 0;
}

static void dir_close(struct key_dir *dir)
{
    if (dir->stream) {
        closedir(dir->stream);
    }
}

/* ---- names ---- */

/* The name without that of the credential, which LoadCredential puts before an underscore. */
static const char *own_name(const char *name)
{
    const char *underscore = strrchr(name, '_');
    return underscore ? underscore + 1 : name;
}

/* A file that is hidden in the directory stays so as a credential (keys_.NAME). */
static bool is_key_file(const char *name)
{
    size_t len = strlen(name);
    return name[0] != '.' && own_name(name)[0] != '.' && len > strlen(SUFFIX) &&
           strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static bool id_of_name(const char *name, char ret_id[KEYRING_ID_MAX + 1])
{
    const char *id = own_name(name);
    size_t len = strlen(id) - strlen(SUFFIX);
    if (!key_id_is_valid(id, len)) {
        return false;
    }
    memcpy(ret_id, id, len);
    ret_id[len] = '\0';
    return true;
}

/* ---- reading ---- */

/* Reads at most TEXT_MAX + 1 bytes, so that a longer file shows as one, and drops the line end. */
static int read_text(int fd, struct secret *text, size_t *ret_len)
{
    char *bytes = secret_bytes(text);
    size_t len = 0;
    while (len < TEXT_MAX + 1) {
        ssize_t n = read(fd, bytes + len, TEXT_MAX + 1 - len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return ERR_IO;
        }
        if (n == 0) {
            break;
        }
        len += (size_t)n;
    }
    while (len > 0 && len <= TEXT_MAX && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r')) {
        len--;
    }
    *ret_len = len;
    return 0;
}

static int unreadable(const char *path, struct err *e)
{
    int native = errno;
    return err_set(e, ERR_KEY, native, "key file %s can not be read: %s; run: chown %u %s", path,
                   strerror(native), (unsigned)geteuid(), path);
}

static int decode(const char *path, int fd, struct secret **ret_bytes, struct err *e)
{
    CLEANUP(secret_cleanup) struct secret *text = secret_create(TEXT_MAX + 1);
    CLEANUP(secret_cleanup) struct secret *bytes = secret_create(KEY_LEN);
    size_t len, used;
    if (read_text(fd, text, &len) < 0) {
        return unreadable(path, e);
    }
    if (len != HEX_LEN) {
        return err_set(
            e, ERR_KEY, 0,
            "key file %s has the wrong length: it must hold %d hexadecimal digits; bring it back from a "
            "backup, or move it away and run: admin-assistant key generate",
            path, HEX_LEN);
    }
    if (sodium_hex2bin((unsigned char *)secret_bytes(bytes), KEY_LEN, secret_bytes(text), HEX_LEN, NULL,
                       &used, NULL) != 0 ||
        used != KEY_LEN) {
        return err_set(
            e, ERR_KEY, 0,
            "key file %s is not hexadecimal: it must hold %d digits 0-9 a-f; bring it back from a backup, "
            "or move it away and run: admin-assistant key generate",
            path, HEX_LEN);
    }
    *ret_bytes = STEAL(bytes);
    return 0;
}

/* Checks and reads through one descriptor: what was checked is what is read. */
static int load_file(const char *path, struct secret **ret_bytes, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int r = unreadable(path, e);
        if (fd >= 0) {
            close(fd);
        }
        return r;
    }
    int r = S_ISREG(st.st_mode)
                ? check_access("key file", path, &st, e)
                : err_set(e, ERR_KEY, 0, "key file %s is not a regular file; remove it", path);
    if (r == 0) {
        r = decode(path, fd, ret_bytes, e);
    }
    close(fd);
    return r;
}

static int load_key(const struct key_dir *dir, const char *name, struct key_list *list, struct err *e)
{
    struct key key = {0};
    CLEANUP_FREE char *path = mem_printf("%s/%s", dir->path, name);
    if (!id_of_name(name, key.id)) {
        return err_set(
            e, ERR_KEY, 0,
            "key file %s has a bad name: before .key belong 1 to %d of a-z 0-9 -; rename it to what it was",
            path, KEYRING_ID_MAX);
    }
    if (list->n == MAX_KEYS) {
        return err_set(e, ERR_KEY, 0, "key directory %s holds more than %d keys; move old ones away",
                       dir->path, MAX_KEYS);
    }
    int r = load_file(path, &key.bytes, e);
    if (r < 0) {
        return r;
    }
    list->keys = mem_realloc(list->keys, list->n + 1, sizeof *list->keys);
    list->keys[list->n++] = key;
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->id, ((const struct key *)b)->id);
}

static int load_all(const struct key_dir *dir, struct key_list *list, struct err *e)
{
    struct dirent *entry;
    while ((errno = 0, entry = readdir(dir->stream))) {
        int r = is_key_file(entry->d_name) ? load_key(dir, entry->d_name, list, e) : 0;
        if (r < 0) {
            return r;
        }
    }
    if (errno != 0) {
        return open_failed(dir->path, errno, e);
    }
    if (list->n == 0) {
        return err_set(e, ERR_KEY, 0, "key directory %s holds no key; run: admin-assistant key generate",
                       dir->path);
    }
    qsort(list->keys, list->n, sizeof *list->keys, compare_keys);
    for (size_t i = 1; i < list->n; i++) {
        if (compare_keys(&list->keys[i - 1], &list->keys[i]) == 0) {
            return err_set(e, ERR_KEY, 0, "key directory %s holds key %s in two files; remove one", dir->path,
                           list->keys[i].id);
        }
    }
    return 0;
}

void key_dir_free(struct key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        secret_destroy(keys[i].bytes);
    }
    free(keys);
}

int key_dir_load(const char *directory, struct key **ret_keys, size_t *ret_n, struct err *e)
{
    CLEANUP(dir_close) struct key_dir dir = {0};
    struct key_list list = {0};
    int r = dir_open(directory, &dir, e);
    if (r < 0) {
        return r;
    }
    r = load_all(&dir, &list, e);
    if (r < 0) {
        key_dir_free(list.keys, list.n);
        return r;
    }
    *ret_keys = list.keys;
    *ret_n = list.n;
    return 0;
}

/* ---- writing ---- */

/* The error of a system call on a path. */
static int failed(const char *doing, const char *path, struct err *e)
{
    int native = errno;
    int code = native == EACCES || native == EPERM || native == EROFS ? ERR_DENIED
               : native == EEXIST                                     ? ERR_EXISTS
                                                                      : ERR_IO;
    return err_set(e, code, native, "can not %s %s: %s", doing, path, strerror(native));
}

/* A name is safe on disk when the directory that holds it was synchronized. */
static int sync_dir(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) {
        int r = failed("synchronize", path, e);
        if (fd >= 0) {
            close(fd);
        }
        return r;
    }
    close(fd);
    return 0;
}

static int make_dir(const char *path, struct err *e)
{
    if (mkdir(path, 0700) < 0) {
        return errno == EEXIST ? 0 : failed("make key directory", path, e);
    }
    CLEANUP_FREE char *parent = mem_printf("%s/..", path);
    return sync_dir(parent, e);
}

/* The id that sorts last in the directory; "" if there is none. */
static void find_last_id(const struct key_dir *dir, char ret_last[KEYRING_ID_MAX + 1])
{
    struct dirent *entry;
    char id[KEYRING_ID_MAX + 1];
    ret_last[0] = '\0';
    while ((entry = readdir(dir->stream))) {
        if (is_key_file(entry->d_name) && id_of_name(entry->d_name, id) && strcmp(id, ret_last) > 0) {
            memcpy(ret_last, id, sizeof id);
        }
    }
}

/* The six hexadecimal digits behind the last dash of an id; -1 if it does not end so. */
static long id_number(const char *id)
{
    const char *dash = strrchr(id, '-');
    if (!dash || strlen(dash + 1) != ID_DIGITS || strspn(dash + 1, "0123456789abcdef") != ID_DIGITS) {
        return -1;
    }
    return strtol(dash + 1, NULL, 16);
}

/* The date and a random number.  The new key must sort last or it would never encrypt.  Where another key of
 * the day, or one from a day when the clock was ahead, is in the way, the number goes on from that one's;
 * where that has no number or the highest, the name grows. */
static int choose_id(const struct clock *clock, const char *last, char ret_id[KEYRING_ID_MAX + 1],
                     struct err *e)
{
    struct civil_date date = civil_from_day(civil_day_of(clock_wall_ms(clock)));
    uint32_t random;
    clock->random(clock, &random, sizeof random);
    long number = random & (ID_NUMBER_MAX / 2); /* the upper half is for those that follow on the day */
    snprintf(ret_id, KEYRING_ID_MAX + 1, "%04d%02d%02d-%06lx", date.year, date.month, date.day,
             (unsigned long)number);
    if (strcmp(ret_id, last) > 0) {
        return 0;
    }
    long next = id_number(last) + 1 + random % 4096;
    bool grows = id_number(last) < 0 || next > ID_NUMBER_MAX;
    int kept = (int)strlen(last) - (grows ? 0 : ID_DIGITS + 1);
    int len = snprintf(ret_id, KEYRING_ID_MAX + 1, "%.*s-%06lx", kept, last,
                       (unsigned long)(grows ? number : next));
    if (len > KEYRING_ID_MAX) {
        return err_set(e, ERR_EXISTS, 0, "no name for a new key sorts behind %s.key; check the clock", last);
    }
    return 0;
}

static int write_hex(int fd, const struct clock *clock)
{
    CLEANUP(secret_cleanup) struct secret *bytes = secret_create(KEY_LEN);
    CLEANUP(secret_cleanup) struct secret *text = secret_create(HEX_LEN + 1);
    clock->random(clock, secret_bytes(bytes), KEY_LEN);
    sodium_bin2hex(secret_bytes(text), HEX_LEN + 1, (unsigned char *)secret_bytes(bytes), KEY_LEN);
    secret_bytes(text)[HEX_LEN] = '\n';
    ssize_t n = write(fd, secret_bytes(text), HEX_LEN + 1);
    if (n >= 0 && n != HEX_LEN + 1) {
        errno = ENOSPC;
        return ERR_IO;
    }
    return n < 0 || fsync(fd) < 0 ? ERR_IO : 0;
}

/* The whole file under a name that is never loaded, then its own name, so that a crash leaves no half key. */
static int write_file(const struct key_dir *dir, const struct clock *clock, const char *id, struct err *e)
{
    CLEANUP_FREE char *final = mem_printf("%s/%s" SUFFIX, dir->path, id);
    CLEANUP_FREE char *temporary = mem_printf("%s/.%s.new", dir->path, id);
    int r = 0;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (fd < 0) {
        return failed("write key file", temporary, e);
    }
    if (write_hex(fd, clock) < 0 || (geteuid() == 0 && fchown(fd, dir->owner, dir->group) < 0) ||
        link(temporary, final) < 0) {
        r = failed("write key file", final, e);
    }
    close(fd);
    unlink(temporary);
    return r < 0 ? r : sync_dir(dir->path, e);
}

int key_dir_write(const char *directory, const struct clock *clock, char ret_id[KEYRING_ID_MAX + 1],
                  struct err *e)
{
    CLEANUP(dir_close) struct key_dir dir = {0};
    char last[KEYRING_ID_MAX + 1], id[KEYRING_ID_MAX + 1];
    int r = make_dir(directory, e);
    if (r == 0) {
        r = dir_open(directory, &dir, e);
    }
    if (r == 0) {
        find_last_id(&dir, last);
        r = choose_id(clock, last, id, e);
    }
    if (r == 0) {
        r = write_file(&dir, clock, id, e);
    }
    if (r == 0) {
        memcpy(ret_id, id, sizeof id);
    }
    return r;
}
