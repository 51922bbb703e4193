/* Draft invoices in Xero: one for each sheet and customer, whatever is there and whatever is lost on the way;
 * its token, its keys, and what its refusals mean. */
#include "tests/unit/graph/graph_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "graph/xero_job.h"

#define SECRET "xero-secret-canary"

struct bench {
    uv_loop_t loop;
    struct graphsim *sim;
    struct settings settings;
    struct graph_limits limits;
    char secret_file[64];
    struct xero *xero;
    bool is_closed;
};

static int set_up(void **state)
{
    struct bench *b = mem_calloc(1, sizeof *b);
    struct graphsim_options options = {0};
    struct err e = {0};
    uv_loop_init(&b->loop);
    fixture_need(graphsim_start(&options, &b->sim, &e), &e);
    fixture_need(graphsim_load(b->sim,
                               "{\"xero\":{\"client_id\":\"C1\",\"client_secret\":\"" SECRET
                               "\",\"tenant_id\":\"T1\","
                               "\"contacts\":[\"Acme\"]}}",
                               &e),
                 &e);
    snprintf(b->secret_file, sizeof b->secret_file, "/tmp/aa-xero-XXXXXX");
    int fd = mkstemp(b->secret_file);
    assert_int_equal(write(fd, SECRET "\n", sizeof SECRET), (ssize_t)sizeof SECRET);
    close(fd);
    b->limits = graph_limits_default;
    b->settings = (struct settings){
        .graph_ca_file = mem_strdup(""),
        .xero_base_url = mem_printf("%s/api.xro/2.0", graphsim_authority(b->sim)),
        .xero_identity_url = mem_printf("%s/connect/token", graphsim_authority(b->sim)),
        .xero_client_id = mem_strdup("C1"),
        .xero_secret_file = b->secret_file,
        .xero_tenant_id = mem_strdup("T1"),
    };
    *state = b;
    return 0;
}

static void open_xero(struct bench *b)
{
    struct err e = {0};
    fixture_need(xero_create(&b->loop, &clock_real, &b->settings, &b->limits, &b->xero, &e), &e);
}

static void on_closed(void *arg)
{
    ((struct bench *)arg)->is_closed = true;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    xero_close(b->xero, on_closed, b);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    bool ok = b->is_closed && uv_loop_close(&b->loop) == 0;
    graphsim_stop(b->sim);
    unlink(b->secret_file);
    free(b->settings.graph_ca_file);
    free(b->settings.xero_base_url);
    free(b->settings.xero_identity_url);
    free(b->settings.xero_client_id);
    free(b->settings.xero_tenant_id);
    free(b);
    return ok ? 0 : -1;
}

/* ---- one invoice ---- */

struct run {
    struct bench *b;
    struct xero_job *job;
    const char *key;
    char *payload;
    int n_prepared;
    bool stops; /* when it is prepared */
    int n;
    int code;
    int native;
    bool was_there;
    char id[64];
    char number[64];
    char msg[320];
};

static void on_prepared(void *arg, const char *payload)
{
    struct run *r = arg;
    r->n_prepared++;
    free(r->payload);
    r->payload = mem_strdup(payload);
    if (!r->stops) {
        xero_job_go_on(r->job, r->key);
    }
}

static void on_done(void *arg, const struct err *e, const struct xero_job_outcome *outcome)
{
    struct run *r = arg;
    r->n++;
    r->code = e ? e->code : 0;
    r->native = e ? e->native : 0;
    if (e) {
        snprintf(r->msg, sizeof r->msg, "%s", e->msg);
    } else {
        r->was_there = outcome->was_there;
        snprintf(r->id, sizeof r->id, "%s", outcome->invoice_id);
        snprintf(r->number, sizeof r->number, "%s", outcome->invoice_number);
    }
}

static const struct xero_line lines[] = {{20515, 750, "Design \"quoted\"; Review"}, {20516, 25, ""}};

static struct xero_job_request asked(const char *customer, int32_t revision)
{
    return (struct xero_job_request){.number = "2026-0007",
                                     .revision = revision,
                                     .owner = "anna@example.com",
                                     .customer = customer,
                                     .date_day = 20519,
                                     .rate = "95.50",
                                     .account_code = "200",
                                     .lines = lines,
                                     .n_lines = ARRAY_LEN(lines),
                                     .pdf_name = "timesheet-2026-0007-r1.pdf",
                                     .pdf = "%PDF",
                                     .pdf_len = 4};
}

static void begin(struct bench *b, struct run *r, const struct xero_job_request *request, const char *key)
{
    struct xero_job_events events = {on_prepared, on_done};
    r->b = b;
    r->key = key;
    r->job = xero_job_start(b->xero, request, &events, r);
    assert_int_equal(r->n, 0); /* never from inside */
}

static void wait_done(struct bench *b, struct run *r)
{
    while (r->n == 0 && uv_run(&b->loop, UV_RUN_ONCE)) {
    }
    assert_int_equal(r->n, 1);
    free(r->payload);
    r->payload = NULL;
}

static struct run run(struct bench *b, const struct xero_job_request *request, const char *key)
{
    struct run r = {0};
    begin(b, &r, request, key);
    wait_done(b, &r);
    return r;
}

/* What stands behind "name": in the JSON of what is in Xero, n-th time. */
static void assert_xero(struct bench *b, const char *text, int times)
{
    char *all = graphsim_xero(b->sim);
    int n = 0;
    for (const char *at = all; (at = strstr(at, text)); at++) {
        n++;
    }
    if (n != times) {
        fail_msg("\"%s\" stands there %d times instead of %d in %s", text, n, times, all);
    }
    free(all);
}

static void fault(struct bench *b, const char *json)
{
    struct err e = {0};
    fixture_need(graphsim_fault(b->sim, json, &e), &e);
}

static void invoice_is_made_once(void **state)
{
    struct bench *b = *state;
    open_xero(b);
    struct xero_job_request request = asked("Acme", 1);
    struct run r = run(b, &request, "key-1");
    assert_int_equal(r.code, 0);
    assert_false(r.was_there);
    assert_string_equal(r.number, "INV-0001");
    assert_xero(b, "\"Reference\":\t\"2026-0007/1 anna@example.com\"", 1);
    assert_xero(b, "\"Type\":\t\"ACCREC\"", 1);
    assert_xero(b, "\"Status\":\t\"DRAFT\"", 1);
    assert_xero(b, "\"Date\":\t\"2026-03-07\"", 1);
    assert_xero(b, "\"Quantity\":\t7.5,", 1);
    assert_xero(b, "\"Quantity\":\t0.25,", 1);
    assert_xero(b, "\"UnitAmount\":\t95.5,", 2);
    assert_xero(b, "\"AccountCode\":\t\"200\"", 2);
    assert_xero(b, "\"Description\":\t\"2026-03-03: Design \\\"quoted\\\"; Review\"", 1);
    assert_xero(b, "\"Description\":\t\"2026-03-04\"", 1);
    assert_xero(b, "\"ContactID\"", 2); /* Acme was known: no second contact */
    assert_xero(b, "\"ContentLength\":\t4", 1);
    r = run(b, &request, "key-1");
    assert_int_equal(r.code, 0);
    assert_true(r.was_there);
    assert_int_equal(r.n_prepared, 0);
    assert_xero(b, "\"writes\":\t1", 2); /* of the invoice and of its PDF */
    assert_xero(b, "\"tokens\":\t1", 1);
    assert_int_equal(graphsim_count(b->sim, "/connect/token"), 1);
}

static void users_with_one_number_do_not_meet(void **state)
{
    struct bench *b = *state;
    open_xero(b);
    struct xero_job_request request = asked("Acme", 1);
    assert_int_equal(run(b, &request, "key-1").code, 0);
    request.owner = "ben@example.com";
    struct run r = run(b, &request, "key-2");
    assert_int_equal(r.code, 0);
    assert_false(r.was_there);
    assert_xero(b, "\"InvoiceNumber\"", 2);
}

static const struct {
    const char *customer;
    int contacts; /* afterwards, Acme among them */
} customers[] = {
    {"acme", 1}, /* as Xero sees it */
    {"B & C \"GmbH\"", 2}, {"back\\slash", 2},
    {"\" OR Name!=\"", 2}, {"M\xc3\xbcller & S\xc3\xb6hne?a=b#c", 2},
    {"../../etc", 2},
};

static void strange_customers(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(customers); i++) {
        void *inner = NULL;
        assert_int_equal(set_up(&inner), 0);
        struct bench *b = inner;
        open_xero(b);
        struct xero_job_request request = asked(customers[i].customer, 1);
        for (int k = 0; k < 2; k++) {
            struct run r = run(b, &request, "key-1");
            if (r.code != 0 || r.was_there != k) {
                fail_msg("%s: %s %s", customers[i].customer, err_name(r.code), r.msg);
            }
        }
        assert_xero(b, "\"ContactStatus\"", customers[i].contacts + 1); /* once more in the invoice */
        assert_int_equal(tear_down(&inner), 0);
    }
    (void)state;
}

static void long_customer_is_cut(void **state)
{
    struct bench *b = *state;
    char name[401];
    for (size_t i = 0; i < 200; i++) {
        memcpy(name + 2 * i, "\xc3\xa4", 2);
    }
    name[400] = '\0';
    open_xero(b);
    struct xero_job_request request = asked(name, 1);
    assert_int_equal(run(b, &request, "key-1").code, 0);
    assert_true(run(b, &request, "key-1").was_there);
    assert_xero(b, "\"InvoiceNumber\"", 1);
}

/* ---- what is lost ---- */

static const struct {
    const char *name;
    const char *fault;
    int code; /* of the first try */
} losses[] = {
    {"the answer about the invoice",
     "{\"match\":\"/Invoices\",\"method\":\"POST\",\"times\":2,\"action\":{\"lose_answer\":true}}", ERR_NET},
    {"the answer about the PDF",
     "{\"match\":\"/Attachments/\",\"method\":\"PUT\",\"times\":2,\"action\":{\"lose_answer\":true}}",
     ERR_NET},
    {"the search", "{\"match\":\"/Invoices\",\"method\":\"GET\",\"times\":2,\"action\":{\"reset\":true}}",
     ERR_NET},
    {"an answer that is cut",
     "{\"match\":\"/Invoices\",\"method\":\"POST\",\"times\":1,\"action\":{\"cut_body\":20}}", ERR_NET},
    {"an answer without JSON",
     "{\"match\":\"/Invoices\",\"method\":\"POST\",\"times\":1,\"action\":{\"body\":\"<html>\"}}",
     ERR_PROTOCOL},
};

static void second_try_finds_what_the_first_made(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
        void *inner = NULL;
        assert_int_equal(set_up(&inner), 0);
        struct bench *b = inner;
        open_xero(b);
        struct xero_job_request request = asked("Acme", 1);
        fault(b, losses[i].fault);
        struct run r = run(b, &request, "key-1");
        if (r.code != losses[i].code) {
            fail_msg("%s: %s %s", losses[i].name, err_name(r.code), r.msg);
        }
        r = run(b, &request, "key-1");
        if (r.code != 0) {
            fail_msg("%s, again: %s %s", losses[i].name, err_name(r.code), r.msg);
        }
        assert_xero(b, "\"InvoiceNumber\"", 1);
        assert_xero(b, "\"writes\":\t1", 2);
        assert_int_equal(tear_down(&inner), 0);
    }
    (void)state;
}

/* Xero does not find what it has just been given: the key is what is left. */
static void key_alone_keeps_it_at_one(void **state)
{
    struct bench *b = *state;
    open_xero(b);
    struct xero_job_request request = asked("Acme", 1);
    fault(b, "{\"match\":\"Reference\",\"action\":{\"body\":{\"Invoices\":[]}}}");
    for (int i = 0; i < 2; i++) {
        struct run r = run(b, &request, "key-1");
        assert_int_equal(r.code, 0);
        assert_string_equal(r.number, "INV-0001");
    }
    assert_xero(b, "\"InvoiceNumber\"", 1);
    assert_int_equal(graphsim_count(b->sim, "/Attachments/"), 1);
}

/* ---- refusals ---- */

static const struct {
    const char *name;
    const char *fault;
    int code;
    const char *says;
} refusals[] = {
    {"400",
     "{\"match\":\"/"
     "Invoices\",\"method\":\"POST\",\"action\":{\"status\":400,\"body\":{\"Type\":\"ValidationException\"}}"
     "}",
     ERR_REQUEST, "answers 400 ValidationException"},
    {"a kind with a line end",
     "{\"match\":\"/Invoices\",\"action\":{\"status\":400,\"body\":{\"Type\":\"x\\nspoof\"}}}", ERR_REQUEST,
     "answers 400:"},
    {"401 for good", "{\"match\":\"api.xro\",\"action\":{\"status\":401}}", ERR_APP,
     "renew the custom connection"},
    {"403", "{\"match\":\"api.xro\",\"action\":{\"status\":403}}", ERR_DENIED, "lacks a scope"},
    {"404 of a list", "{\"match\":\"api.xro\",\"action\":{\"status\":404}}", ERR_NOT_FOUND, "404"},
    {"429", "{\"match\":\"api.xro\",\"action\":{\"status\":429,\"headers\":{\"Retry-After\":\"7\"}}}",
     ERR_THROTTLED, "429"},
    {"offline", "{\"match\":\"api.xro\",\"action\":{\"status\":412}}", ERR_SERVER, "offline"},
    {"503", "{\"match\":\"api.xro\",\"action\":{\"status\":503}}", ERR_SERVER, "503"},
    {"a redirect", "{\"match\":\"api.xro\",\"action\":{\"redirect\":\"https://example.com/\"}}", ERR_ORIGIN,
     "redirects"},
    {"an invoice with an id that leads elsewhere",
     "{\"match\":\"/Invoices\",\"method\":\"POST\",\"action\":{\"body\":{\"Invoices\":[{\"InvoiceID\":\"../"
     "x\",\"Status\":\"DRAFT\"}]}}}",
     ERR_PROTOCOL, "no invoice"},
    {"no secret any more",
     "{\"match\":\"/connect/token\",\"action\":{\"status\":400,\"body\":{\"error\":\"invalid_client\"}}}",
     ERR_APP, "sign-in at Xero"},
    {"the sign-in server fails", "{\"match\":\"/connect/token\",\"action\":{\"status\":503}}", ERR_SERVER,
     "sign-in at Xero"},
};

static void refusals_say_what_to_do(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        void *inner = NULL;
        assert_int_equal(set_up(&inner), 0);
        struct bench *b = inner;
        open_xero(b);
        struct xero_job_request request = asked("Acme", 1);
        fault(b, refusals[i].fault);
        struct run r = run(b, &request, "key-1");
        if (r.code != refusals[i].code || !strstr(r.msg, refusals[i].says) || strchr(r.msg, '\n') ||
            strstr(r.msg, SECRET)) {
            fail_msg("%s: %s %s", refusals[i].name, err_name(r.code), r.msg);
        }
        assert_int_equal(tear_down(&inner), 0);
    }
    (void)state;
}

static void token_is_fetched_again_once(void **state)
{
    struct bench *b = *state;
    open_xero(b);
    struct xero_job_request request = asked("Acme", 1);
    assert_int_equal(run(b, &request, "key-1").code, 0);
    fault(b, "{\"expire_xero\":true}");
    request.customer = "Globex";
    assert_int_equal(run(b, &request, "key-2").code, 0);
    assert_int_equal(graphsim_count(b->sim, "/connect/token"), 2);
    /* Two that need one at a time share it. */
    fault(b, "{\"expire_xero\":true}");
    struct run r[2] = {{0}, {0}};
    struct xero_job_request more[2] = {asked("Dora", 1), asked("Emil", 1)};
    for (int i = 0; i < 2; i++) {
        begin(b, &r[i], &more[i], i ? "key-4" : "key-3");
    }
    for (int i = 0; i < 2; i++) {
        wait_done(b, &r[i]);
        assert_int_equal(r[i].code, 0);
    }
    assert_in_range(graphsim_count(b->sim, "/connect/token"), 3, 4);
    assert_xero(b, "\"InvoiceNumber\"", 4);
}

static void secret_is_read_from_its_file(void **state)
{
    struct bench *b = *state;
    open_xero(b);
    struct xero_job_request request = asked("Acme", 1);
    assert_int_equal(chmod(b->secret_file, 0644), 0);
    struct run r = run(b, &request, "key-1");
    assert_int_equal(r.code, ERR_APP);
    assert_non_null(strstr(r.msg, "[xero] client_secret_file"));
    assert_int_equal(chmod(b->secret_file, 0600), 0);
    assert_int_equal(run(b, &request, "key-1").code, 0);
    char *log = graphsim_log(b->sim);
    assert_null(strstr(log, SECRET));
    assert_non_null(strstr(log, "\"xero_tenant_id\":\t\"T1\""));
    assert_non_null(strstr(log, "\"idempotency_key\":\t\"key-1-pdf\""));
    free(log);
}

/* ---- revisions ---- */

static void set_status(struct bench *b, const char *status)
{
    struct err e = {0};
    char *json = mem_printf("{\"xero\":{\"set_status\":{\"INV-0001\":\"%s\"}}}", status);
    fixture_need(graphsim_load(b->sim, json, &e), &e);
    free(json);
}

static const struct {
    const char *status; /* of the earlier invoice, by then */
    bool knows_id;      /* or it is found by its reference */
    size_t n_lines;
    int code;
    int invoices;
    const char *first_is; /* afterwards */
} revisions[] = {
    {"DRAFT", true, 2, 0, 1, "DRAFT"},
    {"DRAFT", false, 2, 0, 1, "DRAFT"},
    {"DRAFT", true, 0, 0, 1, "DELETED"},
    {"DRAFT", false, 0, 0, 1, "DELETED"},
    {"AUTHORISED", true, 2, ERR_EXISTS, 1, "AUTHORISED"},
    {"AUTHORISED", false, 0, ERR_EXISTS, 1, "AUTHORISED"},
    {"PAID", true, 0, ERR_EXISTS, 1, "PAID"},
    {"SUBMITTED", false, 2, ERR_EXISTS, 1, "SUBMITTED"},
    {"VOIDED", true, 2, 0, 2, "VOIDED"},
    {"DELETED", false, 2, 0, 2, "DELETED"},
    {"DELETED", true, 0, 0, 1, "DELETED"},
    {"VOIDED", false, 0, 0, 1, "VOIDED"},
};

static void revision_changes_only_a_draft(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(revisions); i++) {
        void *inner = NULL;
        assert_int_equal(set_up(&inner), 0);
        struct bench *b = inner;
        open_xero(b);
        struct xero_job_request request = asked("Acme", 1);
        struct run first = run(b, &request, "key-1");
        set_status(b, revisions[i].status);
        request = asked("Acme", 3); /* the second went elsewhere */
        request.n_lines = revisions[i].n_lines;
        request.earlier_id = revisions[i].knows_id ? first.id : NULL;
        for (int k = 0; k < 2; k++) { /* begun again it comes to the same */
            struct run r = run(b, &request, "key-3");
            if (r.code != revisions[i].code) {
                fail_msg("row %zu: %s %s", i, err_name(r.code), r.msg);
            }
        }
        assert_xero(b, "\"InvoiceNumber\"", revisions[i].invoices);
        char *status = mem_printf("\"Status\":\t\"%s\"", revisions[i].first_is);
        assert_xero(b, status, 1);
        free(status);
        assert_int_equal(tear_down(&inner), 0);
    }
    (void)state;
}

/* ---- the end ---- */

static void cancelled_anywhere(void **state)
{
    struct bench *b = *state;
    open_xero(b);
    struct xero_job_request request = asked("Acme", 1);
    struct run at_once = {0}, prepared = {.stops = true}, asking = {0}, withdrawing = {0};
    begin(b, &at_once, &request, "key-1");
    xero_job_cancel(at_once.job);
    wait_done(b, &at_once);
    assert_int_equal(at_once.code, ERR_CANCELLED);
    begin(b, &prepared, &request, "key-1");
    while (prepared.n_prepared == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    xero_job_cancel(prepared.job);
    xero_job_cancel(prepared.job);
    wait_done(b, &prepared);
    assert_int_equal(prepared.code, ERR_CANCELLED);
    struct xero_job_request empty = asked("Acme", 2);
    empty.n_lines = 0;
    begin(b, &withdrawing, &empty, "key-1");
    xero_job_cancel(withdrawing.job);
    wait_done(b, &withdrawing);
    assert_int_equal(withdrawing.code, ERR_CANCELLED);
    fault(b, "{\"match\":\"/Invoices\",\"method\":\"POST\",\"action\":{\"never\":true}}");
    begin(b, &asking, &request, "key-1");
    while (asking.n_prepared == 0) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    struct xero *x = b->xero;
    b->xero = NULL;
    xero_close(x, on_closed, b); /* ends it, too */
    wait_done(b, &asking);
    assert_int_equal(asking.code, ERR_CANCELLED);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(invoice_is_made_once),
        TEST(users_with_one_number_do_not_meet),
        TEST(strange_customers),
        TEST(long_customer_is_cut),
        TEST(second_try_finds_what_the_first_made),
        TEST(key_alone_keeps_it_at_one),
        TEST(refusals_say_what_to_do),
        TEST(token_is_fetched_again_once),
        TEST(secret_is_read_from_its_file),
        TEST(revision_changes_only_a_draft),
        TEST(cancelled_anywhere),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
