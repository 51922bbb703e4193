#include "tests/lib/archive_fixture.h"
#include "tests/lib/rng.h"

#define A                                                                                                    \
    {                                                                                                        \
        .id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .subject = "a", .ical_uid = "ua"  \
    }
#define A_LATE                                                                                               \
    {                                                                                                        \
        .id = "A", .start = "2026-03-10 11:00", .end = "2026-03-10 12:00", .subject = "a", .ical_uid = "ua"  \
    }
#define B                                                                                                    \
    {                                                                                                        \
        .id = "B", .start = "2026-03-11 09:00", .end = "2026-03-11 10:00", .subject = "b"                    \
    }
#define RAW .reason = "no start", .raw = "{\"x\":1}", .raw_len = 7

/* ---- dying between any two calls, and in any of them ---- */

static char *dump(struct fixture *f)
{
    struct buf text = {.max = 1 << 20};
    struct stmt *s = db_stmt(
        f->db,
        "SELECT 'a ' || ms_event_id || ' ' || start_time || ' ' || subject || ' ' || coalesce(location_id, "
        "0) || ' ' "
        "|| coalesce(category_id, 0) FROM appointments UNION ALL "
        "SELECT 'v ' || ms_event_id || ' ' || version || ' ' || kind || ' ' || coalesce(reason, '-') || ' ' "
        "|| "
        "start_time FROM appointment_versions UNION ALL "
        "SELECT 'r ' || id || ' ' || state || ' ' || outcome || ' ' || counts || ' ' || step FROM job_runs "
        "UNION ALL SELECT 'q ' || coalesce(ms_event_id, '-') || ' ' || run_id || ' ' || last_run_id "
        "FROM quarantined_events UNION ALL SELECT 'j ' || coalesce(archived_through, '-') "
        "FROM job_configurations ORDER BY 1");
    int r;
    while ((r = stmt_step(s, NULL)) > 0) {
        assert_int_equal(buf_printf(&text, "%s\n", stmt_col_text(s, 0)), 0);
    }
    assert_int_equal(r, 0);
    return buf_steal(&text, NULL);
}

/* Runs the scene; dies at call `at`, before or after its commit.  Returns the number of calls there were. */
static int run_with_crash(struct fixture *f, const struct scene *scene, int at, bool after_commit)
{
    struct run run;
    bool done = false;
    int calls = 0;
    scene_ask(f, scene);
    scene_take(f, &run);
    while (!done) {
        OK(db_begin(f->db, e));
        OK(scene_call(f, scene, &run, &done, e));
        bool dies = calls++ == at;
        if (dies && !after_commit) {
            done = false;
        } else {
            OK(db_commit(f->db, e));
        }
        if (dies) {
            fixture_crash(f);
            if (!done) {
                run_finish(&run);
                scene_take(f, &run);
            }
        }
    }
    run_finish(&run);
    return calls;
}

static char *crash_history(int at, bool after_commit, int *ret_calls)
{
    static const struct ev first[] = {
        A, B, {.id = "C", .start = "2026-03-12", .end = "2026-03-13", .category = "c"}};
    static const struct ev second[] = {
        A_LATE,
        {.id = "C", .start = "2026-03-12", .end = "2026-03-13", .category = "c"},
        {.id = "E", .start = "2026-03-20 10:00", .end = "2026-03-20 11:00", .location = "l"}};
    static const struct event_reject rejects[] = {{.id = "Q", RAW}};
    void *own;
    fixture_set_up(&own);
    struct fixture *f = own;
    scene_run(f, &(struct scene){.evs = first, .n = 3, .page_size = 1});
    int calls = run_with_crash(
        f, &(struct scene){.evs = second, .n = 3, .page_size = 1, .rejects = rejects, .n_rejects = 1}, at,
        after_commit);
    char *text = dump(f);
    int64_t links;
    OK(audit_verify(f->db, &links, e));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE status = 'started'"), 0);
    fixture_tear_down(&own);
    if (ret_calls) {
        *ret_calls = calls;
    }
    return text;
}

static void test_crashes(void **state)
{
    (void)state;
    int calls;
    char *want = crash_history(-1, false, &calls);
    assert_true(calls >= 7);
    for (int at = 0; at < calls; at++) {
        for (int after = 0; after <= 1; after++) {
            char *got = crash_history(at, after, NULL);
            if (strcmp(got, want) != 0) {
                fail_msg("died %s commit %d:\n%s\ninstead of\n%s", after ? "after" : "before", at, got, want);
            }
            free(got);
        }
    }
    free(want);
}

/* ---- any calendar, any nights ---- */

#define POOL 12

struct pool_event {
    struct ev ev;
    char id[8], uid[8], start[24], end[24], subject[8];
    bool is_there;
};

static void roll_times(struct rng *rng, struct pool_event *p)
{
    int day = (int)rng_below(rng, 6) + 8;
    if (rng_below(rng, 4) == 0) {
        snprintf(p->start, sizeof p->start, "2026-03-%02d", day);
        snprintf(p->end, sizeof p->end, "2026-03-%02d", day + 1 + (int)rng_below(rng, 3));
    } else {
        int hour = (int)rng_below(rng, 24);
        snprintf(p->start, sizeof p->start, "2026-03-%02d %02d:00", day, hour);
        snprintf(p->end, sizeof p->end, "2026-03-%02d %02d:30", day + (int)rng_below(rng, 2), hour);
    }
}

static void roll_event(struct rng *rng, struct pool_event *p, int i)
{
    snprintf(p->id, sizeof p->id, "E%d", i);
    snprintf(p->uid, sizeof p->uid, "U%d", i);
    snprintf(p->subject, sizeof p->subject, "s%d", i);
    roll_times(rng, p);
    p->is_there = true;
}

static void roll_night(struct rng *rng, struct pool_event *pool)
{
    for (int i = 0; i < POOL; i++) {
        switch (rng_below(rng, 8)) {
        case 0: roll_event(rng, &pool[i], i); break;
        case 1: pool[i].is_there = false; break;
        case 2: pool[i].is_there = true; break;
        case 3: pool[i].ev.is_cancelled = !pool[i].ev.is_cancelled; break;
        case 4: roll_times(rng, &pool[i]); break;
        case 5: /* the mailbox moved */ pool[i].id[0] = pool[i].id[0] == 'E' ? 'F' : 'E'; break;
        default: break;
        }
        pool[i].ev.id = pool[i].id;
        pool[i].ev.ical_uid = pool[i].uid;
        pool[i].ev.start = pool[i].start;
        pool[i].ev.end = pool[i].end;
        pool[i].ev.subject = pool[i].subject;
    }
}

/* What is in the window and not cancelled, as "subject start end" in order, and what the service shows: a day
 * more. */
static size_t show(const struct pool_event *pool, const struct window *w, struct ev *evs, struct buf *model)
{
    size_t n = 0;
    char lines[POOL][64];
    size_t n_lines = 0;
    struct window wide = *w;
    wide.from_ms -= MS_PER_DAY;
    wide.to_ms += MS_PER_DAY;
    wide.from_day--;
    wide.to_day++;
    for (int i = 0; i < POOL; i++) {
        struct event event;
        const char *category;
        char raw[160];
        make_event(&pool[i].ev, &category, raw, &event);
        bool is_shown = event.is_all_day ? window_has_days(&wide, event.start_day, event.end_day)
                                         : window_has_span(&wide, event.start_ms, event.end_ms);
        bool is_in = event.is_all_day ? window_has_days(w, event.start_day, event.end_day)
                                      : window_has_span(w, event.start_ms, event.end_ms);
        if (!pool[i].is_there || !is_shown) {
            continue;
        }
        evs[n++] = pool[i].ev;
        if (is_in && !pool[i].ev.is_cancelled) {
            snprintf(lines[n_lines++], 64, "%02d %lld %lld\n", i, (long long)event.start_ms,
                     (long long)event.end_ms);
        }
    }
    for (size_t i = 0; i < n_lines; i++) {
        assert_int_equal(buf_add_str(model, lines[i]), 0);
    }
    return n;
}

/* The heads in the window that are no tombstones, as show() writes them. */
static void read_heads(struct fixture *f, const struct window *w, struct buf *text)
{
    struct stmt *s = db_stmt(
        f->db,
        "SELECT CASE WHEN h.version IS NULL THEN a.start_time ELSE h.start_time END, "
        "CASE WHEN h.version IS NULL THEN a.end_time ELSE h.end_time END, "
        "CASE WHEN h.version IS NULL THEN a.is_all_day ELSE h.is_all_day END, "
        "CASE WHEN h.version IS NULL THEN a.subject ELSE h.subject END "
        "FROM appointments a LEFT JOIN appointment_versions h ON h.appointment_id = a.id AND "
        "h.version = (SELECT max(v.version) FROM appointment_versions v WHERE v.appointment_id = a.id) "
        "WHERE coalesce(h.kind, '') <> 'tombstone' ORDER BY length(4), CAST(substr(a.subject, 2) AS "
        "INTEGER)");
    int r;
    while ((r = stmt_step(s, NULL)) > 0) {
        int64_t start_ms = stmt_col_time(s, 0), end_ms = stmt_col_time(s, 1);
        bool is_in = stmt_col_int(s, 2) ? window_has_days(w, (int32_t)(start_ms / MS_PER_DAY),
                                                          (int32_t)(end_ms / MS_PER_DAY))
                                        : window_has_span(w, start_ms, end_ms);
        if (is_in) {
            assert_int_equal(buf_printf(text, "%02d %lld %lld\n", atoi(stmt_col_text(s, 3) + 1),
                                        (long long)start_ms, (long long)end_ms),
                             0);
        }
    }
    assert_int_equal(r, 0);
}

static void check_random_night(struct fixture *f, struct rng *rng, struct pool_event *pool, int64_t *rows)
{
    static const char *const days[] = {"2026-03-08", "2026-03-10", "2026-03-11", "2026-03-12", "2026-03-15"};
    size_t from = (size_t)rng_below(rng, 4), to = from + 1 + (size_t)rng_below(rng, 4 - from);
    struct ev evs[POOL];
    struct buf model = {.max = 1 << 16}, archive = {.max = 1 << 16};
    struct run times = {.from_day = date(days[from]), .to_day = date(days[to])};
    struct window w = scene_window(&times);
    roll_night(rng, pool);
    struct scene scene = {
        .evs = evs, .from = days[from], .to = days[to], .page_size = 1 + (size_t)rng_below(rng, 5)};
    scene.n = show(pool, &w, evs, &model);
    scene_run(f, &scene);
    read_heads(f, &w, &archive);
    assert_string_equal(buf_str(&archive), buf_str(&model));
    int64_t now = fixture_int(
        f, "SELECT (SELECT count(*) FROM appointments) + (SELECT count(*) FROM appointment_versions)");
    assert_true(now >= *rows);
    struct run_counts again = scene_run(f, &scene);
    assert_int_equal(run_counts_written(&again), 0);
    assert_int_equal(
        fixture_int(
            f, "SELECT (SELECT count(*) FROM appointments) + (SELECT count(*) FROM appointment_versions)"),
        now);
    *rows = now;
    buf_finish(&model);
    buf_finish(&archive);
}

static void test_random_calendars(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    for (int round = 0; round < 12; round++) {
        void *own;
        struct pool_event pool[POOL] = {0};
        int64_t rows = 0;
        fixture_set_up(&own);
        for (int i = 0; i < POOL; i++) {
            roll_event(&rng, &pool[i], i);
        }
        for (int night = 0; night < 15; night++) {
            check_random_night(own, &rng, pool, &rows);
        }
        fixture_tear_down(&own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_random_calendars),
    };
    return cmocka_run_group_tests_name("storage/archive_histories", tests, NULL, NULL);
}
