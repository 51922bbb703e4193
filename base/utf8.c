#include "base/utf8.h"

#include <string.h>

static bool is_tail(const char *s, size_t i)
{
    return ((unsigned char)s[i] & 0xc0) == 0x80;
}

static uint32_t tail(const char *s, size_t i)
{
    return (unsigned char)s[i] & 0x3f;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *ret_code)
{
    if (len == 0) {
        return 0;
    }
    uint32_t c = (unsigned char)s[0];
    if (c < 0x80) {
        *ret_code = c;
        return 1;
    }
    if (c >= 0xc2 && c < 0xe0 && len >= 2 && is_tail(s, 1)) {
        *ret_code = (c & 0x1f) << 6 | tail(s, 1);
        return 2;
    }
    if ((c & 0xf0) == 0xe0 && len >= 3 && is_tail(s, 1) && is_tail(s, 2)) {
        uint32_t code = (c & 0x0f) << 12 | tail(s, 1) << 6 | tail(s, 2);
        bool ok = code >= 0x800 && (code < 0xd800 || code > 0xdfff);
        *ret_code = code;
        return ok ? 3 : 0;
    }
    if (c >= 0xf0 && c < 0xf5 && len >= 4 && is_tail(s, 1) && is_tail(s, 2) && is_tail(s, 3)) {
        uint32_t code = (c & 0x07) << 18 | tail(s, 1) << 12 | tail(s, 2) << 6 | tail(s, 3);
        *ret_code = code;
        return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

size_t utf8_sequence(const char *s, size_t len)
{
    uint32_t code;
    return utf8_decode(s, len, &code);
}

size_t utf8_encode(uint32_t code, char ret_bytes[4])
{
    if (code < 0x80) {
        ret_bytes[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        ret_bytes[0] = (char)(0xc0 | code >> 6);
        ret_bytes[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        ret_bytes[0] = (char)(0xe0 | code >> 12);
        ret_bytes[1] = (char)(0x80 | (code >> 6 & 0x3f));
        ret_bytes[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    ret_bytes[0] = (char)(0xf0 | code >> 18);
    ret_bytes[1] = (char)(0x80 | (code >> 12 & 0x3f));
    ret_bytes[2] = (char)(0x80 | (code >> 6 & 0x3f));
    ret_bytes[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

bool utf8_turns_direction(uint32_t code)
{
    return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

/* Eight plain ASCII bytes at once: most of what is looked at is nothing else. */
static bool is_ascii8(const char *s)
{
    uint64_t word;
    memcpy(&word, s, sizeof word);
    return (word & 0x8080808080808080u) == 0;
}

bool utf8_is_valid(const char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        if (len - i >= 8 && is_ascii8(s + i)) {
            i += 8;
            continue;
        }
        size_t n = utf8_sequence(s + i, len - i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}
