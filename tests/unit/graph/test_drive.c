/* Files into OneDrive: once each, whatever is there and whatever breaks on the way, and no token to where
 * pieces go. */
#include "tests/unit/graph/graph_fixture.h"

#include "graph/drive.h"
#include "graph/drive_session.h"

#define SMALL_MAX 1000
#define BIG       1000000 /* four pieces */

struct outcome {
    int n;
    int code;
    int native;
    bool was_there;
    char name[128];
    char msg[320];
    char id[DRIVE_ID_MAX + 1];
};

static void on_done(void *arg, const struct err *e, const struct drive_outcome *outcome)
{
    struct outcome *o = arg;
    o->n++;
    o->code = e ? e->code : 0;
    o->native = e ? e->native : 0;
    if (e) {
        snprintf(o->msg, sizeof o->msg, "%s", e->msg);
    } else {
        o->was_there = outcome->was_there;
        snprintf(o->name, sizeof o->name, "%s", outcome->name);
        snprintf(o->id, sizeof o->id, "%s", outcome->item.id);
    }
}

static struct drive_upload *begin(struct graph_fixture *f, const char *name, const void *bytes, size_t len,
                                  enum drive_conflict conflict, struct outcome *o)
{
    unsigned char hash[QUICK_XOR_LEN];
    quick_xor(bytes, len, hash);
    struct drive_request request = {.account = ANNA,
                                    .folder = "Time sheets/2026",
                                    .name = name,
                                    .content_type = "application/pdf",
                                    .conflict = conflict,
                                    .bytes = bytes,
                                    .len = len,
                                    .quick_xor = hash};
    struct drive_upload *u = drive_upload_start(graph_client_of(f->graph), graph_http_of(f->graph), f->clock,
                                                &request, on_done, o);
    assert_int_equal(o->n, 0); /* never from inside */
    return u;
}

static struct outcome upload(struct graph_fixture *f, const char *name, const void *bytes, size_t len,
                             enum drive_conflict conflict)
{
    struct outcome o = {0};
    (void)begin(f, name, bytes, len, conflict, &o);
    fixture_run_until(f, &o.n, 1);
    assert_int_equal(o.n, 1);
    return o;
}

static struct outcome upload_text(struct graph_fixture *f, const char *name, const char *text,
                                  enum drive_conflict conflict)
{
    return upload(f, name, text, strlen(text), conflict);
}

static char *make_big(void)
{
    char *bytes = mem_calloc(BIG, 1);
    for (size_t i = 0; i < BIG; i++) {
        bytes[i] = (char)(i * 2654435761u >> 13);
    }
    return bytes;
}

/* "path writes" of all files, one after another. */
static void assert_drive(struct graph_fixture *f, const char *expected)
{
    char *text = graphsim_drive(f->sim);
    char got[512] = "";
    for (const char *at = text; (at = strstr(at, "\"path\":\t\""));) {
        size_t used = strlen(got);
        at += strlen("\"path\":\t\"");
        const char *writes = strstr(at, "\"writes\":\t") + strlen("\"writes\":\t");
        snprintf(got + used, sizeof got - used, "%s%.*s %ld", used ? ", " : "", (int)strcspn(at, "\""), at,
                 strtol(writes, NULL, 10));
    }
    free(text);
    assert_string_equal(got, expected);
}

static void start(struct graph_fixture *f)
{
    f->limits.drive_small_bytes = SMALL_MAX;
    f->limits.drive_piece_bytes = 327680;
    fixture_start(f);
}

static void test_small(void **state)
{
    struct graph_fixture *f = *state;
    start(f);
    struct outcome o = upload_text(f, "sheet.pdf", "one", DRIVE_REPLACE);
    assert_int_equal(o.code, 0);
    assert_false(o.was_there);
    assert_string_equal(o.name, "sheet.pdf");
    assert_true(*o.id);
    assert_drive(f, "Time sheets/2026/sheet.pdf 1");
    o = upload_text(f, "sheet.pdf", "one", DRIVE_REPLACE);
    assert_int_equal(o.code, 0);
    assert_true(o.was_there);
    assert_drive(f, "Time sheets/2026/sheet.pdf 1");
    o = upload_text(f, "sheet.pdf", "two", DRIVE_REPLACE); /* as long, other bytes */
    assert_int_equal(o.code, 0);
    assert_drive(f, "Time sheets/2026/sheet.pdf 2");
    o = upload_text(f, "empty.csv", "", DRIVE_REPLACE);
    assert_int_equal(o.code, 0);
    assert_drive(f, "Time sheets/2026/sheet.pdf 2, Time sheets/2026/empty.csv 1");
}

static void test_conflicts(void **state)
{
    struct graph_fixture *f = *state;
    start(f);
    graphsim_put_file(f->sim, ANNA, "Time sheets/2026/sheet.pdf", "somebody else's");
    struct outcome o = upload_text(f, "sheet.pdf", "ours", DRIVE_FAIL);
    assert_int_equal(o.code, ERR_EXISTS);
    assert_non_null(strstr(o.msg, "onedrive.conflict"));
    for (int i = 0; i < 2; i++) {
        o = upload_text(f, "sheet.pdf", "ours", DRIVE_RENAME);
        assert_int_equal(o.code, 0);
        assert_int_equal(o.was_there, i);
        assert_true(strncmp(o.name, "sheet-", 6) == 0 && strcmp(strchr(o.name, '.'), ".pdf") == 0);
    }
    char expected[160];
    snprintf(expected, sizeof expected, "Time sheets/2026/sheet.pdf 1, Time sheets/2026/%s 1", o.name);
    assert_drive(f, expected);
}

/* Between the look and the request somebody lays a file there: it is not overwritten. */
static void test_race(void **state)
{
    struct graph_fixture *f = *state;
    start(f);
    graphsim_put_file(f->sim, ANNA, "Time sheets/2026/sheet.pdf", "somebody else's");
    fixture_fault(f, "{\"match\":\"sheet.pdf\",\"method\":\"GET\",\"times\":1,\"action\":{\"status\":404}}");
    struct outcome o = upload_text(f, "sheet.pdf", "ours", DRIVE_FAIL);
    assert_int_equal(o.code, ERR_EXISTS);
    char *big = make_big();
    fixture_fault(f, "{\"match\":\"sheet.pdf\",\"method\":\"GET\",\"times\":1,\"action\":{\"status\":404}}");
    o = upload(f, "sheet.pdf", big, BIG, DRIVE_FAIL);
    assert_int_equal(o.code, ERR_EXISTS);
    free(big);
    assert_drive(f, "Time sheets/2026/sheet.pdf 1");
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        const char *path;
    } rows[] = {
        {"a/b:c*?.pdf", "Time sheets/2026/a_b_c__.pdf 1"},
        {"~$lock.pdf", "Time sheets/2026/_$lock.pdf 1"},
        {"100% #1.pdf", "Time sheets/2026/100_ _1.pdf 1"},
        {"M\xc3\xbcller & S\xc3\xb6hne.pdf", "Time sheets/2026/M\xc3\xbcller & S\xc3\xb6hne.pdf 1"},
        {"../../up.pdf", "Time sheets/2026/.._.._up.pdf 1"},
    };
    struct graph_fixture *f = *state;
    start(f);
    char expected[512] = "";
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%s%s", used ? ", " : "", rows[i].path);
        assert_int_equal(upload_text(f, rows[i].name, "x", DRIVE_REPLACE).code, 0);
        assert_drive(f, expected);
    }
}

/* ---- sessions ---- */

static void test_session(void **state)
{
    struct graph_fixture *f = *state;
    char *big = make_big();
    start(f);
    struct outcome o = upload(f, "big.pdf", big, BIG, DRIVE_REPLACE);
    assert_int_equal(o.code, 0);
    assert_drive(f, "Time sheets/2026/big.pdf 1");
    assert_int_equal(graphsim_count(f->sim, "/upload/"), 4);
    assert_int_equal(fixture_log_count(f, "\"content_range\":\t\"bytes 983040-999999/1000000\""), 1);
    o = upload(f, "big.pdf", big, BIG, DRIVE_REPLACE);
    assert_true(o.was_there); /* the sum over all the pieces is right */
    char *log = graphsim_log(f->sim);
    for (const char *at = log; (at = strstr(at, "\"path\":\t\"/upload/"));) {
        at = strstr(at, "\"authorization\":\t\"");
        assert_true(strncmp(at, "\"authorization\":\t\"absent\"", 25) == 0);
    }
    free(log);
    free(big);
}

static const struct {
    const char *name;
    const char *fault;
    int code;
} session_rows[] = {
    {"503 at a piece",
     "{\"match\":\"/upload/\",\"method\":\"PUT\",\"skip\":1,\"times\":1,\"action\":{\"status\":503}}", 0},
    {"429 with a time",
     "{\"match\":\"/upload/"
     "\",\"skip\":1,\"times\":2,\"action\":{\"status\":429,\"headers\":{\"Retry-After\":\"1\"}}}",
     0},
    {"the connection is reset", "{\"match\":\"/upload/\",\"skip\":2,\"times\":2,\"action\":{\"reset\":true}}",
     0},
    {"a piece arrives, its answer does not",
     "{\"match\":\"/upload/\",\"method\":\"PUT\",\"skip\":1,\"times\":1,\"action\":{\"lose_answer\":true}}",
     0},
    {"the last piece arrives, its answer does not",
     "{\"match\":\"/upload/\",\"method\":\"PUT\",\"skip\":3,\"times\":1,\"action\":{\"lose_answer\":true}}",
     0},
    {"416 although nothing is wrong",
     "{\"match\":\"/upload/\",\"method\":\"PUT\",\"skip\":1,\"times\":1,\"action\":{\"status\":416}}", 0},
    {"the session is lost",
     "{\"match\":\"/upload/\",\"method\":\"PUT\",\"skip\":2,\"times\":1,\"action\":{\"status\":404}}", 0},
    {"the session's permit ends",
     "{\"match\":\"/upload/\",\"method\":\"PUT\",\"skip\":2,\"times\":1,\"action\":{\"status\":401}}", 0},
    {"every session is lost", "{\"match\":\"/upload/\",\"action\":{\"status\":404}}", ERR_GONE},
    {"it goes on failing", "{\"match\":\"/upload/\",\"action\":{\"status\":500}}", ERR_SERVER},
    {"the ranges do not move",
     "{\"match\":\"/upload/\",\"action\":{\"status\":202,\"body\":{\"nextExpectedRanges\":[\"0-\"]}}}",
     ERR_PROTOCOL},
    {"the ranges are nonsense",
     "{\"match\":\"/upload/\",\"action\":{\"status\":202,\"body\":{\"nextExpectedRanges\":[\"x\"]}}}",
     ERR_PROTOCOL},
    {"a redirect", "{\"match\":\"/upload/\",\"action\":{\"redirect\":\"https://example.com/\"}}", ERR_ORIGIN},
    {"a piece is refused", "{\"match\":\"/upload/\",\"action\":{\"status\":400}}", ERR_REQUEST},
    {"the drive is full", "{\"match\":\"/upload/\",\"action\":{\"status\":507}}", ERR_DENIED},
    {"no address", "{\"match\":\"createUploadSession\",\"action\":{\"body\":{\"x\":1}}}", ERR_PROTOCOL},
    {"an address without TLS",
     "{\"match\":\"createUploadSession\",\"action\":{\"body\":{\"uploadUrl\":\"http://example.com/u\"}}}",
     ERR_ORIGIN},
    {"an address that is a file",
     "{\"match\":\"createUploadSession\",\"action\":{\"body\":{\"uploadUrl\":\"file:///etc/passwd\"}}}",
     ERR_ORIGIN},
    {"an address with a line end",
     "{\"match\":\"createUploadSession\",\"action\":{\"body\":{\"uploadUrl\":\"https://example.com/\\r\\nX: "
     "y\"}}}",
     ERR_ORIGIN},
};

static void test_broken_sessions(void **state)
{
    struct graph_fixture *f = *state;
    char *big = make_big();
    start(f);
    for (size_t i = 0; i < ARRAY_LEN(session_rows); i++) {
        char name[32], path[64];
        snprintf(name, sizeof name, "big-%zu.pdf", i);
        snprintf(path, sizeof path, "2026/%s", name);
        fixture_fault(f, session_rows[i].fault);
        struct outcome o = upload(f, name, big, BIG, DRIVE_REPLACE);
        graphsim_clear_faults(f->sim);
        if (o.code != session_rows[i].code) {
            fail_msg("%s: %s (%s)", session_rows[i].name, err_name(o.code), o.msg);
        }
        char *drive = graphsim_drive(f->sim);
        const char *at = strstr(drive, path);
        const char *writes = at ? strstr(at, "\"writes\":\t") : NULL;
        if ((writes != NULL) != (o.code == 0) || (writes && strtol(writes + 10, NULL, 10) != 1)) {
            fail_msg("%s: %s", session_rows[i].name, at ? at : "not there");
        }
        free(drive);
        assert_null(strstr(o.msg, "/upload/")); /* an address that is as good as a token */
    }
    free(big);
}

/* ---- an address of the real Graph ---- */

static void on_session(void *arg, const struct err *e, const struct drive_item *item UNUSED)
{
    struct outcome *o = arg;
    o->n++;
    o->code = e ? e->code : 0;
}

/* Where Graph is the real one, an address on this machine is nobody's that it could name. */
static void test_loopback_of_the_real_graph(void **state)
{
    struct graph_fixture *f = *state;
    start(f);
    for (int may = 0; may < 2; may++) {
        struct outcome o = {0};
        struct drive_session_config config = {.loop = &f->loop,
                                              .http = graph_http_of(f->graph),
                                              .clock = f->clock,
                                              .limits = &f->limits,
                                              .may_be_http = may};
        char *url = mem_printf("%s/upload/none", graphsim_authority(f->sim));
        (void)drive_session_start(&config, secret_copy(url, strlen(url)), "a file", "x", 1, on_session, &o);
        assert_int_equal(o.n, 0);
        fixture_run_until(f, &o.n, 1);
        assert_int_equal(o.code, may ? ERR_GONE : ERR_ORIGIN);
        assert_int_equal(graphsim_count(f->sim, "/upload/"), may);
        free(url);
    }
}

/* ---- refusals ---- */

static const struct {
    const char *name;
    const char *fault;
    int code;
    const char *says;
} refusals[] = {
    {"no permission to look", "{\"match\":\"/drive/\",\"action\":{\"status\":403}}", ERR_DENIED,
     "permission Files.ReadWrite is missing; grant it and run admin-assistant login anna@example.com"},
    {"no permission to write", "{\"match\":\"/drive/\",\"method\":\"PUT\",\"action\":{\"status\":403}}",
     ERR_DENIED, "Files.ReadWrite"},
    {"never opened", "{\"match\":\"/drive/\",\"action\":{\"status\":401}}", ERR_DENIED,
     "must open OneDrive once"},
    {"no drive", "{\"match\":\"/drive/\",\"method\":\"PUT\",\"action\":{\"status\":404}}", ERR_DENIED,
     "there is no OneDrive"},
    {"full", "{\"match\":\"/drive/\",\"method\":\"PUT\",\"action\":{\"status\":507}}", ERR_DENIED,
     "the drive is full"},
    {"throttled for good", "{\"match\":\"/drive/\",\"action\":{\"status\":429}}", ERR_THROTTLED, "429"},
    {"HTML", "{\"match\":\"/drive/\",\"action\":{\"body\":\"<html>\",\"content_type\":\"text/html\"}}",
     ERR_PROTOCOL, "no JSON"},
    {"a folder",
     "{\"match\":\"/drive/"
     "\",\"method\":\"PUT\",\"action\":{\"body\":{\"id\":\"x\",\"size\":0,\"folder\":{}}}}",
     ERR_PROTOCOL, "describes no file"},
};

static void test_refusals(void **state)
{
    struct graph_fixture *f = *state;
    start(f);
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        fixture_fault(f, refusals[i].fault);
        struct outcome o = upload_text(f, "sheet.pdf", "one", DRIVE_REPLACE);
        graphsim_clear_faults(f->sim);
        if (o.code != refusals[i].code || !strstr(o.msg, refusals[i].says)) {
            fail_msg("%s: %s (%s)", refusals[i].name, err_name(o.code), o.msg);
        }
        assert_non_null(strstr(o.msg, "OneDrive of anna@example.com, Time sheets/2026/sheet.pdf"));
    }
    assert_int_equal(f->store.marks, 0); /* nobody's sign-in is blamed */
    assert_drive(f, "");
    assert_int_equal(upload_text(f, "sheet.pdf", "one", DRIVE_REPLACE).code, 0);
}

static void test_passing_faults(void **state)
{
    struct graph_fixture *f = *state;
    start(f);
    fixture_fault(f, "{\"match\":\"/drive/\",\"times\":2,\"action\":{\"status\":503}}");
    fixture_fault(f,
                  "{\"match\":\"/drive/\",\"method\":\"PUT\",\"times\":1,\"action\":{\"lose_answer\":true}}");
    struct outcome o = upload_text(f, "sheet.pdf", "one", DRIVE_REPLACE);
    assert_int_equal(o.code, 0);
    assert_drive(f, "Time sheets/2026/sheet.pdf 2"); /* the client asked again by itself: the same bytes */
    graphsim_expire_tokens(f->sim, ANNA, false);
    assert_int_equal(upload_text(f, "other.pdf", "one", DRIVE_REPLACE).code, 0);
}

static void test_cancel(void **state)
{
    struct graph_fixture *f = *state;
    char *big = make_big();
    start(f);
    struct outcome o = {0};
    drive_upload_cancel(begin(f, "sheet.pdf", "x", 1, DRIVE_REPLACE, &o));
    fixture_run_until(f, &o.n, 1);
    assert_int_equal(o.code, ERR_CANCELLED);
    /* While a piece is on its way. */
    fixture_fault(f, "{\"match\":\"/upload/\",\"action\":{\"never\":true}}");
    struct outcome p = {0};
    struct drive_upload *u = begin(f, "big.pdf", big, BIG, DRIVE_REPLACE, &p);
    while (graphsim_count(f->sim, "/upload/") == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    drive_upload_cancel(u);
    fixture_run_until(f, &p.n, 1);
    assert_int_equal(p.code, ERR_CANCELLED);
    graphsim_clear_faults(f->sim);
    /* While it waits for another try. */
    fixture_fault(f, "{\"match\":\"/upload/\",\"action\":{\"status\":503}}");
    struct outcome q = {0};
    u = begin(f, "big.pdf", big, BIG, DRIVE_REPLACE, &q);
    int seen = graphsim_count(f->sim, "/upload/");
    while (q.n == 0 && graphsim_count(f->sim, "/upload/") < seen + 2) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    if (q.n == 0) {
        drive_upload_cancel(u);
    }
    fixture_run_until(f, &q.n, 1);
    assert_true(q.code == ERR_CANCELLED || q.code == ERR_SERVER);
    assert_drive(f, "");
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_small),
        FIXTURE_TEST(test_conflicts),
        FIXTURE_TEST(test_race),
        FIXTURE_TEST(test_names),
        FIXTURE_TEST(test_session),
        FIXTURE_TEST(test_broken_sessions),
        FIXTURE_TEST(test_loopback_of_the_real_graph),
        FIXTURE_TEST(test_refusals),
        FIXTURE_TEST(test_passing_faults),
        FIXTURE_TEST(test_cancel),
    };
    return fixture_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
