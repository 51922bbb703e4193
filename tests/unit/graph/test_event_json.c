#include "page_fixture.h"

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/utf8.h"

/* Below, show_…: one property of an event as text, so that a case is one line. */
static void show_text(const char *text, char *out, size_t size)
{
    snprintf(out, size, "%s", text ? text : "NULL");
}

static void show_id(const struct event *event, char *out, size_t size)
{
    show_text(event->id, out, size);
}

static void show_uid(const struct event *event, char *out, size_t size)
{
    show_text(event->ical_uid, out, size);
}

static void show_master(const struct event *event, char *out, size_t size)
{
    show_text(event->series_master_id, out, size);
}

static void show_subject(const struct event *event, char *out, size_t size)
{
    show_text(event->subject, out, size);
}

static void show_location(const struct event *event, char *out, size_t size)
{
    show_text(event->location, out, size);
}

static void show_zone(const struct event *event, char *out, size_t size)
{
    show_text(event->original_zone, out, size);
}

static void show_rrule(const struct event *event, char *out, size_t size)
{
    show_text(event->rrule, out, size);
}

static void show_categories(const struct event *event, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "%zu", event->n_categories);
    for (size_t i = 0; i < event->n_categories && at < size; i++) {
        at += (size_t)snprintf(out + at, size - at, "|%s", event->categories[i]);
    }
}

static void show_kinds(const struct event *event, char *out, size_t size)
{
    snprintf(out, size, "%s %s %s %s %s", event_type_name(event->type), event_show_as_name(event->show_as),
             event_sensitivity_name(event->sensitivity), event_importance_name(event->importance),
             event_response_name(event->response));
}

static void show_flags(const struct event *event, char *out, size_t size)
{
    snprintf(out, size, "%d%d%d", event->is_all_day, event->is_cancelled, event->is_online);
}

static void show_times(const struct event *event, char *out, size_t size)
{
    char start[CIVIL_TIME_LEN + 1];
    char end[CIVIL_TIME_LEN + 1];
    civil_format_time(event->start_ms, start);
    civil_format_time(event->end_ms, end);
    snprintf(out, size, "%.23s %.23s", start, end);
}

static void show_days(const struct event *event, char *out, size_t size)
{
    char start[CIVIL_DATE_LEN + 1];
    char end[CIVIL_DATE_LEN + 1];
    civil_format_date(event->start_day, start);
    civil_format_date(event->end_day, end);
    snprintf(out, size, "%s %s", start, end);
}

static void show_original(const struct event *event, char *out, size_t size)
{
    char text[CIVIL_TIME_LEN + 1];
    civil_format_time(event->original_start_ms, text);
    snprintf(out, size, "%.19s", text);
}

static void show_notes(const struct event *event, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s", event->notes & EVENT_NOTE_ZONE_ASSUMED ? "assumed " : "",
             event->notes & EVENT_NOTE_ZONE_UNKNOWN ? "unknown " : "",
             event->notes & EVENT_NOTE_TEXT_REPAIRED ? "repaired " : "",
             event->notes & EVENT_NOTE_RULE_UNKNOWN ? "rule " : "");
}

struct event_case {
    const char *name;
    const char *members;
    void (*show)(const struct event *event, char *out, size_t size);
    const char *expected;
};

#define TIMES(start, start_zone, end, end_zone)                                                              \
    "\"start\":{\"dateTime\":\"" start "\",\"timeZone\":\"" start_zone "\"},"                                \
    "\"end\":{\"dateTime\":\"" end "\",\"timeZone\":\"" end_zone "\"}"
#define ALL_DAY(start, end) "\"isAllDay\":true," TIMES(start, "UTC", end, "UTC")
#define SERIES(pattern, range)                                                                               \
    "\"type\":\"seriesMaster\",\"recurrence\":{\"pattern\":{" pattern "},\"range\":{" range "}}"
#define DAILY "\"type\":\"daily\",\"interval\":1"

static const struct event_case text_cases[] = {
    {"id", "\"id\":\"AAMkAGI2=\"", show_id, "AAMkAGI2="},
    {"id keeps blanks and case", "\"id\":\" aB \"", show_id, " aB "},
    {"iCalUId", "\"iCalUId\":\"0400\"", show_uid, "0400"},
    {"no iCalUId", "", show_uid, "NULL"},
    {"seriesMasterId", "\"seriesMasterId\":\"M\"", show_master, "M"},
    {"null seriesMasterId", "\"seriesMasterId\":null", show_master, "NULL"},
    {"subject", "\"subject\":\"Lunch\"", show_subject, "Lunch"},
    {"empty subject stays empty", "\"subject\":\"\"", show_subject, ""},
    {"null subject", "\"subject\":null", show_subject, "NULL"},
    {"short escapes", "\"subject\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", show_subject, "\"\\/\b\f\n\r\t"},
    {"escaped letters", "\"subject\":\"\\u00e4\\u20AC\"", show_subject, "\xc3\xa4\xe2\x82\xac"},
    {"surrogate pair", "\"subject\":\"\\ud83d\\ude00!\"", show_subject, "\xf0\x9f\x98\x80!"},
    {"first and last surrogate pair", "\"subject\":\"\\ud800\\udc00\\udbff\\udfff\"", show_subject,
     "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
    {"UTF-8 as it is", "\"subject\":\"\xc3\xa4\xf0\x9f\x98\x80\"", show_subject, "\xc3\xa4\xf0\x9f\x98\x80"},
    {"NUL", "\"subject\":\"a\\u0000b\"", show_subject,
     "a\xef\xbf\xbd"
     "b"},
    {"NUL is noted", "\"subject\":\"a\\u0000b\"", show_notes, "repaired "},
    {"high surrogate alone", "\"subject\":\"\\ud83dx\"", show_subject, "\xef\xbf\xbdx"},
    {"low surrogate alone", "\"subject\":\"\\ude00\"", show_subject, "\xef\xbf\xbd"},
    {"surrogates in the wrong order", "\"subject\":\"\\ude00\\ud83d\"", show_subject,
     "\xef\xbf\xbd\xef\xbf\xbd"},
    {"high surrogate and a letter", "\"subject\":\"\\ud83d\\u0041\"", show_subject,
     "\xef\xbf\xbd"
     "A"},
    {"surrogate at the end is noted", "\"subject\":\"\\ud83d\"", show_notes, "repaired "},
    {"sound text is not noted", "\"subject\":\"\\ud83d\\ude00\"", show_notes, ""},
    {"location", "\"location\":{\"displayName\":\"Room 1\",\"locationType\":\"default\"}", show_location,
     "Room 1"},
    {"empty location", "\"location\":{\"displayName\":\"\"}", show_location, "NULL"},
    {"location without a name", "\"location\":{}", show_location, "NULL"},
    {"null location", "\"location\":null", show_location, "NULL"},
    {"repaired location is noted", "\"location\":{\"displayName\":\"\\u0000\"}", show_notes, "repaired "},
    {"no categories", "", show_categories, "0"},
    {"null categories", "\"categories\":null", show_categories, "0"},
    {"empty categories", "\"categories\":[ ]", show_categories, "0"},
    {"categories", "\"categories\":[\"Acme - billable\",\"\\u00e4\"]", show_categories,
     "2|Acme - billable|\xc3\xa4"},
    {"other things among categories", "\"categories\":[1,\"a\",null,{\"x\":[]},\"b\"]", show_categories,
     "2|a|b"},
    {"repaired category is noted", "\"categories\":[\"\\u0000\"]", show_notes, "repaired "},
};

static const struct event_case kind_cases[] = {
    {"nothing said", "", show_kinds, "singleInstance unknown normal normal none"},
    {"occurrence", "\"type\":\"occurrence\"", show_kinds, "occurrence unknown normal normal none"},
    {"exception", "\"type\":\"exception\"", show_kinds, "exception unknown normal normal none"},
    {"series master", "\"type\":\"seriesMaster\"", show_kinds, "seriesMaster unknown normal normal none"},
    {"showAs", "\"showAs\":\"workingElsewhere\"", show_kinds,
     "singleInstance workingElsewhere normal normal none"},
    {"sensitivity", "\"sensitivity\":\"private\"", show_kinds, "singleInstance unknown private normal none"},
    {"importance", "\"importance\":\"high\"", show_kinds, "singleInstance unknown normal high none"},
    {"response", "\"responseStatus\":{\"response\":\"declined\",\"time\":\"0001-01-01T00:00:00Z\"}",
     show_kinds, "singleInstance unknown normal normal declined"},
    {"null response", "\"responseStatus\":null", show_kinds, "singleInstance unknown normal normal none"},
    {"other case", "\"showAs\":\"OOF\",\"importance\":\"Low\"", show_kinds,
     "singleInstance oof normal low none"},
    {"values of tomorrow", "\"showAs\":\"unknownFutureValueOfSomeLengthThatIsLong\",\"type\":\"new\"",
     show_kinds, "singleInstance unknown normal normal none"},
    {"flags off", "\"isCancelled\":false,\"isOnlineMeeting\":false,\"isAllDay\":false", show_flags, "000"},
    {"null flags", "\"isCancelled\":null,\"isOnlineMeeting\":null,\"isAllDay\":null", show_flags, "000"},
    {"cancelled", "\"isCancelled\":true", show_flags, "010"},
    {"online", "\"isOnlineMeeting\":true", show_flags, "001"},
    {"members of tomorrow", "\"@removed\":{\"a\":[[[]]]},\"new\":-1.5e+3,\"x\":\"y\"", show_id, "A"},
};

static const struct event_case time_cases[] = {
    {"UTC", "", show_times, "2024-05-06 10:00:00.000 2024-05-06 11:00:00.000"},
    {"no zone is UTC", "\"start\":{\"dateTime\":\"2024-05-06T10:30\"}", show_times,
     "2024-05-06 10:30:00.000 2024-05-06 11:00:00.000"},
    {"fraction below a millisecond",
     TIMES("2024-05-06T10:00:00.1239999", "UTC", "2024-05-06T10:00:00.5", "UTC"), show_times,
     "2024-05-06 10:00:00.123 2024-05-06 10:00:00.500"},
    {"no length", TIMES("2024-05-06T10:00:00", "UTC", "2024-05-06T10:00:00", "UTC"), show_times,
     "2024-05-06 10:00:00.000 2024-05-06 10:00:00.000"},
    {"Windows zone",
     TIMES("2024-07-01T10:00:00", "W. Europe Standard Time", "2024-01-02T10:00:00",
           "UTC") ",\"end\":{\"dateTime\":\"2024-12-01T10:00:00\",\"timeZone\":\"W. Europe Standard Time\"}",
     show_times, "2024-07-01 08:00:00.000 2024-12-01 09:00:00.000"},
    {"IANA zone", TIMES("2024-07-01T10:00:00", "Asia/Tokyo", "2024-07-01T10:00:00", "Europe/Berlin"),
     show_times, "2024-07-01 01:00:00.000 2024-07-01 08:00:00.000"},
    {"tzone://Microsoft/Utc",
     TIMES("2024-07-01T10:00:00", "tzone://Microsoft/Utc", "2024-07-01T11:00:00", "UTC"), show_times,
     "2024-07-01 10:00:00.000 2024-07-01 11:00:00.000"},
    {"Z wins over the zone", TIMES("2024-07-01T10:00:00Z", "Asia/Tokyo", "2024-07-01T11:00:00Z", "Nowhere"),
     show_times, "2024-07-01 10:00:00.000 2024-07-01 11:00:00.000"},
    {"Z needs no zone", TIMES("2024-07-01T10:00:00Z", "Asia/Tokyo", "2024-07-01T11:00:00Z", "Nowhere"),
     show_notes, ""},
    {"offset", TIMES("2024-07-01T10:00:00-05:30", "UTC", "2024-07-01T18:00:00+02:00", "UTC"), show_times,
     "2024-07-01 15:30:00.000 2024-07-01 16:00:00.000"},
    {"repeated hour is the later",
     TIMES("2024-10-27T02:30:00", "Europe/Berlin", "2024-10-27T04:00:00", "Europe/Berlin"), show_times,
     "2024-10-27 01:30:00.000 2024-10-27 03:00:00.000"},
    {"skipped hour", TIMES("2024-03-31T02:30:00", "Europe/Berlin", "2024-03-31T04:00:00", "Europe/Berlin"),
     show_times, "2024-03-31 01:30:00.000 2024-03-31 02:00:00.000"},
    {"unknown zone is the assumed one",
     TIMES("2024-07-01T10:00:00", "Nowhere Standard Time", "2024-07-01T20:00:00", "UTC"), show_times,
     "2024-07-01 14:00:00.000 2024-07-01 20:00:00.000"},
    {"unknown zone is noted",
     TIMES("2024-07-01T10:00:00", "UTC", "2024-07-01T11:00:00", "tzone://Microsoft/Custom"), show_notes,
     "assumed "},
    {"empty zone is unknown", TIMES("2024-07-01T10:00:00", "", "2024-07-01T20:00:00", "UTC"), show_notes,
     "assumed "},
    {"zone that leaves the directory",
     TIMES("2024-07-01T10:00:00", "../../etc/passwd", "2024-07-01T20:00:00", "UTC"), show_notes, "assumed "},
    {"members in another case",
     "\"start\":{\"DateTime\":\"2024-05-06T10:15:00\",\"TimeZone\":\"Europe/Berlin\"}", show_times,
     "2024-05-06 08:15:00.000 2024-05-06 11:00:00.000"},
    {"years far away", TIMES("0002-01-01T00:00:00", "UTC", "9999-12-31T23:59:59.999", "UTC"), show_times,
     "0002-01-01 00:00:00.000 9999-12-31 23:59:59.999"},
    {"all-day", ALL_DAY("2024-05-06T00:00:00.0000000", "2024-05-07T00:00:00.0000000"), show_days,
     "2024-05-06 2024-05-07"},
    {"all-day order times", ALL_DAY("2024-05-06T00:00:00", "2024-05-08T00:00:00"), show_times,
     "2024-05-06 00:00:00.000 2024-05-08 00:00:00.000"},
    {"all-day is never shifted",
     "\"isAllDay\":true," TIMES("2024-05-06T00:00:00", "Asia/Tokyo", "2024-05-07T00:00:00",
                                "Pacific Standard Time"),
     show_days, "2024-05-06 2024-05-07"},
    {"all-day needs no zone",
     "\"isAllDay\":true," TIMES("2024-05-06T00:00:00", "Nowhere", "2024-05-07T00:00:00", "Nowhere"),
     show_notes, ""},
    {"original zone", "\"originalStartTimeZone\":\"Pacific Standard Time\"", show_zone,
     "Pacific Standard Time"},
    {"known original zone", "\"originalStartTimeZone\":\"Pacific Standard Time\"", show_notes, ""},
    {"IANA original zone", "\"originalStartTimeZone\":\"Europe/Berlin\"", show_notes, ""},
    {"custom original zone", "\"originalStartTimeZone\":\"tzone://Microsoft/Custom\"", show_notes,
     "unknown "},
    {"custom original zone is kept", "\"originalStartTimeZone\":\"tzone://Microsoft/Custom\"", show_zone,
     "tzone://Microsoft/Custom"},
    {"customized original zone", "\"originalStartTimeZone\":\"Customized Time Zone\"", show_notes,
     "unknown "},
    {"unknown original zone", "\"originalStartTimeZone\":\"(UTC+01:00) Amsterdam\"", show_notes, "unknown "},
    {"empty original zone", "\"originalStartTimeZone\":\"\"", show_zone, "NULL"},
    {"empty original zone is no news", "\"originalStartTimeZone\":\"\"", show_notes, ""},
    {"no originalStart", "", show_original, "2024-05-06 10:00:00"},
    {"null originalStart", "\"originalStart\":null", show_original, "2024-05-06 10:00:00"},
    {"originalStart", "\"originalStart\":\"2024-05-05T09:00:00Z\"", show_original, "2024-05-05 09:00:00"},
    {"originalStart with an offset", "\"originalStart\":\"2024-05-05T09:00:00+02:00\"", show_original,
     "2024-05-05 07:00:00"},
    {"originalStart never set", "\"originalStart\":\"0001-01-01T00:00:00Z\"", show_original,
     "2024-05-06 10:00:00"},
};

static const struct event_case rule_cases[] = {
    {"no rule", "", show_rrule, "NULL"},
    {"null rule", "\"recurrence\":null", show_rrule, "NULL"},
    {"daily", SERIES(DAILY, "\"type\":\"noEnd\""), show_rrule, "FREQ=DAILY;INTERVAL=1"},
    {"until in the series' zone",
     SERIES(DAILY,
            "\"type\":\"endDate\",\"endDate\":\"2024-12-31\",\"recurrenceTimeZone\":\"Tokyo Standard Time\""),
     show_rrule, "FREQ=DAILY;INTERVAL=1;UNTIL=20241231T100000Z"},
    {"until in a zone with summer time",
     SERIES(DAILY,
            "\"type\":\"endDate\",\"endDate\":\"2024-12-31\",\"recurrenceTimeZone\":\"Europe/Berlin\""),
     show_rrule, "FREQ=DAILY;INTERVAL=1;UNTIL=20241231T110000Z"},
    {"until without a zone is in the original one",
     "\"originalStartTimeZone\":\"Europe/Berlin\"," SERIES(
         DAILY, "\"type\":\"endDate\",\"endDate\":\"2024-12-31\",\"recurrenceTimeZone\":\"\""),
     show_rrule, "FREQ=DAILY;INTERVAL=1;UNTIL=20241231T110000Z"},
    {"until without any zone is UTC", SERIES(DAILY, "\"type\":\"endDate\",\"endDate\":\"2024-12-31\""),
     show_rrule, "FREQ=DAILY;INTERVAL=1;UNTIL=20241231T100000Z"},
    {"until in an unknown zone",
     SERIES(DAILY, "\"type\":\"endDate\",\"endDate\":\"2024-12-31\",\"recurrenceTimeZone\":\"Nowhere\""),
     show_rrule, "FREQ=DAILY;INTERVAL=1;UNTIL=20241231T110000Z"},
    {"until in an unknown zone is noted",
     SERIES(DAILY, "\"type\":\"endDate\",\"endDate\":\"2024-12-31\",\"recurrenceTimeZone\":\"Nowhere\""),
     show_notes, "assumed "},
    {"unknown zone without until", SERIES(DAILY, "\"type\":\"noEnd\",\"recurrenceTimeZone\":\"Nowhere\""),
     show_notes, ""},
    {"all-day until",
     ALL_DAY("2024-05-06T00:00:00", "2024-05-07T00:00:00") "," SERIES(
         DAILY, "\"type\":\"endDate\",\"endDate\":\"2024-12-31\",\"recurrenceTimeZone\":\"Asia/Tokyo\""),
     show_rrule, "FREQ=DAILY;INTERVAL=1;UNTIL=20241231"},
    {"unknown pattern", SERIES("\"type\":\"hourly\",\"interval\":1", "\"type\":\"noEnd\""), show_notes,
     "rule "},
    {"what no rule can say", SERIES("\"type\":\"daily\",\"interval\":0", "\"type\":\"noEnd\""), show_notes,
     "rule "},
    {"no rule then", SERIES("\"type\":\"daily\",\"interval\":0", "\"type\":\"noEnd\""), show_rrule, "NULL"},
    {"not an object", "\"recurrence\":[1]", show_notes, "rule "},
};

static const struct event_case name_cases[] = {
    {"the last of two counts", "\"subject\":\"a\",\"subject\":\"b\"", show_subject, "b"},
    {"null can be the last", "\"subject\":\"a\",\"subject\":null", show_subject, "NULL"},
    {"another case counts", "\"Subject\":\"a\"", show_subject, "a"},
    {"exact before another case", "\"subject\":\"a\",\"SUBJECT\":\"b\"", show_subject, "a"},
    {"exact after another case", "\"SUBJECT\":\"b\",\"subject\":\"a\"", show_subject, "a"},
    {"an escaped name", "\"sub\\u006aect\":\"a\"", show_subject, "a"},
    {"a longer name", "\"subjects\":\"a\"", show_subject, "NULL"},
    {"a shorter name", "\"subjec\":\"a\"", show_subject, "NULL"},
    {"an empty name", "\"\":\"a\"", show_subject, "NULL"},
};

static int run_cases(const struct page_fixture *f, const struct event_case *cases, size_t n)
{
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        char text[512] = "";
        struct event_page *page = fixture_parse_event(f, cases[i].members);
        if (page->n_events == 1) {
            cases[i].show(&page->events[0], text, sizeof text);
        } else {
            snprintf(text, sizeof text, "rejected: %s", page->rejects[0].reason);
        }
        event_page_destroy(page);
        if (strcmp(text, cases[i].expected) != 0) {
            print_error("%s: expected \"%s\", got \"%s\"\n", cases[i].name, cases[i].expected, text);
            failed++;
        }
    }
    return failed;
}

#define RUN_CASES(state, cases) assert_int_equal(run_cases(*(state), (cases), ARRAY_LEN(cases)), 0)

static void test_texts(void **state)
{
    RUN_CASES(state, text_cases);
}

static void test_kinds(void **state)
{
    RUN_CASES(state, kind_cases);
}

static void test_times(void **state)
{
    RUN_CASES(state, time_cases);
}

static void test_rules(void **state)
{
    RUN_CASES(state, rule_cases);
}

static void test_names(void **state)
{
    RUN_CASES(state, name_cases);
}

struct reject_case {
    const char *name;
    const char *members;
    const char *reason;
    const char *id; /* NULL: none */
};

static const struct reject_case reject_cases[] = {
    {"null id", "\"id\":null", "it has no id", NULL},
    {"empty id", "\"id\":\"\"", "it has no id", NULL},
    {"id a number", "\"id\":7", "it has no id", NULL},
    {"id with NUL", "\"id\":\"a\\u0000\"", "its id has characters that no id has", NULL},
    {"null start", "\"start\":null", "start is missing", "A"},
    {"null end", "\"end\":null", "end is missing", "A"},
    {"start a text", "\"start\":\"2024-05-06T10:00:00\"", "start has no dateTime", "A"},
    {"start without dateTime", "\"start\":{\"timeZone\":\"UTC\"}", "start has no dateTime", "A"},
    {"dateTime null", "\"end\":{\"dateTime\":null}", "end has no dateTime", "A"},
    {"dateTime empty", "\"end\":{\"dateTime\":\"\"}", "end has a dateTime that can not be read", "A"},
    {"dateTime a number", "\"end\":{\"dateTime\":1}", "end has a dateTime that can not be read", "A"},
    {"dateTime a word", "\"start\":{\"dateTime\":\"tomorrow\"}", "start has a dateTime that can not be read",
     "A"},
    {"30 February", "\"start\":{\"dateTime\":\"2024-02-30T10:00:00\"}",
     "start has a dateTime that can not be read", "A"},
    {"hour 24", "\"start\":{\"dateTime\":\"2024-02-20T24:00:00\"}",
     "start has a dateTime that can not be read", "A"},
    {"never set", TIMES("0001-01-01T00:00:00", "UTC", "0001-01-01T00:00:00", "UTC"),
     "start is not set (0001-01-01)", "A"},
    {"end never set", "\"end\":{\"dateTime\":\"0001-01-01T00:00:00\"}", "end is not set (0001-01-01)", "A"},
    {"end before start", TIMES("2024-05-06T10:00:00", "UTC", "2024-05-06T09:59:59.999", "UTC"),
     "it ends before it starts", "A"},
    {"end before start through zones",
     TIMES("2024-05-06T10:00:00", "UTC", "2024-05-06T10:30:00", "Europe/Berlin"), "it ends before it starts",
     "A"},
    {"all-day not at midnight", ALL_DAY("2024-05-06T00:00:00", "2024-05-07T01:00:00"),
     "it is all-day and does not begin and end at midnight", "A"},
    {"all-day from noon", ALL_DAY("2024-05-06T12:00:00", "2024-05-07T00:00:00"),
     "it is all-day and does not begin and end at midnight", "A"},
    {"all-day without a day", ALL_DAY("2024-05-06T00:00:00", "2024-05-06T00:00:00"),
     "it is all-day and its end is not after its start", "A"},
    {"all-day backwards", ALL_DAY("2024-05-06T00:00:00", "2024-05-05T00:00:00"),
     "it is all-day and its end is not after its start", "A"},
    {"isAllDay a text", "\"isAllDay\":\"true\"", "isAllDay is neither true nor false", "A"},
    {"isCancelled a number", "\"isCancelled\":1", "isCancelled is neither true nor false", "A"},
    {"subject a number", "\"subject\":5", "subject is not text", "A"},
    {"subject an object", "\"subject\":{}", "subject is not text", "A"},
    {"iCalUId true", "\"iCalUId\":true", "iCalUId is not text", "A"},
    {"showAs a number", "\"showAs\":2", "showAs is not text", "A"},
    {"location a text", "\"location\":\"Room\"", "location is not an object", "A"},
    {"location name a number", "\"location\":{\"displayName\":1}", "location is not text", "A"},
    {"response a text", "\"responseStatus\":\"none\"", "responseStatus is not an object", "A"},
    {"categories a text", "\"categories\":\"a\"", "categories is not an array", "A"},
    {"originalStart a word", "\"originalStart\":\"soon\"", "originalStart can not be read", "A"},
    {"invalid UTF-8", "\"subject\":\"\xc3(\"", "its text is not UTF-8", "A"},
    {"overlong UTF-8", "\"subject\":\"\xc0\xaf\"", "its text is not UTF-8", "A"},
    {"surrogate in UTF-8", "\"subject\":\"\xed\xa0\x80\"", "its text is not UTF-8", "A"},
    {"UTF-8 cut off", "\"subject\":\"\xe2\x82\"", "its text is not UTF-8", "A"},
    {"Latin-1 in a member that is not read", "\"other\":[\"\xe4\"]", "its text is not UTF-8", "A"},
    {"invalid UTF-8 in a name", "\"\xff\":1", "its text is not UTF-8", "A"},
    {"invalid UTF-8 in the id", "\"id\":\"a\xff\"", "its text is not UTF-8", NULL},
    {"control character", "\"subject\":\"a\nb\"", "a string has a control character that is not escaped",
     "A"},
    {"control character far away", "\"x\":{\"y\":[\"12345678\t\"]}",
     "a string has a control character that is not escaped", "A"},
    {"unknown escape", "\"subject\":\"\\q\"", "a string has an escape that JSON does not know", "A"},
    {"short \\u", "\"subject\":\"\\u12\"", "a string has an escape that JSON does not know", "A"},
    {"wrong \\u in the id", "\"id\":\"\\u\"", "a string has an escape that JSON does not know", NULL},
};

static void test_rejects(void **state)
{
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(reject_cases); i++) {
        const struct reject_case *c = &reject_cases[i];
        struct event_page *page = fixture_parse_event(*state, c->members);
        const char *reason = page->n_rejects == 1 ? page->rejects[0].reason : "none";
        const char *id = page->n_rejects == 1 ? page->rejects[0].id : "none";
        if (page->n_events != 0 || strcmp(reason, c->reason) != 0 ||
            strcmp(id ? id : "-", c->id ? c->id : "-") != 0) {
            print_error("%s: got \"%s\", id %s\n", c->name, reason, id ? id : "-");
            failed++;
        }
        event_page_destroy(page);
    }
    assert_int_equal(failed, 0);
}

/* Every element that is no object is a rejection of its own. */
static void test_rejects_other_elements(void **state)
{
    static const char *const elements[] = {"1",    "-0.5e3", "\"a\"", "null",
                                           "true", "false",  "[]",    "[{\"id\":\"A\"}]"};
    for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
        struct event_page *page = fixture_parse_element(*state, elements[i]);
        assert_int_equal(page->n_events, 0);
        assert_int_equal(page->n_rejects, 1);
        assert_string_equal(page->rejects[0].reason, "it is not an object");
        assert_null(page->rejects[0].id);
        assert_int_equal(page->rejects[0].raw_len, strlen(elements[i]));
        assert_memory_equal(page->rejects[0].raw, elements[i], strlen(elements[i]));
        event_page_destroy(page);
    }
    struct event_page *page = fixture_parse_element(*state, "{}");
    assert_string_equal(page->rejects[0].reason, "it has no id");
    event_page_destroy(page);
}

/* Limits that are reached by length rather than by kind. */
static void test_limits(void **state)
{
    static const struct {
        const char *name;
        const char *before;
        const char *unit;
        size_t n;
        const char *after;
        const char *reason; /* NULL: it is an event */
    } cases[] = {
        {"id of 1024", "\"id\":\"", "i", 1024, "\"", NULL},
        {"id of 1025", "\"id\":\"", "i", 1025, "\"", "its id is longer than 1024 bytes"},
        {"long subject", "\"subject\":\"", "\\u20ac", 50000, "\"", NULL},
        {"64 levels", "\"x\":", "[", 61, "]", NULL},
        {"65 levels", "\"x\":", "[", 62, "]", "it is nested deeper than 64 levels"},
        {"200 levels", "\"x\":", "[", 200, "]", "it is nested deeper than 64 levels"},
        {"100000 levels", "\"x\":", "[", 100000, "]", "it is nested deeper than 64 levels"},
        {"509 members more", "\"o\":1", ",\"m\":0", 508, "", NULL},
        {"510 members more", "\"o\":1", ",\"m\":0", 509, "", "it has more than 512 members"},
        {"1000 categories", "\"categories\":[\"a\"", ",\"a\"", 999, "]", NULL},
        {"1001 categories", "\"categories\":[\"a\"", ",\"a\"", 1000, "]",
         "categories has more than 1000 names"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t unit = strlen(cases[i].unit);
        size_t tail = *cases[i].unit == '[' ? cases[i].n : 1;
        CLEANUP_FREE char *members = mem_calloc(1, 64 + cases[i].n * unit + tail * 2);
        size_t at = strlen(cases[i].before);
        memcpy(members, cases[i].before, at);
        for (size_t k = 0; k < cases[i].n; k++, at += unit) {
            memcpy(members + at, cases[i].unit, unit);
        }
        for (size_t k = 0; k < tail; k++, at += strlen(cases[i].after)) {
            memcpy(members + at, cases[i].after, strlen(cases[i].after));
        }
        struct event_page *page = fixture_parse_event(*state, members);
        const char *reason = page->n_rejects ? page->rejects[0].reason : NULL;
        if (strcmp(reason ? reason : "-", cases[i].reason ? cases[i].reason : "-") != 0) {
            fail_msg("%s: got \"%s\"", cases[i].name, reason ? reason : "an event");
        }
        event_page_destroy(page);
    }
}

/* Decoded text is always UTF-8 without NUL, and the raw body keeps what was repaired. */
static void test_raw_is_untouched(void **state)
{
    static const char element[] = "{ \"id\" : \"A\" , \"subject\":\"\\u0000\\ud800\", "
                                  "\"start\":{\"dateTime\":\"2024-05-06T10:00:00\"},\n"
                                  "\"end\":{\"dateTime\":\"2024-05-06T11:00:00\"}}";
    struct event_page *page = fixture_parse_element(*state, element);
    assert_int_equal(page->n_events, 1);
    assert_int_equal(page->events[0].raw_len, sizeof element - 1);
    assert_memory_equal(page->events[0].raw, element, sizeof element - 1);
    assert_true(utf8_is_valid(page->events[0].subject, strlen(page->events[0].subject)));
    assert_int_equal(strlen(page->events[0].subject), 6);
    event_page_destroy(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_rejects),
        cmocka_unit_test(test_rejects_other_elements),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_raw_is_untouched),
    };
    return cmocka_run_group_tests_name("graph/event_json", tests, page_fixture_setup, page_fixture_teardown);
}
