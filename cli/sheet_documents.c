#include "cli/sheet_documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/print.h"
#include "cli/render.h"
#include "storage/made_store.h"
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

static void take_made(void *arg, const struct made_document *d)
{
    struct sheet_made *made = (struct sheet_made *)arg + d->format;
    made->path = mem_strdup(d->path);
    made->bytes = d->bytes;
    memcpy(made->hash, d->hash, sizeof made->hash);
}

int sheet_documents_made(struct db *db, int64_t sheet_id, struct sheet_made ret_made[SHEET_FORMAT_COUNT],
                         struct err *e)
{
    memset(ret_made, 0, SHEET_FORMAT_COUNT * sizeof *ret_made);
    int r = made_store_each(db, sheet_id, take_made, ret_made, e);
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        struct sheet_made *made = &ret_made[f];
        made->state = made->path ? file_hash_look(made->path, made->bytes, made->hash) : FILE_GONE;
    }
    return r;
}

void sheet_made_finish(struct sheet_made made[SHEET_FORMAT_COUNT])
{
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        free(made[f].path);
        made[f].path = NULL;
    }
}

/* For the two listings: what the database says, and the disk. */
struct documents {
    struct listing *listing;
    struct json_out *json;
    struct sheet_made made[SHEET_FORMAT_COUNT];
};

static const struct column columns[] = {
    {NULL, "DOCUMENT", COLUMN_TEXT, 0}, {NULL, "STATE", COLUMN_TEXT, 0},  {NULL, "BYTES", COLUMN_INT, 0},
    {NULL, "PATH", COLUMN_TEXT, 400},   {NULL, "NOTE", COLUMN_TEXT, 300}, {NULL, NULL, COLUMN_TEXT, 0},
};

/* Who may not read a file is not told that it is good. */
static const char *state_of(const struct documents *documents, const struct sheet_document *d)
{
    const struct sheet_made *made = &documents->made[d->format];
    if (!made->path) {
        return d->state;
    }
    switch (made->state) {
    case FILE_SAME: return d->state;
    case FILE_CHANGED: return "changed on disk";
    case FILE_GONE: return "gone from disk";
    case FILE_UNREADABLE: return "made, not readable";
    }
    return d->state;
}

static void add_document(void *arg, const struct sheet_document *d)
{
    const struct documents *documents = arg;
    struct listing *l = documents->listing;
    char note[400];
    snprintf(note, sizeof note, "%s%s", d->note ? d->note : "", d->error_message ? d->error_message : "");
    if (d->missing_glyphs > 0) {
        size_t used = strlen(note);
        snprintf(note + used, sizeof note - used, "%s%lld character%s in no font", used ? "; " : "",
                 (long long)d->missing_glyphs, d->missing_glyphs == 1 ? "" : "s");
    }
    listing_text(l, sheet_format_name(d->format));
    listing_text(l, state_of(documents, d));
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
    struct documents documents;
    int r = sheet_documents_made(db, sheet_id, documents.made, e);
    documents.listing = listing_begin(columns, false, stdout);
    r = r < 0 ? r : sheet_store_documents(db, sheet_id, add_document, &documents, e);
    sheet_made_finish(documents.made);
    return listing_close(documents.listing, r,
                         "no documents; make them with: admin-assistant timesheet export");
}

static void json_document(void *arg, const struct sheet_document *d)
{
    const struct documents *documents = arg;
    const struct sheet_made *made = &documents->made[d->format];
    struct json_out *j = documents->json;
    json_open(j, NULL, '{');
    json_text(j, "format", sheet_format_name(d->format));
    json_text(j, "state", d->state);
    json_text(j, "path", d->path);
    json_text(j, "on_disk", made->path ? file_state_name(made->state) : NULL);
    json_int(j, "bytes", d->bytes);
    json_int(j, "missing_glyphs", d->missing_glyphs);
    json_text(j, "note", d->note);
    json_text(j, "error_message", d->error_message);
    json_close(j, '}');
}

int sheet_documents_json(struct db *db, int64_t sheet_id, struct json_out *j, const char *name, struct err *e)
{
    struct documents documents = {.json = j};
    int r = sheet_documents_made(db, sheet_id, documents.made, e);
    json_open(j, name, '[');
    r = r < 0 ? r : sheet_store_documents(db, sheet_id, json_document, &documents, e);
    json_close(j, ']');
    sheet_made_finish(documents.made);
    return r;
}
