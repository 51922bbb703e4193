#include "daemon/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/messages.h"
#include "daemon/metrics_text.h"

struct metrics {
    uv_loop_t *loop;
    struct writer *writer;
    char *path;
    char *new_path; /* beside it; becomes it */
    char *version;
    bool is_busy;
    bool wants_more; /* another write after the one under way */
    bool is_ending;
    uv_work_t work;
    struct figures figures; /* of the write under way */
    struct err error;       /* of its file; code 0: none */
    struct err told;        /* the latest warning; code 0: the file is written */
};

static void begin(struct metrics *m);

struct metrics *metrics_create(uv_loop_t *loop, struct writer *writer, const char *path, const char *version)
{
    if (!*path) {
        return NULL;
    }
    struct metrics *m = mem_calloc(1, sizeof *m);
    m->loop = loop;
    m->writer = writer;
    m->path = mem_strdup(path);
    m->new_path = mem_printf("%s.new", path);
    m->version = mem_strdup(version);
    return m;
}

static void free_metrics(struct metrics *m)
{
    free(m->path);
    free(m->new_path);
    free(m->version);
    free(m);
}

void metrics_destroy(struct metrics *m)
{
    if (m && m->is_busy) {
        m->is_ending = true;
    } else if (m) {
        free_metrics(m);
    }
}

/* ---- on the pool ---- */

static int open_new(const struct metrics *m, FILE **ret_file)
{
    int fd = open(m->new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        return -1;
    }
    *ret_file = fchmod(fd, 0644) == 0 ? fdopen(fd, "w") : NULL;
    if (!*ret_file) {
        close(fd);
        return -1;
    }
    return 0;
}

/* -1 with errno. */
static int write_new(const struct metrics *m)
{
    FILE *file;
    if (open_new(m, &file) < 0) {
        return -1;
    }
    errno = 0;
    metrics_text_write(file, &m->figures, m->version);
    bool ok = fflush(file) == 0 && !ferror(file);
    int native = errno ? errno : EIO;
    fclose(file);
    errno = native;
    return ok ? 0 : -1;
}

static void write_file(uv_work_t *work)
{
    struct metrics *m = work->data;
    m->error = (struct err){0};
    if (write_new(m) < 0 || rename(m->new_path, m->path) < 0) {
        int native = errno;
        err_set(&m->error, ERR_IO, native, "the metrics file %s can not be written: %s", m->path,
                strerror(native));
        unlink(m->new_path);
    }
}

/* ---- on the loop ---- */

static void tell(struct metrics *m, const struct err *e)
{
    if (!e && m->told.code) {
        log_write(LOG_LEVEL_NOTICE, NULL, NULL, "the metrics file %s is written again", m->path);
    } else if (e && strcmp(m->told.msg, e->msg) != 0) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL, "%s; not said again until this changes", e->msg);
    }
    m->told = e ? *e : (struct err){0};
}

static void end(struct metrics *m)
{
    figures_finish(&m->figures);
    m->is_busy = false;
    if (m->is_ending) {
        free_metrics(m);
    } else if (m->wants_more) {
        begin(m);
    }
}

static void on_written(uv_work_t *work, int status UNUSED)
{
    struct metrics *m = work->data;
    tell(m, m->error.code ? &m->error : NULL);
    end(m);
}

static void on_read(void *arg, const struct err *e)
{
    struct metrics *m = arg;
    if (e) {
        struct err why = *e;
        err_prefix(&why, "the metrics file %s can not be written", m->path);
        tell(m, &why);
        end(m);
        return;
    }
    m->work.data = m;
    uv_queue_work(m->loop, &m->work, write_file, on_written);
}

/* On the storage thread. */
static int read_figures(struct db *db, void *arg, struct err *e)
{
    struct metrics *m = arg;
    return figures_read(db, &m->figures, e);
}

static void begin(struct metrics *m)
{
    m->is_busy = true;
    m->wants_more = false;
    writer_submit(m->writer, read_figures, on_read, m);
}

void metrics_write(struct metrics *m)
{
    if (m && m->is_busy) {
        m->wants_more = true;
    } else if (m) {
        begin(m);
    }
}
