#include "documents/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/tz.h"
#include "documents/become.h"
#include "documents/csv_profile.h"
#include "documents/document.h"
#include "documents/output.h"
#include "documents/template.h"
#include "model/sheet_report.h"
#include "model/sheet_settings.h"
#include "storage/db.h"
#include "storage/migrate.h"
#include "storage/sheet_store.h"
#include "timesheet/totals.h"

#define REPORT_MAX 16384

static const document_writer writers[SHEET_FORMAT_COUNT] = {
    [SHEET_CSV] = document_write_csv,   [SHEET_XLSX] = document_write_xlsx, [SHEET_PDF] = document_write_pdf,
    [SHEET_HTML] = document_write_html, [SHEET_JSON] = document_write_json,
};

/* Everything that a rendering holds; taken apart by finish. */
struct render {
    const struct render_request *request;
    unsigned formats;
    struct settings settings;
    struct sheet sheet;
    struct sheet_totals totals;
    struct tz_cache *zones;
    struct sheet_template *template;
    char template_note[TEMPLATE_NOTE_LEN + 1];
    char **letterhead;
    const char *usual_letterhead[2];
    struct output_dir dir;
    struct document_input input;
    bool names_user;          /* in the names of the files */
    enum sheet_format format; /* that is being made, for the reports of its progress */
    struct render_result result;
};

/* ---- reports ---- */

static void report(const struct render *r, struct sheet_report *what)
{
    CLEANUP(buf_finish) struct buf text = {.max = REPORT_MAX};
    if (sheet_report_write(what, &text) == 0) {
        fwrite(text.data, 1, text.len, r->request->out);
        fflush(r->request->out);
    }
}

static void report_progress(void *arg, int64_t done, int64_t of)
{
    struct render *r = arg;
    report(r, &(struct sheet_report){
                  .kind = SHEET_REPORT_PROGRESS, .format = r->format, .done = done, .of = of});
}

static void report_failed(struct render *r, enum sheet_format format, const struct err *e)
{
    r->result.n_failed++;
    report(r, &(struct sheet_report){.kind = SHEET_REPORT_FAILED,
                                     .format = format,
                                     .error_code = err_name(e->code),
                                     .message = e->msg[0] ? e->msg : err_text(e->code)});
}

static void report_made(struct render *r, const char *path, const char *note, int64_t missing_glyphs,
                        const struct output_file *file)
{
    struct sheet_report made = {.kind = SHEET_REPORT_MADE,
                                .format = r->format,
                                .bytes = file->bytes,
                                .missing_glyphs = missing_glyphs,
                                .path = path,
                                .note = note};
    memcpy(made.file_hash, file->hash, sizeof made.file_hash);
    r->result.n_made++;
    report(r, &made);
}

/* ---- one document ---- */

static bool uses_template(enum sheet_format format)
{
    switch (format) {
    case SHEET_XLSX:
    case SHEET_PDF:
    case SHEET_HTML: return true;
    case SHEET_CSV:
    case SHEET_JSON: return false;
    }
    return false;
}

static char *file_name(const struct render *r, enum sheet_format format)
{
    const struct sheet *s = &r->sheet;
    char number[OUTPUT_NAME_LEN + 1], user[OUTPUT_NAME_LEN + 1];
    output_safe_name(s->number, number);
    output_safe_name(s->email, user);
    return mem_printf("timesheet-%s-r%d%s%s.%s", number, (int)s->revision, r->names_user ? "-" : "",
                      r->names_user ? user : "", sheet_format_name(format));
}

static char *join_notes(const struct render *r, enum sheet_format format, const char *note)
{
    const char *first = uses_template(format) ? r->template_note : "";
    return mem_printf("%s%s%s", first, *first && *note ? "; " : "", note);
}

static int make_file(struct render *r, enum sheet_format format, struct err *e)
{
    CLEANUP_FREE char *name = file_name(r, format);
    CLEANUP(output_finish) struct output output = {0};
    struct document_outcome outcome = {0};
    struct output_file file;
    int code = output_begin(&r->dir, name, &output, e);
    if (code == 0) {
        code = writers[format](&r->input, output.temporary, &outcome, e);
    }
    if (code == 0) {
        code = output_commit(&output, &file, e);
    }
    if (code == 0) {
        CLEANUP_FREE char *note = join_notes(r, format, outcome.note);
        report_made(r, output.path, note, outcome.missing_glyphs, &file);
    }
    return code;
}

static void make_document(struct render *r, enum sheet_format format)
{
    struct err e = {0};
    r->format = format;
    int code = make_file(r, format, &e);
    if (code < 0) {
        e.code = code;
        report_failed(r, format, &e);
    }
}

/* ---- what they are made from ---- */

/* Numbers are of a user, and the directory is anybody's: two copies never get one name. */
static int look_for_namesakes(struct render *r, struct db *db, struct err *e)
{
    int64_t id;
    int code = sheet_store_find(db, 0, r->sheet.number, &id, e);
    r->names_user = code == ERR_AMBIGUOUS;
    return r->names_user ? 0 : code;
}

static int load_sheet(struct render *r, struct err *e)
{
    struct db *db = NULL;
    struct db_options options = {.mode = DB_READ_ONLY, .clock = &clock_real};
    int code = db_open(settings_database_path(&r->settings), &options, &db, e);
    if (code == 0) {
        code = migrate_require_current(db, migrations_sqlite, e);
    }
    if (code == 0) {
        code = sheet_store_load(db, r->request->sheet_id, &r->sheet, e);
    }
    if (code == 0 && r->request->directory) {
        code = look_for_namesakes(r, db, e);
    }
    db_close(db);
    return code;
}

static void set_letterhead(struct render *r)
{
    size_t n;
    r->letterhead = sheet_settings_list(r->settings.timesheet_letterhead, '|', &n);
    r->input.letterhead = (const char *const *)r->letterhead;
    r->input.n_letterhead = n;
    if (n == 0) {
        r->usual_letterhead[0] = r->sheet.user_name;
        r->usual_letterhead[1] = r->sheet.email;
        r->input.letterhead = r->usual_letterhead;
        r->input.n_letterhead = strcmp(r->sheet.user_name, r->sheet.email) == 0 ? 1 : 2;
    }
}

static int set_input(struct render *r, struct err *e)
{
    const char *profile =
        r->request->csv_profile ? r->request->csv_profile : r->settings.timesheet_csv_profile;
    int code = csv_profile_find(profile, &r->input.csv_profile, e);
    r->zones = tz_cache_create(NULL);
    if (code == 0) {
        code = tz_cache_get(r->zones, r->sheet.zone, &r->input.zone, e);
    }
    sheet_totals_make(r->sheet.lines, r->sheet.n_lines, &r->totals);
    r->template = template_load(r->settings.timesheet_template, r->template_note);
    r->input.sheet = &r->sheet;
    r->input.totals = &r->totals;
    r->input.template = r->template;
    r->input.progress = report_progress;
    r->input.progress_arg = r;
    set_letterhead(r);
    return code;
}

static int open_directory(struct render *r, struct err *e)
{
    char user[OUTPUT_NAME_LEN + 1];
    const char *asked = r->request->directory;
    const char *base = asked ? asked : r->settings.timesheet_directory;
    output_safe_name(r->sheet.email, user);
    CLEANUP_FREE char *path = asked ? mem_strdup(base) : mem_printf("%s/%s", base, user);
    int code = output_make_directory(base, e);
    if (code == 0 && !asked) {
        code = output_make_directory(path, e);
    }
    return code ? code : output_dir_open(path, OUTPUT_WAIT_MS, &r->dir, e);
}

/* ---- the whole ---- */

static int prepare(struct render *r, struct err *e)
{
    const struct render_request *request = r->request;
    int code = settings_load(request->config_path, NULL, &r->settings, e);
    if (code == 0 && r->formats == 0) {
        code = sheet_settings_formats(&r->settings, &r->formats, e);
    }
    if (code == 0) {
        code = become_owner_of(request->directory ? request->directory : r->settings.timesheet_directory, e);
    }
    if (code == 0) {
        code = load_sheet(r, e);
    }
    if (code == 0) {
        code = set_input(r, e);
    }
    return code ? code : open_directory(r, e);
}

static void finish(struct render *r)
{
    output_dir_close(&r->dir);
    template_destroy(r->template);
    sheet_totals_finish(&r->totals);
    sheet_finish(&r->sheet);
    tz_cache_destroy(r->zones);
    free(r->letterhead);
    settings_finish(&r->settings);
}

int render_sheet(const struct render_request *request, struct render_result *ret_result, struct err *e)
{
    struct render r = {.request = request, .formats = request->formats};
    struct err why = {0};
    int code = prepare(&r, &why);
    why.code = code;
    for (enum sheet_format format = 0; format < SHEET_FORMAT_COUNT; format++) {
        if (!(r.formats >> format & 1)) {
            continue;
        }
        if (code < 0) {
            report_failed(&r, format, &why);
        } else {
            make_document(&r, format);
        }
    }
    finish(&r);
    *ret_result = r.result;
    if (code < 0 && e) {
        *e = why;
    }
    return code;
}

int render_formats(const char *names, unsigned *ret_formats, struct err *e)
{
    CLEANUP_FREE char *text = mem_strdup(names);
    unsigned formats = 0;
    int code = 0;
    size_t n;
    for (char *c = text; *c; c++) {
        *c = *c == ',' ? ' ' : *c;
    }
    char **words = sheet_settings_list(text, ' ', &n);
    for (size_t i = 0; i < n && code == 0; i++) {
        enum sheet_format format = SHEET_CSV;
        code = sheet_format_from(words[i], &format);
        formats |= 1u << format;
    }
    free(words);
    if (code < 0 || formats == 0) {
        return err_set(e, ERR_INVALID, 0,
                       "formats are some of csv xlsx pdf html json, separated by blanks or commas");
    }
    *ret_formats = formats;
    return 0;
}
