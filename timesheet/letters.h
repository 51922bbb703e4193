/* letters - what the rules need to know of Unicode: white space, small letters, what makes a word, and how
 * far two texts are from each other.
 *
 * Of its own, because the C library knows letters only by locale, which is the process's, and the same data
 * must give the same sheet on every machine.  Small letters are the simple mappings of UnicodeData.txt; the
 * final sigma is folded as well. Bytes that are no UTF-8 count as U+FFFD each.  Pure; any thread. */
#ifndef TIMESHEET_LETTERS_H
#define TIMESHEET_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timesheet/text.h"

size_t letters_next_wide(const char *s, size_t len, uint32_t *ret_code);

/* The character at s, of which len > 0 bytes are there; returns how many bytes it has. */
static inline size_t letters_next(const char *s, size_t len, uint32_t *ret_code)
{
    if ((unsigned char)s[0] & 0x80) {
        return letters_next_wide(s, len, ret_code);
    }
    *ret_code = (unsigned char)s[0];
    return 1;
}

bool letters_is_space(uint32_t code);

bool letters_is_word_wide(uint32_t code);
/* Letters, digits and what belongs to them (accents, joiners of scripts): not punctuation, symbols, pictures,
 * blanks. */
static inline bool letters_is_word(uint32_t code)
{
    return code < 0x80 ? (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z')
                       : letters_is_word_wide(code);
}
uint32_t letters_lower(uint32_t code);

/* A piece of a text, not NUL-terminated. */
struct letters_slice {
    const char *s;
    size_t len;
};
struct letters_slice letters_trim(const char *s, size_t len);

/* Whether the slice in small letters is `word`, which is ASCII in small letters. */
bool letters_is(struct letters_slice slice, const char *word);

/* Trimmed, each run of white space as one blank; and the same in small letters, which is how names are
 * compared. */
const char *letters_collapse(struct arena *a, struct letters_slice slice);
const char *letters_fold(struct arena *a, struct letters_slice slice);

/* Below, equal or above zero, in small letters. */
int letters_compare(const char *a, const char *b);

/* How many characters must be put in, taken out, replaced or swapped with their neighbour to make b of a, in
 * small letters; INT32_MAX when it is more than `most` (at most 2) or one of them is longer than 100
 * characters. */
int32_t letters_distance(const char *a, const char *b, int32_t most);

#endif
