/* Has the archive read every day of the period after it was over? */
#include "tests/lib/sheet_fixture.h"

struct run_row {
    const char *from, *to;
    const char *started; /* UTC; NULL: it never began */
    const char *outcome; /* NULL: success */
    const char *state;   /* NULL: done */
    bool is_dry;
    int job; /* 0 = 1; 2 is the timesheet's of the same archive, 3 one of another archive */
};

struct scenario {
    const char *name;
    struct run_row runs[4];
    bool is_covered; /* 2026-03-09 to 2026-03-16, in Berlin */
};

#define WEEK .from = "2026-03-09", .to = "2026-03-16"

static const struct scenario scenarios[] = {
    {"no run", {{0}}, false},
    {"one run for all, after it was over", {{WEEK, .started = "2026-03-16 00:00"}}, true},
    {"a larger one", {{.from = "2026-02-01", .to = "2026-04-01", .started = "2026-03-20 00:00"}}, true},
    {"at the first instant after it", {{WEEK, .started = "2026-03-15 23:00"}}, true},
    {"a minute before its last day was over", {{WEEK, .started = "2026-03-15 22:59"}}, false},
    {"on the last day", {{WEEK, .started = "2026-03-15 12:00"}}, false},
    {"on the last day, and that day again later",
     {{WEEK, .started = "2026-03-15 12:00"},
      {.from = "2026-03-15", .to = "2026-03-16", .started = "2026-03-16 12:00"}},
     true},
    {"one day is missing",
     {{.from = "2026-03-09", .to = "2026-03-12", .started = "2026-03-16 12:00"},
      {.from = "2026-03-13", .to = "2026-03-16", .started = "2026-03-16 12:00"}},
     false},
    {"in two pieces",
     {{.from = "2026-03-12", .to = "2026-03-16", .started = "2026-03-16 12:00"},
      {.from = "2026-03-01", .to = "2026-03-12", .started = "2026-03-13 12:00"}},
     true},
    {"a short one inside of a long one",
     {{.from = "2026-03-01", .to = "2026-03-20", .started = "2026-03-21 12:00"},
      {.from = "2026-03-05", .to = "2026-03-11", .started = "2026-03-21 12:00"}},
     true},
    {"every night, until the one before the last",
     {{.from = "2026-03-09", .to = "2026-03-13", .started = "2026-03-13 02:00"},
      {.from = "2026-03-09", .to = "2026-03-14", .started = "2026-03-14 02:00"},
      {.from = "2026-03-09", .to = "2026-03-15", .started = "2026-03-15 02:00"}},
     false},
    {"every night",
     {{.from = "2026-03-09", .to = "2026-03-14", .started = "2026-03-14 02:00"},
      {.from = "2026-03-09", .to = "2026-03-15", .started = "2026-03-15 02:00"},
      {.from = "2026-03-09", .to = "2026-03-16", .started = "2026-03-16 02:00"}},
     true},
    {"partly, with something in quarantine",
     {{WEEK, .started = "2026-03-16 12:00", .outcome = "partial"}},
     true},
    {"failed", {{WEEK, .started = "2026-03-16 12:00", .outcome = "failure"}}, false},
    {"dry", {{WEEK, .started = "2026-03-16 12:00", .is_dry = true}}, false},
    {"under way", {{WEEK, .started = "2026-03-16 12:00", .outcome = "none", .state = "waiting"}}, false},
    {"a slot that was coalesced", {{WEEK, .outcome = "success"}}, false},
    {"of the timesheet's job, which archives first", {{WEEK, .started = "2026-03-16 12:00", .job = 2}}, true},
    {"of another archive", {{WEEK, .started = "2026-03-16 12:00", .job = 3}}, false},
};

static void add_run(struct fixture *f, int i, const struct run_row *row)
{
    struct stmt *s =
        db_stmt(f->db, "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, outcome, "
                       "from_date, to_date, is_dry, correlation_id, created_at, started_at) VALUES "
                       "((SELECT user_id FROM job_configurations WHERE id = $1), $1, $2, 'request', $3, "
                       "$4, $5, $6, $7, $2, 't', $8)");
    char slot[16];
    snprintf(slot, sizeof slot, "slot %d", i);
    stmt_int(s, 1, row->job ? row->job : 1);
    stmt_text(s, 2, slot);
    stmt_text(s, 3, row->state ? row->state : "done");
    stmt_text(s, 4, row->outcome ? row->outcome : "success");
    stmt_text(s, 5, row->from);
    stmt_text(s, 6, row->to);
    stmt_int(s, 7, row->is_dry);
    if (row->started) {
        stmt_time(s, 8, utc(row->started));
    }
    OK(stmt_run(s, e));
}

static void covered_as_the_runs_say(void **state)
{
    struct fixture *f = *state;
    fixture_sql(
        f, "INSERT INTO job_configurations (id, user_id, archive_configuration_id, job_type, created_at, "
           "updated_at) VALUES (2, 1, 1, 'timesheet', 't', 't')");
    fixture_add_user(f, 3);
    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
        bool is_covered = !scenarios[i].is_covered;
        OK(db_begin(f->db, e));
        for (int j = 0; j < 4 && scenarios[i].runs[j].from; j++) {
            add_run(f, j, &scenarios[i].runs[j]);
        }
        OK(sheet_store_is_covered(f->db, 1, fixture_zone("Europe/Berlin"), date("2026-03-09"),
                                  date("2026-03-16"), &is_covered, e));
        db_rollback(f->db);
        if (is_covered != scenarios[i].is_covered) {
            fail_msg("%s: %scovered", scenarios[i].name, is_covered ? "" : "not ");
        }
    }
}

/* A run as the daemon makes it, from its row to its verdict. */
static void run_of_the_archive_covers(void **state)
{
    struct fixture *f = *state;
    bool is_covered = false;
    const struct ev evs[] = {
        {.id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .category = "Acme"}};
    turn_clock(f, "2026-04-01 02:00");
    (void)scene_run(f, &(struct scene){.evs = evs, .n = 1});
    OK(sheet_store_is_covered(f->db, 1, fixture_zone("Europe/Berlin"), date("2026-03-01"), date("2026-04-01"),
                              &is_covered, e));
    assert_true(is_covered);
    OK(sheet_store_is_covered(f->db, 1, fixture_zone("Europe/Berlin"), date("2026-03-01"), date("2026-04-02"),
                              &is_covered, e));
    assert_false(is_covered);
    struct sheet_request q = sheet_asked(f, "2026-03-09", "2026-03-16");
    assert_preview_lines(f, &q, "1@2026-03-10 60m;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(covered_as_the_runs_say),
        TEST(run_of_the_archive_covers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
