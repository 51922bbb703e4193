#include "base/clock.h"

#include <sodium.h>
#include <stdio.h>
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
    unsigned char b[16];
    c->random(c, b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(ret_text, CLOCK_UUID_LEN + 1,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
             b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
