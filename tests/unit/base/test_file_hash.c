/* Is a file still the one that was made? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/file_hash.h"
#include "base/mem.h"

static int set_up(void **state)
{
    char folder[] = "/tmp/file_hash.XXXXXX";
    if (sodium_init() < 0 || !mkdtemp(folder)) {
        return -1;
    }
    *state = mem_strdup(folder);
    return 0;
}

static int tear_down(void **state)
{
    CLEANUP_FREE char *folder = *state;
    return rmdir(folder);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_true(f && fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void test_look(void **state)
{
    static const struct {
        const char *name, *text;
        enum file_state expected;
    } cases[] = {
        {"as it was", "made", FILE_SAME},
        {"as long", "fake", FILE_CHANGED},
        {"longer", "made by somebody else", FILE_CHANGED},
        {"empty", "", FILE_CHANGED},
    };
    CLEANUP_FREE char *path = mem_printf("%s/document", (const char *)*state);
    CLEANUP_FREE char *below = mem_printf("%s/document/x", (const char *)*state);
    unsigned char hash[FILE_HASH_LEN];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)"made", 4, NULL, 0);
    assert_true(file_hash_is_of(hash, "made", 4));
    assert_false(file_hash_is_of(hash, "fake", 4));
    assert_int_equal(file_hash_look(path, 4, hash), FILE_GONE);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        put(path, cases[i].text);
        if (file_hash_look(path, 4, hash) != cases[i].expected) {
            fail_msg("%s", cases[i].name);
        }
    }
    assert_int_equal(file_hash_look(below, 4, hash), FILE_GONE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes to it, and nobody waits for that */
    assert_int_equal(file_hash_look(path, 4, hash), FILE_CHANGED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(file_hash_look(path, 4, hash), FILE_CHANGED);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink(path, path), 0); /* to itself */
    assert_int_equal(file_hash_look(path, 4, hash), FILE_UNREADABLE);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_look, set_up, tear_down)};
    return cmocka_run_group_tests_name("file_hash", tests, NULL, NULL);
}
