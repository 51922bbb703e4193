/* words - a sentence put together piece by piece, without printf: decisions and findings are made by the
 * hundred thousand. What does not fit is left off at a character's end.  On the stack; text_copy keeps it. */
#ifndef TIMESHEET_WORDS_H
#define TIMESHEET_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORDS_MAX 3072

struct words {
    size_t len;
    char at[WORDS_MAX + 1]; /* a NUL stands there once words_end is called */
};

/* Empty: only the length counts. */
static inline void words_clear(struct words *w)
{
    w->len = 0;
}

static inline void words_end(struct words *w)
{
    w->at[w->len] = '\0';
}

void words_add_bytes(struct words *w, const char *text, size_t len);

static inline void words_add(struct words *w, const char *text)
{
    words_add_bytes(w, text, strlen(text));
}

void words_add_number(struct words *w, uint64_t number);
/* At least two digits. */
void words_add_two(struct words *w, uint32_t number);

#endif
