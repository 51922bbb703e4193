/* What a line is rounded together with, and that an explanation is checked before it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/json_out.h"
#include "cli/sheet_explain_private.h"

#define LINE(no_, day_, customer_, billing_, unrounded_, billed_)                                            \
    {                                                                                                        \
        .no = (no_), .day = (day_), .customer = (customer_), .billing = (billing_),                          \
        .unrounded = (unrounded_), .billed = (billed_), .subject = "", .location = "", .decision = ""        \
    }

/* Two days; per day and customer, up to 15: 20 + 20 of Acme are 45, 50 of Globex are 60. */
static struct sheet_line by_day[] = {
    LINE(1, 100, "Acme", SHEET_BILLABLE, 20, 20), LINE(2, 100, "Globex", SHEET_BILLABLE, 50, 60),
    LINE(3, 100, "Acme", SHEET_BILLABLE, 20, 25), LINE(4, 100, "Acme", SHEET_NON_BILLABLE, 0, 0),
    LINE(5, 101, "Acme", SHEET_BILLABLE, 30, 30),
};

/* The same, each line by itself. */
static struct sheet_line by_entry[] = {
    LINE(1, 100, "Acme", SHEET_BILLABLE, 20, 30), LINE(2, 100, "Globex", SHEET_BILLABLE, 50, 60),
    LINE(3, 100, "Acme", SHEET_BILLABLE, 20, 30), LINE(4, 100, "Acme", SHEET_NON_BILLABLE, 0, 0),
    LINE(5, 101, "Acme", SHEET_BILLABLE, 30, 30),
};

static struct sheet sheet_of(enum sheet_scope scope, struct sheet_line *lines, size_t n)
{
    struct sheet sheet = {.number = "2026-0001", .revision = 1, .lines = lines, .n_lines = n};
    sheet.rules = SHEET_RULES_DEFAULT;
    sheet.rules.rounding = SHEET_ROUND_UP;
    sheet.rules.scope = scope;
    return sheet;
}

static void test_rounded_with(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum sheet_scope scope;
        int no;
        int64_t n_lines, unrounded, billed;
    } rows[] = {
        {"the first of two", SHEET_SCOPE_DAY_CUSTOMER, 1, 2, 40, 45},
        {"the second of two", SHEET_SCOPE_DAY_CUSTOMER, 3, 2, 40, 45},
        {"another customer", SHEET_SCOPE_DAY_CUSTOMER, 2, 1, 50, 60},
        {"not billable", SHEET_SCOPE_DAY_CUSTOMER, 4, 1, 0, 0},
        {"another day", SHEET_SCOPE_DAY_CUSTOMER, 5, 1, 30, 30},
        {"by itself", SHEET_SCOPE_ENTRY, 1, 1, 20, 30},
        {"by itself, the last", SHEET_SCOPE_ENTRY, 5, 1, 30, 30},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sheet_line *lines = rows[i].scope == SHEET_SCOPE_ENTRY ? by_entry : by_day;
        struct sheet sheet = sheet_of(rows[i].scope, lines, ARRAY_LEN(by_day));
        struct sheet_sum sum = sheet_trace_rounded_with(&sheet, &lines[rows[i].no - 1]);
        if (sum.n_lines != rows[i].n_lines || sum.unrounded != rows[i].unrounded ||
            sum.billed != rows[i].billed) {
            fail_msg("%s: %lld lines, %lld, %lld", rows[i].name, (long long)sum.n_lines,
                     (long long)sum.unrounded, (long long)sum.billed);
        }
    }
}

static void test_rounding_is_checked(void **state)
{
    (void)state;
    struct sheet_line lines[ARRAY_LEN(by_day)];
    struct err e = {0};
    memcpy(lines, by_day, sizeof lines);
    struct sheet sheet = sheet_of(SHEET_SCOPE_DAY_CUSTOMER, lines, ARRAY_LEN(lines));
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        assert_int_equal(sheet_trace_check_rounding(&sheet, &lines[i], &e), 0);
    }
    lines[2].billed++;
    assert_int_equal(sheet_trace_check_rounding(&sheet, &lines[0], &e), ERR_BUG);
    assert_string_equal(e.msg, "line 1 of timesheet 2026-0001/1 is not rounded by its rule");
    assert_int_equal(sheet_trace_check_rounding(&sheet, &lines[4], &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounded_with),
        cmocka_unit_test(test_rounding_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
