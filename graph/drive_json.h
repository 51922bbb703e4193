/* drive_json - what OneDrive answers: an item, an upload session, the ranges it still wants.  Pure; any
 * thread.  Bodies are borrowed. */
#ifndef GRAPH_DRIVE_JSON_H
#define GRAPH_DRIVE_JSON_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "graph/quick_xor.h"

#define DRIVE_ID_MAX 128

/* Each text is "" where the answer says nothing usable. */
struct drive_item {
    char id[DRIVE_ID_MAX + 1];
    char tag[DRIVE_ID_MAX + 1];             /* eTag */
    char quick_xor[QUICK_XOR_TEXT_LEN + 1]; /* not every drive tells it */
    int64_t size;
};
/* ERR_PROTOCOL, also for what is no file. */
MUST_CHECK int drive_parse_item(const char *body, size_t len, struct drive_item *ret_item, struct err *e);

/* The address of a session, which is as good as a token; destroy it.  ERR_PROTOCOL. */
MUST_CHECK int drive_parse_session(const char *body, size_t len, struct secret **ret_url, struct err *e);

/* Where the first range begins that is still missing of `size` bytes; `size` where none is.  ERR_PROTOCOL. */
MUST_CHECK int drive_parse_ranges(const char *body, size_t len, int64_t size, int64_t *ret_offset,
                                  struct err *e);

#endif
