#include "cli/print.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/civil.h"
#include "base/mem.h"
#include "base/utf8.h"

#define DEFAULT_WIDTH 60
#define NEVER_MS      INT64_C(253402214400000) /* 9999-12-31 00:00 */
#define ROW_MAX       ((size_t)16 << 20)       /* bytes of one row of JSON; raw bodies are below 4 MiB */

struct listing {
    const struct column *columns;
    int n_columns;
    bool as_json;
    FILE *out;
    int next; /* column of the next cell */
    size_t n_rows;
    char **cells; /* for people: n_rows * n_columns, NULL in columns without a head */
    size_t n_cells;
    size_t cells_max;
    struct buf row; /* JSON: the row being written */
    struct json_out json;
};

void print_init(void)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8")) {
        (void)setlocale(LC_CTYPE, "");
    }
}

/* ---- text on a terminal ---- */

static bool steers_terminal(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           code == 0xfeff || utf8_turns_direction(code);
}

static int width_of(uint32_t code)
{
    int width = wcwidth((wchar_t)code);
    return width < 0 ? 1 : width;
}

/* One character at *s, made harmless; moves *s on. */
static uint32_t next_code(const char **s)
{
    uint32_t code = 0;
    size_t len = utf8_decode(*s, strlen(*s), &code);
    *s += len ? len : 1;
    return !len ? 0xfffd : steers_terminal(code) ? 0xb7 : code;
}

static char *put_code(char *out, uint32_t code)
{
    return out + utf8_encode(code, out);
}

char *print_clean(const char *text, int max)
{
    char *clean = mem_calloc(strlen(text) * 3 + 4, 1);
    char *end = clean;
    char *cut = clean; /* where the ellipsis goes if the rest does not fit */
    int width = 0;
    for (const char *s = text; *s;) {
        uint32_t code = next_code(&s);
        width += width_of(code);
        if (max > 0 && width > max) {
            cut = put_code(cut, 0x2026);
            *cut = '\0';
            return clean;
        }
        end = put_code(end, code);
        if (width < max) {
            cut = end;
        }
    }
    *end = '\0';
    return clean;
}

int print_width(const char *text)
{
    int width = 0;
    for (const char *s = text; *s;) {
        width += width_of(next_code(&s));
    }
    return width;
}

int64_t print_due(int64_t utc_ms)
{
    return utc_ms >= NEVER_MS ? PRINT_NO_TIME : utc_ms;
}

int64_t print_parse_stamp(const char *text)
{
    int64_t utc_ms = PRINT_NO_TIME;
    if (text) {
        (void)!civil_parse_time(text, &utc_ms);
    }
    return utc_ms;
}

void print_format_iso(int64_t utc_ms, char ret_text[PRINT_TIME_LEN])
{
    char text[CIVIL_TIME_LEN + 1];
    civil_format_time(utc_ms, text);
    snprintf(ret_text, PRINT_TIME_LEN, "%.10sT%.8sZ", text, text + 11);
}

void print_format_minute(int64_t utc_ms, char ret_text[PRINT_TIME_LEN])
{
    char text[CIVIL_TIME_LEN + 1];
    civil_format_time(utc_ms, text);
    snprintf(ret_text, PRINT_TIME_LEN, "%.16s", text);
}

void print_format_duration(int64_t ms, char ret_text[PRINT_TIME_LEN])
{
    long long s = ms / 1000;
    if (ms < 0) {
        ret_text[0] = '\0';
    } else if (s == 0) {
        snprintf(ret_text, PRINT_TIME_LEN, "%lld ms", (long long)ms);
    } else if (s < 60) {
        snprintf(ret_text, PRINT_TIME_LEN, "%lld s", s);
    } else if (s < 3600) {
        snprintf(ret_text, PRINT_TIME_LEN, "%lld min %lld s", s / 60, s % 60);
    } else {
        snprintf(ret_text, PRINT_TIME_LEN, "%lld h %lld min", s / 3600, s / 60 % 60);
    }
}

void print_json_time(struct json_out *j, const char *name, int64_t utc_ms)
{
    char text[PRINT_TIME_LEN];
    if (utc_ms != PRINT_NO_TIME) {
        print_format_iso(utc_ms, text);
    }
    json_text(j, name, utc_ms != PRINT_NO_TIME ? text : NULL);
}

/* ---- rows ---- */

struct listing *listing_begin(const struct column *columns, bool as_json, FILE *out)
{
    struct listing *l = mem_calloc(1, sizeof *l);
    l->columns = columns;
    l->as_json = as_json;
    l->out = out;
    while (columns[l->n_columns].json || columns[l->n_columns].head) {
        l->n_columns++;
    }
    buf_init(&l->row, ROW_MAX);
    return l;
}

/* The column of the next cell; opens the JSON object with the first. */
static const struct column *take_column(struct listing *l)
{
    if (l->next == 0 && l->as_json) {
        buf_clear(&l->row);
        json_out_begin(&l->json, &l->row);
        json_open(&l->json, NULL, '{');
    }
    if (l->next >= l->n_columns) {
        fputs("admin-assistant: bug: more cells than columns\n", stderr);
        abort();
    }
    return &l->columns[l->next++];
}

static void keep_cell(struct listing *l, const struct column *c, const char *text)
{
    if (l->as_json) {
        return;
    }
    if (l->n_cells == l->cells_max) {
        l->cells_max = l->cells_max ? l->cells_max * 2 : 64;
        l->cells = mem_realloc(l->cells, l->cells_max, sizeof *l->cells);
    }
    int max = c->max_width ? c->max_width : DEFAULT_WIDTH;
    l->cells[l->n_cells++] = c->head ? print_clean(text, max) : NULL;
}

static bool is_json(const struct listing *l, const struct column *c)
{
    return l->as_json && c->json;
}

void listing_text(struct listing *l, const char *text)
{
    const struct column *c = take_column(l);
    if (is_json(l, c) && c->kind == COLUMN_JSON) {
        json_raw(&l->json, c->json, text);
    } else if (is_json(l, c)) {
        json_text(&l->json, c->json, text);
    }
    keep_cell(l, c, text ? text : "");
}

void listing_int(struct listing *l, int64_t value)
{
    const struct column *c = take_column(l);
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    if (is_json(l, c)) {
        json_int(&l->json, c->json, value);
    }
    keep_cell(l, c, text);
}

void listing_bool(struct listing *l, bool value)
{
    const struct column *c = take_column(l);
    if (is_json(l, c)) {
        json_bool(&l->json, c->json, value);
    }
    keep_cell(l, c, value ? "yes" : "no");
}

void listing_time(struct listing *l, int64_t utc_ms)
{
    const struct column *c = take_column(l);
    char text[PRINT_TIME_LEN] = "";
    if (utc_ms != PRINT_NO_TIME) {
        print_format_minute(utc_ms, text);
    }
    if (is_json(l, c)) {
        print_json_time(&l->json, c->json, utc_ms);
    }
    keep_cell(l, c, text);
}

void listing_stamp(struct listing *l, const char *text)
{
    listing_time(l, print_parse_stamp(text));
}

void listing_date(struct listing *l, int32_t day)
{
    const struct column *c = take_column(l);
    char text[CIVIL_DATE_LEN + 1] = "";
    if (day != PRINT_NO_DATE) {
        civil_format_date(day, text);
    }
    if (is_json(l, c)) {
        json_text(&l->json, c->json, day != PRINT_NO_DATE ? text : NULL);
    }
    keep_cell(l, c, text);
}

void listing_null(struct listing *l)
{
    const struct column *c = take_column(l);
    if (is_json(l, c)) {
        json_raw(&l->json, c->json, NULL);
    }
    keep_cell(l, c, "");
}

static void write_json_row(struct listing *l, const char *before)
{
    json_close(&l->json, '}');
    if (json_out_end(&l->json) < 0) {
        fprintf(stderr, "admin-assistant: a row of more than %zu bytes is left out\n", ROW_MAX);
        return;
    }
    fputs(before, l->out);
    fputs(buf_str(&l->row), l->out);
}

void listing_end_row(struct listing *l)
{
    if (l->next != l->n_columns) {
        fputs("admin-assistant: bug: fewer cells than columns\n", stderr);
        abort();
    }
    l->next = 0;
    if (l->as_json) {
        write_json_row(l, l->n_rows ? ",\n " : "[");
    }
    l->n_rows++;
}

void listing_drop(struct listing *l)
{
    for (size_t i = 0; i < l->n_cells; i++) {
        free(l->cells[i]);
    }
    free(l->cells);
    buf_finish(&l->row);
    free(l);
}

/* ---- columns for people ---- */

static bool is_right(const struct column *c)
{
    return c->kind == COLUMN_INT;
}

static void pad(FILE *out, int n)
{
    if (n > 0) {
        fprintf(out, "%*s", n, "");
    }
}

/* No blanks behind the last column, so that lines can be copied. */
static void print_cell(struct listing *l, int column, int width, const char *text, bool is_last)
{
    int blank = width - print_width(text);
    bool right = is_right(&l->columns[column]);
    if (right) {
        pad(l->out, blank);
    }
    fputs(text, l->out);
    if (!right && !is_last) {
        pad(l->out, blank);
    }
    fputs(is_last ? "\n" : "  ", l->out);
}

static void measure(const struct listing *l, int *widths, int *ret_last)
{
    for (int c = 0; c < l->n_columns; c++) {
        if (!l->columns[c].head) {
            continue;
        }
        *ret_last = c;
        widths[c] = print_width(l->columns[c].head);
        for (size_t row = 0; row < l->n_rows; row++) {
            int width = print_width(l->cells[row * (size_t)l->n_columns + (size_t)c]);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
}

static void print_table(struct listing *l)
{
    int *widths = mem_calloc((size_t)l->n_columns, sizeof *widths);
    int last = 0;
    measure(l, widths, &last);
    for (size_t line = 0; line <= l->n_rows; line++) {
        for (int c = 0; c <= last; c++) {
            if (l->columns[c].head) {
                const char *text =
                    line == 0 ? l->columns[c].head : l->cells[(line - 1) * (size_t)l->n_columns + (size_t)c];
                print_cell(l, c, widths[c], text, c == last);
            }
        }
    }
    free(widths);
}

void listing_finish(struct listing *l, const char *empty)
{
    if (l->as_json) {
        fputs(l->n_rows ? "]\n" : "[]\n", l->out);
    } else if (l->n_rows == 0) {
        fprintf(l->out, "%s\n", empty);
    } else {
        print_table(l);
    }
    listing_drop(l);
}

int listing_close(struct listing *l, int r, const char *empty)
{
    if (r < 0) {
        listing_drop(l);
    } else {
        listing_finish(l, empty);
    }
    return r;
}

void listing_finish_record(struct listing *l)
{
    if (l->as_json) {
        write_json_row(l, "");
        fputs("\n", l->out);
        listing_drop(l);
        return;
    }
    int widest = 0;
    for (int c = 0; c < l->n_columns; c++) {
        int width = l->columns[c].head ? print_width(l->columns[c].head) : 0;
        widest = width > widest ? width : widest;
    }
    for (int c = 0; c < l->n_columns; c++) {
        const char *head = l->columns[c].head;
        if (head && l->cells[c][0]) {
            fprintf(l->out, "%s:", head);
            pad(l->out, widest - print_width(head) + 1);
            fprintf(l->out, "%s\n", l->cells[c]);
        }
    }
    listing_drop(l);
}
