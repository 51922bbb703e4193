/* Rounding, by figures. */
#include "compose_fixture.h"

#include "timesheet/compute.h"

static void test_rounded(void **state)
{
    (void)state;
    static const struct {
        enum sheet_rounding rounding;
        int32_t to;
        int64_t minutes;
        int32_t want;
    } cases[] = {
        {SHEET_ROUND_NONE, 15, 7, 7},      {SHEET_ROUND_UP, 15, 0, 0},
        {SHEET_ROUND_UP, 15, 1, 15},       {SHEET_ROUND_UP, 15, 15, 15},
        {SHEET_ROUND_UP, 15, 16, 30},      {SHEET_ROUND_UP, 1, 16, 16},
        {SHEET_ROUND_UP, 240, 1, 240},     {SHEET_ROUND_NEAREST, 15, 7, 0},
        {SHEET_ROUND_NEAREST, 15, 8, 15},  {SHEET_ROUND_NEAREST, 10, 5, 10},
        {SHEET_ROUND_NEAREST, 10, 4, 0},   {SHEET_ROUND_NEAREST, 6, 3, 6},
        {SHEET_ROUND_NEAREST, 15, 0, 0},   {SHEET_ROUND_NEAREST, 15, 52, 45},
        {SHEET_ROUND_NEAREST, 15, 53, 60},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(compute_rounded(cases[i].minutes, cases[i].rounding, cases[i].to), cases[i].want);
    }
}

struct rounding_case {
    const char *name;
    enum sheet_rounding rounding;
    enum sheet_scope scope;
    int32_t lengths[4]; /* minutes of Acme's appointments on one day, one behind the other; 0 = no more */
    int32_t billed[4];
};

static void test_scopes(void **state)
{
    (void)state;
    const struct rounding_case cases[] = {
        {"none", SHEET_ROUND_NONE, SHEET_SCOPE_ENTRY, {7, 7, 7}, {7, 7, 7}},
        {"none by day", SHEET_ROUND_NONE, SHEET_SCOPE_DAY_CUSTOMER, {7, 7, 7}, {7, 7, 7}},
        {"up, each entry", SHEET_ROUND_UP, SHEET_SCOPE_ENTRY, {7, 7, 7}, {15, 15, 15}},
        {"up, the day", SHEET_ROUND_UP, SHEET_SCOPE_DAY_CUSTOMER, {7, 7, 7}, {7, 7, 16}},
        {"up, the day, even already", SHEET_ROUND_UP, SHEET_SCOPE_DAY_CUSTOMER, {10, 20}, {10, 20}},
        {"nearest, each entry", SHEET_ROUND_NEAREST, SHEET_SCOPE_ENTRY, {7, 8, 22}, {0, 15, 15}},
        {"nearest, the day, up", SHEET_ROUND_NEAREST, SHEET_SCOPE_DAY_CUSTOMER, {7, 8, 8}, {7, 8, 15}},
        {"nearest, the day, down", SHEET_ROUND_NEAREST, SHEET_SCOPE_DAY_CUSTOMER, {20, 15}, {20, 10}},
        {"never below nothing", SHEET_ROUND_NEAREST, SHEET_SCOPE_DAY_CUSTOMER, {17, 2, 1}, {15, 0, 0}},
        {"the whole day to nothing", SHEET_ROUND_NEAREST, SHEET_SCOPE_DAY_CUSTOMER, {3, 2, 2}, {0, 0, 0}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
        s.input.rules.rounding = cases[i].rounding;
        s.input.rules.scope = cases[i].scope;
        int64_t at_ms = instant(&s, "2026-03-03 09:00");
        for (size_t k = 0; cases[i].lengths[k] > 0; k++) {
            struct sheet_item *item = add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "A", "Acme - billable");
            item->start_ms = at_ms;
            item->end_ms = at_ms + cases[i].lengths[k] * MS_PER_MINUTE;
            at_ms = item->end_ms;
        }
        /* neither another customer, nor another day, nor what is not billable comes in between */
        add(&s, "2026-03-03 16:00", "2026-03-03 17:00", "B", "Beta - billable");
        add(&s, "2026-03-03 18:00", "2026-03-03 18:07", "C", "Acme - non-billable");
        add(&s, "2026-03-04 09:00", "2026-03-04 10:00", "D", "Acme - billable");
        compose(&s);
        for (size_t k = 0; cases[i].lengths[k] > 0; k++) {
            const struct sheet_line *line = &s.draft->lines[k];
            if (line->billed != cases[i].billed[k] || line->unrounded != cases[i].lengths[k]) {
                fail_msg("case \"%s\", line %zu: %d", cases[i].name, k + 1, line->billed);
            }
        }
        const struct sheet_line *rest = s.draft->lines + s.draft->n_lines - 3;
        assert_int_equal(rest[0].billed, 60);
        assert_int_equal(rest[1].billed, 0);
        assert_int_equal(rest[1].unrounded, 0);
        assert_int_equal(rest[1].worked, 7);
        assert_int_equal(rest[2].billed, 60);
        scene_end(&s);
    }
}

/* The difference goes to the last line that is billed at all. */
static void test_held_line_gets_no_difference(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    s.input.rules.rounding = SHEET_ROUND_UP;
    s.input.rules.scope = SHEET_SCOPE_DAY_CUSTOMER;
    add(&s, "2026-03-03 09:00", "2026-03-03 09:20", "A", "Acme - billable");
    add(&s, "2026-03-03 10:00", "2026-03-03 10:20", "B", "Acme - billable");
    add(&s, "2026-03-03 10:00", "2026-03-03 10:20", "C", "ACME - billable");
    compose(&s);
    assert_lines(&s, "1 03-03 09:00-09:20 Acme|A 20/0/30\n"
                     "2 03-03 10:00-10:20 Acme|B 20/20/0 [10:00-10:20 open: line 3 claims it as well]\n"
                     "3 03-03 10:00-10:20 Acme|C 0/0/0 [10:00-10:20 open: held on line 2]\n");
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounded),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_held_line_gets_no_difference),
    };
    return cmocka_run_group_tests_name("compute", tests, NULL, NULL);
}
