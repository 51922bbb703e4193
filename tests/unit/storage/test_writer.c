/* The storage thread: order, grouping, what one failing request does to the others. */
#include "tests/unit/storage/writer_fixture.h"

static void every_request_is_answered_once_in_order(void **state)
{
    struct writer_fixture *w = *state;
    for (int i = 0; i < WRITER_MAX_JOBS; i++) {
        submit(w, insert, i);
    }
    wait_for(w, WRITER_MAX_JOBS);
    for (int i = 0; i < WRITER_MAX_JOBS; i++) {
        assert_int_equal(w->jobs[i].code, 0);
        assert_int_equal(w->jobs[i].calls, 1);
        assert_int_equal(w->jobs[i].order, i);
        assert_false(w->jobs[i].was_submitting);
    }
    assert_true(w->was_on_loop);
    assert_int_equal(fixture_query(w->base, "SELECT count(*) FROM t"), WRITER_MAX_JOBS);
}

static void what_waits_together_is_one_transaction(void **state)
{
    struct writer_fixture *w = *state;
    int64_t commits, requests;
    w->jobs[0].waits = true;
    for (int i = 0; i < 100; i++) {
        submit(w, insert, i);
    }
    uv_sem_post(&w->gate);
    wait_for(w, 100);
    writer_stats(w->writer, &commits, &requests);
    assert_int_equal(commits, 1); /* the clock of the test stands still, so that nothing takes long */
    assert_int_equal(requests, 100);
}

static void group_has_an_end(void **state)
{
    struct writer_fixture *w = *state;
    int64_t commits, requests;
    w->jobs[0].waits = true;
    for (int i = 0; i < 600; i++) {
        submit(w, insert, i);
    }
    uv_sem_post(&w->gate);
    wait_for(w, 600);
    writer_stats(w->writer, &commits, &requests);
    assert_int_equal(commits, 3);
    assert_int_equal(requests, 600);
}

/* On the storage thread; nobody else reads this clock while it runs. */
static int insert_slowly(struct db *db, void *arg, struct err *e)
{
    struct job *job = arg;
    int r = insert(db, arg, e);
    job->owner->base->time.wall_ms += 51;
    return r;
}

static void slow_request_ends_its_group(void **state)
{
    struct writer_fixture *w = *state;
    int64_t commits, requests;
    w->jobs[0].waits = true;
    submit(w, insert_slowly, 0);
    for (int i = 1; i < 10; i++) {
        submit(w, insert, i);
    }
    uv_sem_post(&w->gate);
    wait_for(w, 10);
    writer_stats(w->writer, &commits, &requests);
    assert_int_equal(commits, 2);
}

static void failing_request_undoes_only_itself(void **state)
{
    struct writer_fixture *w = *state;
    w->jobs[0].waits = true;
    w->jobs[1].fail_with = ERR_CANCELLED;
    w->jobs[3].id = 1; /* taken by job 0 */
    for (int i = 0; i < 5; i++) {
        submit(w, insert, i);
    }
    uv_sem_post(&w->gate);
    wait_for(w, 5);
    static const int expected[] = {0, ERR_CANCELLED, 0, ERR_EXISTS, 0};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(w->jobs[i].code, expected[i]);
    }
    assert_int_equal(fixture_query(w->base, "SELECT sum(id) FROM t"), 1 + 3 + 5);
}

static int leave_savepoint(struct db *db, void *arg, struct err *e)
{
    int r = insert(db, arg, e);
    return r < 0 ? r : db_savepoint(db, e);
}

static int end_transaction(struct db *db, void *arg, struct err *e)
{
    int r = insert(db, arg, e);
    db_rollback(db);
    return r;
}

static void misbehaving_requests_are_bugs(void **state)
{
    struct writer_fixture *w = *state;
    w->jobs[0].waits = true;
    submit(w, insert, 0);
    submit(w, leave_savepoint, 1);
    submit(w, insert, 2);
    uv_sem_post(&w->gate);
    wait_for(w, 3);
    assert_int_equal(w->jobs[0].code, 0);
    assert_int_equal(w->jobs[1].code, ERR_BUG);
    assert_int_equal(w->jobs[2].code, 0);
    assert_int_equal(fixture_query(w->base, "SELECT sum(id) FROM t"), 1 + 3);

    w->jobs[3].waits = true;
    submit(w, insert, 3);
    submit(w, end_transaction, 4);
    submit(w, insert, 5);
    uv_sem_post(&w->gate);
    wait_for(w, 6);
    assert_int_equal(w->jobs[3].code, ERR_BUG); /* undone, and it is told */
    assert_int_equal(w->jobs[4].code, ERR_BUG);
    assert_int_equal(w->jobs[5].code, 0);
    assert_int_equal(fixture_query(w->base, "SELECT sum(id) FROM t"), 1 + 3 + 6);
}

static void locked_database_fails_the_waiting_ones_and_goes_on(void **state)
{
    struct writer_fixture *w = *state;
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(w->base->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    submit(w, insert, 0);
    wait_for(w, 1);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    submit(w, insert, 1);
    wait_for(w, 2);
    assert_int_equal(w->jobs[0].code, ERR_DB_BUSY);
    assert_int_equal(w->jobs[1].code, 0);
    assert_int_equal(fixture_query(w->base, "SELECT sum(id) FROM t"), 2);
}

static int fill_disk(struct db *db, void *arg, struct err *e)
{
    static const char sql[] = "INSERT INTO t (id, x) VALUES ($1, $2)";
    struct job *job = arg;
    static char big[400000];
    memset(big, 'x', sizeof big);
    int r = db_exec(db, "PRAGMA max_page_count = 6", e);
    if (r < 0) {
        return r;
    }
    struct stmt *s = db_stmt(db, sql);
    stmt_int(s, 1, job->id);
    stmt_text_n(s, 2, big, sizeof big);
    return stmt_run(s, e);
}

static void full_disk_is_told_to_everybody_it_hits(void **state)
{
    struct writer_fixture *w = *state;
    w->jobs[0].waits = true;
    submit(w, insert, 0);
    submit(w, fill_disk, 1);
    submit(w, insert, 2);
    uv_sem_post(&w->gate);
    wait_for(w, 3);
    assert_int_equal(w->jobs[1].code, ERR_DB_FULL);
    /* Whatever was answered with success is in the file, and nothing else. */
    int64_t sum = 0;
    for (int i = 0; i < 3; i++) {
        sum += w->jobs[i].code == 0 ? w->jobs[i].id : 0;
    }
    assert_int_equal(w->jobs[2].code, 0);
    assert_int_equal(fixture_query(w->base, "SELECT coalesce(sum(id), 0) FROM t"), sum);
}

static int get_over_error(struct db *db, void *arg, struct err *e)
{
    if (db_exec(db, "INSERT INTO nowhere VALUES (1)", e) == 0) {
        return ERR_BUG;
    }
    return insert(db, arg, NULL);
}

static int fail_without_words(struct db *db UNUSED, void *arg UNUSED, struct err *e UNUSED)
{
    return ERR_NOT_FOUND;
}

static void the_result_decides_and_not_the_message(void **state)
{
    struct writer_fixture *w = *state;
    submit(w, get_over_error, 0);
    submit(w, fail_without_words, 1);
    wait_for(w, 2);
    assert_int_equal(w->jobs[0].code, 0);
    assert_int_equal(w->jobs[1].code, ERR_NOT_FOUND);
    assert_int_equal(fixture_query(w->base, "SELECT count(*) FROM t"), 1);
}

static void destroy_finishes_what_was_submitted(void **state)
{
    struct writer_fixture *w = *state;
    w->jobs[0].waits = true;
    for (int i = 0; i < 20; i++) {
        submit(w, insert, i);
    }
    writer_submit(w->writer, insert, NULL, &w->jobs[20]);
    uv_sem_post(&w->gate);
    finish(w);
    assert_true(w->is_closed);
    assert_int_equal(w->done_count, 20);
    assert_int_equal(fixture_query(w->base, "SELECT count(*) FROM t"), 21);
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", w->base->path);
    assert_int_not_equal(access(wal, F_OK), 0); /* closed: SQLite took its log away */
}

static void destroy_of_an_idle_writer(void **state)
{
    struct writer_fixture *w = *state;
    finish(w);
    assert_true(w->is_closed);
    assert_int_equal(w->done_count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, writer_fixture_setup, writer_fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(every_request_is_answered_once_in_order),
        T(what_waits_together_is_one_transaction),
        T(group_has_an_end),
        T(slow_request_ends_its_group),
        T(failing_request_undoes_only_itself),
        T(misbehaving_requests_are_bugs),
        T(locked_database_fails_the_waiting_ones_and_goes_on),
        T(full_disk_is_told_to_everybody_it_hits),
        T(the_result_decides_and_not_the_message),
        T(destroy_finishes_what_was_submitted),
        T(destroy_of_an_idle_writer),
    };
    return cmocka_run_group_tests_name("storage_writer", tests, NULL, NULL);
}
