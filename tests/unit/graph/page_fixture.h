/* page_fixture - what the tests of pages share: the machine's zones, and texts turned into pages. */
#ifndef TESTS_UNIT_GRAPH_PAGE_FIXTURE_H
#define TESTS_UNIT_GRAPH_PAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "graph/page.h"

struct page_fixture {
    struct tz_cache *zones;
    struct page_context ctx; /* assumed zone: America/New_York, which no test asks for by name */
};

static inline int page_fixture_setup(void **state)
{
    struct page_fixture *f = mem_calloc(1, sizeof *f);
    struct err e = {0};
    *state = f;
    f->zones = tz_cache_create(NULL);
    f->ctx.zones = f->zones;
    if (sodium_init() < 0 || tz_cache_get(f->zones, "America/New_York", &f->ctx.assumed_zone, &e) < 0) {
        print_error("no time zones on this machine: %s\n", e.msg);
        return -1;
    }
    return 0;
}

static inline int page_fixture_teardown(void **state)
{
    struct page_fixture *f = *state;
    tz_cache_destroy(f->zones);
    free(f);
    return 0;
}

/* NULL with *e filled on an error. */
static inline struct event_page *fixture_parse(const struct page_fixture *f, const char *text, size_t len,
                                               struct err *e)
{
    struct event_page *page = NULL;
    char *body = mem_realloc(NULL, len + 1, 1);
    memcpy(body, text, len);
    body[len] = '\0';
    return page_parse(body, len, &f->ctx, &page, e) < 0 ? NULL : page;
}

/* A page with this text as its only element; fails the test on an error. */
static inline struct event_page *fixture_parse_element(const struct page_fixture *f, const char *element)
{
    struct err e = {0};
    char *text = mem_printf("{\"value\":[%s]}", element);
    struct event_page *page = fixture_parse(f, text, strlen(text), &e);
    free(text);
    if (!page) {
        fail_msg("%s", e.msg);
    }
    return page;
}

/* An event that starts 2024-05-06 10:00 UTC, lasts an hour, and has these members more.  As the last of two
 * members of one name counts, they can also replace the others. */
static inline struct event_page *fixture_parse_event(const struct page_fixture *f, const char *members)
{
    char *text = mem_printf(
        "{\"id\":\"A\",\"start\":{\"dateTime\":\"2024-05-06T10:00:00.0000000\",\"timeZone\":\"UTC\"},"
        "\"end\":{\"dateTime\":\"2024-05-06T11:00:00.0000000\",\"timeZone\":\"UTC\"}%s%s}",
        *members ? "," : "", members);
    struct event_page *page = fixture_parse_element(f, text);
    free(text);
    return page;
}

#endif
