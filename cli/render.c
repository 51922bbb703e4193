#include "cli/render.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"

#define PROGRAM        "admin-assistant-render"
#define SYSTEM_FOLDER  "/usr/bin/"
#define LINE_MAX_LEN   16384 /* a path and a note fit */
#define COMPLAINTS_MAX ((size_t)16384)
#define ARGV_MAX       16
#define FORMATS_LEN    64

/* ---- the program ---- */

/* The folder of this executable with its slash; free() it. */
static char *own_folder(void)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0) {
        return mem_strdup(SYSTEM_FOLDER);
    }
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    return mem_strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
}

static int find_program(char **ret_path, struct err *e)
{
    CLEANUP_FREE char *folder = own_folder();
    CLEANUP_FREE char *beside = mem_printf("%s" PROGRAM, folder);
    const char *path = access(beside, X_OK) == 0 ? beside : SYSTEM_FOLDER PROGRAM;
    if (access(path, X_OK) != 0) {
        return err_set(e, ERR_NOT_FOUND, errno,
                       PROGRAM " makes the documents, and it is neither in %.120s nor in " SYSTEM_FOLDER
                               "; install it, then: admin-assistant timesheet export",
                       folder);
    }
    *ret_path = mem_strdup(path);
    return 0;
}

static void name_formats(unsigned formats, char ret_text[FORMATS_LEN])
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        if (formats & (1u << f)) {
            int len = snprintf(ret_text + used, FORMATS_LEN - used, "%s%s", used ? " " : "",
                               sheet_format_name((enum sheet_format)f));
            used += len > 0 ? (size_t)len : 0;
        }
    }
}

/* argv is an array of pointers to what is not const by tradition: nobody writes to it. */
static char *word(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* What it says: reports, and complaints, which are read when a report is missing. */
struct channels {
    int reports[2];
    int complaints;
};

/* Interrupting is for the program: this one waits for its end and says what became of it. */
static int spawn(const char *program, char **argv, const struct channels *channels, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGINT);
    int native = posix_spawn_file_actions_init(&actions);
    if (native) {
        return native;
    }
    native = posix_spawnattr_init(&attributes);
    if (native) {
        posix_spawn_file_actions_destroy(&actions);
        return native;
    }
    native = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    native =
        native ? native : posix_spawn_file_actions_adddup2(&actions, channels->reports[1], STDOUT_FILENO);
    native =
        native ? native : posix_spawn_file_actions_adddup2(&actions, channels->complaints, STDERR_FILENO);
    native = native ? native : posix_spawnattr_setsigdefault(&attributes, &usual);
    native = native ? native : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    native = native ? native : posix_spawn(ret_pid, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return native;
}

static int start(const struct render_order *order, const char *program, const struct channels *channels,
                 pid_t *ret_pid, struct err *e)
{
    char id[24], formats[FORMATS_LEN], *argv[ARGV_MAX];
    int n = 0;
    snprintf(id, sizeof id, "%lld", (long long)order->sheet_id);
    name_formats(order->formats, formats);
    argv[n++] = word(PROGRAM);
    argv[n++] = word("--config");
    argv[n++] = word(order->config_path);
    argv[n++] = word("--sheet");
    argv[n++] = id;
    argv[n++] = word("--formats");
    argv[n++] = formats;
    if (order->output) {
        argv[n++] = word("--output");
        argv[n++] = word(order->output);
    }
    if (order->csv_profile) {
        argv[n++] = word("--csv-profile");
        argv[n++] = word(order->csv_profile);
    }
    argv[n] = NULL;
    int native = spawn(program, argv, channels, ret_pid);
    return native ? err_set(e, ERR_IO, native, "%.200s can not be started: %s", program, strerror(native))
                  : 0;
}

/* ---- what it says ---- */

static void show_progress(const struct sheet_report *report)
{
    fprintf(stderr, "\r\033[K%s: %lld of %lld lines", sheet_format_name(report->format),
            (long long)report->done, (long long)report->of);
}

static void take_report(const struct render_order *order, const struct sheet_report *report,
                        unsigned *reported)
{
    if (report->kind == SHEET_REPORT_PROGRESS) {
        if (order->shows_progress) {
            show_progress(report);
        }
        return;
    }
    if (order->shows_progress) {
        fputs("\r\033[K", stderr);
    }
    *reported |= 1u << report->format;
    order->done(order->arg, report);
}

/* After a line that is none the rest is read and thrown away, so that the program can end. */
static int hear(const struct render_order *order, FILE *in, unsigned *reported, struct err *e)
{
    CLEANUP_FREE char *line = mem_calloc(1, LINE_MAX_LEN);
    int r = 0;
    while (fgets(line, LINE_MAX_LEN, in)) {
        struct sheet_report report;
        size_t len = strcspn(line, "\n");
        bool is_whole = line[len] == '\n';
        line[len] = '\0';
        if (r < 0) {
            continue;
        }
        r = is_whole ? sheet_report_parse(line, &report) : ERR_INVALID;
        if (r < 0) {
            r = err_set(e, ERR_PROTOCOL, 0, PROGRAM " said what is no report; is it of this version?");
        } else {
            take_report(order, &report, reported);
        }
    }
    return r;
}

static int wait_for_end(pid_t pid, struct err *e)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return err_set(e, ERR_IO, errno, PROGRAM " (pid %d) can not be waited for: %s", (int)pid,
                           strerror(errno));
        }
    }
    if (WIFSIGNALED(status)) {
        return err_set(e, ERR_CANCELLED, 0, PROGRAM " was ended by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    }
    return 0;
}

/* What the program complained of, where it did not report on everything. */
static void pass_complaints(int complaints)
{
    CLEANUP_FREE char *text = mem_calloc(1, COMPLAINTS_MAX + 1);
    ssize_t len = pread(complaints, text, COMPLAINTS_MAX, 0);
    if (len > 0) {
        text[len] = '\0';
        fputs(text, stderr);
    }
}

static int open_channels(struct channels *ret_channels, struct err *e)
{
    struct channels channels;
    if (pipe2(channels.reports, O_CLOEXEC) < 0) {
        return err_set(e, ERR_IO, errno, "no pipe from the kernel: %s", strerror(errno));
    }
    channels.complaints = memfd_create(PROGRAM, MFD_CLOEXEC);
    if (channels.complaints < 0) {
        close(channels.reports[0]);
        close(channels.reports[1]);
        return err_set(e, ERR_IO, errno, "no memory file from the kernel: %s", strerror(errno));
    }
    *ret_channels = channels;
    return 0;
}

/* From its start to its end. */
static int converse(const struct render_order *order, const char *program, struct channels *channels,
                    unsigned *reported, struct err *e)
{
    pid_t pid;
    int r = start(order, program, channels, &pid, e);
    close(channels->reports[1]);
    if (r < 0) {
        close(channels->reports[0]);
        return r;
    }
    FILE *in = fdopen(channels->reports[0], "r");
    if (!in) {
        close(channels->reports[0]);
        r = err_set(e, ERR_IO, errno, "the pipe can not be read: %s", strerror(errno));
    } else {
        r = hear(order, in, reported, e);
        fclose(in);
    }
    int ended = wait_for_end(pid, r < 0 ? NULL : e);
    return r < 0 ? r : ended;
}

int render_run(const struct render_order *order, unsigned *ret_reported, struct err *e)
{
    CLEANUP_FREE char *program = NULL;
    struct channels channels;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    *ret_reported = 0;
    int r = find_program(&program, e);
    r = r < 0 ? r : open_channels(&channels, e);
    if (r < 0) {
        return r;
    }
    fflush(NULL); /* what is printed already stands before what the program says */
    (void)sigaction(SIGINT, &ignore, &before);
    r = converse(order, program, &channels, ret_reported, e);
    (void)sigaction(SIGINT, &before, NULL);
    if ((*ret_reported & order->formats) != order->formats) {
        pass_complaints(channels.complaints);
    }
    close(channels.complaints);
    return r;
}
