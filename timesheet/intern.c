#include "timesheet/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/mix.h"

#define FIRST_SLOTS 64

void intern_finish(struct intern *t)
{
    free(t->texts);
    free(t->slots);
    *t = (struct intern){0};
}

static uint64_t hash(const char *text)
{
    uint64_t h = 0, word;
    size_t len = strlen(text), at = 0;
    for (; len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        h = mix64(h ^ word);
    }
    word = 0;
    memcpy(&word, text + at, len - at);
    return mix64(h ^ word ^ (uint64_t)len << 56);
}

/* Where the text is, or where it would go. */
static uint32_t slot_of(const struct intern *t, const char *text)
{
    uint32_t mask = t->n_slots - 1, slot = (uint32_t)hash(text) & mask;
    while (t->slots[slot] != 0 && strcmp(t->texts[t->slots[slot] - 1], text) != 0) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void grow(struct intern *t)
{
    t->n_slots = t->n_slots > 0 ? 2 * t->n_slots : FIRST_SLOTS;
    free(t->slots);
    t->slots = mem_calloc(t->n_slots, sizeof *t->slots);
    t->texts = mem_realloc(t->texts, t->n_slots, sizeof *t->texts);
    for (uint32_t i = 0; i < t->n; i++) {
        t->slots[slot_of(t, t->texts[i])] = i + 1;
    }
}

uint32_t intern_put(struct intern *t, const char *text)
{
    if (2 * (t->n + 1) > t->n_slots) {
        grow(t);
    }
    uint32_t slot = slot_of(t, text);
    if (t->slots[slot] == 0) {
        t->texts[t->n] = text;
        t->slots[slot] = ++t->n;
    }
    return t->slots[slot] - 1;
}

uint32_t intern_find(const struct intern *t, const char *text)
{
    uint32_t slot = t->n_slots > 0 ? slot_of(t, text) : 0;
    return t->n_slots > 0 && t->slots[slot] != 0 ? t->slots[slot] - 1 : INTERN_NONE;
}
