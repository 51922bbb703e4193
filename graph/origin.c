#include "graph/origin.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

struct origin {
    char *scheme; /* all three from libcurl's parser: curl_free */
    char *host;
    char *port;
};

/* What a URL of Graph never holds, and what makes two parsers read two hosts. */
static bool has_strange_bytes(const char *url)
{
    for (const unsigned char *p = (const unsigned char *)url; *p; p++) {
        if (*p <= ' ' || *p >= 0x7f || *p == '\\' || *p == '#') {
            return true;
        }
    }
    return false;
}

static void parts_finish(struct origin *o)
{
    curl_free(o->scheme);
    curl_free(o->host);
    curl_free(o->port);
    *o = (struct origin){0};
}

/* False for what is no absolute URL; *ret is zeroed then. */
static bool parts_init(struct origin *ret, const char *url)
{
    *ret = (struct origin){0};
    CURLU *u = curl_url();
    bool ok = u && !has_strange_bytes(url) &&
              curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_SCHEME, &ret->scheme, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_HOST, &ret->host, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    curl_url_cleanup(u);
    if (!ok) {
        parts_finish(ret);
    }
    return ok;
}

int origin_create(const char *base_url, struct origin **ret_origin, struct err *e)
{
    struct origin *o = mem_calloc(1, sizeof *o);
    if (!parts_init(o, base_url)) {
        free(o);
        return err_set(e, ERR_CONFIG, 0, "[graph] base_url \"%.120s\" is not a URL", base_url);
    }
    *ret_origin = o;
    return 0;
}

void origin_destroy(struct origin *o)
{
    if (o) {
        parts_finish(o);
        free(o);
    }
}

const char *origin_host(const struct origin *o)
{
    return o->host;
}

int origin_check(const struct origin *o, const char *url, struct err *e)
{
    struct origin other;
    bool same = false;
    if (parts_init(&other, url)) {
        same = strcasecmp(o->scheme, other.scheme) == 0 && strcasecmp(o->host, other.host) == 0 &&
               strcmp(o->port, other.port) == 0;
        parts_finish(&other);
    }
    if (same) {
        return 0;
    }
    char host[ORIGIN_HOST_MAX];
    origin_host_of(url, host);
    return err_set(e, ERR_ORIGIN, 0, "an address on host %s is not followed: the token goes to %s only", host,
                   o->host);
}

void origin_host_of(const char *url, char ret_host[ORIGIN_HOST_MAX])
{
    struct origin parts;
    snprintf(ret_host, ORIGIN_HOST_MAX, "?");
    /* Also of a URL that origin_check refuses for other reasons; without CURLU_DISALLOW_USER the host is what
     * stands behind the @. */
    CURLU *u = curl_url();
    parts.host = NULL;
    if (u && !has_strange_bytes(url) && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &parts.host, 0) == CURLUE_OK) {
        snprintf(ret_host, ORIGIN_HOST_MAX, "%s", parts.host);
    }
    curl_free(parts.host);
    curl_url_cleanup(u);
}

static bool is_loopback(const char *host)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1) {
        return (ntohl(address.s_addr) >> 24) == 127;
    }
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

int origin_check_scheme(const char *url, struct err *e)
{
    struct origin parts;
    bool ok = false;
    if (parts_init(&parts, url)) {
        ok = strcmp(parts.scheme, "https") == 0 ||
             (strcmp(parts.scheme, "http") == 0 && is_loopback(parts.host));
        parts_finish(&parts);
    }
    if (ok) {
        return 0;
    }
    char host[ORIGIN_HOST_MAX];
    origin_host_of(url, host);
    return err_set(e, ERR_ORIGIN, 0, "host %s: only https is allowed (http to loopback addresses)", host);
}
