/* key_fixture - a key directory for one test, and tests that run as user nobody where they were started by
 * root, so that permissions mean something. */
#ifndef TESTS_LIB_KEY_FIXTURE_H
#define TESTS_LIB_KEY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"

#define NOBODY 65534

#define KEY_A  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B  "ffeeddccbbaa99887766554433221100FFEEDDCCBBAA99887766554433221100"

struct key_fixture {
    char *dir;
};

static inline char *path_of(const struct key_fixture *f, const char *name)
{
    return mem_printf("%s/%s", f->dir, name);
}

static inline void key_put(const struct key_fixture *f, const char *name, const char *content, mode_t mode)
{
    CLEANUP_FREE char *path = path_of(f, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static inline int key_setup(void **state)
{
    struct key_fixture *f = mem_calloc(1, sizeof *f);
    f->dir = mem_strdup("/tmp/aa-test-keys-XXXXXX");
    *state = f;
    return mkdtemp(f->dir) ? 0 : -1;
}

static inline int key_teardown(void **state)
{
    struct key_fixture *f = *state;
    bool as_root = getuid() == 0 && seteuid(0) == 0;
    DIR *stream = opendir(f->dir);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        CLEANUP_FREE char *path = path_of(f, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlink(path) < 0) {
            rmdir(path);
        }
    }
    if (stream) {
        closedir(stream);
    }
    rmdir(f->dir);
    if (as_root && seteuid(NOBODY) < 0) {
        return -1;
    }
    free(f->dir);
    free(f);
    return 0;
}

static inline struct keyring *open_ring(const struct key_fixture *f)
{
    struct err e = {0};
    struct keyring *ring = NULL;
    if (keyring_open(f->dir, &ring, &e) < 0) {
        fail_msg("%s", e.msg);
    }
    return ring;
}

static inline int64_t fixed_wall_ms(const struct clock *self UNUSED)
{
    return INT64_C(1795392000000); /* 2026-11-23 */
}

static inline void fixed_random(const struct clock *self UNUSED, void *out, size_t len)
{
    memset(out, 0x1a, len);
}

static const struct clock fixed_clock = {fixed_wall_ms, fixed_wall_ms, fixed_random};

#define KEY_TEST(f) cmocka_unit_test_setup_teardown(f, key_setup, key_teardown)

static inline bool key_tests_begin(void)
{
    return getuid() != 0 || (setegid(NOBODY) == 0 && seteuid(NOBODY) == 0);
}

/* Back to root: the leak check at the end needs to look into this process. */
static inline bool key_tests_end(void)
{
    return getuid() != 0 || (seteuid(0) == 0 && setegid(0) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
}

#endif
