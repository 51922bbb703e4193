/* utf8 - is this UTF-8, and how wide is it on a terminal?  Pure; any thread. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid sequence that begins at s (at most len of them there), 0 when it is not one: overlong
 * forms, surrogates and values above U+10FFFF are not (RFC 3629 §4). */
size_t utf8_sequence(const char *s, size_t len);

/* The same, and its code point. */
size_t utf8_decode(const char *s, size_t len, uint32_t *ret_code);

/* Writes the code point (no surrogate, at most U+10FFFF) and returns its length, 1 … 4. */
size_t utf8_encode(uint32_t code, char ret_bytes[4]);

/* Overrides, embeddings and isolates turn the direction in which what follows is read, and marks that of the
 * digits and punctuation around them: none can be seen (UAX #9, 2). */
bool utf8_turns_direction(uint32_t code);

bool utf8_is_valid(const char *s, size_t len);

#endif
