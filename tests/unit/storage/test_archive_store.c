#include "tests/lib/archive_fixture.h"

/* ---- scenarios: what a calendar shows night after night, and what the archive makes of it ---- */

#define MAX_EVS    6
#define MAX_NIGHTS 5

struct night {
    struct ev evs[MAX_EVS];
    struct event_reject rejects[2];
    const char *from, *to; /* NULL: March 2026 */
    bool is_dry;
    /* what it must count */
    int inserted, changed, restored, vanished, unchanged;
    const char *heads; /* "id kind reason;" of the archive's heads afterwards, by id; NULL: not looked at */
};

struct scenario {
    const char *name;
    struct night nights[MAX_NIGHTS];
};

#define A                                                                                                    \
    {                                                                                                        \
        .id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .subject = "a", .ical_uid = "ua"  \
    }
#define A_LATE                                                                                               \
    {                                                                                                        \
        .id = "A", .start = "2026-03-10 11:00", .end = "2026-03-10 12:00", .subject = "a", .ical_uid = "ua"  \
    }
#define A_X                                                                                                  \
    {                                                                                                        \
        .id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .subject = "a", .ical_uid = "ua", \
        .is_cancelled = true                                                                                 \
    }
#define A_NO                                                                                                 \
    {                                                                                                        \
        .id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .subject = "a", .ical_uid = "ua", \
        .is_declined = true                                                                                  \
    }
#define A2                                                                                                   \
    {                                                                                                        \
        .id = "A2", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .subject = "a", .ical_uid = "ua" \
    }
#define A3                                                                                                   \
    {                                                                                                        \
        .id = "A3", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .subject = "a3",                 \
        .ical_uid = "ua"                                                                                     \
    }
#define B                                                                                                    \
    {                                                                                                        \
        .id = "B", .start = "2026-03-11 09:00", .end = "2026-03-11 10:00", .subject = "b"                    \
    }
#define RAW .reason = "no start", .raw = "{\"x\":1}", .raw_len = 7

static const struct scenario scenarios[] = {
    {"first run, then an identical one",
     {{{A, B}, .inserted = 2, .heads = "A archived -;B archived -;"},
      {{A, B}, .unchanged = 2, .heads = "A archived -;B archived -;"}}},
    {"an empty calendar", {{.heads = ""}, {.heads = ""}}},
    {"a changed event is a version, once",
     {{{A}, .inserted = 1},
      {{A_LATE}, .changed = 1, .heads = "A changed -;"},
      {{A_LATE}, .unchanged = 1},
      {{A}, .changed = 1, .heads = "A changed -;"}}},
    {"vanished, gone for good, back again",
     {{{A, B}, .inserted = 2},
      {{B}, .vanished = 1, .unchanged = 1, .heads = "A tombstone vanished;B archived -;"},
      {{B}, .unchanged = 1},
      {{A, B}, .restored = 1, .unchanged = 1, .heads = "A restored -;B archived -;"},
      {{B}, .vanished = 1, .unchanged = 1, .heads = "A tombstone vanished;B archived -;"}}},
    {"cancelled later",
     {{{A, B}, .inserted = 2},
      {{A_X, B}, .vanished = 1, .unchanged = 1, .heads = "A tombstone cancelled;B archived -;"},
      {{A_X, B}, .unchanged = 1},
      {{A, B}, .restored = 1, .unchanged = 1, .heads = "A restored -;B archived -;"}}},
    {"cancelled from the start is not archived", {{{A_X}, .heads = ""}}},
    {"declined later", {{{A}, .inserted = 1}, {{A_NO}, .vanished = 1, .heads = "A tombstone declined;"}}},
    {"a duplicate stays out; alone it comes in",
     {{{A, A2}, .inserted = 1, .heads = "A archived -;"},
      {{A2}, .inserted = 0, .changed = 1, .heads = "A2 changed -;"}}},
    {"an archived event that becomes a duplicate",
     {{{B, {.id = "C", .start = "2026-03-11 09:00", .end = "2026-03-11 10:00", .subject = "c"}},
       .inserted = 2},
      {{B, {.id = "C", .start = "2026-03-11 09:00", .end = "2026-03-11 10:00", .subject = "b"}},
       .vanished = 1,
       .unchanged = 1,
       .heads = "B archived -;C tombstone duplicate;"}}},
    {"the mailbox moved: same UID and start, another id",
     {{{A, B}, .inserted = 2},
      {{A2, B}, .changed = 1, .unchanged = 1, .heads = "A2 changed -;B archived -;"},
      {{A2, B}, .unchanged = 2, .heads = "A2 changed -;B archived -;"},
      {{B}, .vanished = 1, .unchanged = 1, .heads = "A2 tombstone vanished;B archived -;"},
      {{A3, B}, .restored = 1, .unchanged = 1, .heads = "A3 restored -;B archived -;"}}},
    {"a copy with the same UID beside the first is an event of its own",
     {{{A}, .inserted = 1},
      {{A3, A}, .inserted = 1, .unchanged = 1, .heads = "A archived -;A3 archived -;"},
      {{A3, A}, .unchanged = 2},
      {{A3}, .vanished = 1, .unchanged = 1, .heads = "A tombstone vanished;A3 archived -;"}}},
    {"two copies of an event whose id is gone: one of them is it",
     {{{A}, .inserted = 1},
      {{{.id = "A3",
         .start = "2026-03-10 09:00",
         .end = "2026-03-10 10:00",
         .subject = "a3",
         .ical_uid = "ua"},
        A2},
       .inserted = 1,
       .changed = 1,
       .heads = "A2 changed -;A3 archived -;"},
      {{A2, A3}, .unchanged = 2},
      {{A3}, .vanished = 1, .unchanged = 1, .heads = "A2 tombstone vanished;A3 archived -;"}}},
    {"moved, and the old id comes back",
     {{{A}, .inserted = 1},
      {{A2}, .changed = 1, .heads = "A2 changed -;"},
      {{A}, .changed = 1, .heads = "A changed -;"},
      {{A}, .unchanged = 1}}},
    {"in quarantine by its id: not taken for vanished",
     {{{A, B}, .inserted = 2},
      {{B}, {{.id = "A", RAW}}, .unchanged = 1, .heads = "A archived -;B archived -;"},
      {{B}, .vanished = 1, .unchanged = 1, .heads = "A tombstone vanished;B archived -;"}}},
    {"in quarantine by the id it moved to",
     {{{A, B}, .inserted = 2},
      {{A2, B}, .changed = 1, .unchanged = 1},
      {{B}, {{.id = "A2", RAW}}, .unchanged = 1, .heads = "A2 changed -;B archived -;"}}},
    {"in quarantine without id: nothing is taken for vanished",
     {{{A, B}, .inserted = 2},
      {{{.id = NULL}}, {{.id = NULL, RAW}}, .heads = "A archived -;B archived -;"},
      {{B}, .vanished = 1, .unchanged = 1}}},
    {"in quarantine, but another event vanished",
     {{{A, B}, .inserted = 2},
      {{{.id = NULL}}, {{.id = "A", RAW}}, .vanished = 1, .heads = "A archived -;B tombstone vanished;"}}},
    {"all-day events go by their dates, whatever the zone",
     {{{{.id = "D", .start = "2026-02-28", .end = "2026-03-01"},
        {.id = "E", .start = "2026-03-31", .end = "2026-04-01"},
        {.id = "F", .start = "2026-04-01", .end = "2026-04-02"},
        {.id = "G", .start = "2026-02-27", .end = "2026-03-02"}},
       .inserted = 2,
       .heads = "E archived -;G archived -;"},
      {.vanished = 2, .heads = "E tombstone vanished;G tombstone vanished;"}}},
    {"all-day neighbours of the window are left alone",
     {{{{.id = "D", .start = "2026-02-28", .end = "2026-03-01"},
        {.id = "F", .start = "2026-04-01", .end = "2026-04-02"}},
       .from = "2026-02-01",
       .to = "2026-05-01",
       .inserted = 2},
      {.heads = "D archived -;F archived -;"}}},
    {"timed neighbours of the window are left alone: it is half-open, in the zone's days",
     {{{{.id = "D", .start = "2026-02-28 22:00", .end = "2026-02-28 23:00"},
        {.id = "E", .start = "2026-03-31 23:00", .end = "2026-03-31 23:30"},
        {.id = "F", .start = "2026-02-28 22:59", .end = "2026-02-28 23:01"},
        {.id = "G", .start = "2026-03-31 22:59", .end = "2026-04-01 05:00"},
        {.id = "H", .start = "2026-02-28 23:00", .end = "2026-02-28 23:00"}},
       .from = "2026-02-01",
       .to = "2026-05-01",
       .inserted = 5},
      {.vanished = 3,
       .heads =
           "D archived -;E archived -;F tombstone vanished;G tombstone vanished;H tombstone vanished;"}}},
    {"an event across midnight is read by both windows and archived once",
     {{{{.id = "M", .start = "2026-03-31 21:30", .end = "2026-04-01 01:00"}}, .inserted = 1},
      {{{.id = "M", .start = "2026-03-31 21:30", .end = "2026-04-01 01:00"}},
       .from = "2026-04-01",
       .to = "2026-05-01",
       .unchanged = 1,
       .heads = "M archived -;"}}},
    {"moved out of the window, and still seen in the day behind it",
     {{{A}, .inserted = 1},
      {{{.id = "A", .start = "2026-04-01 09:00", .end = "2026-04-01 10:00", .subject = "a"}},
       .changed = 1,
       .heads = "A changed outside;"},
      {{{.id = "A", .start = "2026-04-01 09:00", .end = "2026-04-01 10:00", .subject = "a"}},
       .heads = "A changed outside;"},
      {{{.id = "A", .start = "2026-04-01 09:00", .end = "2026-04-01 10:00", .subject = "a"}},
       .from = "2026-04-01",
       .to = "2026-05-01",
       .unchanged = 1}}},
    {"moved within the archive into the window",
     {{{{.id = "A", .start = "2026-04-01 09:00", .end = "2026-04-01 10:00", .subject = "a"}},
       .from = "2026-04-01",
       .to = "2026-05-01",
       .inserted = 1},
      {{A}, .changed = 1, .heads = "A changed -;"},
      {.from = "2026-04-01", .to = "2026-05-01", .heads = "A changed -;"},
      {.vanished = 1, .heads = "A tombstone vanished;"}}},
    {"a series master is no appointment",
     {{{{.id = "S", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .type = EVENT_SERIES_MASTER}},
       .heads = ""}}},
    {"a dry run counts and leaves nothing",
     {{{A, B}, .is_dry = true, .inserted = 2, .heads = ""},
      {{A, B}, .inserted = 2},
      {{A_LATE}, .is_dry = true, .changed = 1, .vanished = 1, .heads = "A archived -;B archived -;"},
      {{A, B}, .unchanged = 2}}},
};

/* "id kind reason;" of every head, the appointment itself being of kind archived. */
static char *heads(struct fixture *f, int64_t configuration_id)
{
    struct buf text = {.max = 1 << 20};
    struct stmt *s = db_stmt(
        f->db,
        "SELECT coalesce(h.ms_event_id, a.ms_event_id), coalesce(h.kind, 'archived'), coalesce(h.reason, "
        "'-') "
        "FROM appointments a LEFT JOIN appointment_versions h ON h.appointment_id = a.id AND "
        "h.version = (SELECT max(v.version) FROM appointment_versions v WHERE v.appointment_id = a.id) "
        "WHERE a.archive_configuration_id = $1 ORDER BY 1");
    stmt_int(s, 1, configuration_id);
    int r;
    while ((r = stmt_step(s, NULL)) > 0) {
        assert_int_equal(
            buf_printf(&text, "%s %s %s;", stmt_col_text(s, 0), stmt_col_text(s, 1), stmt_col_text(s, 2)), 0);
    }
    assert_int_equal(r, 0);
    return buf_steal(&text, NULL);
}

static struct scene scene_of(const struct night *night)
{
    struct scene scene = {.evs = night->evs, .rejects = night->rejects, .from = night->from, .to = night->to};
    scene.is_dry = night->is_dry;
    while (scene.n < MAX_EVS && night->evs[scene.n].id) {
        scene.n++;
    }
    while (scene.n_rejects < 2 && night->rejects[scene.n_rejects].raw) {
        scene.n_rejects++;
    }
    return scene;
}

static void check_night(struct fixture *f, const char *name, int i, const struct night *night,
                        size_t page_size)
{
    struct scene scene = scene_of(night);
    scene.page_size = page_size;
    struct run_counts c = scene_run(f, &scene);
    char got[128], want[128];
    snprintf(got, sizeof got, "%d new %d changed %d restored %d vanished %d unchanged", (int)c.inserted,
             (int)c.changed, (int)c.restored, (int)c.vanished, (int)c.unchanged);
    snprintf(want, sizeof want, "%d new %d changed %d restored %d vanished %d unchanged", night->inserted,
             night->changed, night->restored, night->vanished, night->unchanged);
    char *is = heads(f, 1);
    if (strcmp(got, want) != 0 || (night->heads && strcmp(is, night->heads) != 0)) {
        fail_msg("%s, night %d, pages of %zu: got %s and heads %s; want %s and %s", name, i + 1, page_size,
                 got, is, want, night->heads ? night->heads : "any");
    }
    free(is);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_events"), 0);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM staged_categories"), 0);
}

static bool is_night(const struct night *n)
{
    return n->evs[0].id || n->rejects[0].raw || n->heads || n->vanished || n->from;
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
        for (size_t page_size = 1; page_size <= 3; page_size += 2) {
            void *own;
            fixture_set_up(&own);
            for (int n = 0; n < MAX_NIGHTS && is_night(&scenarios[i].nights[n]); n++) {
                check_night(own, scenarios[i].name, n, &scenarios[i].nights[n], page_size);
            }
            fixture_tear_down(&own);
        }
    }
}

/* ---- what stands in the rows ---- */

static void test_columns(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {
        {.id = "A",
         .start = "2026-03-10 09:00",
         .end = "2026-03-10 10:00",
         .subject = "plan",
         .category = "Acme - billable",
         .location = "Room 1",
         .is_private = true,
         .is_oof = true},
        {.id = "D", .start = "2026-03-12", .end = "2026-03-14", .subject = "fair"},
    };
    struct scene scene = {.evs = evs, .n = 2};
    scene_run(f, &scene);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM appointments a JOIN locations l ON l.id = a.location_id "
                       "JOIN categories c ON c.id = a.category_id JOIN calendars k ON k.id = a.calendar_id "
                       "WHERE a.ms_event_id = 'A' AND a.is_archived = 1 AND a.is_private = 1 AND "
                       "a.is_out_of_office = 1 AND l.name = 'Room 1' AND c.name = 'Acme - billable' AND "
                       "a.categories = '[\"Acme - billable\"]' AND a.subject = 'plan' AND "
                       "a.start_time = '2026-03-10 09:00:00.000000' AND "
                       "a.end_time = '2026-03-10 10:00:00.000000' AND a.is_all_day = 0 AND "
                       "a.ms_event_data = '{\"id\":\"A\",\"subject\":\"plan\"}' AND "
                       "k.uri = 'local://u1@example.com/calendars/archive' AND k.name = 'archive' AND "
                       "k.calendar_type = 'local' AND a.user_id = 1 AND a.run_id = 1 AND "
                       "length(a.content_hash) = 32 AND a.created_at = '2026-04-01 02:00:00.000000'"),
        1);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM appointments WHERE ms_event_id = 'D' AND is_all_day = 1 AND "
                       "start_date = '2026-03-12' AND end_date = '2026-03-14' AND location_id IS NULL AND "
                       "category_id IS NULL AND is_private = 0 AND is_out_of_office = 0"),
        1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM locations"), 1);
}

static void test_version_columns(void **state)
{
    struct fixture *f = *state;
    static const struct ev before[] = {
        {.id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00", .category = "x"}};
    static const struct ev after[] = {{.id = "A",
                                       .start = "2026-03-10 09:00",
                                       .end = "2026-03-10 10:30",
                                       .subject = "longer",
                                       .category = "y",
                                       .location = "Room 2"}};
    scene_run(f, &(struct scene){.evs = before, .n = 1});
    scene_run(f, &(struct scene){.evs = after, .n = 1});
    scene_run(f, &(struct scene){.n = 0});
    assert_int_equal(
        fixture_int(
            f, "SELECT count(*) FROM appointment_versions v JOIN locations l ON l.id = v.location_id "
               "JOIN categories c ON c.id = v.category_id WHERE v.version = 2 AND v.kind = 'changed' AND "
               "v.reason IS NULL AND v.run_id = 2 AND v.ms_event_id = 'A' AND v.subject = 'longer' AND "
               "v.end_time = '2026-03-10 10:30:00.000000' AND l.name = 'Room 2' AND c.name = 'y' AND "
               "v.ms_event_data = '{\"id\":\"A\",\"subject\":\"longer\"}'"),
        1);
    /* The tombstone says what was lost, without the body. */
    assert_int_equal(
        fixture_int(f,
                    "SELECT count(*) FROM appointment_versions WHERE version = 3 AND kind = 'tombstone' AND "
                    "reason = 'vanished' AND run_id = 3 AND subject = 'longer' AND ms_event_data IS NULL AND "
                    "end_time = '2026-03-10 10:30:00.000000' AND location_id IS NOT NULL"),
        1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM appointments WHERE subject = 'meeting'"), 1);
}

static void test_two_users(void **state)
{
    struct fixture *f = *state;
    static const struct ev mine[] = {A, B};
    static const struct ev theirs[] = {A};
    fixture_add_user(f, 2);
    scene_run(f, &(struct scene){.evs = mine, .n = 2});
    struct run_counts c = scene_run(f, &(struct scene){.evs = theirs, .n = 1, .job_id = 2});
    assert_int_equal(c.inserted, 1);
    assert_int_equal(c.vanished, 0);
    c = scene_run(f, &(struct scene){.n = 0, .job_id = 2});
    assert_int_equal(c.vanished, 1);
    char *first = heads(f, 1);
    char *second = heads(f, 2);
    assert_string_equal(first, "A archived -;B archived -;");
    assert_string_equal(second, "A tombstone vanished;");
    free(first);
    free(second);
}

static void test_audit(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {A, B};
    scene_run(f, &(struct scene){.evs = evs, .n = 2});
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log p JOIN audit_log c ON c.parent_audit_id = p.id AND "
                       "c.correlation_id = p.correlation_id WHERE p.status = 'success' AND "
                       "p.child_count = 3 AND c.operation IN ('transform', 'store') AND "
                       "c.details LIKE '%\"keep\":2%' AND p.details LIKE '%\"inserted\":2%'"),
        2);
    int64_t links;
    OK(audit_verify(f->db, &links, e));
    assert_int_equal(links, 5); /* opening, three children (fetch is the third), closing */
}

/* ---- what must not be stored ---- */

/* A run with everything staged and transformed. */
static void get_ready(struct fixture *f, const struct scene *scene, struct run *run)
{
    bool done;
    scene_ask(f, scene);
    scene_take(f, run);
    while (strcmp(run->step, "store") != 0) {
        TX(f, scene_call(f, scene, run, &done, e));
    }
}

static void test_archive_changed_in_between(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {A, B};
    static const struct ev late[] = {A_LATE, B};
    struct scene scene = {.evs = evs, .n = 2};
    struct scene changed = {.evs = late, .n = 2};
    static const struct {
        const char *name;
        bool was_archived;
        const char *act;
    } rows[] = {
        {"a new event was stored by another run", false,
         "INSERT INTO appointments (ms_event_id, user_id, start_time, end_time, is_archived, created_at, "
         "updated_at, "
         "archive_configuration_id, event_key) SELECT 'A', 1, 'x', 'x', 1, 'x', 'x', 1, event_key FROM "
         "staged_events "
         "WHERE ms_event_id = 'A'"},
        {"the owner changed an unchanged one", true,
         "INSERT INTO archive_unlocks SELECT id, 'test' FROM appointments;"
         "UPDATE appointments SET content_hash = x'00' WHERE ms_event_id = 'B'; DELETE FROM archive_unlocks"},
        {"the owner deleted an unchanged one", true,
         "INSERT INTO archive_unlocks SELECT id, 'test' FROM appointments;"
         "DELETE FROM appointments WHERE ms_event_id = 'B'; DELETE FROM archive_unlocks"},
        {"the changed one was stored by another run", true,
         "INSERT INTO appointment_versions (appointment_id, version, user_id, kind, ms_event_id, start_time, "
         "end_time, "
         "event_type, show_as, sensitivity, importance, response, content_hash, created_at) "
         "SELECT appointment_id, 2, 1, 'changed', 'A', 'x', 'x', 'x', 'x', 'x', 'x', 'x', content_hash, 'x' "
         "FROM staged_events WHERE ms_event_id = 'A'"},
    };
    (void)f;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        struct run run;
        struct run_counts counts;
        struct err why = {0};
        fixture_set_up(&own);
        f = own;
        if (rows[i].was_archived) {
            scene_run(f, &scene);
        }
        get_ready(f, &changed, &run);
        fixture_sql(f, rows[i].act);
        struct window window = scene_window(&run);
        OK(db_begin(f->db, e));
        int r = archive_store_window(f->db, &run, f->instance_id, &window, &counts, &why);
        db_rollback(f->db);
        if (r != ERR_GONE) {
            fail_msg("%s: got %s %s", rows[i].name, err_name(r), why.msg);
        }
        run_finish(&run);
        fixture_tear_down(&own);
    }
}

static void test_storing_twice(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {A, B};
    struct scene scene = {.evs = evs, .n = 2};
    struct run run;
    struct run_counts counts;
    struct err why = {0};
    bool done;
    get_ready(f, &scene, &run);
    TX(f, scene_call(f, &scene, &run, &done, e));
    struct window window = scene_window(&run);
    /* Staging is empty: that must not pass for a calendar that is. */
    TX_FAILS(f, ERR_GONE, &why, archive_store_window(f->db, &run, f->instance_id, &window, &counts, &why));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM appointment_versions"), 0);
    run_finish(&run);
}

static void test_not_all_pages(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {A, B};
    struct scene scene = {.evs = evs, .n = 2, .page_size = 1};
    struct run run;
    struct run_counts counts;
    struct err why = {0};
    bool done;
    scene_ask(f, &scene);
    scene_take(f, &run);
    TX(f, scene_call(f, &scene, &run, &done, e));
    struct window window = scene_window(&run);
    TX_FAILS(f, ERR_BUG, &why, archive_store_window(f->db, &run, f->instance_id, &window, &counts, &why));
    TX(f, scene_call(f, &scene, &run, &done, e)); /* the first of two pages */
    TX_FAILS(f, ERR_BUG, &why,
             archive_store_transform(f->db, &run, f->instance_id, &window, scene_rules, &counts, &why));
    TX_FAILS(f, ERR_BUG, &why, archive_store_window(f->db, &run, f->instance_id, &window, &counts, &why));
    run_finish(&run);
}

static void test_another_owner(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {A};
    struct scene scene = {.evs = evs, .n = 1};
    struct run run;
    struct run_counts counts;
    struct err why = {0};
    get_ready(f, &scene, &run);
    struct window window = scene_window(&run);
    TX_FAILS(f, ERR_CANCELLED, &why,
             archive_store_transform(f->db, &run, f->instance_id + 1, &window, scene_rules, &counts, &why));
    TX_FAILS(f, ERR_CANCELLED, &why,
             archive_store_window(f->db, &run, f->instance_id + 1, &window, &counts, &why));
    run_finish(&run);
}

static void test_dry_run_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    static const struct ev evs[] = {{.id = "A",
                                     .start = "2026-03-10 09:00",
                                     .end = "2026-03-10 10:00",
                                     .category = "c",
                                     .location = "l"}};
    static const struct event_reject rejects[] = {{.id = "Q", RAW}};
    scene_run(f, &(struct scene){.evs = evs, .n = 1, .rejects = rejects, .n_rejects = 1, .is_dry = true});
    static const char *const counts[] = {
        "SELECT count(*) FROM appointments",  "SELECT count(*) FROM appointment_versions",
        "SELECT count(*) FROM locations",     "SELECT count(*) FROM categories",
        "SELECT count(*) FROM calendars",     "SELECT count(*) FROM quarantined_events",
        "SELECT count(*) FROM staged_events", "SELECT count(*) FROM staged_categories",
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (fixture_int(f, counts[i]) != 0) {
            fail_msg("a dry run left something: %s", counts[i]);
        }
    }
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM job_configurations WHERE archived_through IS NOT NULL"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        TEST(test_columns),
        TEST(test_version_columns),
        TEST(test_two_users),
        TEST(test_audit),
        TEST(test_archive_changed_in_between),
        TEST(test_storing_twice),
        TEST(test_not_all_pages),
        TEST(test_another_owner),
        TEST(test_dry_run_leaves_nothing),
    };
    return cmocka_run_group_tests_name("storage/archive_store", tests, NULL, NULL);
}
