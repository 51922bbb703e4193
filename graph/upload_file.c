#include "graph/upload_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file_hash.h"
#include "base/mem.h"

struct upload_file {
    uv_work_t work;
    char *path;
    unsigned char hash[FILE_HASH_LEN];
    struct buf bytes;
    unsigned char quick_xor[QUICK_XOR_LEN];
    struct err err;
    bool is_cancelled;
    upload_file_done done;
    void *arg;
};

static int check_hash(struct upload_file *f)
{
    if (file_hash_is_of(f->hash, buf_str(&f->bytes), f->bytes.len)) {
        return 0;
    }
    return err_set(&f->err, ERR_INVALID, 0,
                   "%.200s is no longer the file that was made; make it again with admin-assistant timesheet "
                   "export",
                   f->path);
}

static void on_pool(uv_work_t *work)
{
    struct upload_file *f = work->data;
    int r = buf_read_file(&f->bytes, f->path);
    if (r < 0) {
        err_set(&f->err, r, 0, "%.200s: %s", f->path, err_text(r));
    } else {
        (void)!check_hash(f);
        quick_xor(buf_str(&f->bytes), f->bytes.len, f->quick_xor);
    }
}

static void on_loaded(uv_work_t *work, int status UNUSED)
{
    struct upload_file *f = work->data;
    struct upload_bytes loaded = {.len = 0};
    if (f->is_cancelled) {
        err_set(&f->err, ERR_CANCELLED, 0, "%.200s: given up", f->path);
    }
    if (f->err.code == 0) {
        memcpy(loaded.quick_xor, f->quick_xor, sizeof loaded.quick_xor);
        loaded.bytes = buf_steal(&f->bytes, &loaded.len);
    }
    f->done(f->arg, f->err.code ? &f->err : NULL, f->err.code ? NULL : &loaded);
    buf_finish(&f->bytes);
    free(f->path);
    free(f);
}

struct upload_file *upload_file_load(uv_loop_t *loop, const char *path,
                                     const unsigned char hash[FILE_HASH_LEN], upload_file_done done,
                                     void *arg)
{
    struct upload_file *f = mem_calloc(1, sizeof *f);
    f->work.data = f;
    f->path = mem_strdup(path);
    f->done = done;
    f->arg = arg;
    memcpy(f->hash, hash, sizeof f->hash);
    buf_init(&f->bytes, UPLOAD_FILE_MAX);
    if (uv_queue_work(loop, &f->work, on_pool, on_loaded) < 0) {
        abort(); /* only without a work function */
    }
    return f;
}

void upload_file_cancel(struct upload_file *f)
{
    f->is_cancelled = true;
}
