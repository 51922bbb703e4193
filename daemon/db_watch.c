#include "daemon/db_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

#define REST_MS 100  /* between an event and the question, without watching */
#define LATE_MS 2000 /* between the last event and the last question: longer than a slow disk takes */

struct db_watch {
    uv_fs_event_t event;
    uv_timer_t timer;
    int open_handles;
    struct writer *writer;
    char *path;      /* links resolved: the log is beside the file itself */
    char *directory; /* of path */
    dev_t device;    /* with the inode: the file that is open */
    ino_t inode;
    void (*replaced)(void *arg, const struct err *why);
    void *arg;
};

/* Whether the file at the path is still the one that is open. */
static int check_file(const struct db_watch *w, struct err *e)
{
    struct stat st;
    if (stat(w->path, &st) < 0) {
        return err_set(
            e, ERR_GONE, errno,
            "database %s was taken away while in use (%s): put it back; stop the service before its "
            "database is moved",
            w->path, strerror(errno));
    }
    if (st.st_dev != w->device || st.st_ino != w->inode) {
        return err_set(e, ERR_GONE, 0,
                       "database %s was replaced by another file while in use: start again with that one; "
                       "stop the service before a copy is put back",
                       w->path);
    }
    return 0;
}

static void ask(struct db_watch *w)
{
    struct err why = {0};
    if (check_file(w, &why) == 0) {
        writer_poke(w->writer);
        return;
    }
    uv_fs_event_stop(&w->event);
    uv_timer_stop(&w->timer);
    w->replaced(w->arg, &why);
}

static void on_late(uv_timer_t *timer)
{
    ask(timer->data);
}

static void on_rested(uv_timer_t *timer);

static void on_event(uv_fs_event_t *event, const char *name UNUSED, int events UNUSED, int status UNUSED)
{
    struct db_watch *w = event->data;
    uv_fs_event_stop(event);
    uv_timer_start(&w->timer, on_rested, REST_MS, 0);
}

static void on_rested(uv_timer_t *timer)
{
    struct db_watch *w = timer->data;
    int r = uv_fs_event_start(&w->event, on_event, w->directory, 0);
    /* When the kernel is short of something, it is tried again, and asked all the same. */
    uv_timer_start(timer, r < 0 ? on_rested : on_late, r < 0 ? REST_MS : LATE_MS, 0);
    ask(w); /* after the watch has begun, so that nothing falls between the two */
}

static int start(struct db_watch *w, struct err *e)
{
    struct stat st;
    int r = uv_fs_event_start(&w->event, on_event, w->directory, 0);
    if (r < 0) {
        return err_set(e, ERR_IO, r,
                       "directory %s can not be watched for changes by others (%s): see fs.inotify in sysctl",
                       w->directory, uv_strerror(r));
    }
    if (stat(w->path, &st) < 0) {
        return err_set(e, ERR_IO, errno, "database %s: %s", w->path, strerror(errno));
    }
    w->device = st.st_dev;
    w->inode = st.st_ino;
    return 0;
}

static void init_handles(struct db_watch *w, uv_loop_t *loop)
{
    uv_fs_event_init(loop, &w->event);
    uv_timer_init(loop, &w->timer);
    w->event.data = w->timer.data = w;
    w->open_handles = 2;
}

int db_watch_create(uv_loop_t *loop, const char *path, struct writer *writer,
                    void (*replaced)(void *arg, const struct err *why), void *arg,
                    struct db_watch **ret_watch, struct err *e)
{
    char *real = realpath(path, NULL);
    if (!real) {
        int code = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
        return err_set(e, code, errno, "database %s: %s", path, strerror(errno));
    }
    struct db_watch *w = mem_calloc(1, sizeof *w);
    w->writer = writer;
    w->path = real;
    w->directory = mem_strndup(real, (size_t)(strrchr(real, '/') + 1 - real));
    w->replaced = replaced;
    w->arg = arg;
    init_handles(w, loop);
    int r = start(w, e);
    if (r < 0) {
        db_watch_destroy(w);
        return r;
    }
    *ret_watch = w;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct db_watch *w = handle->data;
    if (--w->open_handles == 0) {
        free(w->path);
        free(w->directory);
        free(w);
    }
}

void db_watch_destroy(struct db_watch *w)
{
    if (w) {
        uv_close((uv_handle_t *)&w->event, on_closed);
        uv_close((uv_handle_t *)&w->timer, on_closed);
    }
}
