#include "storage/writer.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"
#include "storage/db_private.h"

/* A group ends after so many requests, or when it has taken so long: whoever waits for a commit waits no
 * longer. */
#define GROUP_MAX    256
#define GROUP_MAX_MS 50

struct request {
    struct list link;
    writer_work work;
    writer_done done;
    void *arg;
    struct err error; /* code 0: done */
};

struct writer {
    struct db *db;
    uv_thread_t thread;
    uv_async_t async;
    uv_mutex_t mutex; /* guards the lists and flags below but answers */
    uv_cond_t cond;
    struct list waiting;
    struct list finished;
    struct list answers; /* loop thread only: finished, not told yet */
    bool is_poked;       /* look at the file, although nothing may be waiting */
    bool has_foreign;    /* somebody else wrote; not told yet */
    bool is_ending;      /* nothing more will be submitted */
    bool has_ended;      /* the thread is past its last request, the connection closed */
    void (*closed)(void *arg);
    void *closed_arg;
    void (*foreign_change)(void *arg); /* loop thread only */
    void *foreign_change_arg;
    int64_t seen_version; /* storage thread only, once it runs */
    _Atomic int64_t commits;
    _Atomic int64_t requests;
};

static struct request *request_of(struct list *item)
{
    return item ? CONTAINER_OF(item, struct request, link) : NULL;
}

/* ---- storage thread ---- */

static struct request *take_waiting(struct writer *w)
{
    uv_mutex_lock(&w->mutex);
    struct list *item = list_pop(&w->waiting);
    uv_mutex_unlock(&w->mutex);
    return request_of(item);
}

enum task {
    TASK_END, /* nothing waits, and nothing more will come */
    TASK_REQUESTS,
    TASK_LOOK, /* nothing waits, but somebody poked */
};

static enum task wait_for_task(struct writer *w)
{
    uv_mutex_lock(&w->mutex);
    while (list_is_empty(&w->waiting) && !w->is_poked && !w->is_ending) {
        uv_cond_wait(&w->cond, &w->mutex);
    }
    enum task task = !list_is_empty(&w->waiting) ? TASK_REQUESTS : w->is_ending ? TASK_END : TASK_LOOK;
    uv_mutex_unlock(&w->mutex);
    return task;
}

/* ---- storage thread: what others write ---- */

/* Reads only, and outside a transaction waits for nobody and keeps nobody waiting: an SQL shell has no busy
 * timeout and would fail.  Inside a write transaction nobody is half-way through a commit, so that the answer
 * is final. */
static void look(struct writer *w)
{
    int64_t version;
    uv_mutex_lock(&w->mutex);
    w->is_poked = false;
    uv_mutex_unlock(&w->mutex);
    if (db_data_version(w->db, &version, NULL) < 0 || version == w->seen_version) {
        return; /* what could not be asked now is seen by the next look */
    }
    w->seen_version = version;
    uv_mutex_lock(&w->mutex);
    w->has_foreign = true;
    uv_mutex_unlock(&w->mutex);
    uv_async_send(&w->async);
}

/* ---- storage thread: requests ---- */

static void fail_request(struct request *q, const struct err *error)
{
    if (!q->error.code) {
        q->error = *error;
    }
}

static void fail_all(struct list *group, const struct err *error)
{
    LIST_FOREACH (item, group) {
        fail_request(request_of(item), error);
    }
}

/* A work may not leave savepoints of its own behind, nor end the transaction that it shares with others. */
static int check_balance(struct db *db, int r, struct err *e)
{
    if (!db_in_transaction(db)) {
        return r < 0 ? r : err_set(e, ERR_BUG, 0, "a request ended the transaction that it was part of");
    }
    if (db->depth == 1) {
        return r;
    }
    while (db->depth > 1) {
        db_rollback_to(db);
    }
    return r < 0 ? r : err_set(e, ERR_BUG, 0, "a request left a savepoint open");
}

static void run_request(struct db *db, struct request *q)
{
    int r = db_savepoint(db, &q->error);
    if (r < 0) {
        return;
    }
    r = check_balance(db, q->work(db, q->arg, &q->error), &q->error);
    if (r >= 0) {
        r = db_release(db, &q->error);
    }
    if (r < 0) {
        db_rollback_to(db);
        if (!q->error.code) {
            err_set(&q->error, r, 0, "%s", err_text(r));
        }
    } else {
        q->error = (struct err){0}; /* of an attempt inside that the work got over */
    }
}

/* Runs what waits into `group`.  Stops early where a full disk made SQLite roll everything back. */
static void run_waiting(struct writer *w, struct list *group)
{
    const struct clock *clock = db_clock(w->db);
    int64_t started_ms = clock_mono_ms(clock);
    struct request *q;
    for (int n = 0; n < GROUP_MAX && (q = take_waiting(w)); n++) {
        list_append(group, &q->link);
        run_request(w->db, q);
        if (!db_in_transaction(w->db)) {
            struct err lost = q->error;
            fail_all(group, &lost);
            return;
        }
        if (clock_mono_ms(clock) - started_ms > GROUP_MAX_MS) {
            return;
        }
    }
}

static void take_group(struct writer *w, struct list *group)
{
    struct request *q;
    for (int n = 0; n < GROUP_MAX && (q = take_waiting(w)); n++) {
        list_append(group, &q->link);
    }
}

static void run_group(struct writer *w, struct list *group)
{
    struct err error = {0};
    if (db_begin(w->db, &error) < 0) {
        take_group(w, group);
        fail_all(group, &error);
        return;
    }
    look(w);
    run_waiting(w, group);
    if (!db_in_transaction(w->db)) {
        db_rollback(w->db); /* ours, which still thinks it is open */
        return;
    }
    if (db_commit(w->db, &error) < 0) {
        fail_all(group, &error);
        return;
    }
    atomic_fetch_add(&w->commits, 1);
}

static void hand_back(struct writer *w, struct list *group, bool has_ended)
{
    int64_t n = 0;
    LIST_FOREACH (item, group) {
        n++;
    }
    atomic_fetch_add(&w->requests, n);
    uv_mutex_lock(&w->mutex);
    list_move_all(&w->finished, group);
    w->has_ended = has_ended;
    /* Inside the lock: after it, a writer that has ended may be gone already. */
    uv_async_send(&w->async);
    uv_mutex_unlock(&w->mutex);
}

static void run_thread(void *arg)
{
    struct writer *w = arg;
    struct list group;
    sigset_t all;
    sigfillset(&all); /* signals are the loop thread's business */
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    (void)pthread_setname_np(pthread_self(), "aa-storage"); /* in ps -L, top -H, perf */
    list_init(&group);
    enum task task;
    while ((task = wait_for_task(w)) != TASK_END) {
        if (task == TASK_LOOK) {
            look(w);
        } else {
            run_group(w, &group);
            hand_back(w, &group, false);
        }
    }
    db_close(w->db);
    hand_back(w, &group, true);
}

/* ---- loop thread ---- */

static int init_locks(struct writer *w)
{
    int r = uv_mutex_init(&w->mutex);
    if (r < 0) {
        return r;
    }
    r = uv_cond_init(&w->cond);
    if (r < 0) {
        uv_mutex_destroy(&w->mutex);
    }
    return r;
}

static void free_writer(struct writer *w)
{
    uv_cond_destroy(&w->cond);
    uv_mutex_destroy(&w->mutex);
    free(w);
}

static void on_aborted(uv_handle_t *handle)
{
    free_writer(handle->data);
}

static void on_closed(uv_handle_t *handle)
{
    struct writer *w = handle->data;
    if (w->closed) {
        w->closed(w->closed_arg);
    }
    free_writer(w);
}

/* Answers are handed out a few at a time: each may start something, and the loop has other things to do, too.
 */
#define DONE_PER_TURN 32

static void on_async(uv_async_t *async)
{
    struct writer *w = async->data;
    struct request *q;
    uv_mutex_lock(&w->mutex);
    list_move_all(&w->answers, &w->finished);
    bool has_ended = w->has_ended;
    bool has_foreign = w->has_foreign;
    w->has_foreign = false;
    uv_mutex_unlock(&w->mutex);
    if (has_foreign && w->foreign_change) {
        w->foreign_change(w->foreign_change_arg);
    }
    for (int n = 0; n < DONE_PER_TURN && (q = request_of(list_pop(&w->answers))); n++) {
        if (q->done) {
            q->done(q->arg, q->error.code ? &q->error : NULL);
        }
        free(q);
    }
    if (!list_is_empty(&w->answers)) {
        uv_async_send(&w->async);
    } else if (has_ended && !uv_is_closing((uv_handle_t *)&w->async)) {
        uv_thread_join(&w->thread);
        uv_close((uv_handle_t *)&w->async, on_closed);
    }
}

static int fail_create(int native, struct err *e)
{
    return err_set(e, ERR_NOMEM, native, "the storage thread can not be started: %s", uv_strerror(native));
}

int writer_create(uv_loop_t *loop, struct db *db, struct writer **ret_writer, struct err *e)
{
    struct writer *w = mem_calloc(1, sizeof *w);
    w->db = db;
    list_init(&w->waiting);
    list_init(&w->finished);
    list_init(&w->answers);
    int r = db_data_version(db, &w->seen_version, e);
    if (r < 0) {
        free(w);
        return r;
    }
    r = init_locks(w);
    if (r < 0) {
        free(w);
        return fail_create(r, e);
    }
    r = uv_async_init(loop, &w->async, on_async);
    if (r < 0) {
        free_writer(w);
        return fail_create(r, e);
    }
    w->async.data = w;
    r = uv_thread_create(&w->thread, run_thread, w);
    if (r < 0) {
        uv_close((uv_handle_t *)&w->async, on_aborted);
        return fail_create(r, e);
    }
    *ret_writer = w;
    return 0;
}

void writer_submit(struct writer *w, writer_work work, writer_done done, void *arg)
{
    struct request *q = mem_calloc(1, sizeof *q);
    q->work = work;
    q->done = done;
    q->arg = arg;
    list_init(&q->link);
    uv_mutex_lock(&w->mutex);
    list_append(&w->waiting, &q->link);
    uv_cond_signal(&w->cond);
    uv_mutex_unlock(&w->mutex);
}

void writer_on_foreign_change(struct writer *w, void (*changed)(void *arg), void *arg)
{
    w->foreign_change = changed;
    w->foreign_change_arg = arg;
}

void writer_poke(struct writer *w)
{
    uv_mutex_lock(&w->mutex);
    w->is_poked = true;
    uv_cond_signal(&w->cond);
    uv_mutex_unlock(&w->mutex);
}

void writer_destroy(struct writer *w, void (*closed)(void *arg), void *arg)
{
    writer_on_foreign_change(w, NULL, NULL);
    uv_mutex_lock(&w->mutex);
    w->closed = closed;
    w->closed_arg = arg;
    w->is_ending = true;
    uv_cond_signal(&w->cond);
    uv_mutex_unlock(&w->mutex);
}

void writer_stats(const struct writer *w, int64_t *ret_commits, int64_t *ret_requests)
{
    *ret_commits = atomic_load(&w->commits);
    *ret_requests = atomic_load(&w->requests);
}
