/* What is different between two sheets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "timesheet/diff.h"

static struct sheet_line line(int32_t no, int64_t id, int32_t day)
{
    return (struct sheet_line){.no = no,
                               .day = day,
                               .appointment_id = id,
                               .version = 1,
                               .start_min = day * 1440 + no * 60,
                               .end_min = day * 1440 + no * 60 + 60,
                               .span = 60,
                               .worked = 60,
                               .unrounded = 60,
                               .billed = 60,
                               .customer = "Acme",
                               .subject = "Talk",
                               .location = "",
                               .decision = ""};
}

static void test_kinds(void **state)
{
    (void)state;
    struct sheet_line before[] = {line(1, 10, 100), line(2, 11, 100), line(3, 12, 100), line(4, 13, 101)};
    struct sheet_line after[] = {line(1, 12, 100), line(2, 13, 101), line(3, 13, 102), line(4, 10, 100)};
    after[0].start_min = before[2].start_min;
    after[0].end_min = before[2].end_min;
    after[1].start_min = before[3].start_min;
    after[1].end_min = before[3].end_min;
    after[3].start_min = before[0].start_min;
    after[3].end_min = before[0].end_min;
    after[0].worked = 30;
    after[1].subject = "Walk";
    after[3].decision = "another number of a line";
    struct sheet_change *changes;
    size_t n;
    sheet_diff(before, 4, after, 4, &changes, &n);
    assert_int_equal(n, 4);
    assert_string_equal(sheet_change_kind_name(changes[0].kind), "removed");
    assert_ptr_equal(changes[0].before, &before[1]);
    assert_null(changes[0].after);
    assert_true(changes[0].is_billing);
    assert_string_equal(sheet_change_kind_name(changes[1].kind), "changed");
    assert_ptr_equal(changes[1].before, &before[2]);
    assert_ptr_equal(changes[1].after, &after[0]);
    assert_true(changes[1].is_billing);
    assert_ptr_equal(changes[2].after, &after[1]);
    assert_false(changes[2].is_billing); /* only words */
    assert_string_equal(sheet_change_kind_name(changes[3].kind), "added");
    assert_ptr_equal(changes[3].after, &after[2]);
    free(changes);
}

/* `change` on the line of the second sheet: 0 = no difference, 1 = in words, 2 = in what is billed. */
#define CHANGE(change, want)                                                                                 \
    do {                                                                                                     \
        struct sheet_line before_ = line(1, 10, 100), after_ = before_, *l = &after_;                        \
        struct sheet_change *changes_;                                                                       \
        size_t n_;                                                                                           \
        change;                                                                                              \
        sheet_diff(&before_, 1, l, 1, &changes_, &n_);                                                       \
        int got_ = n_ == 0 ? 0 : changes_[0].is_billing ? 2 : 1;                                             \
        free(changes_);                                                                                      \
        if (got_ != (want)) {                                                                                \
            fail_msg("%s: %d", #change, got_);                                                               \
        }                                                                                                    \
    } while (0)

static void test_what_counts(void **state)
{
    (void)state;
    CHANGE((void)l, 0);
    CHANGE(l->no = 9, 0);
    CHANGE(l->version = 9, 0);
    CHANGE(l->worked_hundredths++, 0);
    CHANGE(l->decision = "10:00-10:15 counts on line 9", 0);
    CHANGE(l->subject = "", 1);
    CHANGE(l->location = "Bonn", 1);
    CHANGE(l->customer = "ACME", 1);
    CHANGE(l->kind = SHEET_TRAVEL, 1);
    CHANGE(l->is_late = true, 1);
    CHANGE(l->start_min--, 1);
    CHANGE(l->end_min++, 1);
    CHANGE(l->customer = "Beta", 2);
    CHANGE(l->billing = SHEET_NON_BILLABLE, 2);
    CHANGE(l->worked--, 2);
    CHANGE(l->held++, 2);
    CHANGE(l->unrounded--, 2);
    CHANGE(l->billed++, 2);
}

static void test_empty(void **state)
{
    (void)state;
    struct sheet_line one = line(1, 10, 100);
    struct sheet_change *changes;
    size_t n;
    sheet_diff(NULL, 0, NULL, 0, &changes, &n);
    assert_int_equal(n, 0);
    free(changes);
    sheet_diff(&one, 1, NULL, 0, &changes, &n);
    assert_int_equal(n, 1);
    assert_int_equal(changes[0].kind, SHEET_LINE_REMOVED);
    free(changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_what_counts),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
