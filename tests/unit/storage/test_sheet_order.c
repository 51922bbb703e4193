/* What came first, an issue or what the archive learned: it must not depend on the wall clock, as what a
 * sheet could not know goes into the next one, and what it knew does not. */
#include "tests/lib/sheet_fixture.h"

#define week_from  "2026-03-09"
#define week_to    "2026-03-16"
#define week_after "2026-03-23"

/* In the archive from the first run on. */
#define KNOWN                                                                                                \
    {                                                                                                        \
        .id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .category = "Acme"                \
    }
#define OTHER(category_)                                                                                     \
    {                                                                                                        \
        .id = "B", .start = "2026-03-11 09:00", .end = "2026-03-11 10:00", .category = category_             \
    }

static void archive(struct fixture *f, const struct ev *evs, size_t n)
{
    (void)scene_run(f, &(struct scene){.evs = evs, .n = n});
}

/* The clock when the archive learns more; week 11 was issued at two o'clock. */
static const struct {
    const char *name, *at;
} clocks[] = {
    {"an hour later", "2026-04-02 03:00"},
    {"in the same millisecond", "2026-04-02 02:00"},
    {"the clock went back an hour", "2026-04-02 01:00"},
    {"the clock was a year ahead", "2025-04-02 02:00"},
};

/* What the first run has of B beside A, and what the second has. */
static const struct {
    const char *name;
    const char *before, *after; /* its category; "": there is no B */
} stories[] = {
    {"a new appointment", "", "Acme"},
    {"a category that comes later", NULL, "Acme"},
};

static void tell(size_t story, size_t clock)
{
    void *own;
    fixture_set_up(&own);
    struct fixture *f = own;
    const char *before = stories[story].before;
    const struct ev first[] = {KNOWN, OTHER(before)}, second[] = {KNOWN, OTHER(stories[story].after)};
    turn_clock(f, "2026-04-02 01:30");
    archive(f, first, before && !*before ? 1 : 2);
    turn_clock(f, "2026-04-02 02:00");
    (void)issue_period(f, week_from, week_to);
    turn_clock(f, clocks[clock].at);
    archive(f, second, 2);
    struct sheet_request q = sheet_asked(f, week_to, week_after);
    q.now_ms = utc("2026-04-02 04:00");
    print_message("%s, %s\n", stories[story].name, clocks[clock].name);
    assert_preview_lines(f, &q, "2@2026-03-11 60m late;");
    struct sheet_issued n = issue_asked(f, &q);
    assert_int_equal(n.n_late, 1);
    archive(f, second, 2);
    q = sheet_asked(f, week_after, "2026-03-30");
    q.now_ms = utc("2026-04-02 05:00");
    assert_preview_lines(f, &q, ""); /* once */
    sheet_tear_down(&own);
}

static void archived_after_the_issue_is_late(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
        for (size_t j = 0; j < ARRAY_LEN(clocks); j++) {
            tell(i, j);
        }
    }
}

/* Left out for what it is, and known when the week was issued with a clock that had gone back. */
static void known_at_the_issue_is_not_late(void **state)
{
    struct fixture *f = *state;
    struct sheet_preview *p = NULL;
    static const struct ev evs[] = {KNOWN, OTHER(NULL)};
    turn_clock(f, "2026-04-02 02:00");
    archive(f, evs, 2);
    turn_clock(f, "2026-04-02 01:00");
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    struct sheet_issued n = issue_asked(f, &q);
    assert_sheet_lines(f, n.id, "1@2026-03-10 60m;");
    q = sheet_asked(f, week_to, week_after);
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    assert_int_equal(p->input.n_items, 0);
    sheet_preview_destroy(p);
}

/* A run that had nothing to bill looked at its days some time after it began, and that is all that is known.
 */
static void archived_while_an_empty_run_ended_is_late(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {OTHER("Acme")};
    fixture_sql(
        f, "INSERT INTO job_configurations (id, user_id, archive_configuration_id, job_type, created_at, "
           "updated_at) VALUES (2, 1, 1, 'timesheet', 't', 't')");
    fixture_sql(
        f, "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, outcome, from_date, to_date, "
           "correlation_id, created_at, started_at, finished_at) VALUES (1, 2, 's', 'request', 'done', "
           "'success', '" week_from "', '" week_to "', 'c', 't', '2026-04-02 02:00:00.000000', "
           "'2026-04-02 04:00:00.000000')");
    turn_clock(f, "2026-04-02 02:00");
    archive(f, evs, 1);
    struct sheet_request q = sheet_asked(f, week_to, week_after);
    assert_preview_lines(f, &q, "1@2026-03-11 60m late;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archived_after_the_issue_is_late),
        TEST(known_at_the_issue_is_not_late),
        TEST(archived_while_an_empty_run_ended_is_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
