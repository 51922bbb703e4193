/* json_slice - walks JSON text once, in place, and says where things stand.
 *
 * A slice is one value exactly as it was written, borrowed from the text.  A cursor goes over an object or
 * array member by member; json_skip takes a whole value at once, checking it on the way.  Nothing is
 * allocated and nothing recurses.
 *
 * Two kinds of trouble are told apart.  A fault means that nobody can say where the value ends (truncated,
 * wrong bracket, garbage): the cursor stops there for good.  A flaw leaves the structure readable (a raw
 * control character or an escape that JSON does not know in a string, nesting past the limit): the walk goes
 * on, and whoever owns the value decides.  UTF-8 is the caller's to check, where `high` says that there is
 * need to.
 *
 * RFC 8259, strictly.  Pure; any thread. */
#ifndef GRAPH_JSON_SLICE_H
#define GRAPH_JSON_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define JSON_DEPTH_MAX 64

struct json_slice {
    const char *text; /* NULL when absent */
    size_t len;
};

enum json_flaw {
    JSON_FLAW_CONTROL = 1 << 0, /* a character below 0x20 in a string */
    JSON_FLAW_ESCAPE = 1 << 1,  /* a backslash that JSON does not know */
    JSON_FLAW_DEPTH = 1 << 2,   /* nested deeper than JSON_DEPTH_MAX */
};

struct json_cursor {
    const char *at;
    const char *end;
    const char *begin;
    const char *fault; /* what is wrong at `at`, in words; NULL while nothing is */
    uint64_t high;     /* has one of the bits 0x8080… when a byte above 0x7f was passed (or stands near) */
    unsigned flaws;    /* enum json_flaw; the caller may clear flaws and high between values */
    size_t depth;      /* of the arrays and objects entered */
    bool is_fresh;     /* just entered: no comma is due */
};

/* A byte order mark and blanks in front are passed. */
void json_cursor_init(struct json_cursor *c, const char *text, size_t len);

/* The first byte of the value that stands next, '\0' at the end of the text.  Blanks were passed already. */
char json_cursor_peek(const struct json_cursor *c);

/* Steps into the '{' or '[' at the cursor. */
MUST_CHECK int json_enter(struct json_cursor *c);

/* Steps to the next member or element: 1 with the cursor at its value, 0 when the object or array was left,
 * ERR_PROTOCOL on a fault.  The name comes without its quotes, not decoded. */
MUST_CHECK int json_next_member(struct json_cursor *c, struct json_slice *ret_name);
MUST_CHECK int json_next_element(struct json_cursor *c);

/* Passes the value at the cursor. */
MUST_CHECK int json_skip(struct json_cursor *c, struct json_slice *ret_value);

/* Nothing but blanks may be left. */
MUST_CHECK int json_finish(struct json_cursor *c);

/* Marks a fault of the caller's own at the cursor; returns ERR_PROTOCOL. */
int json_fail(struct json_cursor *c, const char *what);

#endif
