#include "model/sheet_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/names.h"

#define HASH_HEX_LEN (2 * SHEET_HASH_LEN)
#define FIELDS_MAX   7

static const char *const kinds[] = {"progress", "made", "failed"};

/* ---- writing ---- */

/* Text as the last or last but one field: nothing in it ends a field or a line. */
static int add_text(struct buf *b, const char *text)
{
    size_t from = b->len;
    int r = buf_add_str(b, text ? text : "");
    for (size_t i = from; r == 0 && i < b->len; i++) {
        if ((unsigned char)b->data[i] < ' ' || b->data[i] == 0x7f) {
            b->data[i] = ' ';
        }
    }
    return r;
}

static int add_hash(struct buf *b, const unsigned char hash[SHEET_HASH_LEN])
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < SHEET_HASH_LEN; i++) {
        r = buf_printf(b, "%02x", hash[i]);
    }
    return r;
}

static int add_two_texts(struct buf *b, const char *first, const char *second)
{
    int r = add_text(b, first);
    if (r == 0) {
        r = buf_add_str(b, "\t");
    }
    return r ? r : add_text(b, second);
}

static int add_fields(struct buf *b, const struct sheet_report *report)
{
    int r = 0;
    switch (report->kind) {
    case SHEET_REPORT_PROGRESS:
        return buf_printf(b, "%lld\t%lld", (long long)report->done, (long long)report->of);
    case SHEET_REPORT_MADE:
        r = buf_printf(b, "%lld\t%lld\t", (long long)report->bytes, (long long)report->missing_glyphs);
        if (r == 0) {
            r = add_hash(b, report->file_hash);
        }
        if (r == 0) {
            r = buf_add_str(b, "\t");
        }
        return r ? r : add_two_texts(b, report->path, report->note);
    case SHEET_REPORT_FAILED: return add_two_texts(b, report->error_code, report->message);
    }
    return ERR_BUG;
}

int sheet_report_write(const struct sheet_report *report, struct buf *text)
{
    size_t before = text->len;
    int r = buf_printf(text, "%s\t%s\t", names_get(kinds, ARRAY_LEN(kinds), report->kind),
                       sheet_format_name(report->format));
    if (r == 0) {
        r = add_fields(text, report);
    }
    if (r == 0) {
        r = buf_add_str(text, "\n");
    }
    if (r < 0 && text->data) {
        text->len = before; /* no half a line */
        text->data[before] = '\0';
    }
    return r;
}

/* ---- reading ---- */

/* All fields; the last one takes the rest of the line only if there is no tab in it. */
static size_t split(char *line, char *fields[FIELDS_MAX])
{
    size_t n = 0;
    for (char *at = line; at && n < FIELDS_MAX; n++) {
        fields[n] = at;
        at = strchr(at, '\t');
        if (at) {
            *at++ = '\0';
            n += n + 1 == FIELDS_MAX; /* one field too many */
        }
    }
    return n;
}

static int read_number(const char *text, int64_t *ret_value)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno) {
        return ERR_INVALID;
    }
    *ret_value = value;
    return 0;
}

static int read_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_hash(const char *text, unsigned char ret_hash[SHEET_HASH_LEN])
{
    if (strlen(text) != HASH_HEX_LEN) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < SHEET_HASH_LEN; i++) {
        int high = read_digit(text[2 * i]), low = read_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return ERR_INVALID;
        }
        ret_hash[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

static int read_made(char *const fields[FIELDS_MAX], struct sheet_report *report)
{
    report->path = fields[5];
    report->note = fields[6];
    bool is_good = read_number(fields[2], &report->bytes) == 0 &&
                   read_number(fields[3], &report->missing_glyphs) == 0 &&
                   read_hash(fields[4], report->file_hash) == 0 && *report->path;
    return is_good ? 0 : ERR_INVALID;
}

static int read_fields(char *const fields[FIELDS_MAX], size_t n, struct sheet_report *report)
{
    static const size_t wanted[] = {
        [SHEET_REPORT_PROGRESS] = 4, [SHEET_REPORT_MADE] = 7, [SHEET_REPORT_FAILED] = 4};
    if (n != wanted[report->kind] || sheet_format_from(fields[1], &report->format) < 0) {
        return ERR_INVALID;
    }
    switch (report->kind) {
    case SHEET_REPORT_PROGRESS:
        return read_number(fields[2], &report->done) < 0 || read_number(fields[3], &report->of) < 0
                   ? ERR_INVALID
                   : 0;
    case SHEET_REPORT_MADE: return read_made(fields, report);
    case SHEET_REPORT_FAILED:
        report->error_code = fields[2];
        report->message = fields[3];
        return *report->error_code ? 0 : ERR_INVALID;
    }
    return ERR_INVALID;
}

int sheet_report_parse(char *line, struct sheet_report *ret_report)
{
    char *fields[FIELDS_MAX];
    size_t n = split(line, fields);
    struct sheet_report report = {0};
    unsigned kind;
    if (names_find(kinds, ARRAY_LEN(kinds), fields[0], &kind) < 0) {
        return ERR_INVALID;
    }
    report.kind = (enum sheet_report_kind)kind;
    int r = read_fields(fields, n, &report);
    if (r == 0) {
        *ret_report = report;
    }
    return r;
}
