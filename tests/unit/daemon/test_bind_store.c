/* The store port over the storage thread: a whole run, always answered later, on the loop. */
#include "tests/lib/archive_fixture.h"

#include <uv.h>

#include "daemon/bind_store.h"

/* What the last answer was. */
struct answer {
    bool came;
    int code;
    char msg[320];
    size_t n_jobs;
    struct job job; /* the first one, without its text */
    struct taken taken;
    struct run_counts counts;
};

struct bench {
    struct fixture *f;
    uv_loop_t loop;
    struct writer *writer;
    struct bind_store *bind;
    const struct store_port *port;
    struct answer answer;
    bool is_closed;
};

static void note(struct bench *b, const struct err *e)
{
    b->answer.came = true;
    b->answer.code = e ? e->code : 0;
    snprintf(b->answer.msg, sizeof b->answer.msg, "%s", e ? e->msg : "");
}

static void on_done(void *arg, const struct err *e)
{
    note(arg, e);
}

static void on_jobs(void *arg, const struct err *e, struct job *jobs, size_t n)
{
    struct bench *b = arg;
    note(b, e);
    b->answer.n_jobs = n;
    if (n > 0) {
        b->answer.job = jobs[0];
    }
    for (size_t i = 0; i < n; i++) {
        job_finish(&jobs[i]); /* what is looked at afterwards is no text */
    }
    free(jobs);
}

static void on_taken(void *arg, const struct err *e, struct taken *taken)
{
    struct bench *b = arg;
    note(b, e);
    if (taken) {
        b->answer.taken = *taken;
    }
}

static void on_counts(void *arg, const struct err *e, const struct run_counts *counts)
{
    struct bench *b = arg;
    note(b, e);
    if (counts) {
        b->answer.counts = *counts;
    }
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
    assert_int_equal(uv_loop_init(&b->loop), 0);
    OK(writer_create(&b->loop, b->f->db, &b->writer, e));
    b->f->db = NULL; /* the writer's now */
    b->bind = bind_store_create(b->writer, b->f->instance_id);
    b->port = bind_store_port(b->bind);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    void *f = b->f;
    bind_store_destroy(b->bind);
    if (b->writer) {
        writer_destroy(b->writer, on_closed, b);
        uv_run(&b->loop, UV_RUN_DEFAULT);
    }
    int r = uv_loop_close(&b->loop);
    fixture_tear_down(&f);
    r = b->is_closed ? r : -1;
    free(b);
    return r;
}

/* Waits for the answer of a call, which did not come from inside it. */
static struct answer *answer_of(struct bench *b)
{
    assert_false(b->answer.came);
    while (!b->answer.came) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    b->answer.came = false;
    return &b->answer;
}

static void expect(struct bench *b, int code)
{
    struct answer *a = answer_of(b);
    if (a->code != code) {
        fail_msg("%s instead of %s: %s", err_name(a->code), err_name(code), a->msg);
    }
}

/* Plans and takes a run of job 1. */
static struct run begin(struct bench *b)
{
    struct wish wish = {1, b->f->clock.now_ms, date("2026-03-01"), date("2026-04-01"), false, 0, 0, false};
    b->port->wish(b->port->self, &wish, 1, (struct run_asker){TRIGGER_SIGNAL, 7, 8}, on_done, b);
    expect(b, 0);
    assert_true(wish.is_new && wish.run_id > 0);
    b->port->take(b->port->self, b->f->clock.now_ms, 4, 4, on_taken, b);
    expect(b, 0);
    assert_int_equal(b->answer.taken.n, 1);
    assert_true(b->answer.taken.next_wake_ms == PORT_NEVER);
    struct run run = b->answer.taken.runs[0];
    free(b->answer.taken.runs);
    b->answer.taken = (struct taken){0};
    return run;
}

static const struct ev evs[] = {
    {.id = "A", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00"},
    {.id = "B", .start = "2026-03-10 09:00", .end = "2026-03-10 10:00"},
};

static void test_jobs(void **state)
{
    struct bench *b = *state;
    b->port->jobs_due(b->port->self, b->f->clock.now_ms, 5, on_jobs, b);
    expect(b, 0);
    assert_int_equal(b->answer.n_jobs, 1);
    assert_int_equal(b->answer.job.id, 1);
    b->port->jobs(b->port->self, 0, 9, on_jobs, b);
    expect(b, 0);
    assert_int_equal(b->answer.n_jobs, 1);
    b->answer.n_jobs = 9;
    b->port->job(b->port->self, 5, on_jobs, b);
    expect(b, ERR_NOT_FOUND);
    assert_int_equal(b->answer.n_jobs, 0);
    assert_string_equal(b->answer.msg, "there is no job 5");
}

/* The entry lives on this stack only until the call is back, as the runner's do. */
static void advance(struct bench *b, struct run *run)
{
    char message[] = "calendar found";
    struct audit_entry child = {.action_type = "archive",
                                .operation = "resolve",
                                .status = "success",
                                .message = message,
                                .duration_ms = -1};
    b->port->advance(b->port->self, run, &child, on_done, b);
    memset(message, 'x', sizeof message - 1);
    child = (struct audit_entry){0};
}

static void test_a_run(void **state)
{
    struct bench *b = *state;
    struct run run = begin(b);
    struct window window = scene_window(&run);
    advance(b, &run);
    expect(b, 0);
    b->port->stage(b->port->self, &run, make_page(evs, 2, NULL), on_counts, b);
    expect(b, 0);
    assert_int_equal(b->answer.counts.fetched, 2);
    run.counts = b->answer.counts;
    b->port->transform(b->port->self, &run, &window, scene_rules, on_counts, b);
    expect(b, 0);
    assert_int_equal(b->answer.counts.verdicts[VERDICT_DUPLICATE], 1);
    run.counts = b->answer.counts;
    b->port->store(b->port->self, &run, &window, on_counts, b);
    expect(b, 0);
    assert_int_equal(b->answer.counts.inserted, 1);
    run.counts = b->answer.counts;
    struct audit_entry closing = {.status = "success", .message = "done", .duration_ms = 5};
    b->port->close(b->port->self, &run, OUTCOME_SUCCESS, NULL, &closing, on_done, b);
    expect(b, 0);
    b->port->close(b->port->self, &run, OUTCOME_SUCCESS, NULL, &closing, on_done, b);
    expect(b, ERR_CANCELLED);
    run_finish(&run);

    writer_destroy(b->writer, on_closed, b);
    b->writer = NULL;
    uv_run(&b->loop, UV_RUN_DEFAULT);
    fixture_open(b->f);
    assert_int_equal(fixture_int(b->f, "SELECT count(*) FROM appointments"), 1);
    assert_int_equal(fixture_int(b->f,
                                 "SELECT count(*) FROM audit_log WHERE operation = 'resolve' AND "
                                 "message = 'calendar found' OR status = 'success' AND message = 'done'"),
                     2);
    assert_int_equal(fixture_int(b->f, "SELECT count(*) FROM job_runs WHERE asked_pid = 7 AND asked_uid = 8"),
                     1);
}

/* Pages are taken when the call fails, too (a leak checker watches), and why is not the caller's any more. */
static void test_failures(void **state)
{
    struct bench *b = *state;
    struct run run = begin(b);
    struct err why = {.code = ERR_NET, .msg = "no route"};
    b->port->suspend(b->port->self, &run, 0, &why, on_done, b);
    why = (struct err){0};
    expect(b, 0);
    b->port->stage(b->port->self, &run, make_page(evs, 2, NULL), on_counts, b);
    expect(b, ERR_CANCELLED);
    run_finish(&run);
    b->port->take(b->port->self, b->f->clock.now_ms, 4, 4, on_taken, b);
    expect(b, 0);
    assert_int_equal(b->answer.taken.n, 1);
    run = b->answer.taken.runs[0];
    free(b->answer.taken.runs);
    run_finish(&run);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_jobs),
        TEST(test_a_run),
        TEST(test_failures),
    };
    return cmocka_run_group_tests_name("daemon/bind_store", tests, NULL, NULL);
}
