/* list - an intrusive doubly linked ring.  A head and the links in the items are the same struct; the list
 * owns nothing.  One thread at a time. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

/* At the end: first in, first out together with list_pop. */
static inline void list_append(struct list *head, struct list *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

/* The item is a ring of its own afterwards, so that removing it twice does no harm. */
static inline void list_remove(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}

/* The first item, taken out; NULL when empty. */
static inline struct list *list_pop(struct list *head)
{
    struct list *first = head->next;
    if (first == head) {
        return NULL;
    }
    list_remove(first);
    return first;
}

/* Moves everything in `from` to the end of `to`. */
static inline void list_move_all(struct list *to, struct list *from)
{
    for (struct list *item; (item = list_pop(from));) {
        list_append(to, item);
    }
}

/* The body may remove `pos`, nothing else. */
#define LIST_FOREACH(pos, head)                                                                              \
    for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head);                            \
         pos = pos##_next, pos##_next = pos->next)

#endif
