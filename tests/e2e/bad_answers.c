/* Answers of Graph and of what stands between: statuses, bodies that are no page, the line itself. */
#include "tests/e2e/scene.h"

#include <time.h>

#include "base/civil.h"

enum patience { PATIENT, IMPATIENT /* 400 ms for a request, two tries */ };

struct answer {
    const char *name;
    const char *fault; /* for graphsim_fault; $OTHER is the address of another server, $DATE an HTTP date */
    struct ending ending;
    int requests; /* for the page; 0: any number */
    int throttled;
    enum patience patience;
};

#define PAGE_FAULT(times, action) "{\"match\":\"calendarView\",\"times\":" times ",\"action\":{" action "}}"
#define FOREVER                   "0"
#define TOKEN_FAULT(action)       "{\"match\":\"oauth2/v2.0/token\",\"action\":{" action "}}"

#define WELL                                                                                                 \
    {                                                                                                        \
        "success", "", "", ANNA_EVENTS, 0                                                                    \
    }
#define FAILS(error, says)                                                                                   \
    {                                                                                                        \
        "failure", error, says, 0, 0                                                                         \
    }
#define WAITS(error, says)                                                                                   \
    {                                                                                                        \
        "waiting", error, says, 0, 0                                                                         \
    }

static const struct answer answers[] = {
    {"nothing wrong", "{\"match\":\"nowhere\",\"action\":{\"status\":500}}", WELL, 1, 0, PATIENT},

    {"401 once", PAGE_FAULT("1", "\"status\":401"), WELL, 2, 0, PATIENT},
    {"401 forever", PAGE_FAULT(FOREVER, "\"status\":401"),
     FAILS("LOGIN", "calendar view of " ANNA ": Graph answers 401"), 2, 0, PATIENT},
    {"403", PAGE_FAULT(FOREVER, "\"status\":403"),
     FAILS("DENIED", "calendar view of " ANNA ": Graph answers 403"), 1, 0, PATIENT},
    {"404", PAGE_FAULT(FOREVER, "\"status\":404"),
     FAILS("NOT_FOUND", "calendar view of " ANNA ": Graph answers 404"), 1, 0, PATIENT},
    {"404, the directory does not know her",
     PAGE_FAULT(FOREVER,
                "\"status\":404,\"body\":{\"error\":{\"code\":\"ErrorInvalidUser\",\"message\":\"x\"}}"),
     FAILS("NOT_FOUND", "the directory does not know this user"), 1, 0, PATIENT},
    {"404 of a proxy",
     PAGE_FAULT(FOREVER, "\"status\":404,\"body\":\"<html>not here</html>\",\"content_type\":\"text/html\""),
     WAITS("PROTOCOL", "Graph answers 404"), 3, 0, PATIENT},
    {"410 once", PAGE_FAULT("1", "\"status\":410"), WAITS("GONE", "Graph answers 410"), 1, 0, PATIENT},
    {"409", PAGE_FAULT(FOREVER, "\"status\":409"), FAILS("REQUEST", "Graph answers 409"), 1, 0, PATIENT},

    {"429, Retry-After 2.128, once",
     PAGE_FAULT("1", "\"status\":429,\"headers\":{\"Retry-After\":\"2.128\"}"), WELL, 2, 1, PATIENT},
    {"429, Retry-After a date, once",
     PAGE_FAULT("1", "\"status\":429,\"headers\":{\"Retry-After\":\"$DATE\"}"), WELL, 2, 1, PATIENT},
    {"429, no Retry-After, once", PAGE_FAULT("1", "\"status\":429"), WELL, 2, 1, PATIENT},
    {"429, Retry-After nonsense, once",
     PAGE_FAULT("1", "\"status\":429,\"headers\":{\"Retry-After\":\"soon\"}"), WELL, 2, 1, PATIENT},
    {"429, Retry-After 2.128, forever",
     PAGE_FAULT(FOREVER, "\"status\":429,\"headers\":{\"Retry-After\":\"2.128\"}"),
     WAITS("THROTTLED", "Graph answers 429"), 3, 3, PATIENT},
    {"429, no Retry-After, forever", PAGE_FAULT(FOREVER, "\"status\":429"),
     WAITS("THROTTLED", "Graph answers 429"), 3, 3, PATIENT},

    {"500 once", PAGE_FAULT("1", "\"status\":500"), WELL, 2, 0, PATIENT},
    {"503 once", PAGE_FAULT("1", "\"status\":503,\"headers\":{\"Retry-After\":\"1\"}"), WELL, 2, 1, PATIENT},
    {"504 once", PAGE_FAULT("1", "\"status\":504"), WELL, 2, 0, PATIENT},
    {"500 forever", PAGE_FAULT(FOREVER, "\"status\":500"), WAITS("SERVER", "Graph answers 500"), 3, 0,
     PATIENT},
    {"503 forever", PAGE_FAULT(FOREVER, "\"status\":503"), WAITS("SERVER", "Graph answers 503"), 3, 0,
     PATIENT},
    {"504 forever", PAGE_FAULT(FOREVER, "\"status\":504"), WAITS("SERVER", "Graph answers 504"), 3, 0,
     PATIENT},
    {"201 with a page", PAGE_FAULT(FOREVER, "\"status\":201,\"raw_page\":\"{\\\"value\\\":[]}\""),
     WAITS("PROTOCOL", "Graph answers 201"), 3, 0, PATIENT},

    {"HTML, and it says so",
     PAGE_FAULT(FOREVER, "\"body\":\"<html>Sign in to the hotel</html>\",\"content_type\":\"text/html\""),
     WAITS("PROTOCOL", "calendar view of " ANNA ": the answer is no JSON but text/html"), 3, 0, PATIENT},
    {"HTML that says it is JSON", PAGE_FAULT(FOREVER, "\"raw_page\":\"<html></html>\""),
     WAITS("PROTOCOL", "it is HTML, not JSON"), 1, 0, PATIENT},
    {"truncated JSON", PAGE_FAULT(FOREVER, "\"raw_page\":\"{\\\"value\\\":[{\\\"id\\\":\\\"a\\\",\\\"sub\""),
     WAITS("PROTOCOL", "calendar view of " ANNA), 1, 0, PATIENT},
    {"invalid JSON", PAGE_FAULT(FOREVER, "\"raw_page\":\"{\\\"value\\\":[}]}\""),
     WAITS("PROTOCOL", "calendar view of " ANNA), 1, 0, PATIENT},
    {"an empty body", PAGE_FAULT(FOREVER, "\"raw_page\":\"\""), WAITS("PROTOCOL", "it is empty"), 1, 0,
     PATIENT},
    {"an array", PAGE_FAULT(FOREVER, "\"raw_page\":\"[]\""), WAITS("PROTOCOL", "it is not a JSON object"), 1,
     0, PATIENT},
    {"a page without value", PAGE_FAULT(FOREVER, "\"raw_page\":\"{}\""),
     WAITS("PROTOCOL", "it has no \"value\" array"), 1, 0, PATIENT},
    {"a page with two ends", PAGE_FAULT(FOREVER, "\"raw_page\":\"{\\\"value\\\":[]}}\""),
     WAITS("PROTOCOL", "calendar view of " ANNA), 1, 0, PATIENT},
    {"a link that is a number",
     PAGE_FAULT(FOREVER, "\"raw_page\":\"{\\\"value\\\":[],\\\"@odata.nextLink\\\":7}\""),
     WAITS("PROTOCOL", "the link to the next page is no text"), 1, 0, PATIENT},
    {"a page of 100 MB", PAGE_FAULT(FOREVER, "\"big_body_mb\":100"),
     FAILS("TOO_BIG", "larger than 2097152 bytes"), 1, 0, PATIENT},

    {"a next link to itself", PAGE_FAULT(FOREVER, "\"endless_next\":true"),
     FAILS("LOOP", "the next one is one that was read already"), 0, 0, PATIENT},
    {"a next link to another server",
     PAGE_FAULT(FOREVER, "\"next_link\":\"$OTHER/v1.0/me/calendarView?$skip=1\""),
     FAILS("ORIGIN", "the token goes to 127.0.0.1 only"), 1, 0, PATIENT},
    {"a next link to another server, with a user",
     PAGE_FAULT(FOREVER, "\"next_link\":\"http://graph.microsoft.com@evil.example/v1.0/x\""),
     FAILS("ORIGIN", "an address on host evil.example"), 1, 0, PATIENT},
    {"a next link that is a path", PAGE_FAULT(FOREVER, "\"next_link\":\"/v1.0/me/calendarView\""),
     FAILS("ORIGIN", "calendar view of " ANNA), 1, 0, PATIENT},
    {"a redirect to another server", PAGE_FAULT(FOREVER, "\"redirect\":\"$OTHER/v1.0/me/calendarView\""),
     FAILS("ORIGIN", "redirects are not followed"), 1, 0, PATIENT},

    {"no answer, ever", PAGE_FAULT(FOREVER, "\"never\":true"),
     WAITS("TIMEOUT", "calendar view of " ANNA ": host 127.0.0.1: no answer in time"), 2, 0, IMPATIENT},
    {"a reset once", PAGE_FAULT("1", "\"reset\":true"), WELL, 0, 0, PATIENT},
    {"resets forever", PAGE_FAULT(FOREVER, "\"reset\":true"),
     WAITS("NET", "calendar view of " ANNA ": host 127.0.0.1"), 0, 0, PATIENT},
    {"a cut body once", PAGE_FAULT("1", "\"cut_body\":100"), WELL, 2, 0, PATIENT},
    {"cut bodies forever", PAGE_FAULT(FOREVER, "\"cut_body\":100"),
     WAITS("NET", "calendar view of " ANNA ": host 127.0.0.1"), 3, 0, PATIENT},

    {"the sign-in service is down", TOKEN_FAULT("\"status\":503"),
     WAITS("SERVER", "sign-in of " ANNA ": the sign-in service answers 503"), 0, 0, PATIENT},
    {"the sign-in service throttles", TOKEN_FAULT("\"status\":429,\"headers\":{\"Retry-After\":\"1\"}"),
     WAITS("THROTTLED", "sign-in of " ANNA), 0, 0, PATIENT},
    {"the sign-in service is a hotel",
     TOKEN_FAULT("\"body\":\"<html></html>\",\"content_type\":\"text/html\""),
     WAITS("PROTOCOL", "sign-in of " ANNA), 0, 0, PATIENT},
    {"a token answer without a token",
     TOKEN_FAULT("\"raw_page\":\"{\\\"token_type\\\":\\\"Bearer\\\",\\\"expires_in\\\":3599}\""),
     WAITS("PROTOCOL", "sign-in of " ANNA), 0, 0, PATIENT},
    {"the sign-in service never answers", TOKEN_FAULT("\"never\":true"), WAITS("TIMEOUT", "sign-in of " ANNA),
     0, 0, IMPATIENT},
    {"the sign-in service resets", TOKEN_FAULT("\"reset\":true"), WAITS("NET", "sign-in of " ANNA), 0, 0,
     PATIENT},
    {"the sign-in service redirects", TOKEN_FAULT("\"redirect\":\"$OTHER/organizations/oauth2/v2.0/token\""),
     FAILS("ORIGIN", "sign-in of " ANNA), 0, 0, PATIENT},
    {"the app registration is refused",
     TOKEN_FAULT("\"oauth_error\":\"unauthorized_client\",\"aadsts\":700016"),
     FAILS("APP", "AADSTS700016: sign-in of " ANNA), 0, 0, PATIENT},
    {"the client secret is missing",
     TOKEN_FAULT("\"status\":401,\"oauth_error\":\"invalid_client\",\"aadsts\":7000218"),
     FAILS("APP", "AADSTS7000218: sign-in of " ANNA), 0, 0, PATIENT},
};

/* `text` with $NAME replaced; free() it. */
static char *fill(const char *text, const char *name, const char *value)
{
    const char *at = strstr(text, name);
    return at ? mem_printf("%.*s%s%s", (int)(at - text), text, value, at + strlen(name)) : mem_strdup(text);
}

/* Two seconds after now, as HTTP writes it. */
static void http_date(const struct service *s, char ret_text[40])
{
    time_t t = (time_t)(service_wall_ms(s) / 1000 + 2);
    struct tm parts;
    gmtime_r(&t, &parts);
    strftime(ret_text, 40, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

static void add_fault(struct service *s, const char *fault, const struct graphsim *other)
{
    char date[40];
    http_date(s, date);
    CLEANUP_FREE char *with_other = fill(fault, "$OTHER", graphsim_authority(other));
    CLEANUP_FREE char *with_date = fill(with_other, "$DATE", date);
    service_fault(s, with_date);
}

/* A run that waits goes on at its time, and well, once the trouble is over. */
static void check_recovery(struct scene *scene, int64_t run_id)
{
    static const struct ending well = WELL;
    struct service_result result;
    graphsim_clear_faults(service_sim(scene->s));
    service_turn(scene->s, run_id, &result);
    scene_check(scene, &result, &well);
    assert_int_equal(result.counts.inserted, ANNA_EVENTS);
}

static void check_answer(struct scene *scene, const struct answer *row, struct graphsim *other)
{
    struct service_result result;
    int64_t is_login = strcmp(row->ending.error, "LOGIN") == 0;
    scene_run(scene, &result, &row->ending);
    assert_int_equal(graphsim_count(other, ""), 0);
    if (row->requests > 0) {
        assert_int_equal(graphsim_count(service_sim(scene->s), "calendarView"), row->requests);
        assert_int_equal(result.counts.requests, row->requests);
    }
    assert_int_equal(result.counts.throttled, row->throttled);
    assert_int_equal(service_int(scene->s, "SELECT count(*) FROM action_log WHERE state = 'open'"), is_login);
    if (result.is_waiting) {
        assert_int_equal(result.attempt, 2);
        assert_in_range(result.delay_ms, 15000, 30000);
        check_recovery(scene, result.run_id);
    }
}

static void test_answer(void **state)
{
    const struct answer *row = *state;
    struct graph_limits limits = service_limits();
    struct graphsim_options options = {0};
    struct graphsim *other;
    struct scene scene;
    struct err e = {0};
    if (row->patience == IMPATIENT) {
        limits.request_ms = 400;
        limits.attempts = 2;
    }
    scene_start(&scene, &(struct service_options){.limits = &limits});
    assert_int_equal(graphsim_start(&options, &other, &e), 0);
    add_fault(scene.s, row->fault, other);
    check_answer(&scene, row, other);
    graphsim_stop(other);
    scene_stop(&scene);
}

/* ---- what a row can not say ---- */

static void test_forever(void **state UNUSED)
{
    struct scene scene;
    struct service_result result;
    static const struct ending waits = WAITS("SERVER", "Graph answers 503"),
                               gives_up = FAILS("SERVER", "Graph answers 503");
    int64_t last_ms = 0;
    scene_start(&scene, NULL);
    service_fault(scene.s, PAGE_FAULT(FOREVER, "\"status\":503"));
    scene_run(&scene, &result, &waits);
    for (int attempt = 2; attempt <= 8; attempt++) {
        assert_int_equal(result.attempt, attempt);
        assert_true(result.delay_ms * 3 > last_ms * 2); /* longer and longer, but for the jitter */
        last_ms = result.delay_ms;
        service_turn(scene.s, result.run_id, &result);
        scene_check(&scene, &result, attempt < 8 ? &waits : &gives_up);
    }
    assert_int_equal(graphsim_count(service_sim(scene.s), "calendarView"), 8 * 3);
    scene_stop(&scene);
}

/* What the server asks for reaches the run's own wait, when the request itself can not wait so long. */
static void test_long_retry_after(void **state UNUSED)
{
    struct scene scene;
    struct service_result result;
    struct graph_limits limits = service_limits();
    static const struct ending waits = WAITS("THROTTLED", "Graph answers 429");
    limits.retry_after_max_ms = 4 * MS_PER_HOUR;
    scene_start(&scene, &(struct service_options){.limits = &limits});
    service_fault(scene.s, PAGE_FAULT(FOREVER, "\"status\":429,\"headers\":{\"Retry-After\":\"7200\"}"));
    scene_run(&scene, &result, &waits);
    assert_int_equal(result.delay_ms, 2 * MS_PER_HOUR);
    assert_int_equal(graphsim_count(service_sim(scene.s), "calendarView"), 1);
    scene_stop(&scene);
}

/* Small on the wire, larger than a page may be when unpacked. */
static void test_gzip_bomb(void **state UNUSED)
{
    struct scene scene;
    struct service_result result;
    static const struct ending ending = FAILS("TOO_BIG", "larger than 2097152 bytes");
    size_t len = 8u << 20;
    CLEANUP_FREE char *spaces = mem_calloc(1, len);
    memset(spaces, ' ', len);
    scene_start(&scene, &(struct service_options){.state = "{\"gzip\":true}"});
    service_answer(scene.s, "calendarView", 200, spaces, len);
    scene_run(&scene, &result, &ending);
    scene_stop(&scene);
}

static void test_tls(void **state UNUSED)
{
    struct scene scene;
    struct service_result result;
    static const struct ending well = WELL;
    scene_start(&scene, &(struct service_options){.is_tls = true});
    scene_run(&scene, &result, &well);
    scene_stop(&scene);
}

static void test_tls_distrusted(void **state UNUSED)
{
    struct scene scene;
    struct service_result result;
    static const struct ending ending = FAILS("TLS", "its certificate does not verify");
    scene_start(&scene, &(struct service_options){.is_tls = true, .is_distrusted = true});
    scene_run(&scene, &result, &ending);
    assert_int_equal(graphsim_count(service_sim(scene.s), ""), 0);
    scene_stop(&scene);
}

void bad_answers_add(struct test_list *list)
{
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        test_list_add(list, answers[i].name, test_answer, &answers[i]);
    }
    test_list_add(list, "503 until it is given up", test_forever, NULL);
    test_list_add(list, "429, Retry-After two hours", test_long_retry_after, NULL);
    test_list_add(list, "a page that unpacks to 8 MB", test_gzip_bomb, NULL);
    test_list_add(list, "TLS that verifies", test_tls, NULL);
    test_list_add(list, "TLS that does not verify", test_tls_distrusted, NULL);
}
