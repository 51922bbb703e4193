/* sheet_report - what admin-assistant-render says on its standard output, one line each, fields separated by
 * tabs:
 *
 *     progress  FORMAT  DONE  OF
 *     made      FORMAT  BYTES  MISSING-GLYPHS  FILE-HASH (hex)  PATH  NOTE
 *     failed    FORMAT  ERROR-CODE  MESSAGE
 *
 * Tabs and control characters in the last fields are written as blanks.  Pure. */
#ifndef MODEL_SHEET_REPORT_H
#define MODEL_SHEET_REPORT_H

#include "base/attr.h"
#include "base/buf.h"
#include "model/sheet.h"

enum sheet_report_kind { SHEET_REPORT_PROGRESS, SHEET_REPORT_MADE, SHEET_REPORT_FAILED };

struct sheet_report {
    enum sheet_report_kind kind;
    enum sheet_format format;
    int64_t done, of;
    int64_t bytes, missing_glyphs;
    unsigned char file_hash[SHEET_HASH_LEN];
    const char *path, *note;          /* made */
    const char *error_code, *message; /* failed */
};

/* Appends the line with its newline. */
MUST_CHECK int sheet_report_write(const struct sheet_report *report, struct buf *text);

/* Takes a line (without its newline) apart in place; text points into it.  ERR_INVALID. */
MUST_CHECK int sheet_report_parse(char *line, struct sheet_report *ret_report);

#endif
