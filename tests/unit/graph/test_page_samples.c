#include "page_fixture.h"

#include <dirent.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"

/* Every body that Microsoft published, with what must become of it.  Those that are no page of events show
 * that nothing else is taken for one. */
#define SAMPLES AA_SHARED_DIR "/graph-samples"

enum sample_kind {
    PAGE,   /* text: of the first event its start (UTC), notes and rule; of the first rejection the reason */
    ENTITY, /* the same, as the only element of a page */
    ERROR,  /* text: code, sub code, AADSTS number */
    CALENDARS, /* text: how many can be edited, and the default */
    TOKEN,     /* text: "refresh" or "access", and the seconds */
};

struct sample {
    const char *file;
    enum sample_kind kind;
    size_t n_events; /* or calendars */
    size_t n_rejects;
    const char *text;
};

static const struct sample samples[] = {
    {"attachment-createuploadsession-01.json", ENTITY, 0, 1, "it has no id"},
    {"auth-v2-user-01.json", TOKEN, 0, 0, "refresh 3600"},
    {"auth-v2-user-02.json", ENTITY, 0, 1, "start is missing"},
    {"auth-v2-user-03.json", TOKEN, 0, 0, "refresh 3599"},
    {"beta-calendar-getschedule-01.json", PAGE, 0, 2, "it has no id"},
    {"beta-calendar-list-calendarview-01.json", PAGE, 0, 1, "it has no id"},
    {"beta-calendar-list-events-01.json", PAGE, 0, 1, "it has no id"},
    {"beta-calendar-post-events-02.json", ENTITY, 1, 0, "2019-03-10 19:00 0"},
    {"beta-calendar-update-01.json", ENTITY, 0, 1, "start is missing"},
    {"beta-event-delta-01.json", PAGE, 1, 0, "2020-02-19 10:00 0"},
    {"beta-event-get-01.json", ENTITY, 1, 0, "2017-04-21 17:00 0"},
    {"beta-event-get-03.json", ENTITY, 1, 0, "2017-08-30 11:00 0"},
    {"beta-event-list-instances-01.json", PAGE, 4, 0, "2019-04-16 20:30 0"},
    {"beta-event-post-attachments-01.json", ENTITY, 0, 1, "start is missing"},
    {"beta-event-post-attachments-02.json", ENTITY, 0, 1, "start is missing"},
    {"beta-event-post-attachments-03.json", ENTITY, 0, 1, "start is missing"},
    {"beta-user-list-calendars-01.json", CALENDARS, 1, 0, "1 1"},
    {"beta-user-list-calendarview-01.json", PAGE, 0, 1, "it has no id"},
    {"beta-user-list-events-01.json", PAGE, 1, 0, "2017-04-21 17:00 0"},
    {"beta-user-list-events-02.json", PAGE, 0, 1, "start is missing"},
    {"beta-user-post-events-02.json", ENTITY, 1, 0, "2017-08-30 18:00 0"},
    {"beta-user-post-events-03.json", ENTITY, 1, 0,
     "2017-09-04 19:00 0 FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=SU;UNTIL=20171231T200000Z"},
    {"beta-user-post-events-05.json", ENTITY, 1, 0, "2017-04-15 18:00 0"},
    {"calendar-getschedule-01.json", PAGE, 0, 2, "it has no id"},
    {"calendar-list-calendarview-01.json", PAGE, 0, 1, "it has no id"},
    {"calendar-list-events-01.json", PAGE, 0, 1, "it has no id"},
    {"calendar-post-events-02.json", ENTITY, 1, 0, "2019-03-10 19:00 0"},
    {"calendar-update-01.json", ENTITY, 0, 1, "start is missing"},
    {"contrib-driveitem-createuploadsession-01.json", ERROR, 0, 0, "nameAlreadyExists//0"},
    {"contrib-json-batching-01.json", PAGE, 0, 0, "it has no \"value\" array"},
    {"delta-query-events-01.json", PAGE, 2, 0, "2016-12-09 20:30 0"},
    {"delta-query-events-03.json", PAGE, 1, 0, "2016-12-12 02:00 0"},
    {"delta-query-events-04.json", PAGE, 1, 1, "start is missing"},
    {"delta-query-messages-01.json", PAGE, 0, 2, "start is missing"},
    {"delta-query-messages-03.json", PAGE, 0, 1, "start is missing"},
    {"delta-query-messages-04.json", PAGE, 0, 2, "start is missing"},
    {"delta-query-overview-01.json", ERROR, 0, 0, "NotImplemented//0"},
    {"driveitem-createuploadsession-02.json", ENTITY, 0, 1, "it has no id"},
    {"driveitem-createuploadsession-03.json", ENTITY, 0, 1, "it has no id"},
    {"driveitem-createuploadsession-04.json", ENTITY, 0, 1, "start is missing"},
    {"driveitem-createuploadsession-06.json", ENTITY, 0, 1, "it has no id"},
    {"driveitem-delta-01.json", PAGE, 0, 3, "start is missing"},
    {"driveitem-delta-02.json", PAGE, 0, 2, "start is missing"},
    {"driveitem-put-content-01.json", ENTITY, 0, 1, "start is missing"},
    {"entra-reference-error-codes-01.json", ERROR, 0, 0, "invalid_scope//70011"},
    {"entra-v2-oauth2-auth-code-flow-01.json", TOKEN, 0, 0, "refresh 3599"},
    {"entra-v2-oauth2-client-creds-01.json", TOKEN, 0, 0, "access 3599"},
    {"entra-v2-oauth2-client-creds-02.json", ERROR, 0, 0, "invalid_scope//70011"},
    {"entra-v2-oauth2-device-code-01.json", TOKEN, 0, 0, "refresh 3599"},
    {"errors-02.json", ERROR, 0, 0, "//0"},
    {"event-delta-01.json", PAGE, 0, 1, "it has no id"},
    {"event-get-02.json", ENTITY, 1, 0, "2017-08-30 11:00 0"},
    {"event-list-instances-01.json", PAGE, 4, 0, "2019-04-16 20:30 0"},
    {"event-post-attachments-01.json", ENTITY, 0, 1, "start is missing"},
    {"event-update-01.json", ENTITY, 0, 1, "it has no id"},
    {"eventmessage-get-01.json", ENTITY, 0, 1, "start is missing"},
    {"extensibility-open-users-01.json", ENTITY, 0, 1, "start is missing"},
    {"extensibility-schema-groups-01.json", ENTITY, 0, 1, "start is missing"},
    {"extensibility-schema-groups-02.json", PAGE, 0, 1, "start is missing"},
    {"findmeetingtimes-example-01.json", ENTITY, 0, 1, "it has no id"},
    {"group-get-event-01.json", ENTITY, 1, 0,
     "2017-08-15 14:30 0 FREQ=WEEKLY;INTERVAL=1;BYDAY=TU,TH;WKST=SU"},
    {"group-list-calendarview-01.json", PAGE, 2, 0, "2017-08-14 21:00 0"},
    {"group-post-events-01.json", ENTITY, 1, 0, "2019-06-16 19:00 0"},
    {"group-update-event-01.json", ENTITY, 1, 0, "2019-04-16 22:00 0"},
    {"issue-1061-erroritemnotfound.json", ERROR, 0, 0, "ErrorItemNotFound//0"},
    {"issue-2839-delta-empty-page-with-nextlink.json", PAGE, 0, 0, ""},
    {"issue-34-delta-occurrence-bare.json", ENTITY, 1, 0, "2023-07-23 10:25 0"},
    {"issue-62-orderby-badrequest.json", ERROR, 0, 0, "BadRequest//0"},
    {"json-batching-01.json", PAGE, 0, 0, "it has no \"value\" array"},
    {"multivaluelegacyextendedproperty-get-01.json", ENTITY, 1, 0, "2015-11-26 17:00 0"},
    {"od-aad-oauth-01.json", TOKEN, 0, 0, "refresh 3600"},
    {"od-errors-01.json", ERROR, 0, 0, "invalidRange/fragmentOverlap/0"},
    {"od-graph-oauth-02.json", TOKEN, 0, 0, "refresh 3600"},
    {"opentypeextension-get-01.json", ENTITY, 0, 1, "start is missing"},
    {"opentypeextension-get-02.json", ENTITY, 0, 1, "start is missing"},
    {"opentypeextension-get-04.json", PAGE, 0, 1, "start is missing"},
    {"opentypeextension-post-opentypeextension-01.json", ENTITY, 0, 1, "start is missing"},
    {"opentypeextension-update-01.json", ENTITY, 0, 1, "start is missing"},
    {"outlook-calendar-meeting-proposals-02.json", ENTITY, 1, 0, "2019-08-15 19:00 0"},
    {"outlook-calendar-meeting-proposals-03.json", ENTITY, 1, 0, "2019-08-16 19:00 0"},
    {"outlook-calendar-online-meetings-01.json", ENTITY, 0, 1, "start is missing"},
    {"outlook-calendar-online-meetings-03.json", ENTITY, 0, 1, "start is missing"},
    {"outlook-calendar-online-meetings-04.json", ENTITY, 1, 0, "2019-11-18 23:00 0"},
    {"outlook-create-event-in-shared-delegated-calendar-01.json", CALENDARS, 2, 0, "2 0"},
    {"outlook-create-event-in-shared-delegated-calendar-02.json", ENTITY, 1, 0, "2019-12-26 02:00 0"},
    {"outlook-create-event-in-shared-delegated-calendar-05.json", ENTITY, 1, 0, "2019-12-26 02:00 0"},
    {"outlook-get-free-busy-schedule-01.json", PAGE, 0, 1, "it has no id"},
    {"outlook-get-shared-events-calendars-01.json", CALENDARS, 2, 0, "1 0"},
    {"outlook-large-attachments-01.json", ENTITY, 0, 1, "it has no id"},
    {"outlook-large-attachments-03.json", ENTITY, 0, 1, "it has no id"},
    {"outlook-large-attachments-04.json", ENTITY, 0, 1, "it has no id"},
    {"outlook-send-mail-from-other-user-01.json", ERROR, 0, 0, "ErrorSendAsDenied//0"},
    {"outlook-share-or-delegate-calendar-02.json", ENTITY, 0, 1, "start is missing"},
    {"outlook-share-or-delegate-calendar-03.json", ENTITY, 0, 1, "start is missing"},
    {"outlook-share-or-delegate-calendar-04.json", ENTITY, 0, 1, "start is missing"},
    {"outlook-share-or-delegate-calendar-06.json", ENTITY, 0, 1, "it has no id"},
    {"outlookcategory-get-01.json", ENTITY, 0, 1, "start is missing"},
    {"outlookcategory-update-01.json", ENTITY, 0, 1, "start is missing"},
    {"outlookuser-post-mastercategories-01.json", ENTITY, 0, 1, "start is missing"},
    {"outlookuser-supportedtimezones-01.json", PAGE, 0, 4, "it has no id"},
    {"outlookuser-supportedtimezones-02.json", PAGE, 0, 4, "it has no id"},
    {"singlevaluelegacyextendedproperty-get-01.json", ENTITY, 0, 1, "start is missing"},
    {"throttling-01.json", ERROR, 0, 0, "TooManyRequests/429/0"},
    {"traverse-the-graph-01.json", PAGE, 0, 2, "start is missing"},
    {"traverse-the-graph-03.json", PAGE, 0, 1, "start is missing"},
    {"user-findmeetingtimes-01.json", ENTITY, 0, 1, "it has no id"},
    {"user-get-01.json", ENTITY, 0, 1, "start is missing"},
    {"user-get-mailboxsettings-02.json", ENTITY, 0, 1, "it has no id"},
    {"user-get-mailboxsettings-03.json", ENTITY, 0, 1, "it has no id"},
    {"user-list-calendargroups-01.json", PAGE, 0, 1, "start is missing"},
    {"user-list-calendarview-01.json", PAGE, 0, 1, "it has no id"},
    {"user-list-events-01.json", PAGE, 1, 0, "2017-04-21 17:00 0"},
    {"user-post-calendargroups-01.json", ENTITY, 0, 1, "start is missing"},
    {"user-post-calendars-01.json", ENTITY, 0, 1, "start is missing"},
    {"user-post-events-02.json", ENTITY, 1, 0, "2017-08-30 18:00 0"},
    {"user-post-events-03.json", ENTITY, 1, 0,
     "2017-09-04 19:00 0 FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=SU;UNTIL=20171231T200000Z"},
    {"user-update-mailboxsettings-01.json", ENTITY, 0, 1, "it has no id"},
    {"user-update-mailboxsettings-02.json", ENTITY, 0, 1, "it has no id"},
};

static void show_page(const struct event_page *page, char *out, size_t size)
{
    char start[CIVIL_TIME_LEN + 1];
    if (page->n_rejects > 0) {
        snprintf(out, size, "%s", page->rejects[0].reason);
    } else if (page->n_events > 0) {
        const struct event *event = &page->events[0];
        civil_format_time(event->start_ms, start);
        snprintf(out, size, "%.16s %u%s%s%s", start, event->notes, event->is_all_day ? " all-day" : "",
                 event->rrule ? " " : "", event->rrule ? event->rrule : "");
    }
}

static void read_page(const struct page_fixture *f, const char *body, struct sample *got, char *out,
                      size_t size)
{
    struct err e = {0};
    CLEANUP_FREE char *wrapped = mem_printf(got->kind == ENTITY ? "{\"value\":[%s]}" : "%s", body);
    struct event_page *page = fixture_parse(f, wrapped, strlen(wrapped), &e);
    if (!page) {
        const char *colon = strstr(e.msg, "): ");
        snprintf(out, size, "%s", colon ? colon + 3 : e.msg);
        return;
    }
    got->n_events = page->n_events;
    got->n_rejects = page->n_rejects;
    show_page(page, out, size);
    event_page_destroy(page);
}

static void read_error(const struct buf *body, char *out, size_t size)
{
    struct graph_error error;
    if (page_parse_error(body->data, body->len, &error) < 0) {
        snprintf(out, size, "no error");
    } else {
        snprintf(out, size, "%s/%s/%ld", error.code, error.sub_code, error.aadsts);
    }
}

static void read_calendars(const struct buf *body, struct sample *got, char *out, size_t size)
{
    struct remote_calendar *list;
    struct err e = {0};
    char *link;
    int n_edit = 0;
    int n_default = 0;
    if (page_parse_calendars(body->data, body->len, &list, &got->n_events, &link, &e) < 0) {
        snprintf(out, size, "%s", e.msg);
        return;
    }
    for (size_t i = 0; i < got->n_events; i++) {
        n_edit += list[i].can_edit;
        n_default += list[i].is_default;
    }
    snprintf(out, size, "%d %d", n_edit, n_default);
    remote_calendars_free(list, got->n_events);
    free(link);
}

static void read_token(const struct buf *body, char *out, size_t size)
{
    struct token_reply reply;
    struct err e = {0};
    if (page_parse_token(body->data, body->len, &reply, &e) < 0) {
        snprintf(out, size, "%s", e.msg);
        return;
    }
    snprintf(out, size, "%s %lld", reply.refresh_token ? "refresh" : "access", (long long)reply.expires_in_s);
    token_reply_finish(&reply);
}

static bool is_as_expected(const struct page_fixture *f, const struct sample *sample)
{
    CLEANUP(buf_finish) struct buf body = {.max = 1 << 20};
    struct sample got = {.file = sample->file, .kind = sample->kind};
    char path[512];
    char text[320] = "";
    snprintf(path, sizeof path, "%s/%s", SAMPLES, sample->file);
    if (buf_read_file(&body, path) < 0) {
        print_error("%s: can not be read\n", sample->file);
        return false;
    }
    switch (sample->kind) {
    case PAGE:
    case ENTITY: read_page(f, buf_str(&body), &got, text, sizeof text); break;
    case ERROR: read_error(&body, text, sizeof text); break;
    case CALENDARS: read_calendars(&body, &got, text, sizeof text); break;
    case TOKEN: read_token(&body, text, sizeof text); break;
    }
    if (got.n_events == sample->n_events && got.n_rejects == sample->n_rejects &&
        strcmp(text, sample->text) == 0) {
        return true;
    }
    print_error("%s: %zu events, %zu rejects, \"%s\"\n", sample->file, got.n_events, got.n_rejects, text);
    return false;
}

static DIR *open_samples(void)
{
    DIR *dir = opendir(SAMPLES);
    if (!dir) {
        print_message("SKIPPED: the published samples are not here (" SAMPLES ")\n");
        skip();
    }
    return dir;
}

static void test_samples(void **state)
{
    int failed = 0;
    closedir(open_samples());
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        failed += !is_as_expected(*state, &samples[i]);
    }
    assert_int_equal(failed, 0);
}

static void test_every_sample_has_a_row(void **state)
{
    (void)state;
    size_t n = 0;
    int failed = 0;
    DIR *dir = open_samples();
    for (const struct dirent *entry; (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        bool found = false;
        if (!dot || strcmp(dot, ".json") != 0) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(samples) && !found; i++) {
            found = strcmp(samples[i].file, entry->d_name) == 0;
        }
        n++;
        if (!found) {
            print_error("%s has no row\n", entry->d_name);
            failed++;
        }
    }
    closedir(dir);
    assert_int_equal(failed, 0);
    assert_int_equal(n, ARRAY_LEN(samples));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_every_sample_has_a_row),
    };
    return cmocka_run_group_tests_name("graph/page_samples", tests, page_fixture_setup,
                                       page_fixture_teardown);
}
