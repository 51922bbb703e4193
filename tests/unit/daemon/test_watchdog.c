/* The watchdog: fed while the storage thread does something, silent when it does not, absent when nobody
 * watches. */
#include "tests/lib/archive_fixture.h"
#include "tests/lib/notify_socket.h"

#include <uv.h>

#include "base/log.h"
#include "daemon/notify.h"
#include "daemon/watchdog.h"

#define SILENCE_MAX_MS 60000
#define GATES          2 /* works that wait, at most */

struct bench {
    struct fixture *f;
    uv_loop_t loop;
    struct writer *writer;
    struct watchdog *watchdog;
    struct still_clock clock; /* the watchdog's alone: the fixture's is read by the storage thread */
    uv_sem_t arrived, gate;   /* the storage thread says that it is there, and waits */
    struct notify_socket manager;
    int n_complaints;
    bool is_closed;
};

static void note_line(void *arg, enum log_level level, const char *id UNUSED,
                      const struct log_field *fields UNUSED, const char *text UNUSED)
{
    ((struct bench *)arg)->n_complaints += level <= LOG_LEVEL_ERR;
}

static void on_closed(void *arg)
{
    ((struct bench *)arg)->is_closed = true;
}

static int set_up(void **state)
{
    struct bench *b = mem_calloc(1, sizeof *b);
    void *f;
    fixture_set_up(&f);
    b->f = f;
    b->clock = b->f->clock;
    notify_socket_open(&b->manager, b->f->dir);
    log_set_sink(note_line, b);
    assert_int_equal(uv_loop_init(&b->loop), 0);
    assert_int_equal(uv_sem_init(&b->gate, 0), 0);
    assert_int_equal(uv_sem_init(&b->arrived, 0), 0);
    OK(writer_create(&b->loop, b->f->db, &b->writer, e));
    b->f->db = NULL; /* the writer's now */
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    void *f = b->f;
    for (int n = 0; n < GATES; n++) {
        uv_sem_post(&b->gate); /* a test that failed has left it shut */
    }
    watchdog_destroy(b->watchdog);
    writer_destroy(b->writer, on_closed, b);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    int r = uv_loop_close(&b->loop);
    uv_sem_destroy(&b->gate);
    uv_sem_destroy(&b->arrived);
    log_set_sink(NULL, NULL);
    notify_socket_close(&b->manager);
    fixture_tear_down(&f);
    r = b->is_closed ? r : -1;
    free(b);
    return r;
}

static void watch(struct bench *b, int64_t period_ms)
{
    struct watchdog_config config = {.loop = &b->loop,
                                     .writer = b->writer,
                                     .clock = &b->clock.clock,
                                     .period_ms = period_ms,
                                     .silence_max_ms = SILENCE_MAX_MS};
    b->watchdog = watchdog_create(&config);
}

static bool was_fed(struct bench *b)
{
    return strstr(notify_socket_read(&b->manager), "WATCHDOG=1\n") != NULL;
}

static void turn(struct bench *b, int n)
{
    for (int i = 0; i < n; i++) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
}

static int wait_at_gate(struct db *db UNUSED, void *arg, struct err *e UNUSED)
{
    struct bench *b = arg;
    uv_sem_post(&b->arrived);
    uv_sem_wait(&b->gate);
    return 0;
}

/* Until the storage thread has answered once more and a tick has seen it. */
static void wait_for_answer(struct bench *b)
{
    int64_t commits, before, now;
    writer_stats(b->writer, &commits, &before);
    do {
        turn(b, 1);
        writer_stats(b->writer, &commits, &now);
    } while (now == before);
    (void)was_fed(b);
    while (!was_fed(b)) {
        turn(b, 1);
    }
}

static void test_fed_while_idle(void **state)
{
    struct bench *b = *state;
    watch(b, 2);
    for (int n = 0; n < 20; n++) {
        wait_for_answer(b);
        b->clock.now_ms += SILENCE_MAX_MS;
    }
    assert_int_equal(b->n_complaints, 0);
}

/* One long transaction is no reason to be killed; one that never ends is, and that is said once. */
static void test_starved_when_the_thread_is_stuck(void **state)
{
    struct bench *b = *state;
    writer_submit(b->writer, wait_at_gate, NULL, b);
    watch(b, 2);
    b->clock.now_ms += SILENCE_MAX_MS;
    turn(b, 3);
    assert_true(was_fed(b));

    b->clock.now_ms += 1;
    turn(b, 3);
    assert_false(was_fed(b));
    assert_int_equal(b->n_complaints, 1);

    uv_sem_post(&b->gate);
    while (!was_fed(b)) {
        turn(b, 1);
    }
    assert_int_equal(b->n_complaints, 1);
}

/* The empty request waits behind others that take their time; their ends are progress, too. */
static void test_counters_are_progress(void **state)
{
    struct bench *b = *state;
    writer_submit(b->writer, wait_at_gate, NULL, b);
    writer_submit(b->writer, wait_at_gate, NULL, b);
    uv_sem_wait(&b->arrived);
    watch(b, 2);
    turn(b, 2); /* the empty request is in the queue now */
    b->clock.now_ms += SILENCE_MAX_MS + 1;
    b->f->clock.now_ms += 1000; /* so long in one transaction: the writer commits before the next request */
    uv_sem_post(&b->gate);
    uv_sem_wait(&b->arrived); /* at the second one; the first is counted */
    (void)was_fed(b);
    turn(b, 3);
    assert_true(was_fed(b));
    assert_int_equal(b->n_complaints, 0);
    uv_sem_post(&b->gate);
}

static void test_nobody_watches(void **state)
{
    struct bench *b = *state;
    watch(b, 0);
    assert_null(b->watchdog);
    assert_int_equal(notify_watchdog_period_ms(), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    assert_int_equal(notify_watchdog_period_ms(), 30000);
    unsetenv("WATCHDOG_USEC");
}

/* The timer goes at once, the answer that is under way still comes. */
static void test_destroyed_while_asking(void **state)
{
    struct bench *b = *state;
    writer_submit(b->writer, wait_at_gate, NULL, b);
    watch(b, 2);
    turn(b, 2);
    watchdog_destroy(b->watchdog);
    b->watchdog = NULL;
    turn(b, 1);
    uv_sem_post(&b->gate);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_fed_while_idle),         TEST(test_starved_when_the_thread_is_stuck),
        TEST(test_counters_are_progress),  TEST(test_nobody_watches),
        TEST(test_destroyed_while_asking),
    };
    return cmocka_run_group_tests_name("daemon/watchdog", tests, NULL, NULL);
}
