/* clock - time and randomness as a thing that is handed in.  Nothing else in the project reads a clock or
 * makes a random number; tests hand in a clock they turn by hand.  Any thread (the real one). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(const struct clock *self);                    /* UTC, milliseconds since 1970 */
    int64_t (*mono_ms)(const struct clock *self);                    /* never goes back; any origin */
    void (*random)(const struct clock *self, void *out, size_t len); /* unpredictable bytes */
};

/* The machine's clock and kernel randomness (libsodium's). */
extern const struct clock clock_real;

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c);
}

static inline int64_t clock_mono_ms(const struct clock *c)
{
    return c->mono_ms(c);
}

/* A version 4 UUID in its text form (RFC 4122 §4.4): for client-request-id, correlation ids, keys. */
#define CLOCK_UUID_LEN 36
void clock_uuid(const struct clock *c, char ret_text[CLOCK_UUID_LEN + 1]);

#endif
