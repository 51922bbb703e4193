/* Which calendar a URI means: the rule as a table, and through the server with its pages. */
#include "tests/unit/graph/graph_fixture.h"

#include "graph/calendar_name.h"
#include "graph/calendars.h"

static void test_fold(void **state UNUSED)
{
    static const char *const rows[][2] = {
        {"Calendar", "calendar"},
        {"  Client \t Work\xc2\xa0 ", "client work"},
        {"Client-Work: ACME!", "clientwork acme"},
        {"B\xc3\x9cRO", "b\xc3\xbcro"},                           /* BÜRO */
        {"\xce\xa3\xce\x99", "\xcf\x83\xce\xb9"},                 /* Greek */
        {"\xd0\x9c\xd0\x98\xd0\xa0", "\xd0\xbc\xd0\xb8\xd1\x80"}, /* Cyrillic */
        {"\xd0\x81", "\xd1\x91"},
        {"\xc5\x81\xc3\xb3"
         "d\xc5\xba",
         "\xc5\x82\xc3\xb3"
         "d\xc5\xba"}, /* Łódź */
        {"\xc5\xbd", "\xc5\xbe"},
        {"a\xe2\x80\x94"
         "b\xe2\x80\xa6",
         "ab"}, /* dash, ellipsis */
        {"\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80", "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"},
        {"x\xff\xc3", "x\xff\xc3"}, /* not UTF-8: stands for itself */
        {"C#", "c"},
        {"!?", ""},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text = calendar_name_fold(rows[i][0]);
        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

static struct remote_calendar calendars[] = {
    {.id = "ID-AAAAAAAAAAAAAAA1", .name = "Calendar"},
    {.id = "ID-AAAAAAAAAAAAAAA2", .name = "Client Work: ACME"},
    {.id = "ID-AAAAAAAAAAAAAAA3", .name = "Team plan"},
    {.id = "ID-AAAAAAAAAAAAAAA4", .name = "team-plan"},
    {.id = "ID-AAAAAAAAAAAAAAA5", .name = "Twin"},
    {.id = "ID-AAAAAAAAAAAAAAA6", .name = "Twin"},
    {.id = "ID-AAAAAAAAAAAAAAA7", .name = "C#"},
    {.id = "ID-AAAAAAAAAAAAAAA8", .name = "!!!"},
    {.id = "ID-AAAAAAAAAAAAAAA9", .name = "ID-AAAAAAAAAAAAAAA1"}, /* named like another one's id */
    {.id = "ID-AAAAAAAAAAAAAA10", .name = "TEAM plan"},
};

static void test_match(void **state UNUSED)
{
    static const struct {
        const char *name;
        const char *identifier;
        int found; /* index, or -1 */
        int code;
    } rows[] = {
        {"exact name", "Client Work: ACME", 1, 0},
        {"exact name before those alike", "Team plan", 2, 0},
        {"exact name, the other one", "team-plan", 3, 0},
        {"case and punctuation", "client-work acme", -1,
         ERR_NOT_FOUND}, /* "clientwork acme" is not "client work acme" */
        {"case and white space", "  CLIENT  work acme ", 1, 0},
        {"alike to two", "TEAM PLAN", -1, ERR_AMBIGUOUS},
        {"two of one name", "Twin", -1, ERR_AMBIGUOUS},
        {"alike to two of one name", "twin", -1, ERR_AMBIGUOUS},
        {"exact id", "ID-AAAAAAAAAAAAAAA5", 4, 0},
        {"an id in another case", "id-aaaaaaaaaaaaaaa5", 4, ERR_NOT_FOUND},
        {"a name that is an id", "ID-AAAAAAAAAAAAAAA1", 8, 0},
        {"only punctuation, exactly", "!!!", 7, 0},
        {"only punctuation, otherwise", "???", -1, ERR_NOT_FOUND},
        {"sharp", "C#", 6, 0},
        {"unknown", "Holiday", -1, ERR_NOT_FOUND},
        {"a part of a name", "Client", -1, ERR_NOT_FOUND},
        {"empty", "", -1, ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct remote_calendar *found = NULL;
        struct err e = {0};
        int r = calendars_match(calendars, ARRAY_LEN(calendars), ANNA, rows[i].identifier, &found, &e);
        bool found_ok = rows[i].code ? !found : found == &calendars[rows[i].found];
        if (r != rows[i].code || !found_ok) {
            fail_msg("%s: %s, %s", rows[i].name, err_name(r), e.msg);
        }
    }
}

static void test_messages(void **state UNUSED)
{
    const struct remote_calendar *found = NULL;
    struct err e = {0};
    assert_int_equal(calendars_match(calendars, ARRAY_LEN(calendars), ANNA, "Holiday", &found, &e),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(e.msg, "\"Holiday\""));
    assert_non_null(strstr(e.msg, "admin-assistant calendar list anna@example.com --remote"));
    assert_int_equal(calendars_match(calendars, ARRAY_LEN(calendars), ANNA, "Twin", &found, &e),
                     ERR_AMBIGUOUS);
    assert_non_null(strstr(e.msg, "AAAAAAAAAAA5"));
    assert_non_null(strstr(e.msg, "AAAAAAAAAAA6"));
    assert_null(strstr(e.msg, "ID-AAAAAAAAAAAAAAA5"));
    assert_int_equal(calendars_match(NULL, 0, ANNA, "x", &found, &e), ERR_NOT_FOUND);
}

/* ---- through the server ---- */

struct outcome {
    int n;
    int code;
    char msg[320];
    char id[64];
    char name[64];
    size_t n_calendars;
    char last_id[64];
    struct client_cost cost;
};

static void on_resolved(void *arg, const struct err *e, const char *id, const char *name,
                        const struct client_cost *cost)
{
    struct outcome *o = arg;
    o->n++;
    o->code = e ? e->code : 0;
    o->cost = *cost;
    if (e) {
        memcpy(o->msg, e->msg, sizeof o->msg);
    } else {
        snprintf(o->id, sizeof o->id, "%s", id);
        snprintf(o->name, sizeof o->name, "%s", name);
    }
}

static void on_listed(void *arg, const struct err *e, const struct remote_calendar *list, size_t n,
                      const struct client_cost *cost)
{
    struct outcome *o = arg;
    o->n++;
    o->code = e ? e->code : 0;
    o->cost = *cost;
    o->n_calendars = n;
    if (e) {
        memcpy(o->msg, e->msg, sizeof o->msg);
    } else if (n > 0) {
        snprintf(o->last_id, sizeof o->last_id, "%s", list[n - 1].id);
    }
}

static struct outcome resolve(struct graph_fixture *f, const char *identifier)
{
    char account[] = ANNA;
    char *copy = mem_strdup(identifier);
    struct calendar_uri uri = {.scheme = URI_MSGRAPH, .account = account, .identifier = copy};
    struct outcome o = {0};
    (void)calendars_resolve(graph_client_of(f->graph), ANNA, &uri, on_resolved, &o);
    free(copy);
    fixture_run_until(f, &o.n, 1);
    return o;
}

static struct outcome list(struct graph_fixture *f)
{
    struct outcome o = {0};
    (void)calendars_list(graph_client_of(f->graph), ANNA, on_listed, &o);
    fixture_run_until(f, &o.n, 1);
    return o;
}

static void test_resolve(void **state)
{
    struct graph_fixture *f = *state;
    fixture_start(f);
    struct outcome o = resolve(f, "primary");
    assert_int_equal(o.code, 0);
    assert_string_equal(o.id, "primary");
    assert_int_equal(o.cost.requests, 0);
    o = resolve(f, "client work ACME");
    assert_int_equal(o.code, 0);
    assert_string_equal(o.id, "AQMkCal2/+=");
    assert_string_equal(o.name, "Client Work: ACME");
    assert_int_equal(o.cost.requests, 1);
    assert_string_equal(resolve(f, "B\xc3\x9cRO").id, "AQMkCal3=");
    assert_string_equal(resolve(f, "AQMkCal2/+=").name, "Client Work: ACME");
    assert_string_equal(resolve(f, "team-plan").id, "AQMkTwinAAAAAAAA2=");
    assert_int_equal(resolve(f, "TEAM PLAN").code, ERR_AMBIGUOUS);
    assert_int_equal(resolve(f, "Holiday").code, ERR_NOT_FOUND);
    assert_int_equal(resolve(f, "AQMkBert=").code, ERR_NOT_FOUND); /* an id of another mailbox */
}

static void test_pages_are_followed(void **state)
{
    struct graph_fixture *f = *state;
    struct buf state_text;
    buf_init(&state_text, 65536);
    int r = buf_add_str(&state_text, "{\"users\":[{\"upn\":\"anna@example.com\",\"calendars\":[");
    for (int i = 0; i < 244 && r == 0; i++) {
        r = buf_printf(&state_text, "%s{\"id\":\"many-%d\",\"name\":\"Many %d\"}", i ? "," : "", i, i);
    }
    r = r == 0 ? buf_add_str(&state_text, "]}]}") : r;
    assert_int_equal(r, 0);
    fixture_load(f, buf_str(&state_text));
    buf_finish(&state_text);
    fixture_start(f);
    struct outcome o = list(f);
    assert_int_equal(o.code, 0);
    assert_int_equal(o.n_calendars, 250);
    assert_string_equal(o.last_id, "many-243");
    assert_int_equal(o.cost.requests, 3);
    assert_string_equal(resolve(f, "many 243").id, "many-243");
}

struct fault_row {
    const char *name;
    const char *action;
    int code;
    int requests;
};

static void test_list_faults(void **state)
{
    static const struct fault_row rows[] = {
        {"the page is its own next",
         "{\"body\":{\"value\":[],\"@odata.nextLink\":\"%s/users/x/calendars?same\"}}", ERR_LOOP, 2},
        {"next elsewhere", "{\"body\":{\"value\":[],\"@odata.nextLink\":\"https://evil.example/v1.0\"}}",
         ERR_ORIGIN, 1},
        {"no list", "{\"body\":{\"value\":7}}", ERR_PROTOCOL, 1},
        {"no JSON", "{\"body\":\"{\",\"content_type\":\"application/json\"}", ERR_PROTOCOL, 1},
        {"403", "{\"status\":403}", ERR_DENIED, 1},
        {"no mailbox", "{\"status\":404,\"body\":{\"error\":{\"code\":\"MailboxNotEnabledForRESTAPI\"}}}",
         ERR_NOT_FOUND, 1},
    };
    struct graph_fixture *f = *state;
    f->limits.attempts = 1;
    fixture_start(f);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char action[512], fault[768];
        const char *at = strstr(rows[i].action, "%s");
        snprintf(action, sizeof action, "%.*s%s%s", at ? (int)(at - rows[i].action) : 0, rows[i].action,
                 at ? graphsim_base_url(f->sim) : "", at ? at + 2 : rows[i].action);
        snprintf(fault, sizeof fault, "{\"match\":\"/calendars\",\"action\":%s}", action);
        fixture_fault(f, fault);
        struct outcome o = list(f);
        graphsim_clear_faults(f->sim);
        if (o.code != rows[i].code || o.cost.requests != rows[i].requests) {
            fail_msg("%s: %s, %lld requests: %s", rows[i].name, err_name(o.code), (long long)o.cost.requests,
                     o.msg);
        }
    }
}

static void test_cancel(void **state)
{
    struct graph_fixture *f = *state;
    char account[] = ANNA, primary[] = "primary";
    struct calendar_uri uri = {.scheme = URI_MSGRAPH, .account = account, .identifier = primary};
    struct outcome o[2] = {{0}, {0}};
    fixture_start(f);
    calendars_cancel(calendars_list(graph_client_of(f->graph), ANNA, on_listed, &o[0]));
    calendars_cancel(calendars_resolve(graph_client_of(f->graph), ANNA, &uri, on_resolved, &o[1]));
    for (int i = 0; i < 2; i++) {
        fixture_run_until(f, &o[i].n, 1);
        assert_int_equal(o[i].code, ERR_CANCELLED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold), cmocka_unit_test(test_match),          cmocka_unit_test(test_messages),
        FIXTURE_TEST(test_resolve),  FIXTURE_TEST(test_pages_are_followed), FIXTURE_TEST(test_list_faults),
        FIXTURE_TEST(test_cancel),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
