/* sheet - a timesheet as values: the rules it is made by, its lines, and the header that names it.
 *
 * Minutes are integers everywhere; an instant of a sheet is whole minutes since 1970 UTC (…_min), as seconds
 * of an appointment are cut.  A line is one appointment on one local day of the sheet's zone.  What is
 * printed is what is stored: totals are sums of lines (timesheet/totals.h), nothing is rounded twice.  Plain
 * values; text is UTF-8 without NUL. */
#ifndef MODEL_SHEET_H
#define MODEL_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* ---- the rules, stored with each sheet ---- */

enum sheet_rounding { SHEET_ROUND_NONE, SHEET_ROUND_UP, SHEET_ROUND_NEAREST };
const char *sheet_rounding_name(enum sheet_rounding rounding); /* none, up, nearest */
MUST_CHECK int sheet_rounding_from(const char *name, enum sheet_rounding *ret_rounding);

/* What is rounded: each line, or what one customer is billed on one day. */
enum sheet_scope { SHEET_SCOPE_ENTRY, SHEET_SCOPE_DAY_CUSTOMER };
const char *sheet_scope_name(enum sheet_scope scope); /* entry, day+customer */
MUST_CHECK int sheet_scope_from(const char *name, enum sheet_scope *ret_scope);

/* Who gets the minutes that two appointments share. */
enum sheet_overlaps {
    SHEET_OVERLAPS_PRIORITY, /* the more important one; where none is, nobody until a person decides */
    SHEET_OVERLAPS_SPLIT,    /* each its share */
    SHEET_OVERLAPS_BOTH,     /* each is billed all of them; they are worked once */
};
const char *sheet_overlaps_name(enum sheet_overlaps overlaps); /* priority, split, both */
MUST_CHECK int sheet_overlaps_from(const char *name, enum sheet_overlaps *ret_overlaps);

#define SHEET_ROUND_TO_MAX 240 /* minutes */

struct sheet_rules {
    enum sheet_rounding rounding;
    enum sheet_scope scope;
    int32_t round_to; /* minutes, 1 … SHEET_ROUND_TO_MAX */
    enum sheet_overlaps overlaps;
    int32_t all_day_minutes; /* what an all-day event counts a day, 0 … 1440 */
    int32_t day_minutes;     /* expected on each of Monday to Friday, for the check; 0 = nothing is */
    bool has_loose_travel;   /* travel without any category is non-billable travel of no customer */
};
#define SHEET_RULES_DEFAULT                                                                                  \
    ((struct sheet_rules){SHEET_ROUND_NONE, SHEET_SCOPE_ENTRY, 15, SHEET_OVERLAPS_PRIORITY, 480, 0, false})

/* ---- lines ---- */

enum sheet_billing { SHEET_BILLABLE, SHEET_NON_BILLABLE };
const char *sheet_billing_name(enum sheet_billing billing); /* billable, non-billable */
MUST_CHECK int sheet_billing_from(const char *name, enum sheet_billing *ret_billing);

enum sheet_kind { SHEET_WORK, SHEET_TRAVEL };
const char *sheet_kind_name(enum sheet_kind kind); /* work, travel */
MUST_CHECK int sheet_kind_from(const char *name, enum sheet_kind *ret_kind);

/* Text is owned by the sheet or the draft that the line belongs to. */
struct sheet_line {
    int32_t no;  /* 1 …, in the order of printing */
    int32_t day; /* in the sheet's zone */
    int64_t appointment_id;
    int32_t version; /* of the appointment, when it was frozen */
    enum sheet_kind kind;
    enum sheet_billing billing;
    bool is_all_day;
    bool is_late;      /* of a day before the sheet's: found after the sheet of that day was issued */
    int64_t start_min; /* of the part on this day; all-day: midnight to midnight */
    int64_t end_min;
    int32_t span;   /* end - start; all-day: the configured length */
    int32_t worked; /* minutes of the span that count: others and breaks taken away.  0 … span */
    int32_t held;   /* of worked: claimed by two and decided by nobody; not billed.  Stands on one of them */
    int32_t unrounded;         /* to be billed, before rounding; 0 where not billable */
    int32_t billed;            /* … after */
    int32_t worked_hundredths; /* hours in decimals: timesheet/hundredths.h, so that columns add up */
    int32_t billed_hundredths;
    const char *customer; /* the first spelling on the sheet; "" for travel without a customer */
    const char *subject;  /* "" for none */
    const char *location; /* "" for none */
    const char *decision; /* why it is not simply its span; "" where it is */
};

/* ---- the sheet ---- */

enum sheet_status { SHEET_DRAFT, SHEET_ISSUED, SHEET_SUPERSEDED };
const char *sheet_status_name(enum sheet_status status); /* draft, issued, superseded */
MUST_CHECK int sheet_status_from(const char *name, enum sheet_status *ret_status);

#define SHEET_NUMBER_LEN 15 /* "2026-0007": of the user, by the year in which the period ends */
#define SHEET_HASH_LEN   32 /* BLAKE2b-256 of the canonical text, timesheet/canonical.h */

struct sheet {
    int64_t id;
    int64_t user_id;
    int64_t archive_configuration_id;
    char number[SHEET_NUMBER_LEN + 1];
    int32_t revision; /* 1 … */
    enum sheet_status status;
    int32_t from_day, to_day; /* half-open local days */
    int64_t
        issued_ms; /* INT64_MIN for a draft; on no document, so that they can be made again byte by byte */
    unsigned char hash[SHEET_HASH_LEN];
    struct sheet_rules rules;
    char *zone;      /* IANA */
    char *user_name; /* or the e-mail address where there is none */
    char *email;
    char *name; /* of the archive configuration */
    struct sheet_line *lines;
    size_t n_lines;
    char *text; /* what the lines' text points into */
};
void sheet_finish(struct sheet *s); /* accepts a zeroed struct */

/* ---- documents ---- */

enum sheet_format { SHEET_CSV, SHEET_XLSX, SHEET_PDF, SHEET_HTML, SHEET_JSON };
#define SHEET_FORMAT_COUNT (SHEET_JSON + 1)
#define SHEET_FORMATS_ALL  ((1u << SHEET_FORMAT_COUNT) - 1)
const char *sheet_format_name(enum sheet_format format); /* csv, xlsx, pdf, html, json */
MUST_CHECK int sheet_format_from(const char *name, enum sheet_format *ret_format);

/* "7:30", "-0:15", "112:05"; as people write hours. */
#define SHEET_HOURS_LEN 15
void sheet_format_hours(int64_t minutes, char ret_text[SHEET_HOURS_LEN + 1]);
/* "7.50", with the given decimal mark. */
void sheet_format_hundredths(int64_t hundredths, char mark, char ret_text[SHEET_HOURS_LEN + 1]);

#endif
