#include "timesheet/travel.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "timesheet/letters.h"

static const char *const words[] = {
    "travel",  "drive",     "driving", "flight", "flying",    "commute", "commuting",
    "transit", "transport", "journey", "trip",   "departure", "arrival", "airport",
    "station", "highway",   "route",   "trips",  "flights",   "drives",  "routes",
};

#define SHORTEST 4 /* trip */
#define LONGEST  9 /* commuting */

static bool is_travel_word(const char *s, size_t len)
{
    if (len < SHORTEST || len > LONGEST) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (letters_is((struct letters_slice){s, len}, words[i])) {
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
            if (is_travel_word(subject + word, at - word)) {
                return true;
            }
            word = at + n;
        }
        at += n;
    }
    return is_travel_word(subject + word, len - word);
}
