/* json_value - what slices of JSON text (graph/json_slice.h) say: text, numbers, members by name.
 *
 * Slices were walked by a cursor before, so their structure is sound; what a flaw left in them is read
 * leniently. Pure; any thread. */
#ifndef GRAPH_JSON_VALUE_H
#define GRAPH_JSON_VALUE_H

#include "graph/json_slice.h"

enum json_kind {
    JSON_ABSENT, /* the empty slice */
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};
enum json_kind json_kind(struct json_slice s);

/* Neither there nor null. */
bool json_is_unset(struct json_slice s);

/* Decodes a string slice into at most s.len - 1 bytes with the NUL, and returns the length without it (each
 * escape is at least as long as what it stands for).  What C strings and UTF-8 can not hold, NUL and half a
 * surrogate pair, becomes U+FFFD and sets *repaired, which is left alone otherwise. */
size_t json_decode(struct json_slice string, char *ret_text, bool *repaired);

/* The same into a buffer of `size` bytes: false, with "", for a slice that is no string, does not fit, or
 * needed repair.  For codes, names of enumerations and the like. */
bool json_copy(struct json_slice s, char *ret_text, size_t size);

/* A whole number in the range, written without fraction and exponent.  ERR_INVALID. */
MUST_CHECK int json_to_int(struct json_slice s, int64_t min, int64_t max, int64_t *ret_value);

/* Names are compared exactly first and without ASCII case second, because a published sample writes
 * "DateTime". */
enum json_match { JSON_NO_MATCH, JSON_MATCH_CASE, JSON_MATCH_EXACT };
struct json_name {
    const char *text;
    size_t len;
};
#define JSON_NAME(literal)                                                                                   \
    {                                                                                                        \
        (literal), sizeof(literal) - 1                                                                       \
    }

/* `name` as a cursor gives it: without quotes, not decoded. */
enum json_match json_name_match(struct json_slice name, const struct json_name *wanted);

/* Finds the n wanted members (at most JSON_PICK_MAX) of an object slice.  Of two of one name the last counts,
 * an exact one before one in another case.  ret_values[i] is absent where there is none, as all are when the
 * slice is no object. */
#define JSON_PICK_MAX 16
void json_pick(struct json_slice object, const struct json_name *names, size_t n,
               struct json_slice *ret_values);

#endif
