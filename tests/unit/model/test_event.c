/* The names of the domain's enums, both ways, and the end of a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "model/event.h"

/* One row per value; what Graph writes (Graph notes §4). */
struct name_row {
    const char *kind;
    int value;
    const char *name;
};

static const char *name_of(const struct name_row *row)
{
    switch (row->kind[0]) {
    case 't': return event_type_name((enum event_type)row->value);
    case 'w': return event_show_as_name((enum event_show_as)row->value);
    case 's': return event_sensitivity_name((enum event_sensitivity)row->value);
    case 'i': return event_importance_name((enum event_importance)row->value);
    case 'r': return event_response_name((enum event_response)row->value);
    }
    return "no such kind";
}

static int value_of(const char *kind, const char *name)
{
    switch (kind[0]) {
    case 't': return (int)event_type_from(name);
    case 'w': return (int)event_show_as_from(name);
    case 's': return (int)event_sensitivity_from(name);
    case 'i': return (int)event_importance_from(name);
    case 'r': return (int)event_response_from(name);
    }
    return -1;
}

static const struct name_row names[] = {
    {"type", EVENT_SINGLE, "singleInstance"},
    {"type", EVENT_OCCURRENCE, "occurrence"},
    {"type", EVENT_EXCEPTION, "exception"},
    {"type", EVENT_SERIES_MASTER, "seriesMaster"},
    {"w show as", SHOW_AS_UNKNOWN, "unknown"},
    {"w show as", SHOW_AS_FREE, "free"},
    {"w show as", SHOW_AS_TENTATIVE, "tentative"},
    {"w show as", SHOW_AS_BUSY, "busy"},
    {"w show as", SHOW_AS_OOF, "oof"},
    {"w show as", SHOW_AS_ELSEWHERE, "workingElsewhere"},
    {"sensitivity", SENSITIVITY_NORMAL, "normal"},
    {"sensitivity", SENSITIVITY_PERSONAL, "personal"},
    {"sensitivity", SENSITIVITY_PRIVATE, "private"},
    {"sensitivity", SENSITIVITY_CONFIDENTIAL, "confidential"},
    {"importance", IMPORTANCE_LOW, "low"},
    {"importance", IMPORTANCE_NORMAL, "normal"},
    {"importance", IMPORTANCE_HIGH, "high"},
    {"response", RESPONSE_NONE, "none"},
    {"response", RESPONSE_ORGANIZER, "organizer"},
    {"response", RESPONSE_TENTATIVE, "tentativelyAccepted"},
    {"response", RESPONSE_ACCEPTED, "accepted"},
    {"response", RESPONSE_DECLINED, "declined"},
    {"response", RESPONSE_NOT_RESPONDED, "notResponded"},
};

static void test_names_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char shouted[32] = "";
        for (size_t k = 0; names[i].name[k]; k++) {
            char c = names[i].name[k];
            shouted[k] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        }
        assert_string_equal(name_of(&names[i]), names[i].name);
        assert_int_equal(value_of(names[i].kind, names[i].name), names[i].value);
        assert_int_equal(value_of(names[i].kind, shouted), names[i].value);
    }
}

/* What Graph may add one day, and a byte from a damaged row. */
static void test_unknown_is_the_default(void **state)
{
    static const struct name_row defaults[] = {
        {"type", EVENT_SINGLE, "singleInstance"},      {"w show as", SHOW_AS_UNKNOWN, "unknown"},
        {"sensitivity", SENSITIVITY_NORMAL, "normal"}, {"importance", IMPORTANCE_NORMAL, "normal"},
        {"response", RESPONSE_NONE, "none"},
    };
    static const char *const unknown[] = {NULL,       "",       "unknownFutureValue", "fre", "free ",
                                          " private", "highest"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        for (size_t k = 0; k < ARRAY_LEN(unknown); k++) {
            assert_int_equal(value_of(defaults[i].kind, unknown[k]), defaults[i].value);
        }
        struct name_row outside = {defaults[i].kind, 200, NULL};
        assert_string_equal(name_of(&outside), defaults[i].name);
    }
}

static void test_verdict_names(void **state)
{
    static const char *const expected[VERDICT_COUNT] = {"keep",      "outside",  "series_master",
                                                        "cancelled", "declined", "duplicate"};
    (void)state;
    for (int i = 0; i < VERDICT_COUNT; i++) {
        assert_string_equal(event_verdict_name((enum event_verdict)i), expected[i]);
    }
    assert_string_equal(event_verdict_name((enum event_verdict)VERDICT_COUNT), "unknown");
}

struct storage {
    int *n_freed;
};

static void free_storage(void *storage)
{
    struct storage *s = storage;
    (*s->n_freed)++;
    free(s);
}

/* The sanitizer sees to it that nothing stays behind. */
static void test_page_destroy(void **state)
{
    int n_freed = 0;
    (void)state;
    event_page_destroy(NULL);
    event_page_destroy(mem_calloc(1, sizeof(struct event_page)));

    struct event_page *page = mem_calloc(1, sizeof *page);
    struct storage *storage = mem_calloc(1, sizeof *storage);
    storage->n_freed = &n_freed;
    page->storage = storage;
    page->free_storage = free_storage;
    page->next_cursor = mem_strdup("https://graph.microsoft.com/v1.0/next");
    event_page_destroy(page);
    assert_int_equal(n_freed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_both_ways),
        cmocka_unit_test(test_unknown_is_the_default),
        cmocka_unit_test(test_verdict_names),
        cmocka_unit_test(test_page_destroy),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
