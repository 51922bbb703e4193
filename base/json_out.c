#include "base/json_out.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

static void put(struct json_out *j, const void *bytes, size_t len)
{
    if (j->error == 0) {
        j->error = buf_add(j->buf, bytes, len);
    }
}

static void put_str(struct json_out *j, const char *s)
{
    put(j, s, strlen(s));
}

static void put_escape(struct json_out *j, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[7] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], '\0'};
    switch (c) {
    case '"': put_str(j, "\\\""); break;
    case '\\': put_str(j, "\\\\"); break;
    case '\n': put_str(j, "\\n"); break;
    case '\r': put_str(j, "\\r"); break;
    case '\t': put_str(j, "\\t"); break;
    default: put_str(j, text); break;
    }
}

/* Returns what is behind it. */
static const char *put_character(struct json_out *j, const char *s)
{
    uint32_t code = 0;
    size_t len = utf8_decode(s, strnlen(s, 4), &code);
    if (len && utf8_turns_direction(code)) {
        char text[7];
        snprintf(text, sizeof text, "\\u%04x", (unsigned)code);
        put_str(j, text);
    } else {
        put(j, len ? s : "\xef\xbf\xbd", len ? len : 3);
    }
    return s + (len ? len : 1);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_string(struct json_out *j, const char *s)
{
    put(j, "\"", 1);
    while (*s) {
        size_t plain = 0;
        while (is_plain((unsigned char)s[plain])) {
            plain++;
        }
        put(j, s, plain);
        s += plain;
        unsigned char c = (unsigned char)*s;
        if (c >= 0x80) {
            s = put_character(j, s);
        } else if (c) {
            put_escape(j, c);
            s++;
        }
    }
    put(j, "\"", 1);
}

static void put_name(struct json_out *j, const char *name)
{
    if (j->needs_comma) {
        put(j, ",", 1);
    }
    if (name) {
        put_string(j, name);
        put(j, ":", 1);
    }
    j->needs_comma = true;
}

void json_out_begin(struct json_out *j, struct buf *buf)
{
    *j = (struct json_out){.buf = buf};
}

int json_out_end(struct json_out *j)
{
    return j->error;
}

void json_open(struct json_out *j, const char *name, char kind)
{
    put_name(j, name);
    put(j, &kind, 1);
    j->needs_comma = false;
}

void json_close(struct json_out *j, char kind)
{
    put(j, &kind, 1);
    j->needs_comma = true;
}

void json_text(struct json_out *j, const char *name, const char *text)
{
    put_name(j, name);
    if (text) {
        put_string(j, text);
    } else {
        put_str(j, "null");
    }
}

void json_int(struct json_out *j, const char *name, int64_t value)
{
    put_name(j, name);
    if (j->error == 0) {
        j->error = buf_printf(j->buf, "%lld", (long long)value);
    }
}

void json_bool(struct json_out *j, const char *name, bool value)
{
    put_name(j, name);
    put_str(j, value ? "true" : "false");
}

void json_raw(struct json_out *j, const char *name, const char *json)
{
    put_name(j, name);
    put_str(j, json ? json : "null");
}
