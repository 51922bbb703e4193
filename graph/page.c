#include "graph/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/arena.h"
#include "graph/event_json.h"
#include "graph/json_value.h"

/* What a page's pointers point into. */
struct page_storage {
    char *body;
    struct arena arena;
    struct event *events;
    struct event_reject *rejects;
};

static void storage_free(void *arg)
{
    struct page_storage *s = arg;
    arena_finish(&s->arena);
    free(s->events);
    free(s->rejects);
    free(s->body);
    free(s);
}

/* A page under construction. */
struct builder {
    struct event_page *page;
    struct page_storage *storage;
    struct event_reader reader;
    struct json_cursor cursor;
    size_t events_cap;
    size_t rejects_cap;
    enum json_match value_match; /* how well the name of the array read last fitted */
    enum json_match link_match;
    struct json_slice link;
};

static void builder_init(struct builder *b, char *body, size_t len, const struct page_context *ctx)
{
    *b = (struct builder){0};
    b->storage = mem_calloc(1, sizeof *b->storage);
    b->storage->body = body;
    b->page = mem_calloc(1, sizeof *b->page);
    b->page->storage = b->storage;
    b->page->free_storage = storage_free;
    event_reader_init(&b->reader, &b->storage->arena, ctx->zones, ctx->assumed_zone);
    json_cursor_init(&b->cursor, body, len);
}

static void builder_finish(struct builder *b)
{
    event_reader_finish(&b->reader);
    event_page_destroy(b->page);
}

/* Room for one more of each, as which it is is not known before it was read. */
static void make_room(struct builder *b)
{
    struct page_storage *s = b->storage;
    if (b->page->n_events == b->events_cap) {
        b->events_cap = b->events_cap ? b->events_cap * 2 : 64;
        s->events = mem_realloc(s->events, b->events_cap, sizeof *s->events);
    }
    if (b->page->n_rejects == b->rejects_cap) {
        b->rejects_cap = b->rejects_cap ? b->rejects_cap * 2 : 8;
        s->rejects = mem_realloc(s->rejects, b->rejects_cap, sizeof *s->rejects);
    }
}

static int read_elements(struct builder *b)
{
    struct event_page *page = b->page;
    struct json_cursor *c = &b->cursor;
    page->n_events = 0;
    page->n_rejects = 0;
    int r = json_enter(c);
    while (r >= 0 && (r = json_next_element(c)) == 1) {
        if (page->n_events + page->n_rejects == PAGE_ELEMENTS_MAX) {
            return json_fail(c, "the page has more than 10000 elements");
        }
        make_room(b);
        r = event_json_read(&b->reader, c, &b->storage->events[page->n_events],
                            &b->storage->rejects[page->n_rejects]);
        page->n_events += r == 1;
        page->n_rejects += r == 0;
    }
    return r < 0 ? r : 0;
}

/* One member of the page.  Of two of one name the last counts, as in an event. */
static int read_member(struct builder *b, struct json_slice name)
{
    static const struct json_name value_name = JSON_NAME("value");
    static const struct json_name link_name = JSON_NAME("@odata.nextLink");
    struct json_slice value;
    enum json_match match = json_name_match(name, &value_name);
    if (match != JSON_NO_MATCH && match >= b->value_match) {
        b->value_match = match;
        return json_cursor_peek(&b->cursor) == '[' ? read_elements(b)
                                                   : json_fail(&b->cursor, "\"value\" is not an array");
    }
    if (json_skip(&b->cursor, &value) < 0) {
        return ERR_PROTOCOL;
    }
    match = json_name_match(name, &link_name);
    if (match != JSON_NO_MATCH && match >= b->link_match) {
        b->link_match = match;
        b->link = value;
    }
    return 0;
}

/* A link that is there and can not be used must not be taken for the end: what is on the pages behind it
 * would look as if it had been deleted. */
static int take_link(struct builder *b)
{
    bool repaired = false;
    if (json_is_unset(b->link)) {
        return 0;
    }
    if (json_kind(b->link) != JSON_STRING || b->link.len == 2) {
        return json_fail(&b->cursor, "the link to the next page is no text");
    }
    b->page->next_cursor = mem_calloc(1, b->link.len);
    (void)json_decode(b->link, b->page->next_cursor, &repaired);
    return repaired ? json_fail(&b->cursor, "the link to the next page is damaged") : 0;
}

static int build(struct builder *b)
{
    struct json_slice name;
    char first = json_cursor_peek(&b->cursor);
    if (first != '{') {
        return json_fail(&b->cursor, first == '\0'  ? "it is empty"
                                     : first == '<' ? "it is HTML, not JSON (did a proxy answer?)"
                                                    : "it is not a JSON object");
    }
    int r = json_enter(&b->cursor);
    while (r >= 0 && (r = json_next_member(&b->cursor, &name)) == 1) {
        r = read_member(b, name);
    }
    if (r < 0 || json_finish(&b->cursor) < 0) {
        return ERR_PROTOCOL;
    }
    if (b->value_match == JSON_NO_MATCH) {
        return json_fail(&b->cursor, "it has no \"value\" array");
    }
    return take_link(b);
}

int page_parse(char *body, size_t len, const struct page_context *ctx, struct event_page **ret_page,
               struct err *e)
{
    CLEANUP(builder_finish) struct builder b;
    builder_init(&b, body, len, ctx);
    int r = build(&b);
    if (r < 0) {
        return err_set(e, ERR_PROTOCOL, 0, "Graph's page of events can not be read (byte %zu of %zu): %s",
                       (size_t)(b.cursor.at - body), len, b.cursor.fault);
    }
    b.page->events = b.storage->events;
    b.page->rejects = b.storage->rejects;
    *ret_page = STEAL(b.page);
    return 0;
}
