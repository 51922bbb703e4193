/* sheet_rules_json - the rules of a sheet as the JSON object that timesheets.rules holds, and back.  Any
 * thread. */
#ifndef STORAGE_SHEET_RULES_JSON_H
#define STORAGE_SHEET_RULES_JSON_H

#include "base/attr.h"
#include "base/buf.h"
#include "model/sheet.h"

/* Appends {"rounding":"none","scope":"entry","round_to":15,…}.  ERR_TOO_BIG. */
MUST_CHECK int sheet_rules_write(const struct sheet_rules *rules, struct buf *text);

/* Strict: every member is there, of its type and in its range.  Members that are not known are passed over.
 * ERR_INVALID. */
MUST_CHECK int sheet_rules_read(const char *text, struct sheet_rules *ret_rules);

#endif
