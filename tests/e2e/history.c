/* Several runs over one window: what changes in between, what fails in between, and stops in the middle. */
#include "tests/e2e/scene.h"

#include "base/buf.h"

static const struct ending well = {"success", "", "", ANNA_EVENTS, 0};

static char *versions(struct service *s)
{
    return service_text(
        s, "SELECT group_concat(v.kind || ' ' || coalesce(v.reason, '-') || ' ' || a.ms_event_id || ' ' || "
           "coalesce(v.subject, '-'), ', ') FROM (SELECT * FROM appointment_versions ORDER BY "
           "appointment_id, version) v JOIN appointments a ON a.id = v.appointment_id");
}

static void check_versions(struct scene *scene, const char *wanted)
{
    CLEANUP_FREE char *got = versions(scene->s);
    assert_string_equal(got ? got : "", wanted);
}

static void run_well(struct scene *scene, int written)
{
    struct service_result result;
    scene_run(scene, &result, &well);
    assert_int_equal(run_counts_written(&result.counts), written);
}

static void test_second_run(void **state UNUSED)
{
    struct scene scene;
    scene_start(&scene, NULL);
    run_well(&scene, 3);
    CLEANUP_FREE char *before = scene_archive(&scene);
    run_well(&scene, 0);
    service_restart(scene.s);
    run_well(&scene, 0);
    CLEANUP_FREE char *after = scene_archive(&scene);
    assert_string_equal(before, after);
    check_versions(&scene, "");
    scene_stop(&scene);
}

#define SECOND(subject)                                                                                      \
    "{\"events\":[{\"calendar\":\"AAMkPrimary=\",\"event\":{\"id\":\"AAMk-2\",\"subject\":\"" subject "\","  \
    "\"start\":{\"dateTime\":\"2026-03-10T09:00:00\",\"timeZone\":\"Europe/Berlin\"},"                       \
    "\"end\":{\"dateTime\":\"2026-03-10T10:00:00\",\"timeZone\":\"Europe/Berlin\"}}}]}"

static void test_changed_removed_restored(void **state UNUSED)
{
    struct scene scene;
    scene_start(&scene, NULL);
    run_well(&scene, 3);
    service_load(scene.s, SECOND("Second, moved"));
    run_well(&scene, 1);
    check_versions(&scene, "changed - AAMk-2 Second, moved");
    service_load(scene.s, "{\"remove\":[\"AAMk-2\"]}");
    run_well(&scene, 1);
    run_well(&scene, 0);
    check_versions(&scene, "changed - AAMk-2 Second, moved, tombstone vanished AAMk-2 Second, moved");
    service_load(scene.s, SECOND("Second, moved"));
    run_well(&scene, 1);
    run_well(&scene, 0);
    check_versions(&scene, "changed - AAMk-2 Second, moved, tombstone vanished AAMk-2 Second, moved, "
                           "restored - AAMk-2 Second, moved");
    scene_stop(&scene);
}

/* ---- what fails in between must not look as if something had been deleted ---- */

struct between {
    const char *name;
    const char *fault;
    const char *end;
    int quarantined;
};

#define VIEW(action) "{\"match\":\"calendarView\",\"action\":{" action "}}"

static const struct between betweens[] = {
    {"then 404", VIEW("\"status\":404"), "failure", 0},
    {"then 403", VIEW("\"status\":403"), "failure", 0},
    {"then 401", VIEW("\"status\":401"), "failure", 0},
    {"then 503", VIEW("\"status\":503"), "waiting", 0},
    {"then a cut body", VIEW("\"cut_body\":200"), "waiting", 0},
    {"then truncated JSON", VIEW("\"raw_page\":\"{\\\"value\\\":[\""), "waiting", 0},
    {"then an empty page that goes to another server",
     VIEW("\"raw_page\":\"{\\\"value\\\":[],\\\"@odata.nextLink\\\":\\\"https://evil.example/\\\"}\""),
     "failure", 0},
    {"then an empty page with a damaged link",
     VIEW("\"raw_page\":\"{\\\"value\\\":[],\\\"@odata.nextLink\\\":{}}\""), "waiting", 0},
    {"then events that can not be read, without ids", VIEW("\"raw_page\":\"{\\\"value\\\":[{}]}\""),
     "partial", 1},
    {"then all three unreadable",
     VIEW("\"raw_page\":\"{\\\"value\\\":[{\\\"id\\\":\\\"AAMk-1\\\"},{\\\"id\\\":\\\"AAMk-2\\\"},{"
          "\\\"id\\\":\\\"AAMk-3\\\"}]}\""),
     "partial", 3},
};

static void test_between(void **state)
{
    const struct between *row = *state;
    struct scene scene;
    struct service_result result;
    scene_start(&scene, NULL);
    run_well(&scene, 3);
    service_fault(scene.s, row->fault);
    service_run(scene.s, scene.job_id, FROM, TO, &result);
    assert_string_equal(result.is_waiting ? "waiting" : run_outcome_name(result.outcome), row->end);
    assert_int_equal(service_int(scene.s, "SELECT count(*) FROM quarantined_events"), row->quarantined);
    assert_int_equal(run_counts_written(&result.counts), 0);
    check_versions(&scene, "");
    scene_stop(&scene);
}

/* ---- stopping in the middle ---- */

#define MANY_EVENTS 45 /* five pages */

static void load_many(struct service *s)
{
    struct buf json;
    buf_init(&json, 1 << 20);
    assert_int_equal(buf_add_str(&json, "{\"events\":[{\"calendar\":\"AAMkPrimary=\",\"events\":["), 0);
    for (int i = 0; i < MANY_EVENTS; i++) {
        assert_int_equal(
            buf_printf(&json,
                       "%s{\"id\":\"AAMk-many-%02d\",\"subject\":\"Event "
                       "%d\",\"categories\":[\"c%d\"],\"location\":{"
                       "\"displayName\":\"Room "
                       "%d\"},\"start\":{\"dateTime\":\"2026-03-%02dT%02d:00:00\",\"timeZone\":"
                       "\"UTC\"},\"end\":{\"dateTime\":\"2026-03-%02dT%02d:30:00\",\"timeZone\":\"UTC\"}}",
                       i ? "," : "", i, i, i % 3, i % 4, 1 + i % 28, 8 + i % 9, 1 + i % 28, 8 + i % 9),
            0);
    }
    assert_int_equal(buf_add_str(&json, "]}]}"), 0);
    service_load(s, buf_str(&json));
    buf_finish(&json);
}

static const struct ending many_well = {"success", "", "", ANNA_EVENTS + MANY_EVENTS, 0};

/* The archive of a run that nobody disturbed; free() it. */
static char *undisturbed(void)
{
    struct scene scene;
    struct service_result result;
    scene_start(&scene, NULL);
    load_many(scene.s);
    scene_run(&scene, &result, &many_well);
    assert_int_equal(result.counts.pages, 5);
    char *archive = scene_archive(&scene);
    scene_stop(&scene);
    return archive;
}

struct stop {
    const char *name;
    int page; /* whose answer never comes */
};

static const struct stop stops[] = {
    {"a stop while page 1 is on its way", 1}, {"a stop while page 2 is on its way", 2},
    {"a stop while page 3 is on its way", 3}, {"a stop while page 4 is on its way", 4},
    {"a stop while page 5 is on its way", 5},
};

struct on_its_way {
    struct scene *scene;
    int page;
};

/* The page has been asked for, and all before it are stored. */
static bool is_on_its_way(void *arg)
{
    const struct on_its_way *w = arg;
    return graphsim_count(service_sim(w->scene->s), "calendarView") == w->page &&
           service_int(w->scene->s, "SELECT count(*) FROM staged_events") == 10 * (w->page - 1);
}

static void test_stop(void **state)
{
    const struct stop *row = *state;
    struct scene scene;
    struct service_result result;
    CLEANUP_FREE char *wanted = undisturbed();
    CLEANUP_FREE char *fault = mem_printf(
        "{\"match\":\"calendarView\",\"skip\":%d,\"times\":1,\"action\":{\"never\":true}}", row->page - 1);
    scene_start(&scene, NULL);
    load_many(scene.s);
    service_fault(scene.s, fault);
    int64_t run_id = service_begin(scene.s, scene.job_id, FROM, TO);
    struct on_its_way w = {&scene, row->page};
    service_run_until(scene.s, is_on_its_way, &w, row->name);
    assert_int_equal(scene_archived(&scene), 0);
    service_restart(scene.s);
    service_wait(scene.s, run_id, &result);
    scene_check(&scene, &result, &many_well);
    assert_int_equal(result.counts.pages, 5);
    assert_int_equal(result.counts.fetched, ANNA_EVENTS + MANY_EVENTS);
    CLEANUP_FREE char *archive = scene_archive(&scene);
    assert_string_equal(archive, wanted);
    /* Pages that were stored are not asked for again. */
    assert_int_equal(graphsim_count(service_sim(scene.s), "calendarView"), 5 + 1);
    scene_stop(&scene);
}

/* While it waits for its next attempt, the service stops and starts: the run is not forgotten, and not early.
 */
static void test_stop_while_waiting(void **state UNUSED)
{
    struct scene scene;
    struct service_result result;
    static const struct ending waits = {"waiting", "SERVER", "Graph answers 503", 0, 0};
    scene_start(&scene, NULL);
    service_fault(scene.s, VIEW("\"status\":503"));
    scene_run(&scene, &result, &waits);
    graphsim_clear_faults(service_sim(scene.s));
    service_restart(scene.s);
    int asked = graphsim_count(service_sim(scene.s), "calendarView");
    service_turn(scene.s, result.run_id, &result);
    scene_check(&scene, &result, &well);
    assert_int_equal(graphsim_count(service_sim(scene.s), "calendarView"), asked + 1);
    scene_stop(&scene);
}

void history_add(struct test_list *list)
{
    test_list_add(list, "a second run writes nothing", test_second_run, NULL);
    test_list_add(list, "changed, removed, there again", test_changed_removed_restored, NULL);
    for (size_t i = 0; i < ARRAY_LEN(betweens); i++) {
        test_list_add(list, betweens[i].name, test_between, &betweens[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
        test_list_add(list, stops[i].name, test_stop, &stops[i]);
    }
    test_list_add(list, "a stop between two attempts", test_stop_while_waiting, NULL);
}
