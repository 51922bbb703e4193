#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

#define BASE_PATH "/v1.0"

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

char *sim_decode(const char *text, size_t len, bool plus_is_blank)
{
    char *out = mem_calloc(len + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%' && i + 2 < len && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            out[n++] = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out[n++] = plus_is_blank && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

/* As Graph writes its links: '$' stays, ':' does not. */
void sim_encode(struct buf *out, const char *text)
{
    for (; *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("-_.~$", *text);
        if (plain) {
            sim_put_bytes(out, text, 1);
        } else {
            sim_put(out, "%%%02x", (unsigned)(unsigned char)*text);
        }
    }
}

struct sim_pair *sim_form_parse(const char *text, size_t len, size_t *ret_count)
{
    struct sim_pair *pairs = NULL;
    size_t count = 0;
    const char *end = text + len;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        stop = stop ? stop : end;
        const char *equals = memchr(text, '=', (size_t)(stop - text));
        const char *name_end = equals ? equals : stop;
        const char *value = equals ? equals + 1 : stop;
        if (stop > text) {
            pairs = mem_realloc(pairs, count + 1, sizeof *pairs);
            pairs[count].name = sim_decode(text, (size_t)(name_end - text), true);
            pairs[count].value = sim_decode(value, (size_t)(stop - value), true);
            count++;
        }
        text = stop + 1;
    }
    *ret_count = count;
    return pairs;
}

void sim_form_free(struct sim_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
    free(pairs);
}

const char *sim_pair_get(const struct sim_pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(pairs[i].name, name) == 0) {
            return pairs[i].value;
        }
    }
    return NULL;
}

const char *sim_query(const struct sim_request *r, const char *name)
{
    return sim_pair_get(r->query, r->query_count, name);
}

const char *sim_header(const struct sim_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* Each segment is decoded by itself, so that an encoded slash inside an id does not split it. */
void sim_target_parse(struct sim_request *r)
{
    const char *question = strchr(r->raw, '?');
    const char *path_end = question ? question : r->raw + strlen(r->raw);
    for (const char *s = r->raw; s < path_end && r->segment_count < SIM_SEGMENTS_MAX;) {
        s += *s == '/';
        size_t len = strcspn(s, "/?");
        if (len > 0) {
            r->segments[r->segment_count++] = sim_decode(s, len, false);
        }
        s += len;
    }
    if (question) {
        r->query = sim_form_parse(question + 1, strlen(question + 1), &r->query_count);
    }
    r->decoded = sim_decode(r->raw, strlen(r->raw), false);
}

void sim_target_finish(struct sim_request *r)
{
    for (int i = 0; i < r->segment_count; i++) {
        free(r->segments[i]);
    }
    sim_form_free(r->query, r->query_count);
    free(r->decoded);
    free(r->raw);
}

/* Behind a proxy the Host header names us, not the address that our client uses. */
char *sim_target_base(const struct sim_request *r)
{
    struct graphsim *g = r->g;
    const char *host = sim_header(r, "Host");
    pthread_mutex_lock(&g->mutex);
    char *base = mem_strdup(g->public_url);
    pthread_mutex_unlock(&g->mutex);
    if (base) {
        return base;
    }
    return host ? mem_printf("%s://%s%s", g->certificate ? "https" : "http", host, BASE_PATH)
                : mem_strdup(g->base_url);
}

const char *sim_target_rest(const struct sim_request *r)
{
    return strncmp(r->raw, BASE_PATH, strlen(BASE_PATH)) == 0 ? r->raw + strlen(BASE_PATH) : r->raw;
}

char *sim_target_next(const struct sim_request *r, size_t skip)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    char *base = sim_target_base(r);
    const char *rest = sim_target_rest(r);
    sim_put_str(&out, base);
    sim_put_bytes(&out, rest, strcspn(rest, "?"));
    sim_put_str(&out, "?");
    for (size_t i = 0; i < r->query_count; i++) {
        if (strcasecmp(r->query[i].name, "$skip") == 0) {
            continue;
        }
        sim_encode(&out, r->query[i].name);
        sim_put_str(&out, "=");
        sim_encode(&out, r->query[i].value);
        sim_put_str(&out, "&");
    }
    sim_put(&out, "$skip=%zu", skip);
    free(base);
    return buf_steal(&out, NULL);
}
