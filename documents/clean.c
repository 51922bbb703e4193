#include "documents/clean.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

#define REPLACEMENT 0xfffdu
#define ELLIPSIS    "\xe2\x80\xa6"

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static bool is_noncharacter(uint32_t c)
{
    return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/* As it stands there; 0 at the end. */
static uint32_t next_code(const char **text)
{
    const char *s = *text;
    unsigned char first = (unsigned char)*s;
    if (first < 0x80) {
        *text = s + (first != 0);
        return first;
    }
    uint32_t code = 0;
    size_t len = utf8_decode(s, strnlen(s, 4), &code);
    *text = s + (len ? len : 1);
    return len ? code : REPLACEMENT;
}

uint32_t clean_next(const char **text)
{
    uint32_t code = next_code(text);
    while (utf8_turns_direction(code)) {
        code = next_code(text);
    }
    if (is_noncharacter(code)) {
        return REPLACEMENT;
    }
    return code != 0 && is_control(code) ? ' ' : code;
}

static size_t units(uint32_t code)
{
    return code > 0xffff ? 2 : 1;
}

/* Where the text has to end: behind all of it, or before what would not fit with the ellipsis. */
static const char *find_end(const char *text, size_t max_units, bool *ret_is_cut)
{
    size_t used = 0;
    const char *last = text; /* behind what fits beside an ellipsis */
    const char *at = text;
    *ret_is_cut = false;
    for (;;) {
        uint32_t code = clean_next(&at);
        if (code == 0) {
            return at;
        }
        used += units(code);
        if (used > max_units) {
            *ret_is_cut = true;
            return last;
        }
        if (used < max_units) {
            last = at;
        }
    }
}

int clean_text(const char *text, size_t max_units, struct buf *b, int64_t *n_cut)
{
    bool is_cut;
    const char *end = find_end(text, max_units, &is_cut);
    int r = 0;
    while (r == 0 && text < end) {
        const char *plain = text;
        while (plain < end && (unsigned char)*plain >= 0x20 && (unsigned char)*plain < 0x7f) {
            plain++;
        }
        if (plain > text) {
            r = buf_add(b, text, (size_t)(plain - text));
            text = plain;
        } else {
            char bytes[4];
            uint32_t code = clean_next(&text); /* 0: what was left was left out */
            r = code ? buf_add(b, bytes, utf8_encode(code, bytes)) : 0;
        }
    }
    if (is_cut && n_cut) {
        ++*n_cut;
    }
    return r == 0 && is_cut ? buf_add_str(b, ELLIPSIS) : r;
}

void clean_note_cut(int64_t n_cut, char *ret_note, size_t size)
{
    *ret_note = '\0';
    if (n_cut > 0) {
        snprintf(ret_note, size,
                 "%lld %s than a spreadsheet holds (%d characters): cut, and whole in the JSON",
                 (long long)n_cut, n_cut == 1 ? "cell is longer" : "cells are longer", CLEAN_CELL_MAX);
    }
}
