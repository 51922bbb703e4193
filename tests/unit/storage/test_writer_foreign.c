/* The storage thread: what others write to the file is noticed, once, and looking leaves no trace. */
#include <fcntl.h>

#include "tests/unit/storage/writer_fixture.h"

/* What changed was told; and how often the writer's connection was asked for the version. */
static struct {
    int told;
    bool is_inside;
    bool was_inside;
    _Atomic int looks;
} seen;

static void note_change(void *arg)
{
    struct writer_fixture *w = arg;
    uv_thread_t self = uv_thread_self();
    seen.told++;
    seen.was_inside = seen.was_inside || seen.is_inside || !uv_thread_equal(&self, &w->loop_thread);
}

static int count_look(unsigned type UNUSED, void *arg UNUSED, void *stmt UNUSED, void *sql)
{
    if (strcmp(sql, "PRAGMA data_version") == 0) {
        seen.looks++;
    }
    return 0;
}

static int trace(sqlite3 *handle, const char **ret_message UNUSED, const void *api UNUSED)
{
    return sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, count_look, NULL);
}

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    sqlite3_auto_extension((void (*)(void))trace);
    int r = writer_fixture_setup(state);
    sqlite3_reset_auto_extension();
    if (r == 0) {
        struct writer_fixture *w = *state;
        writer_on_foreign_change(w->writer, note_change, w);
        seen.looks = 0; /* one was for the beginning */
    }
    return r;
}

static void poke(struct writer_fixture *w)
{
    seen.is_inside = true;
    writer_poke(w->writer);
    seen.is_inside = false;
}

/* After it, whatever was noticed so far has been told. */
static void settle(struct writer_fixture *w, writer_work work, int i)
{
    seen.is_inside = true;
    submit(w, work, i);
    seen.is_inside = false;
    wait_for(w, w->done_count + 1);
}

static void wait_until_told(struct writer_fixture *w, int n)
{
    while (seen.told < n) {
        uv_run(&w->loop, UV_RUN_ONCE);
    }
}

static int do_nothing(struct db *db UNUSED, void *arg UNUSED, struct err *e UNUSED)
{
    return 0;
}

static void foreign_change_is_told_once(void **state)
{
    struct writer_fixture *w = *state;
    assert_int_equal(fixture_exec(w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    assert_int_equal(fixture_exec(w->base, "INSERT INTO t (id) VALUES (1002)"), SQLITE_OK);
    settle(w, insert, 0);
    assert_int_equal(seen.told, 1);
    settle(w, insert, 1);
    assert_int_equal(seen.told, 1);
    assert_int_equal(fixture_exec(w->base, "DELETE FROM t WHERE id > 1000"), SQLITE_OK);
    settle(w, do_nothing, 2);
    assert_int_equal(seen.told, 2);
    assert_false(seen.was_inside);
    assert_int_equal(seen.looks, 3); /* one a transaction */
}

/* Pages go to the log before the request is undone. */
static int spill(struct db *db, void *arg UNUSED, struct err *e)
{
    static const char sql[] =
        "PRAGMA cache_size = 1; WITH RECURSIVE g (i) AS (VALUES (1) UNION ALL SELECT i + 1 "
        "FROM g WHERE i < 200) INSERT INTO t (x) SELECT hex(zeroblob(1000)) FROM g";
    int r = db_exec(db, sql, e);
    return r < 0 ? r : ERR_CANCELLED;
}

static int overflow(struct db *db, void *arg, struct err *e)
{
    int r = db_exec(db, "PRAGMA max_page_count = 8", e);
    return r < 0 ? r : spill(db, arg, e);
}

static void own_work_is_not_told(void **state)
{
    static const struct {
        const char *name;
        writer_work work;
        int code;
    } cases[] = {
        {"a commit", insert, 0},
        {"a request that fails", insert, ERR_EXISTS},
        {"nothing", do_nothing, 0},
        {"a large request that fails", spill, ERR_CANCELLED},
        {"a full disk", overflow, ERR_DB_FULL},
    };
    struct writer_fixture *w = *state;
    w->jobs[1].id = w->jobs[0].id;
    for (int i = 0; i < (int)ARRAY_LEN(cases); i++) {
        settle(w, cases[i].work, i);
        poke(w);
        settle(w, do_nothing, 100 + i);
        if (seen.told != 0 || w->jobs[i].code != cases[i].code) {
            fail_msg("%s: told %d times, result %s", cases[i].name, seen.told, err_name(w->jobs[i].code));
        }
    }
}

static void poke_makes_it_look(void **state)
{
    struct writer_fixture *w = *state;
    assert_int_equal(fixture_exec(w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    poke(w);
    wait_until_told(w, 1);
    assert_false(seen.was_inside);
    poke(w);
    settle(w, do_nothing, 0);
    assert_int_equal(seen.told, 1);
}

static void many_pokes_are_one_look(void **state)
{
    struct writer_fixture *w = *state;
    w->jobs[0].waits = true;
    submit(w, insert, 0);
    for (int i = 0; i < 100; i++) {
        poke(w);
    }
    uv_sem_post(&w->gate);
    wait_for(w, 1);
    settle(w, do_nothing, 1);
    /* One for each request, and one for the pokes unless the second request came first. */
    assert_in_range(seen.looks, 2, 3);
}

static void set_back(const char *path)
{
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
}

static void poke_writes_nothing(void **state)
{
    struct writer_fixture *w = *state;
    char wal[128];
    struct stat before, after, db;
    snprintf(wal, sizeof wal, "%s-wal", w->base->path);
    settle(w, insert, 0);
    assert_int_equal(fixture_exec(w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    set_back(wal);
    set_back(w->base->path);
    assert_int_equal(stat(wal, &before), 0);
    poke(w);
    wait_until_told(w, 1);
    settle(w, do_nothing, 1);
    assert_int_equal(stat(wal, &after), 0);
    assert_int_equal(stat(w->base->path, &db), 0);
    assert_true(before.st_size > 0);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(after.st_mtim.tv_sec, 1); /* not even the same bytes again */
    assert_int_equal(db.st_mtim.tv_sec, 1);
    settle(w, insert, 2);
    assert_int_equal(stat(wal, &after), 0);
    assert_int_not_equal(after.st_mtim.tv_sec, 1); /* a write would have shown */
}

static void nobody_is_told_what_nobody_asked_for(void **state)
{
    struct writer_fixture *w = *state;
    writer_on_foreign_change(w->writer, NULL, NULL);
    assert_int_equal(fixture_exec(w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    settle(w, insert, 0);
    assert_int_equal(seen.told, 0);
}

static sqlite3 *lock_database(const struct writer_fixture *w)
{
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(w->base->path, &other), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(other, "BEGIN IMMEDIATE; INSERT INTO t (id) VALUES (1001)", NULL, NULL, NULL),
        SQLITE_OK);
    return other;
}

static void lock_of_another_hides_nothing(void **state)
{
    struct writer_fixture *w = *state;
    assert_int_equal(fixture_exec(w->base, "INSERT INTO t (id) VALUES (1002)"), SQLITE_OK);
    sqlite3 *other = lock_database(w);
    poke(w);
    wait_until_told(w, 1);
    for (int i = 0; i < 3; i++) {
        settle(w, insert, i);
        assert_int_equal(w->jobs[i].code, ERR_DB_BUSY);
        poke(w);
    }
    assert_int_equal(seen.told, 1);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    settle(w, insert, 3);
    assert_int_equal(w->jobs[3].code, 0);
    assert_int_equal(seen.told, 2);
}

/* Each of them would fail if the lock were taken at that moment: there is no busy timeout. */
static void poke_is_in_nobodys_way(void **state)
{
    struct writer_fixture *w = *state;
    sqlite3 *other = NULL;
    int rc = sqlite3_open(w->base->path, &other);
    for (int i = 0; i < 200 && rc == SQLITE_OK; i++) {
        poke(w);
        rc = sqlite3_exec(other, "INSERT INTO t (x) VALUES ('y')", NULL, NULL, NULL);
    }
    assert_int_equal(rc, SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    poke(w);
    wait_until_told(w, 1);
}

static void destroy_does_not_wait_for_a_poke(void **state)
{
    struct writer_fixture *w = *state;
    sqlite3 *other = lock_database(w);
    poke(w);
    finish(w);
    assert_true(w->is_closed);
    assert_int_equal(seen.told, 0);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void nothing_is_told_after_destroy(void **state)
{
    struct writer_fixture *w = *state;
    assert_int_equal(fixture_exec(w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    submit(w, insert, 0);
    finish(w);
    assert_int_equal(w->jobs[0].code, 0);
    assert_int_equal(seen.told, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, writer_fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(foreign_change_is_told_once),   T(own_work_is_not_told),   T(poke_makes_it_look),
        T(many_pokes_are_one_look),       T(poke_writes_nothing),    T(nobody_is_told_what_nobody_asked_for),
        T(lock_of_another_hides_nothing), T(poke_is_in_nobodys_way), T(destroy_does_not_wait_for_a_poke),
        T(nothing_is_told_after_destroy),
    };
    return cmocka_run_group_tests_name("storage_writer_foreign", tests, NULL, NULL);
}
