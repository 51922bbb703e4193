#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

const char *sim_json_str(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int sim_json_int(const cJSON *object, const char *name, int otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : otherwise;
}

bool sim_json_bool(const cJSON *object, const char *name, bool otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) != 0 : otherwise;
}

static void must(int r)
{
    if (r < 0) {
        fprintf(stderr, "graphsim: the data is too big: %s\n", err_text(r));
        abort();
    }
}

void sim_put(struct buf *out, const char *fmt, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    must(n < 0 ? ERR_NOMEM : buf_add(out, text, (size_t)n));
    free(text);
}

void sim_put_str(struct buf *out, const char *text)
{
    must(buf_add_str(out, text));
}

void sim_put_bytes(struct buf *out, const void *bytes, size_t len)
{
    must(buf_add(out, bytes, len));
}

void sim_put_reserve(struct buf *out, size_t len)
{
    must(buf_reserve(out, len));
}

void sim_json_set(cJSON *object, const char *name, cJSON *item)
{
    if (cJSON_GetObjectItemCaseSensitive(object, name)) {
        cJSON_ReplaceItemInObjectCaseSensitive(object, name, item);
    } else {
        cJSON_AddItemToObject(object, name, item);
    }
}

static void to_hex(char *out, size_t hex_len, const unsigned char *bytes)
{
    for (size_t i = 0; i < hex_len; i++) {
        unsigned nibble = i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15U;
        out[i] = "0123456789abcdef"[nibble];
    }
    out[hex_len] = '\0';
}

void sim_hash(char *out, size_t hex_len, const char *a, const char *b)
{
    unsigned char digest[32];
    char *joined = mem_printf("%s\n%s", a, b);
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, joined, strlen(joined), digest) < 0) {
        memset(digest, 0, sizeof digest);
    }
    free(joined);
    to_hex(out, hex_len, digest);
}

void sim_random_hex(char *out, size_t hex_len)
{
    unsigned char bytes[32];
    clock_real.random(&clock_real, bytes, sizeof bytes);
    to_hex(out, hex_len, bytes);
}

static int print_seconds(int64_t ms, char *out, size_t size)
{
    int32_t day = civil_day_of(ms);
    struct civil_date date = civil_from_day(day);
    int64_t s = (ms - day * MS_PER_DAY) / MS_PER_SECOND;
    return snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d", date.year, date.month, date.day,
                    (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

void sim_format_time(int64_t ms, char ret_text[SIM_TIME_LEN + 1])
{
    int64_t fraction = ms - civil_day_of(ms) * MS_PER_DAY;
    int n = print_seconds(ms, ret_text, SIM_TIME_LEN + 1);
    snprintf(ret_text + n, (size_t)(SIM_TIME_LEN + 1 - n), ".%03d0000", (int)(fraction % 1000));
}

void sim_format_instant(int64_t ms, char ret_text[SIM_TIME_LEN + 1])
{
    int n = print_seconds(ms, ret_text, SIM_TIME_LEN + 1);
    snprintf(ret_text + n, (size_t)(SIM_TIME_LEN + 1 - n), "Z");
}
