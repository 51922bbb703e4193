/* json_out - writes flat and nested JSON text into a buf: audit details, --json listings.
 *
 *     struct json_out j;
 *     json_out_begin(&j, &buf);
 *     json_open(&j, NULL, '{');
 *     json_text(&j, "name", name);          NULL becomes null
 *     json_int(&j, "pages", 3);
 *     json_close(&j, '}');
 *     int r = json_out_end(&j);              the first error of any of them
 *
 * Member names are literals; in arrays the name is NULL.  Text is escaped; bytes that are not UTF-8 become
 * U+FFFD.  What turns the reading direction is escaped, too: the same text for whoever parses it, and nothing
 * for whoever looks at it.  Any thread, one at a time. */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

struct json_out {
    struct buf *buf;
    bool needs_comma;
    int error;
};

void json_out_begin(struct json_out *j, struct buf *buf);
/* 0, or ERR_TOO_BIG when the buffer's maximum was met on the way. */
MUST_CHECK int json_out_end(struct json_out *j);

/* kind is '{' or '[' to open, '}' or ']' to close. */
void json_open(struct json_out *j, const char *name, char kind);
void json_close(struct json_out *j, char kind);
void json_text(struct json_out *j, const char *name, const char *text);
void json_int(struct json_out *j, const char *name, int64_t value);
void json_bool(struct json_out *j, const char *name, bool value);
/* Text that is JSON already; NULL becomes null. */
void json_raw(struct json_out *j, const char *name, const char *json);

#endif
