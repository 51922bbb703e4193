/* jitter - a part of a span that is always the same for the same thing: what is planned at one time for many
 * is spread, and a restart plans it as before.  Pure; any thread. */
#ifndef BASE_JITTER_H
#define BASE_JITTER_H

#include <stdint.h>

/* 0 ≤ result < span (span > 0).  The finisher of splitmix64 (a published constant set): neighbouring keys
 * come out far apart. */
static inline int64_t jitter_of(uint64_t key, int64_t span)
{
    uint64_t x = key + 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (int64_t)((x ^ (x >> 31)) % (uint64_t)span);
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
