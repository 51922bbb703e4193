#include "tests/lib/archive_fixture.h"

#define AT(h) .start = "2026-03-10 " h ":00", .end = "2026-03-10 " h ":30"

static void begin(struct fixture *f, struct run *run)
{
    scene_ask(f, &(struct scene){.n = 0});
    scene_take(f, run);
}

/* Stages one page of a run that goes on. */
static void stage(struct fixture *f, struct run *run, const struct ev *evs, size_t n, const char *next_cursor)
{
    struct event_page *page = make_page(evs, n, next_cursor);
    TX(f, stage_store_page(f->db, run, f->instance_id, page, &run->counts, e));
    free(run->cursor);
    run->cursor = mem_strdup(next_cursor);
    event_page_destroy(page);
}

static void settle(struct fixture *f, struct run *run)
{
    TX(f, stage_store_settle(f->db, run, e));
}

/* "id change appointment body;" of every staged row, in the order of ids. */
static char *staged(struct fixture *f)
{
    struct buf text = {.max = 1 << 16};
    struct stmt *s = db_stmt(f->db, "SELECT ms_event_id, change, coalesce(appointment_id, 0), "
                                    "CASE WHEN ms_event_data IS NULL THEN '-' ELSE 'raw' END FROM "
                                    "staged_events LEFT JOIN staged_contents USING (id) "
                                    "ORDER BY ms_event_id");
    int r;
    while ((r = stmt_step(s, NULL)) > 0) {
        assert_int_equal(buf_printf(&text, "%s %s %lld %s;", stmt_col_text(s, 0), stmt_col_text(s, 1),
                                    (long long)stmt_col_int(s, 2), stmt_col_text(s, 3)),
                         0);
    }
    assert_int_equal(r, 0);
    return buf_steal(&text, NULL);
}

static void expect_staged(struct fixture *f, const char *want)
{
    char *got = staged(f);
    assert_string_equal(got, want);
    free(got);
}

static void test_columns(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {
        {.id = "A", AT("09"), .subject = "a", .category = "q\"1", .location = "Room", .ical_uid = "u"},
        {.id = "D", .start = "2026-03-11", .end = "2026-03-12"},
    };
    struct run run;
    begin(f, &run);
    stage(f, &run, evs, 2, NULL);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM staged_events JOIN staged_contents USING (id) WHERE ms_event_id "
                       "= 'A' AND run_id = 1 AND "
                       "id = 4294967296 AND verdict = 0 AND start_time = '2026-03-10 09:00:00.000000' AND "
                       "end_time = '2026-03-10 09:30:00.000000' AND end_ms - start_ms = 1800000 AND "
                       "is_all_day = 0 AND start_date IS NULL AND subject = 'a' AND location = 'Room' AND "
                       "category = 'q\"1' AND categories = '[\"q\\\"1\"]' AND ical_uid = 'u' AND "
                       "original_start = '2026-03-10 09:00:00.000000' AND event_type = 'singleInstance' AND "
                       "show_as = 'busy' AND response = 'accepted' AND length(twin) = 16 AND "
                       "length(content_hash) = 32 AND ms_event_data = '{\"id\":\"A\",\"subject\":\"a\"}'"),
        1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM staged_events JOIN staged_contents USING (id) WHERE ms_event_id "
                       "= 'D' AND is_all_day = 1 AND "
                       "start_date = '2026-03-11' AND end_date = '2026-03-12' AND category IS NULL AND "
                       "categories = '[]' AND id = 4294967297"),
        1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_categories WHERE name = 'q\"1'"), 1);
    run_finish(&run);
}

static void test_twins(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {
        {.id = "A", AT("09"), .subject = "a"},
        {.id = "B", AT("09"), .subject = "a", .category = "c"},
        {.id = "C", AT("10"), .subject = "a"},
        {.id = "D", AT("09"), .subject = "b"},
        {.id = "E", .start = "2026-03-10", .end = "2026-03-11", .subject = "a"},
        {.id = "F", .start = "2026-03-10 00:00", .end = "2026-03-11 00:00", .subject = "a"},
    };
    struct run run;
    begin(f, &run);
    stage(f, &run, evs, 6, NULL);
    assert_int_equal(fixture_int(f, "SELECT count(DISTINCT twin) FROM staged_events"), 5);
    assert_int_equal(
        fixture_int(f, "SELECT count(DISTINCT twin) FROM staged_events WHERE ms_event_id IN ('A', 'B')"), 1);
    run_finish(&run);
}

static void test_counts_and_cursor(void **state)
{
    struct fixture *f = *state;
    static const struct ev first[] = {{.id = "A", AT("09")}, {.id = "B", AT("10")}, {.id = "B", AT("11")}};
    static const struct ev second[] = {{.id = "C", AT("09")}, {.id = "A", AT("12")}};
    struct run run;
    begin(f, &run);
    run.counts.requests = 5;
    stage(f, &run, first, 3, "two");
    assert_int_equal(run.counts.fetched, 2);
    assert_int_equal(run.counts.pages, 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs WHERE next_page = 'two' AND "
                                    "counts LIKE '{\"pages\":1,\"fetched\":2,%\"requests\":5%'"),
                     1);
    stage(f, &run, second, 2, "three");
    stage(f, &run, second, 2, NULL); /* the same page again */
    assert_int_equal(run.counts.fetched, 3);
    assert_int_equal(run.counts.pages, 3);
    assert_int_equal(run.counts.requests, 5);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM job_runs WHERE next_page IS NULL"), 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_events"), 3);
    /* The last one counts. */
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_events JOIN staged_contents USING (id) "
                                    "WHERE ms_event_id = 'A' AND start_time LIKE '%12:00:%' OR "
                                    "ms_event_id = 'B' AND start_time LIKE '%11:00:%'"),
                     2);
    assert_int_equal(fixture_int(f, "SELECT count(DISTINCT id) FROM staged_events WHERE id >= 4294967296"),
                     3);
    run_finish(&run);
}

static void test_the_first_page_begins_anew(void **state)
{
    struct fixture *f = *state;
    static const struct ev old[] = {{.id = "A", AT("09"), .category = "old"}, {.id = "B", AT("10")}};
    static const struct ev fresh[] = {{.id = "B", AT("10")}};
    struct run run;
    begin(f, &run);
    stage(f, &run, old, 2, "two");
    free(run.cursor);
    run.cursor = NULL; /* gone; start over */
    run.counts.requests = 7;
    stage(f, &run, fresh, 1, NULL);
    expect_staged(f, "B new 0 raw;");
    assert_int_equal(run.counts.fetched, 1);
    assert_int_equal(run.counts.pages, 1);
    assert_int_equal(run.counts.requests, 7);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_categories"), 0);
    run_finish(&run);
}

static void test_runs_do_not_touch_each_other(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {{.id = "A", AT("09"), .category = "c"}};
    struct run one, two;
    fixture_add_user(f, 2);
    scene_ask(f, &(struct scene){.n = 0});
    scene_ask(f, &(struct scene){.n = 0, .job_id = 2});
    scene_take(f, &one);
    scene_take(f, &two);
    stage(f, &one, evs, 1, NULL);
    stage(f, &two, evs, 1, NULL);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_events"), 2);
    TX(f, stage_store_clear(f->db, one.id, e));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_events WHERE run_id = 2"), 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_categories WHERE run_id = 2"), 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_events"), 1);
    TX(f, stage_store_clear(f->db, two.id, e));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_events"), 0);
    run_finish(&one);
    run_finish(&two);
}

/* ---- against the archive ---- */

static void test_compared(void **state)
{
    struct fixture *f = *state;
    static const struct ev before[] = {{.id = "A", AT("09")}, {.id = "B", AT("10")}, {.id = "C", AT("11")}};
    static const struct ev later[] = {{.id = "A", AT("09")}, {.id = "B", AT("12")}};
    static const struct ev now[] = {
        {.id = "A", AT("09")}, {.id = "B", AT("12")}, {.id = "C", AT("11")}, {.id = "D", AT("13")}};
    static const struct ev back[] = {{.id = "B", AT("10")}};
    struct run run;
    scene_run(f, &(struct scene){.evs = before, .n = 3});
    scene_run(f, &(struct scene){.evs = later, .n = 2}); /* B changed, C vanished */
    begin(f, &run);
    stage(f, &run, now, 4, "two");
    expect_staged(f, "A unchanged 1 -;B unchanged 2 -;C changed 3 raw;D new 0 raw;");
    stage(f, &run, back, 1, NULL); /* as the first version was, but not the last */
    expect_staged(f, "A unchanged 1 -;B changed 2 raw;C changed 3 raw;D new 0 raw;");
    run_finish(&run);
}

static void test_settle(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct ev first[3], then[3];
        const char *staged;
    } rows[] = {
        {"the id changed",
         {{.id = "X", AT("09"), .ical_uid = "u"}},
         {{.id = "Y", AT("09"), .ical_uid = "u"}},
         "Y changed 1 raw;"},
        {"another UID",
         {{.id = "X", AT("09"), .ical_uid = "u"}},
         {{.id = "Y", AT("09"), .ical_uid = "v"}},
         "Y new 0 raw;"},
        {"another start of the series",
         {{.id = "X", AT("09"), .ical_uid = "u"}},
         {{.id = "Y", AT("10"), .ical_uid = "u"}},
         "Y new 0 raw;"},
        {"no UID", {{.id = "X", AT("09")}}, {{.id = "Y", AT("09")}}, "Y new 0 raw;"},
        {"the old id is still there",
         {{.id = "X", AT("09"), .ical_uid = "u"}},
         {{.id = "Y", AT("09"), .ical_uid = "u"}, {.id = "X", AT("09"), .ical_uid = "u"}},
         "X unchanged 1 -;Y new 0 raw;"},
        {"two for one: the smaller id, whatever the order",
         {{.id = "X", AT("09"), .ical_uid = "u"}},
         {{.id = "Z", AT("09"), .ical_uid = "u"}, {.id = "Y", AT("09"), .ical_uid = "u"}},
         "Y changed 1 raw;Z new 0 raw;"},
        {"two for two",
         {{.id = "W", AT("09"), .ical_uid = "u", .subject = "w"},
          {.id = "X", AT("09"), .ical_uid = "u", .subject = "x"}},
         {{.id = "Z", AT("09"), .ical_uid = "u", .subject = "z"},
          {.id = "Y", AT("09"), .ical_uid = "u", .subject = "y"}},
         "Y changed 1 raw;Z changed 2 raw;"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        struct run run;
        fixture_set_up(&own);
        struct fixture *f = own;
        size_t n_first = 1 + (rows[i].first[1].id != NULL), n_then = 1 + (rows[i].then[1].id != NULL);
        scene_run(f, &(struct scene){.evs = rows[i].first, .n = n_first});
        begin(f, &run);
        stage(f, &run, rows[i].then, n_then, NULL);
        settle(f, &run);
        settle(f, &run); /* again changes nothing */
        char *got = staged(f);
        if (strcmp(got, rows[i].staged) != 0) {
            fail_msg("%s: %s instead of %s", rows[i].name, got, rows[i].staged);
        }
        free(got);
        run_finish(&run);
        fixture_tear_down(&own);
    }
}

/* ---- quarantine ---- */

static void test_quarantine(void **state)
{
    struct fixture *f = *state;
    static const struct event_reject rejects[] = {
        {.id = "Q", .reason = "no start", .raw = "{\"q\":1}", .raw_len = 7},
        {.id = NULL, .reason = "no id", .raw = "[]x", .raw_len = 2},
        {.id = "Q", .reason = "no start", .raw = "{\"q\":1}", .raw_len = 7}, /* once more */
    };
    struct run run;
    begin(f, &run);
    TX(f, scene_stage(f, &(struct scene){.n = 0, .rejects = rejects, .n_rejects = 3}, &run, e));
    assert_int_equal(run.counts.quarantined, 2);
    assert_int_equal(run.counts.fetched, 0);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM quarantined_events WHERE run_id = 1 AND last_run_id = 1 AND "
                       "user_id = 1 AND archive_configuration_id = 1 AND state = 'open' AND "
                       "first_seen_at = last_seen_at AND length(raw_hash) = 32 AND "
                       "(ms_event_id = 'Q' AND raw = CAST('{\"q\":1}' AS BLOB) AND reason = 'no start' OR "
                       "ms_event_id IS NULL AND raw = CAST('[]' AS BLOB))"),
        2);
    TX(f, run_store_close(f->db, &run, f->instance_id, OUTCOME_PARTIAL, NULL, NULL, e));
    run_finish(&run);
    f->clock.now_ms += MS_PER_DAY;
    struct run_counts counts = scene_run(f, &(struct scene){.n = 0, .rejects = rejects, .n_rejects = 1});
    assert_int_equal(counts.quarantined, 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM quarantined_events"), 2);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM quarantined_events WHERE ms_event_id = 'Q' AND run_id = 1 AND "
                       "last_run_id = 2 AND first_seen_at LIKE '2026-04-01%' AND "
                       "last_seen_at LIKE '2026-04-02%'"),
        1);
}

/* The fetch begins anew and the same body comes again: the run is not whole, whatever was counted before. */
static void test_quarantine_again(void **state)
{
    struct fixture *f = *state;
    static const struct event_reject reject = {.id = "Q", .reason = "no start", .raw = "{}", .raw_len = 2};
    struct run run;
    begin(f, &run);
    for (int attempt = 0; attempt < 2; attempt++) {
        TX(f, scene_stage(f, &(struct scene){.n = 0, .rejects = &reject, .n_rejects = 1}, &run, e));
        assert_int_equal(run.counts.quarantined, 1);
        assert_int_equal(run.counts.pages, 1);
    }
    run_finish(&run);
}

static void test_impossible_times(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {
        {.id = "A", .start = "2026-03-10 10:00", .end = "2026-03-10 09:00"},
        {.id = "B", .start = "2026-03-10", .end = "2026-03-10"},
        {.id = "C", .start = "2026-03-10 10:00", .end = "2026-03-10 10:00"},
    };
    struct run run;
    begin(f, &run);
    stage(f, &run, evs, 3, NULL);
    expect_staged(f, "C new 0 raw;"); /* no length is a length */
    assert_int_equal(run.counts.quarantined, 2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM quarantined_events WHERE ms_event_id = 'A' AND "
                                    "reason = 'the event ends before it begins' OR ms_event_id = 'B' AND "
                                    "reason = 'the all-day event has no day'"),
                     2);
    run_finish(&run);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_columns),
        TEST(test_twins),
        TEST(test_counts_and_cursor),
        TEST(test_the_first_page_begins_anew),
        TEST(test_runs_do_not_touch_each_other),
        TEST(test_compared),
        cmocka_unit_test(test_settle),
        TEST(test_quarantine),
        TEST(test_quarantine_again),
        TEST(test_impossible_times),
    };
    return cmocka_run_group_tests_name("storage/stage_store", tests, NULL, NULL);
}
