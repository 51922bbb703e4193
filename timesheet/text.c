#include "timesheet/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *text_copy(struct arena *a, const char *s, size_t len)
{
    if (len == 0) {
        return "";
    }
    char *copy = arena_alloc(a, len + 1);
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

const char *text_printf(struct arena *a, const char *fmt, ...)
{
    char text[256];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n;
    const char *copy;
    if (len < sizeof text) {
        copy = text_copy(a, text, len);
    } else {
        char *room = arena_alloc(a, len + 1);
        vsnprintf(room, len + 1, fmt, again);
        copy = room;
    }
    va_end(again);
    return copy;
}
