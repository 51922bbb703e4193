/* xlsx_reader - just enough of a reader of workbooks for the tests: parts of the ZIP file, shared strings,
 * cells with their formula and value. */
#ifndef TESTS_LIB_XLSX_READER_H
#define TESTS_LIB_XLSX_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/mem.h"

/* ---- ZIP (APPNOTE 4.3) ---- */

static inline uint32_t zip_u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint32_t zip_u16(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline char *zip_inflate(const unsigned char *data, size_t len, size_t size)
{
    char *out = mem_calloc(size + 1, 1);
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)data,
                  .avail_in = (uInt)len,
                  .next_out = (unsigned char *)out,
                  .avail_out = (uInt)size};
    if (inflateInit2(&z, -15) != Z_OK || inflate(&z, Z_FINISH) != Z_STREAM_END || z.total_out != size) {
        abort();
    }
    inflateEnd(&z);
    return out;
}

/* The text of one part; NULL where there is none.  free() it. */
static inline char *zip_part(const struct buf *file, const char *name)
{
    const unsigned char *bytes = (const unsigned char *)file->data;
    const unsigned char *end = bytes + file->len - 22;
    const unsigned char *entry = bytes + zip_u32(end + 16);
    for (uint32_t i = 0; i < zip_u16(end + 10); i++) {
        uint32_t name_len = zip_u16(entry + 28);
        if (name_len == strlen(name) && memcmp(entry + 46, name, name_len) == 0) {
            const unsigned char *local = bytes + zip_u32(entry + 42);
            const unsigned char *data = local + 30 + zip_u16(local + 26) + zip_u16(local + 28);
            return zip_inflate(data, zip_u32(entry + 20), zip_u32(entry + 24));
        }
        entry += 46 + name_len + zip_u16(entry + 30) + zip_u16(entry + 32);
    }
    return NULL;
}

/* ---- cells ---- */

struct xlsx_cell {
    bool is_text;
    char *text; /* the text, or the number as it stands in the file; "" for none */
    char *formula;
};

struct xlsx_file {
    char *strings;
    char **index; /* into strings: behind each <si> */
    size_t n_strings;
    char *sheets[2];
};

/* XML's entities, and ST_Xstring's escapes. */
static inline char *xlsx_decode(const char *from, const char *end)
{
    static const char *const entities[][2] = {
        {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&quot;", "\""}, {"&#10;", "\n"}};
    char *text = mem_calloc((size_t)(end - from) + 1, 1), *to = text;
    while (from < end) {
        size_t i = *from == '&' ? 0 : 5; /* most characters are none: workbooks are read by the thousand */
        while (i < 5 && strncmp(from, entities[i][0], strlen(entities[i][0])) != 0) {
            i++;
        }
        unsigned code;
        char tail;
        if (i < 5) {
            *to++ = entities[i][1][0];
            from += strlen(entities[i][0]);
        } else if (*from == '_' && end - from >= 7 && sscanf(from, "_x%4X%c", &code, &tail) == 2 &&
                   tail == '_' && code < 0x80) {
            *to++ = (char)code;
            from += 7;
        } else {
            *to++ = *from++;
        }
    }
    return text;
}

static inline char *xlsx_element(const char *from, const char *end, const char *open, const char *close)
{
    const char *at = from < end ? memmem(from, (size_t)(end - from), open, strlen(open)) : NULL;
    if (!at) {
        return NULL;
    }
    at = strchr(at, '>') + 1;
    return xlsx_decode(at, strstr(at, close));
}

static inline void xlsx_open(const struct buf *bytes, struct xlsx_file *ret)
{
    *ret = (struct xlsx_file){
        .strings = zip_part(bytes, "xl/sharedStrings.xml"),
        .sheets = {zip_part(bytes, "xl/worksheets/sheet1.xml"), zip_part(bytes, "xl/worksheets/sheet2.xml")}};
    for (char *at = ret->strings; at && (at = strstr(at, "<si>")) != NULL; at += 4) {
        ret->index = mem_realloc(ret->index, ret->n_strings + 1, sizeof *ret->index);
        ret->index[ret->n_strings++] = at + 4;
    }
}

static inline void xlsx_close(struct xlsx_file *f)
{
    free(f->strings);
    free(f->index);
    free(f->sheets[0]);
    free(f->sheets[1]);
}

static inline void xlsx_cell_finish(struct xlsx_cell *cell)
{
    free(cell->text);
    free(cell->formula);
}

static inline void xlsx_read_text(const struct xlsx_file *f, const char *at, const char *end,
                                  struct xlsx_cell *cell)
{
    const char *head_end = strchr(at, '>');
    bool is_shared = memmem(at, (size_t)(head_end - at), "t=\"s\"", 5) != NULL;
    cell->is_text = is_shared || memmem(at, (size_t)(head_end - at), "t=\"inlineStr\"", 13) != NULL;
    cell->formula = xlsx_element(head_end, end, "<f>", "</f>");
    cell->text = is_shared ? NULL
                           : xlsx_element(head_end, end, cell->is_text ? "<t" : "<v>",
                                          cell->is_text ? "</t>" : "</v>");
    if (is_shared) {
        char *number = xlsx_element(head_end, end, "<v>", "</v>");
        const char *si = f->index[strtoul(number, NULL, 10)];
        cell->text = xlsx_element(si, strstr(si, "</si>"), "<t", "</t>");
        free(number);
    }
    cell->text = cell->text ? cell->text : mem_strdup("");
}

/* The cell named `ref` ("J5") of a sheet, looked for from *at on (NULL: the beginning), which moves behind
 * it. */
static inline bool xlsx_cell_at(const struct xlsx_file *f, int sheet, const char *ref, const char **at,
                                struct xlsx_cell *ret)
{
    char head[32];
    snprintf(head, sizeof head, "<c r=\"%s\"", ref);
    const char *cell = strstr(at && *at ? *at : f->sheets[sheet], head);
    *ret = (struct xlsx_cell){0};
    if (!cell) {
        ret->text = mem_strdup("");
        return false;
    }
    const char *head_end = strchr(cell, '>');
    const char *end = head_end[-1] == '/' ? head_end : strstr(cell, "</c>");
    xlsx_read_text(f, cell, end, ret);
    if (at) {
        *at = end;
    }
    return true;
}

#endif
