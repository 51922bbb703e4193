/* tz_file - the content of one time zone file (RFC 8536, 64-bit data), checked so that whoever
 * looks things up in it needs no checks of his own.  Inside base/ only, behind tz.h.  Pure; any thread. */
#ifndef BASE_TZ_FILE_H
#define BASE_TZ_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/tz_footer.h"

#define TZ_FILE_MAX (512 * 1024) /* the largest file of the database has 4 KiB */
/* n_at instants (seconds, strictly ascending, within ±2^59); types[type_of[i]] holds from at_s[i] on,
 * types[0] before the first.  After the last the footer rules, if there is one. */
struct tz_file {
    size_t n_at;
    int64_t *at_s;
    uint8_t *type_of;
    struct tz_type *types; /* at least one */
    struct tz_footer footer;
};

/* NULL, or what is wrong with the bytes in a few words; *ret_file is untouched then. */
MUST_CHECK const char *tz_file_parse(const void *bytes, size_t len, struct tz_file *ret_file);

/* Frees what parsing allocated.  Accepts a zeroed one. */
void tz_file_finish(struct tz_file *file);

/* Do the bytes begin like a time zone file at all? */
bool tz_file_has_magic(const void *bytes, size_t len);

#endif
