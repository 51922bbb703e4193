#include <cairo-pdf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "documents/document.h"
#include "documents/output.h"
#include "documents/pdf_parts.h"

#define BUFFER_LEN (256 * 1024)

/* ---- the file ---- */

struct sink {
    FILE *file;
    int native; /* errno of the first write that failed */
};

static cairo_status_t write_bytes(void *arg, const unsigned char *bytes, unsigned len)
{
    struct sink *sink = arg;
    if (sink->native == 0 && fwrite(bytes, 1, len, sink->file) != len) {
        sink->native = errno ? errno : EIO;
    }
    return sink->native ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* ---- the surface ---- */

static void page_size(const struct sheet_template *t, double *ret_width, double *ret_height)
{
    double width = 210 * PDF_MM, height = 297 * PDF_MM;
    bool is_wide = t->page == TEMPLATE_A4_LANDSCAPE || t->page == TEMPLATE_LETTER_LANDSCAPE;
    if (t->page == TEMPLATE_LETTER || t->page == TEMPLATE_LETTER_LANDSCAPE) {
        width = 612;
        height = 792;
    }
    *ret_width = is_wide ? height : width;
    *ret_height = is_wide ? width : height;
}

static void set_text(cairo_surface_t *surface, cairo_pdf_metadata_t what, const char *text)
{
    char clean[PDF_CLEAN_LEN + 1];
    pdf_text_clean(text, clean);
    cairo_pdf_surface_set_metadata(surface, what, clean);
}

/* The dates are those of the period's end: the same sheet is the same file whenever it is made. */
static void set_metadata(cairo_surface_t *surface, const struct document_input *in)
{
    const struct sheet *s = in->sheet;
    char date[CIVIL_DATE_LEN + 1], stamp[CIVIL_DATE_LEN + 12], title[300];
    civil_format_date(s->to_day, date);
    snprintf(stamp, sizeof stamp, "%sT00:00:00Z", date);
    snprintf(title, sizeof title, "%s %s", in->template->labels.title, s->number);
    set_text(surface, CAIRO_PDF_METADATA_TITLE, title);
    set_text(surface, CAIRO_PDF_METADATA_AUTHOR, s->user_name);
    set_text(surface, CAIRO_PDF_METADATA_CREATOR, "admin-assistant");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, stamp);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, stamp);
}

static void flow(struct pdf *p, bool is_dry)
{
    p->is_dry = is_dry;
    pdf_fonts_forget_missing(p->fonts);
    pdf_begin(p);
    pdf_lay_columns(p);
    pdf_draw_head(p);
    pdf_draw_lines(p);
    pdf_draw_totals(p);
    pdf_draw_chart(p);
    pdf_draw_notes(p);
    pdf_draw_signatures(p);
    pdf_end(p);
}

static int64_t draw(const struct document_input *in, cairo_t *cr, double width, double height)
{
    struct pdf *p = mem_calloc(1, sizeof *p);
    p->in = in;
    p->t = in->template;
    p->cr = cr;
    p->page_width = width;
    p->page_height = height;
    p->fonts = pdf_fonts_create(cr, in->template->font);
    flow(p, true);
    flow(p, false);
    int64_t missing = p->missing;
    pdf_text_finish(&p->scratch);
    pdf_fonts_destroy(p->fonts);
    free(p);
    return missing;
}

static int failed(const char *path, cairo_status_t status, const struct sink *sink, struct err *e)
{
    if (sink->native) {
        return output_failed(path, sink->native, e);
    }
    CLEANUP_FREE char *shown = output_shown_path(path);
    return err_set(e, status == CAIRO_STATUS_NO_MEMORY ? ERR_NOMEM : ERR_BUG, (int)status,
                   "%s can not be drawn: %s", shown, cairo_status_to_string(status));
}

static void note_missing(struct document_outcome *outcome)
{
    if (outcome->missing_glyphs > 0) {
        snprintf(outcome->note, sizeof outcome->note,
                 "%lld characters are shown as boxes: no font on this machine has them; install one "
                 "(fonts-noto has most)",
                 (long long)outcome->missing_glyphs);
    }
}

static cairo_status_t draw_to(const struct document_input *in, struct sink *sink, int64_t *ret_missing)
{
    double width, height;
    page_size(in->template, &width, &height);
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(write_bytes, sink, width, height);
    cairo_t *cr = cairo_create(surface);
    set_metadata(surface, in);
    *ret_missing = draw(in, cr, width, height);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS) {
        status = cairo_surface_status(surface);
    }
    cairo_surface_destroy(surface);
    return status;
}

int document_write_pdf(const struct document_input *in, const char *path,
                       struct document_outcome *ret_outcome, struct err *e)
{
    struct sink sink = {.file = fopen(path, "wbe")};
    struct document_outcome outcome = {0};
    if (!sink.file) {
        return output_failed(path, errno, e);
    }
    (void)setvbuf(sink.file, NULL, _IOFBF, BUFFER_LEN);
    cairo_status_t status = draw_to(in, &sink, &outcome.missing_glyphs);
    if (fclose(sink.file) != 0 && sink.native == 0) {
        sink.native = errno;
    }
    if (status != CAIRO_STATUS_SUCCESS || sink.native) {
        return failed(path, status, &sink, e);
    }
    note_missing(&outcome);
    *ret_outcome = outcome;
    return 0;
}
