#include "cli/sheet_documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/print.h"
#include "cli/render.h"
#include "storage/sheet_store.h"

/* ---- making them ---- */

static void record(struct sheet_making *m, const struct sheet_report *report)
{
    bool is_made = report->kind == SHEET_REPORT_MADE;
    struct sheet_document_result result = {
        .format = report->format,
        .path = report->path,
        .note = is_made && report->note && report->note[0] ? report->note : NULL,
        .bytes = report->bytes,
        .missing_glyphs = report->missing_glyphs,
        .error_code = is_made ? NULL : report->error_code,
        .error_message = is_made ? NULL : report->message,
    };
    memcpy(result.file_hash, report->file_hash, sizeof result.file_hash);
    if (m->error == 0) {
        m->error = sheet_store_document_done(m->db, m->sheet_id, &result, &m->e);
    }
}

static void print_made(const struct sheet_report *report)
{
    char *path = print_clean(report->path, 0), *note = print_clean(report->note ? report->note : "", 0);
    printf("  %-5s %s", sheet_format_name(report->format), path);
    if (report->missing_glyphs > 0) {
        printf(" (%lld character%s in no font)", (long long)report->missing_glyphs,
               report->missing_glyphs == 1 ? "" : "s");
    }
    printf("%s%s\n", note[0] ? ": " : "", note);
    fflush(stdout);
    free(path);
    free(note);
}

static void on_done(void *arg, const struct sheet_report *report)
{
    struct sheet_making *m = arg;
    if (report->kind == SHEET_REPORT_MADE) {
        m->made |= 1u << report->format;
        free(m->paths[report->format]);
        m->paths[report->format] = mem_strdup(report->path);
        if (!m->is_quiet) {
            print_made(report);
        }
    } else {
        m->failed |= 1u << report->format;
        free(m->messages[report->format]);
        m->messages[report->format] = mem_strdup(report->message);
    }
    if (!m->output) {
        record(m, report);
    }
}

/* "csv, pdf: the disk is full": one line for all that failed for the same reason. */
static void complain_of_failures(const struct sheet_making *m)
{
    unsigned said = 0;
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        char names[64];
        size_t used = 0;
        if (!m->messages[f] || (said & (1u << f))) {
            continue;
        }
        for (int g = f; g < SHEET_FORMAT_COUNT; g++) {
            if (m->messages[g] && strcmp(m->messages[g], m->messages[f]) == 0) {
                int len = snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                   sheet_format_name((enum sheet_format)g));
                used += len > 0 ? (size_t)len : 0;
                said |= 1u << g;
            }
        }
        session_complain("%s: %s", names, m->messages[f]);
    }
}

int sheet_documents_make(struct session *s, struct db *db, unsigned formats, struct sheet_making *making,
                         struct err *e)
{
    struct render_order order = {
        .config_path = session_config_path(s),
        .sheet_id = making->sheet_id,
        .formats = formats,
        .output = making->output,
        .csv_profile = making->csv_profile,
        .shows_progress = isatty(STDERR_FILENO) != 0,
        .done = on_done,
        .arg = making,
    };
    unsigned reported = 0;
    making->db = db;
    int r = render_run(&order, &reported, e);
    complain_of_failures(making);
    if (making->error < 0) {
        if (e) {
            *e = making->e;
        }
        return making->error;
    }
    return r;
}

void sheet_making_finish(struct sheet_making *making)
{
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        free(making->paths[f]);
        free(making->messages[f]);
    }
    *making = (struct sheet_making){0};
}

/* ---- which there are ---- */

static const struct column columns[] = {
    {NULL, "DOCUMENT", COLUMN_TEXT, 0}, {NULL, "STATE", COLUMN_TEXT, 0},  {NULL, "BYTES", COLUMN_INT, 0},
    {NULL, "PATH", COLUMN_TEXT, 400},   {NULL, "NOTE", COLUMN_TEXT, 300}, {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_document(void *arg, const struct sheet_document *d)
{
    struct listing *l = arg;
    char note[400];
    snprintf(note, sizeof note, "%s%s", d->note ? d->note : "", d->error_message ? d->error_message : "");
    if (d->missing_glyphs > 0) {
        size_t used = strlen(note);
        snprintf(note + used, sizeof note - used, "%s%lld character%s in no font", used ? "; " : "",
                 (long long)d->missing_glyphs, d->missing_glyphs == 1 ? "" : "s");
    }
    listing_text(l, sheet_format_name(d->format));
    listing_text(l, d->state);
    if (d->path) {
        listing_int(l, d->bytes);
    } else {
        listing_null(l);
    }
    listing_text(l, d->path);
    listing_text(l, note);
    listing_end_row(l);
}

int sheet_documents_print(struct db *db, int64_t sheet_id, struct err *e)
{
    struct listing *l = listing_begin(columns, false, stdout);
    int r = sheet_store_documents(db, sheet_id, add_document, l, e);
    return listing_close(l, r, "no documents; make them with: admin-assistant timesheet export");
}

static void json_document(void *arg, const struct sheet_document *d)
{
    struct json_out *j = arg;
    json_open(j, NULL, '{');
    json_text(j, "format", sheet_format_name(d->format));
    json_text(j, "state", d->state);
    json_text(j, "path", d->path);
    json_int(j, "bytes", d->bytes);
    json_int(j, "missing_glyphs", d->missing_glyphs);
    json_text(j, "note", d->note);
    json_text(j, "error_message", d->error_message);
    json_close(j, '}');
}

int sheet_documents_json(struct db *db, int64_t sheet_id, struct json_out *j, const char *name, struct err *e)
{
    json_open(j, name, '[');
    int r = sheet_store_documents(db, sheet_id, json_document, j, e);
    json_close(j, ']');
    return r;
}

static void take_path(void *arg, const struct sheet_document *d)
{
    char **paths = arg;
    if (strcmp(d->state, "made") == 0 && !paths[d->format]) {
        paths[d->format] = mem_strdup(d->path);
    }
}

int sheet_documents_paths(struct db *db, int64_t sheet_id, char *ret_paths[SHEET_FORMAT_COUNT], struct err *e)
{
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        ret_paths[f] = NULL;
    }
    return sheet_store_documents(db, sheet_id, take_path, ret_paths, e);
}
