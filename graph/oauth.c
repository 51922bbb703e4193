#include "graph/oauth.h"

#include <stdlib.h>
#include <string.h>

#include "base/jitter.h"
#include "base/mem.h"
#include "graph/escape.h"

char *oauth_url(const char *authority, const char *tenant, const char *end_point)
{
    char *segment = escape_text(tenant);
    char *url = mem_printf("%s/%s/oauth2/v2.0/%s", authority, segment, end_point);
    free(segment);
    return url;
}

static size_t put(char *out, size_t at, const char *bytes, size_t len)
{
    if (out) {
        memcpy(out + at, bytes, len);
    }
    return at + len;
}

/* The whole form; out NULL measures it. */
static size_t write_form(char *out, const struct oauth_field *fields)
{
    size_t n = 0;
    for (const struct oauth_field *f = fields; f->name; f++) {
        const char *bytes = f->text ? f->text : secret_bytes(f->secret);
        size_t len = f->text ? strlen(f->text) : secret_len(f->secret);
        n = put(out, n, "&", f == fields ? 0 : 1);
        n = put(out, n, f->name, strlen(f->name));
        n = put(out, n, "=", 1);
        n += escape_bytes(out ? out + n : NULL, bytes, len);
    }
    return n;
}

struct secret *oauth_form(const struct oauth_field *fields)
{
    struct secret *form = secret_create(write_form(NULL, fields));
    (void)write_form(secret_bytes(form), fields);
    return form;
}

int64_t oauth_use_until_ms(int64_t now_ms, int64_t expires_in_s, const char *account)
{
    int64_t life_ms = expires_in_s * 1000;
    return now_ms + life_ms / 4 * 3 + jitter_of(jitter_key(account), life_ms / 10 + 1);
}

int64_t oauth_end_ms(int64_t now_ms, int64_t expires_in_s)
{
    int64_t life_ms = expires_in_s * 1000;
    int64_t margin_ms = life_ms / 10 < 300000 ? life_ms / 10 : 300000;
    return now_ms + life_ms - margin_ms;
}

bool oauth_is_token(const struct secret *s)
{
    if (!s || secret_len(s) == 0) {
        return false;
    }
    for (size_t i = 0; i < secret_len(s); i++) {
        char c = secret_bytes(s)[i];
        if (c <= ' ' || c > '~') {
            return false;
        }
    }
    return true;
}
