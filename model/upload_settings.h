/* upload_settings - what [onedrive] and [xero] say, as values.  settings_load has checked it with these.
 * Pure. */
#ifndef MODEL_UPLOAD_SETTINGS_H
#define MODEL_UPLOAD_SETTINGS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/settings.h"

/* ERR_CONFIG: the message names the key and what is allowed. */
MUST_CHECK int upload_settings_check(const struct settings *s, struct err *e);

bool upload_has_onedrive(const struct settings *s);
bool upload_has_xero(const struct settings *s);

/* The bit set (enum sheet_format) of what goes to OneDrive; 0 where nothing does. */
unsigned upload_onedrive_formats(const struct settings *s);

/* What an hour of that customer costs, as the file writes it ("95.00"); false, with "", where it says
 * nothing. */
#define UPLOAD_RATE_LEN 15
bool upload_xero_rate(const struct settings *s, const char *customer, char ret_rate[UPLOAD_RATE_LEN + 1]);

#endif
