/* What others do to the database's files, as the loop sees it. */
#include <poll.h>

#include "daemon/db_watch.h"
#include "tests/unit/storage/writer_fixture.h"

struct bench {
    struct writer_fixture *w;
    struct db_watch *watch;
    uv_prepare_t prepare; /* counts the turns of the loop */
    int turns;
    int changes;
    int replacements;
    struct err why;
};

static void note_change(void *arg)
{
    ((struct bench *)arg)->changes++;
}

static void note_replaced(void *arg, const struct err *why)
{
    struct bench *b = arg;
    b->replacements++;
    b->why = *why;
}

static void count_turn(uv_prepare_t *prepare)
{
    ((struct bench *)prepare->data)->turns++;
}

static int set_up(void **state)
{
    struct bench *b = mem_calloc(1, sizeof *b);
    void *w = NULL;
    int r = writer_fixture_setup(&w);
    b->w = w;
    *state = b;
    writer_on_foreign_change(b->w->writer, note_change, b);
    uv_prepare_init(&b->w->loop, &b->prepare);
    b->prepare.data = b;
    uv_prepare_start(&b->prepare, count_turn);
    uv_unref((uv_handle_t *)&b->prepare);
    return r < 0 ? r
                 : db_watch_create(&b->w->loop, b->w->base->path, b->w->writer, note_replaced, b, &b->watch,
                                   &b->w->base->e);
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    void *w = b->w;
    db_watch_destroy(b->watch);
    uv_close((uv_handle_t *)&b->prepare, NULL);
    uv_run(&b->w->loop, UV_RUN_NOWAIT);
    int r = writer_fixture_teardown(&w);
    free(b);
    return r;
}

static void wait_for_changes(struct bench *b, int n)
{
    while (b->changes < n) {
        uv_run(&b->w->loop, UV_RUN_ONCE);
    }
}

static void write_own(struct bench *b, int i)
{
    submit(b->w, insert, i);
    wait_for(b->w, b->w->done_count + 1);
    assert_int_equal(b->w->jobs[i].code, 0);
}

static bool has_come(struct bench *b, int within_ms)
{
    struct pollfd fd = {.fd = uv_backend_fd(&b->w->loop), .events = POLLIN};
    return poll(&fd, 1, within_ms) != 0;
}

/* Nothing comes, and no timer runs: the loop would wait for ever. */
static bool is_idle(struct bench *b, int for_ms)
{
    return uv_backend_timeout(&b->w->loop) == -1 && !has_come(b, for_ms);
}

/* Nothing comes, and what happened so far has been asked for; at most the last question is to come. */
static bool is_rested(struct bench *b)
{
    int timeout_ms = uv_backend_timeout(&b->w->loop);
    return (timeout_ms == -1 || timeout_ms > 200) && !has_come(b, 0);
}

/* UV_RUN_ONCE may run a timer and then wait for something else, which does not come. */
static void turn(struct bench *b)
{
    (void)has_come(b, uv_backend_timeout(&b->w->loop));
    uv_run(&b->w->loop, UV_RUN_NOWAIT);
}

static int do_nothing(struct db *db UNUSED, void *arg UNUSED, struct err *e UNUSED)
{
    return 0;
}

/* The kernel tells of a write before the write is over, so that all there is to see of what happened so far
 * is seen after this. */
static void settle(struct bench *b)
{
    uv_run(&b->w->loop, UV_RUN_NOWAIT);
    while (!is_rested(b)) {
        turn(b);
    }
    submit(b->w, do_nothing, WRITER_MAX_JOBS - 1);
    wait_for(b->w, b->w->done_count + 1);
}

static void write_of_another_is_told(void **state)
{
    struct bench *b = *state;
    assert_int_equal(fixture_exec(b->w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    wait_for_changes(b, 1);
    settle(b);
    assert_int_equal(b->changes, 1);
    assert_int_equal(fixture_exec(b->w->base, "UPDATE t SET x = 'y'"), SQLITE_OK);
    wait_for_changes(b, 2);
    assert_int_equal(b->replacements, 0);
}

static void own_write_is_not_told(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 3; i++) {
        write_own(b, i);
        settle(b);
    }
    assert_int_equal(b->changes, 0);
    write_own(b, 20);
    assert_int_equal(fixture_exec(b->w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    write_own(b, 21);
    wait_for_changes(b, 1);
    settle(b);
    assert_int_equal(b->changes, 1);
}

/* The log starts over, and the file is written. */
static void checkpoint_is_no_replacement(void **state)
{
    struct bench *b = *state;
    static const char *const checkpoints[] = {"PRAGMA wal_checkpoint(PASSIVE)",
                                              "PRAGMA wal_checkpoint(RESTART)",
                                              "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM"};
    for (int i = 0; i < (int)ARRAY_LEN(checkpoints); i++) {
        char sql[80];
        write_own(b, i);
        assert_int_equal(fixture_exec(b->w->base, checkpoints[i]), SQLITE_OK);
        settle(b);
        int before = b->changes;
        snprintf(sql, sizeof sql, "INSERT INTO t (id) VALUES (%d)", 1000 + i);
        assert_int_equal(fixture_exec(b->w->base, sql), SQLITE_OK);
        wait_for_changes(b, before + 1);
    }
    assert_int_equal(b->replacements, 0);
}

static int checkpoint(struct db *db, void *arg UNUSED, struct err *e)
{
    return db_exec(db, "PRAGMA wal_autocheckpoint = 1; INSERT INTO t (x) VALUES ('written to the file, too')",
                   e);
}

static void own_checkpoint_is_nothing(void **state)
{
    struct bench *b = *state;
    struct stat before, after;
    assert_int_equal(stat(b->w->base->path, &before), 0);
    for (int i = 0; i < 5; i++) {
        submit(b->w, checkpoint, i);
        wait_for(b->w, b->w->done_count + 1);
        settle(b);
    }
    assert_int_equal(stat(b->w->base->path, &after), 0);
    assert_int_not_equal(after.st_size, before.st_size);
    assert_int_equal(b->changes, 0);
    assert_int_equal(b->replacements, 0);
}

static void name_beside(const struct bench *b, const char *name, char ret_path[128])
{
    snprintf(ret_path, 128, "%s/%s", b->w->base->dir, name);
}

static void move_database_away(struct bench *b)
{
    char away[128];
    name_beside(b, "away.db", away);
    assert_int_equal(rename(b->w->base->path, away), 0);
}

static void move_copy_over(struct bench *b)
{
    char copy[128], sql[200];
    name_beside(b, "copy.db", copy);
    snprintf(sql, sizeof sql, "VACUUM INTO '%s'", copy);
    assert_int_equal(fixture_exec(b->w->base, sql), SQLITE_OK);
    write_own(b, 100); /* only in the log */
    assert_int_equal(rename(copy, b->w->base->path), 0);
}

static void delete_database(struct bench *b)
{
    assert_int_equal(unlink(b->w->base->path), 0);
}

static void move_directory(struct bench *b)
{
    char *dir = b->w->base->dir;
    char old[64];
    snprintf(old, sizeof old, "%s", dir);
    dir[strlen(dir) - 1] ^= 1; /* the fixture cleans up there */
    assert_int_equal(rename(old, dir), 0);
}

static void file_that_is_another_is_told_once(void **state)
{
    static const struct {
        const char *name;
        void (*act)(struct bench *b);
        const char *words;
    } cases[] = {
        {"moved away", move_database_away, "taken away"},
        {"a copy moved over it", move_copy_over, "replaced by another file"},
        {"deleted", delete_database, "taken away"},
        {"its directory moved", move_directory, "taken away"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (i > 0) {
            assert_int_equal(tear_down(state), 0);
            assert_int_equal(set_up(state), 0);
        }
        struct bench *b = *state;
        cases[i].act(b);
        settle(b);
        write_own(b, 101);
        settle(b);
        if (b->replacements != 1 || b->why.code != ERR_GONE || !strstr(b->why.msg, cases[i].words) ||
            !strstr(b->why.msg, "stop the service before")) {
            fail_msg("%s: told %d times: %s", cases[i].name, b->replacements, b->why.msg);
        }
    }
}

/* Without care the old log, which is left beside it, would be read together with the new file. */
static void what_was_put_back_is_what_is_read(void **state)
{
    struct bench *b = *state;
    write_own(b, 0);
    move_copy_over(b);
    settle(b);
    assert_int_equal(b->replacements, 1);
    db_watch_destroy(b->watch);
    b->watch = NULL;
    finish(b->w);
    assert_int_equal(fixture_query(b->w->base, "SELECT count(*) FROM t"), 1);
    assert_int_equal(
        fixture_query(b->w->base, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
        1);
}

/* A shell has no busy timeout: its script would stop at a lock of ours. */
static void script_of_another_is_not_disturbed(void **state)
{
    struct bench *b = *state;
    sqlite3 *other = NULL;
    int rc = sqlite3_open(b->w->base->path, &other);
    while (rc == SQLITE_OK && b->changes < 3) {
        rc = sqlite3_exec(other, "INSERT INTO t (x) VALUES ('y')", NULL, NULL, NULL);
        uv_run(&b->w->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(rc, SQLITE_OK);
}

/* The file that is watched is one, and that of the writer another, in whose directory nobody sees the commit:
 * as one that was under way for long looks when it becomes visible. */
static void late_commit_is_told(void **state)
{
    struct bench *b = *state;
    char dir[128], path[160];
    name_beside(b, "elsewhere", dir);
    snprintf(path, sizeof path, "%s/t.db", dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(fixture_write_file(path, "", 0, 0600), 0);
    db_watch_destroy(b->watch);
    assert_int_equal(
        db_watch_create(&b->w->loop, path, b->w->writer, note_replaced, b, &b->watch, &b->w->base->e), 0);
    assert_int_equal(chmod(path, 0640), 0);
    settle(b);
    assert_int_equal(fixture_exec(b->w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    wait_for_changes(b, 1);
}

static void link_leads_to_the_file(void **state)
{
    struct bench *b = *state;
    char link[128];
    name_beside(b, "link.db", link);
    assert_int_equal(symlink(b->w->base->path, link), 0);
    db_watch_destroy(b->watch);
    assert_int_equal(
        db_watch_create(&b->w->loop, link, b->w->writer, note_replaced, b, &b->watch, &b->w->base->e), 0);
    assert_int_equal(fixture_exec(b->w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    wait_for_changes(b, 1);
    delete_database(b);
    settle(b);
    assert_int_equal(b->replacements, 1);
}

static void missing_file_is_an_error(void **state)
{
    struct bench *b = *state;
    struct db_watch *watch = NULL;
    assert_code(
        db_watch_create(&b->w->loop, "/nowhere/t.db", b->w->writer, note_replaced, b, &watch, &b->w->base->e),
        ERR_NOT_FOUND, b->w->base->e);
    assert_null(watch);
}

static void idle_is_idle(void **state)
{
    struct bench *b = *state;
    settle(b);
    assert_true(is_idle(b, 50));
    int before = b->turns;
    assert_int_equal(fixture_exec(b->w->base, "INSERT INTO t (id) VALUES (1001)"), SQLITE_OK);
    while (!is_idle(b, 50)) {
        turn(b);
    }
    assert_int_equal(b->changes, 1);
    /* The writes, all at once; the kernel's word that the watch rests; the end of the rest; what the writer
     * found; the last question. */
    assert_in_range(b->turns - before, 2, 6);
}

static int write_many_pages(struct db *db, void *arg UNUSED, struct err *e)
{
    return db_exec(db, "INSERT INTO t (x) VALUES (hex(zeroblob(800000)))", e);
}

/* The kernel tells of each page; the loop wakes for the answers, and for the watch ten times a second. */
static void own_pages_do_not_wake_the_loop(void **state)
{
    struct bench *b = *state;
    const int commits = 20;
    uint64_t started_ns = uv_hrtime();
    for (int i = 0; i < commits; i++) {
        submit(b->w, write_many_pages, i);
        wait_for(b->w, i + 1);
    }
    int rests = (int)((uv_hrtime() - started_ns) / 100000000) + 1;
    assert_in_range(b->turns, commits, 2 * commits + 5 * rests);
    assert_int_equal(b->changes, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(write_of_another_is_told),
        T(own_write_is_not_told),
        T(checkpoint_is_no_replacement),
        T(own_checkpoint_is_nothing),
        T(file_that_is_another_is_told_once),
        T(what_was_put_back_is_what_is_read),
        T(script_of_another_is_not_disturbed),
        T(late_commit_is_told),
        T(link_leads_to_the_file),
        T(missing_file_is_an_error),
        T(idle_is_idle),
        T(own_pages_do_not_wake_the_loop),
    };
    return cmocka_run_group_tests_name("daemon/db_watch", tests, NULL, NULL);
}
