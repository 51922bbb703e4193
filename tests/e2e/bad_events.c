/* Events that are odd, damaged or impossible: what can be understood is archived, what can not is kept in
 * quarantine with its reason, and what stands beside it is archived all the same. */
#include "tests/e2e/scene.h"

#include "base/buf.h"

struct odd {
    const char *name;
    const char *event; /* beside a good one; may hold any bytes but NUL */
    bool is_kept;      /* archived; otherwise in quarantine */
    const char *why;   /* it is in quarantine; or NULL */
    const char *check; /* SQL that gives 1; or NULL */
};

#define TIMED(id, start, end, more)                                                                          \
    "{\"id\":\"" id "\",\"type\":\"singleInstance\",\"subject\":\"odd\",\"start\":" start                    \
    ",\"end\":" end more "}"
#define AT(time) "{\"dateTime\":\"" time "\",\"timeZone\":\"UTC\"}"
#define OPEN     AT("2026-03-12T09:00:00.0000000")
#define CLOSE    AT("2026-03-12T10:00:00.0000000")
#define FROM_ODD " FROM appointments WHERE ms_event_id = 'odd'"
#define FROM_BAD " FROM quarantined_events"

static const struct odd odds[] = {
    {"an event like any other", MARCH_EVENT("odd", "12", ",\"subject\":\"odd\""), true, NULL,
     "SELECT notes = 0 AND subject = 'odd'" FROM_ODD},

    {"no start", "{\"id\":\"odd\",\"subject\":\"odd\",\"end\":" CLOSE "}", false, "start is missing",
     "SELECT ms_event_id = 'odd'" FROM_BAD},
    {"no end", "{\"id\":\"odd\",\"subject\":\"odd\",\"start\":" OPEN "}", false, "end is missing", NULL},
    {"start is null", TIMED("odd", "null", CLOSE, ""), false, "start is missing", NULL},
    {"start is text", TIMED("odd", "\"2026-03-12\"", CLOSE, ""), false, "start has no dateTime", NULL},
    {"start is no time", TIMED("odd", AT("yesterday"), CLOSE, ""), false,
     "start has a dateTime that can not be read", NULL},
    {"a 30th of February", TIMED("odd", AT("2026-02-30T09:00:00"), CLOSE, ""), false,
     "start has a dateTime that can not be read", NULL},
    {"start in the year 1", TIMED("odd", AT("0001-01-01T00:00:00"), CLOSE, ""), false,
     "start is not set (0001-01-01)", NULL},
    {"end before start", TIMED("odd", CLOSE, OPEN, ""), false, "it ends before it starts", NULL},
    {"no length", TIMED("odd", OPEN, OPEN, ""), true, NULL, "SELECT start_time = end_time" FROM_ODD},
    {"ten years long", TIMED("odd", AT("2020-01-01T00:00:00"), AT("2030-01-01T00:00:00"), ""), true, NULL,
     "SELECT start_time LIKE '2020-%' AND end_time LIKE '2030-%'" FROM_ODD},
    {"until the end of time", TIMED("odd", OPEN, AT("9999-12-31T23:59:59"), ""), true, NULL, NULL},
    {"all-day and not at midnight", TIMED("odd", OPEN, CLOSE, ",\"isAllDay\":true"), false,
     "it is all-day and does not begin and end at midnight", NULL},
    {"a zone nobody knows",
     TIMED("odd", "{\"dateTime\":\"2026-03-12T09:00:00\",\"timeZone\":\"Middle-earth Standard Time\"}", CLOSE,
           ""),
     true, NULL, "SELECT notes & 1 AND start_time LIKE '2026-03-12 08:00%'" FROM_ODD},

    {"no id", "{\"subject\":\"odd\",\"start\":" OPEN ",\"end\":" CLOSE "}", false, "it has no id",
     "SELECT ms_event_id IS NULL" FROM_BAD},
    {"an empty id", TIMED("", OPEN, CLOSE, ""), false, "it has no id", NULL},
    {"an id that differs in case only", TIMED("GOOD", OPEN, CLOSE, ""), true, NULL,
     "SELECT count(*) = 2 FROM appointments WHERE lower(ms_event_id) = 'good'"},

    {"NUL in the subject", MARCH_EVENT("odd", "12", ",\"subject\":\"od\\u0000d\""), true, NULL,
     "SELECT notes & 4 AND instr(subject, char(65533)) = 3 AND instr(ms_event_data, '\\u0000')" FROM_ODD},
    {"a lone high surrogate", MARCH_EVENT("odd", "12", ",\"subject\":\"od\\ud800d\""), true, NULL,
     "SELECT notes & 4 AND instr(subject, char(65533)) = 3 AND instr(ms_event_data, '\\ud800')" FROM_ODD},
    {"a lone low surrogate in a category", MARCH_EVENT("odd", "12", ",\"categories\":[\"a\\udc00\"]"), true,
     NULL, "SELECT notes & 4 AND instr(ms_event_data, '\\udc00')" FROM_ODD},
    {"bytes that are not UTF-8",
     MARCH_EVENT("odd", "12",
                 ",\"subject\":\"od\xff\xfe"
                 "d\""),
     false, "its text is not UTF-8",
     "SELECT instr(hex(raw), '6F64FFFE64') > 0 AND ms_event_id = 'odd'" FROM_BAD},
    {"a cut character", MARCH_EVENT("odd", "12", ",\"subject\":\"od\xe2\x82\""), false,
     "its text is not UTF-8", NULL},
    {"a control character", MARCH_EVENT("odd", "12", ",\"subject\":\"o\td\x01\""), false,
     "a string has a control character that is not escaped", NULL},
    {"an emoji and Chinese",
     MARCH_EVENT("odd", "12", ",\"subject\":\"\\ud83d\\ude00 \xe4\xbc\x9a\xe8\xae\xae\""), true, NULL,
     "SELECT notes = 0 AND subject = char(128512) || ' ' || char(20250, 35758)" FROM_ODD},
    {"SQL in the subject", MARCH_EVENT("odd", "12", ",\"subject\":\"'); DROP TABLE appointments; --\""), true,
     NULL, "SELECT subject = '''); DROP TABLE appointments; --'" FROM_ODD},
    {"the subject is a number", MARCH_EVENT("odd", "12", ",\"subject\":7"), false, "subject is not text",
     NULL},
    {"the subject comes twice", MARCH_EVENT("odd", "12", ",\"subject\":\"a\",\"subject\":\"b\""), true, NULL,
     "SELECT subject = 'b'" FROM_ODD},
    {"the categories are text", MARCH_EVENT("odd", "12", ",\"categories\":\"x\""), false,
     "categories is not an array", NULL},
    {"isCancelled is text", MARCH_EVENT("odd", "12", ",\"isCancelled\":\"no\""), false,
     "isCancelled is neither true nor false", NULL},
    {"members nobody knows", MARCH_EVENT("odd", "12", ",\"newIn2031\":{\"a\":[1,2,{\"b\":null}]}"), true,
     NULL, "SELECT instr(ms_event_data, 'newIn2031') > 0" FROM_ODD},
    {"a recurrence nobody knows",
     MARCH_EVENT("odd", "12", ",\"recurrence\":{\"pattern\":{\"type\":\"lunar\"}}"), true, NULL,
     "SELECT notes & 8 AND recurrence IS NULL" FROM_ODD},
    {"a number in place of an event", "42", false, "it is not an object", NULL},
    {"null in place of an event", "null", false, "it is not an object", NULL},
};

/* A page with the good event and the other; free() it. */
static char *page_with(const char *event)
{
    return mem_printf("{\"value\":[%s,%s]}", MARCH_EVENT("good", "05", ",\"subject\":\"good\""), event);
}

static void check_odd(struct scene *scene, const struct odd *row, const char *event)
{
    struct service *s = scene->s;
    struct service_result result;
    const struct ending ending = {row->is_kept ? "success" : "partial", "", "", 1 + row->is_kept,
                                  !row->is_kept};
    CLEANUP_FREE char *page = page_with(event);
    service_answer(s, "calendarView", 200, page, strlen(page));
    scene_run(scene, &result, &ending);
    assert_int_equal(service_int(s, "SELECT count(*) FROM appointments WHERE subject = 'good'"), 1);
    if (row->why) {
        CLEANUP_FREE char *reason = service_text(s, "SELECT reason FROM quarantined_events");
        CLEANUP_FREE char *raw = service_text(s, "SELECT CAST(raw AS TEXT) FROM quarantined_events");
        assert_string_equal(reason, row->why);
        assert_string_equal(raw, event);
    }
    if (row->check && service_int(s, row->check) != 1) {
        fail_msg("not so: %s", row->check);
    }
    /* And again: the same, nothing twice. */
    scene_run(scene, &result, &ending);
    assert_int_equal(run_counts_written(&result.counts), 0);
}

static void test_odd(void **state)
{
    const struct odd *row = *state;
    struct scene scene;
    scene_start(&scene, NULL);
    check_odd(&scene, row, row->event);
    scene_stop(&scene);
}

/* ---- events that are made ---- */

/* `text` n times; free() it. */
static char *repeat(const char *text, size_t n)
{
    struct buf b;
    size_t len;
    buf_init(&b, 4u << 20);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(buf_add_str(&b, text), 0);
    }
    return buf_steal(&b, &len);
}

struct made {
    struct odd odd;
    const char *before, *unit, *after;
    size_t n;
};

#define MADE_HEAD "{\"id\":\"odd\",\"start\":" OPEN ",\"end\":" CLOSE ","

static const struct made mades[] = {
    {{"a subject of 100,000 characters", NULL, true, NULL,
      "SELECT length(subject) = 100000 AND notes = 0" FROM_ODD},
     MADE_HEAD "\"subject\":\"",
     "\xc3\xa9",
     "\"}",
     100000},
    {{"a body of 1.5 MB", NULL, true, NULL, "SELECT length(ms_event_data) > 1500000" FROM_ODD},
     MADE_HEAD "\"body\":{\"content\":\"",
     "<p>x</p>  ",
     "\"}}",
     150000},
    {{"an id of 2,000 characters", NULL, false, "its id is longer than 1024 bytes",
      "SELECT ms_event_id IS NULL" FROM_BAD},
     "{\"start\":" OPEN ",\"end\":" CLOSE ",\"id\":\"",
     "ab",
     "\"}",
     1000},
    {{"a hundred levels deep", NULL, false, "it is nested deeper than 64 levels", NULL},
     MADE_HEAD "\"deep\":",
     "[",
     "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
     100},
    {{"999 categories", NULL, true, NULL, "SELECT length(categories) > 3 * 999" FROM_ODD},
     MADE_HEAD "\"categories\":[\"a\"",
     ",\"b\"",
     "]}",
     998},
    {{"1,001 categories", NULL, false, "categories has more than 1000 names", NULL},
     MADE_HEAD "\"categories\":[\"a\"",
     ",\"b\"",
     "]}",
     1000},
    {{"600 members", NULL, false, "it has more than 512 members", NULL},
     MADE_HEAD "\"x\":1",
     ",\"y\":2",
     "}",
     600},
};

static void test_made(void **state)
{
    const struct made *row = *state;
    struct scene scene;
    CLEANUP_FREE char *middle = repeat(row->unit, row->n);
    CLEANUP_FREE char *event = mem_printf("%s%s%s", row->before, middle, row->after);
    scene_start(&scene, NULL);
    check_odd(&scene, &row->odd, event);
    scene_stop(&scene);
}

/* ---- several events ---- */

static void test_id_twice(void **state UNUSED)
{
    static const char page[] = "{\"value\":[" MARCH_EVENT(
        "good", "05", ",\"subject\":\"was\"") "," MARCH_EVENT("good", "06", ",\"subject\":\"is\"") "]}";
    static const struct ending ending = {"success", "", "", 1, 0};
    struct scene scene;
    struct service_result result;
    scene_start(&scene, NULL);
    service_answer(scene.s, "calendarView", 200, page, sizeof page - 1);
    scene_run(&scene, &result, &ending);
    CLEANUP_FREE char *subject = service_text(scene.s, "SELECT subject || start_time FROM appointments");
    assert_string_equal(subject, "is2026-03-06 09:00:00.000000"); /* the last word */
    assert_int_equal(result.counts.fetched, 1);
    scene_stop(&scene);
}

/* Ten years of days, of which Graph gives what the window asks for, ten a page. */
static void test_series(void **state UNUSED)
{
    static const struct ending ending = {"success", "", "", 30, 0};
    struct scene scene;
    struct service_result result;
    scene_start(&scene, NULL);
    service_load(
        scene.s,
        "{\"remove\":[\"AAMk-1\",\"AAMk-2\",\"AAMk-3\"],\"events\":[{\"calendar\":\"AAMkPrimary=\",\"event\":"
        "{"
        "\"id\":\"AAMkDaily\",\"subject\":\"Daily\",\"start\":{\"dateTime\":\"2020-01-01T09:00:00\","
        "\"timeZone\":"
        "\"Europe/Berlin\"},\"end\":{\"dateTime\":\"2020-01-01T09:15:00\",\"timeZone\":\"Europe/Berlin\"},"
        "\"recurrence\":{\"pattern\":{\"type\":\"daily\",\"interval\":1},\"range\":{\"type\":\"endDate\","
        "\"startDate\":\"2020-01-01\",\"endDate\":\"2029-12-31\",\"recurrenceTimeZone\":\"Europe/"
        "Berlin\"}}}}]}");
    service_run(scene.s, scene.job_id, "2026-03-15", "2026-04-14",
                &result); /* the clocks go forward in between */
    scene_check(&scene, &result, &ending);
    assert_int_equal(result.counts.pages, 4); /* a day more on each side */
    assert_int_equal(result.counts.verdicts[VERDICT_OUTSIDE], 2);
    assert_int_equal(
        service_int(scene.s, "SELECT count(DISTINCT substr(start_time, 1, 10)) FROM appointments WHERE "
                             "substr(start_time, 12, 5) = CASE WHEN start_time < '2026-03-29' THEN '08:00' "
                             "ELSE '07:00' END"),
        30);
    service_run(scene.s, scene.job_id, "2026-03-15", "2026-04-14", &result);
    assert_int_equal(run_counts_written(&result.counts), 0);
    scene_stop(&scene);
}

void bad_events_add(struct test_list *list)
{
    for (size_t i = 0; i < ARRAY_LEN(odds); i++) {
        test_list_add(list, odds[i].name, test_odd, &odds[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(mades); i++) {
        test_list_add(list, mades[i].odd.name, test_made, &mades[i]);
    }
    test_list_add(list, "one id twice in a window", test_id_twice, NULL);
    test_list_add(list, "a daily series of ten years", test_series, NULL);
}
