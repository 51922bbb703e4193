/* csv_reader - the profiles of CSV, and what stands in a file of one. */
#ifndef TESTS_UNIT_DOCUMENTS_CSV_READER_H
#define TESTS_UNIT_DOCUMENTS_CSV_READER_H

#include "tests/unit/documents/scratch.h"

#include "documents/csv_profile.h"
#include "tests/lib/sheet_random.h"

static const char *const profile_names[] = {"rfc4180", "excel-en", "excel-de", "excel-fr", "excel-ch"};

static inline const struct csv_profile *profile(const char *name)
{
    const struct csv_profile *p = NULL;
    struct err e = {0};
    if (csv_profile_find(name, &p, &e) < 0) {
        fail_msg("%s", e.msg);
    }
    return p;
}

/* ---- a reader of RFC 4180 ---- */

struct rows {
    char *text; /* cells, NUL-terminated, point into it */
    char *(*cells)[CSV_COLUMN_COUNT];
    size_t n;
};

/* Reads one cell in place; returns what stands behind it. */
static inline char *read_cell(char *at, char separator, char **ret_cell)
{
    char *to = at;
    *ret_cell = at;
    if (*at == '"') {
        *ret_cell = to = ++at;
        while (*at != '"' || at[1] == '"') {
            assert_int_not_equal(*at, '\0');
            at += *at == '"';
            *to++ = *at++;
        }
        at++;
    } else {
        while (*at != separator && *at != '\r') {
            assert_true((unsigned char)*at >= 0x20 && *at != '"');
            at++;
        }
        to = at;
    }
    char *next = at + 1;
    assert_true(*at == separator || (*at == '\r' && at[1] == '\n'));
    *to = '\0';
    return next;
}

static inline struct rows read_rows(const struct buf *bytes, const struct csv_profile *p)
{
    struct rows rows = {.text = mem_strdup(buf_str(bytes))};
    assert_int_equal(strlen(rows.text), bytes->len);
    char *at = rows.text;
    if (p->has_bom) {
        assert_memory_equal(at, "\xef\xbb\xbf", 3);
        at += 3;
    }
    while (*at) {
        rows.cells = mem_realloc(rows.cells, rows.n + 1, sizeof *rows.cells);
        memset(rows.cells[rows.n], 0, sizeof *rows.cells);
        size_t n = 0;
        bool is_end = at[0] == '\r' && at[1] == '\n'; /* an empty row */
        at += is_end ? 2 : 0;
        while (!is_end) {
            assert_true(n < CSV_COLUMN_COUNT);
            at = read_cell(at, p->separator, &rows.cells[rows.n][n++]);
            is_end = *at == '\n';
            at += is_end;
        }
        assert_true(n == CSV_COLUMN_COUNT || n == 0);
        rows.n++;
    }
    return rows;
}

static inline void rows_finish(struct rows *rows)
{
    free(rows->cells);
    free(rows->text);
}

#endif
