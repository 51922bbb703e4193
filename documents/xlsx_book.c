#include "documents/xlsx_book.h"

#include <stdio.h>
#include <string.h>

#include "documents/clean.h"
#include "model/ascii.h"
#include "timesheet/canonical.h"

#define TEXT_MAX                                                                                             \
    ((size_t)4 * 1024 * 1024) /* bytes of a cell on its way; Excel's limit of characters is far below */

void xlsx_check(struct xlsx_book *b, lxw_error error)
{
    if (b->error == LXW_NO_ERROR) {
        b->error = error;
    }
}

/* ---- formats ---- */

static const char *date_code(enum template_date format)
{
    switch (format) {
    case TEMPLATE_DATE_ISO: return "ddd yyyy-mm-dd";
    case TEMPLATE_DATE_DOTS: return "ddd dd.mm.yyyy";
    case TEMPLATE_DATE_SLASHES: return "ddd dd/mm/yyyy";
    case TEMPLATE_DATE_US: return "ddd mm/dd/yyyy";
    case TEMPLATE_DATE_LONG: return "ddd d mmm yyyy";
    case TEMPLATE_DATE_LONG_DOT: return "ddd d. mmm yyyy";
    }
    return "ddd yyyy-mm-dd";
}

static lxw_format *add_format(struct xlsx_book *b, enum xlsx_format which, const char *code)
{
    lxw_format *f = workbook_add_format(b->workbook);
    format_set_align(f, LXW_ALIGN_VERTICAL_TOP);
    if (code) {
        format_set_num_format(f, code);
    }
    b->formats[which] = f;
    return f;
}

static void add_head(struct xlsx_book *b, enum xlsx_format which, uint8_t align)
{
    lxw_format *f = add_format(b, which, NULL);
    format_set_bold(f);
    format_set_font_color(f, LXW_COLOR_WHITE);
    format_set_bg_color(f, b->in->template->accent);
    format_set_align(f, align);
    format_set_align(f, LXW_ALIGN_VERTICAL_CENTER);
    format_set_text_wrap(f);
    if (align == LXW_ALIGN_LEFT) {
        format_set_indent(f, 1);
    }
}

static void add_sum(struct xlsx_book *b, enum xlsx_format which, const char *code)
{
    lxw_format *f = add_format(b, which, code);
    format_set_bold(f);
    format_set_top(f, LXW_BORDER_THIN);
    format_set_top_color(f, b->in->template->accent);
}

static void add_formats(struct xlsx_book *b)
{
    const struct sheet_template *t = b->in->template;
    lxw_format *title = add_format(b, XLSX_TITLE, NULL);
    format_set_indent(title, 1);
    format_set_bold(title);
    format_set_font_size(title, 16);
    format_set_font_color(title, t->accent);
    format_set_indent(add_format(b, XLSX_INFO, NULL), 1);
    lxw_format *note = add_format(b, XLSX_NOTE, NULL);
    format_set_indent(note, 1);
    format_set_font_size(note, 9);
    format_set_font_color(note, t->grey);
    add_head(b, XLSX_HEAD, LXW_ALIGN_LEFT);
    add_head(b, XLSX_HEAD_RIGHT, LXW_ALIGN_RIGHT);
    add_head(b, XLSX_HEAD_MIDDLE, LXW_ALIGN_CENTER);
    format_set_indent(add_format(b, XLSX_TEXT, NULL), 1);
    lxw_format *wrap = add_format(b, XLSX_WRAP, NULL);
    format_set_indent(wrap, 1);
    format_set_text_wrap(wrap);
    add_format(b, XLSX_COUNT, "0");
    lxw_format *date = add_format(b, XLSX_DATE, date_code(t->date_format));
    format_set_align(date, LXW_ALIGN_LEFT);
    format_set_indent(date, 1);
    format_set_align(add_format(b, XLSX_CLOCK, "[hh]:mm"), LXW_ALIGN_CENTER);
    add_format(b, XLSX_TIME, "[h]:mm");
    add_format(b, XLSX_HOURS, "0.00");
    add_sum(b, XLSX_SUM_TEXT, NULL);
    format_set_indent(b->formats[XLSX_SUM_TEXT], 1);
    add_sum(b, XLSX_SUM_COUNT, "0");
    add_sum(b, XLSX_SUM_TIME, "[h]:mm");
    add_sum(b, XLSX_SUM_HOURS, "0.00");
}

void xlsx_book_init(struct xlsx_book *b, const struct document_input *in, lxw_workbook *workbook)
{
    *b = (struct xlsx_book){.in = in, .labels = &in->template->labels, .workbook = workbook};
    buf_init(&b->clean, TEXT_MAX);
    buf_init(&b->text, TEXT_MAX);
    add_formats(b);
}

void xlsx_book_finish(struct xlsx_book *b)
{
    buf_finish(&b->clean);
    buf_finish(&b->text);
}

/* ---- text ---- */

static bool is_hex(char c)
{
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

/* "_x0041_" is how a spreadsheet writes a character that XML does not allow (ECMA-376 part 1, 22.9.2.19
 * ST_Xstring): a stranger's would come out as another text. */
static bool is_escape(const char *s)
{
    return s[0] == '_' && s[1] == 'x' && is_hex(s[2]) && is_hex(s[3]) && is_hex(s[4]) && is_hex(s[5]) &&
           s[6] == '_';
}

static size_t count_escapes(const char *s)
{
    size_t n = 0;
    for (s = strchr(s, '_'); s; s = strchr(s + 1, '_')) {
        n += is_escape(s);
    }
    return n;
}

static int add_escaped(struct buf *to, const char *s)
{
    int r = 0;
    while (r == 0 && *s) {
        size_t plain = strcspn(s + 1, "_") + 1;
        r = is_escape(s) ? buf_add_str(to, "_x005F") : 0;
        r = r == 0 ? buf_add(to, s, plain) : r;
        s += plain;
    }
    return r;
}

/* The text as it goes into the file; "" also after an error, which is kept. */
static const char *prepare(struct xlsx_book *b, const char *text)
{
    buf_clear(&b->clean);
    int64_t n_cut = 0;
    int r = clean_text(text, CLEAN_CELL_MAX, &b->clean, &n_cut);
    size_t n = r == 0 ? count_escapes(buf_str(&b->clean)) : 0;
    if (n > 0) {
        buf_clear(&b->clean);
        buf_clear(&b->text);
        n_cut = 0;
        r = clean_text(text, CLEAN_CELL_MAX - n * strlen("_x005F"), &b->clean, &n_cut);
        r = r == 0 ? add_escaped(&b->text, buf_str(&b->clean)) : r;
    }
    b->n_cut += n_cut;
    if (r < 0) {
        b->text_error = r;
        return "";
    }
    return buf_str(n > 0 ? &b->text : &b->clean);
}

/* ---- cells ---- */

static lxw_format *format_of(const struct xlsx_cursor *c, enum xlsx_format format)
{
    return c->book->formats[format];
}

void xlsx_skip(struct xlsx_cursor *c, enum xlsx_format format)
{
    xlsx_check(c->book, worksheet_write_blank(c->sheet, c->row, c->column++, format_of(c, format)));
}

void xlsx_text(struct xlsx_cursor *c, enum xlsx_format format, const char *text)
{
    const char *prepared = prepare(c->book, text);
    if (*prepared == '\0' && (format == XLSX_TEXT || format == XLSX_WRAP)) {
        c->column++; /* nothing shows of an empty cell without a border */
        return;
    }
    if (*prepared == '\0') {
        xlsx_skip(c, format);
        return;
    }
    xlsx_check(c->book,
               worksheet_write_string(c->sheet, c->row, c->column++, prepared, format_of(c, format)));
}

void xlsx_number(struct xlsx_cursor *c, enum xlsx_format format, double value)
{
    xlsx_check(c->book, worksheet_write_number(c->sheet, c->row, c->column++, value, format_of(c, format)));
}

void xlsx_date(struct xlsx_cursor *c, int32_t day)
{
    xlsx_number(c, XLSX_DATE, day + XLSX_DAY_1970);
}

void xlsx_minutes(struct xlsx_cursor *c, enum xlsx_format format, int64_t minutes)
{
    xlsx_number(c, format, (double)minutes / XLSX_MINUTES_A_DAY);
}

void xlsx_hundredths(struct xlsx_cursor *c, enum xlsx_format format, int64_t hundredths)
{
    xlsx_number(c, format, (double)hundredths / 100);
}

void xlsx_formula(struct xlsx_cursor *c, enum xlsx_format format, double value, const char *formula)
{
    if (*formula == '\0') {
        xlsx_number(c, format, value);
        return;
    }
    xlsx_check(c->book, worksheet_write_formula_num(c->sheet, c->row, c->column++, formula,
                                                    format_of(c, format), value));
}

void xlsx_next_row(struct xlsx_cursor *c)
{
    c->row++;
    c->column = 0;
}

void xlsx_row_height(struct xlsx_cursor *c, double n_lines)
{
    xlsx_check(c->book, worksheet_set_row(c->sheet, c->row, 15 * n_lines, NULL));
}

void xlsx_lines_range(const struct xlsx_book *b, enum xlsx_column column, char ret_range[XLSX_RANGE_LEN])
{
    size_t n = b->in->sheet->n_lines;
    snprintf(ret_range, XLSX_RANGE_LEN, "$%c$%d:$%c$%zu", 'A' + (int)column, XLSX_FIRST_ROW + 1,
             'A' + (int)column, XLSX_FIRST_ROW + (n ? n : 1));
}

const char *xlsx_customer(const struct xlsx_book *b, const char *customer)
{
    return *customer ? customer : b->labels->no_customer;
}

/* ---- page ---- */

#define PAPER_LETTER 1
#define PAPER_A4     9

static uint8_t paper_of(enum template_page page)
{
    switch (page) {
    case TEMPLATE_A4:
    case TEMPLATE_A4_LANDSCAPE: return PAPER_A4;
    case TEMPLATE_LETTER:
    case TEMPLATE_LETTER_LANDSCAPE: return PAPER_LETTER;
    }
    return PAPER_A4;
}

void xlsx_set_page(struct xlsx_book *b, lxw_worksheet *sheet)
{
    const struct sheet *s = b->in->sheet;
    char hash[SHEET_HASH_HEX_LEN + 1], footer[256];
    sheet_hash_hex(s->hash, hash);
    /* The words of a template may hold a code of the footer's ("&P"): only figures of ours go there.  The
     * blank keeps them from the font's size. */
    snprintf(footer, sizeof footer, "&L&8 %s / %d&C&8 &P / &N&R&7 %s", s->number, (int)s->revision, hash);
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, paper_of(b->in->template->page));
    worksheet_fit_to_pages(sheet, 1, 0);
    worksheet_set_margins(sheet, 0.4, 0.4, 0.5, 0.6);
    xlsx_check(b, worksheet_set_footer(sheet, footer));
}
