/* The file: written whole, by rename, readable for everybody; and what is said when it can not be. */
#include "tests/lib/archive_fixture.h"

#include <sys/stat.h>
#include <uv.h>

#include "base/buf.h"
#include "base/log.h"
#include "daemon/metrics.h"

struct bench {
    struct fixture *f;
    uv_loop_t loop;
    struct writer *writer;
    struct metrics *metrics;
    char path[128];
    mode_t umask;
    int n_lines; /* logged */
    enum log_level level;
    char line[512];
};

static void on_log(void *arg, enum log_level level, const char *id UNUSED,
                   const struct log_field *fields UNUSED, const char *text)
{
    struct bench *b = arg;
    b->n_lines++;
    b->level = level;
    snprintf(b->line, sizeof b->line, "%s", text);
}

static int set_up(void **state)
{
    struct bench *b = mem_calloc(1, sizeof *b);
    void *f;
    fixture_set_up(&f);
    b->f = f;
    snprintf(b->path, sizeof b->path, "%s/aa.prom", b->f->dir);
    uv_loop_init(&b->loop);
    OK(writer_create(&b->loop, b->f->db, &b->writer, e));
    b->f->db = NULL; /* the writer's now */
    b->metrics = metrics_create(&b->loop, b->writer, b->path, "1.2.3");
    b->umask = umask(0077);
    log_open(LOG_TO_STDERR_PLAIN, LOG_LEVEL_INFO);
    log_set_sink(on_log, b);
    *state = b;
    return 0;
}

static void end(struct bench *b)
{
    metrics_destroy(b->metrics);
    b->metrics = NULL;
    if (b->writer) {
        writer_destroy(b->writer, NULL, NULL);
        b->writer = NULL;
    }
    uv_run(&b->loop, UV_RUN_DEFAULT);
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    void *f = b->f;
    end(b);
    int r = uv_loop_close(&b->loop);
    log_set_sink(NULL, NULL);
    umask(b->umask);
    fixture_tear_down(&f);
    free(b);
    return r;
}

static int count_commits(const struct bench *b)
{
    int64_t commits, requests;
    writer_stats(b->writer, &commits, &requests);
    return (int)requests;
}

/* Until nothing of a write is under way: the storage thread's handle is the only one left. */
static void write_and_wait(struct bench *b)
{
    int before = count_commits(b);
    metrics_write(b->metrics);
    while (count_commits(b) == before) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    do {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    } while (b->loop.active_reqs.count > 0);
}

static void read_file(const char *path, struct buf *text)
{
    buf_init(text, 1 << 20);
    if (buf_read_file(text, path) < 0) {
        fail_msg("%s can not be read", path);
    }
}

static void test_written(void **state)
{
    struct bench *b = *state;
    struct buf text;
    struct stat st;
    end(b);
    fixture_open(b->f);
    fixture_add_user(b->f, 2);
    fixture_sql(b->f, "UPDATE users SET ms_auth_state = 'reauth_needed' WHERE id = 2");
    OK(writer_create(&b->loop, b->f->db, &b->writer, e));
    b->f->db = NULL;
    b->metrics = metrics_create(&b->loop, b->writer, b->path, "1.2.3");
    write_and_wait(b);
    end(b);
    read_file(b->path, &text);
    assert_non_null(strstr(buf_str(&text), "\nadmin_assistant_users{sign_in=\"needed\"} 1\n"));
    assert_non_null(strstr(buf_str(&text), "{job=\"2\",name=\"config 2\"} 0"));
    buf_finish(&text);
    assert_int_equal(stat(b->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    strcat(b->path, ".new");
    assert_int_not_equal(stat(b->path, &st), 0);
    assert_int_equal(b->n_lines, 0);
}

/* However many wishes come during a write, they are one write more. */
static void test_one_at_a_time(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 1000; i++) {
        metrics_write(b->metrics);
    }
    while (count_commits(b) < 2) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    do {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    } while (b->loop.active_reqs.count > 0);
    assert_int_equal(count_commits(b), 2);
    assert_int_equal(access(b->path, R_OK), 0);
}

static void test_said_once(void **state)
{
    struct bench *b = *state;
    assert_int_equal(mkdir(b->path, 0700), 0); /* a folder stands where the file should be */
    write_and_wait(b);
    write_and_wait(b);
    assert_int_equal(b->n_lines, 1);
    assert_int_equal(b->level, LOG_LEVEL_WARNING);
    assert_non_null(strstr(b->line, b->path));
    assert_non_null(strstr(b->line, "Is a directory"));
    assert_int_equal(rmdir(b->path), 0);
    write_and_wait(b);
    write_and_wait(b);
    assert_int_equal(b->n_lines, 2);
    assert_non_null(strstr(b->line, "is written again"));
    assert_int_equal(unlink(b->path), 0);
    assert_int_equal(mkdir(b->path, 0700), 0);
    write_and_wait(b);
    assert_int_equal(b->n_lines, 3);
    assert_int_equal(rmdir(b->path), 0);
    write_and_wait(b); /* the temporary file of a failed write stands in nobody's way */
    assert_int_equal(access(b->path, R_OK), 0);
}

static void test_no_such_folder(void **state)
{
    struct bench *b = *state;
    metrics_destroy(b->metrics);
    b->metrics = metrics_create(&b->loop, b->writer, "/nonexistent/aa.prom", "1");
    write_and_wait(b);
    assert_string_equal(b->line, "the metrics file /nonexistent/aa.prom can not be written: No such file or "
                                 "directory; not said again until this changes");
}

static void test_database_that_fails(void **state)
{
    struct bench *b = *state;
    end(b);
    fixture_open(b->f);
    fixture_sql(b->f, "DROP TABLE service_totals");
    OK(writer_create(&b->loop, b->f->db, &b->writer, e));
    b->f->db = NULL;
    b->metrics = metrics_create(&b->loop, b->writer, b->path, "1");
    write_and_wait(b);
    write_and_wait(b);
    assert_int_equal(b->n_lines, 1);
    assert_non_null(strstr(b->line, b->path));
    assert_int_not_equal(access(b->path, F_OK), 0);
}

/* An end at any moment waits for what is under way. */
static void test_end_in_mid_write(void **state)
{
    struct bench *b = *state;
    metrics_write(b->metrics);
    metrics_write(b->metrics);
    end(b);
    assert_int_equal(access(b->path, R_OK), 0);
}

static void test_not_wanted(void **state)
{
    struct bench *b = *state;
    assert_null(metrics_create(&b->loop, b->writer, "", "1"));
    metrics_write(NULL);
    metrics_destroy(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_written),        TEST(test_one_at_a_time),       TEST(test_said_once),
        TEST(test_no_such_folder), TEST(test_database_that_fails), TEST(test_end_in_mid_write),
        TEST(test_not_wanted),
    };
    return cmocka_run_group_tests_name("daemon/metrics", tests, NULL, NULL);
}
