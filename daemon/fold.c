#include "daemon/fold.h"

#include <stdio.h>
#include <string.h>

#include "base/mix.h"

static uint64_t hash(uint64_t seed, const char *text)
{
    for (; *text; text++) {
        seed = mix64(seed ^ (unsigned char)*text);
    }
    return seed;
}

/* The tag is the upper half of the key, so that all kinds of a tag are found. */
static uint64_t tag_of(const char *tag)
{
    return (hash(1, tag) | 1) << 32;
}

static uint64_t key_of(const char *tag, const char *text)
{
    return tag_of(tag) | (hash(2, text) & UINT32_MAX);
}

static struct fold_kind *find(struct fold *f, uint64_t key)
{
    struct fold_kind *oldest = &f->kinds[0];
    for (int i = 0; i < FOLD_KINDS; i++) {
        struct fold_kind *k = &f->kinds[i];
        if (k->key == key) {
            return k;
        }
        if (k->key == 0 || (oldest->key != 0 && k->said_ms < oldest->said_ms)) {
            oldest = k;
        }
    }
    *oldest = (struct fold_kind){0};
    return oldest;
}

bool fold_say(struct fold *f, const char *tag, const char *text, int64_t now_ms, int64_t *ret_n_quiet)
{
    uint64_t key = key_of(tag, text);
    struct fold_kind *k = find(f, key);
    bool is_known = k->key == key;
    /* A clock that went back does not make it quiet for longer. */
    if (is_known && now_ms - k->said_ms < FOLD_QUIET_MS && now_ms >= k->said_ms) {
        k->n_quiet++;
        return false;
    }
    *ret_n_quiet = is_known ? k->n_quiet : 0;
    *k = (struct fold_kind){.key = key, .said_ms = now_ms};
    snprintf(k->text, sizeof k->text, "%s", text);
    return true;
}

void fold_over(struct fold *f, const char *tag, void (*each)(void *arg, const struct fold_kind *kind),
               void *arg)
{
    uint64_t upper = tag_of(tag) >> 32;
    for (int i = 0; i < FOLD_KINDS; i++) {
        struct fold_kind *k = &f->kinds[i];
        if (k->key >> 32 != upper) {
            continue;
        }
        if (k->n_quiet > 0) {
            each(arg, k);
        }
        *k = (struct fold_kind){0};
    }
}
