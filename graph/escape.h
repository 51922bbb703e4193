/* escape - percent-encoding (RFC 3986): all but letters, digits and - . _ ~ is encoded, so that the result is
 * one path segment, or one value of a query or form, whatever the bytes are.  Pure; any thread. */
#ifndef GRAPH_ESCAPE_H
#define GRAPH_ESCAPE_H

#include <stddef.h>

#include "base/attr.h"

/* Writes the encoded bytes to out (no NUL), or only counts them when out is NULL.  Returns their number. */
size_t escape_bytes(char *out, const char *bytes, size_t len);

/* An encoded string; free() it. */
MUST_CHECK char *escape_text(const char *text);

#endif
