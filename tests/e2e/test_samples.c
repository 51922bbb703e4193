/* Every body that Microsoft published, through the whole path: served by the stand-in, fetched by a run of a
 * calendar archive, mapped, and archived; or left out, put into quarantine or refused, each for the reason in
 * its row.  What is no page of events shows that nothing else is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "tests/e2e/sample_rows.h"
#include "tests/lib/service.h"

#define SAMPLES AA_SHARED_DIR "/graph-samples"
#define USER    "anna@example.com"

/* As much as Graph gives in one window is 1825 days, a day more on each side included. */
static const char *const windows[][2] = {
    [OLD] = {"2014-06-01", "2019-05-01"},
    [NEW] = {"2019-01-01", "2023-12-01"},
};

static const char state_json[] = "{\"users\":[{\"upn\":\"" USER "\",\"refresh_token\":\"refresh-of-anna\","
                                 "\"calendars\":[{\"id\":\"AAMkPrimary=\",\"isDefaultCalendar\":true}]}]}";

static const char one_event[] =
    "{\"value\":[{\"id\":\"AAMkOne=\",\"subject\":\"One\",\"type\":\"singleInstance\","
    "\"start\":{\"dateTime\":\"2017-05-02T09:00:00.0000000\",\"timeZone\":\"UTC\"},"
    "\"end\":{\"dateTime\":\"2017-05-02T10:00:00.0000000\",\"timeZone\":\"UTC\"}}]}";

struct suite {
    struct service *service; /* one for all: each sample has an archive of its own */
    int64_t user_id;
};

struct sample_case {
    const struct sample *sample;
    struct suite *suite;
    char name[96];
};

static void read_file(const char *name, struct buf *body)
{
    CLEANUP_FREE char *path = mem_printf("%s/%s", SAMPLES, name);
    if (buf_read_file(body, path) < 0) {
        fail_msg("%s can not be read", path);
    }
}

/* ---- serving ---- */

/* The body as Graph would have sent it from the stand-in's address; free() it. */
static char *on_own_origin(struct service *s, const char *body)
{
    static const char theirs[] = "https://graph.microsoft.com";
    struct buf out;
    const char *at = body;
    size_t len;
    buf_init(&out, 1 << 20);
    for (const char *hit; (hit = strstr(at, theirs)); at = hit + sizeof theirs - 1) {
        assert_int_equal(buf_add(&out, at, (size_t)(hit - at)), 0);
        assert_int_equal(buf_add_str(&out, graphsim_authority(service_sim(s))), 0);
    }
    assert_int_equal(buf_add_str(&out, at), 0);
    return buf_steal(&out, &len);
}

static void serve_page(struct service *s, const struct sample *sample, const char *body)
{
    CLEANUP_FREE char *bytes = NULL;
    static const char empty[] = "{\"value\":[]}";
    switch (sample->serve) {
    case ENTITY: bytes = mem_printf("{\"value\":[%s]}", body); break;
    case FOLLOWED:
        bytes = on_own_origin(s, body);
        service_answer(s, "skip", 200, empty, sizeof empty - 1);
        service_answer(s, "(token=", 200, empty, sizeof empty - 1);
        break;
    case PAGE:
    case CALENDARS:
    case FAULT:
    case TOKEN:
    case TOKEN_FAULT: bytes = mem_strdup(body); break;
    }
    service_answer(s, "calendarView", 200, bytes, strlen(bytes));
}

/* A status with the headers that the sample was published with. */
static void serve_fault(struct service *s, const char *match, const struct sample *sample)
{
    CLEANUP_FREE char *fault = mem_printf(
        "{\"match\":\"%s\",\"action\":{\"status\":%d,\"body_file\":\"%s/%s\"%s}}", match, sample->status,
        SAMPLES, sample->file, sample->status == 429 ? ",\"headers\":{\"Retry-After\":\"2.128\"}" : "");
    service_fault(s, fault);
}

/* The tokens of the sample become good ones; afterwards the store must hold them and show them nowhere. */
static int64_t serve_token(struct service *s, const struct sample *sample, const char *body)
{
    CLEANUP_FREE char *mailbox = mem_printf("%.60s@example.com", sample->file);
    CLEANUP_FREE char *refresh = mem_printf("refresh-before-%s", sample->file);
    cJSON *reply = cJSON_Parse(body);
    const char *access = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "access_token"));
    CLEANUP_FREE char *state =
        mem_printf("{\"users\":[{\"upn\":\"%s\",\"access_token\":\"%s\",\"refresh_token\":\"%s\","
                   "\"calendars\":[{\"id\":\"%s\",\"isDefaultCalendar\":true}]}]}",
                   mailbox, access ? access : "none", refresh, sample->file);
    cJSON_Delete(reply);
    service_load(s, state);
    if (sample->serve == TOKEN) {
        service_answer(s, "oauth2/v2.0/token", 200, body, strlen(body));
        service_answer(s, "calendarView", 200, one_event, sizeof one_event - 1);
    } else {
        serve_fault(s, "oauth2/v2.0/token", sample);
    }
    return service_add_user(s, mailbox, refresh);
}

/* The job that will meet the sample. */
static int64_t arrange(struct suite *suite, const struct sample *sample, const char *body)
{
    struct service *s = suite->service;
    CLEANUP_FREE char *by_name = mem_printf("msgraph:///calendars/\"%s\"", sample->says ? sample->says : "");
    int64_t user_id = suite->user_id;
    const char *source = "msgraph:///calendars/primary";
    switch (sample->serve) {
    case PAGE:
    case ENTITY:
    case FOLLOWED: serve_page(s, sample, body); break;
    case FAULT: serve_fault(s, "calendarView", sample); break;
    case CALENDARS:
        service_answer(s, "calendarView", 200, one_event, sizeof one_event - 1);
        service_answer(s, "/calendars?", 200, body, strlen(body));
        source = by_name;
        break;
    case TOKEN:
    case TOKEN_FAULT: user_id = serve_token(s, sample, body); break;
    }
    return service_add_archive(s, user_id, source, NULL);
}

/* ---- looking ---- */

static const char *end_name(const struct service_result *result)
{
    return result->is_waiting ? "waiting" : run_outcome_name(result->outcome);
}

/* The verdict on what was left out, "" where nothing was. */
static const char *verdict_of(const struct run_counts *counts)
{
    for (int v = VERDICT_KEEP + 1; v < VERDICT_COUNT; v++) {
        if (counts->verdicts[v] > 0) {
            return event_verdict_name((enum event_verdict)v);
        }
    }
    return "";
}

/* What struct sample calls `says`, as it came out; free() it. */
static char *saying(struct service *s, const struct sample *sample, const struct service_result *result,
                    int64_t archive_id)
{
    static const char reason[] =
        "SELECT reason FROM quarantined_events WHERE archive_configuration_id = $1 ORDER BY id LIMIT 1";
    static const char start[] =
        "SELECT substr(min(start_time), 1, 16) FROM appointments WHERE archive_configuration_id = $1";
    if (result->why.code != 0) {
        return mem_strdup(strstr(result->why.msg, sample->says) ? sample->says : result->why.msg);
    }
    if (sample->serve == CALENDARS || sample->serve == TOKEN) {
        return mem_strdup(sample->says);
    }
    char *text = service_text_of(s, result->outcome == OUTCOME_PARTIAL ? reason : start, archive_id);
    return text ? text : mem_strdup(verdict_of(&result->counts));
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What is archived is the event as it came, byte by byte. */
static void check_raw(struct service *s, const struct sample *sample, const char *body, int64_t archive_id)
{
    bool is_as_served = sample->serve == PAGE || sample->serve == ENTITY;
    CLEANUP_FREE char *raw = service_text_of(
        s, "SELECT ms_event_data FROM appointments WHERE archive_configuration_id = $1", archive_id);
    if (is_as_served && raw) {
        assert_int_equal(*raw, '{');
        assert_non_null(strstr(body, raw));
    }
}

static void check_tokens(struct suite *suite, const char *body)
{
    struct service *s = suite->service;
    struct user_tokens tokens;
    cJSON *reply = cJSON_Parse(body);
    const char *access = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "access_token"));
    const char *refresh = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "refresh_token"));
    service_tokens(s, service_int(s, "SELECT max(id) FROM users"), &tokens);
    bool is_kept = tokens.access && strcmp(secret_bytes(tokens.access), access) == 0 &&
                   (!refresh || strcmp(secret_bytes(tokens.refresh), refresh) == 0);
    bool is_shown = service_database_has(s, access) || strstr(service_log(s), access) ||
                    (refresh && (service_database_has(s, refresh) || strstr(service_log(s), refresh)));
    user_tokens_finish(&tokens);
    cJSON_Delete(reply);
    assert_true(is_kept);
    assert_false(is_shown);
}

static void test_sample(void **state)
{
    const struct sample_case *c = *state;
    const struct sample *sample = c->sample;
    struct service *s = c->suite->service;
    struct service_result result;
    CLEANUP(buf_finish) struct buf body = {.max = 1 << 20};
    read_file(sample->file, &body);
    graphsim_clear_faults(service_sim(s));
    int64_t job_id = arrange(c->suite, sample, buf_str(&body));
    service_run(s, job_id, windows[sample->window][0], windows[sample->window][1], &result);
    int64_t archive_id = service_archive_of(s, job_id);
    int64_t archived = service_int_of(
        s, "SELECT count(*) FROM appointments WHERE archive_configuration_id = $1", archive_id);
    int64_t quarantined = service_int_of(
        s, "SELECT count(*) FROM quarantined_events WHERE archive_configuration_id = $1", archive_id);
    CLEANUP_FREE char *says = saying(s, sample, &result, archive_id);
    const char *error = result.why.code ? err_name(result.why.code) : "";
    if (archived != sample->archived || quarantined != sample->quarantined ||
        !is_same(end_name(&result), sample->end) || !is_same(error, sample->error) ||
        !is_same(says, sample->says)) {
        fail_msg("%lld archived, %lld in quarantine, %s, \"%s\", \"%s\"", (long long)archived,
                 (long long)quarantined, end_name(&result), error, says ? says : "");
    }
    assert_int_equal(service_troubles(s), 0);
    check_raw(s, sample, buf_str(&body), archive_id);
    if (sample->serve == TOKEN) {
        check_tokens(c->suite, buf_str(&body));
    }
}

/* ---- the index ---- */

/* The status is that of the index, where it names one. */
static bool has_row(const char *file, long status)
{
    for (size_t i = 0; i < sample_row_count; i++) {
        const struct sample *sample = &sample_rows[i];
        bool is_fault = sample->serve == FAULT || sample->serve == TOKEN_FAULT;
        if (strcmp(sample->file, file) == 0) {
            return !is_fault || status == 0 || status == sample->status;
        }
    }
    return false;
}

/* The file's name is the first column of the index, the status the sixth; 0 where that is empty. */
static long status_of(const char *line)
{
    for (int i = 0; i < 5; i++) {
        line += strcspn(line, "\t\n");
        line += *line == '\t';
    }
    return strtol(line, NULL, 10);
}

static void test_index(void **state)
{
    (void)state;
    CLEANUP(buf_finish) struct buf index = {.max = 1 << 20};
    size_t n = 0;
    int failed = 0;
    read_file("index.tsv", &index);
    const char *line = index.data;
    line += strcspn(line, "\n"); /* the head */
    while (*line && *++line) {
        CLEANUP_FREE char *file = mem_printf("%.*s", (int)strcspn(line, "\t\n"), line);
        if (!has_row(file, status_of(line))) {
            print_error("%s has no row, or one with another status\n", file);
            failed++;
        }
        n++;
        line += strcspn(line, "\n");
    }
    assert_int_equal(failed, 0);
    assert_true(n > 100);
}

/* ---- all of them ---- */

static struct suite suite;

static int begin(void **state)
{
    (void)state;
    struct service_options options = {.state = state_json};
    suite.service = service_start(&options);
    suite.user_id = service_add_user(suite.service, USER, "refresh-of-anna");
    return 0;
}

static int end(void **state)
{
    (void)state;
    service_stop(suite.service);
    return 0;
}

int main(void)
{
    static const char *const serve_names[] = {
        [PAGE] = "page",           [ENTITY] = "entity", [FOLLOWED] = "followed",      [FAULT] = "fault",
        [CALENDARS] = "calendars", [TOKEN] = "token",   [TOKEN_FAULT] = "token fault"};
    if (access(SAMPLES "/index.tsv", R_OK) < 0) {
        printf("skipped: " SAMPLES " is not there\n");
        return 0;
    }
    struct sample_case *cases = mem_calloc(sample_row_count, sizeof *cases);
    struct CMUnitTest *tests = mem_calloc(sample_row_count + 1, sizeof *tests);
    for (size_t i = 0; i < sample_row_count; i++) {
        cases[i] = (struct sample_case){&sample_rows[i], &suite, ""};
        snprintf(cases[i].name, sizeof cases[i].name, "%s as %s", sample_rows[i].file,
                 serve_names[sample_rows[i].serve]);
        tests[i] =
            (struct CMUnitTest){.name = cases[i].name, .test_func = test_sample, .initial_state = &cases[i]};
    }
    tests[sample_row_count] = (struct CMUnitTest)cmocka_unit_test(test_index);
    int failed = _cmocka_run_group_tests("e2e/samples", tests, sample_row_count + 1, begin, end);
    free(tests);
    free(cases);
    return failed;
}
