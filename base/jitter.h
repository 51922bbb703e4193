/* jitter - a part of a span that is always the same for the same thing: what is planned at one time for many
 * is spread, and a restart plans it as before.  Pure; any thread. */
#ifndef BASE_JITTER_H
#define BASE_JITTER_H

#include <stdint.h>

#include "base/mix.h"

/* 0 ≤ result < span (span > 0).  Neighbouring keys come out far apart. */
static inline int64_t jitter_of(uint64_t key, int64_t span)
{
    return (int64_t)(mix64(key) % (uint64_t)span);
}

/* A key for a name (FNV-1a, 64 bit). */
static inline uint64_t jitter_key(const char *name)
{
    uint64_t key = 0xcbf29ce484222325u;
    for (; *name; name++) {
        key = (key ^ (unsigned char)*name) * 0x100000001b3u;
    }
    return key;
}

#endif
