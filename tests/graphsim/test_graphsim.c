/* The stand-in server's calendars: windows, pages, series, the form of events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "tests/graphsim/test_client.h"

/* ---- the window ---- */

static void window_takes_what_overlaps(void **unused UNUSED)
{
    static const struct {
        const char *name;
        const char *start;
        const char *end;
        bool all_day;
        bool in;
    } rows[] = {
        {"inside", "2026-03-10T10:00", "2026-03-10T11:00", false, true},
        {"over the start", "2026-03-09T23:00", "2026-03-10T01:00", false, true},
        {"over the end", "2026-03-10T23:00", "2026-03-11T01:00", false, true},
        {"around", "2026-03-01T00:00", "2026-03-31T00:00", false, true},
        {"ends at the start", "2026-03-09T23:00", "2026-03-10T00:00", false, true},
        {"ends before", "2026-03-09T22:00", "2026-03-09T23:59", false, false},
        {"starts at the end", "2026-03-11T00:00", "2026-03-11T01:00", false, false},
        {"zero length at the start", "2026-03-10T00:00", "2026-03-10T00:00", false, true},
        {"zero length at the end", "2026-03-11T00:00", "2026-03-11T00:00", false, false},
        {"all day", "2026-03-10T00:00", "2026-03-11T00:00", true, true},
        {"all day before", "2026-03-09T00:00", "2026-03-10T00:00", true, true},
        {"all day after", "2026-03-11T00:00", "2026-03-12T00:00", true, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct graphsim *g = test_start_with(test_state);
        test_add_event(g, "x", rows[i].start, rows[i].end, rows[i].all_day ? ",\"isAllDay\":true" : "");
        test_expect_page(
            g, rows[i].name,
            "/v1.0/me/calendarView?startDateTime=2026-03-10T00:00:00Z&endDateTime=2026-03-11T00:00:00Z",
            "subject", rows[i].in ? "x" : "");
        graphsim_stop(g);
    }
}

static void window_reads_offsets_and_paths(void **unused UNUSED)
{
    static const char *const paths[] = {
        "/v1.0/me/calendarView?startDateTime=2026-03-10T11:00:00%2B02:00&endDateTime=2026-03-10T10:00:00Z",
        "/v1.0/me/calendar/calendarView?startDateTime=2026-03-10T09:00&endDateTime=2026-03-10T10:00",
        "/v1.0/me/calendars/cal-ann%3D/calendarView?startDateTime=2026-03-10T09:00:00.0000000Z&"
        "endDateTime=2026-03-10T10:00:00.0000000",
        "/v1.0/users/ann%40example.com/"
        "calendarView?startDateTime=2026-03-10T09:00Z&endDateTime=2026-03-10T10:00Z",
        "/v1.0/users/11111111-1111-4111-a111-111111111111/calendars/cal-ann=/"
        "calendarView?startDateTime=2026-03-10T09:00Z&endDateTime=2026-03-10T10:00Z",
    };
    struct graphsim *g = test_start_with(test_state);
    test_add_event(g, "before", "2026-03-10T08:00", "2026-03-10T08:59", "");
    test_add_event(g, "hit", "2026-03-10T09:30", "2026-03-10T09:45", "");
    test_add_event(g, "after", "2026-03-10T10:00", "2026-03-10T11:00", "");
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        test_expect_page(g, paths[i], paths[i], "subject", "hit");
    }
    test_expect_page(g, "another calendar, its id with an encoded slash",
                     "/v1.0/me/calendars/cal%2Ftwo/"
                     "calendarView?startDateTime=2026-01-01T00:00Z&endDateTime=2027-01-01T00:00Z",
                     "subject", "");
    graphsim_stop(g);
}

static void refuses_what_graph_refuses(void **unused UNUSED)
{
    static const struct {
        const char *path;
        const char *prefer;
        const char *token;
        long status;
        const char *code;
    } rows[] = {
        {"/v1.0/me/calendarView", NULL, "token-ann", 400, "ErrorInvalidParameter"},
        {"/v1.0/me/calendarView?startDateTime=2026-01-01T00:00:00Z", NULL, "token-ann", 400,
         "ErrorInvalidParameter"},
        {"/v1.0/me/calendarView?startDateTime=yesterday&endDateTime=2026-01-01T00:00Z", NULL, "token-ann",
         400, "ErrorInvalidParameter"},
        {"/v1.0/me/calendarView?startDateTime=2026-01-01T00:00:00+01:00&endDateTime=2026-02-01T00:00Z", NULL,
         "token-ann", 400, "ErrorInvalidParameter"}, /* the plus sign was not encoded */
        {"/v1.0/me/calendarView?startDateTime=2020-01-01T00:00Z&endDateTime=2025-01-01T00:00Z", NULL,
         "token-ann", 400, "ErrorInvalidRequest"},
        {"/v1.0/me/calendarView?" YEAR "&$top=1001", NULL, "token-ann", 400, "BadRequest"},
        {"/v1.0/me/calendarView?" YEAR "&$top=0", NULL, "token-ann", 400, "BadRequest"},
        {"/v1.0/me/calendarView?" YEAR "&$orderby=start", NULL, "token-ann", 400, "BadRequest"},
        {"/v1.0/me/calendarView?" YEAR, "outlook.timezone=\"Nowhere Standard Time\"", "token-ann", 400,
         "TimeZoneNotSupportedException"},
        {"/v1.0/me/calendarView?" YEAR, NULL, NULL, 401, "InvalidAuthenticationToken"},
        {"/v1.0/me/calendarView?" YEAR, NULL, "nonsense", 401, "InvalidAuthenticationToken"},
        {"/v1.0/users/bob@example.com/calendarView?" YEAR, NULL, "token-ann", 403, "ErrorAccessDenied"},
        {"/v1.0/users/cleo@example.com/calendarView?" YEAR, NULL, "token-bob", 403, "ErrorAccessDenied"},
        {"/v1.0/users/nobody@example.com/calendarView?" YEAR, NULL, "token-ann", 404, "ErrorInvalidUser"},
        {"/v1.0/users/nobody@example.com", NULL, "token-ann", 404, "Request_ResourceNotFound"},
        {"/v1.0/me/calendars/cal-bob/calendarView?" YEAR, NULL, "token-ann", 404, "ErrorItemNotFound"},
        {"/v1.0/me/calendars/CAL-ANN=/calendarView?" YEAR, NULL, "token-ann", 404, "ErrorItemNotFound"},
        {"/v1.0/me/calendars/Client%20work/calendarView?" YEAR, NULL, "token-ann", 400,
         "ErrorInvalidIdMalformed"},
        {"/v1.0/me/calendarView?" YEAR, NULL, "token-dan", 404, "MailboxNotEnabledForRESTAPI"},
        {"/v1.0/me/nonsense", NULL, "token-ann", 400, "BadRequest"},
    };
    struct graphsim *g = test_start_with(test_state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        test_expect_error(g, rows[i].path, rows[i].path,
                          &(struct call){.token = rows[i].token, .prefer = rows[i].prefer}, rows[i].status,
                          rows[i].code);
    }
    struct answer shared = test_ask_as(g, "token-ann", "/v1.0/users/cleo@example.com/calendarView?" YEAR);
    assert_int_equal(shared.status, 200);
    test_answer_finish(&shared);
    graphsim_stop(g);
}

/* ---- paging and order ---- */

static void pages_hold_everything_once(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    char *subjects = mem_strdup("");
    int pages = 0;
    for (int i = 0; i < 7; i++) {
        char name[8];
        char start[32];
        snprintf(name, sizeof name, "e%d", i);
        snprintf(start, sizeof start, "2026-03-%02dT10:00", 20 - i);
        test_add_event(g, name, start, "2026-03-25T10:00", "");
    }
    char *url = mem_printf(
        "%s/me/calendarView?startDateTime=2026-03-01T00:00:00%%2B00:00&endDateTime=2026-04-01T00:00Z&"
        "$top=3&$orderby=start/dateTime&$select=subject,start",
        graphsim_base_url(g));
    while (url) {
        struct answer a = test_ask_url(url, &(struct call){.token = "token-ann"});
        char *page = test_list_of(&a, "subject");
        char *joined = mem_printf("%s/%s", subjects, page);
        free(subjects);
        free(page);
        free(url);
        subjects = joined;
        url = test_member(&a, "@odata.nextLink");
        pages++;
        test_answer_finish(&a);
    }
    assert_string_equal(subjects, "/e6|e5|e4/e3|e2|e1/e0");
    assert_int_equal(pages, 3);
    free(subjects);
    test_expect_page(g, "ten by default", "/v1.0/me/calendarView?" YEAR, "subject", "e6|e5|e4|e3|e2|e1|e0");
    graphsim_stop(g);
}

/* For a proxy in front: its address stands for ours in links, and what it passes on is answered as before. */
static void links_name_the_public_url(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    test_load(g, "{\"public_url\":\"http://proxy.example:4010/graph\"}");
    test_add_event(g, "a", "2026-03-10T08:00", "2026-03-10T09:00", "");
    test_add_event(g, "b", "2026-03-10T09:00", "2026-03-10T10:00", "");
    struct answer a = test_ask_as(g, "token-ann", "/v1.0/me/calendarView?$top=1&" YEAR);
    char *next = test_member(&a, "@odata.nextLink");
    char *context = test_member(&a, "@odata.context");
    assert_string_equal(
        next ? next : "",
        "http://proxy.example:4010/graph/me/calendarView?$top=1&"
        "startDateTime=2026-01-01T00%3a00%3a00Z&endDateTime=2027-01-01T00%3a00%3a00Z&$skip=1");
    assert_non_null(context);
    assert_ptr_equal(strstr(context, "http://proxy.example:4010/graph/$metadata#users("), context);
    free(next);
    free(context);
    test_answer_finish(&a);
    graphsim_stop(g);
}

static void calendars_are_paged(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    struct answer a = test_ask_as(g, "token-ann", "/v1.0/me/calendars?$top=1");
    char *next = test_member(&a, "@odata.nextLink");
    char *first = test_list_of(&a, "id");
    assert_non_null(next);
    struct answer b = test_ask_url(next, &(struct call){.token = "token-ann"});
    char *second = test_list_of(&b, "id");
    char *end = test_member(&b, "@odata.nextLink");
    assert_string_equal(first, "cal-ann=");
    assert_string_equal(second, "cal/two");
    assert_null(end);
    free(next);
    free(first);
    free(second);
    test_answer_finish(&a);
    test_answer_finish(&b);
    graphsim_stop(g);
}

/* ---- series ---- */

#define SERIES(subject, start, end, pattern, range, more)                                                    \
    "{\"events\":[{\"calendar\":\"cal-ann=\",\"event\":{\"id\":\"series-1\",\"subject\":\"" subject "\","    \
    "\"start\":{\"dateTime\":\"" start "\",\"timeZone\":\"W. Europe Standard Time\"},"                       \
    "\"end\":{\"dateTime\":\"" end "\",\"timeZone\":\"W. Europe Standard Time\"},"                           \
    "\"recurrence\":{\"pattern\":{" pattern "},\"range\":{" range "}}" more "}}]}"

static void series_expand(void **unused UNUSED)
{
    static const struct {
        const char *name;
        const char *state;
        const char *window;
        const char *starts;
    } rows[] = {
        {"weekly over the change of clocks",
         SERIES(
             "w", "2026-03-17T09:00", "2026-03-17T10:00",
             "\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"tuesday\"],\"firstDayOfWeek\":\"monday\"",
             "\"type\":\"endDate\",\"startDate\":\"2026-03-17\",\"endDate\":\"2026-04-07\"", ""),
         "startDateTime=2026-03-01T00:00Z&endDateTime=2026-05-01T00:00Z",
         "2026-03-17T08:00|2026-03-24T08:00|2026-03-31T07:00|2026-04-07T07:00"},
        {"exception and cancelled slot",
         SERIES(
             "w", "2026-03-03T09:00", "2026-03-03T10:00",
             "\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"tuesday\"],\"firstDayOfWeek\":\"monday\"",
             "\"type\":\"numbered\",\"startDate\":\"2026-03-03\",\"numberOfOccurrences\":4",
             ",\"_cancelled\":[\"2026-03-17\"],\"_exceptions\":[{\"_date\":\"2026-03-10\",\"subject\":"
             "\"moved\","
             "\"start\":{\"dateTime\":\"2026-03-12T15:00\",\"timeZone\":\"W. Europe Standard Time\"},"
             "\"end\":{\"dateTime\":\"2026-03-12T16:00\",\"timeZone\":\"W. Europe Standard Time\"}}]"),
         "startDateTime=2026-03-01T00:00Z&endDateTime=2026-05-01T00:00Z",
         "2026-03-03T08:00|2026-03-12T14:00|2026-03-24T08:00"},
        {"weekdays",
         SERIES("d", "2026-03-26T09:00", "2026-03-26T09:15",
                "\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"monday\",\"tuesday\",\"wednesday\","
                "\"thursday\","
                "\"friday\"],\"firstDayOfWeek\":\"monday\"",
                "\"type\":\"numbered\",\"startDate\":\"2026-03-26\",\"numberOfOccurrences\":4", ""),
         "startDateTime=2026-03-01T00:00Z&endDateTime=2026-05-01T00:00Z",
         "2026-03-26T08:00|2026-03-27T08:00|2026-03-30T07:00|2026-03-31T07:00"},
        {"first Monday of the month, without end, seen years later",
         SERIES("m", "2026-01-05T13:00", "2026-01-05T14:00",
                "\"type\":\"relativeMonthly\",\"interval\":1,\"daysOfWeek\":[\"monday\"],\"index\":\"first\"",
                "\"type\":\"noEnd\",\"startDate\":\"2026-01-05\"", ""),
         "startDateTime=2028-07-01T00:00Z&endDateTime=2028-10-01T00:00Z",
         "2028-07-03T11:00|2028-08-07T11:00|2028-09-04T11:00"},
        {"every second day",
         SERIES("d", "2026-03-27T23:30", "2026-03-28T00:30", "\"type\":\"daily\",\"interval\":2",
                "\"type\":\"numbered\",\"startDate\":\"2026-03-27\",\"numberOfOccurrences\":3", ""),
         "startDateTime=2026-03-01T00:00Z&endDateTime=2026-05-01T00:00Z",
         "2026-03-27T22:30|2026-03-29T21:30|2026-03-31T21:30"},
        {"the 30th, the last day in February",
         SERIES("a", "2026-01-30T12:00", "2026-01-30T13:00",
                "\"type\":\"absoluteMonthly\",\"interval\":1,\"dayOfMonth\":30",
                "\"type\":\"numbered\",\"startDate\":\"2026-01-30\",\"numberOfOccurrences\":3", ""),
         "startDateTime=2026-01-01T00:00Z&endDateTime=2026-05-01T00:00Z",
         "2026-01-30T11:00|2026-02-28T11:00|2026-03-30T10:00"},
        {"yearly, fourth Thursday of November",
         SERIES("y", "2025-11-27T12:00", "2025-11-27T13:00",
                "\"type\":\"relativeYearly\",\"interval\":1,\"month\":11,\"daysOfWeek\":[\"thursday\"],"
                "\"index\":\"fourth\"",
                "\"type\":\"noEnd\",\"startDate\":\"2025-11-27\"", ""),
         "startDateTime=2026-01-01T00:00Z&endDateTime=2028-01-01T00:00Z",
         "2026-11-26T11:00|2027-11-25T11:00"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct graphsim *g = test_start_with(test_state);
        test_load(g, rows[i].state);
        char *path = mem_printf("/v1.0/me/calendarView?%s&$orderby=start/dateTime", rows[i].window);
        test_expect_page(g, rows[i].name, path, "start", rows[i].starts);
        free(path);
        graphsim_stop(g);
    }
}

static void occurrences_have_their_members(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    test_load(g, SERIES("w", "2026-03-17T09:00", "2026-03-17T10:00",
                        "\"type\":\"weekly\",\"interval\":1,\"daysOfWeek\":[\"tuesday\"]",
                        "\"type\":\"numbered\",\"startDate\":\"2026-03-17\",\"numberOfOccurrences\":3",
                        ",\"_exceptions\":[{\"_date\":\"2026-03-24\",\"subject\":\"other\"}]"));
    test_add_event(g, "single", "2026-05-01T10:00", "2026-05-01T11:00", "");
    const char *path = "/v1.0/me/calendarView?" YEAR;
    test_expect_page(g, "singles first", path, "subject", "single|w|other|w");
    test_expect_page(g, "types", path, "type", "singleInstance|occurrence|exception|occurrence");
    test_expect_page(g, "masters' ids", path, "seriesMasterId", "null|series-1|series-1|series-1");
    test_expect_page(g, "own ids", path, "id",
                     "id-single|series-1-20260317|series-1-20260324|series-1-20260331");
    test_expect_page(g, "slots", path, "originalStart",
                     "null|2026-03-17T08:00:00Z|2026-03-24T08:00:00Z|2026-03-31T07:00:00Z");
    test_expect_page(g, "no recurrence", path, "recurrence", "null|null|null|null");
    test_expect_page(g, "events shows masters", "/v1.0/me/events", "type", "seriesMaster|singleInstance");
    struct answer a = test_ask_as(g, "token-ann", "/v1.0/me/events/series-1");
    char *type = test_member(&a, "type");
    assert_string_equal(type, "seriesMaster");
    assert_null(strstr(buf_str(&a.body), "_exceptions"));
    free(type);
    test_answer_finish(&a);
    test_load(g, "{\"remove\":[\"series-1\"]}");
    test_expect_page(g, "removed with its occurrences", path, "subject", "single");
    graphsim_stop(g);
}

/* ---- the form of events ---- */

static void preferences_are_honoured(void **unused UNUSED)
{
    const char *path = "/v1.0/me/calendarView?" YEAR "&$select=subject,start,createdDateTime";
    struct graphsim *g = test_start_with(test_state);
    test_add_event(g, "x", "2026-07-01T10:00", "2026-07-01T11:00", "");
    struct answer a =
        test_ask(g, path, &(struct call){.token = "token-ann", .prefer = "outlook.timezone=\"UTC\""});
    struct answer b =
        test_ask(g, path,
                 &(struct call){.token = "token-ann",
                                .prefer = "outlook.timezone=\"W. Europe Standard Time\", "
                                          "IdType=\"ImmutableId\"",
                                .header = "client-request-id: 0a0a0a0a-1111-4222-8333-444444444444"});
    char *mutable_id = test_list_of(&a, "id");
    char *immutable_id = test_list_of(&b, "id");
    char *utc = test_list_of(&a, "start");
    char *local = test_list_of(&b, "start");
    assert_string_equal(mutable_id, "AAMkAGVmMDEzid-x");
    assert_string_equal(immutable_id, "id-x");
    assert_string_equal(utc, "2026-07-01T10:00");
    assert_string_equal(local, "2026-07-01T12:00");
    assert_null(strstr(buf_str(&a.body), "createdDateTime"));
    assert_null(strstr(buf_str(&a.body), "organizer"));
    assert_non_null(strstr(buf_str(&a.headers), "Preference-Applied: outlook.timezone=\"UTC\""));
    assert_non_null(strstr(buf_str(&b.headers), "IdType=\"ImmutableId\""));
    assert_non_null(strstr(buf_str(&b.headers), "client-request-id: 0a0a0a0a-1111-4222-8333-444444444444"));
    assert_non_null(strstr(buf_str(&b.headers), "request-id: "));
    assert_non_null(strstr(buf_str(&b.headers), "Date: "));
    free(mutable_id);
    free(immutable_id);
    free(utc);
    free(local);
    test_answer_finish(&a);
    test_answer_finish(&b);
    graphsim_stop(g);
}

static void gzip_when_switched_on(void **unused UNUSED)
{
    struct call call = {.token = "token-ann", .header = "Accept-Encoding: gzip"};
    struct graphsim *g = test_start_with(test_state);
    struct answer off = test_ask(g, "/v1.0/me/calendars", &call);
    test_load(g, "{\"gzip\":true}");
    struct answer on = test_ask(g, "/v1.0/me/calendars", &call);
    assert_null(strstr(buf_str(&off.headers), "Content-Encoding"));
    assert_non_null(strstr(buf_str(&on.headers), "Content-Encoding: gzip"));
    assert_true(on.body.len < off.body.len && on.body.len > 2);
    assert_memory_equal(on.body.data, "\x1f\x8b", 2);
    test_answer_finish(&off);
    test_answer_finish(&on);
    graphsim_stop(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_takes_what_overlaps),
        cmocka_unit_test(window_reads_offsets_and_paths),
        cmocka_unit_test(refuses_what_graph_refuses),
        cmocka_unit_test(pages_hold_everything_once),
        cmocka_unit_test(links_name_the_public_url),
        cmocka_unit_test(calendars_are_paged),
        cmocka_unit_test(series_expand),
        cmocka_unit_test(occurrences_have_their_members),
        cmocka_unit_test(preferences_are_honoured),
        cmocka_unit_test(gzip_when_switched_on),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
