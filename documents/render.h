/* render - one issued sheet as files: what admin-assistant-render does.
 *
 * The files are called timesheet-NUMBER-rREVISION.EXT, in a directory that is asked for
 * timesheet-NUMBER-rREVISION-EMAIL.EXT where several users have that number.  They lie in the directory that
 * is asked for; without one, in [timesheet] directory, below the user's e-mail address.  Each document stands
 * for itself: one that can not be made keeps no other from being made.
 *
 * What becomes of each is a line of `out` (model/sheet_report.h), also where nothing could be begun.  One
 * thread; blocks. */
#ifndef DOCUMENTS_RENDER_H
#define DOCUMENTS_RENDER_H

#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/settings.h"

/* Borrowed for the call. */
struct render_request {
    const char *config_path;
    int64_t sheet_id;
    const char *directory;   /* NULL: by the configuration */
    unsigned formats;        /* bit set of enum sheet_format; 0: by the configuration */
    const char *csv_profile; /* NULL: by the configuration */
    FILE *out;
};

struct render_result {
    int n_made, n_failed;
};

/* 0 also where some failed; an error where nothing could be begun: the configuration, the database, the
 * sheet, the directory. The formats that were asked for are reported as failed then. */
MUST_CHECK int render_sheet(const struct render_request *request, struct render_result *ret_result,
                            struct err *e);

/* "csv pdf" or "csv,pdf" as a bit set.  ERR_INVALID: the message says which there are. */
MUST_CHECK int render_formats(const char *names, unsigned *ret_formats, struct err *e);

#endif
