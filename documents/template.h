/* template - how a timesheet looks: page, colours, columns, words, date and number formats, logo.
 *
 * A template is an INI file of at most 64 KiB (man/admin-assistant.template.5 explains every key).  What it
 * does not say is as in the built-in one, which is such a file itself (template_default_text).  A template
 * never keeps a sheet from being made: where it can not be used as a whole the built-in one is taken, where
 * its logo can not be used there is none, and the note says what is wrong and where.
 *
 * The caller owns the template.  Any thread. */
#ifndef DOCUMENTS_TEMPLATE_H
#define DOCUMENTS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

#define TEMPLATE_LEN_MAX       (64 * 1024)
#define TEMPLATE_LOGO_MAX      (1024 * 1024) /* bytes of the PNG file */
#define TEMPLATE_LOGO_SIDE_MAX 3000          /* pixels; 36 MB when it is unpacked */
#define TEMPLATE_NOTE_LEN      255

enum template_page { TEMPLATE_A4, TEMPLATE_A4_LANDSCAPE, TEMPLATE_LETTER, TEMPLATE_LETTER_LANDSCAPE };

enum template_column {
    TEMPLATE_COLUMN_NO,   /* number of the line, which `timesheet show --explain` takes */
    TEMPLATE_COLUMN_DATE, /* with the short weekday; the lines stand under a heading of their day in any case
                           */
    TEMPLATE_COLUMN_TIME, /* start - end */
    TEMPLATE_COLUMN_CUSTOMER,
    TEMPLATE_COLUMN_TYPE, /* billable, non-billable; travel */
    TEMPLATE_COLUMN_SUBJECT,
    TEMPLATE_COLUMN_LOCATION, /* without it the location stands small below the subject */
    TEMPLATE_COLUMN_WORKED,   /* h:mm */
    TEMPLATE_COLUMN_BILLED,   /* h:mm */
    TEMPLATE_COLUMN_HOURS,    /* billed, in decimals */
};
#define TEMPLATE_COLUMN_COUNT (TEMPLATE_COLUMN_HOURS + 1)

enum template_date {
    TEMPLATE_DATE_ISO,     /* 2026-01-05 */
    TEMPLATE_DATE_DOTS,    /* 05.01.2026 */
    TEMPLATE_DATE_SLASHES, /* 05/01/2026 */
    TEMPLATE_DATE_US,      /* 01/05/2026 */
    TEMPLATE_DATE_LONG,    /* 5 January 2026 */
    TEMPLATE_DATE_LONG_DOT /* 5. Januar 2026 */
};

struct template_labels {
    char *title, *revision, *period, *zone, *person, *customers, *rounding;
    char *no, *date, *time, *customer, *type, *subject, *location, *worked, *billed, *hours;
    char *billable, *non_billable, *travel, *all_day, *late, *held_mark, *no_customer, *no_subject;
    char *lines, *total, *totals, *before_rounding, *held, *chart, *others, *continued;
    char *none, *up, *nearest, *per_entry, *per_day_customer, *minutes;
    char *late_note, *held_note, *glyph_note;
    char *start, *end, *note, *week; /* in workbooks */
    char *place_date, *signature_own, *signature_client, *page, *of, *hash;
};

struct sheet_template {
    /* from the file */
    char *page_name, *font, *logo_path, *accent_text, *grey_text, *columns_text, *date_name, *decimal,
        *weekdays_text, *months_text;
    int64_t margin_top, margin_right, margin_bottom, margin_left; /* mm */
    bool has_signature, has_chart;
    struct template_labels labels;
    /* made of it */
    enum template_page page;
    uint32_t accent, grey;                               /* 0xrrggbb */
    enum template_column columns[TEMPLATE_COLUMN_COUNT]; /* in the order of printing; each at most once */
    size_t n_columns;
    enum template_date date_format;
    char *weekdays[7], *months[12]; /* Monday first, January first */
    struct buf logo;                /* a PNG that has been read once without an error; empty: none */
    int logo_width, logo_height;    /* pixels */
};

/* path "" or NULL: the built-in one.  Relative paths of logos are below the template's directory.  ret_note
 * is "" or what is wrong, with the place ("FILE:LINE: …").  Free with template_destroy. */
MUST_CHECK struct sheet_template *template_load(const char *path, char ret_note[TEMPLATE_NOTE_LEN + 1]);
void template_destroy(struct sheet_template *t); /* accepts NULL */

/* The built-in template as a file: what --print-template prints. */
const char *template_default_text(void);

#define TEMPLATE_DATE_LEN 127
void template_format_date(const struct sheet_template *t, int32_t day, char ret_text[TEMPLATE_DATE_LEN + 1]);
/* "Monday, 5 January 2026"; short: "Mon 5 January 2026", by the first three letters of the weekday (two where
 * its name is longer than they and the format has dots, as Germans write). */
void template_format_day(const struct sheet_template *t, int32_t day, bool is_short,
                         char ret_text[TEMPLATE_DATE_LEN + 1]);

/* The words of a line. */
const char *template_column_label(const struct sheet_template *t, enum template_column column);

#endif
