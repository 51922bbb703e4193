#include "documents/pdf_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "documents/clean.h"

/* ---- styles ---- */

static const struct {
    double size, line_height;
    bool is_bold;
} styles[PDF_STYLE_COUNT] = {
    [PDF_TITLE] = {22, 26, true},        [PDF_FIGURE] = {14, 18, true},  [PDF_HEADING] = {10, 13, true},
    [PDF_BODY] = {8, 10.2, false},       [PDF_BOLD] = {8, 10.2, true},   [PDF_SMALL] = {6.8, 8.8, false},
    [PDF_SMALL_BOLD] = {6.8, 8.8, true}, [PDF_TINY] = {5.6, 7.4, false},
};

double pdf_line_height(enum pdf_style style)
{
    return styles[style].line_height;
}

/* ---- the table: characters that need no shaping ---- */

#define FIRST      0x20
#define END        0x530 /* Latin, IPA, Greek, Cyrillic */
#define DASHES     0x2010
#define DASHES_END 0x2028
#define EURO       0x20ac
#define ELLIPSIS   0x2026
#define N_GLYPHS   (END - FIRST + DASHES_END - DASHES + 1)
#define MARKS_MAX  3 /* combining marks on one letter; more are piled up for fun */

struct table_glyph {
    bool is_known;  /* looked up: a sheet has a hundred of these characters, and each costs a look at the font
                     */
    unsigned index; /* 0: the font has none */
    double advance;
};

struct table {
    bool is_ready;
    cairo_scaled_font_t *font; /* borrowed from pango_font */
    PangoFont *pango_font;
    double ascent; /* from the upper edge of a line to its base line */
    struct table_glyph glyphs[N_GLYPHS];
};

/* Glyphs of one style and colour that wait to be drawn. */
struct batch {
    enum pdf_style style;
    uint32_t rgb;
    size_t n, cap;
    cairo_glyph_t *glyphs;
};

#define BATCHES_MAX 8

struct pdf_fonts {
    cairo_t *cr;
    uint32_t rgb;
    struct batch batches[BATCHES_MAX];
    size_t n_batches;
    PangoFontMap *map;
    PangoContext *context;
    PangoFontDescription *descriptions[PDF_STYLE_COUNT];
    struct table tables[PDF_STYLE_COUNT];
    int64_t missing;
};

static int table_place(uint32_t code)
{
    bool is_mark = (code >= 0x300 && code < 0x370) || (code >= 0x483 && code < 0x48a) || code == 0xad;
    if (code >= FIRST && code < END && !is_mark) {
        return (int)(code - FIRST);
    }
    if (code >= DASHES && code < DASHES_END) {
        return (int)(END - FIRST + code - DASHES);
    }
    return code == EURO ? N_GLYPHS - 1 : -1;
}

static void look_up(const struct table *table, uint32_t code, struct table_glyph *glyph)
{
    char utf8[4];
    int len = (int)utf8_encode(code, utf8), n = 1;
    cairo_glyph_t one, *glyphs = &one;
    glyph->is_known = true;
    if (cairo_scaled_font_text_to_glyphs(table->font, 0, 0, utf8, len, &glyphs, &n, NULL, NULL, NULL) !=
        CAIRO_STATUS_SUCCESS) {
        return;
    }
    if (n == 1) {
        cairo_text_extents_t extents;
        cairo_scaled_font_glyph_extents(table->font, glyphs, 1, &extents);
        glyph->index = (unsigned)glyphs->index;
        glyph->advance = extents.x_advance;
    }
    if (glyphs != &one) {
        cairo_glyph_free(glyphs);
    }
}

static struct table *table_of(struct pdf_fonts *f, enum pdf_style style)
{
    struct table *table = &f->tables[style];
    if (table->is_ready) {
        return table;
    }
    cairo_font_extents_t extents;
    table->is_ready = true;
    table->pango_font = pango_context_load_font(f->context, f->descriptions[style]);
    table->font = pango_cairo_font_get_scaled_font(PANGO_CAIRO_FONT(table->pango_font));
    cairo_scaled_font_extents(table->font, &extents);
    table->ascent = (styles[style].line_height - extents.ascent - extents.descent) / 2 + extents.ascent;
    return table;
}

static const struct table_glyph *find_glyph(struct table *table, uint32_t code)
{
    int place = table_place(code);
    if (place < 0) {
        return NULL;
    }
    struct table_glyph *glyph = &table->glyphs[place];
    if (!glyph->is_known) {
        look_up(table, code, glyph);
    }
    return glyph->index != 0 ? glyph : NULL;
}

struct pdf_fonts *pdf_fonts_create(cairo_t *cr, const char *family)
{
    struct pdf_fonts *f = mem_calloc(1, sizeof *f);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    f->cr = cr;
    f->map = pango_cairo_font_map_new();
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(f->map), 72); /* a unit is a point */
    f->context = pango_font_map_create_context(f->map);
    pango_cairo_update_context(cr, f->context);
    pango_cairo_context_set_font_options(f->context, options);
    pango_context_set_round_glyph_positions(f->context, FALSE);
    pango_context_set_language(f->context, pango_language_from_string("en"));
    cairo_font_options_destroy(options);
    for (size_t i = 0; i < PDF_STYLE_COUNT; i++) {
        f->descriptions[i] = pango_font_description_new();
        pango_font_description_set_family(f->descriptions[i], family);
        pango_font_description_set_size(f->descriptions[i], (int)(styles[i].size * PANGO_SCALE));
        pango_font_description_set_weight(f->descriptions[i],
                                          styles[i].is_bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    }
    return f;
}

void pdf_fonts_destroy(struct pdf_fonts *f)
{
    if (!f) {
        return;
    }
    for (size_t i = 0; i < PDF_STYLE_COUNT; i++) {
        if (f->tables[i].pango_font) {
            g_object_unref(f->tables[i].pango_font);
        }
        pango_font_description_free(f->descriptions[i]);
    }
    for (size_t i = 0; i < BATCHES_MAX; i++) {
        free(f->batches[i].glyphs);
    }
    g_object_unref(f->context);
    g_object_unref(f->map);
    free(f);
}

int64_t pdf_fonts_missing(const struct pdf_fonts *f)
{
    return f->missing;
}

void pdf_fonts_forget_missing(struct pdf_fonts *f)
{
    f->missing = 0;
}

/* ---- text of strangers ---- */

#define BYTE_ORDER_MARK 0xfeffu /* no character at all */

/* Codes without doubled blanks, at most PDF_TEXT_MAX; the last is "…" where there was more.  What clean_next
 * replaces would not only look odd: Cairo gives up the whole document at a noncharacter. */
static int clean(const char *utf8, uint32_t codes[PDF_TEXT_MAX])
{
    int n = 0, marks = 0;
    for (uint32_t code; (code = clean_next(&utf8)) != 0;) {
        marks = code > 0x2ff && g_unichar_ismark(code) ? marks + 1 : 0;
        if (code == BYTE_ORDER_MARK || marks > MARKS_MAX ||
            (code == ' ' && (n == 0 || codes[n - 1] == ' '))) {
            continue;
        }
        if (n == PDF_TEXT_MAX) {
            codes[n - 1] = ELLIPSIS;
            return n;
        }
        codes[n++] = code;
    }
    return n > 0 && codes[n - 1] == ' ' ? n - 1 : n;
}

static void encode(const uint32_t *codes, int n, char ret_text[PDF_CLEAN_LEN + 1])
{
    size_t len = 0;
    for (int i = 0; i < n; i++) {
        len += utf8_encode(codes[i], ret_text + len);
    }
    ret_text[len] = '\0';
}

void pdf_text_clean(const char *utf8, char ret_text[PDF_CLEAN_LEN + 1])
{
    uint32_t codes[PDF_TEXT_MAX];
    encode(codes, clean(utf8, codes), ret_text);
}

/* ---- set from the table ---- */

/* The line that begins at `first`: ret_end behind what stands on it, ret_next where the next begins.  False
 * for a word that is wider than a line: Pango knows where to break it. */
static bool break_line(const struct table_glyph *const *glyphs, const uint32_t *codes, int first, int n,
                       double width, int *ret_end, int *ret_next)
{
    double x = 0;
    int blank = -1;
    for (int i = first; i < n; i++) {
        if (codes[i] == ' ') {
            blank = i;
        }
        x += glyphs[i]->advance;
        if (x > width + 0.01 && codes[i] != ' ') {
            *ret_end = blank;
            *ret_next = blank + 1;
            return blank > first;
        }
    }
    *ret_end = *ret_next = n;
    return true;
}

static void add_line(struct pdf_text *text, const struct table_glyph *const *glyphs, int first, int end)
{
    double x = 0;
    int line = text->n_lines++;
    text->lines[line].first = text->n_glyphs;
    for (int i = first; i < end; i++) {
        text->glyphs[text->n_glyphs++] = (cairo_glyph_t){glyphs[i]->index, x, 0};
        x += glyphs[i]->advance;
    }
    text->lines[line].end = text->n_glyphs;
    text->lines[line].width = x;
}

/* The last line that may be, with more behind it: as much as fits before "…". */
static void add_cut_line(struct pdf_text *text, const struct table_glyph *const *glyphs,
                         const uint32_t *codes, int first, int n, double width,
                         const struct table_glyph *ellipsis)
{
    double x = ellipsis->advance;
    int end = first;
    while (end < n && x + glyphs[end]->advance <= width) {
        x += glyphs[end++]->advance;
    }
    while (end > first && codes[end - 1] == ' ') {
        end--;
    }
    add_line(text, glyphs, first, end);
    double *line_width = &text->lines[text->n_lines - 1].width;
    text->glyphs[text->n_glyphs++] = (cairo_glyph_t){ellipsis->index, *line_width, 0};
    text->lines[text->n_lines - 1].end = text->n_glyphs;
    *line_width += ellipsis->advance;
}

static bool set_from_table(struct pdf_fonts *f, struct pdf_text *text, const uint32_t *codes, int n,
                           double width, int max_lines)
{
    struct table *table = table_of(f, text->style);
    const struct table_glyph *glyphs[PDF_TEXT_MAX], *ellipsis = find_glyph(table, ELLIPSIS);
    for (int i = 0; i < n; i++) {
        glyphs[i] = find_glyph(table, codes[i]);
        if (!glyphs[i]) {
            return false;
        }
    }
    for (int first = 0, end, next; first < n; first = next) {
        if (!break_line(glyphs, codes, first, n, width, &end, &next) && text->n_lines + 1 < max_lines) {
            return false;
        }
        if (text->n_lines + 1 == max_lines && (next < n || end < first)) {
            if (!ellipsis) {
                return false;
            }
            add_cut_line(text, glyphs, codes, first, n, width, ellipsis);
            return true;
        }
        add_line(text, glyphs, first, end);
    }
    return true;
}

/* ---- shaped ---- */

static void shape(struct pdf_fonts *f, struct pdf_text *text, const uint32_t *codes, int n, double width,
                  int max_lines)
{
    char utf8[PDF_CLEAN_LEN + 1];
    encode(codes, n, utf8);
    if (!text->layout) {
        text->layout = pango_layout_new(f->context);
        pango_layout_set_wrap(text->layout, PANGO_WRAP_WORD_CHAR);
        pango_layout_set_ellipsize(text->layout, PANGO_ELLIPSIZE_END);
    }
    pango_layout_set_font_description(text->layout, f->descriptions[text->style]);
    pango_layout_set_width(text->layout, (int)(width * PANGO_SCALE));
    pango_layout_set_height(text->layout, -max_lines);
    pango_layout_set_text(text->layout, utf8, -1);
    int lines = pango_layout_get_line_count(text->layout);
    text->n_lines = lines < max_lines ? lines : max_lines;
    text->n_missing = pango_layout_get_unknown_glyphs_count(text->layout);
    text->is_shaped = true;
}

static void set_colour(struct pdf_fonts *f, uint32_t rgb)
{
    cairo_set_source_rgb(f->cr, (rgb >> 16 & 0xff) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0);
}

static double shaped_width(PangoLayoutLine *line)
{
    PangoRectangle logical;
    pango_layout_line_get_extents(line, NULL, &logical);
    return logical.width / (double)PANGO_SCALE;
}

/* Fallback fonts may be taller than the line, and marks may be piled up: neither may reach another cell. */
static void draw_shaped(struct pdf_fonts *f, const struct pdf_text *text, double x, double y,
                        enum pdf_align align)
{
    const struct table *table = table_of(f, text->style);
    cairo_save(f->cr);
    set_colour(f, f->rgb);
    cairo_rectangle(f->cr, x - 1, y - 1, text->width + 2, pdf_text_height(text) + 2);
    cairo_clip(f->cr);
    for (int i = 0; i < text->n_lines; i++) {
        PangoLayoutLine *line = pango_layout_get_line_readonly(text->layout, i);
        double indent = align == PDF_RIGHT ? text->width - shaped_width(line) : 0;
        cairo_move_to(f->cr, x + indent, y + i * styles[text->style].line_height + table->ascent);
        pango_cairo_show_layout_line(f->cr, line);
    }
    cairo_restore(f->cr);
}

/* ---- either ---- */

void pdf_text_set(struct pdf_fonts *f, struct pdf_text *text, enum pdf_style style, const char *utf8,
                  double width, int max_lines)
{
    uint32_t codes[PDF_TEXT_MAX];
    int n = clean(utf8, codes);
    text->style = style;
    text->width = width;
    text->n_lines = text->n_glyphs = 0;
    text->n_missing = 0;
    text->is_shaped = false;
    if (n > 0 && !set_from_table(f, text, codes, n, width, max_lines)) {
        shape(f, text, codes, n, width, max_lines);
    }
}

double pdf_text_height(const struct pdf_text *text)
{
    return text->n_lines * styles[text->style].line_height;
}

double pdf_text_extent(const struct pdf_text *text)
{
    double widest = 0;
    for (int i = 0; i < text->n_lines; i++) {
        double width = text->is_shaped ? shaped_width(pango_layout_get_line_readonly(text->layout, i))
                                       : text->lines[i].width;
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* ---- batches ---- */

void pdf_fonts_colour(struct pdf_fonts *f, uint32_t rgb)
{
    f->rgb = rgb;
}

void pdf_fonts_flush(struct pdf_fonts *f)
{
    for (size_t i = 0; i < f->n_batches; i++) {
        struct batch *batch = &f->batches[i];
        set_colour(f, batch->rgb);
        cairo_set_scaled_font(f->cr, table_of(f, batch->style)->font);
        cairo_show_glyphs(f->cr, batch->glyphs, (int)batch->n);
        batch->n = 0;
    }
    f->n_batches = 0;
}

static struct batch *batch_for(struct pdf_fonts *f, enum pdf_style style, size_t n)
{
    struct batch *batch = NULL;
    for (size_t i = 0; i < f->n_batches && !batch; i++) {
        bool is_same = f->batches[i].style == style && f->batches[i].rgb == f->rgb;
        batch = is_same ? &f->batches[i] : NULL;
    }
    if (!batch) {
        if (f->n_batches == BATCHES_MAX) {
            pdf_fonts_flush(f);
        }
        batch = &f->batches[f->n_batches++];
        batch->style = style;
        batch->rgb = f->rgb;
    }
    if (batch->n + n > batch->cap) {
        batch->cap = 2 * (batch->n + n);
        batch->glyphs = mem_realloc(batch->glyphs, batch->cap, sizeof *batch->glyphs);
    }
    return batch;
}

static void draw_from_table(struct pdf_fonts *f, const struct pdf_text *text, double x, double y,
                            enum pdf_align align)
{
    const struct table *table = table_of(f, text->style);
    struct batch *batch = batch_for(f, text->style, (size_t)text->n_glyphs);
    for (int i = 0; i < text->n_lines; i++) {
        double left = x + (align == PDF_RIGHT ? text->width - text->lines[i].width : 0);
        double base = y + i * styles[text->style].line_height + table->ascent;
        for (int g = text->lines[i].first; g < text->lines[i].end; g++) {
            batch->glyphs[batch->n++] =
                (cairo_glyph_t){text->glyphs[g].index, left + text->glyphs[g].x, base};
        }
    }
}

void pdf_text_draw(struct pdf_fonts *f, const struct pdf_text *text, double x, double y, enum pdf_align align,
                   bool is_dry)
{
    f->missing += text->n_missing;
    if (is_dry || text->n_lines == 0) {
        return;
    }
    if (text->is_shaped) {
        draw_shaped(f, text, x, y, align);
    } else {
        draw_from_table(f, text, x, y, align);
    }
}

void pdf_text_finish(struct pdf_text *text)
{
    if (text->layout) {
        g_object_unref(text->layout);
    }
    *text = (struct pdf_text){0};
}
