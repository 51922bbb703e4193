/* csv_profile - for whom a CSV file is: a machine, or a person's Excel in the way its country is set up.
 *
 *     rfc4180    comma, decimal point, CRLF, no BOM, ISO dates, names in English that stay: RFC 4180
 *     excel-en   BOM, comma, decimal point, ISO dates (which every Excel reads as dates)
 *     excel-de   BOM, semicolon, decimal comma, 31.12.2026
 *     excel-fr   BOM, semicolon, decimal comma, 31/12/2026
 *     excel-ch   BOM, semicolon, decimal point, 31.12.2026
 *
 * Those for people have sums below the lines; a machine adds up itself, or reads the JSON.  Constant; any
 * thread. */
#ifndef DOCUMENTS_CSV_PROFILE_H
#define DOCUMENTS_CSV_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

enum csv_column {
    CSV_NUMBER,
    CSV_REVISION,
    CSV_DATE,
    CSV_WEEKDAY,
    CSV_START,
    CSV_END,
    CSV_KIND,
    CSV_CUSTOMER,
    CSV_BILLING,
    CSV_SUBJECT,
    CSV_LOCATION,
    CSV_SPAN_MINUTES,
    CSV_WORKED_MINUTES,
    CSV_WORKED_TIME,
    CSV_WORKED_HOURS,
    CSV_HELD_MINUTES,
    CSV_UNROUNDED_MINUTES,
    CSV_BILLED_MINUTES,
    CSV_BILLED_TIME,
    CSV_BILLED_HOURS,
    CSV_LATE,
    CSV_ALL_DAY,
    CSV_DECISION,
    CSV_ZONE,
};
#define CSV_COLUMN_COUNT (CSV_ZONE + 1)

enum csv_dates { CSV_DATES_ISO, CSV_DATES_DOT, CSV_DATES_SLASH };

struct csv_words {
    const char *columns[CSV_COLUMN_COUNT];
    const char *weekdays[7]; /* Monday first */
    const char *kinds[2];    /* by enum sheet_kind */
    const char *billings[2]; /* by enum sheet_billing */
    const char *no_yes[2];
    const char *total;
};

struct csv_profile {
    const char *name;
    bool has_bom;
    bool has_totals;
    char separator;
    char decimal_mark;
    enum csv_dates dates;
    size_t cell_max; /* UTF-16 units; longer text is cut.  SIZE_MAX: never */
    const struct csv_words *words;
};

/* ERR_CONFIG: the message says which there are. */
MUST_CHECK int csv_profile_find(const char *name, const struct csv_profile **ret_profile, struct err *e);

#endif
