/* The key directory: what is taken, every refusal, and new keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "tests/lib/key_fixture.h"

/* ---- opening ---- */

static void keys_by_name(void **state)
{
    key_put(*state, "20250101-aaaaaa.key", KEY_A "\n", 0400);
    key_put(*state, "20240101-ffffff.key", KEY_B, 0600);
    key_put(*state, "README", "not a key", 0644);
    key_put(*state, ".20260101-bbbbbb.key", "an editor's copy", 0644);
    key_put(*state, "keys_20250601-cc.key", KEY_A "\r\n", 0400); /* as LoadCredential names it */
    struct keyring *ring = open_ring(*state);
    assert_int_equal(keyring_count(ring), 3);
    assert_string_equal(keyring_id(ring, 0), "20240101-ffffff");
    assert_string_equal(keyring_id(ring, 1), "20250101-aaaaaa");
    assert_string_equal(keyring_id(ring, 2), "20250601-cc");
    keyring_destroy(ring);
    keyring_destroy(NULL);
}

/* The command line reads the directory, the daemon what LoadCredential made of it: both find the same keys.
 */
static void a_credential_is_the_same_key(void **state)
{
    static const char *const names[] = {"20250101-aaaaaa.key", "my_20260101-bb.key", ".20260301-cc.key",
                                        ".20260401-dd.key.new", "README"};
    struct key_fixture *f = *state;
    struct keyring *rings[2];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        key_put(f, names[i], KEY_A, 0400);
    }
    rings[0] = open_ring(f);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP_FREE char *from = path_of(f, names[i]);
        CLEANUP_FREE char *to = mem_printf("%s/keys_%s", f->dir, names[i]);
        assert_int_equal(rename(from, to), 0);
    }
    rings[1] = open_ring(f);
    for (size_t i = 0; i < ARRAY_LEN(rings); i++) {
        assert_int_equal(keyring_count(rings[i]), 2);
        assert_string_equal(keyring_id(rings[i], 0), "20250101-aaaaaa");
        assert_string_equal(keyring_id(rings[i], 1), "20260101-bb");
        keyring_destroy(rings[i]);
    }
}

/* Every refusal has words of its own, and names the file and a command. */
static const struct refusal_row {
    const char *name;
    const char *file;
    const char *content;
    mode_t mode;
    mode_t dir_mode;
    const char *words[3];
} refusals[] = {
    {"empty directory", NULL, NULL, 0, 0700, {"holds no key", "admin-assistant key generate"}},
    {"only other files", "notes.txt", "x", 0600, 0700, {"holds no key", "admin-assistant key generate"}},
    {"everybody reads the file", "a.key", KEY_A, 0604, 0700, {"a.key", "open to everybody", "chmod 600"}},
    {"everybody writes the file", "a.key", KEY_A, 0602, 0700, {"a.key", "open to everybody", "chmod 600"}},
    {"the group reads the file", "a.key", KEY_A, 0640, 0700, {"a.key", "open to group", "chmod 600"}},
    {"the group writes the file", "a.key", KEY_A, 0620, 0700, {"a.key", "open to group", "chmod 600"}},
    {"everybody lists the directory",
     "a.key",
     KEY_A,
     0600,
     0705,
     {"directory", "open to everybody", "chmod 700"}},
    {"everybody enters the directory",
     "a.key",
     KEY_A,
     0600,
     0701,
     {"directory", "open to everybody", "chmod 700"}},
    {"the group lists the directory",
     "a.key",
     KEY_A,
     0600,
     0750,
     {"directory", "open to group", "chmod 700"}},
    {"unreadable file", "a.key", KEY_A, 0200, 0700, {"a.key", "can not be read", "chown"}},
    {"unreadable directory", "a.key", KEY_A, 0600, 0300, {"directory", "can not be read", "chown"}},
    {"empty file", "a.key", "", 0600, 0700, {"a.key", "wrong length", "key generate"}},
    {"a digit less",
     "a.key",
     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef",
     0600,
     0700,
     {"a.key", "wrong length"}},
    {"a digit more", "a.key", KEY_A "0", 0600, 0700, {"a.key", "wrong length"}},
    {"two keys in a file", "a.key", KEY_A "\n" KEY_B "\n", 0600, 0700, {"a.key", "wrong length"}},
    {"a letter too far",
     "a.key",
     "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     0600,
     0700,
     {"a.key", "not hexadecimal"}},
    {"a space inside",
     "a.key",
     "00 102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     0600,
     0700,
     {"a.key", "not hexadecimal"}},
    {"last character",
     "a.key",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1-",
     0600,
     0700,
     {"a.key", "not hexadecimal"}},
    {"capital in the name", "A.key", KEY_A, 0600, 0700, {"A.key", "bad name", "rename"}},
    {"name too long", "a23456789012345678901234567890123.key", KEY_A, 0600, 0700, {"bad name"}},
    {"nothing behind the underscore", "keys_.key", KEY_A, 0600, 0700, {"holds no key"}},
    {"capital in a credential's name", "keys_A.key", KEY_A, 0600, 0700, {"keys_A.key", "bad name"}},
};

static void refusals_say_what_to_do(void **state)
{
    struct key_fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const struct refusal_row *row = &refusals[i];
        struct keyring *ring = NULL;
        struct err e = {0};
        if (row->file) {
            key_put(f, row->file, row->content, row->mode);
        }
        assert_int_equal(chmod(f->dir, row->dir_mode), 0);
        int r = keyring_open(f->dir, &ring, &e);
        assert_int_equal(chmod(f->dir, 0700), 0);
        bool said = strstr(e.msg, f->dir) != NULL;
        for (size_t w = 0; w < ARRAY_LEN(row->words) && row->words[w]; w++) {
            said = said && strstr(e.msg, row->words[w]);
        }
        if (r != ERR_KEY || ring || !said || strstr(e.msg, "0203040506")) {
            fail_msg("%s: %d %s", row->name, r, e.msg);
        }
        if (row->file) {
            CLEANUP_FREE char *path = path_of(f, row->file);
            unlink(path);
        }
    }
}

static void a_missing_directory(void **state)
{
    struct keyring *ring = NULL;
    struct err e = {0};
    CLEANUP_FREE char *path = path_of(*state, "nowhere");
    assert_int_equal(keyring_open(path, &ring, &e), ERR_KEY);
    assert_non_null(strstr(e.msg, "does not exist"));
    assert_non_null(strstr(e.msg, "admin-assistant key generate"));
    key_put(*state, "file", "", 0600);
    CLEANUP_FREE char *file = path_of(*state, "file");
    assert_int_equal(keyring_open(file, &ring, &e), ERR_KEY);
    assert_non_null(strstr(e.msg, "is no directory"));
    assert_int_equal(keyring_open(path, &ring, NULL), ERR_KEY);
}

static void one_id_twice(void **state)
{
    struct keyring *ring = NULL;
    struct err e = {0};
    key_put(*state, "a.key", KEY_A, 0600);
    key_put(*state, "keys_a.key", KEY_B, 0600);
    assert_int_equal(keyring_open(((struct key_fixture *)*state)->dir, &ring, &e), ERR_KEY);
    assert_non_null(strstr(e.msg, "key a in two files"));
}

static void no_regular_file(void **state)
{
    struct keyring *ring = NULL;
    struct err e = {0};
    CLEANUP_FREE char *path = path_of(*state, "pipe.key");
    assert_int_equal(mkfifo(path, 0600), 0); /* would block whoever opens it plainly */
    assert_int_equal(keyring_open(((struct key_fixture *)*state)->dir, &ring, &e), ERR_KEY);
    assert_non_null(strstr(e.msg, "not a regular file"));
}

/* Gives a file away as root. */
static void give(const struct key_fixture *f, const char *name, uid_t user, gid_t group, mode_t mode)
{
    CLEANUP_FREE char *path = path_of(f, name);
    assert_int_equal(chown(path, user, group), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static const struct owner_row {
    const char *name;
    uid_t user;
    gid_t group;
    mode_t mode;
    const char *words; /* NULL: it is taken */
} owner_rows[] = {
    {"somebody else's", 12345, 0, 0640, "belongs to user id 12345"},
    {"root's with group root, as a credential", 0, 0, 0440, NULL},
    {"root's with another group", 0, NOBODY, 0440, "open to group"},
    {"root's with group root, writable", 0, 0, 0460, "open to group"},
    {"root's with group root and everybody", 0, 0, 0444, "open to everybody"},
    {"our own with group root", NOBODY, 0, 0440, "open to group"},
};

static void owners(void **state)
{
    struct key_fixture *f = *state;
    if (getuid() != 0) {
        print_message("skipped: only root can give files away\n");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(owner_rows); i++) {
        const struct owner_row *row = &owner_rows[i];
        struct keyring *ring = NULL;
        struct err e = {0};
        key_put(f, "a.key", KEY_A, 0600);
        assert_int_equal(seteuid(0), 0);
        give(f, "a.key", row->user, row->group, row->mode);
        assert_int_equal(setegid(row->group), 0); /* so that it opens, as by an access list */
        assert_int_equal(seteuid(NOBODY), 0);
        int r = keyring_open(f->dir, &ring, &e);
        if (row->words ? (r != ERR_KEY) : (r != 0)) {
            fail_msg("%s: %d %s", row->name, r, e.msg);
        }
        if (row->words && !strstr(e.msg, row->words)) {
            fail_msg("%s: %s", row->name, e.msg);
        }
        keyring_destroy(ring);
        CLEANUP_FREE char *path = path_of(f, "a.key");
        unlink(path);
    }
}

/* ---- generating ---- */

static void generate_writes_a_key(void **state)
{
    struct key_fixture f = {path_of(*state, "new")};
    struct err e = {0};
    struct stat st;
    char id[KEYRING_ID_MAX + 1] = "", text[80] = "";
    assert_int_equal(keyring_generate(f.dir, &fixed_clock, id, &e), 0);
    assert_string_equal(id, "20261123-1a1a1a");
    assert_int_equal(stat(f.dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    CLEANUP_FREE char *path = path_of(&f, "20261123-1a1a1a.key");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a\n");
    struct keyring *ring = open_ring(&f);
    assert_int_equal(keyring_count(ring), 1);
    keyring_destroy(ring);
    unlink(path);
    assert_int_equal(rmdir(f.dir), 0); /* nothing else was left */
    free(f.dir);
}

static void the_new_key_sorts_last(void **state)
{
    struct key_fixture *f = *state;
    char id[KEYRING_ID_MAX + 1];
    for (int i = 0; i < 40; i++) {
        assert_int_equal(keyring_generate(f->dir, &clock_real, id, NULL), 0);
        struct keyring *ring = open_ring(f);
        assert_int_equal(keyring_count(ring), i + 1);
        assert_string_equal(keyring_id(ring, (size_t)i), id);
        keyring_destroy(ring);
    }
}

static void behind_a_name_from_the_future(void **state)
{
    struct key_fixture *f = *state;
    struct err e = {0};
    char id[KEYRING_ID_MAX + 1] = "unchanged";
    key_put(f, "20991231-ffffff.key", KEY_A, 0400);
    assert_int_equal(keyring_generate(f->dir, &fixed_clock, id, NULL), 0);
    assert_string_equal(id, "20991231-ffffff-1a1a1a");
    assert_int_equal(keyring_generate(f->dir, &fixed_clock, id, NULL), 0);
    assert_string_equal(id, "20991231-ffffff-1a2435"); /* 0x1a1a1a + 1 + 0xa1a */
    key_put(f, "z2345678901234567890123456789012.key", KEY_A, 0400);
    assert_int_equal(keyring_generate(f->dir, &fixed_clock, id, &e), ERR_EXISTS);
    assert_string_equal(id, "20991231-ffffff-1a2435");
    assert_non_null(strstr(e.msg, "z2345678901234567890123456789012.key"));
}

static void generate_refuses(void **state)
{
    struct key_fixture *f = *state;
    struct err e = {0};
    char id[KEYRING_ID_MAX + 1];
    assert_int_equal(chmod(f->dir, 0755), 0);
    assert_int_equal(keyring_generate(f->dir, &fixed_clock, id, &e), ERR_KEY);
    assert_non_null(strstr(e.msg, "chmod 700"));
    assert_int_equal(chmod(f->dir, 0500), 0);
    assert_int_equal(keyring_generate(f->dir, &fixed_clock, id, &e), ERR_DENIED);
    assert_non_null(strstr(e.msg, f->dir));
    CLEANUP_FREE char *deep = path_of(f, "not/there");
    assert_int_equal(chmod(f->dir, 0700), 0);
    assert_int_equal(keyring_generate(deep, &fixed_clock, id, &e), ERR_IO);
    assert_non_null(strstr(e.msg, deep));
}

/* Root may prepare the directory of the service's user; the service must be able to read what root wrote. */
static void root_writes_for_the_owner(void **state)
{
    struct key_fixture *f = *state;
    char id[KEYRING_ID_MAX + 1];
    if (getuid() != 0) {
        print_message("skipped: not root\n");
        return;
    }
    assert_int_equal(seteuid(0), 0);
    int r = keyring_generate(f->dir, &clock_real, id, NULL);
    struct keyring *ring = NULL;
    int as_root = keyring_open(f->dir, &ring, NULL);
    keyring_destroy(ring);
    assert_int_equal(seteuid(NOBODY), 0);
    assert_int_equal(r, 0);
    assert_int_equal(as_root, 0);
    ring = open_ring(f);
    keyring_destroy(ring);
}

int main(void)
{
    if (!key_tests_begin()) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        KEY_TEST(keys_by_name),
        KEY_TEST(a_credential_is_the_same_key),
        KEY_TEST(refusals_say_what_to_do),
        KEY_TEST(a_missing_directory),
        KEY_TEST(one_id_twice),
        KEY_TEST(no_regular_file),
        KEY_TEST(owners),
        KEY_TEST(generate_writes_a_key),
        KEY_TEST(the_new_key_sorts_last),
        KEY_TEST(behind_a_name_from_the_future),
        KEY_TEST(generate_refuses),
        KEY_TEST(root_writes_for_the_owner),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return key_tests_end() ? failed : 1;
}
