/* csv - the lines of a sheet as CSV, one row each (RFC 4180; documents/csv_profile.h says for whom).
 *
 * A spreadsheet takes a cell that begins with = + - or @ for a formula, whoever wrote it.  Text that would
 * begin so, also behind blanks or where a spreadsheet that expects another separator would cut it, gets an
 * apostrophe before that character (OWASP, "CSV Injection").  Numbers are never quoted. */
#include "documents/document.h"

#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "documents/clean.h"
#include "documents/csv_profile.h"
#include "documents/progress.h"
#include "documents/text_file.h"
#include "documents/when.h"

#define CELL_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct csv {
    const struct document_input *in;
    const struct csv_profile *profile;
    struct text_file *file;
    bool needs_separator;
    struct buf clean, safe, cell; /* of one cell, on its way */
    int64_t n_cut;
    int error;
};

/* ---- cells ---- */

static void begin_cell(struct csv *c)
{
    if (c->needs_separator) {
        text_file_put_char(c->file, c->profile->separator);
    }
    c->needs_separator = true;
}

static void end_row(struct csv *c)
{
    text_file_put(c->file, "\r\n");
    c->needs_separator = false;
}

static void put_nothing(struct csv *c)
{
    begin_cell(c);
}

static void put_raw(struct csv *c, const char *text)
{
    begin_cell(c);
    text_file_put(c->file, text);
}

static void put_number(struct csv *c, int64_t value)
{
    begin_cell(c);
    text_file_put_int(c->file, value);
}

static void put_hours(struct csv *c, int64_t minutes)
{
    char text[SHEET_HOURS_LEN + 1];
    sheet_format_hours(minutes, text);
    put_raw(c, text);
}

static void put_hundredths(struct csv *c, int64_t hundredths)
{
    char text[SHEET_HOURS_LEN + 1];
    sheet_format_hundredths(hundredths, c->profile->decimal_mark, text);
    /* A decimal comma needs no quotes where the separator is another one, which the profiles see to. */
    put_raw(c, text);
}

/* ---- text ---- */

static bool begins_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* = + - @, and their full-width forms, which an East Asian Excel takes for the same. */
static bool is_trigger(const char *s)
{
    return *s == '=' || *s == '+' || *s == '-' || *s == '@' || begins_with(s, "\xef\xbc\x9d") ||
           begins_with(s, "\xef\xbc\x8b") || begins_with(s, "\xef\xbc\x8d") || begins_with(s, "\xef\xbc\xa0");
}

/* Blank, no-break space, ideographic space, zero-width space, byte order mark. */
static const char *skip_blanks(const char *s)
{
    static const char *const blanks[] = {" ", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b", "\xef\xbb\xbf"};
    for (size_t i = 0; i < ARRAY_LEN(blanks);) {
        if (begins_with(s, blanks[i])) {
            s += strlen(blanks[i]);
            i = 0;
        } else {
            i++;
        }
    }
    return s;
}

static bool is_separator(char c)
{
    return c == ',' || c == ';';
}

/* From `clean` to `safe`: nothing in it begins like a formula. */
static int neutralise(const char *original, const char *text, struct buf *safe)
{
    bool is_risky =
        *original == '\t' || *original == '\r' || *original == '\n' || is_trigger(skip_blanks(text));
    int r = is_risky ? buf_add(safe, "'", 1) : 0;
    while (r == 0 && *text) {
        size_t plain = strcspn(text, ",;");
        plain += text[plain] != '\0';
        r = buf_add(safe, text, plain);
        text += plain;
        if (r == 0 && plain > 0 && is_separator(text[-1]) && is_trigger(text)) {
            r = buf_add(safe, "'", 1);
        }
    }
    return r;
}

static void write_quoted(struct csv *c, const char *text)
{
    text_file_put_char(c->file, '"');
    for (const char *quote; (quote = strchr(text, '"')) != NULL; text = quote + 1) {
        text_file_put_bytes(c->file, text, (size_t)(quote - text) + 1);
        text_file_put_char(c->file, '"');
    }
    text_file_put(c->file, text);
    text_file_put_char(c->file, '"');
}

static bool needs_quotes(const char *text)
{
    size_t len = strlen(text);
    return strpbrk(text, "\",;") != NULL || (len > 0 && (text[0] == ' ' || text[len - 1] == ' '));
}

static void put_text(struct csv *c, const char *text)
{
    begin_cell(c);
    buf_clear(&c->clean);
    buf_clear(&c->safe);
    buf_clear(&c->cell);
    int r = clean_text(text, SIZE_MAX, &c->clean, NULL);
    if (r == 0) {
        r = neutralise(text, buf_str(&c->clean), &c->safe);
    }
    if (r == 0) {
        r = clean_text(buf_str(&c->safe), c->profile->cell_max, &c->cell, &c->n_cut);
    }
    if (r < 0) {
        c->error = r;
    } else if (needs_quotes(buf_str(&c->cell))) {
        write_quoted(c, buf_str(&c->cell));
    } else {
        text_file_put(c->file, buf_str(&c->cell));
    }
}

/* ---- rows ---- */

static void put_date(struct csv *c, int32_t day)
{
    struct civil_date d = civil_from_day(day);
    begin_cell(c);
    switch (c->profile->dates) {
    case CSV_DATES_ISO: text_file_printf(c->file, "%04d-%02d-%02d", d.year, d.month, d.day); break;
    case CSV_DATES_DOT: text_file_printf(c->file, "%02d.%02d.%04d", d.day, d.month, d.year); break;
    case CSV_DATES_SLASH: text_file_printf(c->file, "%02d/%02d/%04d", d.day, d.month, d.year); break;
    }
}

static void put_clock(struct csv *c, const struct sheet_line *line, int64_t at_min)
{
    char text[WHEN_CLOCK_LEN + 1] = "";
    if (!line->is_all_day) {
        when_format_clock(when_wall_minute(c->in->zone, line->day, at_min), text);
    }
    put_raw(c, text);
}

static void put_header(struct csv *c)
{
    for (int i = 0; i < CSV_COLUMN_COUNT; i++) {
        put_text(c, c->profile->words->columns[i]);
    }
    end_row(c);
}

static void put_line(struct csv *c, const struct sheet_line *line)
{
    const struct csv_words *words = c->profile->words;
    put_text(c, c->in->sheet->number);
    put_number(c, c->in->sheet->revision);
    put_date(c, line->day);
    put_raw(c, words->weekdays[civil_weekday(line->day)]);
    put_clock(c, line, line->start_min);
    put_clock(c, line, line->end_min);
    put_raw(c, words->kinds[line->kind]);
    put_text(c, line->customer);
    put_raw(c, words->billings[line->billing]);
    put_text(c, line->subject);
    put_text(c, line->location);
    put_number(c, line->span);
    put_number(c, line->worked);
    put_hours(c, line->worked);
    put_hundredths(c, line->worked_hundredths);
    put_number(c, line->held);
    put_number(c, line->unrounded);
    put_number(c, line->billed);
    put_hours(c, line->billed);
    put_hundredths(c, line->billed_hundredths);
    put_raw(c, words->no_yes[line->is_late]);
    put_raw(c, words->no_yes[line->is_all_day]);
    put_text(c, line->decision);
    put_text(c, c->in->sheet->zone);
    end_row(c);
}

/* A sum in the columns of what it is the sum of; customer NULL: of all. */
static void put_total(struct csv *c, const char *customer, const char *billing, const struct sheet_sum *sum)
{
    put_text(c, c->profile->words->total);
    for (int i = CSV_REVISION; i < CSV_CUSTOMER; i++) {
        put_nothing(c);
    }
    put_text(c, customer);
    put_raw(c, billing);
    for (int i = CSV_SUBJECT; i < CSV_WORKED_MINUTES; i++) {
        put_nothing(c);
    }
    put_number(c, sum->worked);
    put_hours(c, sum->worked);
    put_hundredths(c, sum->worked_hundredths);
    put_number(c, sum->held);
    put_number(c, sum->unrounded);
    put_number(c, sum->billed);
    put_hours(c, sum->billed);
    put_hundredths(c, sum->billed_hundredths);
    for (int i = CSV_LATE; i < CSV_COLUMN_COUNT; i++) {
        put_nothing(c);
    }
    end_row(c);
}

static void put_totals(struct csv *c)
{
    const struct sheet_totals *t = c->in->totals;
    end_row(c);
    for (size_t i = 0; i < t->n_customers; i++) {
        const struct sheet_customer_sum *s = &t->customers[i];
        put_total(c, s->customer, c->profile->words->billings[s->billing], &s->sum);
    }
    put_total(c, "", "", &t->all);
}

int document_write_csv(const struct document_input *in, const char *path,
                       struct document_outcome *ret_outcome, struct err *e)
{
    struct csv c = {.in = in, .profile = in->csv_profile};
    int r = text_file_create(path, &c.file, e);
    if (r < 0) {
        return r;
    }
    buf_init(&c.clean, CELL_BYTES_MAX);
    buf_init(&c.safe, CELL_BYTES_MAX);
    buf_init(&c.cell, CELL_BYTES_MAX);
    if (c.profile->has_bom) {
        text_file_put(c.file, "\xef\xbb\xbf");
    }
    put_header(&c);
    for (size_t i = 0; i < in->sheet->n_lines; i++) {
        put_line(&c, &in->sheet->lines[i]);
        progress_tell(in, i + 1);
    }
    if (c.profile->has_totals) {
        put_totals(&c);
    }
    buf_finish(&c.clean);
    buf_finish(&c.safe);
    buf_finish(&c.cell);
    r = text_file_close(c.file, e);
    if (r == 0 && c.error) {
        r = err_set(e, c.error, 0, "%s: a cell is longer than %zu bytes", path, CELL_BYTES_MAX);
    }
    if (r == 0) {
        *ret_outcome = (struct document_outcome){0};
        clean_note_cut(c.n_cut, ret_outcome->note, sizeof ret_outcome->note);
    }
    return r;
}
