/* The error catalogue: unique, complete, and messages that never run over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/err.h"

#define CODE(name, number, class, text) ERR_##name,
static const int codes[] = {ERR_MAP(CODE)};

static void every_code_is_complete(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        assert_true(codes[i] <= -1001);
        assert_int_equal(err_from_name(err_name(codes[i])), codes[i]);
        assert_true(strlen(err_text(codes[i])) > 3);
        assert_int_not_equal(err_class(codes[i]), ERR_CLASS_OK);
        assert_int_not_equal(err_exit_status(codes[i]), 0);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(codes[i], codes[j]);
            assert_string_not_equal(err_name(codes[i]), err_name(codes[j]));
        }
    }
}

/* Numbers are stored in databases and read by scripts: they stay. */
static void numbers_that_must_stay(void **state UNUSED)
{
    assert_int_equal(ERR_BUG, -1001);
    assert_int_equal(ERR_CONFIG, -1011);
    assert_int_equal(ERR_DB, -1030);
    assert_int_equal(ERR_NET, -1050);
    assert_int_equal(ERR_LOGIN, -1061);
}

static void no_error_and_unknown_codes(void **state UNUSED)
{
    assert_int_equal(err_class(0), ERR_CLASS_OK);
    assert_string_equal(err_name(0), "OK");
    assert_string_equal(err_text(0), "no error");
    assert_int_equal(err_from_name("OK"), 0);
    assert_int_equal(err_class(-5), ERR_CLASS_BUG); /* an errno that slipped through */
    assert_string_equal(err_name(-5), "BUG");
    assert_int_equal(err_from_name("NO_SUCH_NAME"), ERR_BUG);
    assert_int_equal(err_from_name(""), ERR_BUG);
}

static const struct class_row {
    int code;
    enum err_class class;
    int exit_status;
} class_rows[] = {
    {0, ERR_CLASS_OK, 0},
    {ERR_NET, ERR_CLASS_RETRY, 75},
    {ERR_THROTTLED, ERR_CLASS_WAIT, 75},
    {ERR_LOGIN, ERR_CLASS_HUMAN, 4},
    {ERR_BUSY, ERR_CLASS_WAIT, 5},
    {ERR_DB_BUSY, ERR_CLASS_WAIT, 5},
    {ERR_CONFIG, ERR_CLASS_HUMAN, 1},
    {ERR_INVALID, ERR_CLASS_PERMANENT, 1},
    {ERR_DB_CORRUPT, ERR_CLASS_STOP, 1},
    {ERR_BUG, ERR_CLASS_BUG, 1},
};

static void classes_and_exit_statuses(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(class_rows); i++) {
        if (err_class(class_rows[i].code) != class_rows[i].class ||
            err_exit_status(class_rows[i].code) != class_rows[i].exit_status) {
            fail_msg("%s", err_name(class_rows[i].code));
        }
    }
}

static void names_of_classes(void **state UNUSED)
{
    static const char *const names[] = {"ok", "retry", "wait", "human", "permanent", "stop", "bug"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_string_equal(err_class_name((enum err_class)i), names[i]);
    }
}

static void set_fills_everything(void **state UNUSED)
{
    struct err e = {.retry_after_ms = 5};
    assert_int_equal(err_set(&e, ERR_DB, 11, "row %d of %s", 3, "users"), ERR_DB);
    assert_int_equal(e.code, ERR_DB);
    assert_int_equal(e.native, 11);
    assert_int_equal(e.retry_after_ms, 0); /* not the one of an earlier error */
    assert_string_equal(e.msg, "row 3 of users");
    assert_int_equal(err_set(NULL, ERR_NET, 0, "nobody listens"), ERR_NET);
}

static void prefixes(void **state UNUSED)
{
    struct err e = {0};
    assert_int_equal(err_set(&e, ERR_IO, 5, "can not read"), ERR_IO);
    assert_int_equal(err_prefix(&e, "job %d", 7), ERR_IO);
    assert_int_equal(err_prefix(&e, "run %d", 9), ERR_IO);
    assert_string_equal(e.msg, "run 9: job 7: can not read");
    assert_int_equal(e.native, 5);
}

/* A prefix and a message of every length around the size of the buffer. */
static void long_messages_are_cut(void **state UNUSED)
{
    char text[2 * sizeof((struct err *)0)->msg];
    const size_t size = sizeof((struct err *)0)->msg;
    for (size_t len = size - 8; len < size + 8; len++) {
        struct err e = {0};
        memset(text, 'x', len);
        text[len] = '\0';
        (void)err_set(&e, ERR_IO, 0, "%s", text);
        assert_int_equal(strlen(e.msg), len < size ? len : size - 1);
        (void)err_prefix(&e, "ab");
        assert_int_equal(strlen(e.msg), len + 4 < size ? len + 4 : size - 1);
        assert_memory_equal(e.msg, "ab: xx", 6);
        (void)err_prefix(&e, "%s", text);
        assert_int_equal(strlen(e.msg), size - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_complete),
        cmocka_unit_test(numbers_that_must_stay),
        cmocka_unit_test(no_error_and_unknown_codes),
        cmocka_unit_test(classes_and_exit_statuses),
        cmocka_unit_test(names_of_classes),
        cmocka_unit_test(set_fills_everything),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
