#include "graph/http_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "graph/fault.h"

/* Of all header lines of an answer together; libcurl limits only a single line. */
#define HEADER_BYTES_MAX (256u << 10)

/* NULL for a request without. */
static struct secret *make_authorization(const struct http_request *request)
{
    const char *prefix = request->bearer ? "Authorization: Bearer " : "Authorization: Basic ";
    const struct secret *token = request->bearer ? request->bearer : request->basic;
    size_t len = strlen(prefix);
    if (!token) {
        return NULL;
    }
    struct secret *line = secret_create(len + secret_len(token));
    memcpy(secret_bytes(line), prefix, len);
    memcpy(secret_bytes(line) + len, secret_bytes(token), secret_len(token));
    return line;
}

struct http_call *http_call_create(const struct http_request *request)
{
    struct http_call *call = mem_calloc(1, sizeof *call);
    list_init(&call->link);
    call->authorization = make_authorization(request);
    call->form = secret_dup(request->form);
    call->is_secret = request->is_secret;
    buf_init(&call->reply.body, request->max_body);
    origin_host_of(request->url, call->host);
    return call;
}

void http_call_destroy(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    secret_destroy(call->authorization);
    secret_destroy(call->form);
    if (call->is_secret && call->reply.body.data) {
        secret_wipe(call->reply.body.data, call->reply.body.cap);
    }
    buf_finish(&call->reply.body);
    free(call);
}

struct http_call *http_call_of(CURL *easy)
{
    struct http_call *call = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
    return call;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_call *call = arg;
    if (buf_add(&call->reply.body, bytes, size * n) < 0) {
        call->is_too_big = true;
        return 0; /* ends the transfer */
    }
    return size * n;
}

/* "Name: value\r\n" of that name: its value without blanks around it. */
static bool is_header(const char *line, size_t len, const char *name, const char **ret_value, size_t *ret_len)
{
    size_t n = strlen(name);
    if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':') {
        return false;
    }
    const char *value = line + n + 1;
    const char *end = line + len;
    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    *ret_value = value;
    *ret_len = (size_t)(end - value);
    return true;
}

/* Cut to fit; a control character would let the other side write lines of its own into our messages. */
static void keep(char *out, size_t size, const char *value, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len && n + 1 < size; i++) {
        if (value[i] >= ' ' && value[i] <= '~') {
            out[n++] = value[i];
        }
    }
    out[n] = '\0';
}

static void keep_header(struct http_reply *reply, const char *line, size_t len)
{
    const struct {
        const char *name;
        char *out;
        size_t size;
    } wanted[] = {
        {"Retry-After", reply->retry_after, sizeof reply->retry_after},
        {"request-id", reply->request_id, sizeof reply->request_id},
        {"Date", reply->date, sizeof reply->date},
        {"Content-Type", reply->content_type, sizeof reply->content_type},
        {"Location", reply->location, sizeof reply->location},
    };
    const char *value;
    size_t n;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        if (is_header(line, len, wanted[i].name, &value, &n)) {
            keep(wanted[i].out, wanted[i].size, value, n);
        }
    }
    if (is_header(line, len, "WWW-Authenticate", &value, &n)) {
        reply->has_claims_challenge = memmem(value, n, "insufficient_claims", 19) != NULL;
    }
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_call *call = arg;
    size_t len = size * n;
    call->header_bytes += len;
    if (call->header_bytes > HEADER_BYTES_MAX) {
        call->is_too_big = true;
        return 0;
    }
    if (len >= 5 && memcmp(bytes, "HTTP/", 5) == 0) { /* of the final answer, after a 100 */
        struct buf body = call->reply.body;
        call->reply = (struct http_reply){.body = body};
    }
    keep_header(&call->reply, bytes, len);
    return len;
}

static void set_headers(struct http_call *call, const struct http_request *request)
{
    for (const char *const *h = request->headers; h && *h; h++) {
        call->headers = curl_slist_append(call->headers, *h);
    }
    if (request->body || request->bytes) {
        CLEANUP_FREE char *type = mem_printf("Content-Type: %s", request->content_type);
        call->headers = curl_slist_append(call->headers, type);
    }
    call->headers = curl_slist_append(call->headers, "Expect:");
    struct curl_slist *first = call->headers;
    if (call->authorization) {
        /* A node of our own, so that libcurl reads the token from guarded memory and makes no copy of the
         * list. */
        call->secret_node = (struct curl_slist){.data = secret_bytes(call->authorization), .next = first};
        first = &call->secret_node;
    }
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, first);
}

/* What is sent, and how that is called. */
static void set_post(struct http_call *call, const struct http_request *request)
{
    if (call->form) {
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, secret_bytes(call->form));
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)secret_len(call->form));
    } else if (request->body) {
        curl_easy_setopt(call->easy, CURLOPT_COPYPOSTFIELDS, request->body);
    } else if (request->bytes) {
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, request->bytes);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->bytes_len);
    }
    if (request->method) {
        curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

/* Behind a 1 MB limit a secret body is kept in one block from the start: growing would leave copies of tokens
 * in freed memory. */
static void set_body(struct http_call *call)
{
    struct buf *body = &call->reply.body;
    if (call->is_secret && buf_reserve(body, body->max) < 0) {
        call->is_too_big = true;
    }
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)body->max);
    curl_easy_setopt(call->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
}

static void set_times(CURL *easy, const struct http_request *request, const struct graph_limits *limits)
{
    int64_t total_ms = request->timeout_ms > 0 ? request->timeout_ms : limits->request_ms;
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)total_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)limits->stall_s);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L); /* no SIGALRM for name look-ups */
}

static void set_connection(CURL *easy, const struct http_request *request, const char *ca_file)
{
    bool is_tls = strncasecmp(request->url, "https:", 6) == 0;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_tls ? "https" : "http");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->is_fresh ? 1L : 0L);
    if (!is_tls) { /* loopback: no proxy, and libcurl 7.88 breaks HTTP/2 without TLS on a reused connection */
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        return;
    }
    /* With PIPEWAIT the first connection tells whether HTTP/2 is spoken, and then all share it: one look-up
     * of the name, one handshake. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (ca_file) { /* takes the place of the system's bundle; its directory (CAPATH) stays trusted beside it
                    */
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    }
}

CURLcode http_call_set_up(struct http_call *call, const struct http_request *request,
                          const struct graph_limits *limits, const char *ca_file)
{
    CURL *easy = call->easy = curl_easy_init();
    if (!easy) {
        return CURLE_FAILED_INIT;
    }
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->detail);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "admin-assistant");
    set_headers(call, request);
    set_post(call, request);
    set_body(call);
    set_times(easy, request, limits);
    set_connection(easy, request, ca_file);
    return code;
}

void http_call_conclude(struct http_call *call, CURLcode result)
{
    if (call->is_too_big || result == CURLE_FILESIZE_EXCEEDED) {
        err_set(&call->err, ERR_TOO_BIG, (int)result, "host %s: the answer is larger than %zu bytes",
                call->host, call->reply.body.max);
    } else if (result != CURLE_OK) {
        fault_from_curl(&call->err, (int)result, call->host, call->detail);
    } else {
        long status = 0;
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        call->reply.status = (int)status;
    }
}
