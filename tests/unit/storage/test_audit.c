/* The audit trail: opening, children, closing, and a chain that notices every kind of tampering. */
#include "tests/unit/storage/store_fixture.h"

#include "storage/audit_store.h"

static struct audit_entry entry(const char *operation, const char *status, int64_t parent)
{
    return (struct audit_entry){.action_type = "archive",
                                .operation = operation,
                                .resource_type = "calendar",
                                .resource_id = "msgraph://anna@example.com/calendars/primary",
                                .status = status,
                                .message = "done",
                                .details_json = "{\"pages\":3}",
                                .request_data_json = "{\"from\":\"2026-01-01\"}",
                                .response_data_json = "{\"stored\":2}",
                                .duration_ms = 120,
                                .correlation_id = "c-1",
                                .parent_audit_id = parent};
}

static int64_t append(struct fixture *f, const char *operation, const char *status, int64_t parent)
{
    struct audit_entry a = entry(operation, status, parent);
    int64_t id = -1;
    f->time.wall_ms += 1000;
    assert_ok(audit_append(f->db, &a, &id, &f->e), f->e);
    return id;
}

/* A parent (1) with two children (2, 4), one of them with a child of its own (3), closed; then a parent that
 * is still open (5), and an entry alone (6).  Seven links. */
static int setup_trail(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    struct audit_entry closing = entry("", "success", 0);
    assert_ok(db_begin(f->db, &f->e), f->e);
    append(f, "calendar_archive", "started", 0);
    append(f, "fetch", "success", 1);
    append(f, "page", "failure", 2);
    append(f, "store", "success", 1);
    assert_ok(audit_close(f->db, 1, &closing, &f->e), f->e);
    append(f, "calendar_archive", "started", 0);
    append(f, "login", "success", 0);
    return db_commit(f->db, &f->e);
}

static int verify(struct fixture *f)
{
    int64_t links = -1;
    f->e = (struct err){0};
    return audit_verify(f->db, &links, &f->e);
}

static void trail_verifies(void **state)
{
    struct fixture *f = *state;
    int64_t links = -1;
    assert_ok(audit_verify(f->db, &links, &f->e), f->e);
    assert_int_equal(links, 7);
}

static void empty_trail_verifies(void **state)
{
    struct fixture *f = *state;
    int64_t links = -1;
    assert_ok(audit_verify(f->db, &links, &f->e), f->e);
    assert_int_equal(links, 0);
}

static void parent_is_closed_once(void **state)
{
    struct fixture *f = *state;
    struct audit_entry closing = entry("", "partial", 0);
    assert_int_equal(fixture_query(f, "SELECT child_count FROM audit_log WHERE id = 1"), 2);
    assert_int_equal(fixture_query(f, "SELECT message = 'done' AND duration_ms = 120 AND status = 'success' "
                                      "AND closed_at > created_at FROM audit_log WHERE id = 1"),
                     1);
    assert_int_equal(fixture_query(f, "SELECT message IS NULL AND details IS NULL AND duration_ms IS NULL "
                                      "AND request_data IS NOT NULL FROM audit_log WHERE id = 5"),
                     1);
    assert_ok(db_begin(f->db, &f->e), f->e);
    assert_code(audit_close(f->db, 1, &closing, &f->e), ERR_EXISTS, f->e);
    assert_code(audit_close(f->db, 6, &closing, &f->e), ERR_EXISTS, f->e);
    assert_code(audit_close(f->db, 99, &closing, &f->e), ERR_NOT_FOUND, f->e);
    assert_ok(audit_close(f->db, 5, &closing, &f->e), f->e);
    assert_ok(db_commit(f->db, &f->e), f->e);
    assert_ok(verify(f), f->e);
}

static void entry_needs_transaction_and_key(void **state)
{
    struct fixture *f = *state;
    struct audit_entry a = entry("login", "success", 0);
    struct db_options options = {.mode = DB_READ_WRITE, .clock = &f->time.clock};
    struct db *keyless = NULL;
    int64_t links;
    assert_code(audit_append(f->db, &a, NULL, &f->e), ERR_BUG, f->e);
    assert_ok(db_open(f->path, &options, &keyless, &f->e), f->e);
    assert_ok(db_begin(keyless, &f->e), f->e);
    int appended = audit_append(keyless, &a, NULL, &f->e);
    int closed = audit_close(keyless, 5, &a, &f->e);
    int verified = audit_verify(keyless, &links, &f->e);
    db_close(keyless);
    assert_int_equal(appended, ERR_KEY);
    assert_int_equal(closed, ERR_KEY);
    assert_int_equal(verified, ERR_KEY);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM audit_log"), 6);
}

static void undone_entry_leaves_no_link(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_begin(f->db, &f->e), f->e);
    append(f, "login", "success", 0);
    assert_ok(db_savepoint(f->db, &f->e), f->e);
    append(f, "logout", "success", 0);
    db_rollback_to(f->db);
    append(f, "login", "success", 0);
    assert_ok(db_commit(f->db, &f->e), f->e);
    int64_t links;
    assert_ok(audit_verify(f->db, &links, &f->e), f->e);
    assert_int_equal(links, 9);
}

static void bad_entries_are_refused(void **state)
{
    struct fixture *f = *state;
    char long_name[200];
    memset(long_name, 'x', sizeof long_name);
    long_name[129] = '\0';
    struct audit_entry rows[] = {entry("a", "maybe", 0), entry(long_name, "success", 0),
                                 entry("a", "success", 77)};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_ok(db_begin(f->db, &f->e), f->e);
        int r = audit_append(f->db, &rows[i], NULL, &f->e);
        db_rollback(f->db);
        assert_code(r, ERR_DB_CONSTRAINT, f->e);
    }
}

#define OPEN_UP                                                                                              \
    "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete; DROP TRIGGER "                      \
    "audit_chain_no_update; "                                                                                \
    "DROP TRIGGER audit_chain_no_delete; PRAGMA foreign_keys = OFF; "

static const struct {
    const char *name, *sql;
    const char *blamed; /* the message must hold it */
    int expected;
} tampering[] = {
    {"message edited", "UPDATE audit_log SET message = 'nothing' WHERE id = 2", "entry 2 ", ERR_DB_CORRUPT},
    {"user edited", "UPDATE audit_log SET user_id = 9 WHERE id = 2", "entry 2 ", ERR_DB_CORRUPT},
    {"null to empty", "UPDATE audit_log SET ip_address = '' WHERE id = 2", "entry 2 ", ERR_DB_CORRUPT},
    {"text moved to its neighbour",
     "UPDATE audit_log SET operation = 'archive', action_type = 'fetch' WHERE id = 2", "entry 2 ",
     ERR_DB_CORRUPT},
    {"something behind a NUL", "UPDATE audit_log SET message = CAST(x'646f6e650078' AS TEXT) WHERE id = 2",
     "entry 2 ", ERR_DB_CORRUPT},
    {"timestamp", "UPDATE audit_log SET created_at = '2025-01-01 00:00:00.000000' WHERE id = 6", "entry 6 ",
     ERR_DB_CORRUPT},
    {"closing time", "UPDATE audit_log SET closed_at = '2025-01-01 00:00:00.000000' WHERE id = 1", "entry 1 ",
     ERR_DB_CORRUPT},
    {"outcome of a closed parent", "UPDATE audit_log SET status = 'failure' WHERE id = 1", "entry 1 ",
     ERR_DB_CORRUPT},
    {"count of children", "UPDATE audit_log SET child_count = 3 WHERE id = 1", "entry 1 ", ERR_DB_CORRUPT},
    {"request of a closed parent", "UPDATE audit_log SET request_data = '{}' WHERE id = 1", "entry 1 ",
     ERR_DB_CORRUPT},
    {"open parent edited", "UPDATE audit_log SET details = '{}' WHERE id = 5", "entry 5 ", ERR_DB_CORRUPT},
    {"child given to another parent", "UPDATE audit_log SET parent_audit_id = 5 WHERE id = 4", "entry 4 ",
     ERR_DB_CORRUPT},
    {"middle entry deleted", "DELETE FROM audit_log WHERE id = 3", "entry 3 ", ERR_DB_CORRUPT},
    {"middle entry and link deleted",
     "DELETE FROM audit_log WHERE id = 3; DELETE FROM audit_chain WHERE audit_id = 3", "link 3 ",
     ERR_DB_CORRUPT},
    {"middle entry deleted, links renumbered",
     "DELETE FROM audit_log WHERE id = 3; DELETE FROM audit_chain WHERE audit_id = 3; "
     "UPDATE audit_chain SET seq = seq - 1 WHERE seq > 3",
     "entry 4 ", ERR_DB_CORRUPT},
    {"first entry and link deleted",
     "DELETE FROM audit_chain WHERE seq = 1; DELETE FROM audit_log WHERE id = 1", "link 1 ", ERR_DB_CORRUPT},
    {"last entry deleted", "DELETE FROM audit_log WHERE id = 6", "entry 6 ", ERR_DB_CORRUPT},
    {"last link deleted", "DELETE FROM audit_chain WHERE seq = 7", "entry 6 ", ERR_DB_CORRUPT},
    {"all links deleted", "DELETE FROM audit_chain", "entry 1 ", ERR_DB_CORRUPT},
    {"entries in another order",
     "UPDATE audit_log SET id = 100 WHERE id = 2; UPDATE audit_log SET id = 2 WHERE id = 3; "
     "UPDATE audit_log SET id = 3 WHERE id = 100",
     "entry 2 ", ERR_DB_CORRUPT},
    {"links in another order",
     "UPDATE audit_chain SET seq = 100 WHERE seq = 2; UPDATE audit_chain SET seq = 2 WHERE seq = 3; "
     "UPDATE audit_chain SET seq = 3 WHERE seq = 100",
     "entry 3 ", ERR_DB_CORRUPT},
    {"entry put in",
     "INSERT INTO audit_log (action_type, operation, status, created_at) VALUES ('a', 'o', 'success', "
     "'t')",
     "entry 7 ", ERR_DB_CORRUPT},
    {"entry put in with a made-up link",
     "INSERT INTO audit_log (action_type, operation, status, created_at) VALUES ('a', 'o', 'success', "
     "'t'); "
     "INSERT INTO audit_chain VALUES (8, 7, 'open', 'k1', zeroblob(32))",
     "entry 7 ", ERR_DB_CORRUPT},
    {"entry put in with an older link",
     "INSERT INTO audit_log SELECT 7, user_id, action_type, operation, resource_type, resource_id, "
     "status, message, "
     "details, request_data, response_data, duration_ms, ip_address, user_agent, correlation_id, "
     "parent_audit_id, "
     "child_count, created_at, closed_at FROM audit_log WHERE id = 6; "
     "INSERT INTO audit_chain SELECT 8, 7, kind, key_id, mac FROM audit_chain WHERE seq = 7",
     "entry 7 ", ERR_DB_CORRUPT},
    {"parent closed behind the back", "UPDATE audit_log SET status = 'success', closed_at = 't' WHERE id = 5",
     "entry 5 ", ERR_DB_CORRUPT},
    {"parent opened again",
     "UPDATE audit_log SET status = 'started', message = NULL, details = NULL, response_data = NULL, "
     "duration_ms = NULL, child_count = NULL, closed_at = NULL WHERE id = 1",
     "entry 1 ", ERR_DB_CORRUPT},
    {"mac cut short", "UPDATE audit_chain SET mac = substr(mac, 1, 16) WHERE seq = 4", "entry 4 ",
     ERR_DB_CORRUPT},
    {"link of a key nobody has", "UPDATE audit_chain SET key_id = 'gone' WHERE seq = 4", "key gone", ERR_KEY},
};

static void tampering_is_found(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(tampering); i++) {
        char *copy = mem_printf("%s/tampered.db", f->dir), *original = mem_strdup(f->path);
        struct db *db = f->db;
        struct stmt *s = db_stmt(f->db, "VACUUM INTO $1");
        stmt_text(s, 1, copy);
        assert_ok(stmt_run(s, &f->e), f->e);
        snprintf(f->path, sizeof f->path, "%s", copy);
        assert_int_equal(fixture_exec(f, OPEN_UP), SQLITE_OK);
        char *sql = mem_printf(OPEN_UP "%s", tampering[i].sql);
        int rc = fixture_exec(f, strstr(sql, "PRAGMA"));
        assert_ok(fixture_open(f, DB_READ_WRITE, &f->db), f->e);
        int r = verify(f);
        db_close(f->db);
        f->db = db;
        snprintf(f->path, sizeof f->path, "%s", original);
        assert_int_equal(remove(copy), 0);
        free(sql);
        free(copy);
        free(original);
        if (rc != SQLITE_OK || r != tampering[i].expected || !strstr(f->e.msg, tampering[i].blamed)) {
            fail_msg("%s: sqlite %d, %s (%s), expected %s about %s", tampering[i].name, rc, err_name(r),
                     f->e.msg, err_name(tampering[i].expected), tampering[i].blamed);
        }
    }
}

static void new_key_goes_on_and_the_old_one_is_still_needed(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    assert_int_equal(fixture_add_key(f, "k2", 'b'), 0);
    assert_ok(fixture_load_keys(f), f->e);
    assert_ok(fixture_open(f, DB_READ_WRITE, &f->db), f->e);
    assert_ok(db_begin(f->db, &f->e), f->e);
    append(f, "key_rotate", "success", 0);
    assert_ok(db_commit(f->db, &f->e), f->e);
    assert_int_equal(fixture_query(f, "SELECT key_id = 'k2' FROM audit_chain WHERE seq = 8"), 1);
    assert_ok(verify(f), f->e);

    char path[160];
    snprintf(path, sizeof path, "%s/k1.key", f->keys);
    assert_int_equal(remove(path), 0);
    db_close(f->db);
    assert_ok(fixture_load_keys(f), f->e);
    assert_ok(fixture_open(f, DB_READ_WRITE, &f->db), f->e);
    assert_code(verify(f), ERR_KEY, f->e);
    assert_non_null(strstr(f->e.msg, "k1"));
}

struct listing {
    int n;
    char line[10][80];
};

static void note_row(void *arg, const struct audit_row *row)
{
    struct listing *l = arg;
    if (l->n < 10) {
        snprintf(l->line[l->n], sizeof l->line[0], "%*s%lld %s %s %lld %lld", row->depth, "",
                 (long long)row->id, row->operation, row->status, (long long)row->child_count,
                 (long long)row->parent_id);
    }
    l->n++;
}

static void assert_listing(const struct listing *l, const char *const *lines, int n)
{
    assert_int_equal(l->n, n);
    for (int i = 0; i < n; i++) {
        assert_string_equal(l->line[i], lines[i]);
    }
}

static void listing_is_roots_newest_first(void **state)
{
    struct fixture *f = *state;
    struct listing all = {0}, two = {0}, nobody = {0};
    static const char *const lines[] = {"6 login success -1 0", "5 calendar_archive started -1 0",
                                        "1 calendar_archive success 2 0"};
    assert_ok(audit_list(f->db, 0, 100, note_row, &all, &f->e), f->e);
    assert_listing(&all, lines, 3);
    assert_ok(audit_list(f->db, 0, 2, note_row, &two, &f->e), f->e);
    assert_listing(&two, lines, 2);
    assert_ok(audit_list(f->db, 17, 2, note_row, &nobody, &f->e), f->e);
    assert_int_equal(nobody.n, 0);
}

static void tree_is_depth_first(void **state)
{
    struct fixture *f = *state;
    struct listing whole = {0}, part = {0}, none = {0};
    static const char *const lines[] = {"1 calendar_archive success 2 0", " 2 fetch success -1 1",
                                        "  3 page failure -1 2", " 4 store success -1 1"};
    static const char *const below[] = {"2 fetch success -1 1", " 3 page failure -1 2"};
    assert_ok(audit_tree(f->db, 1, note_row, &whole, &f->e), f->e);
    assert_listing(&whole, lines, 4);
    assert_ok(audit_tree(f->db, 2, note_row, &part, &f->e), f->e);
    assert_listing(&part, below, 2);
    assert_code(audit_tree(f->db, 99, note_row, &none, &f->e), ERR_NOT_FOUND, f->e);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_trail, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(trail_verifies),
        cmocka_unit_test_setup_teardown(empty_trail_verifies, fixture_setup, fixture_teardown),
        T(parent_is_closed_once),
        T(entry_needs_transaction_and_key),
        T(undone_entry_leaves_no_link),
        T(bad_entries_are_refused),
        T(tampering_is_found),
        T(new_key_goes_on_and_the_old_one_is_still_needed),
        T(listing_is_roots_newest_first),
        T(tree_is_depth_first),
    };
    return cmocka_run_group_tests_name("storage_audit", tests, NULL, NULL);
}
