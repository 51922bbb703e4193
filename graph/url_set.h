/* url_set - the addresses that have been seen, as 64-bit hashes: how paging in a circle is noticed.  A keyed
 * hash is not needed: who can choose nextLinks can page without end anyway, and that is limited by count. One
 * thread. */
#ifndef GRAPH_URL_SET_H
#define GRAPH_URL_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct url_set {
    uint64_t *slots; /* 0: free */
    size_t size;     /* a power of two, at most half full */
    size_t n;
};

/* Both accept a zeroed struct. */
void url_set_finish(struct url_set *set); /* empty afterwards */
bool url_set_has(const struct url_set *set, const char *url);
void url_set_add(struct url_set *set, const char *url);

#endif
