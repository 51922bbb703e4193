#include "base/clock.h"

#include <sodium.h>
#include <time.h>

#include "base/attr.h"

static int64_t read_ms(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t real_wall_ms(const struct clock *self UNUSED)
{
    return read_ms(CLOCK_REALTIME);
}

static int64_t real_mono_ms(const struct clock *self UNUSED)
{
    return read_ms(CLOCK_MONOTONIC);
}

static void real_random(const struct clock *self UNUSED, void *out, size_t len)
{
    randombytes_buf(out, len);
}

const struct clock clock_real = {real_wall_ms, real_mono_ms, real_random};

void clock_uuid(const struct clock *c, char ret_text[CLOCK_UUID_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char b[16];
    char *out = ret_text;
    c->random(c, b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++) { /* by hand: every run and request has one */
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *out++ = '-';
        }
        *out++ = digits[b[i] >> 4];
        *out++ = digits[b[i] & 15];
    }
    *out = '\0';
}
