#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_SIZE (32 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static size_t aligned(size_t size)
{
    return (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

static struct arena_block *block_create(size_t size)
{
    struct arena_block *block = mem_realloc(NULL, 1, sizeof *block + size);
    block->used = 0;
    block->size = size;
    return block;
}

void arena_finish(struct arena *a)
{
    while (a->first) {
        struct arena_block *next = a->first->next;
        free(a->first);
        a->first = next;
    }
}

void *arena_alloc(struct arena *a, size_t size)
{
    size = aligned(size);
    if (!a->first || a->first->size - a->first->used < size) {
        struct arena_block *block = block_create(size > BLOCK_SIZE ? size : BLOCK_SIZE);
        block->next = a->first;
        a->first = block;
    }
    void *p = a->first->bytes + a->first->used;
    a->first->used += size;
    return p;
}

void arena_trim(struct arena *a, size_t size, size_t used)
{
    a->first->used -= aligned(size) - aligned(used);
}

char *arena_strdup(struct arena *a, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(arena_alloc(a, size), text, size);
}
