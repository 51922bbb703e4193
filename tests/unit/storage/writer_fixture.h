/* writer_fixture - a writer over a small table, its loop, and requests that note what became of them. */
#ifndef TESTS_UNIT_STORAGE_WRITER_FIXTURE_H
#define TESTS_UNIT_STORAGE_WRITER_FIXTURE_H

#include <uv.h>

#include "storage/writer.h"
#include "tests/unit/storage/store_fixture.h"

#define WRITER_MAX_JOBS 700

struct writer_fixture;

struct job {
    struct writer_fixture *owner;
    int64_t id;
    int fail_with; /* 0: the work succeeds */
    bool waits;    /* for the gate, so that the others queue up behind it */
    int calls;
    int code; /* what done was told; 1 before */
    int order;
    bool was_submitting;
};

struct writer_fixture {
    struct fixture *base;
    uv_loop_t loop;
    struct writer *writer;
    uv_sem_t gate;
    bool is_submitting;
    int done_count;
    bool is_closed;
    uv_thread_t loop_thread;
    bool was_on_loop;
    struct job jobs[WRITER_MAX_JOBS];
};

static inline int writer_fixture_setup(void **state)
{
    if (fixture_setup_bare(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    struct writer_fixture *w = mem_calloc(1, sizeof *w);
    w->base = f;
    *state = w;
    w->loop_thread = uv_thread_self();
    w->was_on_loop = true;
    for (int i = 0; i < WRITER_MAX_JOBS; i++) {
        w->jobs[i] = (struct job){.owner = w, .id = i + 1, .code = 1};
    }
    struct db *db = NULL;
    if (uv_loop_init(&w->loop) != 0 || uv_sem_init(&w->gate, 0) != 0 ||
        fixture_open(f, DB_CREATE, &db) != 0) {
        return -1;
    }
    int r = db_exec(
        db, "PRAGMA application_id = 0x61613031; CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT) STRICT",
        &f->e);
    return r < 0 ? r : writer_create(&w->loop, db, &w->writer, &f->e);
}

static inline void note_closed(void *arg)
{
    ((struct writer_fixture *)arg)->is_closed = true;
}

static inline void finish(struct writer_fixture *w)
{
    if (w->writer) {
        writer_destroy(w->writer, note_closed, w);
        w->writer = NULL;
        uv_run(&w->loop, UV_RUN_DEFAULT);
    }
}

static inline int writer_fixture_teardown(void **state)
{
    struct writer_fixture *w = *state;
    finish(w);
    int r = w->is_closed ? 0 : -1;
    if (uv_loop_close(&w->loop) != 0) {
        print_error("a handle was left in the loop\n");
        r = -1;
    }
    uv_sem_destroy(&w->gate);
    *state = w->base;
    free(w);
    int r2 = fixture_teardown_bare(state);
    return r ? r : r2;
}

static inline int insert(struct db *db, void *arg, struct err *e)
{
    struct job *job = arg;
    if (job->waits) {
        uv_sem_wait(&job->owner->gate);
    }
    struct stmt *s = db_stmt(db, "INSERT INTO t (id) VALUES ($1)");
    stmt_int(s, 1, job->id);
    int r = stmt_run(s, e);
    if (r == 0 && job->fail_with) {
        r = err_set(e, job->fail_with, 0, "as asked");
    }
    return r;
}

static inline void note_done(void *arg, const struct err *e)
{
    struct job *job = arg;
    struct writer_fixture *w = job->owner;
    uv_thread_t self = uv_thread_self();
    w->was_on_loop = w->was_on_loop && uv_thread_equal(&self, &w->loop_thread);
    job->calls++;
    job->code = e ? e->code : 0;
    job->order = w->done_count++;
    job->was_submitting = w->is_submitting;
}

static inline void submit(struct writer_fixture *w, writer_work work, int i)
{
    w->is_submitting = true;
    writer_submit(w->writer, work, note_done, &w->jobs[i]);
    w->is_submitting = false;
}

static inline void wait_for(struct writer_fixture *w, int n)
{
    while (w->done_count < n) {
        uv_run(&w->loop, UV_RUN_ONCE);
    }
}

#endif
