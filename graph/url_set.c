#include "graph/url_set.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static uint64_t hash_url(const char *url)
{
    unsigned char digest[crypto_generichash_BYTES_MIN];
    uint64_t hash;
    crypto_generichash(digest, sizeof digest, (const unsigned char *)url, strlen(url), NULL, 0);
    memcpy(&hash, digest, sizeof hash);
    return hash ? hash : 1;
}

/* Where the hash is, or the free slot where it would go. */
static size_t find_slot(const struct url_set *set, uint64_t hash)
{
    size_t i = (size_t)hash & (set->size - 1);
    while (set->slots[i] != 0 && set->slots[i] != hash) {
        i = (i + 1) & (set->size - 1);
    }
    return i;
}

static void grow(struct url_set *set)
{
    struct url_set old = *set;
    set->size = old.size ? old.size * 2 : 64;
    set->slots = mem_calloc(set->size, sizeof *set->slots);
    for (size_t i = 0; i < old.size; i++) {
        if (old.slots[i]) {
            set->slots[find_slot(set, old.slots[i])] = old.slots[i];
        }
    }
    free(old.slots);
}

void url_set_finish(struct url_set *set)
{
    free(set->slots);
    *set = (struct url_set){0};
}

bool url_set_has(const struct url_set *set, const char *url)
{
    return set->size > 0 && set->slots[find_slot(set, hash_url(url))] != 0;
}

void url_set_add(struct url_set *set, const char *url)
{
    uint64_t hash = hash_url(url);
    if (set->n * 2 >= set->size) {
        grow(set);
    }
    size_t i = find_slot(set, hash);
    set->n += set->slots[i] == 0;
    set->slots[i] = hash;
}
