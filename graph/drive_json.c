#include "graph/drive_json.h"

#include <stdlib.h>
#include <string.h>

#include "graph/json_body.h"
#include "model/ascii.h"

#define URL_MAX 8192 /* bytes, quotes included */

static int unreadable(struct err *e, const char *what, const char *fault)
{
    return err_set(e, ERR_PROTOCOL, 0, "%s: %s", what, fault);
}

int drive_parse_item(const char *body, size_t len, struct drive_item *ret_item, struct err *e)
{
    enum { ID, TAG, SIZE, FILE_FACET, N };
    static const struct json_name names[N] = {JSON_NAME("id"), JSON_NAME("eTag"), JSON_NAME("size"),
                                              JSON_NAME("file")};
    static const struct json_name hashes = JSON_NAME("hashes");
    static const struct json_name quick_xor = JSON_NAME("quickXorHash");
    struct drive_item item = {.size = -1};
    struct json_slice object, v[N], facet, hash;
    const char *fault;
    if (json_body_object(body, len, &object, &fault) < 0) {
        return unreadable(e, "the answer about a file in OneDrive", fault);
    }
    json_pick(object, names, N, v);
    if (!json_copy(v[ID], item.id, sizeof item.id) ||
        json_to_int(v[SIZE], 0, INT64_C(1) << 50, &item.size) < 0 ||
        json_kind(v[FILE_FACET]) != JSON_OBJECT) {
        return unreadable(e, "the answer about a file in OneDrive", "it describes no file");
    }
    (void)json_copy(v[TAG], item.tag, sizeof item.tag);
    json_pick(v[FILE_FACET], &hashes, 1, &facet);
    json_pick(facet, &quick_xor, 1, &hash);
    (void)json_copy(hash, item.quick_xor, sizeof item.quick_xor);
    *ret_item = item;
    return 0;
}

/* An address has no escapes but those of "/" and of what is not ASCII; the copy goes straight to where it is
 * safe. */
int drive_parse_session(const char *body, size_t len, struct secret **ret_url, struct err *e)
{
    static const struct json_name name = JSON_NAME("uploadUrl");
    struct json_slice object, value;
    const char *fault;
    bool repaired = false;
    if (json_body_object(body, len, &object, &fault) < 0) {
        return unreadable(e, "the answer about an upload session", fault);
    }
    json_pick(object, &name, 1, &value);
    if (json_kind(value) != JSON_STRING || value.len > URL_MAX) {
        return unreadable(e, "the answer about an upload session", "it has no address");
    }
    struct secret *room = secret_create(value.len);
    size_t n = json_decode(value, secret_bytes(room), &repaired);
    struct secret *url = repaired || n == 0 ? NULL : secret_copy(secret_bytes(room), n);
    secret_destroy(room);
    if (!url) {
        return unreadable(e, "the answer about an upload session", "its address is malformed");
    }
    *ret_url = url;
    return 0;
}

/* "26-" or "26-100". */
static int parse_range(struct json_slice s, int64_t *ret_offset)
{
    char text[48];
    if (!json_copy(s, text, sizeof text) || !ascii_is_digit(text[0]) || strspn(text, "0123456789") > 18) {
        return ERR_PROTOCOL;
    }
    char *end;
    *ret_offset = strtoll(text, &end, 10);
    return *end == '-' ? 0 : ERR_PROTOCOL;
}

static int first_range(struct json_slice array, int64_t size, int64_t *ret_offset)
{
    struct json_cursor c;
    struct json_slice element;
    int64_t first = size;
    int r;
    json_cursor_init(&c, array.text, array.len);
    if (json_kind(array) != JSON_ARRAY || json_enter(&c) < 0) {
        return ERR_PROTOCOL;
    }
    while ((r = json_next_element(&c)) == 1 && json_skip(&c, &element) == 0) {
        int64_t offset;
        if (parse_range(element, &offset) < 0 || offset > size) {
            return ERR_PROTOCOL;
        }
        first = offset < first ? offset : first;
    }
    *ret_offset = first;
    return r < 0 ? r : 0;
}

int drive_parse_ranges(const char *body, size_t len, int64_t size, int64_t *ret_offset, struct err *e)
{
    static const struct json_name name = JSON_NAME("nextExpectedRanges");
    struct json_slice object, value;
    const char *fault;
    if (json_body_object(body, len, &object, &fault) < 0) {
        return unreadable(e, "the state of an upload session", fault);
    }
    json_pick(object, &name, 1, &value);
    if (first_range(value, size, ret_offset) < 0) {
        return unreadable(e, "the state of an upload session", "its ranges are malformed");
    }
    return 0;
}
