#include "page_fixture.h"

#include "base/cleanup.h"

#define TIMES                                                                                                \
    "\"start\":{\"dateTime\":\"2024-05-06T10:00:00\",\"timeZone\":\"UTC\"},"                                 \
    "\"end\":{\"dateTime\":\"2024-05-06T11:00:00\",\"timeZone\":\"UTC\"}"

static const struct {
    const char *name;
    const char *a;
    const char *b;
    bool is_equal;
} hash_cases[] = {
    {"nothing changed", "\"subject\":\"a\"", "\"subject\":\"a\"", true},
    {"subject", "\"subject\":\"a\"", "\"subject\":\"b\"", false},
    {"a body", "\"body\":{\"content\":\"a\"}", "\"body\":{\"content\":\"b\"}", false},
    {"a member that is not read", "\"isReminderOn\":true", "\"isReminderOn\":false", false},
    {"a member more", "", "\"subject\":\"a\"", false},
    {"a member of another name", "\"x\":1", "\"y\":1", false},
    {"name and value do not run together", "\"ab\":1", "\"a\":1,\"b\":1", false},
    {"values do not swap", "\"x\":1,\"y\":2", "\"x\":2,\"y\":1", false},
    {"order of the members", "\"x\":1,\"y\":2,\"a\":3", "\"a\":3,\"y\":2,\"x\":1", true},
    {"blanks between members", "\"x\":1,\"y\":2", " \"x\" : 1 ,\n\"y\":2 ", true},
    {"changeKey", "\"changeKey\":\"a\"", "\"changeKey\":\"b\"", true},
    {"lastModifiedDateTime", "\"lastModifiedDateTime\":\"a\"", "\"lastModifiedDateTime\":\"b\"", true},
    {"webLink", "\"webLink\":\"a\"", "", true},
    {"@odata.etag", "\"@odata.etag\":\"a\"", "\"@odata.etag\":\"b\"", true},
    {"an annotation of a member", "\"calendar@odata.navigationLink\":\"a\"", "", true},
    {"createdDateTime counts", "\"createdDateTime\":\"a\"", "\"createdDateTime\":\"b\"", false},
};

static void hash_of(const struct page_fixture *f, const char *members, unsigned char ret_hash[EVENT_HASH_LEN])
{
    struct event_page *page = fixture_parse_event(f, members);
    assert_int_equal(page->n_events, 1);
    memcpy(ret_hash, page->events[0].hash, EVENT_HASH_LEN);
    event_page_destroy(page);
}

static void test_hash(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(hash_cases); i++) {
        unsigned char a[EVENT_HASH_LEN];
        unsigned char b[EVENT_HASH_LEN];
        hash_of(*state, hash_cases[i].a, a);
        hash_of(*state, hash_cases[i].b, b);
        if ((memcmp(a, b, sizeof a) == 0) != hash_cases[i].is_equal) {
            fail_msg("%s", hash_cases[i].name);
        }
    }
}

/* The names of one event are remembered for the next: alone or behind another one, it is read the same. */
static void test_neighbours_do_not_matter(void **state)
{
#define EVENT(id, more) "{\"id\":\"" id "\"," TIMES more "}"
    static const char *const events[] = {
        EVENT("1", ",\"subject\":\"a\",\"x\":1"),
        EVENT("2", ",\"subject\":\"b\",\"x\":2"), /* the same names */
        EVENT("3", ",\"x\":1,\"subject\":\"c\""), /* in another order */
        EVENT("4", ",\"subject\":\"d\""),         /* fewer */
        EVENT("5", ",\"Subject\":\"e\",\"x\":1,\"y\":2"),
        EVENT("6", ",\"changeKey\":\"f\",\"x\":1,\"y\":2"), /* as many, others */
    };
#undef EVENT
    CLEANUP_FREE char *all = mem_strdup(events[0]);
    for (size_t i = 1; i < ARRAY_LEN(events); i++) {
        char *longer = mem_printf("%s,%s", all, events[i]);
        free(all);
        all = longer;
    }
    struct event_page *page = fixture_parse_element(*state, all);
    assert_int_equal(page->n_events, ARRAY_LEN(events));
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        struct event_page *alone = fixture_parse_element(*state, events[i]);
        assert_string_equal(page->events[i].id, alone->events[0].id);
        assert_string_equal(page->events[i].subject ? page->events[i].subject : "-",
                            alone->events[0].subject ? alone->events[0].subject : "-");
        assert_memory_equal(page->events[i].hash, alone->events[0].hash, EVENT_HASH_LEN);
        event_page_destroy(alone);
    }
    event_page_destroy(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_neighbours_do_not_matter),
    };
    return cmocka_run_group_tests_name("graph/event_members", tests, page_fixture_setup,
                                       page_fixture_teardown);
}
