/* Bringing a database to the newest schema, and refusing to. */
#include "tests/unit/storage/store_fixture.h"

#include <dirent.h>

static const char sha_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char sha_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

static const struct migration first_only[] = {
    {1, "first", sha_a, "CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT; INSERT INTO one VALUES (7);"},
    {0},
};
static const struct migration two[] = {
    {1, "first", sha_a, "CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT; INSERT INTO one VALUES (7);"},
    {2, "second", sha_b, "CREATE TABLE two (id INTEGER PRIMARY KEY REFERENCES one(id)) STRICT;"},
    {0},
};

static int setup(void **state)
{
    if (fixture_setup_bare(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    return fixture_open(f, DB_CREATE, &f->db);
}

static int upgrade(struct fixture *f, const struct migration *migrations, int *ret_applied, char **ret_copy)
{
    *ret_applied = -1;
    *ret_copy = NULL;
    return migrate_upgrade(f->db, migrations, "1.2.3", ret_applied, ret_copy, &f->e);
}

static void upgrade_to(struct fixture *f, const struct migration *migrations)
{
    int applied;
    char *copy;
    assert_ok(upgrade(f, migrations, &applied, &copy), f->e);
    free(copy);
}

static int64_t get_int(struct db *db, const char *sql)
{
    struct err e = {0};
    int64_t value = -1;
    assert_ok(stmt_get_int(db_stmt(db, sql), &value, &e), e);
    return value;
}

static int count_copies(const struct fixture *f)
{
    DIR *d = opendir(f->dir);
    int n = 0;
    for (struct dirent *entry; d && (entry = readdir(d));) {
        n += strstr(entry->d_name, ".before-v") != NULL;
    }
    closedir(d);
    return n;
}

static void empty_to_newest(void **state)
{
    struct fixture *f = *state;
    struct migrate_state at;
    int applied;
    char *copy;
    assert_ok(migrate_check(f->db, migrations_sqlite, &at, &f->e), f->e);
    assert_int_equal(at.current, 0);
    assert_true(at.newest >= 2);
    assert_code(migrate_require_current(f->db, migrations_sqlite, &f->e), ERR_DB_OLD, f->e);
    assert_non_null(strstr(f->e.msg, "admin-assistant db upgrade"));
    assert_ok(upgrade(f, migrations_sqlite, &applied, &copy), f->e);
    assert_int_equal(applied, at.newest);
    assert_null(copy);
    assert_int_equal(count_copies(f), 0);
    assert_ok(migrate_require_current(f->db, migrations_sqlite, &f->e), f->e);
    assert_int_equal(get_int(f->db, "PRAGMA user_version"), at.newest);
    assert_int_equal(get_int(f->db, "PRAGMA application_id"), DB_APPLICATION_ID);
    assert_ok(upgrade(f, migrations_sqlite, &applied, &copy), f->e);
    assert_int_equal(applied, 0);
    assert_null(copy);
}

struct history {
    int n;
    char line[4][200];
};

static void remember(void *arg, int version, const char *name, const char *sha256, const char *applied_at,
                     const char *app_version)
{
    struct history *h = arg;
    if (h->n < 4) {
        snprintf(h->line[h->n], sizeof h->line[0], "%d %s %.4s %s %s", version, name, sha256, applied_at,
                 app_version);
    }
    h->n++;
}

static void history_tells_what_was_applied(void **state)
{
    struct fixture *f = *state;
    struct history h = {0};
    assert_ok(migrate_history(f->db, remember, &h, &f->e), f->e);
    assert_int_equal(h.n, 0);
    upgrade_to(f, first_only);
    f->time.wall_ms += 1000;
    upgrade_to(f, two);
    assert_ok(migrate_history(f->db, remember, &h, &f->e), f->e);
    assert_int_equal(h.n, 2);
    assert_string_equal(h.line[0], "1 first aaaa 2026-01-01 00:00:00.000000 1.2.3");
    assert_string_equal(h.line[1], "2 second bbbb 2026-01-01 00:00:01.000000 1.2.3");
}

static void dated_copy_is_the_way_back(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    int applied;
    char *copy, expected[160];
    uid_t owner = geteuid() == 0 ? 65534 : geteuid(); /* root makes it for the directory's owner */
    assert_int_equal(chown(f->dir, owner, (gid_t)-1), 0);
    upgrade_to(f, first_only);
    assert_ok(upgrade(f, two, &applied, &copy), f->e);
    assert_int_equal(applied, 1);
    snprintf(expected, sizeof expected, "%s.before-v2-20260101T000000Z", f->path);
    assert_non_null(copy);
    assert_string_equal(copy, expected);
    free(copy);
    assert_int_equal(stat(expected, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_uid, owner);
    struct db_options options = {.mode = DB_READ_WRITE, .clock = &f->time.clock};
    struct db *old = NULL;
    assert_ok(db_open(expected, &options, &old, &f->e), f->e);
    int64_t value = get_int(old, "SELECT id FROM one");
    int64_t version = get_int(old, "PRAGMA user_version");
    int r = migrate_require_current(old, first_only, &f->e);
    db_close(old);
    assert_int_equal(value, 7);
    assert_int_equal(version, 1);
    assert_ok(r, f->e);
}

static void newer_database_is_refused_with_both_numbers(void **state)
{
    struct fixture *f = *state;
    struct migrate_state at = {-1, -1};
    int applied;
    char *copy;
    upgrade_to(f, two);
    assert_code(migrate_check(f->db, first_only, &at, &f->e), ERR_DB_NEWER, f->e);
    assert_non_null(strstr(f->e.msg, "version 2"));
    assert_non_null(strstr(f->e.msg, "up to 1"));
    assert_int_equal(at.current, -1);
    assert_code(upgrade(f, first_only, &applied, &copy), ERR_DB_NEWER, f->e);
    assert_code(migrate_require_current(f->db, first_only, &f->e), ERR_DB_NEWER, f->e);
    assert_int_equal(get_int(f->db, "PRAGMA user_version"), 2);
}

static void changed_migration_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    int applied;
    char *copy;
    upgrade_to(f, two);
    const struct migration changed[] = {{1, "first", sha_b, two[0].sql}, two[1], {0}};
    struct migrate_state at;
    assert_code(migrate_check(f->db, changed, &at, &f->e), ERR_DB_CHANGED, f->e);
    assert_non_null(strstr(f->e.msg, "migration 1 (first)"));
    const struct migration more[] = {
        changed[0], two[1], {3, "third", sha_a, "CREATE TABLE three (id INTEGER) STRICT"}, {0}};
    assert_code(upgrade(f, more, &applied, &copy), ERR_DB_CHANGED, f->e);
    assert_int_equal(get_int(f->db, "PRAGMA user_version"), 2);
    assert_int_equal(count_copies(f), 0);
}

static void tampered_record_is_refused(void **state)
{
    static const struct {
        const char *name, *sql;
        int expected;
    } rows[] = {
        {"checksum", "UPDATE schema_migrations SET sha256 = 'cccc' WHERE version = 2", ERR_DB_CHANGED},
        {"row taken out", "DELETE FROM schema_migrations WHERE version = 1", ERR_DB_CORRUPT},
        {"last row taken out", "DELETE FROM schema_migrations WHERE version = 2", ERR_DB_CORRUPT},
        {"version set back", "PRAGMA user_version = 1", ERR_DB_CORRUPT},
        {"version set ahead", "PRAGMA user_version = 9", ERR_DB_NEWER},
        {"table taken out", "DROP TABLE schema_migrations", ERR_DB_FOREIGN},
        {"mark taken out", "PRAGMA application_id = 0", ERR_DB_FOREIGN},
    };
    struct fixture *f = *state;
    upgrade_to(f, two);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct migrate_state at;
        assert_ok(db_begin(f->db, &f->e), f->e);
        assert_ok(db_exec(f->db, rows[i].sql, &f->e), f->e);
        int r = migrate_check(f->db, two, &at, &f->e);
        db_rollback(f->db);
        if (r != rows[i].expected) {
            fail_msg("%s: %s (%s)", rows[i].name, err_name(r), f->e.msg);
        }
    }
}

static void somebody_elses_tables_are_refused(void **state)
{
    struct fixture *f = *state;
    struct migrate_state at;
    int applied;
    char *copy;
    assert_ok(db_exec(f->db, "CREATE TABLE songs (id INTEGER)", &f->e), f->e);
    assert_code(migrate_check(f->db, two, &at, &f->e), ERR_DB_FOREIGN, f->e);
    assert_code(upgrade(f, two, &applied, &copy), ERR_DB_FOREIGN, f->e);
    assert_int_equal(get_int(f->db, "SELECT count(*) FROM sqlite_schema"), 1);
}

/* Each second migration fails in its own way; the first one stays, and so does the copy. */
static void failing_migration_leaves_what_was_before(void **state)
{
    static const struct {
        const char *name, *sql;
        int expected;
    } rows[] = {
        {"syntax", "CREATE TABLE two (id INTEGER) STRICT; CREATE TABEL three (id INTEGER);", ERR_DB},
        {"constraint", "CREATE TABLE two (id INTEGER) STRICT; INSERT INTO one VALUES (7);", ERR_EXISTS},
        {"dangling reference",
         "CREATE TABLE two (id INTEGER REFERENCES one(id)) STRICT; PRAGMA defer_foreign_keys = ON;"
         "INSERT INTO two VALUES (99);",
         ERR_DB_CONSTRAINT},
    };
    struct fixture *f = *state;
    upgrade_to(f, first_only);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct migration bad[] = {first_only[0], {2, "second", sha_b, rows[i].sql}, {0}};
        struct migrate_state at;
        int applied;
        char *copy;
        int r = upgrade(f, bad, &applied, &copy);
        if (r != rows[i].expected) {
            fail_msg("%s: %s (%s)", rows[i].name, err_name(r), f->e.msg);
        }
        assert_non_null(strstr(f->e.msg, "migration 2 (second)"));
        assert_non_null(strstr(f->e.msg, ".before-v2-"));
        assert_int_equal(applied, -1);
        assert_null(copy);
        assert_ok(migrate_check(f->db, two, &at, &f->e), f->e);
        assert_int_equal(at.current, 1);
        assert_int_equal(get_int(f->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'two'"), 0);
        assert_int_equal(count_copies(f), (int)i + 1);
    }
    upgrade_to(f, two);
}

static void first_migration_that_fails_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    const struct migration bad[] = {{1, "first", sha_a, "CREATE TABLE one (id INTEGER) STRICT; nonsense;"},
                                    {0}};
    int applied;
    char *copy;
    assert_code(upgrade(f, bad, &applied, &copy), ERR_DB, f->e);
    assert_int_equal(get_int(f->db, "SELECT count(*) FROM sqlite_schema"), 0);
    assert_int_equal(get_int(f->db, "PRAGMA application_id"), 0);
    upgrade_to(f, first_only);
}

static void script_that_commits_is_caught(void **state)
{
    struct fixture *f = *state;
    const struct migration bad[] = {{1, "first", sha_a, "CREATE TABLE one (id INTEGER) STRICT; COMMIT;"},
                                    {0}};
    int applied;
    char *copy;
    assert_code(upgrade(f, bad, &applied, &copy), ERR_BUG, f->e);
    assert_non_null(strstr(f->e.msg, "migration 1 (first)"));
}

static void locked_database_is_busy(void **state)
{
    struct fixture *f = *state;
    struct db *other = NULL;
    int applied;
    char *copy;
    upgrade_to(f, first_only);
    assert_ok(fixture_open(f, DB_READ_WRITE, &other), f->e);
    assert_ok(db_begin(other, &f->e), f->e);
    int r = upgrade(f, two, &applied, &copy);
    db_close(other);
    assert_code(r, ERR_DB_BUSY, f->e);
    upgrade_to(f, two);
}

static void copy_without_room_changes_nothing(void **state)
{
    struct fixture *f = *state;
    int applied;
    char *copy;
    upgrade_to(f, first_only);
    /* The name of the copy is too long for the file system: it can not be made. */
    char *long_name = mem_printf("%s/%0240d.db", f->dir, 1);
    struct db_options options = {.mode = DB_CREATE, .clock = &f->time.clock};
    struct db *db = NULL;
    assert_ok(db_open(long_name, &options, &db, &f->e), f->e);
    free(long_name);
    assert_ok(migrate_upgrade(db, first_only, "1", &applied, &copy, &f->e), f->e);
    int r = migrate_upgrade(db, two, "1", &applied, &copy, &f->e);
    int64_t version = get_int(db, "PRAGMA user_version");
    db_close(db);
    assert_code(r, ERR_IO, f->e);
    assert_int_equal(version, 1);
}

struct problems {
    int n;
    char last[400];
};

static void note_problem(void *arg, const char *text)
{
    struct problems *p = arg;
    p->n++;
    snprintf(p->last, sizeof p->last, "%s", text);
}

static void check_finds_what_is_wrong(void **state)
{
    struct fixture *f = *state;
    struct problems p = {0};
    upgrade_to(f, two);
    assert_ok(migrate_verify(f->db, two, note_problem, &p, &f->e), f->e);
    assert_int_equal(p.n, 0);
    assert_int_equal(fixture_exec(f, "PRAGMA foreign_keys = OFF; INSERT INTO two VALUES (99)"), SQLITE_OK);
    assert_code(migrate_verify(f->db, two, note_problem, &p, &f->e), ERR_DB_CORRUPT, f->e);
    assert_int_equal(p.n, 1);
    assert_string_equal(p.last, "table two, row 99: refers to a row of one that does not exist");
    assert_int_equal(fixture_exec(f, "DELETE FROM two; UPDATE schema_migrations SET sha256 = 'x'"),
                     SQLITE_OK);
    p = (struct problems){0};
    assert_code(migrate_verify(f->db, two, note_problem, &p, &f->e), ERR_DB_CORRUPT, f->e);
    assert_int_equal(p.n, 1);
    assert_non_null(strstr(p.last, "another content"));
}

static void check_finds_a_damaged_page(void **state)
{
    struct fixture *f = *state;
    struct problems p = {0};
    struct buf content;
    upgrade_to(f, migrations_sqlite);
    db_close(f->db);
    f->db = NULL;
    buf_init(&content, 1 << 22);
    assert_int_equal(buf_read_file(&content, f->path), 0);
    assert_true(content.len > 10 * 16384);
    memset(content.data + content.len - 16384, 0x5a, 16384); /* a page */
    assert_int_equal(fixture_write_file(f->path, content.data, content.len, 0600), 0);
    buf_finish(&content);
    assert_ok(fixture_open(f, DB_READ_WRITE, &f->db), f->e);
    assert_code(migrate_verify(f->db, migrations_sqlite, note_problem, &p, &f->e), ERR_DB_CORRUPT, f->e);
    assert_true(p.n >= 1);
}

static void embedded_table_has_no_gap(void **state)
{
    (void)state;
    int n = 0;
    for (const struct migration *m = migrations_sqlite; m->version; m++) {
        assert_int_equal(m->version, ++n);
        assert_int_equal(strlen(m->sha256), 64);
        assert_true(strlen(m->sql) > 0);
    }
    assert_true(n >= 2);
}

/* A service that ran with version 2 loses no due time, and what it had is counted. */
static void slots_come_to_an_old_database(void **state)
{
    struct fixture *f = *state;
    int applied;
    char *copy = NULL;
    const struct migration old[] = {migrations_sqlite[0], migrations_sqlite[1], {0}};
    assert_ok(upgrade(f, old, &applied, &copy), f->e);
    assert_int_equal(applied, 2);
    assert_ok(
        db_exec(
            f->db,
            "INSERT INTO users (id, email, is_active, created_at, updated_at) VALUES (1, 'a@x.de', 1, 't', "
            "'t'), "
            "(2, 'b@x.de', 0, 't', 't');"
            "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, "
            "destination_calendar_uri, timezone, created_at, updated_at) VALUES (1, 1, 'c', 's', 'd', 'UTC', "
            "'t', "
            "'t'), (2, 2, 'c', 's', 'd', 'UTC', 't', 't'), (3, 1, 'p', 's', 'd', 'UTC', 't', 't');"
            "INSERT INTO job_configurations (id, user_id, archive_configuration_id, next_run_at, paused_at, "
            "archived_through, created_at, updated_at) VALUES (1, 1, 1, '2026-03-01 22:59:00.000000', NULL, "
            "'2026-02-28', 't', 't'), (2, 2, 2, 'x', NULL, NULL, 't', 't'), (3, 1, 3, 'x', 'p', NULL, 't', "
            "'t');"
            "INSERT INTO job_runs (id, user_id, job_id, slot_at, run_trigger, state, outcome, from_date, "
            "to_date, "
            "correlation_id, created_at, finished_at) VALUES (1, 1, 1, 's', 'schedule', 'done', 'success', "
            "'2026-01-01', '2026-01-02', 'c1', 't', '2026-01-02 00:00:00.000000'), (2, 1, 1, 's2', "
            "'schedule', "
            "'done', 'failure', '2026-01-01', '2026-01-02', 'c2', 't', '2026-01-03 00:00:00.000000'), (3, 1, "
            "1, "
            "'s3', 'signal', 'waiting', 'none', '2026-01-01', '2026-01-02', 'c3', 't', NULL);",
            &f->e),
        f->e);
    assert_ok(upgrade(f, migrations_sqlite, &applied, &copy), f->e);
    assert_non_null(copy);
    free(copy);
    static const char *const true_now[] = {
        "SELECT count(*) = 1 FROM job_configurations WHERE id = 1 AND is_enabled = 1 AND next_run_at = "
        "'2026-03-01 22:59:00.000000' AND slots_through IS NULL AND archived_through = '2026-02-28'",
        "SELECT count(*) = 1 FROM job_configurations WHERE id = 2 AND is_enabled = 0",
        "SELECT jobs_active = 1 AND jobs_paused = 1 AND last_run_id = 2 AND last_success_at = "
        "'2026-01-02 00:00:00.000000' FROM service_totals",
        "SELECT group_concat(verdict) = 'ran,failed,pending' FROM (SELECT verdict FROM job_runs ORDER BY id)",
        "SELECT count(*) = 0 FROM sqlite_schema WHERE name = 'job_runs' AND sql LIKE '%state IN (%'",
    };
    for (size_t i = 0; i < ARRAY_LEN(true_now); i++) {
        if (get_int(f->db, true_now[i]) != 1) {
            fail_msg("not so: %s", true_now[i]);
        }
    }
    /* The rules whose text was changed are still rules, for this connection and for the next. */
    static const char *const refused[] = {
        "UPDATE job_runs SET state = 'gone'",
        "UPDATE job_runs SET outcome = 'fine'",
        "UPDATE job_runs SET run_trigger = 'whim'",
        "UPDATE job_runs SET verdict = 'perhaps'",
    };
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
            assert_code(db_exec(f->db, refused[i], &f->e), ERR_DB_CONSTRAINT, f->e);
        }
        db_close(f->db);
        assert_ok(fixture_open(f, DB_READ_WRITE, &f->db), f->e);
    }
    assert_int_equal(
        get_int(f->db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    assert_true(db_exec(f->db, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema", &f->e) < 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown_bare)
    const struct CMUnitTest tests[] = {
        T(empty_to_newest),
        T(history_tells_what_was_applied),
        T(dated_copy_is_the_way_back),
        T(newer_database_is_refused_with_both_numbers),
        T(changed_migration_is_refused_by_name),
        T(tampered_record_is_refused),
        T(somebody_elses_tables_are_refused),
        T(failing_migration_leaves_what_was_before),
        T(first_migration_that_fails_leaves_nothing),
        T(script_that_commits_is_caught),
        T(locked_database_is_busy),
        T(copy_without_room_changes_nothing),
        T(check_finds_what_is_wrong),
        T(check_finds_a_damaged_page),
        T(slots_come_to_an_old_database),
        cmocka_unit_test(embedded_table_has_no_gap),
    };
    return cmocka_run_group_tests_name("storage_migrate", tests, NULL, NULL);
}
