/* OneDrive and Xero in the stand-in: what README.md promises of them. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "tests/graphsim/test_client.h"

static size_t keep_body(char *data, size_t size, size_t n, void *arg)
{
    return buf_add(arg, data, size * n) < 0 ? 0 : size * n;
}

static struct answer ask_by(const char *base, const char *method, const char *path, const char *token,
                            const char *header, const char *body)
{
    struct answer a = {0};
    char *url = mem_printf("%s%s", base, path);
    struct curl_slist *headers = NULL;
    if (token) {
        char *line = mem_printf("Authorization: Bearer %s", token);
        headers = curl_slist_append(headers, line);
        free(line);
    }
    headers = header ? curl_slist_append(headers, header) : headers;
    headers = curl_slist_append(headers, "Content-Type: application/json");
    buf_init(&a.body, 1 << 20);
    CURL *easy = curl_easy_init();
    assert_non_null(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &a.body);
    a.code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &a.status);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    free(url);
    return a;
}

static void expect(struct answer a, long status, const char *text)
{
    if (a.status != status || !strstr(buf_str(&a.body), text)) {
        fail_msg("%ld %s instead of %ld with %s", a.status, buf_str(&a.body), status, text);
    }
    test_answer_finish(&a);
}

static const char state[] = "{\"users\":[{\"upn\":\"ann@example.com\",\"access_token\":\"tok-ann\"}],"
                            "\"xero\":{\"client_id\":\"C\",\"client_secret\":\"S\",\"contacts\":[\"Acme\"]}}";
#define FILE_PATH "/v1.0/me/drive/root:/A/b.txt"

static void test_files(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(state);
    const char *at = graphsim_authority(g);
    expect(ask_by(at, "GET", FILE_PATH, "tok-ann", NULL, NULL), 404, "itemNotFound");
    expect(ask_by(at, "PUT", FILE_PATH ":/content", NULL, NULL, "J"), 401, "InvalidAuthenticationToken");
    expect(ask_by(at, "PUT", FILE_PATH ":/content", "tok-ann", NULL, "J"), 201,
           "\"quickXorHash\":\"SgAAAAAAAAAAAAAAAQAAAAAAAAA=\"");
    expect(ask_by(at, "PUT", FILE_PATH ":/content", "tok-ann", NULL, "K"), 200, "\"name\":\"b.txt\"");
    expect(
        ask_by(at, "PUT", FILE_PATH ":/content?@microsoft.graph.conflictBehavior=fail", "tok-ann", NULL, "L"),
        409, "nameAlreadyExists");
    expect(ask_by(at, "PUT", FILE_PATH ":/content?@microsoft.graph.conflictBehavior=rename", "tok-ann", NULL,
                  "L"),
           201, "\"name\":\"b 1.txt\"");
    char *drive = graphsim_drive(g);
    assert_non_null(strstr(drive, "\"writes\":\t2"));
    free(drive);
    graphsim_stop(g);
}

static void test_sessions(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(state);
    const char *at = graphsim_authority(g);
    struct answer a = ask_by(at, "POST", FILE_PATH ":/createUploadSession", "tok-ann", NULL, "{}");
    char *url = test_member(&a, "uploadUrl");
    assert_non_null(url);
    const char *path = url + strlen(at);
    expect(ask_by(at, "PUT", path, "tok-ann", "Content-Range: bytes 0-2/3", "abc"), 401, "takes no token");
    expect(ask_by(at, "PUT", path, NULL, "Content-Range: bytes 1-2/3", "bc"), 416, "invalidRange");
    expect(ask_by(at, "PUT", path, NULL, "Content-Range: bytes 0-1/3", "ab"), 400, "320 KiB");
    expect(ask_by(at, "GET", path, NULL, NULL, NULL), 200, "\"nextExpectedRanges\":[\"0-\"]");
    expect(ask_by(at, "PUT", path, NULL, "Content-Range: bytes 0-2/3", "abc"), 201, "\"size\":3");
    expect(ask_by(at, "GET", path, NULL, NULL, NULL), 404, "itemNotFound");
    free(url);
    test_answer_finish(&a);
    a = ask_by(at, "POST", FILE_PATH ":/createUploadSession", "tok-ann", NULL, "{}");
    url = test_member(&a, "uploadUrl");
    test_fault(g, "{\"drop_sessions\":true}");
    expect(ask_by(at, "GET", url + strlen(at), NULL, NULL, NULL), 404, "itemNotFound");
    free(url);
    test_answer_finish(&a);
    graphsim_stop(g);
}

static char *xero_token(const char *at)
{
    char *url = mem_printf("%s/connect/token", at);
    struct call call = {.form = "grant_type=client_credentials&scope=accounting.transactions",
                        .header = "Authorization: Basic Qzpz"}; /* C:s */
    struct answer a = test_ask_url(url, &call);
    assert_int_equal(a.status, 400);
    test_answer_finish(&a);
    call.header = "Authorization: Basic QzpT"; /* C:S */
    a = test_ask_url(url, &call);
    assert_int_equal(a.status, 200);
    char *token = test_member(&a, "access_token");
    test_answer_finish(&a);
    free(url);
    return token;
}

#define INVOICE                                                                                              \
    "{\"Invoices\":[{\"Type\":\"ACCREC\",\"Contact\":{\"Name\":\"%s\"},\"Status\":\"DRAFT\",\"LineItems\":[" \
    "]}]}"

static void test_invoices(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(state);
    const char *at = graphsim_authority(g);
    char *token = xero_token(at);
    char *acme = mem_printf(INVOICE, "Acme"), *globex = mem_printf(INVOICE, "Globex");
    expect(ask_by(at, "POST", "/api.xro/2.0/Invoices", "no", NULL, acme), 401, "TokenExpired");
    for (int i = 0; i < 2; i++) { /* the same key, the same answer */
        expect(ask_by(at, "POST", "/api.xro/2.0/Invoices", token, "Idempotency-Key: k1", acme), 200,
               "INV-0001");
    }
    expect(ask_by(at, "POST", "/api.xro/2.0/Invoices", token, "Idempotency-Key: k1", globex), 400,
           "IdempotencyKeyMismatch");
    expect(ask_by(at, "POST", "/api.xro/2.0/Invoices", token, "Idempotency-Key: k2", globex), 200,
           "INV-0002");
    expect(ask_by(at, "GET", "/api.xro/2.0/Contacts?where=Name%3D%3D%22Globex%22", token, NULL, NULL), 200,
           "Globex");
    expect(ask_by(at, "GET", "/api.xro/2.0/Contacts?where=Name%3D%3D%22a%22b%22", token, NULL, NULL), 400,
           "QueryParseException");
    char *all = graphsim_xero(g);
    assert_non_null(strstr(all, "\"writes\":\t2"));
    free(all);
    test_fault(g, "{\"expire_xero\":true}");
    expect(ask_by(at, "GET", "/api.xro/2.0/Invoices", token, NULL, NULL), 401, "TokenExpired");
    free(acme);
    free(globex);
    free(token);
    graphsim_stop(g);
}

/* Done, and then not told. */
static void test_lost_answer(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(state);
    test_fault(g, "{\"match\":\"b.txt\",\"method\":\"PUT\",\"times\":1,\"action\":{\"lose_answer\":true}}");
    struct answer a = ask_by(graphsim_authority(g), "PUT", FILE_PATH ":/content", "tok-ann", NULL, "J");
    assert_int_not_equal(a.code, CURLE_OK);
    test_answer_finish(&a);
    expect(ask_by(graphsim_authority(g), "GET", FILE_PATH, "tok-ann", NULL, NULL), 200, "\"size\":1");
    graphsim_stop(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_sessions),
                                       cmocka_unit_test(test_invoices), cmocka_unit_test(test_lost_answer)};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return r;
}
