#include "timesheet/words.h"

#include <string.h>

void words_add_bytes(struct words *w, const char *text, size_t len)
{
    size_t room = WORDS_MAX - w->len;
    if (len > room) {
        for (len = room; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--) {
        }
    }
    memcpy(w->at + w->len, text, len);
    w->len += len;
}

void words_add_number(struct words *w, uint64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    words_add_bytes(w, digits + at, sizeof digits - at);
}

void words_add_two(struct words *w, uint32_t number)
{
    if (number < 10) {
        words_add(w, "0");
    }
    words_add_number(w, number);
}
