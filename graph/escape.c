#include "graph/escape.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static size_t escape_byte(char *out, char byte)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned char c = (unsigned char)byte;
    if (is_plain(byte)) {
        if (out) {
            *out = byte;
        }
        return 1;
    }
    if (out) {
        out[0] = '%';
        out[1] = hex[c >> 4];
        out[2] = hex[c & 15];
    }
    return 3;
}

size_t escape_bytes(char *out, const char *bytes, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        n += escape_byte(out ? out + n : NULL, bytes[i]);
    }
    return n;
}

char *escape_text(const char *text)
{
    size_t len = strlen(text);
    char *encoded = mem_calloc(escape_bytes(NULL, text, len) + 1, 1);
    (void)escape_bytes(encoded, text, len);
    return encoded;
}
