#include "page_fixture.h"

#include <pthread.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "tests/lib/rng.h"

#define TIMES                                                                                                \
    "\"start\":{\"dateTime\":\"2024-05-06T10:00:00.0000000\",\"timeZone\":\"UTC\"},"                         \
    "\"end\":{\"dateTime\":\"2024-05-06T11:00:00.0000000\",\"timeZone\":\"UTC\"}"
#define GOOD(id) "{\"id\":\"" id "\"," TIMES "}"

#define HTML     "it is HTML, not JSON (did a proxy answer?)"
#define ENDS     "it ends in the middle"
#define NO_OBJ   "it is not a JSON object"
#define NO_ARR   "it has no \"value\" array"
#define LINK     "the link to the next page is no text"

static const struct {
    const char *name;
    const char *body;
    const char *expected; /* events/rejects/next link, or the reason */
} page_cases[] = {
    {"empty page", "{\"value\":[]}", "0/0/-"},
    {"one event", "{\"@odata.context\":\"x\",\"value\":[" GOOD("1") "]}", "1/0/-"},
    {"blanks everywhere", " \n{ \"value\" :\t[ " GOOD("1") " , " GOOD("2") " ] } \r\n", "2/0/-"},
    {"byte order mark", "\xef\xbb\xbf{\"value\":[]}", "0/0/-"},
    {"link behind the array", "{\"value\":[],\"@odata.nextLink\":\"https://g/x?$skip=10\"}",
     "0/0/https://g/x?$skip=10"},
    {"link before the array", "{\"@odata.nextLink\":\"https://g/x\",\"value\":[]}", "0/0/https://g/x"},
    {"link with escapes", "{\"@odata.nextLink\":\"https:\\/\\/g\\/x\\u0026y\",\"value\":[]}",
     "0/0/https://g/x&y"},
    {"link in another case", "{\"value\":[],\"@odata.nextlink\":\"https://g/x\"}", "0/0/https://g/x"},
    {"exact link before another case", "{\"value\":[],\"@odata.nextLink\":\"1\",\"@odata.nextlink\":\"2\"}",
     "0/0/1"},
    {"last of two links", "{\"value\":[],\"@odata.nextLink\":\"1\",\"@odata.nextLink\":\"2\"}", "0/0/2"},
    {"null link", "{\"value\":[],\"@odata.nextLink\":null}", "0/0/-"},
    {"delta link is not a next link", "{\"value\":[],\"@odata.deltaLink\":\"https://g/x\"}", "0/0/-"},
    {"the rest goes on", "{\"value\":[" GOOD("1") ",{\"id\":\"2\"},7,null," GOOD("3") "]}", "2/3/-"},
    {"bad text is the event's matter",
     "{\"value\":[" GOOD("1") ",{\"subject\":\"\xff\"},{\"subject\":\"\n\"},{\"subject\":\"\\x\"}," GOOD(
         "2") "]}",
     "2/3/-"},
    {"text around the events does not matter", "{\"x\":\"\xff\",\"value\":[" GOOD("1") "],\"y\":\"\\q\"}",
     "1/0/-"},
    {"value in another case", "{\"Value\":[" GOOD("1") "]}", "1/0/-"},
    {"last of two values", "{\"value\":[" GOOD("1") ",7],\"value\":[" GOOD("1") "," GOOD("2") "]}", "2/0/-"},
    {"exact value before another case", "{\"value\":[" GOOD("1") "],\"VALUE\":[]}", "1/0/-"},
    {"empty", "", "it is empty"},
    {"blanks", " \n ", "it is empty"},
    {"HTML", "<!DOCTYPE html><html></html>", HTML},
    {"HTML behind blanks", "\r\n <html>", HTML},
    {"words", "Service unavailable", NO_OBJ},
    {"an array", "[" GOOD("1") "]", NO_OBJ},
    {"null", "null", NO_OBJ},
    {"an event", GOOD("1"), NO_ARR},
    {"an error", "{\"error\":{\"code\":\"x\"}}", NO_ARR},
    {"empty object", "{}", NO_ARR},
    {"value an object", "{\"value\":{}}", "\"value\" is not an array"},
    {"value null", "{\"value\":null}", "\"value\" is not an array"},
    {"value further in", "{\"x\":{\"value\":[]}}", NO_ARR},
    {"link a number", "{\"value\":[],\"@odata.nextLink\":1}", LINK},
    {"link an object", "{\"value\":[],\"@odata.nextLink\":{}}", LINK},
    {"link empty", "{\"value\":[],\"@odata.nextLink\":\"\"}", LINK},
    {"link with NUL", "{\"value\":[],\"@odata.nextLink\":\"a\\u0000\"}",
     "the link to the next page is damaged"},
    {"cut behind an event", "{\"value\":[" GOOD("1"), ENDS},
    {"cut behind the array", "{\"value\":[" GOOD("1") "]", ENDS},
    {"cut in an event", "{\"value\":[{\"id\":\"1\"", ENDS},
    {"cut in a string", "{\"value\":[{\"id\":\"1", ENDS},
    {"text behind", "{\"value\":[]}{\"value\":[]}", "something follows the end"},
    {"garbage in an event", "{\"value\":[{\"id\":oops}]}", "there is something that is no value"},
    {"comma at the end", "{\"value\":[" GOOD("1") ",]}", "there is something that is no value"},
    {"no comma", "{\"value\":[" GOOD("1") GOOD("2") "]}", "a comma or a closing bracket is missing"},
    {"wrong bracket", "{\"value\":[" GOOD("1") "}}", "a comma or a closing bracket is missing"},
};

static const char *reason_of(const struct err *e)
{
    const char *colon = strstr(e->msg, "): ");
    return colon ? colon + 3 : e->msg;
}

static void test_pages(void **state)
{
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(page_cases); i++) {
        struct err e = {0};
        char text[512];
        struct event_page *page = fixture_parse(*state, page_cases[i].body, strlen(page_cases[i].body), &e);
        if (page) {
            snprintf(text, sizeof text, "%zu/%zu/%s", page->n_events, page->n_rejects,
                     page->next_cursor ? page->next_cursor : "-");
        } else {
            assert_int_equal(e.code, ERR_PROTOCOL);
            snprintf(text, sizeof text, "%s", reason_of(&e));
        }
        event_page_destroy(page);
        if (strcmp(text, page_cases[i].expected) != 0) {
            print_error("%s: got %s\n", page_cases[i].name, text);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

static void test_body_cut_anywhere(void **state)
{
    static const char body[] = "{\"value\":[" GOOD("1") ",{\"id\":\"2\",\"x\":[{\"y\":[1,true,null]}]}],"
                                                        "\"@odata.nextLink\":\"https:\\/\\/g\"}";
    for (size_t len = 0; len < sizeof body - 1; len++) {
        struct err e = {0};
        struct event_page *page = fixture_parse(*state, body, len, &e);
        assert_null(page);
        assert_int_equal(e.code, ERR_PROTOCOL);
        assert_string_equal(reason_of(&e), len == 0 ? "it is empty" : ENDS);
    }
}

/* A message tells where, and nothing of what stands there. */
static void test_message_has_no_content(void **state)
{
    struct err e = {0};
    static const char body[] = "{\"value\":[{\"subject\":\"confidential\" oops}]}";
    assert_null(fixture_parse(*state, body, sizeof body - 1, &e));
    assert_string_equal(e.msg, "Graph's page of events can not be read (byte 36 of 43): "
                               "a comma or a closing bracket is missing");
    assert_null(fixture_parse(*state, body, sizeof body - 1, NULL));
}

static void test_page_is_complete(void **state)
{
    static const char body[] = "{\"value\":[" GOOD("1") ", {\"id\":\"2\"} ," GOOD("3") "]}";
    struct err e = {0};
    struct event_page *page = fixture_parse(*state, body, sizeof body - 1, &e);
    assert_non_null(page);
    assert_string_equal(page->request_id, "");
    assert_string_equal(page->events[0].id, "1");
    assert_string_equal(page->events[1].id, "3");
    assert_int_equal(page->events[1].raw_len, strlen(GOOD("3")));
    assert_memory_equal(page->events[1].raw, GOOD("3"), strlen(GOOD("3")));
    assert_string_equal(page->rejects[0].id, "2");
    assert_int_equal(page->rejects[0].raw_len, strlen("{\"id\":\"2\"}"));
    assert_memory_equal(page->rejects[0].raw, "{\"id\":\"2\"}", strlen("{\"id\":\"2\"}"));
    event_page_destroy(page);
}

/* Without an assumed zone it is UTC. */
static void test_no_assumed_zone(void **state)
{
    struct page_fixture f = *(struct page_fixture *)*state;
    f.ctx.assumed_zone = NULL;
    struct event_page *page =
        fixture_parse_event(&f, "\"start\":{\"dateTime\":\"2024-05-06T10:30:00\",\"timeZone\":\"Nowhere\"}");
    assert_int_equal(page->events[0].start_ms, INT64_C(1714991400000));
    assert_int_equal(page->events[0].notes, EVENT_NOTE_ZONE_ASSUMED);
    event_page_destroy(page);
}

static char *many_elements(const char *element, size_t n)
{
    static const char head[] = "{\"value\":[";
    size_t unit = strlen(element);
    size_t at = sizeof head - 1;
    char *text = mem_calloc(1, n * (unit + 1) + 16);
    memcpy(text, head, at);
    for (size_t i = 0; i < n; i++) {
        memcpy(text + at, element, unit);
        at += unit;
        text[at++] = ',';
    }
    memcpy(text + at - 1, "]}", 3);
    return text;
}

static void test_number_of_elements(void **state)
{
    static const struct {
        const char *name;
        const char *element;
        size_t n;
        bool is_ok;
    } cases[] = {
        {"1000 events", GOOD("1"), 1000, true},
        {"10000 events", GOOD("1"), PAGE_ELEMENTS_MAX, true},
        {"10001 events", GOOD("1"), PAGE_ELEMENTS_MAX + 1, false},
        {"10000 rejects", "1", PAGE_ELEMENTS_MAX, true},
        {"10001 rejects", "1", PAGE_ELEMENTS_MAX + 1, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = {0};
        CLEANUP_FREE char *text = many_elements(cases[i].element, cases[i].n);
        struct event_page *page = fixture_parse(*state, text, strlen(text), &e);
        if ((page != NULL) != cases[i].is_ok || (page && page->n_events + page->n_rejects != cases[i].n)) {
            fail_msg("%s: %s", cases[i].name, e.msg);
        }
        event_page_destroy(page);
    }
}

/* --- several at once, as on the pool --- */

static const char seed_page[] =
    "{\"@odata.context\":\"x\",\"value\":["
    "{\"@odata.etag\":\"W/"
    "\\\"a\\\"\",\"id\":\"AAMk=\",\"changeKey\":\"a\",\"categories\":[\"A\",\"\\u00e4\"],"
    "\"originalStartTimeZone\":\"W. Europe Standard "
    "Time\",\"iCalUId\":\"04\",\"subject\":\"L\\ud83d\\ude00\","
    "\"isAllDay\":false,\"isCancelled\":false,\"isOnlineMeeting\":true,\"type\":\"occurrence\","
    "\"seriesMasterId\":\"M\",\"showAs\":\"busy\",\"originalStart\":\"2024-05-05T09:00:00Z\","
    "\"responseStatus\":{\"response\":\"accepted\",\"time\":\"0001-01-01T00:00:00Z\"},"
    "\"body\":{\"contentType\":\"html\",\"content\":\"<p>\\r\\n\xc3\xa4\\u0000</p>\"},"
    "\"start\":{\"dateTime\":\"2024-05-06T10:00:00.0000000\",\"timeZone\":\"Tokyo Standard Time\"},"
    "\"end\":{\"dateTime\":\"2024-05-06T11:00:00.0000000\",\"timeZone\":\"Europe/Berlin\"},"
    "\"location\":{\"displayName\":\"Room\",\"coordinates\":{\"latitude\":-1.5e+1}}},"
    "{\"id\":\"2\",\"isAllDay\":true,\"type\":\"seriesMaster\",\"sensitivity\":\"private\","
    "\"start\":{\"DateTime\":\"2024-05-06T00:00:00\",\"TimeZone\":\"UTC\"},"
    "\"end\":{\"dateTime\":\"2024-05-07T00:00:00\",\"timeZone\":\"UTC\"},"
    "\"recurrence\":{\"pattern\":{\"type\":\"relativeMonthly\",\"interval\":1,\"daysOfWeek\":[\"monday\"],"
    "\"index\":\"last\"},\"range\":{\"type\":\"endDate\",\"endDate\":\"2024-12-31\","
    "\"recurrenceTimeZone\":\"\"}}},"
    "{\"id\":\"3\"},4],\"@odata.nextLink\":\"https://g/x?$skip=2\"}";

struct crew {
    const struct page_fixture *fixture;
    int n_wrong; /* of this thread */
};

static void *parse_many(void *arg)
{
    struct crew *crew = arg;
    for (int i = 0; i < 200; i++) {
        struct err e = {0};
        struct event_page *page = fixture_parse(crew->fixture, seed_page, sizeof seed_page - 1, &e);
        crew->n_wrong += !page || page->n_events != 2 || page->n_rejects != 2;
        event_page_destroy(page);
    }
    return NULL;
}

static void test_several_at_once(void **state)
{
    pthread_t threads[4];
    struct crew crews[ARRAY_LEN(threads)];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        crews[i] = (struct crew){.fixture = *state};
        assert_int_equal(pthread_create(&threads[i], NULL, parse_many, &crews[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(crews[i].n_wrong, 0);
    }
}

/* --- random damage --- */

#define MUTATED_MAX (2 * sizeof seed_page)

static size_t mutate(struct rng *rng, char *text, size_t len)
{
    static const char pieces[] = "\"{}[],:\\\0\n\xff\xc3u0-e.tfn";
    size_t at = len ? (size_t)rng_below(rng, len) : 0;
    size_t span = len ? (size_t)rng_below(rng, len - at < 40 ? len - at : 40) : 0;
    switch (rng_below(rng, 6)) {
    case 0: return at; /* cut */
    case 1: /* flip a bit */ text[at] = (char)(text[at] ^ (1 << rng_below(rng, 8))); return len;
    case 2: /* put in what means something */
        text[at] = pieces[rng_below(rng, sizeof pieces - 1)];
        return len;
    case 3: /* write a stretch twice */
        if (len + span > MUTATED_MAX) {
            return len;
        }
        memmove(text + at + span, text + at, len - at);
        return len + span;
    case 4: /* leave a stretch out */
        memmove(text + at, text + at + span, len - at - span);
        return len - span;
    default: { /* copy a stretch elsewhere */
        size_t to = len ? (size_t)rng_below(rng, len - span) : 0;
        memmove(text + to, text + at, span);
        return len;
    }
    }
}

static bool is_sound_text(const char *text)
{
    return !text || utf8_is_valid(text, strlen(text));
}

/* NULL, or the promise that the page breaks. */
static const char *find_broken_promise(const struct event_page *page)
{
    for (size_t i = 0; i < page->n_events; i++) {
        const struct event *event = &page->events[i];
        if (!event->id || !*event->id) {
            return "an event without an id";
        }
        if (event->end_ms < event->start_ms || (event->is_all_day && event->end_day <= event->start_day)) {
            return "an event that ends before it starts";
        }
        if (!is_sound_text(event->id) || !is_sound_text(event->subject) || !is_sound_text(event->location) ||
            !is_sound_text(event->ical_uid) || !utf8_is_valid(event->raw, event->raw_len)) {
            return "text that is not UTF-8";
        }
        if (event->raw[0] != '{' || event->raw[event->raw_len - 1] != '}') {
            return "raw is not the object";
        }
        for (size_t k = 0; k < event->n_categories; k++) {
            if (!is_sound_text(event->categories[k])) {
                return "a category that is not UTF-8";
            }
        }
    }
    for (size_t i = 0; i < page->n_rejects; i++) {
        if (!page->rejects[i].reason || page->rejects[i].raw_len == 0 ||
            !is_sound_text(page->rejects[i].id)) {
            return "a rejection without reason or text";
        }
    }
    return NULL;
}

static void test_random_damage(void **state)
{
    struct rng rng = rng_start();
    static char text[MUTATED_MAX];
    int n_pages = 0;
    for (int round = 0; round < 6000; round++) {
        size_t len = sizeof seed_page - 1;
        memcpy(text, seed_page, len);
        for (uint64_t n = 1 + rng_below(&rng, 4); n > 0; n--) {
            len = mutate(&rng, text, len);
        }
        struct err e = {0};
        struct event_page *page = fixture_parse(*state, text, len, &e);
        const char *broken = page                     ? find_broken_promise(page)
                             : e.code == ERR_PROTOCOL ? NULL
                                                      : "another error";
        n_pages += page != NULL;
        event_page_destroy(page);
        if (broken) {
            fail_msg("round %d: %s\n%.*s", round, broken, (int)len, text);
        }
    }
    assert_in_range(n_pages, 300, 5700); /* both outcomes were met often */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_body_cut_anywhere),
        cmocka_unit_test(test_message_has_no_content),
        cmocka_unit_test(test_page_is_complete),
        cmocka_unit_test(test_no_assumed_zone),
        cmocka_unit_test(test_number_of_elements),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests_name("graph/page", tests, page_fixture_setup, page_fixture_teardown);
}
