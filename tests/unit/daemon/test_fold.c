/* The same again is counted, not said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "daemon/fold.h"

static void test_once_an_hour(void **state)
{
    (void)state;
    const struct {
        const char *name, *tag, *text;
        int64_t at_ms;
        bool say;
        int64_t n_quiet;
    } cases[] = {
        {"the first", "wait", "no route", 0, true, 0},
        {"again at once", "wait", "no route", 1, false, 0},
        {"again within the hour", "wait", "no route", FOLD_QUIET_MS - 1, false, 0},
        {"another error", "wait", "no such host", 5, true, 0},
        {"another tag", "trouble", "no route", 5, true, 0},
        {"after the hour, with the count", "wait", "no route", FOLD_QUIET_MS, true, 2},
        {"and quiet again", "wait", "no route", FOLD_QUIET_MS + 1, false, 0},
        {"the clock went back", "wait", "no route", 7, true, 1},
    };
    struct fold fold = {0};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t n_quiet = 0;
        bool say = fold_say(&fold, cases[i].tag, cases[i].text, cases[i].at_ms, &n_quiet);
        if (say != cases[i].say || n_quiet != cases[i].n_quiet) {
            fail_msg("%s: %d, %lld", cases[i].name, say, (long long)n_quiet);
        }
    }
}

static void note(void *arg, const struct fold_kind *kind)
{
    char *text = arg;
    snprintf(text + strlen(text), 64, "%lld %s;", (long long)kind->n_quiet, kind->text);
}

static void test_over(void **state)
{
    (void)state;
    struct fold fold = {0};
    int64_t n;
    char told[256] = "";
    for (int i = 0; i < 4; i++) {
        (void)fold_say(&fold, "wait", "no route", i, &n);
        (void)fold_say(&fold, "trouble", "disk full", i, &n);
    }
    (void)fold_say(&fold, "wait", "said once only", 9, &n);
    fold_over(&fold, "wait", note, told);
    assert_string_equal(told, "3 no route;");
    fold_over(&fold, "wait", note, told);
    assert_string_equal(told, "3 no route;"); /* forgotten */
    assert_true(fold_say(&fold, "wait", "no route", 10, &n));
    assert_false(fold_say(&fold, "trouble", "disk full", 10, &n));
}

/* More kinds than are remembered: the oldest makes room, nothing is lost but the count. */
static void test_many_kinds(void **state)
{
    (void)state;
    struct fold fold = {0};
    int64_t n;
    for (int i = 0; i < 10 * FOLD_KINDS; i++) {
        char text[32];
        snprintf(text, sizeof text, "error %d", i);
        assert_true(fold_say(&fold, "wait", text, i, &n));
        assert_false(fold_say(&fold, "wait", text, i, &n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_an_hour),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_many_kinds),
    };
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
