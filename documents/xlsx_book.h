/* xlsx_book - what the sheets of an XLSX file share: the workbook of libxlsxwriter, its formats, and cells
 * that remember the first error.
 *
 * Text is always written as text, whatever it begins with.  Times are fractions of a day with the format
 * [h]:mm, which does not wrap at 24 hours; decimals and dates are numbers.  Every formula has its value
 * beside it, so that what does not calculate (a preview, a parser) shows the same.  Rows are written in
 * ascending order: a large file keeps none in memory. */
#ifndef DOCUMENTS_XLSX_BOOK_H
#define DOCUMENTS_XLSX_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xlsxwriter.h>

#include "base/attr.h"
#include "base/buf.h"
#include "documents/document.h"
#include "documents/template.h"

enum xlsx_format {
    XLSX_TITLE,
    XLSX_INFO,
    XLSX_NOTE, /* small, grey */
    XLSX_HEAD,
    XLSX_HEAD_RIGHT,
    XLSX_HEAD_MIDDLE,
    XLSX_TEXT,
    XLSX_WRAP,
    XLSX_COUNT,
    XLSX_DATE,
    XLSX_CLOCK,
    XLSX_TIME,  /* [h]:mm */
    XLSX_HOURS, /* 0.00 */
    XLSX_SUM_TEXT,
    XLSX_SUM_COUNT,
    XLSX_SUM_TIME,
    XLSX_SUM_HOURS,
};
#define XLSX_FORMAT_COUNT (XLSX_SUM_HOURS + 1)

struct xlsx_book {
    const struct document_input *in;
    const struct template_labels *labels;
    lxw_workbook *workbook;
    lxw_format *formats[XLSX_FORMAT_COUNT];
    lxw_error error; /* the first */
    int text_error;
    int64_t n_cut; /* cells that were too long */
    struct buf clean, text;
};

/* The columns of the sheet "Lines", which the formulas of "Summary" name. */
enum xlsx_column {
    XLSX_COL_NO,
    XLSX_COL_DATE,
    XLSX_COL_START,
    XLSX_COL_END,
    XLSX_COL_CUSTOMER,
    XLSX_COL_TYPE,
    XLSX_COL_TRAVEL,
    XLSX_COL_SUBJECT,
    XLSX_COL_LOCATION,
    XLSX_COL_WORKED,
    XLSX_COL_WORKED_HOURS,
    XLSX_COL_HELD,
    XLSX_COL_UNROUNDED,
    XLSX_COL_BILLED,
    XLSX_COL_BILLED_HOURS,
    XLSX_COL_NOTE,
};
#define XLSX_COLUMN_COUNT  (XLSX_COL_NOTE + 1)

#define XLSX_LINES_NAME    "Lines"
#define XLSX_SUMMARY_NAME  "Summary"
#define XLSX_HEAD_ROW      3 /* of "Lines", counted from 0 */
#define XLSX_FIRST_ROW     4
#define XLSX_MINUTES_A_DAY 1440.0
#define XLSX_DAY_1970      25569 /* 1970-01-01 as a number of Excel's */

void xlsx_book_init(struct xlsx_book *b, const struct document_input *in, lxw_workbook *workbook);
void xlsx_book_finish(struct xlsx_book *b); /* not the workbook */

/* Where a cell goes.  Each call moves on to the next column. */
struct xlsx_cursor {
    struct xlsx_book *book;
    lxw_worksheet *sheet;
    lxw_row_t row;
    lxw_col_t column;
};

void xlsx_text(struct xlsx_cursor *c, enum xlsx_format format, const char *text);
void xlsx_skip(struct xlsx_cursor *c, enum xlsx_format format); /* an empty cell */
void xlsx_number(struct xlsx_cursor *c, enum xlsx_format format, double value);
void xlsx_date(struct xlsx_cursor *c, int32_t day);
void xlsx_minutes(struct xlsx_cursor *c, enum xlsx_format format, int64_t minutes);
void xlsx_hundredths(struct xlsx_cursor *c, enum xlsx_format format, int64_t hundredths);
/* A formula and its value; formula "": only the value. */
void xlsx_formula(struct xlsx_cursor *c, enum xlsx_format format, double value, const char *formula);
void xlsx_next_row(struct xlsx_cursor *c);
/* Before its cells.  n_lines of text high; what opens the file does not measure. */
void xlsx_row_height(struct xlsx_cursor *c, double n_lines);
#define XLSX_TITLE_LINES 1.7
#define XLSX_HEAD_LINES  2.2

/* "$J$5:$J$120" of the lines, for a formula; at least one row. */
#define XLSX_RANGE_LEN 40
void xlsx_lines_range(const struct xlsx_book *b, enum xlsx_column column, char ret_range[XLSX_RANGE_LEN]);

/* The customer as both sheets show it. */
const char *xlsx_customer(const struct xlsx_book *b, const char *customer);

/* Keeps the first error. */
void xlsx_check(struct xlsx_book *b, lxw_error error);

/* Paper, landscape, one page wide, number, page and hash below. */
void xlsx_set_page(struct xlsx_book *b, lxw_worksheet *sheet);

void xlsx_write_lines(struct xlsx_book *b, lxw_worksheet *sheet);
void xlsx_write_summary(struct xlsx_book *b, lxw_worksheet *sheet);

#endif
