/* Secrets in guarded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"

static void copies(void **state UNUSED)
{
    struct secret *s = secret_copy("ab\0cd", 5);
    assert_int_equal(secret_len(s), 5);
    assert_memory_equal(secret_bytes(s), "ab\0cd", 6); /* a NUL behind, that libcurl may be handed it */
    struct secret *other = secret_dup(s);
    assert_ptr_not_equal(secret_bytes(other), secret_bytes(s));
    secret_destroy(s);
    assert_memory_equal(secret_bytes(other), "ab\0cd", 6);
    secret_destroy(other);
    secret_destroy(NULL);
    assert_null(secret_dup(NULL));
}

static void empty_and_zero(void **state UNUSED)
{
    struct secret *s = secret_create(0);
    assert_int_equal(secret_len(s), 0);
    assert_string_equal(secret_bytes(s), "");
    secret_destroy(s);
    s = secret_create(3);
    assert_memory_equal(secret_bytes(s), "\0\0\0", 4);
    secret_destroy(s);
    s = secret_copy(NULL, 0);
    assert_int_equal(secret_len(s), 0);
    secret_destroy(s);
}

static void wiping(void **state UNUSED)
{
    char bytes[] = "token";
    secret_wipe(bytes, sizeof bytes);
    assert_memory_equal(bytes, "\0\0\0\0\0", 6);
}

/* One byte behind the NUL is a guard page: a child that reads there dies. */
static void reading_past_the_end_kills(void **state UNUSED)
{
    struct secret *s = secret_copy("token", 5);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGSEGV, SIG_DFL); /* not the sanitizer's report */
        signal(SIGBUS, SIG_DFL);
        const volatile char *bytes = secret_bytes(s);
        _exit(bytes[6] == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    secret_destroy(s);
}

static const struct file_row {
    const char *name;
    const char *content;
    size_t max;
    int result;
    const char *expected;
} file_rows[] = {
    {"line end is dropped", "token\n", 10, 0, "token"},
    {"of DOS too", "token\r\n", 10, 0, "token"},
    {"several", "token\n\n", 10, 0, "token"},
    {"none", "token", 10, 0, "token"},
    {"one inside stays", "to\nken\n", 10, 0, "to\nken"},
    {"empty", "", 10, 0, ""},
    {"only a line end", "\n", 10, 0, ""},
    {"as long as may be", "0123456789", 10, 0, "0123456789"},
    {"a byte too long", "01234567890", 10, ERR_TOO_BIG, NULL},
};

static void files(void **state UNUSED)
{
    char path[] = "/tmp/aa-test-secret-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < ARRAY_LEN(file_rows); i++) {
        const struct file_row *row = &file_rows[i];
        struct secret *s = NULL;
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, row->content, strlen(row->content), 0), (ssize_t)strlen(row->content));
        int r = secret_read_file(path, row->max, &s);
        if (r != row->result || (r == 0) != (s != NULL) ||
            (s && (secret_len(s) != strlen(row->expected) || strcmp(secret_bytes(s), row->expected) != 0))) {
            fail_msg("%s: %d", row->name, r);
        }
        secret_destroy(s);
    }
    close(fd);
    unlink(path);
    CLEANUP(secret_cleanup) struct secret *none = NULL;
    assert_int_equal(secret_read_file(path, 10, &none), ERR_NOT_FOUND);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(secret_read_file("/tmp", 10, &none), ERR_IO);
    assert_int_equal(errno, EISDIR);
    assert_null(none);
}

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies), cmocka_unit_test(empty_and_zero),
        cmocka_unit_test(wiping), cmocka_unit_test(reading_past_the_end_kills),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
