/* The connection and the statement layer: opening, errors, transactions, parameters, columns. */
#include "tests/unit/storage/store_fixture.h"

#include "base/civil.h"

static int setup_table(void **state)
{
    if (fixture_setup_bare(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    if (fixture_open(f, DB_CREATE, &f->db) != 0) {
        print_error("%s\n", f->e.msg);
        return -1;
    }
    return db_exec(
        f->db,
        "PRAGMA application_id = 0x61613031;"
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB, n INTEGER CHECK (n > 0)) STRICT;"
        "CREATE TABLE c (id INTEGER PRIMARY KEY, t_id INTEGER NOT NULL REFERENCES t(id)) STRICT;",
        &f->e);
}

static int64_t get_int(struct db *db, const char *sql)
{
    struct err e = {0};
    int64_t value = -1;
    assert_ok(stmt_get_int(db_stmt(db, sql), &value, &e), e);
    return value;
}

static void new_file_is_private_and_durable(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    static const struct {
        const char *sql;
        int64_t expected;
    } rows[] = {
        {"PRAGMA synchronous", 2},    {"PRAGMA foreign_keys", 1}, {"PRAGMA trusted_schema", 0},
        {"PRAGMA busy_timeout", 1},   {"PRAGMA mmap_size", 0},    {"PRAGMA journal_size_limit", 67108864},
        {"PRAGMA cache_size", -4096},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t got = get_int(f->db, rows[i].sql);
        if (got != rows[i].expected) {
            fail_msg("%s is %lld", rows[i].sql, (long long)got);
        }
    }
    struct stmt *s = db_stmt(f->db, "PRAGMA journal_mode");
    assert_int_equal(stmt_step(s, &f->e), 1);
    assert_string_equal(stmt_col_text(s, 0), "wal");
    stmt_reset(s);
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", f->path);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* Root sets the service up; everything that it leaves behind must belong to the service. */
static void what_root_makes_is_the_owners(void **state)
{
    static const char *const behind[] = {"", "-wal", "-shm"};
    struct fixture *f = *state;
    struct db *db = NULL;
    struct stat st;
    if (geteuid() != 0) {
        print_message("skipped: only root gives files away\n");
        return;
    }
    assert_int_equal(chown(f->dir, 65534, 65533), 0);
    snprintf(f->path, sizeof f->path, "%s/given.db", f->dir);
    assert_ok(fixture_open(f, DB_CREATE, &db), f->e);
    assert_ok(db_exec(db, "CREATE TABLE t (id INTEGER)", &f->e), f->e);
    for (size_t i = 0; i < ARRAY_LEN(behind); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", f->path, behind[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(st.st_uid, 65534);
        assert_int_equal(st.st_gid, 65533);
    }
    db_close(db);
}

static void missing_file_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct db *db = NULL;
    assert_code(fixture_open(f, DB_READ_WRITE, &db), ERR_NOT_FOUND, f->e);
    assert_non_null(strstr(f->e.msg, f->path));
    assert_code(fixture_open(f, DB_READ_ONLY, &db), ERR_NOT_FOUND, f->e);
    snprintf(f->path, sizeof f->path, "%s/no/t.db", f->dir);
    assert_code(fixture_open(f, DB_CREATE, &db), ERR_NOT_FOUND, f->e);
    assert_null(db);
}

static void text_file_is_foreign_and_left_alone(void **state)
{
    struct fixture *f = *state;
    struct db *db = NULL;
    struct buf content;
    const char text[] =
        "This is a letter to my accountant, and it is certainly longer than a page header of SQLite, "
        "which has one hundred bytes.\n";
    assert_int_equal(fixture_write_file(f->path, text, sizeof text - 1, 0600), 0);
    assert_code(fixture_open(f, DB_CREATE, &db), ERR_DB_FOREIGN, f->e);
    assert_code(fixture_open(f, DB_READ_ONLY, &db), ERR_DB_FOREIGN, f->e);
    assert_non_null(strstr(f->e.msg, f->path));
    buf_init(&content, 4096);
    assert_int_equal(buf_read_file(&content, f->path), 0);
    assert_string_equal(buf_str(&content), text);
    buf_finish(&content);
}

static void other_programs_file_is_foreign_and_left_alone(void **state)
{
    struct fixture *f = *state;
    struct db *db = NULL;
    struct buf before, after;
    assert_int_equal(fixture_exec(f, "CREATE TABLE songs (id INTEGER)"), SQLITE_OK);
    buf_init(&before, 1 << 20);
    buf_init(&after, 1 << 20);
    assert_int_equal(buf_read_file(&before, f->path), 0);
    assert_code(fixture_open(f, DB_CREATE, &db), ERR_DB_FOREIGN, f->e);
    assert_int_equal(buf_read_file(&after, f->path), 0);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);
    buf_finish(&before);
    buf_finish(&after);
    assert_int_equal(fixture_exec(f, "DROP TABLE songs; PRAGMA application_id = 12345"), SQLITE_OK);
    assert_code(fixture_open(f, DB_CREATE, &db), ERR_DB_FOREIGN, f->e);
    assert_non_null(strstr(f->e.msg, "0x00003039"));
}

static void damaged_file_says_so(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    f->db = NULL;
    struct buf content;
    buf_init(&content, 1 << 20);
    assert_int_equal(buf_read_file(&content, f->path), 0);
    memset(content.data + 100, 0x5a, 400); /* the root page of the schema */
    assert_int_equal(fixture_write_file(f->path, content.data, content.len, 0600), 0);
    buf_finish(&content);
    assert_code(fixture_open(f, DB_READ_WRITE, &f->db), ERR_DB_CORRUPT, f->e);
    assert_non_null(strstr(f->e.msg, "copy"));
}

static void unwritable_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct db *db = NULL;
    db_close(f->db);
    f->db = NULL;
    assert_int_equal(chmod(f->dir, 0755), 0);
    assert_int_equal(chmod(f->path, 0444), 0);
    bool is_root = geteuid() == 0;
    if (is_root) { /* modes mean nothing to root */
        assert_int_equal(seteuid(65534), 0);
    }
    int r = fixture_open(f, DB_READ_WRITE, &db);
    db_close(db);
    if (is_root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_code(r, ERR_DB_READONLY, f->e);
}

static void unreadable_directory_is_denied(void **state)
{
    struct fixture *f = *state;
    struct db *db = NULL;
    assert_int_equal(chmod(f->dir, 0755), 0);
    bool is_root = geteuid() == 0;
    if (is_root) {
        assert_int_equal(seteuid(65534), 0);
    } else {
        assert_int_equal(chmod(f->dir, 0500), 0);
    }
    int r = fixture_open(f, DB_CREATE, &db);
    if (is_root) {
        assert_int_equal(seteuid(0), 0);
    } else {
        assert_int_equal(chmod(f->dir, 0700), 0);
    }
    assert_code(r, ERR_DENIED, f->e);
}

static void read_only_connection_does_not_write(void **state)
{
    struct fixture *f = *state;
    struct db *db = NULL;
    assert_ok(fixture_open(f, DB_READ_ONLY, &db), f->e);
    int r = db_exec(db, "DELETE FROM t", &f->e);
    db_close(db);
    assert_code(r, ERR_DB_READONLY, f->e);
}

static void locked_database_is_busy(void **state)
{
    struct fixture *f = *state;
    struct db *other = NULL;
    assert_ok(fixture_open(f, DB_READ_WRITE, &other), f->e);
    assert_ok(db_begin(other, &f->e), f->e);
    int r = db_begin(f->db, &f->e);
    db_rollback(other);
    assert_code(r, ERR_DB_BUSY, f->e);
    assert_int_equal(err_class(r), ERR_CLASS_WAIT);
    assert_false(db_in_transaction(f->db));
    assert_ok(db_begin(f->db, &f->e), f->e);
    assert_ok(db_commit(f->db, &f->e), f->e);
    db_close(other);
}

static void full_database_says_so_and_rolls_back(void **state)
{
    struct fixture *f = *state;
    static char big[300000];
    memset(big, 'x', sizeof big);
    assert_ok(db_exec(f->db, "PRAGMA max_page_count = 8", &f->e), f->e);
    assert_ok(db_begin(f->db, &f->e), f->e);
    struct stmt *s = db_stmt(f->db, "INSERT INTO t (a) VALUES ($1)");
    stmt_text_n(s, 1, big, sizeof big);
    assert_code(stmt_run(s, &f->e), ERR_DB_FULL, f->e);
    db_rollback(f->db);
    assert_int_equal(get_int(f->db, "SELECT count(*) FROM t"), 0);
}

static void constraints_are_told_apart(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_exec(f->db, "INSERT INTO t (id, a) VALUES (1, 'x')", &f->e), f->e);
    static const struct {
        const char *name, *sql;
        int expected;
    } rows[] = {
        {"unique", "INSERT INTO t (a) VALUES ('x')", ERR_EXISTS},
        {"primary key", "INSERT INTO t (id) VALUES (1)", ERR_EXISTS},
        {"check", "INSERT INTO t (n) VALUES (0)", ERR_DB_CONSTRAINT},
        {"foreign key", "INSERT INTO c (t_id) VALUES (99)", ERR_DB_CONSTRAINT},
        {"foreign key with returning", "INSERT INTO c (t_id) VALUES (99) RETURNING id", ERR_DB_CONSTRAINT},
        {"not null", "INSERT INTO c (t_id) VALUES (NULL)", ERR_DB_CONSTRAINT},
        {"strict type", "INSERT INTO t (n) VALUES ('many')", ERR_DB_CONSTRAINT},
        {"no such table", "INSERT INTO nowhere VALUES (1)", ERR_DB},
        {"text in double quotes", "SELECT \"x\" FROM t", ERR_DB},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t id;
        int r = stmt_get_int(db_stmt(f->db, rows[i].sql), &id, &f->e);
        if (r != rows[i].expected) {
            fail_msg("%s: %s (%s)", rows[i].name, err_name(r), f->e.msg);
        }
    }
    assert_int_equal(get_int(f->db, "SELECT count(*) FROM c"), 0);
}

static void parameters_go_by_their_number(void **state)
{
    struct fixture *f = *state;
    /* SQLite counts $2 as its first parameter here; the layer must not. */
    struct stmt *s = db_stmt(f->db, "SELECT $2 || '-' || $1 || '-' || $2");
    stmt_text(s, 1, "one");
    stmt_text(s, 2, "two");
    assert_int_equal(stmt_step(s, &f->e), 1);
    assert_string_equal(stmt_col_text(s, 0), "two-one-two");
    assert_int_equal(stmt_step(s, &f->e), 0);
    s = db_stmt(f->db, "SELECT $2");
    stmt_int(s, 1, 5);
    assert_code(stmt_step(s, &f->e), ERR_BUG, f->e);
    s = db_stmt(f->db, "SELECT ?");
    assert_code(stmt_step(s, &f->e), ERR_BUG, f->e);
}

static void statement_is_kept_and_forgets_its_values(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "SELECT $1";
    struct stmt *s = db_stmt(f->db, sql);
    stmt_int(s, 1, 7);
    assert_int_equal(stmt_step(s, &f->e), 1);
    struct stmt *again = db_stmt(f->db, sql);
    assert_ptr_equal(s, again);
    assert_int_equal(stmt_step(again, &f->e), 1);
    assert_true(stmt_is_null(again, 0));
    stmt_reset(again);
}

static void many_statements_fit(void **state)
{
    struct fixture *f = *state;
    static char sql[300][24];
    for (int i = 0; i < 300; i++) {
        snprintf(sql[i], sizeof sql[i], "SELECT %d", i);
        assert_int_equal(get_int(f->db, sql[i]), i);
    }
    for (int i = 299; i >= 0; i--) {
        assert_int_equal(get_int(f->db, sql[i]), i);
    }
}

static void statement_that_did_not_prepare_is_tried_again(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "SELECT count(*) FROM later";
    int64_t n = -1;
    assert_code(stmt_get_int(db_stmt(f->db, sql), &n, &f->e), ERR_DB, f->e);
    assert_int_equal(n, -1);
    assert_ok(db_exec(f->db, "CREATE TABLE later (x INTEGER) STRICT", &f->e), f->e);
    assert_ok(stmt_get_int(db_stmt(f->db, sql), &n, &f->e), f->e);
    assert_int_equal(n, 0);
}

static void values_come_back_as_they_went(void **state)
{
    struct fixture *f = *state;
    static const unsigned char bytes[] = {0, 1, 0, 255};
    struct stmt *s = db_stmt(f->db, "SELECT $1, $2, $3, $4, $5, $6, $7");
    stmt_int(s, 1, INT64_MIN);
    stmt_text(s, 2, NULL);
    stmt_blob(s, 3, bytes, sizeof bytes);
    stmt_blob(s, 4, NULL, 0);
    stmt_time(s, 5, FIXTURE_START_MS + 123);
    stmt_date(s, 6, 20454);
    stmt_text_n(s, 7, "abcdef", 3);
    assert_int_equal(stmt_step(s, &f->e), 1);
    size_t len;
    assert_true(stmt_col_int(s, 0) == INT64_MIN);
    assert_true(stmt_is_null(s, 1));
    assert_null(stmt_col_dup(s, 1));
    const void *blob = stmt_col_blob(s, 2, &len);
    assert_int_equal(len, sizeof bytes);
    assert_memory_equal(blob, bytes, sizeof bytes);
    assert_false(stmt_is_null(s, 3));
    assert_string_equal(stmt_col_text(s, 4), "2026-01-01 00:00:00.123000");
    assert_true(stmt_col_time(s, 4) == FIXTURE_START_MS + 123);
    assert_string_equal(stmt_col_text(s, 5), "2026-01-01");
    assert_int_equal(stmt_col_date(s, 5), 20454);
    assert_true(stmt_col_time(s, 1) == INT64_MIN);
    assert_true(stmt_col_date(s, 1) == INT32_MIN);
    char *copy = stmt_col_dup(s, 6);
    stmt_reset(s);
    assert_string_equal(copy, "abc");
    free(copy);
}

static void one_integer_or_not_found(void **state)
{
    struct fixture *f = *state;
    int64_t value = 42;
    assert_code(stmt_get_int(db_stmt(f->db, "SELECT id FROM t"), &value, &f->e), ERR_NOT_FOUND, f->e);
    assert_int_equal(value, 42);
    struct stmt *s = db_stmt(f->db, "INSERT INTO t (a) VALUES ($1) RETURNING id");
    stmt_text(s, 1, "x");
    assert_ok(stmt_get_int(s, &value, &f->e), f->e);
    assert_int_equal(value, 1);
    assert_int_equal(db_last_id(f->db), 1);
    assert_int_equal(db_changes(f->db), 1);
}

static void nested_transaction_names_the_first(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_begin_at(f->db, "first.c:1", &f->e), f->e);
    assert_code(db_begin_at(f->db, "second.c:2", &f->e), ERR_BUG, f->e);
    assert_non_null(strstr(f->e.msg, "first.c:1"));
    assert_non_null(strstr(f->e.msg, "second.c:2"));
    db_rollback(f->db);
    db_rollback(f->db);
    assert_false(db_in_transaction(f->db));
    assert_code(db_commit(f->db, &f->e), ERR_BUG, f->e);
    assert_code(db_savepoint(f->db, &f->e), ERR_BUG, f->e);
    assert_code(db_release(f->db, &f->e), ERR_BUG, f->e);
}

static void savepoint_undoes_only_its_own(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_begin(f->db, &f->e), f->e);
    assert_ok(db_exec(f->db, "INSERT INTO t (id) VALUES (1)", &f->e), f->e);
    assert_ok(db_savepoint(f->db, &f->e), f->e);
    assert_ok(db_exec(f->db, "INSERT INTO t (id) VALUES (2)", &f->e), f->e);
    assert_ok(db_savepoint(f->db, &f->e), f->e);
    assert_ok(db_exec(f->db, "INSERT INTO t (id) VALUES (4)", &f->e), f->e);
    db_rollback_to(f->db);
    assert_ok(db_release(f->db, &f->e), f->e);
    assert_ok(db_savepoint(f->db, &f->e), f->e);
    assert_ok(db_exec(f->db, "INSERT INTO t (id) VALUES (8)", &f->e), f->e);
    db_rollback_to(f->db);
    assert_ok(db_commit(f->db, &f->e), f->e);
    assert_int_equal(get_int(f->db, "SELECT sum(id) FROM t"), 3);
}

/* 300 pages of 16 KiB that were there before: what SQLite keeps in memory of them is more than it can write
 * to a file. */
static void savepoint_may_change_many_pages(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_exec(f->db,
                      "CREATE TABLE wide (id INTEGER PRIMARY KEY, x BLOB, n INTEGER NOT NULL DEFAULT 0)",
                      &f->e),
              f->e);
    assert_ok(db_exec(f->db,
                      "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 300) "
                      "INSERT INTO wide (id, x) SELECT i, zeroblob(16000) FROM c",
                      &f->e),
              f->e);
    assert_ok(db_begin(f->db, &f->e), f->e);
    assert_ok(db_savepoint(f->db, &f->e), f->e);
    assert_ok(db_exec(f->db, "UPDATE wide SET n = 1", &f->e), f->e);
    assert_int_equal(get_int(f->db, "SELECT sum(n) FROM wide"), 300);
    db_rollback_to(f->db);
    assert_int_equal(get_int(f->db, "SELECT sum(n) FROM wide"), 0);
    assert_ok(db_commit(f->db, &f->e), f->e);
}

/* A reader sees one state, and keeps nobody from writing. */
static void reading_is_a_snapshot(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_begin_reading(f->db, &f->e), f->e);
    assert_int_equal(get_int(f->db, "SELECT count(*) FROM t"), 0);
    assert_int_equal(fixture_exec(f, "INSERT INTO t (id) VALUES (1)"), SQLITE_OK);
    assert_int_equal(get_int(f->db, "SELECT count(*) FROM t"), 0);
    assert_code(db_begin_reading(f->db, &f->e), ERR_BUG, f->e);
    db_rollback(f->db);
    assert_int_equal(get_int(f->db, "SELECT count(*) FROM t"), 1);
}

static void savepoints_have_a_depth(void **state)
{
    struct fixture *f = *state;
    int depth = 0;
    assert_ok(db_begin(f->db, &f->e), f->e);
    while (depth < 100 && db_savepoint(f->db, &f->e) == 0) {
        depth++;
    }
    assert_in_range(depth, 3, 99);
    assert_code(f->e.code, ERR_BUG, f->e);
    assert_ok(db_commit(f->db, &f->e), f->e);
}

static void other_writer_is_noticed(void **state)
{
    struct fixture *f = *state;
    int64_t before, own, after;
    assert_ok(db_data_version(f->db, &before, &f->e), f->e);
    assert_ok(db_exec(f->db, "INSERT INTO t (id) VALUES (1)", &f->e), f->e);
    assert_ok(db_data_version(f->db, &own, &f->e), f->e);
    assert_int_equal(fixture_exec(f, "INSERT INTO t (id) VALUES (2)"), SQLITE_OK);
    assert_ok(db_data_version(f->db, &after, &f->e), f->e);
    assert_int_equal(before, own);
    assert_int_not_equal(own, after);
}

static void errors_may_be_asked_for_with_null(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(db_exec(f->db, "nonsense", NULL), ERR_DB);
    assert_int_equal(stmt_run(db_stmt(f->db, "nonsense"), NULL), ERR_DB);
    assert_int_equal(db_commit(f->db, NULL), ERR_BUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(new_file_is_private_and_durable, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(what_root_makes_is_the_owners, fixture_setup_bare,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(missing_file_is_not_found, fixture_setup_bare, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(text_file_is_foreign_and_left_alone, fixture_setup_bare,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(other_programs_file_is_foreign_and_left_alone, fixture_setup_bare,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(damaged_file_says_so, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(unwritable_file_is_refused, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(unreadable_directory_is_denied, fixture_setup_bare,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(read_only_connection_does_not_write, setup_table,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(locked_database_is_busy, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(full_database_says_so_and_rolls_back, setup_table,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(constraints_are_told_apart, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(parameters_go_by_their_number, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(statement_is_kept_and_forgets_its_values, setup_table,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(many_statements_fit, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(statement_that_did_not_prepare_is_tried_again, setup_table,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(values_come_back_as_they_went, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(one_integer_or_not_found, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(nested_transaction_names_the_first, setup_table,
                                        fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(savepoint_undoes_only_its_own, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(savepoint_may_change_many_pages, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(reading_is_a_snapshot, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(savepoints_have_a_depth, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(other_writer_is_noticed, setup_table, fixture_teardown_bare),
        cmocka_unit_test_setup_teardown(errors_may_be_asked_for_with_null, setup_table,
                                        fixture_teardown_bare),
    };
    return cmocka_run_group_tests_name("storage_db", tests, NULL, NULL);
}
