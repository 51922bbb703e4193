/* json_body - the body of an answer as a JSON object, checked as a whole before anything in it is believed.
 *
 * Pure, any thread.  The slice is borrowed from the body. */
#ifndef GRAPH_JSON_BODY_H
#define GRAPH_JSON_BODY_H

#include "base/attr.h"
#include "graph/json_value.h"

/* ERR_PROTOCOL, with *ret_fault a literal that says what is wrong; NULL otherwise. */
MUST_CHECK int json_body_object(const char *body, size_t len, struct json_slice *ret_object,
                                const char **ret_fault);

#endif
