/* fuzz_page - whatever arrives in place of an answer: no reader may crash, leak or read outside it.
 *
 * Built with -fsanitize=fuzzer where the compiler has it; tests/unit/graph/test_page_corpus.c runs the corpus
 * in every build.  All readers get every input, as they share the scanner. */
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "graph/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_page(const char *text, size_t len)
{
    struct tz_cache *zones = tz_cache_create(NULL);
    struct page_context ctx = {.zones = zones};
    struct event_page *page;
    char *body = mem_realloc(NULL, len + 1, 1);
    memcpy(body, text, len);
    body[len] = '\0';
    if (page_parse(body, len, &ctx, &page, NULL) == 0) {
        event_page_destroy(page);
    }
    tz_cache_destroy(zones);
}

static void read_as_reply(const char *text, size_t len)
{
    struct remote_calendar *calendars;
    size_t n;
    char *link;
    struct graph_error error;
    struct token_reply token;
    struct device_reply device;
    if (page_parse_calendars(text, len, &calendars, &n, &link, NULL) == 0) {
        remote_calendars_free(calendars, n);
        free(link);
    }
    if (page_parse_error(text, len, &error) == 0 && strlen(error.code) >= sizeof error.code) {
        abort();
    }
    if (page_parse_token(text, len, &token, NULL) == 0) {
        token_reply_finish(&token);
    }
    if (page_parse_device(text, len, &device, NULL) == 0) {
        device_reply_finish(&device);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of just this size: a byte too far is seen. */
    char *text = mem_realloc(NULL, size + !size, 1);
    if (sodium_init() < 0) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    read_as_page(text, size);
    read_as_reply(text, size);
    free(text);
    return 0;
}
