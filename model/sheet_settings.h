/* sheet_settings - what the [timesheet] section says, as values.  settings_load has checked it with these.
 * Pure. */
#ifndef MODEL_SHEET_SETTINGS_H
#define MODEL_SHEET_SETTINGS_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/settings.h"
#include "model/sheet.h"

/* ERR_CONFIG: the message names the key and what is allowed. */
MUST_CHECK int sheet_settings_rules(const struct settings *s, struct sheet_rules *ret_rules, struct err *e);

/* The bit set of the formats (enum sheet_format).  ERR_CONFIG. */
MUST_CHECK int sheet_settings_formats(const struct settings *s, unsigned *ret_formats, struct err *e);

/* A list of names as the file writes it, taken apart at `separator`, trimmed, without empty ones.  One
 * allocation: free() the list. */
MUST_CHECK char **sheet_settings_list(const char *text, char separator, size_t *ret_n);

#endif
