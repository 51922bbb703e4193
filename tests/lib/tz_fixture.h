/* tz_fixture - what the tests of time zones share: instants as text, zones by name, zone files made by hand.
 */
#ifndef TESTS_LIB_TZ_FIXTURE_H
#define TESTS_LIB_TZ_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/tz.h"

#define FROM_S INT64_C(0)          /* 1970 */
#define TO_S   INT64_C(4133980800) /* 2101 */

/* "2024-03-31T01:00" or with Z: no matter, both are read as they stand. */
static inline int64_t at(const char *text)
{
    struct civil_stamp stamp;
    if (civil_parse_iso(text, &stamp) < 0) {
        fail_msg("test has a bad time: %s", text);
    }
    return stamp.wall_ms;
}

static inline const struct tz *zone(struct tz_cache *cache, const char *name)
{
    struct err e = {0};
    const struct tz *tz = NULL;
    if (tz_cache_get(cache, name, &tz, &e) < 0) {
        fail_msg("%s: %s", name, e.msg);
    }
    return tz;
}

static inline void put_u32(struct buf *b, uint32_t v)
{
    const unsigned char bytes[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                                    (unsigned char)(v >> 8), (unsigned char)v};
    assert_int_equal(buf_add(b, bytes, 4), 0);
}

static inline void put_header(struct buf *b, uint32_t leaps, uint32_t times, uint32_t types, uint32_t chars)
{
    assert_int_equal(buf_add(b, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20), 0);
    put_u32(b, 0);
    put_u32(b, 0);
    put_u32(b, leaps);
    put_u32(b, times);
    put_u32(b, types);
    put_u32(b, chars);
}

/* A file without transitions, as a zone that always followed one rule has in a slim database. */
static inline void make_slim(struct buf *b, const char *footer)
{
    buf_clear(b);
    put_header(b, 0, 0, 1, 4);
    assert_int_equal(buf_add(b, "\0\0\0\0\0\0XXX\0", 10), 0);
    put_header(b, 0, 0, 1, 4);
    assert_int_equal(buf_add(b, "\0\0\0\0\0\0XXX\0", 10), 0);
    assert_int_equal(buf_printf(b, "\n%s\n", footer), 0);
}

static inline char *scratch_dir(void)
{
    char *dir = mem_strdup("/tmp/aa-test-tz-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static inline void write_file(const char *dir, const char *name, const void *bytes, size_t len)
{
    CLEANUP_FREE char *path = mem_printf("%s/%s", dir, name);
    FILE *f = fopen(path, "wbe");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

static inline void remove_dir(char *dir, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP_FREE char *path = mem_printf("%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
    free(dir);
}

#endif
