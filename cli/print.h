/* print - listings, for people as columns and for scripts as JSON, from one description.
 *
 *     static const struct column columns[] = {
 *         {"id", "ID", COLUMN_INT, 0}, {"email", "E-mail", COLUMN_TEXT, 40}, {.json = NULL, .head = NULL}};
 *     struct listing *l = listing_begin(columns, as_json, stdout);
 *     listing_int(l, 7);                    one call a column, in order
 *     listing_text(l, "anna@example.com");
 *     listing_end_row(l);
 *     listing_finish(l, "no users");        what people read when there is no row
 *
 * Columns are as wide as their widest cell on a terminal, at most their maximum; what is longer is cut with
 * an ellipsis.  Characters that steer a terminal (controls, bidirectional overrides) are shown as a middle
 * dot, bytes that are not UTF-8 as U+FFFD.  JSON: an array of objects, docs/CLI_JSON.md.  Needs LC_CTYPE to
 * be UTF-8 (print_init).  One thread. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/json_out.h"

enum column_kind {
    COLUMN_TEXT,
    COLUMN_INT,
    COLUMN_BOOL, /* yes / no */
    COLUMN_TIME, /* an instant: 2026-03-01 22:59 (UTC) / ISO 8601 with Z */
    COLUMN_DATE,
    COLUMN_JSON, /* text that is JSON already; as it is */
};

/* json NULL: for people only; head NULL: for scripts only; both NULL ends the table. */
struct column {
    const char *json;
    const char *head;
    enum column_kind kind;
    int max_width; /* columns on the terminal; 0 = 60 */
};

/* Sets LC_CTYPE so that widths are those of UTF-8. */
void print_init(void);

struct listing;

MUST_CHECK struct listing *listing_begin(const struct column *columns, bool as_json, FILE *out);

/* The next cell.  NULL text and PRINT_NO_TIME / PRINT_NO_DATE are an empty cell and null. */
#define PRINT_NO_TIME INT64_MIN
#define PRINT_NO_DATE INT32_MIN
void listing_text(struct listing *l, const char *text);
void listing_int(struct listing *l, int64_t value);
void listing_bool(struct listing *l, bool value);
void listing_time(struct listing *l, int64_t utc_ms);
void listing_stamp(struct listing *l, const char *text); /* a time as the database writes it; NULL is none */
void listing_date(struct listing *l, int32_t day);
void listing_null(struct listing *l);
void listing_end_row(struct listing *l);

/* Prints what is left and frees.  empty is printed for people when there was no row. */
void listing_finish(struct listing *l, const char *empty);

/* Prints the one row as "head: value" lines, or as one JSON object.  Frees. */
void listing_finish_record(struct listing *l);

/* listing_finish for 0; on an error code (something failed on the way) prints no more.  Returns r. */
MUST_CHECK int listing_close(struct listing *l, int r, const char *empty);

/* Frees without printing. */
void listing_drop(struct listing *l);

/* The pieces. */

/* A due time that never comes is stored as the end of the year 9999: PRINT_NO_TIME for it. */
int64_t print_due(int64_t utc_ms);

/* A time as the database writes it; PRINT_NO_TIME for NULL and for what is none. */
int64_t print_parse_stamp(const char *text);

#define PRINT_TIME_LEN 24
void print_format_iso(int64_t utc_ms, char ret_text[PRINT_TIME_LEN]);    /* 2026-03-01T22:59:00Z */
void print_format_minute(int64_t utc_ms, char ret_text[PRINT_TIME_LEN]); /* 2026-03-01 22:59 */

/* A copy without what steers a terminal, cut to max columns (0 = not cut); free() it. */
MUST_CHECK char *print_clean(const char *text, int max);
/* Columns of cleaned text. */
int print_width(const char *text);

/* A duration for people: "850 ms", "12 s", "3 min 5 s", "2 h 10 min".  Negative: "". */
void print_format_duration(int64_t ms, char ret_text[PRINT_TIME_LEN]);

/* For a JSON object written by hand: null for PRINT_NO_TIME. */
void print_json_time(struct json_out *j, const char *name, int64_t utc_ms);

#endif
