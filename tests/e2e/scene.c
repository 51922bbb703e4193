#include "tests/e2e/scene.h"

#include "base/buf.h"
#include "storage/audit_store.h"

static const char anna_json[] =
    "{\"users\":[{\"upn\":\"" ANNA "\",\"refresh_token\":\"" ANNA_REFRESH "\",\"calendars\":["
    "{\"id\":\"AAMkPrimary=\",\"name\":\"Calendar\",\"isDefaultCalendar\":true,\"events\":["
    "{\"id\":\"AAMk-1\",\"subject\":\"First\",\"start\":{\"dateTime\":\"2026-03-02T09:00:00\",\"timeZone\":"
    "\"Europe/"
    "Berlin\"},\"end\":{\"dateTime\":\"2026-03-02T10:00:00\",\"timeZone\":\"Europe/Berlin\"}},"
    "{\"id\":\"AAMk-2\",\"subject\":\"Second\",\"start\":{\"dateTime\":\"2026-03-10T09:00:00\",\"timeZone\":"
    "\"Europe/"
    "Berlin\"},\"end\":{\"dateTime\":\"2026-03-10T10:00:00\",\"timeZone\":\"Europe/Berlin\"}},"
    "{\"id\":\"AAMk-3\",\"subject\":\"Third\",\"isAllDay\":true,\"start\":{\"dateTime\":\"2026-03-31T00:00:"
    "00\","
    "\"timeZone\":\"UTC\"},\"end\":{\"dateTime\":\"2026-04-01T00:00:00\",\"timeZone\":\"UTC\"}}]},"
    "{\"id\":\"AAMkWork=\",\"name\":\"Work\",\"events\":[" MARCH_EVENT(
        "AAMk-4", "17", ",\"subject\":\"Fourth\"") "]},"
                                                   "{\"id\":\"AAMkTwinOne=\",\"name\":\"Twin\"},{\"id\":"
                                                   "\"AAMkTwinTwo=\",\"name\":\"Twin\"}]}]}";

void scene_start(struct scene *scene, const struct service_options *options)
{
    *scene = (struct scene){.s = service_start(options)};
    service_load(scene->s, anna_json);
    scene->user_id = service_add_user(scene->s, ANNA, ANNA_REFRESH);
    scene->job_id = service_add_archive(scene->s, scene->user_id, "msgraph:///calendars/primary", NULL);
}

/* ---- what must hold whatever went wrong ---- */

static int verify_audit(struct db *db, void *arg, struct err *e)
{
    return audit_verify(db, arg, e);
}

/* The stand-in's tokens begin with EwBsim and 0.AXsim; that the search can find something is shown by what it
 * must find. */
static void check_canaries(struct service *s)
{
    static const char *const canaries[] = {"canary-refresh", "canary-access", "EwBsim", "0.AXsim"};
    for (size_t i = 0; i < ARRAY_LEN(canaries); i++) {
        if (service_database_has(s, canaries[i])) {
            fail_msg("the database holds a token: %s…", canaries[i]);
        }
        if (strstr(service_log(s), canaries[i])) {
            fail_msg("the log holds a token: %s…", canaries[i]);
        }
    }
    assert_true(service_database_has(s, ANNA));
    assert_non_null(strstr(service_log(s), "archive "));
}

void scene_stop(struct scene *scene)
{
    struct service *s = scene->s;
    int64_t links = 0;
    service_write(s, verify_audit, &links);
    assert_true(links > 3);
    check_canaries(s);
    assert_int_equal(service_troubles(s), 0);
    assert_int_equal(service_int(s, "SELECT count(*) FROM staged_events s JOIN job_runs r ON r.id = s.run_id "
                                    "WHERE r.state = 'done'"),
                     0);
    service_stop(s);
}

/* ---- how a run ends ---- */

int64_t scene_archived(struct scene *scene)
{
    return service_int(scene->s, "SELECT count(*) FROM appointments");
}

void scene_check(struct scene *scene, const struct service_result *result, const struct ending *ending)
{
    const char *end = result->is_waiting ? "waiting" : run_outcome_name(result->outcome);
    const char *error = result->why.code ? err_name(result->why.code) : "";
    int64_t archived = scene_archived(scene);
    int64_t quarantined = service_int(scene->s, "SELECT count(*) FROM quarantined_events");
    if (strcmp(end, ending->end) != 0 || strcmp(error, ending->error) != 0 ||
        !strstr(result->why.msg, ending->says ? ending->says : "") || archived != ending->archived ||
        quarantined != ending->quarantined) {
        fail_msg("%s, \"%s\", %lld archived, %lld in quarantine: %s", end, error, (long long)archived,
                 (long long)quarantined, result->why.msg);
    }
}

void scene_run(struct scene *scene, struct service_result *ret_result, const struct ending *ending)
{
    service_run(scene->s, scene->job_id, FROM, TO, ret_result);
    scene_check(scene, ret_result, ending);
}

char *scene_archive(struct scene *scene)
{
    return service_text(
        scene->s,
        "SELECT group_concat(line, char(10)) FROM (SELECT a.ms_event_id || '|' || a.start_time || '|' || "
        "a.end_time || "
        "'|' || coalesce(a.subject, '-') || '|' || coalesce(l.name, '-') || '|' || hex(a.content_hash) || "
        "'|' || "
        "a.ms_event_data || '|' || (SELECT count(*) FROM appointment_versions v WHERE v.appointment_id = "
        "a.id) AS line "
        "FROM appointments a LEFT JOIN locations l ON l.id = a.location_id ORDER BY a.ms_event_id)");
}

void test_list_add(struct test_list *list, const char *name, CMUnitTestFunction function, const void *row)
{
    list->tests = mem_realloc(list->tests, list->n + 1, sizeof *list->tests);
    list->tests[list->n++] =
        (struct CMUnitTest){.name = name, .test_func = function, .initial_state = (void *)(uintptr_t)row};
}
