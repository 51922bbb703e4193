/* xlsx - a sheet as a workbook (libxlsxwriter): documents/xlsx_book.h says what all cells have in common.
 *
 * The library keeps small workbooks in memory and writes large ones row by row.  Its temporary files lie
 * beside the document, without a name; it does not tell when one of them does not fit on the disk, so room
 * for them is asked for first, and what came out is looked at. */
#include "documents/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "documents/clean.h"
#include "documents/output.h"
#include "documents/xlsx_book.h"

#define IN_MEMORY_MAX  20000 /* lines; 25 MB */
#define LINE_BYTES     1500  /* of XML, without its words */
#define FILE_BYTES_MIN 65536

/* ---- room ---- */

static off_t estimate(const struct sheet *s)
{
    size_t bytes = FILE_BYTES_MIN;
    for (size_t i = 0; i < s->n_lines; i++) {
        const struct sheet_line *line = &s->lines[i];
        bytes += LINE_BYTES + strlen(line->subject) + strlen(line->location) + strlen(line->customer) +
                 strlen(line->decision);
    }
    return (off_t)bytes;
}

/* Whether the file can be written, and its disk has room for what will be made on the way. */
static int check_room(const char *path, const struct sheet *s, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        return output_failed(path, errno, e);
    }
    struct stat st;
    int native = fstat(fd, &st) < 0 ? errno : 0;
    if (native == 0 && S_ISREG(st.st_mode)) {
        native = posix_fallocate(fd, 0, estimate(s));
        native = native == EOPNOTSUPP || native == EINVAL ? 0 : native; /* a file system that can not say */
        native = ftruncate(fd, 0) < 0 && native == 0 ? errno : native;
    } else if (native == 0) {
        native = EINVAL; /* a ZIP file is written back and forth: no device, no pipe */
    }
    close(fd);
    return native ? output_failed(path, native, e) : 0;
}

/* The last 22 bytes of a ZIP file say where its directory lies (APPNOTE 4.3.16): right before them. */
static bool is_whole(const char *path)
{
    unsigned char end[22];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 && fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof end &&
                   pread(fd, end, sizeof end, st.st_size - (off_t)sizeof end) == (ssize_t)sizeof end;
    if (fd >= 0) {
        close(fd);
    }
    if (!is_read || memcmp(end, "PK\5\6", 4) != 0) {
        return false;
    }
    uint64_t directory_size = 0, directory_at = 0;
    for (int i = 3; i >= 0; i--) {
        directory_size = directory_size << 8 | end[12 + i];
        directory_at = directory_at << 8 | end[16 + i];
    }
    return directory_at + directory_size + sizeof end == (uint64_t)st.st_size;
}

/* ---- the workbook ---- */

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? mem_strdup("/")
           : slash       ? mem_strndup(path, (size_t)(slash - path))
                         : mem_strdup(".");
}

/* The library's date is that of the making unless one is given: the period's end says more. */
static void set_properties(struct xlsx_book *b)
{
    const struct sheet *s = b->in->sheet;
    CLEANUP(buf_finish) struct buf author = {.max = 4096};
    CLEANUP_FREE char *title = mem_printf("%s %s", b->labels->title, s->number);
    (void)!clean_text(s->user_name, 200, &author, NULL);
    lxw_doc_properties properties = {.title = title, .author = author.data ? author.data : NULL};
    properties.created = (time_t)(s->to_day * (MS_PER_DAY / MS_PER_SECOND));
    xlsx_check(b, workbook_set_properties(b->workbook, &properties));
}

static int fill(struct xlsx_book *b)
{
    lxw_worksheet *lines = workbook_add_worksheet(b->workbook, XLSX_LINES_NAME);
    lxw_worksheet *summary = workbook_add_worksheet(b->workbook, XLSX_SUMMARY_NAME);
    if (!lines || !summary) {
        return ENOMEM;
    }
    set_properties(b);
    xlsx_write_lines(b, lines);
    xlsx_write_summary(b, summary);
    /* Rows that went to the disk already: a failure there is not reported by the library. */
    if (lines->optimize_tmpfile &&
        (fflush(lines->optimize_tmpfile) != 0 || ferror(lines->optimize_tmpfile))) {
        return errno ? errno : EIO;
    }
    return 0;
}

static int failed(struct err *e, const char *path, const struct xlsx_book *b, int native)
{
    if (b->text_error) {
        return err_set(e, b->text_error, 0, "%s: a cell is too long", path);
    }
    if (native) {
        return output_failed(path, native, e);
    }
    CLEANUP_FREE char *shown = output_shown_path(path);
    return err_set(e, ERR_IO, (int)b->error, "%s can not be written: %s", shown, lxw_strerror(b->error));
}

static int write_workbook(const struct document_input *in, const char *path, int64_t *ret_cut, struct err *e)
{
    CLEANUP_FREE char *folder = folder_of(path);
    lxw_workbook_options options = {.constant_memory = in->sheet->n_lines > IN_MEMORY_MAX, .tmpdir = folder};
    lxw_workbook *workbook = workbook_new_opt(path, &options);
    if (!workbook) {
        CLEANUP_FREE char *shown = output_shown_path(path);
        return err_set(e, ERR_IO, 0, "%s can not be written: no workbook", shown);
    }
    CLEANUP(xlsx_book_finish) struct xlsx_book b;
    xlsx_book_init(&b, in, workbook);
    errno = 0;
    int native = fill(&b);
    if (native || b.error || b.text_error) {
        lxw_workbook_free(workbook);
        return failed(e, path, &b, native);
    }
    *ret_cut = b.n_cut;
    errno = 0;
    b.error = workbook_close(workbook);
    if (b.error) {
        return failed(e, path, &b, errno);
    }
    return is_whole(path) ? 0 : output_failed(path, ENOSPC, e);
}

int document_write_xlsx(const struct document_input *in, const char *path,
                        struct document_outcome *ret_outcome, struct err *e)
{
    int64_t n_cut = 0;
    int r = check_room(path, in->sheet, e);
    r = r == 0 ? write_workbook(in, path, &n_cut, e) : r;
    if (r == 0) {
        *ret_outcome = (struct document_outcome){0};
        clean_note_cut(n_cut, ret_outcome->note, sizeof ret_outcome->note);
    }
    return r;
}
