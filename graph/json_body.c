#include "graph/json_body.h"

#include "base/err.h"
#include "base/utf8.h"

int json_body_object(const char *body, size_t len, struct json_slice *ret_object, const char **ret_fault)
{
    struct json_cursor c;
    json_cursor_init(&c, body, len);
    *ret_fault = NULL;
    if (json_skip(&c, ret_object) < 0 || json_finish(&c) < 0) {
        *ret_fault = json_cursor_peek(&c) == '<' ? "it is HTML, not JSON (did a proxy answer?)" : c.fault;
        return ERR_PROTOCOL;
    }
    if (c.flaws || !utf8_is_valid(ret_object->text, ret_object->len)) {
        *ret_fault = "a string in it is malformed";
        return ERR_PROTOCOL;
    }
    if (json_kind(*ret_object) != JSON_OBJECT) {
        *ret_fault = "it is not a JSON object";
        return ERR_PROTOCOL;
    }
    return 0;
}
