#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/cmd_timesheet.h"
#include "cli/print.h"
#include "cli/sheet_ask.h"
#include "cli/sheet_documents.h"
#include "cli/sheet_text.h"
#include "model/sheet_settings.h"

#define EXIT_PARTLY 3
#define COPY_BYTES  65536
#define JSON_MAX    ((size_t)1 << 20)

struct export
{
    struct session *session;
    struct db *db;
    struct sheet sheet;
    unsigned formats;
    struct sheet_making making;
    struct sheet_made there[SHEET_FORMAT_COUNT]; /* documents that were made before and stay */
};

static void export_finish(struct export *x)
{
    sheet_making_finish(&x->making);
    sheet_finish(&x->sheet);
    sheet_made_finish(x->there);
}

static int read_formats(struct session *s, const struct args *a, unsigned *ret_formats, struct err *e)
{
    const struct settings *settings;
    const char *name = args_text(a, "--format");
    enum sheet_format format;
    int r = session_settings(s, &settings, e);
    if (r < 0) {
        return r;
    }
    if (!name) {
        return sheet_settings_formats(settings, ret_formats, e);
    }
    r = sheet_format_from(name, &format);
    if (r == 0) {
        *ret_formats = 1u << format;
    }
    return r < 0 ? err_set(e, r, 0, "--format: \"%.40s\" is no format", name) : 0;
}

static int open_sheet(struct export *x, const struct args *a, enum session_access access, struct err *e)
{
    const struct tz *zone;
    int r = session_db(x->session, access, &x->db, e);
    r = r < 0 ? r : sheet_ask_open(x->session, x->db, a, args_text(a, "NUMBER"), &x->sheet, &zone, e);
    r = r < 0 ? r : read_formats(x->session, a, &x->formats, e);
    x->making.sheet_id = x->sheet.id;
    return r;
}

/* ---- to standard output ---- */

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static int copy_to_output(const char *path, struct err *e)
{
    CLEANUP_FREE char *bytes = mem_calloc(1, COPY_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set(e, ERR_IO, errno, "%.200s can not be read: %s", path, strerror(errno));
    }
    int r = 0;
    ssize_t n;
    while (r == 0 && (n = read(fd, bytes, COPY_BYTES)) != 0) {
        if (n < 0) {
            r = err_set(e, ERR_IO, errno, "%.200s can not be read: %s", path, strerror(errno));
        } else if (write_all(STDOUT_FILENO, bytes, (size_t)n) < 0) {
            r = err_set(e, ERR_IO, errno, "the output could not be written: %s", strerror(errno));
        }
    }
    close(fd);
    return r;
}

static int write_one(struct export *x, const char *folder, struct err *e)
{
    x->making.output = folder;
    x->making.is_quiet = true;
    int r = sheet_documents_make(x->session, x->db, x->formats, &x->making, e);
    if (r < 0) {
        return r;
    }
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        if (x->making.paths[f]) {
            r = copy_to_output(x->making.paths[f], e);
            (void)unlink(x->making.paths[f]);
            return r;
        }
    }
    return 1; /* what failed is said already */
}

/* Through a folder of its own: a document is written whole or not at all, and a pipe can not be sought in. */
static int to_output(struct export *x, struct err *e)
{
    const char *temporary = getenv("TMPDIR");
    CLEANUP_FREE char *folder =
        mem_printf("%s/admin-assistant.XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        return err_set(e, ERR_IO, errno, "no temporary folder %.200s: %s", folder, strerror(errno));
    }
    int r = write_one(x, folder, e);
    (void)rmdir(folder);
    return r;
}

/* ---- files ---- */

static int print_json(const struct export *x, struct err *e)
{
    CLEANUP(buf_finish) struct buf text;
    struct json_out j;
    buf_init(&text, JSON_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '[');
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        const char *path = x->making.paths[f] ? x->making.paths[f] : x->there[f].path;
        if (path) {
            json_open(&j, NULL, '{');
            json_text(&j, "format", sheet_format_name((enum sheet_format)f));
            json_text(&j, "path", path);
            json_bool(&j, "is_new", x->making.paths[f] != NULL);
            json_close(&j, '}');
        }
    }
    json_close(&j, ']');
    if (json_out_end(&j) < 0) {
        return err_set(e, ERR_TOO_BIG, 0, "the paths are larger than %zu bytes", JSON_MAX);
    }
    puts(buf_str(&text));
    return 0;
}

static void complain_of_file(const struct sheet_made *made)
{
    switch (made->state) {
    case FILE_SAME:
    case FILE_GONE: return;
    case FILE_CHANGED:
        session_complain("%s is no longer the file that was made; it is made again", made->path);
        return;
    case FILE_UNREADABLE: session_complain("%s can not be read; it is made again", made->path); return;
    }
}

/* Documents that are there are named and not made again; what is gone, or is something else by now, is. */
static unsigned print_there(struct export *x)
{
    unsigned there = 0;
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        struct sheet_made *made = &x->there[f];
        bool is_wanted = (x->formats & (1u << f)) != 0;
        if (is_wanted && made->path) {
            complain_of_file(made);
        }
        if (!is_wanted || !made->path || made->state != FILE_SAME) {
            free(made->path);
            made->path = NULL;
            continue;
        }
        there |= 1u << f;
        if (!session_is_json(x->session)) {
            CLEANUP_FREE char *path = print_clean(made->path, 0);
            printf("  %-5s %s\n", sheet_format_name((enum sheet_format)f), path);
        }
    }
    return there;
}

/* All, some or none of them. */
static int status_of(const struct export *x, unsigned there)
{
    unsigned made = x->making.made | there;
    return (made & x->formats) == x->formats ? 0 : made ? EXIT_PARTLY : 1;
}

static int to_files(struct export *x, const char *folder, struct err *e)
{
    unsigned there = 0;
    x->making.output = folder;
    x->making.is_quiet = session_is_json(x->session);
    int r = folder ? 0 : sheet_documents_made(x->db, x->sheet.id, x->there, e);
    if (r < 0) {
        return r;
    }
    there = folder ? 0 : print_there(x);
    unsigned missing = x->formats & ~there;
    r = missing ? sheet_documents_make(x->session, x->db, missing, &x->making, e) : 0;
    r = r == 0 && session_is_json(x->session) ? print_json(x, e) : r;
    return r < 0 ? r : status_of(x, there);
}

static bool is_binary(const char *format)
{
    return strcmp(format, sheet_format_name(SHEET_PDF)) == 0 ||
           strcmp(format, sheet_format_name(SHEET_XLSX)) == 0;
}

int cmd_timesheet_export(struct session *s, const struct args *a, struct err *e)
{
    CLEANUP(export_finish) struct export x = {.session = s};
    const char *output = args_text(a, "--output");
    bool is_stream = output && strcmp(output, "-") == 0;
    if (args_has(a, "--csv-profile") && !output) {
        return session_wrong_usage(
            "--csv-profile needs --output: the timesheet's own document is made by the configuration");
    }
    if (is_stream && !args_has(a, "--format")) {
        return session_wrong_usage("--output - writes one document: name it by --format");
    }
    if (is_stream && is_binary(args_text(a, "--format")) && isatty(STDOUT_FILENO)) {
        return session_wrong_usage(
            "--format %s is not for a terminal: send it into a file or name a directory",
            args_text(a, "--format"));
    }
    int r = open_sheet(&x, a, output ? SESSION_READ : SESSION_WRITE, e);
    if (r < 0) {
        return r;
    }
    x.making.csv_profile = args_text(a, "--csv-profile");
    return is_stream ? to_output(&x, e) : to_files(&x, output, e);
}
