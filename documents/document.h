/* document - what every writer of a document gets and says: one frozen sheet in, one file out.
 *
 * A writer only prints what the sheet and its totals say.  It writes to the path it is given, which is a
 * temporary name beside the final one (documents/output.h syncs and renames it), and the same input gives the
 * same bytes.  One thread. */
#ifndef DOCUMENTS_DOCUMENT_H
#define DOCUMENTS_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/tz.h"
#include "model/sheet.h"
#include "timesheet/totals.h"

struct csv_profile;    /* documents/csv_profile.h */
struct sheet_template; /* documents/template.h */

/* All borrowed. */
struct document_input {
    const struct sheet *sheet;
    const struct sheet_totals *totals;
    const struct tz *zone;
    const char *const *letterhead; /* lines; at least one */
    size_t n_letterhead;
    const struct csv_profile *csv_profile;
    const struct sheet_template *template;
    void (*progress)(void *arg, int64_t done, int64_t of); /* lines written; may be NULL */
    void *progress_arg;
};

struct document_outcome {
    int64_t missing_glyphs; /* characters that no font has (PDF) */
    char note[256];         /* what a person should know; "" for nothing */
};

/* ERR_IO, ERR_DENIED, ERR_TOO_BIG …: the message names the file. */
typedef int (*document_writer)(const struct document_input *in, const char *path,
                               struct document_outcome *ret_outcome, struct err *e);

MUST_CHECK int document_write_csv(const struct document_input *in, const char *path,
                                  struct document_outcome *ret_outcome, struct err *e);
MUST_CHECK int document_write_xlsx(const struct document_input *in, const char *path,
                                   struct document_outcome *ret_outcome, struct err *e);
MUST_CHECK int document_write_pdf(const struct document_input *in, const char *path,
                                  struct document_outcome *ret_outcome, struct err *e);
MUST_CHECK int document_write_html(const struct document_input *in, const char *path,
                                   struct document_outcome *ret_outcome, struct err *e);
MUST_CHECK int document_write_json(const struct document_input *in, const char *path,
                                   struct document_outcome *ret_outcome, struct err *e);

#endif
