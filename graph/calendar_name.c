#include "graph/calendar_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define NO_CHAR 0xfffd

/* Reads one character of UTF-8 and returns its length.  A byte that begins none is NO_CHAR, one byte long. */
static size_t read_char(const char *s, uint32_t *ret_c)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t n = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc0 ? 2 : 1;
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = n == 1 && *p >= 0x80 ? NO_CHAR : *p & masks[n];
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *ret_c = NO_CHAR;
            return 1;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    *ret_c = c;
    return n;
}

static size_t write_char(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
    return 2;
}

/* Lower case of the alphabets whose letters take two bytes in UTF-8 both ways: Latin, Greek, Cyrillic. libc's
 * towlower depends on a locale that a service does not have. */
static uint32_t lower(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
        (c >= 0x410 && c <= 0x42f)) {
        return c + 0x20;
    }
    if (c >= 0x400 && c <= 0x40f) {
        return c + 0x50;
    }
    bool is_odd_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    bool is_even_upper = (c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14a && c <= 0x177);
    if ((is_odd_upper && c % 2 == 1) || (is_even_upper && c % 2 == 0)) {
        return c + 1;
    }
    return c;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= 0x09 && c <= 0x0d) || c == 0xa0 || (c >= 0x2000 && c <= 0x200b) || c == 0x202f ||
           c == 0x3000;
}

static bool is_punctuation(uint32_t c)
{
    return (c >= 0x21 && c <= 0x2f) || (c >= 0x3a && c <= 0x40) || (c >= 0x5b && c <= 0x60) ||
           (c >= 0x7b && c <= 0x7e) || (c >= 0xa1 && c <= 0xbf) || (c >= 0x2010 && c <= 0x205e);
}

char *calendar_name_fold(const char *name)
{
    char *out = mem_calloc(strlen(name) + 1, 1);
    size_t n = 0;
    bool owes_space = false;
    for (const char *p = name; *p;) {
        uint32_t c;
        size_t len = read_char(p, &c);
        if (is_space(c)) {
            owes_space = n > 0;
        } else if (!is_punctuation(c)) {
            if (owes_space) {
                out[n++] = ' ';
                owes_space = false;
            }
            if (lower(c) != c) {
                n += write_char(out + n, lower(c));
            } else {
                memcpy(out + n, p, len);
                n += len;
            }
        }
        p += len;
    }
    out[n] = '\0';
    return out;
}
