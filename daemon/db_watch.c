#include "daemon/db_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/mem.h"

struct db_watch {
    uv_fs_event_t event; /* of the directory */
    struct writer *writer;
    char *path;     /* links resolved: the log is beside the file itself */
    char *log_name; /* without directory */
    dev_t device;   /* with the inode: the file that is open */
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
        return err_set(
            e, ERR_GONE, 0,
            "database %s was replaced by another file while in use: start again with that one; stop the "
            "service before a copy is put back",
            w->path);
    }
    return 0;
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status UNUSED)
{
    struct db_watch *w = event->data;
    struct err why = {0};
    if ((events & UV_RENAME) && check_file(w, &why) < 0) {
        uv_fs_event_stop(event);
        w->replaced(w->arg, &why);
    } else if (strcmp(name, w->log_name) == 0) {
        writer_poke(w->writer);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct db_watch *w = handle->data;
    free(w->path);
    free(w->log_name);
    free(w);
}

static int start(struct db_watch *w, struct err *e)
{
    struct stat st;
    const char *name = strrchr(w->path, '/') + 1;
    CLEANUP_FREE char *directory = mem_strndup(w->path, (size_t)(name - w->path));
    w->log_name = mem_printf("%s-wal", name);
    int r = uv_fs_event_start(&w->event, on_event, directory, 0);
    if (r < 0) {
        return err_set(e, ERR_IO, r,
                       "the kernel does not watch %s (%s): changes by others would go unseen; see "
                       "fs.inotify.max_user_watches and max_user_instances in sysctl",
                       directory, uv_strerror(r));
    }
    /* After the watch has begun, so that nothing happens between the two. */
    if (stat(w->path, &st) < 0) {
        return err_set(e, ERR_IO, errno, "database %s: %s", w->path, strerror(errno));
    }
    w->device = st.st_dev;
    w->inode = st.st_ino;
    return 0;
}

int db_watch_create(uv_loop_t *loop, const char *path, struct writer *writer,
                    void (*replaced)(void *arg, const struct err *why), void *arg,
                    struct db_watch **ret_watch, struct err *e)
{
    char *real = realpath(path, NULL);
    if (!real) {
        return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "database %s: %s", path,
                       strerror(errno));
    }
    struct db_watch *w = mem_calloc(1, sizeof *w);
    *w = (struct db_watch){.writer = writer, .path = real, .replaced = replaced, .arg = arg};
    uv_fs_event_init(loop, &w->event); /* can not fail on Linux */
    w->event.data = w;
    int r = start(w, e);
    if (r < 0) {
        db_watch_destroy(w);
        return r;
    }
    *ret_watch = w;
    return 0;
}

void db_watch_destroy(struct db_watch *w)
{
    if (w) {
        uv_close((uv_handle_t *)&w->event, on_closed);
    }
}
