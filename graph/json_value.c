#include "graph/json_value.h"

#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "model/ascii.h"

#define REPLACEMENT 0xfffd

enum json_kind json_kind(struct json_slice s)
{
    if (s.len == 0) {
        return JSON_ABSENT;
    }
    switch (s.text[0]) {
    case '{': return JSON_OBJECT;
    case '[': return JSON_ARRAY;
    case '"': return JSON_STRING;
    case 't': return JSON_TRUE;
    case 'f': return JSON_FALSE;
    case 'n': return JSON_NULL;
    default: return JSON_NUMBER;
    }
}

bool json_is_unset(struct json_slice s)
{
    return s.len == 0 || s.text[0] == 'n';
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t value = 0;
    if (end - p < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        char ch = ascii_lower(p[i]);
        if (ascii_is_digit(ch)) {
            value = value * 16 + (ch - '0');
        } else if (ch >= 'a' && ch <= 'f') {
            value = value * 16 + (ch - 'a' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

/* p is behind "\u".  Returns behind the escape, or behind both halves of a surrogate pair. */
static const char *decode_unicode(const char *p, const char *end, uint32_t *ret_code, bool *repaired)
{
    int32_t code = hex4(p, end);
    if (code > 0 && (code < 0xd800 || code > 0xdfff)) {
        *ret_code = (uint32_t)code;
        return p + 4;
    }
    if (code >= 0xd800 && code < 0xdc00 && end - p >= 10 && p[4] == '\\' && p[5] == 'u') {
        int32_t low = hex4(p + 6, end);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *ret_code = 0x10000 + ((uint32_t)(code - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
            return p + 10;
        }
    }
    *repaired = true;
    *ret_code = code < 0 ? '?' : REPLACEMENT; /* "\u" without digits has no room for three bytes */
    return code < 0 ? p : p + 4;
}

/* p is behind the backslash. */
static const char *decode_escape(const char *p, const char *end, char **out, bool *repaired)
{
    static const char letters[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    if (*p == 'u') {
        uint32_t code;
        p = decode_unicode(p + 1, end, &code, repaired);
        *out += utf8_encode(code, *out);
        return p;
    }
    const char *letter = *p ? strchr(letters, *p) : NULL;
    *(*out)++ = letter ? meant[letter - letters] : *p;
    return p + 1;
}

size_t json_decode(struct json_slice string, char *ret_text, bool *repaired)
{
    const char *p = string.text + 1;
    const char *end = string.text + string.len - 1;
    char *out = ret_text;
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((slash ? slash : end) - p);
        memcpy(out, p, plain);
        out += plain;
        p += plain;
        if (slash && slash + 1 < end) {
            p = decode_escape(slash + 1, end, &out, repaired);
        } else if (slash) {
            p = end;
        }
    }
    *out = '\0';
    return (size_t)(out - ret_text);
}

bool json_copy(struct json_slice s, char *ret_text, size_t size)
{
    char text[512];
    bool repaired = false;
    ret_text[0] = '\0';
    if (json_kind(s) != JSON_STRING || s.len > sizeof text) {
        return false;
    }
    size_t len = json_decode(s, text, &repaired);
    if (repaired || len >= size) {
        return false;
    }
    memcpy(ret_text, text, len + 1);
    return true;
}

int json_to_int(struct json_slice s, int64_t min, int64_t max, int64_t *ret_value)
{
    if (json_kind(s) != JSON_NUMBER || s.len > 19) {
        return ERR_INVALID; /* 18 digits and a sign always fit */
    }
    bool is_negative = s.text[0] == '-';
    int64_t value = 0;
    for (size_t i = is_negative; i < s.len; i++) {
        if (!ascii_is_digit(s.text[i]) || i >= 18 + (size_t)is_negative) {
            return ERR_INVALID;
        }
        value = value * 10 + (s.text[i] - '0');
    }
    value = is_negative ? -value : value;
    if (value < min || value > max) {
        return ERR_INVALID;
    }
    *ret_value = value;
    return 0;
}

static enum json_match match_plain(const char *text, size_t len, const struct json_name *wanted)
{
    if (len != wanted->len) {
        return JSON_NO_MATCH;
    }
    if (memcmp(text, wanted->text, len) == 0) {
        return JSON_MATCH_EXACT;
    }
    for (size_t i = 0; i < len; i++) {
        if (ascii_lower(text[i]) != ascii_lower(wanted->text[i])) {
            return JSON_NO_MATCH;
        }
    }
    return JSON_MATCH_CASE;
}

enum json_match json_name_match(struct json_slice name, const struct json_name *wanted)
{
    char text[256];
    if (name.len == wanted->len) {
        return match_plain(name.text, name.len,
                           wanted); /* an escape would make it longer than what is wanted */
    }
    if (name.len < wanted->len || name.len > sizeof text - 2 || !memchr(name.text, '\\', name.len)) {
        return JSON_NO_MATCH;
    }
    bool repaired = false;
    struct json_slice quoted = {name.text - 1, name.len + 2};
    size_t len = json_decode(quoted, text, &repaired);
    return repaired ? JSON_NO_MATCH : match_plain(text, len, wanted);
}

void json_pick(struct json_slice object, const struct json_name *names, size_t n,
               struct json_slice *ret_values)
{
    enum json_match best[JSON_PICK_MAX] = {JSON_NO_MATCH};
    struct json_cursor c;
    struct json_slice name;
    struct json_slice value;
    memset(ret_values, 0, n * sizeof *ret_values);
    json_cursor_init(&c, object.text, object.len);
    if (json_kind(object) != JSON_OBJECT || json_enter(&c) < 0) {
        return;
    }
    while (json_next_member(&c, &name) == 1 && json_skip(&c, &value) == 0) {
        for (size_t i = 0; i < n; i++) {
            enum json_match match = json_name_match(name, &names[i]);
            if (match != JSON_NO_MATCH && match >= best[i]) {
                best[i] = match;
                ret_values[i] = value;
            }
        }
    }
}
