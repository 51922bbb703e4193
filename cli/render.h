/* render - lets admin-assistant-render make documents of a frozen sheet, and hears what became of each.
 *
 * The program is looked for beside this one, then in /usr/bin.  It gets no key and no descriptor but the
 * standard ones; what it reports comes back line by line (model/sheet_report.h), and what it complains of is
 * passed on to standard error where it did not report on every format.  An interrupt ends the program and not
 * this one; what was not made stays wanted.  Blocks until the program has ended.  One thread. */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/sheet_report.h"

/* Borrowed for the call. */
struct render_order {
    const char *config_path;
    int64_t sheet_id;
    unsigned formats;        /* bit set of enum sheet_format, at least one */
    const char *output;      /* a directory; NULL: the configured one */
    const char *csv_profile; /* NULL: the configured one */
    bool shows_progress;     /* on standard error */
    /* For each document that was made or could not be; text is borrowed for the call. */
    void (*done)(void *arg, const struct sheet_report *report);
    void *arg;
};

/* *ret_reported: the formats that done was called for.  0 when the program has ended by itself, whatever it
 * reported; ERR_NOT_FOUND when there is no such program, ERR_PROTOCOL when it said what is no report,
 * ERR_CANCELLED when it was killed. */
MUST_CHECK int render_run(const struct render_order *order, unsigned *ret_reported, struct err *e);

#endif
