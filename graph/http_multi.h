/* http_multi - libcurl's multi interface driven by a libuv loop: sockets, the one timer, finished transfers.
 *
 * Internal to graph/http.c.  `done` and `broken` are called from the loop, never from inside a call here;
 * done's easy handle has left the multi already.  After `broken` no transfer of this multi can be trusted:
 * the owner removes them, closes it and makes another.  Loop thread only. */
#ifndef GRAPH_HTTP_MULTI_H
#define GRAPH_HTTP_MULTI_H

#include <curl/curl.h>
#include <uv.h>

#include "base/attr.h"

struct http_multi;

struct http_multi_events {
    void (*done)(void *arg, CURL *easy, CURLcode result);
    void (*broken)(void *arg);
    void *arg;
};

/* NULL when libcurl can not make one. */
struct http_multi *http_multi_create(uv_loop_t *loop, long max_connections,
                                     const struct http_multi_events *events);

/* All transfers were removed before. closed(arg) comes from the loop when the last handle is gone. */
void http_multi_close(struct http_multi *m, void (*closed)(void *arg), void *arg);

MUST_CHECK CURLMcode http_multi_add(struct http_multi *m, CURL *easy);
void http_multi_remove(struct http_multi *m, CURL *easy);

#endif
