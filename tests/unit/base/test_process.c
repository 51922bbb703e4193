/* Which process is which. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"

static void boot_id_is_a_uuid(void **state)
{
    char id[PROCESS_BOOT_ID_LEN + 1];
    struct err e = {0};
    (void)state;
    assert_int_equal(process_boot_id(id, &e), 0);
    assert_int_equal(strlen(id), PROCESS_BOOT_ID_LEN);
    assert_int_equal(strspn(id, "0123456789abcdef-"), PROCESS_BOOT_ID_LEN);
}

static void this_process_is_itself(void **state)
{
    char id[PROCESS_BOOT_ID_LEN + 1];
    int64_t ticks = -1, again = -2;
    (void)state;
    assert_int_equal(process_boot_id(id, NULL), 0);
    assert_int_equal(process_start_time(getpid(), &ticks, NULL), 0);
    assert_int_equal(process_start_time(getpid(), &again, NULL), 0);
    assert_true(ticks > 0);
    assert_true(ticks == again);
    assert_true(process_is_same(id, getpid(), ticks));
    assert_false(process_is_same(id, getpid(), ticks + 1));
    assert_false(process_is_same("00000000-0000-4000-8000-000000000000", getpid(), ticks));
}

static void odd_name_does_not_shift_the_fields(void **state)
{
    static const char *const names[] = {"a) R 1 2 3", "((", ") Z (", "a b c"};
    int64_t plain = -1, odd = -2;
    char old[17] = "";
    (void)state;
    assert_int_equal(prctl(PR_GET_NAME, old), 0);
    assert_int_equal(process_start_time(getpid(), &plain, NULL), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        prctl(PR_SET_NAME, names[i]);
        int r = process_start_time(getpid(), &odd, NULL);
        prctl(PR_SET_NAME, old);
        assert_int_equal(r, 0);
        assert_true(plain == odd);
    }
}

static void dead_process_is_not_found(void **state)
{
    struct err e = {0};
    char id[PROCESS_BOOT_ID_LEN + 1];
    int64_t ticks = -1, born = 0;
    int gate[2];
    siginfo_t info;
    (void)state;
    assert_int_equal(pipe(gate), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(process_boot_id(id, NULL), 0);
    assert_int_equal(process_start_time(child, &born, NULL), 0);
    assert_true(process_is_same(id, child, born));
    close(gate[1]);
    close(gate[0]);
    /* Ended, not waited for: it is a zombie. */
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_start_time(child, &ticks, &e), ERR_NOT_FOUND);
    assert_false(process_is_same(id, child, born));
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(process_start_time(child, &ticks, &e), ERR_NOT_FOUND);
    assert_false(process_is_same(id, child, born));
    assert_int_equal(process_start_time(0, &ticks, &e), ERR_NOT_FOUND);
    assert_int_equal(ticks, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_id_is_a_uuid),
        cmocka_unit_test(this_process_is_itself),
        cmocka_unit_test(odd_name_does_not_shift_the_fields),
        cmocka_unit_test(dead_process_is_not_found),
    };
    return cmocka_run_group_tests_name("base_process", tests, NULL, NULL);
}
