#include "timesheet/travel.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "timesheet/letters.h"

#define WORD(text)                                                                                           \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }
static const struct {
    const char *text;
    size_t len;
} words[] = {
    WORD("travel"),    WORD("drive"),   WORD("driving"),   WORD("flight"),  WORD("flying"), WORD("commute"),
    WORD("commuting"), WORD("transit"), WORD("transport"), WORD("journey"), WORD("trip"),   WORD("departure"),
    WORD("arrival"),   WORD("airport"), WORD("station"),   WORD("highway"), WORD("route"),  WORD("trips"),
    WORD("flights"),   WORD("drives"),  WORD("routes"),
};

static bool is_travel_word(const char *s, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (words[i].len == len && ((unsigned char)s[0] | 0x20) == (unsigned char)words[i].text[0] &&
            letters_is((struct letters_slice){s, len}, words[i].text)) {
            return true;
        }
    }
    return false;
}

bool travel_is(const char *subject)
{
    size_t len = strlen(subject), word = 0;
    for (size_t at = 0; at < len;) {
        uint32_t code;
        size_t n = letters_next(subject + at, len - at, &code);
        if (!letters_is_word(code)) {
            if (at > word && is_travel_word(subject + word, at - word)) {
                return true;
            }
            word = at + n;
        }
        at += n;
    }
    return is_travel_word(subject + word, len - word);
}
