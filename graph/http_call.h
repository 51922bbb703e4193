/* http_call - one HTTP exchange as an easy handle: what is sent, what is kept of the answer.  Internal to
 * graph/http.c.  Loop thread only. */
#ifndef GRAPH_HTTP_CALL_H
#define GRAPH_HTTP_CALL_H

#include <curl/curl.h>

#include "base/list.h"
#include "graph/http.h"
#include "graph/origin.h"

struct http_call {
    struct list link; /* in active or finished of http */
    struct http *http;
    http_done done;
    void *arg;
    CURL *easy;
    bool is_in_multi;
    bool is_waiting;               /* for its turn to begin */
    struct curl_slist *headers;    /* the plain ones */
    struct curl_slist secret_node; /* stands before them; its text is authorization's */
    struct secret *authorization;  /* the whole header line, where libcurl reads it */
    struct secret *form;           /* the body, read in place too */
    bool is_secret;
    bool is_too_big;
    size_t header_bytes;
    char host[ORIGIN_HOST_MAX]; /* for messages */
    char detail[CURL_ERROR_SIZE];
    struct http_reply reply;
    struct err err; /* code 0: reply is good */
};

/* Copies what must outlive the request; never NULL. */
struct http_call *http_call_create(const struct http_request *request);
/* Not while it is in a multi. */
void http_call_destroy(struct http_call *call);

/* All options of the easy handle.  An error is one of libcurl's own, and final. */
MUST_CHECK CURLcode http_call_set_up(struct http_call *call, const struct http_request *request,
                                     const struct graph_limits *limits, const char *ca_file);

/* Turns libcurl's result into err or reply.status. */
void http_call_conclude(struct http_call *call, CURLcode result);

struct http_call *http_call_of(CURL *easy);

#endif
