#include "base/tz_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define HEADER_LEN    44
#define INSTANT_LIMIT ((int64_t)1 << 59) /* RFC 8536 §3.2 asks writers to stay within */

/* Offsets that RFC 8536 §3.2 calls safe; nothing on earth comes near them. */
#define OFFSET_MIN_S (-89999)
#define OFFSET_MAX_S 93599

/* The bytes that are still to be read.  Whoever reads has looked at `left` before. */
struct reader {
    const uint8_t *at;
    size_t left;
};

struct counts {
    uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t read_u32(struct reader *r)
{
    const uint8_t *p = r->at;
    r->at += 4;
    r->left -= 4;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_i64(struct reader *r)
{
    uint64_t high = read_u32(r);
    return (int64_t)(high << 32 | read_u32(r));
}

static uint8_t read_u8(struct reader *r)
{
    r->left--;
    return *r->at++;
}

static void skip(struct reader *r, size_t n)
{
    r->at += n;
    r->left -= n;
}

/* One offset, or the footer's: text[0 … len) becomes the abbreviation. */
static bool set_type(struct tz_type *type, int64_t offset_s, const char *text, size_t len)
{
    if (offset_s < OFFSET_MIN_S || offset_s > OFFSET_MAX_S || len > TZ_ABBREVIATION_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '!' || text[i] > '~') {
            return false;
        }
    }
    *type = (struct tz_type){.offset_s = (int32_t)offset_s};
    memcpy(type->abbreviation, text, len);
    return true;
}

bool tz_file_has_magic(const void *bytes, size_t len)
{
    return len >= 4 && memcmp(bytes, "TZif", 4) == 0;
}

static const char *read_header(struct reader *r, struct counts *ret_counts)
{
    if (r->left < HEADER_LEN || !tz_file_has_magic(r->at, r->left)) {
        return "a header is missing";
    }
    if (r->at[4] < '2') {
        return "it has no 64-bit times (version 1)";
    }
    skip(r, 20);
    ret_counts->isut = read_u32(r);
    ret_counts->isstd = read_u32(r);
    ret_counts->leap = read_u32(r);
    ret_counts->time = read_u32(r);
    ret_counts->type = read_u32(r);
    ret_counts->chars = read_u32(r);
    return NULL;
}

/* The bytes behind a header, for times of time_size bytes.  Six counts of 32 bits can not overflow 64. */
static uint64_t body_len(const struct counts *c, uint64_t time_size)
{
    return c->time * (time_size + 1) + c->type * UINT64_C(6) + c->chars + c->leap * (time_size + 4) +
           c->isstd + c->isut;
}

static const char *read_times(struct reader *r, const struct counts *c, struct tz_file *file)
{
    file->n_at = c->time;
    file->at_s = mem_calloc(c->time, sizeof *file->at_s);
    file->type_of = mem_calloc(c->time, 1);
    for (size_t i = 0; i < file->n_at; i++) {
        file->at_s[i] = read_i64(r);
        if (file->at_s[i] < -INSTANT_LIMIT || file->at_s[i] > INSTANT_LIMIT ||
            (i > 0 && file->at_s[i] <= file->at_s[i - 1])) {
            return "its transitions are not in order";
        }
    }
    for (size_t i = 0; i < file->n_at; i++) {
        file->type_of[i] = read_u8(r);
        if (file->type_of[i] >= c->type) {
            return "a transition names a type that is not there";
        }
    }
    return NULL;
}

static const char *read_types(struct reader *r, const struct counts *c, struct tz_file *file)
{
    const char *text = (const char *)r->at + c->type * (size_t)6;
    file->types = mem_calloc(c->type, sizeof *file->types);
    for (size_t i = 0; i < c->type; i++) {
        int32_t offset_s = (int32_t)read_u32(r);
        uint8_t is_dst = read_u8(r);
        uint8_t index = read_u8(r);
        const char *end = index < c->chars ? memchr(text + index, '\0', c->chars - index) : NULL;
        if (is_dst > 1 || !end ||
            !set_type(&file->types[i], offset_s, text + index, (size_t)(end - (text + index)))) {
            return "a type is not valid";
        }
    }
    skip(r, c->chars);
    return NULL;
}

static const char *read_footer(struct reader *r, struct tz_file *file)
{
    char text[128];
    const uint8_t *end = r->left > 1 && r->at[0] == '\n' ? memchr(r->at + 1, '\n', r->left - 1) : NULL;
    size_t len = end ? (size_t)(end - r->at) - 1 : 0;
    if (!end || len >= sizeof text || memchr(r->at + 1, '\0', len)) {
        return "its footer is missing";
    }
    memcpy(text, r->at + 1, len);
    text[len] = '\0';
    return tz_footer_parse(text, &file->footer) ? NULL : "its footer is not valid";
}

/* The second header and all behind it. */
static const char *read_body(struct reader *r, struct tz_file *file)
{
    struct counts c;
    const char *fault = read_header(r, &c);
    if (fault) {
        return fault;
    }
    if (body_len(&c, 8) > r->left) {
        return "it is shorter than its header says";
    }
    if (c.leap > 0) {
        return "it counts leap seconds";
    }
    if (c.type < 1 || c.type > 256 || c.chars < 1 || (c.isut != 0 && c.isut != c.type) ||
        (c.isstd != 0 && c.isstd != c.type)) {
        return "its counts are not valid";
    }
    fault = read_times(r, &c, file);
    if (!fault) {
        fault = read_types(r, &c, file);
    }
    if (!fault) {
        skip(r, (size_t)c.isstd + c.isut);
        fault = read_footer(r, file);
    }
    return fault;
}

const char *tz_file_parse(const void *bytes, size_t len, struct tz_file *ret_file)
{
    struct reader r = {bytes, len};
    struct counts c;
    CLEANUP(tz_file_finish) struct tz_file file = {0};
    const char *fault = read_header(&r, &c);
    if (fault) {
        return fault;
    }
    if (body_len(&c, 4) > r.left) {
        return "it is shorter than its header says";
    }
    skip(&r, (size_t)body_len(&c, 4)); /* the 32-bit block says less than the one behind it */
    fault = read_body(&r, &file);
    if (fault) {
        return fault;
    }
    *ret_file = file;
    file = (struct tz_file){0};
    return NULL;
}

void tz_file_finish(struct tz_file *file)
{
    free(file->at_s);
    free(file->type_of);
    free(file->types);
    *file = (struct tz_file){0};
}
