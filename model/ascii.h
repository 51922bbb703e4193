/* ascii - comparing the names of protocols, which are ASCII whatever the locale says.  (strcasecmp asks the
 * locale, and in a Turkish one "I" is not "i".)  Pure; any thread. */
#ifndef MODEL_ASCII_H
#define MODEL_ASCII_H

#include <stdbool.h>

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_alnum(char c)
{
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* Below, equal or above zero, as strcmp; only A-Z are folded. */
static inline int ascii_compare_nocase(const char *a, const char *b)
{
    while (*a && ascii_lower(*a) == ascii_lower(*b)) {
        a++;
        b++;
    }
    return (int)(unsigned char)ascii_lower(*a) - (int)(unsigned char)ascii_lower(*b);
}

static inline bool ascii_equal_nocase(const char *a, const char *b)
{
    return ascii_compare_nocase(a, b) == 0;
}

#endif
