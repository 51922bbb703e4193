#include "graph/event_members.h"

#include <endian.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "graph/json_value.h"

static const struct json_name known_names[] = {
    [MEMBER_ID] = JSON_NAME("id"),
    [MEMBER_ICAL_UID] = JSON_NAME("iCalUId"),
    [MEMBER_SERIES_MASTER_ID] = JSON_NAME("seriesMasterId"),
    [MEMBER_SUBJECT] = JSON_NAME("subject"),
    [MEMBER_LOCATION] = JSON_NAME("location"),
    [MEMBER_CATEGORIES] = JSON_NAME("categories"),
    [MEMBER_ORIGINAL_ZONE] = JSON_NAME("originalStartTimeZone"),
    [MEMBER_RECURRENCE] = JSON_NAME("recurrence"),
    [MEMBER_TYPE] = JSON_NAME("type"),
    [MEMBER_SHOW_AS] = JSON_NAME("showAs"),
    [MEMBER_SENSITIVITY] = JSON_NAME("sensitivity"),
    [MEMBER_IMPORTANCE] = JSON_NAME("importance"),
    [MEMBER_RESPONSE_STATUS] = JSON_NAME("responseStatus"),
    [MEMBER_IS_ALL_DAY] = JSON_NAME("isAllDay"),
    [MEMBER_IS_CANCELLED] = JSON_NAME("isCancelled"),
    [MEMBER_IS_ONLINE] = JSON_NAME("isOnlineMeeting"),
    [MEMBER_START] = JSON_NAME("start"),
    [MEMBER_END] = JSON_NAME("end"),
    [MEMBER_ORIGINAL_START] = JSON_NAME("originalStart"),
};
_Static_assert(ARRAY_LEN(known_names) == MEMBER_COUNT, "a member without a name");

/* A version is made when the content changes.  changeKey and lastModifiedDateTime move with every touch of
 * the item in the mailbox (a reminder that was dismissed, a server move), webLink with the host that serves
 * Outlook on the web; annotations ("@odata.etag", "calendar@odata.navigationLink") say how the answer was
 * made. */
static const struct json_name volatile_names[] = {
    JSON_NAME("changeKey"),
    JSON_NAME("lastModifiedDateTime"),
    JSON_NAME("webLink"),
};

struct sorted_name {
    struct json_slice name;
    uint16_t at;
};

struct event_members {
    size_t n;
    bool is_too_many;
    struct json_slice names[EVENT_MEMBERS_MAX];
    struct json_slice values[EVENT_MEMBERS_MAX];
    /* What follows from the names; holds for the object that was read last. */
    int source[MEMBER_COUNT]; /* index into values, -1 for none */
    struct sorted_name hashed[EVENT_MEMBERS_MAX];
    size_t n_hashed;
    unsigned char *hash_text; /* what the hash is taken over */
    size_t hash_cap;
};

const char *event_member_name(enum event_member member)
{
    return known_names[member].text;
}

struct event_members *event_members_create(void)
{
    struct event_members *m = mem_calloc(1, sizeof *m);
    memset(m->source, -1, sizeof m->source);
    return m;
}

void event_members_destroy(struct event_members *m)
{
    if (m) {
        free(m->hash_text);
        free(m);
    }
}

static bool is_volatile(struct json_slice name)
{
    if (memmem(name.text, name.len, "@odata.", 7)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(volatile_names); i++) {
        if (json_name_match(name, &volatile_names[i]) != JSON_NO_MATCH) {
            return true;
        }
    }
    return false;
}

static int compare_names(const void *a, const void *b)
{
    const struct sorted_name *x = a;
    const struct sorted_name *y = b;
    size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = memcmp(x->name.text, y->name.text, len);
    if (order == 0 && x->name.len != y->name.len) {
        order = x->name.len < y->name.len ? -1 : 1;
    }
    return order ? order : (int)x->at - (int)y->at;
}

static int find_source(const struct event_members *m, const struct json_name *wanted)
{
    int found = -1;
    enum json_match best = JSON_NO_MATCH;
    for (size_t i = 0; i < m->n; i++) {
        enum json_match match = json_name_match(m->names[i], wanted);
        if (match != JSON_NO_MATCH && match >= best) {
            best = match;
            found = (int)i;
        }
    }
    return found;
}

static void learn_names(struct event_members *m)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        m->source[i] = find_source(m, &known_names[i]);
    }
    m->n_hashed = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (!is_volatile(m->names[i])) {
            m->hashed[m->n_hashed++] = (struct sorted_name){m->names[i], (uint16_t)i};
        }
    }
    qsort(m->hashed, m->n_hashed, sizeof m->hashed[0], compare_names);
}

static bool is_equal(struct json_slice a, struct json_slice b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

int event_members_read(struct event_members *m, struct json_cursor *c)
{
    size_t n_before = m->n;
    bool same = true;
    struct json_slice name;
    struct json_slice value;
    m->n = 0;
    m->is_too_many = false;
    int r = json_enter(c);
    while (r == 0 && (r = json_next_member(c, &name)) == 1 && (r = json_skip(c, &value)) == 0) {
        if (m->n == EVENT_MEMBERS_MAX) {
            m->is_too_many = true;
            continue;
        }
        same = same && m->n < n_before && is_equal(name, m->names[m->n]);
        m->names[m->n] = name;
        m->values[m->n++] = value;
    }
    if (r == 0 && !(same && m->n == n_before)) {
        learn_names(m);
    }
    return r;
}

bool event_members_is_too_many(const struct event_members *m)
{
    return m->is_too_many;
}

struct json_slice event_members_get(const struct event_members *m, enum event_member member)
{
    int at = m->source[member];
    return at < 0 ? (struct json_slice){0} : m->values[at];
}

static unsigned char *put_slice(unsigned char *out, struct json_slice s)
{
    uint64_t len = htole64(s.len);
    memcpy(out, &len, sizeof len);
    memcpy(out + sizeof len, s.text, s.len);
    return out + sizeof len + s.len;
}

void event_members_hash(struct event_members *m, unsigned char ret_hash[32])
{
    size_t size = 0;
    for (size_t i = 0; i < m->n_hashed; i++) {
        size += 2 * sizeof(uint64_t) + m->hashed[i].name.len + m->values[m->hashed[i].at].len;
    }
    if (size > m->hash_cap) {
        m->hash_text = mem_realloc(m->hash_text, 1, size);
        m->hash_cap = size;
    }
    unsigned char *out = m->hash_text;
    for (size_t i = 0; i < m->n_hashed; i++) {
        out = put_slice(out, m->hashed[i].name);
        out = put_slice(out, m->values[m->hashed[i].at]);
    }
    crypto_generichash(ret_hash, 32, m->hash_text, size, NULL, 0);
}
