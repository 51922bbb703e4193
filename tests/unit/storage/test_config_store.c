/* Archive configurations, and the instances of the service. */
#include "tests/unit/storage/store_fixture.h"

#include "base/process.h"
#include "storage/audit_store.h"
#include "storage/config_store.h"
#include "storage/instance_store.h"
#include "storage/job_config_store.h"
#include "storage/user_store.h"

#define SOURCE "msgraph://anna@example.com/calendars/primary"
#define TARGET "local://anna/calendars/archive"

/* anna is 1, ben is 2; configuration 1 is anna's. */
static int setup(void **state)
{
    int64_t id;
    if (fixture_setup(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    struct archive_config_new config = {.user_id = 1,
                                        .name = "Work",
                                        .source_uri = SOURCE,
                                        .destination_uri = TARGET,
                                        .zone = "Europe/Berlin"};
    if (user_add(f->db, "anna@example.com", "anna", NULL, &id, &f->e) != 0 ||
        user_add(f->db, "ben@example.com", "ben", NULL, &id, &f->e) != 0 ||
        archive_config_add(f->db, &config, &id, &f->e) != 0) {
        print_error("%s\n", f->e.msg);
        return -1;
    }
    return id == 1 ? 0 : -1;
}

static int64_t count_audit(const struct fixture *f, const char *operation)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM audit_log WHERE operation = '%s'", operation);
    return fixture_query(f, sql);
}

static void configuration_is_as_added(void **state)
{
    struct fixture *f = *state;
    struct archive_config c;
    assert_ok(archive_config_get(f->db, 1, &c, &f->e), f->e);
    assert_int_equal(c.user_id, 1);
    assert_string_equal(c.user_email, "anna@example.com");
    assert_string_equal(c.name, "Work");
    assert_string_equal(c.source_uri, SOURCE);
    assert_string_equal(c.destination_uri, TARGET);
    assert_string_equal(c.zone, "Europe/Berlin");
    assert_string_equal(c.purpose, "general");
    assert_true(c.is_active && c.allow_overlaps && c.skip_cancelled && !c.keep_declined);
    archive_config_finish(&c);
    assert_int_equal(count_audit(f, "archive_config_add"), 1);
    assert_int_equal(
        fixture_query(f, "SELECT json_extract(details, '$.timezone') = 'Europe/Berlin' FROM audit_log "
                         "WHERE operation = 'archive_config_add' AND resource_id = '1' AND user_id = 1"),
        1);
}

static void bad_configurations_are_refused(void **state)
{
    static const struct {
        const char *name;
        struct archive_config_new config;
        int expected;
        const char *says;
    } rows[] = {
        {"same name", {1, "Work", SOURCE, TARGET, "UTC", NULL, false}, ERR_EXISTS, "\"Work\""},
        {"same name, other user",
         {2, "Work", "msgraph://ben@example.com/calendars/primary", "local://ben/calendars/a", "UTC", NULL,
          false},
         0,
         ""},
        {"no such user", {9, "x", SOURCE, TARGET, "UTC", NULL, false}, ERR_NOT_FOUND, "9"},
        {"another user's source",
         {2, "x", SOURCE, "local://ben/calendars/a", "UTC", NULL, false},
         ERR_INVALID,
         "anna@example.com"},
        {"another user's destination",
         {2, "x", "msgraph://ben@example.com/calendars/primary", TARGET, "UTC", NULL, false},
         ERR_INVALID,
         "destination"},
        {"no URI", {1, "x", "http://example.com/", TARGET, "UTC", NULL, false}, ERR_INVALID, "source"},
        {"into itself", {1, "x", SOURCE, SOURCE, "UTC", NULL, false}, ERR_INVALID, "same calendar"},
        {"name of digits", {1, "12", SOURCE, TARGET, "UTC", NULL, false}, ERR_INVALID, "name"},
        {"empty name", {1, "", SOURCE, TARGET, "UTC", NULL, false}, ERR_INVALID, "name"},
        {"purpose", {1, "x", SOURCE, TARGET, "UTC", "fun", false}, ERR_INVALID, "fun"},
        {"timesheet without overlaps", {1, "x", SOURCE, TARGET, "UTC", "timesheet", true}, 0, ""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t id = -1;
        f->e = (struct err){0};
        int r = archive_config_add(f->db, &rows[i].config, &id, &f->e);
        if (r != rows[i].expected || !strstr(f->e.msg, rows[i].says) || (r < 0) != (id == -1)) {
            fail_msg("%s: %s (%s)", rows[i].name, err_name(r), f->e.msg);
        }
    }
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM archive_configurations"), 3);
    assert_int_equal(count_audit(f, "archive_config_add"), 3);
    assert_int_equal(fixture_query(f, "SELECT allow_overlaps FROM archive_configurations WHERE name = 'x'"),
                     0);
}

static void configuration_is_found_by_id_and_name(void **state)
{
    struct fixture *f = *state;
    struct archive_config c;
    int64_t id;
    assert_ok(archive_config_find(f->db, "1", &c, &f->e), f->e);
    archive_config_finish(&c);
    assert_ok(archive_config_find(f->db, "Work", &c, &f->e), f->e);
    assert_int_equal(c.id, 1);
    archive_config_finish(&c);
    assert_code(archive_config_find(f->db, "Play", &c, &f->e), ERR_NOT_FOUND, f->e);
    assert_non_null(strstr(f->e.msg, "\"Play\""));
    assert_code(archive_config_find(f->db, "5", &c, &f->e), ERR_NOT_FOUND, f->e);
    struct archive_config_new bens = {.user_id = 2,
                                      .name = "Work",
                                      .source_uri = "msgraph://ben@example.com/calendars/primary",
                                      .destination_uri = "local://ben/calendars/a",
                                      .zone = "UTC"};
    assert_ok(archive_config_add(f->db, &bens, &id, &f->e), f->e);
    assert_code(archive_config_find(f->db, "Work", &c, &f->e), ERR_AMBIGUOUS, f->e);
}

static void note_config(void *arg, const struct archive_config *config)
{
    *(int64_t *)arg = *(int64_t *)arg * 10 + config->id;
}

static void configuration_is_changed_and_deactivated(void **state)
{
    struct fixture *f = *state;
    struct archive_config c;
    struct archive_config_change change = ARCHIVE_CONFIG_NO_CHANGE;
    int64_t ids = 0;
    change.zone = "Europe/Lisbon";
    change.keep_declined = 1;
    assert_ok(archive_config_set(f->db, 1, &change, &f->e), f->e);
    assert_ok(archive_config_get(f->db, 1, &c, &f->e), f->e);
    assert_string_equal(c.zone, "Europe/Lisbon");
    assert_string_equal(c.source_uri, SOURCE);
    assert_true(c.keep_declined && c.skip_cancelled && c.allow_overlaps);
    archive_config_finish(&c);
    change = (struct archive_config_change)ARCHIVE_CONFIG_NO_CHANGE;
    change.source_uri = "msgraph://ben@example.com/calendars/primary";
    assert_code(archive_config_set(f->db, 1, &change, &f->e), ERR_INVALID, f->e);
    assert_code(archive_config_set(f->db, 8, &change, &f->e), ERR_NOT_FOUND, f->e);
    assert_int_equal(count_audit(f, "archive_config_set"), 1);
    assert_ok(archive_config_deactivate(f->db, 1, &f->e), f->e);
    assert_ok(archive_config_deactivate(f->db, 1, &f->e), f->e);
    assert_int_equal(count_audit(f, "archive_config_deactivate"), 1);
    assert_ok(archive_config_list(f->db, 0, note_config, &ids, &f->e), f->e);
    assert_int_equal(ids, 1);
    ids = 0;
    assert_ok(archive_config_list(f->db, 2, note_config, &ids, &f->e), f->e);
    assert_int_equal(ids, 0);
    struct job_config_new job = {.archive_configuration_id = 1};
    assert_code(job_config_add(f->db, &job, &ids, &f->e), ERR_INVALID, f->e);
    assert_non_null(strstr(f->e.msg, "\"Work\" is deactivated"));
}

static void living_instances_are_told_from_dead_ones(void **state)
{
    struct fixture *f = *state;
    int64_t id = -1, again = -2, pid = 0, *ids = NULL;
    size_t n = 9;
    assert_code(instance_find_live(f->db, &id, &pid, &f->e), ERR_NOT_FOUND, f->e);
    assert_int_equal(fixture_exec(f, "INSERT INTO instances (boot_id, pid, start_time, started_at) VALUES "
                                     "('another boot', 1, 1, 't')"),
                     SQLITE_OK);
    char boot[PROCESS_BOOT_ID_LEN + 1], sql[200];
    assert_ok(process_boot_id(boot, &f->e), f->e);
    snprintf(sql, sizeof sql,
             "INSERT INTO instances (boot_id, pid, start_time, started_at) VALUES ('%s', %d, 1, 't')", boot,
             (int)getpid()); /* our pid, but it began at another time */
    assert_int_equal(fixture_exec(f, sql), SQLITE_OK);
    assert_ok(instance_register(f->db, &id, &f->e), f->e);
    assert_ok(instance_register(f->db, &again, &f->e), f->e);
    assert_int_equal(id, again);
    assert_ok(instance_list_live(f->db, &ids, &n, &f->e), f->e);
    assert_int_equal(n, 1);
    assert_int_equal(ids[0], id);
    free(ids);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM instances WHERE stopped_at IS NULL"), 1);
    assert_ok(instance_find_live(f->db, &again, &pid, &f->e), f->e);
    assert_int_equal(again, id);
    assert_int_equal(pid, getpid());
    assert_ok(instance_stop(f->db, id, &f->e), f->e);
    assert_ok(instance_stop(f->db, id, &f->e), f->e);
    assert_ok(instance_list_live(f->db, &ids, &n, &f->e), f->e);
    assert_int_equal(n, 0);
    free(ids);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(configuration_is_as_added),
        T(bad_configurations_are_refused),
        T(configuration_is_found_by_id_and_name),
        T(configuration_is_changed_and_deactivated),
        T(living_instances_are_told_from_dead_ones),
    };
    return cmocka_run_group_tests_name("storage_config_store", tests, NULL, NULL);
}
