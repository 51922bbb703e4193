#include "daemon/render_process.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

#define PROGRAM     "admin-assistant-render"
#define OUTPUT_MAX  ((size_t)256 << 10) /* a line for each percent and format is far less */
#define TROUBLE_MAX 240
#define ARGS        10

struct render_process {
    struct render_process_options with;
    render_process_done done;
    void *arg;
    uv_process_t process;
    uv_pipe_t out, err;
    int n_open; /* handles that are not closed yet */
    struct buf lines;
    char trouble[TROUBLE_MAX]; /* the last it said on standard error */
    int64_t exit_status;
    int signal;
    int start_error; /* UV_… */
    bool is_killed;
    char formats[64];
    char sheet_id[24];
    char *args[ARGS];
    char read_room[8192];
};

/* ---- its end ---- */

/* Reads the lines it wrote, keeping what they say of whole documents. */
static size_t parse_reports(struct render_process *p, struct sheet_report reports[SHEET_FORMAT_COUNT])
{
    size_t n = 0;
    bool is_known[SHEET_FORMAT_COUNT] = {false};
    char *line = p->lines.data;
    for (char *end; line && (end = strchr(line, '\n')); line = end) {
        struct sheet_report report;
        *end++ = '\0';
        if (sheet_report_parse(line, &report) < 0 || report.kind == SHEET_REPORT_PROGRESS ||
            is_known[report.format] || !(p->with.formats & 1u << report.format)) {
            continue;
        }
        is_known[report.format] = true;
        reports[n++] = report;
    }
    return n;
}

static size_t count_formats(unsigned formats)
{
    size_t n = 0;
    for (; formats; formats &= formats - 1) {
        n++;
    }
    return n;
}

static int describe_end(const struct render_process *p, struct err *e)
{
    if (p->start_error) {
        return err_set(e, ERR_IO, 0, "%s can not be started: %s", p->with.program,
                       uv_strerror(p->start_error));
    }
    if (p->signal) {
        return err_set(e, ERR_IO, p->signal, "%s was ended by signal %d", PROGRAM, p->signal);
    }
    return err_set(e, ERR_IO, (int)p->exit_status, "%s ended with status %lld%s%s", PROGRAM,
                   (long long)p->exit_status, p->trouble[0] ? ": " : "", p->trouble);
}

static void finish(struct render_process *p)
{
    struct sheet_report reports[SHEET_FORMAT_COUNT];
    struct err e;
    size_t n = parse_reports(p, reports);
    bool is_whole = n == count_formats(p->with.formats);
    if (!is_whole) {
        describe_end(p, &e);
    }
    p->done(p->arg, is_whole ? NULL : &e, reports, n);
    buf_finish(&p->lines);
    free(p);
}

static void on_closed(uv_handle_t *handle)
{
    struct render_process *p = handle->data;
    if (--p->n_open == 0) {
        finish(p);
    }
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_closed);
    }
}

static void on_exit_seen(uv_process_t *process, int64_t status, int signal)
{
    struct render_process *p = process->data;
    p->exit_status = status;
    p->signal = signal;
    close_handle((uv_handle_t *)process);
    if (p->is_killed) { /* what it said to its end is of no interest, and a child of its may hold the pipes */
        close_handle((uv_handle_t *)&p->out);
        close_handle((uv_handle_t *)&p->err);
    }
}

/* ---- what it says ---- */

static void allocate(uv_handle_t *handle, size_t suggested UNUSED, uv_buf_t *ret_buf)
{
    struct render_process *p = handle->data;
    *ret_buf = uv_buf_init(p->read_room, sizeof p->read_room);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct render_process *p = stream->data;
    if (n < 0 || (n > 0 && buf_add(&p->lines, bytes->base, (size_t)n) < 0)) {
        close_handle((uv_handle_t *)stream);
    }
}

/* Its last line; control characters have no business in the journal. */
static void keep_trouble(struct render_process *p, const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    for (size_t i = len; i > 0; i--) {
        if (text[i - 1] == '\n') {
            text += i;
            len -= i;
            break;
        }
    }
    len = len < sizeof p->trouble ? len : sizeof p->trouble - 1;
    for (size_t i = 0; i < len; i++) {
        p->trouble[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    }
    p->trouble[len] = '\0';
}

static void on_trouble(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct render_process *p = stream->data;
    if (n < 0) {
        close_handle((uv_handle_t *)stream);
    } else if (n > 0) {
        keep_trouble(p, bytes->base, (size_t)n);
        log_debug(PROGRAM ": %s", p->trouble);
    }
}

/* ---- its start ---- */

static void list_formats(struct render_process *p)
{
    size_t used = 0;
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        if (p->with.formats & 1u << f) {
            int n = snprintf(p->formats + used, sizeof p->formats - used, "%s%s", used ? " " : "",
                             sheet_format_name((enum sheet_format)f));
            used += n > 0 ? (size_t)n : 0;
        }
    }
}

static void make_args(struct render_process *p)
{
    int n = 0;
    list_formats(p);
    snprintf(p->sheet_id, sizeof p->sheet_id, "%lld", (long long)p->with.sheet_id);
    p->args[n++] = (char *)(uintptr_t)p->with.program;
    if (p->with.config_path) {
        p->args[n++] = (char *)(uintptr_t) "--config";
        p->args[n++] = (char *)(uintptr_t)p->with.config_path;
    }
    p->args[n++] = (char *)(uintptr_t) "--sheet";
    p->args[n++] = p->sheet_id;
    p->args[n++] = (char *)(uintptr_t) "--formats";
    p->args[n++] = p->formats;
    p->args[n] = NULL;
}

static void init_handle(struct render_process *p, uv_handle_t *handle)
{
    handle->data = p;
    p->n_open++;
}

struct render_process *render_process_start(const struct render_process_options *options,
                                            render_process_done done, void *arg)
{
    /* Nothing of the service's environment: no path to credentials, no settings that steer libraries. */
    static char *environment[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin",
                                  (char *)(uintptr_t) "LC_ALL=C.UTF-8", NULL};
    struct render_process *p = mem_calloc(1, sizeof *p);
    *p = (struct render_process){.with = *options, .done = done, .arg = arg, .lines = {.max = OUTPUT_MAX}};
    make_args(p);
    uv_pipe_init(options->loop, &p->out, 0);
    uv_pipe_init(options->loop, &p->err, 0);
    init_handle(p, (uv_handle_t *)&p->out);
    init_handle(p, (uv_handle_t *)&p->err);
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->out},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->err},
    };
    uv_process_options_t process = {.exit_cb = on_exit_seen,
                                    .file = options->program,
                                    .args = p->args,
                                    .env = environment,
                                    .stdio_count = 3,
                                    .stdio = stdio};
    p->start_error = uv_spawn(options->loop, &p->process, &process);
    init_handle(p, (uv_handle_t *)&p->process);
    if (p->start_error) {
        close_handle((uv_handle_t *)&p->process);
        close_handle((uv_handle_t *)&p->out);
        close_handle((uv_handle_t *)&p->err);
        return p;
    }
    uv_read_start((uv_stream_t *)&p->out, allocate, on_output);
    uv_read_start((uv_stream_t *)&p->err, allocate, on_trouble);
    return p;
}

void render_process_kill(struct render_process *p)
{
    if (!p->start_error && uv_is_active((uv_handle_t *)&p->process)) {
        p->is_killed = true;
        uv_process_kill(&p->process, SIGKILL);
    }
}

char *render_process_program(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) {
        return mem_strdup("/usr/bin/" PROGRAM);
    }
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    return mem_printf("%.*s/" PROGRAM, slash ? (int)(slash - path) : 0, path);
}
