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
#include "graph/drive_json.h"
#include "graph/page.h"
#include "graph/xero_json.h"

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

static void read_as_upload(const char *text, size_t len)
{
    struct drive_item item;
    struct secret *url;
    int64_t offset;
    struct xero_invoice invoice;
    char contact[XERO_ID_LEN + 1];
    bool found;
    if (drive_parse_item(text, len, &item, NULL) == 0 && (!*item.id || item.size < 0)) {
        abort();
    }
    if (drive_parse_session(text, len, &url, NULL) == 0) {
        secret_destroy(url);
    }
    if (drive_parse_ranges(text, len, 1000, &offset, NULL) == 0 && (offset < 0 || offset > 1000)) {
        abort();
    }
    if (xero_find_invoice(text, len, NULL, "Acme", &found, &invoice, NULL) == 0 && found &&
        strchr(invoice.id, '/')) {
        abort();
    }
    if (xero_find_contact(text, len, "Acme", contact, NULL) == 0 && strchr(contact, '/')) {
        abort();
    }
    (void)!xero_has_attachment(text, len, "a.pdf", 4, &found, NULL);
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
    read_as_upload(text, size);
    free(text);
    return 0;
}
